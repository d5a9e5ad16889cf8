//! The schema as it stands between two statements: tables, constraints, syncs, and who is live.
//!
//! The planner moves one along the plan to resolve names; an engine holds one that tells what it has now. Both change it
//! by the same `Catalog::apply` (in `plan`), so they cannot drift apart. Cloning shares what is not changed afterwards.

mod column;
mod constraint;
mod kept_type;
mod sync;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use column::{Column, ColumnId, NotNull};
pub use constraint::{Constraint, ConstraintKind};
pub use kept_type::KeptType;
pub use sync::{Sync, SyncId, SyncJoin};
pub use table::Table;

use rustc_hash::FxHashMap;

use crate::ast::Name;
use crate::expr::Expression;

/// Everything but rows that a statement may change.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: BTreeMap<Name, Arc<Table>>,
    syncs: BTreeMap<SyncId, Arc<Sync>>,
    /// The syncs that each column is in, on either side.
    syncs_by_column: FxHashMap<ColumnId, Vec<SyncId>>,
    /// The live applications, each with the tables as they were when it started, of those that it asks about.
    live: BTreeMap<Name, Vec<Arc<Table>>>,
    /// The applications that ask the catalog as they start, and about which tables.
    asking: BTreeMap<Name, Vec<Name>>,
    next_column: u32,
    next_sync: u32,
}

