//! Rows with which it is tried what becomes of values.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::catalog::ColumnId;
use crate::check::kept::lineage::{Fill, Lineage, Reading, Row};
use crate::data::{Type, Value};
use crate::obligations::made;

/// Texts as long as a number in an expression are tried up to this length.
const LONGEST: usize = 400;

/// Rows with values for columns that hold data of their own, as the checks of their tables let them be; none where a
/// type has no values that are known.
pub(super) fn rows(lineage: &Lineage, columns: &BTreeSet<ColumnId>, fills: &[&Fill], limit: usize) -> Vec<Row> {
    let held: Vec<_> = columns.iter().filter_map(|column| Some((*column, lineage.held(*column)?))).collect();
    let checks: Vec<&Reading> = held.iter().flat_map(|(_, held)| &held.checks).collect();
    let written = fills.iter().flat_map(|fill| [Some(&fill.value), fill.filter.as_ref()]).flatten();
    let constants: Vec<Value> =
        written.chain(checks.iter().copied()).flat_map(|(value, _)| value.constants()).collect();
    let values = held.iter().enumerate().map(|(number, (_, held))| {
        let mut values = made::values(held.column.ty, held.nullable, number, &constants);
        values.extend(of_length(held.column.ty, &constants));
        values
    });
    let made = made::combined(&values.collect::<Vec<_>>(), limit);
    let rows = made.into_iter().map(|values| held.iter().map(|(column, _)| *column).zip(values).collect::<Row>());
    rows.filter(|row| checks.iter().all(|check| may_hold(check, row))).collect()
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
    let text = row.get(&column).filter(|value| ty.is_text() && !value.is_null()).map(ToString::to_string);
    let texts = text.into_iter().flat_map(|text| {
        [text.to_uppercase(), text.to_lowercase(), format!("{text} "), format!(" {text}"), format!("{text}a")]
    });
    texts.filter_map(move |text| {
        let mut changed: Row = row.iter().map(|(column, value)| (*column, value.clone())).collect::<FxHashMap<_, _>>();
        changed.insert(column, Value::parse_fitting(&text, ty).ok()?);
        Some(changed)
    })
}

/// What tells values apart: how they are written. `json`, which keeps how it was written, goes by what it means.
pub(super) fn image(value: &Value) -> String {
    match value {
        Value::Json(text) => Value::parse(text, Type::Jsonb).map_or_else(|_| value.literal(), |meant| meant.literal()),
        value => value.literal(),
    }
}
