//! Columns that have but few values, each of which can be tried.

use crate::catalog::Column;
use crate::data::{Type, Value};
use crate::expr::{Domain, Expression, RowDomains};

/// Whole numbers between ends as far apart as this are listed.
const MOST_NUMBERS: i64 = 200;

/// All values besides null that checks which are about a column alone leave it, where they are few.
pub(super) fn of_column<'a>(column: &Column, checks: impl Iterator<Item = &'a Expression>) -> Option<Vec<Value>> {
    if column.ty == Type::Boolean {
        return Some(vec![Value::Boolean(false), Value::Boolean(true)]);
    }
    if column.written_type.is_some() {
        return None;
    }
    let row = RowDomains::new().column(column.name.clone(), Domain::of_type(column.ty, true));
    let is_alone = |check: &&Expression| *check.inputs() == [column.name.clone()];
    let row = checks.filter(is_alone).fold(row, |row, check| row.passes(check.clone()));
    let domain = Expression::column(column.name.clone(), column.ty).outlook(&row).result;
    domain.values().map(<[Value]>::to_vec).or_else(|| numbers(&domain, column.ty))
}

fn numbers(domain: &Domain, ty: Type) -> Option<Vec<Value>> {
    let (Some(least), Some(greatest)) = domain.ends() else { return None };
    let whole = |value: &Value| value.to_string().parse::<i64>().ok().filter(|_| ty.is_integer());
    let (least, greatest) = (whole(&least)?, whole(&greatest)?);
    let is_few = greatest.checked_sub(least).is_some_and(|width| (0..=MOST_NUMBERS).contains(&width));
    let value = |number: i64| Value::parse(&number.to_string(), ty).ok();
    if is_few { (least..=greatest).map(value).collect() } else { None }
}

/// All rows of these values, unless there are more than so many.
pub(super) fn every(columns: &[Vec<Value>], most: usize) -> Option<Vec<Vec<Value>>> {
    let count = columns.iter().fold(1, |count: usize, values| count.saturating_mul(values.len()));
    let longer = |rows: Vec<Vec<Value>>, values: &Vec<Value>| {
        let with = |row: &Vec<Value>| {
            values.iter().map(|value| [&row[..], std::slice::from_ref(value)].concat()).collect::<Vec<_>>()
        };
        rows.iter().flat_map(with).collect()
    };
    (count <= most).then(|| columns.iter().fold(vec![Vec::new()], longer))
}
