//! The rows that a script lists or generates, as they are at the start.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::ast::{Name, RowsFrom, Script};
use crate::catalog::{Catalog, ColumnId, Sync};
use crate::check::two_forms::round::{Round, RoundColumn};
use crate::data::Value;
use crate::engine::memory::Memory;
use crate::plan::Facts;
use crate::rows;

/// So many rows of a table are looked at.
pub(in crate::check) const MOST_ROWS: usize = 400;

/// The rows of a script, put into tables when they are first asked for.
#[derive(Default)]
pub(super) struct ScriptRows {
    start: Option<Catalog>,
    memory: Option<Memory>,
}

impl ScriptRows {
    /// The rows of a script whose plan starts from this schema.
    pub(super) fn of(start: &Catalog) -> Self {
        Self { start: Some(start.clone()), memory: None }
    }

    /// What a round would write for each row: the columns as they are, and those added since as their syncs fill them.
    pub(super) fn written(&mut self, round: &Round, script: &Script, catalog: &Catalog) -> Vec<Vec<Value>> {
        let Some(start) = &self.start else { return Vec::new() };
        let memory = self.memory.get_or_insert_with(|| loaded(start, script));
        let columns = round.places[..round.written].iter().map(|place| values_of(place, memory, catalog));
        let Some(columns) = columns.collect::<Option<Vec<_>>>() else { return Vec::new() };
        let tables: FxHashSet<&Name> = columns.iter().map(|(table, _)| table).collect();
        if tables.len() != 1 {
            return Vec::new();
        }
        let rows = columns.iter().map(|(_, values)| values.len()).min().unwrap_or(0);
        let row = |at: usize| columns.iter().map(|(_, values)| values[at].clone()).collect::<Option<Vec<Value>>>();
        (0..rows).filter_map(row).collect()
    }
}

/// The values of a column, and the table whose rows they come from; none at rows where there is none.
fn values_of(place: &RoundColumn, memory: &Memory, catalog: &Catalog) -> Option<(Name, Vec<Option<Value>>)> {
    if is_there(memory, &place.table, place.column.id) {
        let values = memory.column_values(&place.table, place.column.id);
        return Some((place.table.clone(), values.into_iter().map(Some).collect()));
    }
    let from_start = |sync: &&Arc<Sync>| {
        let source = &sync.source_table;
        sync.target == place.column.id && sync.source_columns.iter().all(|column| is_there(memory, source, *column))
    };
    let sync = catalog.syncs_of(place.column.id).find(from_start)?;
    let inputs = sync.value.inputs().iter().map(|name| catalog.column(&sync.source_table, name));
    let inputs = inputs.map(|column| Some(memory.column_values(&sync.source_table, column?.id)));
    let inputs = inputs.collect::<Option<Vec<Vec<Value>>>>()?;
    let rows = inputs.iter().map(Vec::len).min().unwrap_or(0);
    let row = |at: usize| inputs.iter().map(|values| values[at].clone()).collect::<Vec<_>>();
    let values = (0..rows).map(|at| sync.value.tried(&row(at)).and_then(Result::ok));
    Some((sync.source_table.clone(), values.collect()))
}

fn is_there(memory: &Memory, table: &Name, column: ColumnId) -> bool {
    memory.catalog().table(table).is_some_and(|table| table.column_by_id(column).is_some())
}

/// The first rows of each table; those that do not fit are reported elsewhere.
pub(in crate::check) fn loaded(start: &Catalog, script: &Script) -> Memory {
    let mut memory = Memory::new(start.clone(), Arc::new(Facts::default()), Vec::new(), 0);
    for rows in &script.rows {
        let name = &rows.table.name;
        let Some(table) = start.table(name).filter(|table| table.declared) else { continue };
        match &rows.from {
            RowsFrom::Listed(values) => {
                let first = &values[..values.len().min(MOST_ROWS)];
                let listed = rows::listed(first, table, 0);
                let _ = listed.map(|listed| rows::load_listed(&mut memory, name, listed));
            }
            RowsFrom::Generated { count, seed } => {
                let count = (*count).min(MOST_ROWS as u64);
                let _ = rows::load_generated(&mut memory, name, count, *seed);
            }
            RowsFrom::Csv(..) => {}
        }
    }
    memory
}
