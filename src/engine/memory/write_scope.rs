//! What a write of an application touches: found out once for a statement, and the same for each of its rows.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, Sync};
use crate::engine::Fault;
use crate::engine::memory::freshness::{FactMap, candidates};
use crate::engine::memory::state::MemoryState;

/// What goes stale in which column when a column is written.
type Marks = Vec<(ColumnId, Vec<(ColumnId, u64)>)>;

/// Another table whose rows know facts of this one's.
pub(super) struct Far {
    pub(super) table: Name,
    pub(super) own_key: ColumnId,
    pub(super) other_key: ColumnId,
    marks: Marks,
}

impl Far {
    pub(super) fn marks(&self, written: ColumnId) -> &[(ColumnId, u64)] {
        marks_of(&self.marks, written)
    }
}

/// What an application says of the columns that it writes.
#[derive(Default)]
pub(super) struct Written {
    /// The columns that the statement names.
    pub(super) given: Vec<ColumnId>,
    /// Others that an insert is a write of.
    pub(super) declared: Vec<ColumnId>,
    /// Columns of the application, each with the other parts of the whole that it is a part of.
    pub(super) parts: Vec<(ColumnId, Vec<ColumnId>)>,
}

/// The columns that a statement writes, and what may follow from that.
pub(super) struct WriteScope {
    pub(super) table: Name,
    /// The columns that the application gives, whether or not their values change.
    pub(super) given: Vec<ColumnId>,
    /// These, and others that an insert is a write of.
    pub(super) written: Vec<ColumnId>,
    /// The columns of the table that syncs within it follow.
    pub(super) sources: Vec<ColumnId>,
    pub(super) syncs: Vec<Arc<Sync>>,
    pub(super) far: Vec<Far>,
    parts: Vec<(ColumnId, Vec<ColumnId>)>,
    near: Marks,
}

impl WriteScope {
    pub(super) fn new(state: &MemoryState, facts: &FactMap, table: &Name, columns: Written) -> Result<Self, Fault> {
        let Written { given, declared, parts } = columns;
        let written: Vec<ColumnId> = given.iter().chain(&declared).copied().collect();
        let near = state.catalog.syncs().filter(|sync| sync.source_table == *table && sync.join.is_none());
        let sources: Vec<ColumnId> = near.flat_map(|sync| sync.source_columns.iter().copied()).collect();
        let mut touching: Vec<ColumnId> = written.iter().chain(&sources).copied().collect();
        touching.sort_unstable();
        touching.dedup();
        let data = state.data(table)?;
        let own = || data.columns.keys().chain(data.parked.keys()).copied();
        let near = touching.iter().map(|column| (*column, facts.marks(*column, own()))).collect();
        let far = if facts.tracked { far_tables(state, facts, table, &touching) } else { Vec::new() };
        let syncs = candidates(&state.catalog, facts, &touching);
        Ok(Self { table: table.clone(), given, written, sources, syncs, far, parts, near })
    }

    /// The other parts of the whole that a column is a part of, as far as the application writes them.
    pub(super) fn parts(&self, column: ColumnId) -> &[ColumnId] {
        self.parts.iter().find(|(part, _)| *part == column).map_or(&[], |(_, others)| others)
    }

    pub(super) fn marks(&self, written: ColumnId) -> &[(ColumnId, u64)] {
        marks_of(&self.near, written)
    }
}

fn far_tables(state: &MemoryState, facts: &FactMap, table: &Name, written: &[ColumnId]) -> Vec<Far> {
    let mut far = Vec::new();
    for pairing in &state.pairings {
        let own = match pairing.tables.iter().position(|name| name == table) {
            Some(own) if pairing.tables[1 - own] != *table => own,
            _ => continue,
        };
        let other = &pairing.tables[1 - own];
        let dropped = || state.dropped.iter().rev().find(|(schema, _)| schema.name == *other).map(|(_, data)| data);
        let Some(data) = state.tables.get(other).or_else(dropped) else { continue };
        let columns = || data.columns.keys().chain(data.parked.keys()).copied();
        let (own_key, other_key) = (pairing.keys[own], pairing.keys[1 - own]);
        // The two keys of a pair of rows are equal as long as it is a pair.
        let marks_of = |column: ColumnId| {
            let others = columns().filter(|other| column != own_key || *other != other_key);
            (column, facts.marks(column, others))
        };
        let marks = written.iter().map(|column| marks_of(*column)).collect();
        far.push(Far { table: other.clone(), own_key, other_key, marks });
    }
    far
}

fn marks_of(marks: &Marks, written: ColumnId) -> &[(ColumnId, u64)] {
    marks.iter().find(|(column, _)| *column == written).map_or(&[], |(_, marks)| marks)
}