impl Catalog {
    /// The table called `name`.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// The tables by name.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> + Clone {
        self.tables.values()
    }

    /// A column by the names of its table and itself.
    #[must_use]
    pub fn column(&self, table: &str, column: &str) -> Option<&Column> {
        self.table(table)?.column(column)
    }

    /// The columns of a table that an expression reads.
    pub fn inputs(&self, table: &str, value: &Expression) -> impl Iterator<Item = ColumnId> {
        let table = self.table(table);
        value.inputs().iter().filter_map(move |name| Some(table?.column(name)?.id))
    }

    /// The name of a column, for messages; `?` for one that is not there.
    #[must_use]
    pub fn column_name(&self, table: &str, column: ColumnId) -> &str {
        self.table(table).and_then(|table| table.column_by_id(column)).map_or("?", |column| &column.name)
    }

    /// The table that has a constraint or index called `name`.
    #[must_use]
    pub fn table_with_constraint(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.values().find(|table| table.constraint(name).is_some())
    }

    /// Foreign keys of any table that refer to `table`, with the table that holds each.
    pub fn references_to<'a>(&'a self, table: &'a str) -> impl Iterator<Item = (&'a Arc<Table>, &'a Constraint)> {
        let refers = move |constraint: &&Constraint| matches!(&constraint.kind, ConstraintKind::ForeignKey { table: to, .. } if &**to == table);
        self.tables.values().flat_map(move |from| from.foreign_keys().filter(refers).map(move |key| (from, key)))
    }

    /// The syncs in force, oldest first.
    pub fn syncs(&self) -> impl Iterator<Item = &Arc<Sync>> {
        self.syncs.values()
    }

    /// A sync in force.
    #[must_use]
    pub fn sync(&self, id: SyncId) -> Option<&Arc<Sync>> {
        self.syncs.get(&id)
    }

    /// The syncs that a column is in, as source or as target, oldest first.
    pub fn syncs_of(&self, column: ColumnId) -> impl Iterator<Item = &Arc<Sync>> {
        self.syncs_by_column.get(&column).into_iter().flatten().filter_map(|id| self.syncs.get(id))
    }

    /// Whether an application is live.
    #[must_use]
    pub fn is_live(&self, app: &str) -> bool {
        self.live.contains_key(app)
    }

    /// The live applications by name.
    pub fn live(&self) -> impl Iterator<Item = &Name> {
        self.live.keys()
    }

    /// An identity that no column has had.
    pub fn new_column_id(&mut self) -> ColumnId {
        self.next_column += 1;
        ColumnId(self.next_column)
    }

    /// An identity that no sync has had.
    pub fn new_sync_id(&mut self) -> SyncId {
        self.next_sync += 1;
        SyncId(self.next_sync)
    }

    /// Adds a table, or replaces the one of its name.
    pub fn put_table(&mut self, table: impl Into<Arc<Table>>) {
        let table = table.into();
        let newest = table.columns().map(|column| column.id.0).max().unwrap_or(0);
        self.next_column = self.next_column.max(newest);
        self.tables.insert(table.name.clone(), table);
    }

    /// A table to change; it is copied first where a clone of the catalog shares it.
    pub fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.get_mut(name).map(Arc::make_mut)
    }

    /// Takes a table away, with the syncs into and out of it.
    pub fn remove_table(&mut self, name: &str) -> Option<Arc<Table>> {
        let table = self.tables.remove(name)?;
        table.columns().for_each(|column| self.remove_syncs_of(column.id));
        Some(table)
    }

    /// Puts a sync in force.
    pub fn put_sync(&mut self, sync: &Arc<Sync>) {
        self.next_sync = self.next_sync.max(sync.id.0);
        for column in sync.columns() {
            let ids = self.syncs_by_column.entry(column).or_default();
            if !ids.contains(&sync.id) {
                ids.push(sync.id);
            }
        }
        self.syncs.insert(sync.id, Arc::clone(sync));
    }

    /// Takes a sync out of force.
    pub fn remove_sync(&mut self, id: SyncId) {
        let Some(sync) = self.syncs.remove(&id) else { return };
        for column in sync.columns() {
            if let Some(ids) = self.syncs_by_column.get_mut(&column) {
                ids.retain(|other| *other != id);
            }
        }
    }

    /// Takes the syncs into and out of a column out of force.
    pub fn remove_syncs_of(&mut self, column: ColumnId) {
        for id in self.syncs_by_column.remove(&column).unwrap_or_default() {
            self.remove_sync(id);
        }
    }

    /// Notes an identity that some action has given out.
    pub fn note_column_id(&mut self, id: ColumnId) {
        self.next_column = self.next_column.max(id.0);
    }

    /// Makes an application live, or not. One that asks the catalog finds the tables as they are now.
    pub fn set_live(&mut self, app: &Name, live: bool) {
        if live {
            let asked = self.asking.get(app).into_iter().flatten();
            let found = asked.filter_map(|table| self.tables.get(table)).map(Arc::clone).collect();
            self.live.insert(app.clone(), found);
        } else {
            self.live.remove(app);
        }
    }

    /// Lets an application ask about these tables whenever it starts.
    pub fn let_ask(&mut self, app: &Name, tables: Vec<Name>) {
        if !tables.is_empty() {
            self.asking.insert(app.clone(), tables);
        }
    }

    /// The tables as they were when a live application started, of those that it asks about.
    pub fn found_by(&self, app: &str) -> &[Arc<Table>] {
        self.live.get(app).map_or(&[], Vec::as_slice)
    }

    /// A column as a live application found it when it started, if it asks about its table.
    #[must_use]
    pub fn column_found_by(&self, app: &str, table: &str, column: &str) -> Option<&Column> {
        self.found_by(app).iter().find(|found| *found.name == *table)?.column(column)
    }

    /// The columns that a live application found when it started and that are not there any more, with their tables.
    pub fn gone_for<'a>(&'a self, app: &'a str) -> impl Iterator<Item = (&'a Name, &'a Column)> {
        let of = |table: &'a Arc<Table>| table.columns().map(move |column| (&table.name, column));
        let is_gone = |(table, column): &(&Name, &Column)| self.column(table, &column.name).is_none();
        self.found_by(app).iter().flat_map(of).filter(is_gone)
    }

    /// Lets a column that is only heard of now have been there when the live applications started.
    pub fn found_as_well(&mut self, table: &Name, column: &Column) {
        for (app, found) in &mut self.live {
            if !self.asking.get(app).is_some_and(|asked| asked.contains(table)) {
                continue;
            }
            if let Some(found) = found.iter_mut().find(|found| found.name == *table) {
                Arc::make_mut(found).add_column(column.clone());
                continue;
            }
            let mut new = Table::new(table.clone(), false);
            new.add_column(column.clone());
            found.push(Arc::new(new));
        }
    }
}
