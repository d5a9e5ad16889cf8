//! Rows that a table lacks: another table has a value for one of its columns, and there is no row here that could.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Table};
use crate::engine::memory::Memory;
use crate::plan::Facts;

/// How many rows of a table are looked at.
const MOST_LOOKED_AT: usize = 10_000;

/// Rows of another table that have a value for a column, and nothing in its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Absent {
    /// The table that has the rows.
    pub(super) table: Name,
    pub(super) rows: usize,
}

/// The rows that a column's table lacks, table by table.
pub(super) fn absent(memory: &Memory, facts: &Facts, table: &Name, column: &Name) -> Vec<Absent> {
    let catalog = memory.catalog();
    let Some(own) = catalog.table(table) else { return Vec::new() };
    let (Some(target), Some(key)) = (own.column(column), single_key(own)) else { return Vec::new() };
    let others = catalog.tables().filter(|other| other.name != *table);
    let found = others.filter_map(|other| {
        let paired = |column: &&Column, with: &Column| shares(facts, column.id, with.id);
        let their_key = other.columns().find(|column| other.is_unique(column.id) && paired(column, key))?;
        let value = other.columns().find(|column| column.id != their_key.id && paired(column, target));
        let value = value.unwrap_or(their_key);
        let is_pair = shares(facts, value.id, target.id);
        let rows = if is_pair { lacking(memory, (other, their_key, value), (table, key)) } else { 0 };
        (rows > 0).then(|| Absent { table: other.name.clone(), rows })
    });
    found.collect()
}

/// The column that is the whole primary key.
fn single_key(table: &Table) -> Option<&Column> {
    match table.primary_key()? {
        [key] => table.column_by_id(*key),
        _ => None,
    }
}

/// How many rows with a value have a key that no row of a table has.
fn lacking(
    memory: &Memory,
    (from, their_key, value): (&Table, &Column, &Column),
    (to, key): (&Name, &Column),
) -> usize {
    let columns = [their_key.name.clone(), value.name.clone()];
    let Ok(theirs) = memory.select(None, &from.name, Some(&columns), None, MOST_LOOKED_AT) else { return 0 };
    let Ok(own) = memory.select(None, to, Some(std::slice::from_ref(&key.name)), None, usize::MAX) else { return 0 };
    let keys: std::collections::BTreeSet<String> =
        own.rows.iter().filter_map(|row| row.cells.first()).map(|cell| cell.value.to_string()).collect();
    let lacks = |row: &&crate::engine::memory::Row| match row.cells.as_slice() {
        [key, value] => !value.value.is_null() && !key.value.is_null() && !keys.contains(&key.value.to_string()),
        _ => false,
    };
    theirs.rows.iter().filter(lacks).count()
}

/// Whether two columns carry a common fact.
pub(super) fn shares(facts: &Facts, one: ColumnId, other: ColumnId) -> bool {
    facts.of(one).iter().any(|fact| facts.of(other).contains(fact))
}
