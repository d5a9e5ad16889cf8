//! Constraints, as they bind the write of one row.

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::data::Value;
use crate::engine::Fault;
use crate::engine::memory::index::Index;
use crate::engine::memory::row::{RowImage, eval};
use crate::engine::memory::table::{IndexKey, TableData};
use crate::engine::memory::{fault, key};
use crate::expr::Expression;

/// The columns that no write may leave null.
pub(super) fn not_null_columns(table: &Table) -> Vec<ColumnId> {
    let key = table.primary_key().unwrap_or_default();
    let bound = table.columns().filter(|column| column.not_null != NotNull::No || key.contains(&column.id));
    bound.map(|column| column.id).collect()
}

/// Its checks, each with its condition.
pub(super) fn checks(table: &Table) -> impl Iterator<Item = (&Name, &Expression)> {
    table.constraints().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::Check { condition, .. } => Some((&constraint.name, condition)),
        _ => None,
    })
}

/// A uniqueness that rows of a table have among themselves.
#[derive(Clone, Copy)]
pub(super) struct Unique<'a> {
    pub(super) name: &'a Name,
    pub(super) columns: &'a [ColumnId],
    pub(super) filter: Option<&'a Expression>,
}

impl<'a> Unique<'a> {
    pub(super) fn of(constraint: &'a Constraint) -> Option<Self> {
        let filter = match &constraint.kind {
            ConstraintKind::Index { filter, .. } => filter.as_ref(),
            _ => None,
        };
        constraint.kind.unique_columns().map(|columns| Self { name: &constraint.name, columns, filter })
    }

    pub(super) fn all(table: &'a Table) -> impl Iterator<Item = Self> {
        table.constraints().filter_map(Self::of)
    }

    fn index_key(&self) -> IndexKey {
        IndexKey { columns: self.columns.to_vec(), partial: self.filter.map(|_| self.name.clone()) }
    }

    /// The hash under which a row with these values is found, if the row takes part.
    fn hash(&self, table: &Table, get: &dyn Fn(ColumnId) -> Value, now: i64) -> Option<u64> {
        let key: Vec<Value> = self.columns.iter().map(|column| get(*column)).collect();
        let hash = key::hash(&key)?;
        let takes_part = |filter: &Expression| eval(filter, table, get, now) == Ok(Value::Boolean(true));
        self.filter.is_none_or(takes_part).then_some(hash)
    }

    /// Checks that it is true of all rows, and builds its index. An index that is there may have been built for look-ups, and
    /// says nothing of duplicates.
    ///
    /// # Errors
    /// Two rows have the same key.
    pub(super) fn build(&self, table: &Table, data: &mut TableData, now: i64) -> Result<(), Fault> {
        let mut index = Index::with_capacity(data.rows());
        for slot in data.alive() {
            let Some(hash) = self.hash(table, &|column| data.value(slot, column), now) else { continue };
            let same =
                |other: &u32| key::same_all(&data.key(*other as usize, self.columns), &data.key(slot, self.columns));
            if index.candidates(hash).iter().any(same) {
                let row = fault::stored_row_name(table, data, slot);
                return Err(fault::duplicate(table, self.name, self.columns, &data.key(slot, self.columns), &row));
            }
            index.insert(hash, slot);
        }
        data.indexes.insert(self.index_key(), index);
        Ok(())
    }

    /// Whether a row other than the one written has its key.
    pub(super) fn is_taken(
        &self,
        table: &Table,
        data: &mut TableData,
        row: &RowImage,
        now: i64,
    ) -> Result<bool, Fault> {
        let Some(hash) = self.hash(table, &|column| row.value(data, column), now) else { return Ok(false) };
        if !data.indexes.contains_key(&self.index_key()) {
            self.build(table, data, now)?;
        }
        let key = row.key(data, self.columns);
        let other = |slot: &u32| {
            Some(*slot as usize) != row.slot && key::same_all(&data.key(*slot as usize, self.columns), &key)
        };
        Ok(data.indexes[&self.index_key()].candidates(hash).iter().any(other))
    }
}

/// Checks a row that is about to be stored: all that concerns it alone, and the keys of the other rows.
pub(super) fn row(table: &Table, data: &mut TableData, row: &RowImage, now: i64) -> Result<(), Fault> {
    let name = |data: &TableData| row_name(table, data, row);
    for column in not_null_columns(table) {
        if row.value(data, column).is_null() {
            return Err(fault::null(table, column, &name(data)));
        }
    }
    for (check, condition) in checks(table) {
        match eval(condition, table, &|column| row.value(data, column), now) {
            Ok(Value::Boolean(false)) => return Err(fault::failed_check(table, check, &name(data))),
            Ok(_) => {}
            Err(error) => return Err(fault::valueless(table, &name(data), &error)),
        }
    }
    for filter in filters(table) {
        if let Err(error) = eval(filter, table, &|column| row.value(data, column), now) {
            return Err(fault::valueless(table, &name(data), &error));
        }
    }
    unique(table, data, row, now)
}

/// What says which rows are in an index: it is looked at for each row that is written.
fn filters(table: &Table) -> impl Iterator<Item = &Expression> {
    table.constraints().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::Index { filter, .. } => filter.as_ref(),
        _ => None,
    })
}

/// `row id = 3` of a row that is about to be stored.
pub(super) fn row_name(table: &Table, data: &TableData, row: &RowImage) -> String {
    fault::row_name(table, row.slot, &|column| row.value(data, column))
}

/// Checks that no other row has the keys of this one.
fn unique(table: &Table, data: &mut TableData, row: &RowImage, now: i64) -> Result<(), Fault> {
    for rule in Unique::all(table) {
        let touched = row.slot.is_none()
            || rule.filter.is_some()
            || row.values.iter().any(|(column, _)| rule.columns.contains(column));
        if touched && rule.is_taken(table, data, row, now)? {
            let name = row_name(table, data, row);
            return Err(fault::duplicate(table, rule.name, rule.columns, &row.key(data, rule.columns), &name));
        }
    }
    Ok(())
}

/// Takes the row at `slot` out of the indexes (`present` false) or puts it in, by the values that it has now.
/// Only indexes over one of `changed` are touched; `None` means all.
pub(super) fn reindex(
    table: &Table,
    data: &mut TableData,
    slot: usize,
    changed: Option<&[ColumnId]>,
    present: bool,
    now: i64,
) {
    let mut indexes = std::mem::take(&mut data.indexes);
    for (key, index) in &mut indexes {
        let concerned =
            |changed: &[ColumnId]| key.partial.is_some() || key.columns.iter().any(|id| changed.contains(id));
        if !changed.is_none_or(concerned) {
            continue;
        }
        let hash = match &key.partial {
            None => key::hash(&data.key(slot, &key.columns)),
            Some(name) => table
                .constraint(name)
                .and_then(Unique::of)
                .and_then(|rule| rule.hash(table, &|column| data.value(slot, column), now)),
        };
        match hash {
            Some(hash) if present => index.insert(hash, slot),
            Some(hash) => index.remove(hash, slot),
            None => {}
        }
    }
    data.indexes = indexes;
}
