//! What an action is about: one description of each, for everybody who need not know which action it is. A new action
//! says here what it names, fills, adds and removes; what is asked of the description then works for it.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, Constraint, ConstraintKind, NotNull, Sync, SyncId, Table};
use crate::expr::Expression;
use crate::phrase::written;
use crate::plan::{Action, FillKind};

/// What an action is about, seen from the schema before it.
#[derive(Clone, Debug)]
pub struct Effect<'a> {
    /// Everything that it needs is in the schema, and nothing of what it adds is.
    pub is_possible: bool,
    /// The tables of before that it changes: their schema, their rows, or what follows a write to them.
    pub changes: Vec<Name>,
    /// The table that it goes through row by row.
    pub over: Option<&'a Name>,
    /// Which rows of a table it is about, where not all.
    pub filter: Option<(&'a Name, &'a Expression)>,
    /// How many rows it was about is worth telling.
    pub counts_rows: bool,
    /// The columns that it names or reads, but not those that it only takes along.
    pub names: Vec<ColumnId>,
    /// The columns of constraints and the targets of syncs that it removes by name.
    pub frees: Vec<ColumnId>,
    /// What gets values, from what.
    pub fills: Vec<Filling<'a>>,
    /// The table that it adds, with all its columns and constraints.
    pub adds_table: Option<&'a Arc<Table>>,
    /// The columns that it adds, those of a new table among them.
    pub adds: Vec<(&'a Name, &'a Column)>,
    /// The constraints that it adds, those of a new column or table among them.
    pub adds_constraints: Vec<(&'a Name, &'a Constraint)>,
    /// The constraint that it removes by name, and its table.
    pub removes_constraint: Option<(&'a Name, &'a Name)>,
    /// The constraint, by name, that all rows of its table must satisfy from here on.
    pub validates: Option<(&'a Name, &'a Name)>,
    /// What every row of a table must make true for the run to go on.
    pub verifies: Option<(&'a Name, &'a Expression)>,
    /// The syncs that it adds.
    pub adds_syncs: &'a [Arc<Sync>],
    /// The column or table that it removes.
    pub removes: Option<Removal<'a>>,
    /// The columns that it removes, those of a table among them.
    pub removes_columns: Vec<ColumnId>,
    /// The syncs that leave, by name or with their columns.
    pub removes_syncs: Vec<SyncId>,
    /// A column that may or may not be null differently from here on.
    pub not_null: Option<(ColumnId, NotNull)>,
    /// It changes nothing in the schema, and the run stops at it for the world outside.
    pub gate: Option<Gate<'a>>,
}

impl<'a> Effect<'a> {
    /// The column that it adds to a table that is there.
    #[must_use]
    pub fn adds_column(&self) -> Option<(&'a Name, &'a Column)> {
        self.adds.first().copied().filter(|_| self.adds_table.is_none())
    }

    /// The constraint that it adds to columns that are there.
    #[must_use]
    pub fn adds_constraint(&self) -> Option<(&'a Name, &'a Constraint)> {
        self.adds_constraints.first().copied().filter(|_| self.adds.is_empty())
    }

    /// The column that it fills in rows that are there.
    #[must_use]
    pub fn fills_rows(&self) -> Option<&Filling<'a>> {
        self.fills.iter().find(|filling| filling.kind.is_of_rows_there())
    }
}

/// A column that gets values.
#[derive(Clone, Debug)]
pub struct Filling<'a> {
    /// By which statement.
    pub kind: FillingKind,
    /// The table of the column.
    pub table: &'a Name,
    /// The column.
    pub column: ColumnId,
    /// The table whose rows the values are computed from.
    pub from: &'a Name,
    /// How a value is computed.
    pub value: &'a Expression,
    /// The columns that it reads.
    pub sources: Vec<ColumnId>,
}

impl Filling<'_> {
    /// Whether the column is its sources in another form from then on, and does not only start from them.
    #[must_use]
    pub fn carries_over(&self) -> bool {
        self.kind != FillingKind::Seed
    }
}

