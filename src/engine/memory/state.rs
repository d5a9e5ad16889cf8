//! Everything that a statement or a write may change; cloning it is cheap, and is what a snapshot does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, NotNull, Sync, Table};
use crate::engine::Fault;
use crate::engine::memory::fault;
use crate::engine::memory::table::TableData;

/// Which rows of two tables belong together: those whose keys are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pairing {
    pub(super) tables: [Name; 2],
    pub(super) keys: [ColumnId; 2],
}

/// What came back weaker than it was, because applications wrote rows in the meantime that it does not hold for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Weakened {
    NotNull(Name, ColumnId),
    Constraint(Name, Name),
}

#[derive(Clone, Debug, Default)]
pub(super) struct MemoryState {
    pub(super) catalog: Catalog,
    pub(super) tables: BTreeMap<Name, Arc<TableData>>,
    /// Dropped tables that may be put back, with their schema; the last dropped is last.
    pub(super) dropped: Vec<(Arc<Table>, Arc<TableData>)>,
    /// Known from syncs and copies between tables, also from those that have left.
    pub(super) pairings: Vec<Pairing>,
    pub(super) weakened: Vec<Weakened>,
    /// Changes with every write of an application, and never takes a value twice but by going back in time.
    pub(super) version: u64,
}

impl MemoryState {
    pub(super) fn schema(&self, table: &str) -> Result<Arc<Table>, Fault> {
        self.catalog.table(table).cloned().ok_or_else(|| fault::missing("table", table))
    }

    pub(super) fn data(&self, table: &str) -> Result<&Arc<TableData>, Fault> {
        self.tables.get(table).ok_or_else(|| fault::missing("table", table))
    }

    pub(super) fn data_mut(&mut self, table: &str) -> Result<&mut TableData, Fault> {
        self.tables.get_mut(table).map(Arc::make_mut).ok_or_else(|| fault::missing("table", table))
    }

    /// Remembers which rows the two tables of a sync share.
    pub(super) fn pair_by_sync(&mut self, sync: &Sync) {
        if let Some(join) = &sync.join {
            let tables = [sync.source_table.clone(), sync.target_table.clone()];
            self.pair(Pairing { tables, keys: [join.source_key, join.target_key] });
        }
    }

    pub(super) fn pair(&mut self, pairing: Pairing) {
        let mirrored = |known: &Pairing| known.keys[0] == pairing.keys[1] && known.keys[1] == pairing.keys[0];
        if !self.pairings.iter().any(|known| *known == pairing || mirrored(known)) {
            self.pairings.push(pairing);
        }
    }

    /// Makes the catalog as weak as was found necessary.
    pub(super) fn weaken(&mut self) {
        for weakened in &self.weakened {
            match weakened {
                Weakened::NotNull(table, column) => weaken_not_null(&mut self.catalog, table, *column),
                Weakened::Constraint(table, name) => unvalidate(&mut self.catalog, table, name),
            }
        }
    }
}

fn weaken_not_null(catalog: &mut Catalog, table: &str, id: ColumnId) {
    let column = catalog.table_mut(table).and_then(|table| table.column_mut(id));
    if let Some(column) = column.filter(|column| column.not_null != NotNull::No) {
        column.not_null = NotNull::NewWrites;
    }
}

fn unvalidate(catalog: &mut Catalog, table: &str, name: &str) {
    let Some(table) = catalog.table_mut(table) else { return };
    let Some(mut constraint) = table.constraint(name).cloned() else { return };
    if let crate::catalog::ConstraintKind::Check { validated, .. }
    | crate::catalog::ConstraintKind::ForeignKey { validated, .. } = &mut constraint.kind
    {
        *validated = false;
        table.add_constraint(constraint);
    }
}
