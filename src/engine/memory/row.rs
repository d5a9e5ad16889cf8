//! A row as a write will leave it, before it is stored.

use crate::catalog::{ColumnId, Table};
use crate::data::{Value, ValueError};
use crate::engine::memory::table::TableData;
use crate::expr::Expression;

/// What changes in a row; everything else is as stored.
#[derive(Clone, Debug, Default)]
pub(super) struct RowImage {
    /// Where it is stored; `None` for a row to be inserted.
    pub(super) slot: Option<usize>,
    pub(super) values: Vec<(ColumnId, Value)>,
    pub(super) masks: Vec<(ColumnId, u64)>,
}

impl RowImage {
    pub(super) fn of(slot: usize) -> Self {
        Self { slot: Some(slot), ..Self::default() }
    }

    pub(super) fn value(&self, data: &TableData, column: ColumnId) -> Value {
        let changed = self.values.iter().find(|(other, _)| *other == column).map(|(_, value)| value.clone());
        changed.or_else(|| self.slot.map(|slot| data.value(slot, column))).unwrap_or(Value::Null)
    }

    pub(super) fn mask(&self, data: &TableData, column: ColumnId) -> u64 {
        let changed = self.masks.iter().find(|(other, _)| *other == column).map(|(_, mask)| *mask);
        changed.or_else(|| self.slot.map(|slot| data.mask(slot, column))).unwrap_or(0)
    }

    pub(super) fn set(&mut self, column: ColumnId, value: Value) {
        match self.values.iter_mut().find(|(other, _)| *other == column) {
            Some(entry) => entry.1 = value,
            None => self.values.push((column, value)),
        }
    }

    pub(super) fn set_mask(&mut self, column: ColumnId, mask: u64) {
        match self.masks.iter_mut().find(|(other, _)| *other == column) {
            Some(entry) => entry.1 = mask,
            None => self.masks.push((column, mask)),
        }
    }

    pub(super) fn key(&self, data: &TableData, columns: &[ColumnId]) -> Vec<Value> {
        columns.iter().map(|column| self.value(data, *column)).collect()
    }
}

/// The value of an expression over the columns of `table`, whose values `get` gives.
pub(super) fn eval(
    expression: &Expression,
    table: &Table,
    get: &dyn Fn(ColumnId) -> Value,
    now_micros: i64,
) -> Result<Value, ValueError> {
    let input = |name: &crate::ast::Name| input_column(table, name).map_or(Value::Null, get);
    let row: Vec<Value> = expression.inputs().iter().map(input).collect();
    expression.eval(&row, now_micros)
}

/// The column that an expression calls `name`, which may be qualified by its table.
pub(super) fn input_column(table: &Table, name: &str) -> Option<ColumnId> {
    let bare = || name.strip_prefix(&*table.name)?.strip_prefix('.');
    table.column(name).or_else(|| table.column(bare()?)).map(|column| column.id)
}

/// The columns that an expression reads.
pub(super) fn input_columns(table: &Table, expression: &Expression) -> Vec<ColumnId> {
    expression.inputs().iter().filter_map(|name| input_column(table, name)).collect()
}

/// The value that an insert gives a column it does not name.
pub(super) fn default_value(table: &Table, column: ColumnId, now_micros: i64) -> Result<Value, ValueError> {
    let default = table.column_by_id(column).and_then(|column| column.default.as_ref());
    default.map_or(Ok(Value::Null), |default| default.eval(&[], now_micros))
}
