//! Rows with which it is tried what becomes of values.

use std::collections::BTreeSet;

use bigdecimal::BigDecimal;
use rustc_hash::FxHashMap;

use crate::catalog::ColumnId;
use crate::check::few_values::{self, every};
use crate::check::kept::lineage::{Fill, Held, Lineage, Reading, Row};
use crate::data::{Type, Value};
use crate::obligations::made;

/// Texts as long as a number in an expression are tried up to this length.
const LONGEST: usize = 400;

/// Rows with which it is tried what becomes of values.
pub(super) struct Sample {
    pub(super) rows: Vec<Row>,
    /// There are no other rows.
    pub(super) are_all: bool,
}

/// Rows with values for columns that hold data of their own, as the checks of their tables let them be; none where a
/// type has no values that are known.
pub(super) fn rows(lineage: &Lineage, columns: &BTreeSet<ColumnId>, fills: &[&Fill], limit: usize) -> Sample {
    let held: Vec<_> = columns.iter().filter_map(|column| Some((*column, lineage.held(*column)?))).collect();
    let checks: Vec<&Reading> = held.iter().flat_map(|(_, held)| &held.checks).collect();
    let few: Option<Vec<Vec<Value>>> = held.iter().map(|(_, held)| few_values_of(held)).collect();
    let few = few.map(|columns| every(&columns, limit)).filter(|_| held.len() == columns.len());
    let are_all = few.as_ref().is_some_and(Option::is_some);
    let made = few.flatten().unwrap_or_else(|| {
        let written = fills.iter().flat_map(|fill| [Some(&fill.value), fill.filter.as_ref()]).flatten();
        let constants: Vec<Value> =
            written.chain(checks.iter().copied()).flat_map(|(value, _)| value.constants()).collect();
        let values = held.iter().enumerate().map(|(number, (_, held))| {
            let mut values = made::values(held.column.ty, held.nullable, number, &constants);
            values.extend(of_length(held.column.ty, &constants));
            values
        });
        made::combined(&values.collect::<Vec<_>>(), limit)
    });
    let rows = made.into_iter().map(|values| held.iter().map(|(column, _)| *column).zip(values).collect::<Row>());
    Sample { rows: rows.filter(|row| checks.iter().all(|check| may_hold(check, row))).collect(), are_all }
}

fn few_values_of(held: &Held) -> Option<Vec<Value>> {
    let mut values = few_values::of_column(&held.column, held.checks.iter().map(|(check, _)| check))?;
    values.extend(held.nullable.then_some(Value::Null));
    Some(values)
}

/// Texts that an expression with these numbers may cut.
fn of_length(ty: Type, constants: &[Value]) -> Vec<Value> {
    if !ty.is_text() {
        return Vec::new();
    }
    let number = |constant: &Value| constant.to_string().parse::<usize>().ok();
    let lengths = constants.iter().filter_map(number).filter(|length| (1..=LONGEST).contains(length));
    let texts = lengths.flat_map(|length| ["a".repeat(length), "a".repeat(length + 1)]);
    texts.filter_map(|text| Value::parse_fitting(&text, ty).ok()).collect()
}

/// Whether a check lets a row be, as far as the row says.
pub(super) fn may_hold((condition, inputs): &Reading, row: &Row) -> bool {
    let values: Option<Vec<Value>> = inputs.iter().map(|input| row.get(input).cloned()).collect();
    values.is_none_or(|values| matches!(condition.tried(&values), Some(Ok(Value::Boolean(true) | Value::Null))))
}

/// Rows in which one column holds something a little different.
pub(super) fn variants(row: &Row, column: ColumnId, ty: Type) -> impl Iterator<Item = Row> + '_ {
    let near = row.get(&column).map(|value| near(value, ty)).unwrap_or_default();
    near.into_iter().map(move |value| {
        let mut changed: Row = row.iter().map(|(column, value)| (*column, value.clone())).collect::<FxHashMap<_, _>>();
        changed.insert(column, value);
        changed
    })
}

/// Values that differ from one by as little as may be.
fn near(value: &Value, ty: Type) -> Vec<Value> {
    let texts = match value {
        Value::Null => Vec::new(),
        Value::Date(days) => return days.checked_add(1).map(Value::Date).into_iter().collect(),
        Value::Timestamp(micros) => return micros.checked_add(1).map(Value::Timestamp).into_iter().collect(),
        Value::TimestampTz(micros) => return micros.checked_add(1).map(Value::TimestampTz).into_iter().collect(),
        Value::Real(number) => return vec![Value::Real(number.next_up())],
        Value::Double(number) => return vec![Value::Double(number.next_up())],
        Value::Numeric(number) => {
            let last = BigDecimal::new(1.into(), number.fractional_digit_count().max(0) + 1);
            let more = [BigDecimal::from(1), last];
            more.iter().map(|more| (number + more).to_string()).collect()
        }
        _ if ty.is_integer() => {
            value.to_string().parse::<i64>().iter().map(|n| n.saturating_add(1).to_string()).collect()
        }
        _ if ty.is_text() => {
            let text = value.to_string();
            vec![text.to_uppercase(), text.to_lowercase(), format!("{text} "), format!(" {text}"), format!("{text}a")]
        }
        _ => Vec::new(),
    };
    texts.iter().filter_map(|text| Value::parse_fitting(text, ty).ok()).collect()
}

/// What tells values apart: how they are written. `json`, which keeps how it was written, goes by what it means.
pub(super) fn image(value: &Value) -> String {
    match value {
        Value::Json(text) => Value::parse(text, Type::Jsonb).map_or_else(|_| value.literal(), |meant| meant.literal()),
        value => value.literal(),
    }
}
