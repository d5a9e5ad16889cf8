//! The walk along a plan.

use std::sync::Arc;

use crate::ast::{Name, Script, Statement, StatementKind, TableDef};
use crate::catalog::{Catalog, Column, ColumnId, Table};
use crate::data::Type;
use crate::diagnostic::Diagnostic;
use crate::plan::lifespans::Lifespans;
use crate::plan::{Action, AppUse, ColumnName, describe};
use crate::source::Span;

/// A table that the script does not declare, as something else describes it.
#[derive(Clone, Debug)]
pub struct KnownTable {
    /// Its name.
    pub name: Name,
    /// Its columns in order.
    pub columns: Vec<(Name, Type)>,
    /// All that there is to say of it, where that is known; `columns` is not looked at then. Its places are in another
    /// text than those of the script.
    pub definition: Option<Arc<TableDef>>,
    /// The script does not name it: it is there for the foreign keys between it and tables that the script names.
    pub beside: bool,
}

/// A catalog on its way along the statements of a script.
#[derive(Debug)]
pub struct Planner<'s> {
    pub(super) script: &'s Script,
    /// The script declares no table at all: tables and columns exist as they are used.
    pub(super) open: bool,
    pub(super) default_table: Option<Name>,
    pub(super) catalog: Catalog,
    pub(super) apps: Arc<[AppUse]>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What the whole script adds and drops, read when a name is first missed.
    pub(super) lifespans: Option<Lifespans>,
    /// Tables taken to exist from the start because a statement used them.
    pub(super) implied_tables: Vec<Name>,
    /// Columns taken to exist from the start because a statement used them, with their tables.
    pub(super) implied: Vec<(Name, Column)>,
    pub(super) begun: bool,
    /// Where each column was added, by its identity; an empty span where the script does not say.
    pub(super) added_at: Vec<Span>,
}

pub(super) type Resolved<T> = Result<T, Box<Diagnostic>>;

