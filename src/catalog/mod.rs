//! The schema as it stands between two statements: tables, constraints, syncs, and who is live.
//!
//! The planner moves one along the plan to resolve names; a target holds one that tells what it has now. Both change it
//! by the same [`Catalog::apply`], so they cannot drift apart. Cloning shares what is not changed afterwards.

mod constraint;
mod sync;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use constraint::{Constraint, ConstraintKind};
pub use sync::{Sync, SyncId, SyncJoin};
pub use table::{Column, ColumnId, NotNull, Table};

use crate::ast::Name;

/// Everything but rows that a statement may change.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: BTreeMap<Name, Arc<Table>>,
    syncs: BTreeMap<SyncId, Arc<Sync>>,
    live: BTreeSet<Name>,
    last_column: u32,
    last_sync: u32,
}
