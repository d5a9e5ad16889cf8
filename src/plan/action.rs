//! What a statement does once its names are resolved.

use std::sync::Arc;

use crate::ast::{Batches, Name};
use crate::catalog::{Column, ColumnId, Constraint, Sync, SyncId, Table};
use crate::expr::Expression;

/// One statement, resolved. Tables go by name, columns by identity.
#[derive(Clone, Debug)]
pub enum Action {
    /// Adds a column, with the constraints written beside it.
    AddColumn {
        /// The table.
        table: Name,
        /// The column; existing rows take its default.
        column: Column,
        /// What it must satisfy besides `not null`.
        constraints: Vec<Constraint>,
    },
    /// Does nothing: the column already exists with the same type.
    KeepColumn {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
    },
    /// Adds a table.
    AddTable(Arc<Table>),
    /// Adds a constraint or an index. Checks and foreign keys come unvalidated, the rest must hold for all rows.
    AddConstraint {
        /// The table.
        table: Name,
        /// What is added.
        constraint: Constraint,
    },
    /// Removes a constraint or an index.
    DropConstraint {
        /// The table.
        table: Name,
        /// Its name.
        name: Name,
    },
    /// New writes may no longer leave the column null.
    AddNotNull {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
    },
    /// The column is `not null`; fails where a null is left.
    SetNotNull {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
    },
    /// The column may be null.
    DropNotNull {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
    },
    /// Inserts that do not give the column take this from now on; `None` drops the default.
    SetDefault {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
        /// The default.
        default: Option<Expression>,
    },
    /// Old rows are compared with a check or a foreign key.
    ValidateConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        name: Name,
    },
    /// Old rows are compared with `add not null`.
    ValidateNotNull {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
    },
    /// Columns follow others from now on: one direction, or two that are twins.
    AddSyncs(Vec<Arc<Sync>>),
    /// Syncs leave.
    DropSyncs(Vec<SyncId>),
    /// `backfill` and `seed`.
    Fill {
        /// Which of the two.
        kind: FillKind,
        /// The table.
        table: Name,
        /// The column that is filled.
        column: ColumnId,
        /// With what.
        value: Expression,
        /// Which rows (true, not null).
        filter: Option<Expression>,
        /// How it goes through the table.
        batches: Batches,
    },
    /// `copy`: a row of `to` for each row of `from`. Of a row whose key exists in `to` only the null columns are filled, so
    /// that a repeated batch changes nothing, and a row that a sync has begun is completed.
    Copy {
        /// The table it reads.
        from: Name,
        /// The table it writes.
        to: Name,
        /// The columns of `to` that it gives a value; the rest take their defaults.
        columns: Vec<(ColumnId, Expression)>,
        /// Which rows (true, not null).
        filter: Option<Expression>,
        /// How it goes through the table.
        batches: Batches,
    },
    /// Every row must make it true; null is not enough.
    Verify {
        /// The table.
        table: Name,
        /// What must be true.
        condition: Expression,
    },
    /// Drops a column, with the constraints that only it is in and the syncs into and out of it.
    DropColumn {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnId,
    },
    /// Drops a table, with the syncs into and out of it.
    DropTable(Name),
    /// An application goes live.
    Deploy(Name),
    /// An application is no longer live.
    Retire(Name),
    /// A human says that something is so.
    Confirm(Box<str>),
    /// Time passes, in milliseconds.
    Wait(u64),
}

/// The two ways to fill a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillKind {
    /// The column is the same data in another form: every row is filled, whatever it held.
    Backfill,
    /// The column only starts from the value: only rows where it is null are filled.
    Seed,
}

impl Action {
    /// The same on the rows of another condition, where it goes through rows one by one.
    #[must_use]
    pub fn on_rows(mut self, only: Option<Expression>) -> Self {
        if let Self::Fill { filter, .. } | Self::Copy { filter, .. } = &mut self {
            *filter = only;
        }
        self
    }
}