/// How a column gets values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillingKind {
    /// `backfill`: the rows that are there.
    Backfill,
    /// `seed`: the rows that are there and have no value.
    Seed,
    /// `copy`: rows of another table.
    Copy,
    /// `sync`: each write from then on.
    Sync,
}

impl FillingKind {
    /// Whether it gives a value to rows that are in the table already, when it is done.
    #[must_use]
    pub fn is_of_rows_there(self) -> bool {
        match self {
            Self::Backfill | Self::Seed => true,
            Self::Copy | Self::Sync => false,
        }
    }

    /// As it is called in a sentence.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Seed => "seed",
            Self::Copy => "copy",
            Self::Sync => "sync",
        }
    }
}

/// What an action removes.
#[derive(Clone, Copy, Debug)]
pub enum Removal<'a> {
    /// A column of a table.
    Column(&'a Name, ColumnId),
    /// A whole table.
    Table(&'a Name),
}

impl<'a> Removal<'a> {
    /// The table, or that of the column.
    #[must_use]
    pub fn table(self) -> &'a Name {
        match self {
            Self::Column(table, _) | Self::Table(table) => table,
        }
    }
}

/// Where a run stops for the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate<'a> {
    /// An application goes live.
    Deploy(&'a Name),
    /// An application is no longer live.
    Retire(&'a Name),
    /// Somebody says that something is so.
    Confirm(&'a str),
    /// Time passes, in milliseconds.
    Wait(u64),
}

impl<'a> Gate<'a> {
    /// The application that goes live or leaves.
    #[must_use]
    pub fn app(self) -> Option<&'a Name> {
        match self {
            Self::Deploy(app) | Self::Retire(app) => Some(app),
            Self::Confirm(_) | Self::Wait(_) => None,
        }
    }
}

impl std::fmt::Display for Gate<'_> {
    /// As a script writes it: `deploy v2`, `wait 10m`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Deploy(app) => write!(f, "deploy {app}"),
            Self::Retire(app) => write!(f, "retire {app}"),
            Self::Confirm(text) => write!(f, "confirm \"{text}\""),
            Self::Wait(ms) => write!(f, "wait {}", written(*ms)),
        }
    }
}

