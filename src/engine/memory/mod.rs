//! The in-memory table: the executable meaning of a statement.
//!
//! A [`Memory`] holds a catalog and the rows of its tables, column by column in shared chunks, and does three things to
//! them: it applies and undoes actions as a [`crate::engine::Engine`], it takes the writes of applications (constraints
//! hold, syncs fire, freshness is kept), and it tells what each application sees. A [`Snapshot`] shares everything with
//! the present until one of the two changes, so that taking one and going back cost next to nothing.

mod apply;
mod changes;
mod column;
mod copy;
mod dml;
mod enforce;
mod fault;
mod fill;
mod freshness;
mod index;
mod key;
mod load;
mod mask;
mod query;
mod row;
mod row_write;
mod scan;
mod state;
mod table;
mod undo;
mod validate;
mod view;
mod write;
mod write_log;
mod write_scope;

use std::sync::Arc;

pub use load::Columns;
pub use mask::CellState;
pub use query::{Cell, Row, Selected};
pub use undo::MemoryUndo;
pub use view::AppState;

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, Table};
use crate::plan::{AppUse, Facts};
use freshness::FactMap;
use state::MemoryState;

/// Tables with rows in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    state: MemoryState,
    facts: FactMap,
    apps: Vec<AppUse>,
    now_micros: i64,
    versions: u64,
}

/// A [`Memory`]'s schema and rows at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot(MemoryState);

impl Memory {
    /// The tables of a catalog, empty. `now_micros` is what `now()` gives, in microseconds since 2000-01-01 UTC.
    #[must_use]
    pub fn new(catalog: Catalog, facts: Arc<Facts>, apps: Vec<AppUse>, now_micros: i64) -> Self {
        let facts = FactMap { facts, tracked: !apps.is_empty() };
        let mut memory = Self { facts, apps, now_micros, ..Self::default() };
        for table in catalog.tables() {
            let data = apply::empty_table(table);
            memory.state.tables.insert(table.name.clone(), Arc::new(data));
        }
        catalog.syncs().for_each(|sync| memory.state.pair_by_sync(sync));
        memory.state.catalog = catalog;
        memory
    }

    /// The schema as it stands.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.state.catalog
    }

    /// The applications that were declared.
    #[must_use]
    pub fn apps(&self) -> &[AppUse] {
        &self.apps
    }

    /// Declares applications, instead of those known. Freshness is kept from the first one on.
    pub fn set_apps(&mut self, apps: Vec<AppUse>) {
        self.facts.tracked |= !apps.is_empty();
        for app in &apps {
            self.state.catalog.let_ask(&app.name, app.asks());
        }
        self.apps = apps;
    }

    /// Replaces what is known of facts, as statements are added to a plan. Cells keep what they are stale for; of a fact
    /// that their column did not carry before, they know nothing.
    pub fn set_facts(&mut self, facts: Arc<Facts>) {
        let before = std::mem::replace(&mut self.facts.facts, facts);
        let after = &self.facts.facts;
        for table in self.state.tables.values_mut() {
            let ids: Vec<ColumnId> = table.columns.keys().chain(table.parked.keys()).copied().collect();
            let changed = |id: &ColumnId| before.of(*id) != after.of(*id) || before.mask(*id) != after.mask(*id);
            for id in ids.into_iter().filter(changed) {
                let table = Arc::make_mut(table);
                let data = table.columns.get_mut(&id).or_else(|| table.parked.get_mut(&id));
                if let Some(data) = data {
                    Arc::make_mut(data).map_masks(&|mask| freshness::renumbered(mask, id, &before, after));
                }
            }
        }
    }

    /// What `now()` gives, in microseconds since 2000-01-01 UTC.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.now_micros
    }

    /// How many rows a table has; none if it is not there.
    #[must_use]
    pub fn row_count(&self, table: &str) -> usize {
        self.state.tables.get(table).map_or(0, |data| data.rows())
    }

    /// The schema and rows of this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state.clone())
    }

    /// Goes back (or forth) to a moment.
    pub fn restore(&mut self, snapshot: Snapshot) {
        self.state = snapshot.0;
    }

    fn table(&self, name: &Name) -> Result<Arc<Table>, crate::engine::Fault> {
        self.state.schema(name)
    }

    /// Notes that an application has written.
    fn written(&mut self) {
        self.versions += 1;
        self.state.version = self.versions;
    }
}