impl Planner<'_> {
    /// The schema as it stands before the next statement.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Adds to `start`, the schema before the first statement, what the statements since have taken to exist.
    pub fn imply_in(&self, start: &mut Catalog) {
        for name in &self.implied_tables {
            if start.table(name).is_none() {
                start.put_table(Table::new(name.clone(), false));
            }
        }
        for (name, column) in &self.implied {
            if let Some(table) = start.table_mut(name) {
                table.add_column(column.clone());
            }
            start.found_as_well(name, column);
            start.note_column_id(column.id);
        }
    }

    /// The versions of the application.
    #[must_use]
    pub fn apps(&self) -> &Arc<[AppUse]> {
        &self.apps
    }

    /// Whether tables and columns exist as they are used, because the script declares no table.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The table that unqualified columns belong to.
    #[must_use]
    pub fn default_table(&self) -> Option<&Name> {
        self.default_table.as_ref()
    }

    /// Where a column was added or declared; empty where the script does not say.
    #[must_use]
    pub fn added_at(&self, column: ColumnId) -> Span {
        self.added_at.get(column.0 as usize).copied().unwrap_or_default()
    }

    /// Whether a statement was resolved.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// The first statement that adds a column, or its table.
    pub fn added_later(&mut self, column: &ColumnName) -> Option<Span> {
        let lifespans = self.lifespans();
        lifespans.added(&column.table, &column.column).or_else(|| lifespans.added(&column.table, ""))
    }

    /// What was found wrong since this was last called.
    pub fn take_diagnostics(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.diagnostics)
    }

    /// What an action does, in words.
    #[must_use]
    pub fn describe(&self, action: &Action) -> String {
        describe::title(action, &self.catalog)
    }

    /// Resolves the next statement against the catalog as it stands. What is wrong is kept for
    /// [`Self::take_diagnostics`]; an action may come anyway, so that one mistake does not make the statements
    /// after it look wrong.
    pub fn resolve(&mut self, statement: &Statement) -> Option<Action> {
        self.begun = true;
        let outcome = self.action(statement);
        outcome.map_err(|diagnostic| self.diagnostics.push(*diagnostic)).ok().flatten()
    }

    /// Moves the catalog past an action that stands at `span`.
    pub fn advance(&mut self, action: &Action, span: Span) {
        let effect = action.effect(&self.catalog);
        for (_, column) in &effect.adds {
            self.note_added(column.id, span);
        }
        for (table, column) in &effect.adds {
            self.spread(table, &column.name);
        }
        self.catalog.apply(action);
    }

    /// Adds a column to what those applications use that mean all columns of its table.
    pub(super) fn spread(&mut self, table: &Name, column: &Name) {
        if !self.apps.iter().any(|app| app.whole.iter().any(|whole| whole.table == *table)) {
            return;
        }
        let column = ColumnName { table: table.clone(), column: column.clone() };
        Arc::make_mut(&mut self.apps).iter_mut().for_each(|app| app.spread(&column));
    }

    pub(super) fn note_added(&mut self, column: ColumnId, span: Span) {
        let index = column.0 as usize;
        if self.added_at.len() <= index {
            self.added_at.resize(index + 1, Span::default());
        }
        self.added_at[index] = span;
    }

    fn action(&mut self, statement: &Statement) -> Resolved<Option<Action>> {
        let span = statement.span;
        let action = match &statement.kind {
            StatementKind::AddColumn(parts) => self.add_column(parts.0.as_ref(), &parts.1, span)?,
            StatementKind::AddTable(table) => self.add_table(table)?,
            StatementKind::AddIndex(index) => self.add_index(index, span)?,
            StatementKind::AddCheck(check) => self.add_check(check, span)?,
            StatementKind::AddUnique(unique) => self.add_unique(unique, span)?,
            StatementKind::AddForeignKey(key) => self.add_foreign_key(key)?,
            StatementKind::AddNotNull(column) => {
                self.on_column(column, |table, column| Action::AddNotNull { table, column })?
            }
            StatementKind::SetNotNull(column) => {
                self.on_column(column, |table, column| Action::SetNotNull { table, column })?
            }
            StatementKind::DropNotNull(column) => {
                self.on_column(column, |table, column| Action::DropNotNull { table, column })?
            }
            StatementKind::DropDefault(column) => {
                self.on_column(column, |table, column| Action::SetDefault { table, column, default: None })?
            }
            StatementKind::SetDefault(parts) => self.set_default(&parts.0, &parts.1)?,
            StatementKind::Sync(sync) => self.add_sync(sync, span)?,
            StatementKind::DropSync(sync) => self.drop_sync(sync)?,
            StatementKind::Backfill(fill) => self.fill(crate::plan::FillKind::Backfill, fill)?,
            StatementKind::Seed(fill) => self.fill(crate::plan::FillKind::Seed, fill)?,
            StatementKind::Copy(copy) => self.copy(copy)?,
            StatementKind::Validate(validated) => self.validate(validated)?,
            StatementKind::Verify(parts) => self.verify(&parts.0, parts.1.as_ref(), span)?,
            StatementKind::DropColumn(column) => self.drop_column(column)?,
            StatementKind::DropTable(table) => self.drop_table(table)?,
            StatementKind::DropIndex(name) => self.drop_constraint(name, "index")?,
            StatementKind::DropCheck(name) => self.drop_constraint(name, "check")?,
            StatementKind::DropUnique(name) => self.drop_constraint(name, "unique constraint")?,
            StatementKind::DropForeignKey(name) => self.drop_constraint(name, "foreign key")?,
            StatementKind::RenameColumn(parts) => {
                return self.refuse_rename_column(&parts.0, &parts.1, span).map(|()| None);
            }
            StatementKind::RenameTable(parts) => {
                return self.refuse_rename_table(&parts.0, &parts.1, span).map(|()| None);
            }
            StatementKind::AlterType(parts) => return self.refuse_alter_type(&parts.0, &parts.1, span).map(|()| None),
            StatementKind::Deploy(app) => Action::Deploy(self.app(app)?),
            StatementKind::Retire(app) => Action::Retire(self.app(app)?),
            StatementKind::Confirm(text) => Action::Confirm((**text).clone()),
            StatementKind::Wait(ms) => Action::Wait(*ms),
        };
        Ok(Some(action))
    }
}