impl Action {
    /// What it is about, where `catalog` is the schema before it.
    #[must_use]
    pub fn effect<'a>(&'a self, catalog: &Catalog) -> Effect<'a> {
        let mut draft = Draft { effect: Effect::default(), catalog };
        match self {
            Self::AddColumn { table, column, constraints } => draft.add_column(table, column, constraints),
            Self::KeepColumn { table, column } => draft.names(table, *column),
            Self::AddTable(table) => draft.add_table(table),
            Self::AddConstraint { table, constraint } => draft.add_constraint(table, constraint),
            Self::DropConstraint { table, name } => {
                let columns = draft.constrained(table, name);
                draft.effect.frees = columns;
                draft.effect.removes_constraint = Some((table, name));
            }
            Self::ValidateConstraint { table, name } => {
                let columns = draft.constrained(table, name);
                draft.effect.names = columns;
                draft.effect.validates = Some((table, name));
            }
            Self::AddNotNull { table, column } => draft.bind(table, *column, NotNull::NewWrites),
            Self::ValidateNotNull { table, column } => draft.bind(table, *column, NotNull::Validated),
            Self::SetNotNull { table, column } => draft.bind(table, *column, NotNull::Yes),
            Self::DropNotNull { table, column } => draft.bind(table, *column, NotNull::No),
            Self::SetDefault { table, column, .. } => {
                draft.changes(table);
                draft.names(table, *column);
            }
            Self::AddSyncs(syncs) => draft.add_syncs(syncs),
            Self::DropSyncs(ids) => draft.drop_syncs(ids),
            Self::Fill { kind, table, column, value, filter, .. } => {
                let kind = match kind {
                    FillKind::Backfill => FillingKind::Backfill,
                    FillKind::Seed => FillingKind::Seed,
                };
                draft.fill(kind, (table, *column), (table, value));
                draft.goes_over(table, filter.as_ref());
            }
            Self::Copy { from, to, columns, filter, .. } => {
                columns.iter().for_each(|(column, value)| draft.fill(FillingKind::Copy, (to, *column), (from, value)));
                draft.changes(to);
                draft.goes_over(from, filter.as_ref());
            }
            Self::Verify { table, condition } => {
                draft.effect.counts_rows = true;
                draft.effect.verifies = Some((table, condition));
                draft.reads(table, condition);
            }
            Self::DropColumn { table, column } => draft.drop_column(table, *column),
            Self::DropTable(table) => draft.drop_table(table),
            Self::Deploy(app) => draft.gate(Gate::Deploy(app), !catalog.is_live(app)),
            Self::Retire(app) => draft.gate(Gate::Retire(app), catalog.is_live(app)),
            Self::Confirm(text) => draft.gate(Gate::Confirm(text), true),
            Self::Wait(ms) => draft.gate(Gate::Wait(*ms), true),
        }
        draft.effect
    }

    /// Whether the run stops at it for the world outside, and for what.
    #[must_use]
    pub fn gate(&self) -> Option<Gate<'_>> {
        self.effect(&Catalog::default()).gate
    }

    /// The table that it adds.
    #[must_use]
    pub fn adds_table(&self) -> Option<&Table> {
        self.effect(&Catalog::default()).adds_table.map(|table| &**table)
    }

    /// The column that it fills in rows that are there.
    #[must_use]
    pub fn fills_rows(&self) -> Option<ColumnId> {
        self.effect(&Catalog::default()).fills_rows().map(|filling| filling.column)
    }

    /// The table that it goes through row by row.
    #[must_use]
    pub fn over(&self) -> Option<&Name> {
        self.effect(&Catalog::default()).over
    }
}

impl Default for Effect<'_> {
    fn default() -> Self {
        Self {
            is_possible: true,
            changes: Vec::new(),
            over: None,
            filter: None,
            counts_rows: false,
            names: Vec::new(),
            frees: Vec::new(),
            fills: Vec::new(),
            adds_table: None,
            adds: Vec::new(),
            adds_constraints: Vec::new(),
            removes_constraint: None,
            validates: None,
            verifies: None,
            adds_syncs: &[],
            removes: None,
            removes_columns: Vec::new(),
            removes_syncs: Vec::new(),
            not_null: None,
            gate: None,
        }
    }
}

/// A description on its way.
struct Draft<'a, 'c> {
    effect: Effect<'a>,
    catalog: &'c Catalog,
}

