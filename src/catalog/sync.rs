//! Syncs: a column that follows others on every write of an application.

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::expr::Expression;

/// Tells syncs apart; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SyncId(pub u32);

/// `sync d from EXPR`, or one direction of `sync c <-> d`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sync {
    /// Its identity.
    pub id: SyncId,
    /// The other direction, when it was written `<->`.
    pub twin: Option<SyncId>,
    /// The table whose writes fire it; `value` reads its columns.
    pub source_table: Name,
    /// The columns of `value`.
    pub source_columns: Vec<ColumnId>,
    /// The table of the column that follows.
    pub target_table: Name,
    /// The column that follows.
    pub target: ColumnId,
    /// What it takes.
    pub value: Expression,
    /// Between two tables, which row reaches which.
    pub join: Option<SyncJoin>,
}

impl Sync {
    /// The columns that it is in: those it follows, and the one that follows.
    pub fn columns(&self) -> impl Iterator<Item = ColumnId> {
        self.source_columns.iter().copied().chain([self.target])
    }
}

/// The pairing of rows for a sync between two tables: the row of the target table whose `target_key` equals
/// `source_key` of the row written. Both are unique in their table, and one references the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncJoin {
    /// In the table whose writes fire the sync.
    pub source_key: ColumnId,
    /// In the table of the column that follows.
    pub target_key: ColumnId,
    /// The target table is the one that references: a missing row is inserted. Otherwise it is left missing.
    pub inserts: bool,
}