impl<'a> Draft<'a, '_> {
    fn needs(&mut self, holds: bool) {
        self.effect.is_possible &= holds;
    }

    fn changes(&mut self, table: &Name) {
        if !self.effect.changes.contains(table) {
            self.effect.changes.push(table.clone());
        }
    }

    fn has(&self, table: &str, column: ColumnId) -> bool {
        self.catalog.table(table).is_some_and(|table| table.column_by_id(column).is_some())
    }

    fn names(&mut self, table: &str, column: ColumnId) {
        self.needs(self.has(table, column));
        self.effect.names.push(column);
    }

    fn reads(&mut self, table: &str, value: &Expression) -> Vec<ColumnId> {
        let found: Vec<ColumnId> = self.catalog.inputs(table, value).collect();
        self.needs(found.len() == value.inputs().len());
        self.effect.names.extend(&found);
        found
    }

    fn add_column(&mut self, table: &'a Name, column: &'a Column, constraints: &'a [Constraint]) {
        let is_free = self.catalog.column(table, &column.name).is_none();
        self.needs(is_free && self.catalog.table(table).is_some());
        self.changes(table);
        self.effect.adds.push((table, column));
        self.effect.adds_constraints.extend(constraints.iter().map(|added| (table, added)));
    }

    fn add_table(&mut self, table: &'a Arc<Table>) {
        self.needs(self.catalog.table(&table.name).is_none());
        self.effect.adds_table = Some(table);
        self.effect.adds.extend(table.columns().map(|column| (&table.name, column)));
        self.effect.adds_constraints.extend(table.constraints().map(|constraint| (&table.name, constraint)));
    }

    fn add_constraint(&mut self, table: &'a Name, constraint: &'a Constraint) {
        constraint.kind.columns().iter().for_each(|column| self.names(table, *column));
        if let ConstraintKind::ForeignKey { table: other, referenced, .. } = &constraint.kind {
            self.needs(self.has(other, *referenced));
        }
        self.changes(table);
        self.effect.adds_constraints.push((table, constraint));
    }

    /// The columns of a constraint that is known by its name.
    fn constrained(&mut self, table: &Name, name: &str) -> Vec<ColumnId> {
        let constraint = self.catalog.table(table).and_then(|table| table.constraint(name));
        self.needs(constraint.is_some());
        self.changes(table);
        constraint.map_or_else(Vec::new, |constraint| constraint.kind.columns().to_vec())
    }

    fn bind(&mut self, table: &Name, column: ColumnId, not_null: NotNull) {
        self.changes(table);
        self.names(table, column);
        self.effect.not_null = Some((column, not_null));
    }

    fn add_syncs(&mut self, syncs: &'a [Arc<Sync>]) {
        self.effect.adds_syncs = syncs;
        for sync in syncs {
            self.names(&sync.target_table, sync.target);
            sync.source_columns.iter().for_each(|source| self.names(&sync.source_table, *source));
            self.changes(&sync.source_table);
            self.changes(&sync.target_table);
            self.effect.fills.push(Filling {
                kind: FillingKind::Sync,
                table: &sync.target_table,
                column: sync.target,
                from: &sync.source_table,
                value: &sync.value,
                sources: sync.source_columns.clone(),
            });
        }
    }

    fn drop_syncs(&mut self, ids: &[SyncId]) {
        for id in ids {
            let sync = self.catalog.sync(*id);
            self.needs(sync.is_some());
            if let Some(sync) = sync {
                self.effect.frees.push(sync.target);
                self.changes(&sync.source_table);
                self.changes(&sync.target_table);
            }
        }
        self.effect.removes_syncs.extend(ids);
    }

    fn fill(
        &mut self,
        kind: FillingKind,
        (table, column): (&'a Name, ColumnId),
        (from, value): (&'a Name, &'a Expression),
    ) {
        self.names(table, column);
        let sources = self.reads(from, value);
        self.effect.fills.push(Filling { kind, table, column, from, value, sources });
        self.changes(table);
    }

    fn goes_over(&mut self, table: &'a Name, filter: Option<&'a Expression>) {
        self.effect.over = Some(table);
        self.effect.counts_rows = true;
        self.effect.filter = filter.map(|filter| (table, filter));
        filter.into_iter().for_each(|filter| drop(self.reads(table, filter)));
    }

    fn drop_column(&mut self, table: &'a Name, column: ColumnId) {
        self.changes(table);
        self.names(table, column);
        self.effect.removes = Some(Removal::Column(table, column));
        self.removes_column(column);
    }

    fn drop_table(&mut self, table: &'a Name) {
        self.changes(table);
        self.effect.removes = Some(Removal::Table(table));
        let found = self.catalog.table(table);
        self.needs(found.is_some());
        found.into_iter().flat_map(|table| table.columns()).for_each(|column| self.removes_column(column.id));
    }

    fn removes_column(&mut self, column: ColumnId) {
        self.effect.removes_columns.push(column);
        self.effect.removes_syncs.extend(self.catalog.syncs_of(column).map(|sync| sync.id));
    }

    fn gate(&mut self, gate: Gate<'a>, is_due: bool) {
        self.needs(is_due);
        self.effect.gate = Some(gate);
    }
}
