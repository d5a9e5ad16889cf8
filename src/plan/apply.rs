//! What each action does to the schema.

use std::sync::Arc;

use crate::catalog::{Catalog, Column, ColumnId, Constraint, ConstraintKind, NotNull};
use crate::plan::Action;

impl Catalog {
    /// Changes the schema as `action` does. Names and identities in it must be those of this catalog; what is not there
    /// is passed over.
    pub fn apply(&mut self, action: &Action) {
        match action {
            Action::AddColumn { table, column, constraints } => self.add_column(table, column, constraints),
            Action::AddTable(table) => self.put_table(Arc::clone(table)),
            Action::AddConstraint { table, constraint } => self.add_constraint(table, constraint.clone()),
            Action::DropConstraint { table, name } => self.drop_constraint(table, name),
            Action::AddNotNull { table, column } => self.set_not_null(table, *column, NotNull::NewWrites),
            Action::ValidateNotNull { table, column } => self.set_not_null(table, *column, NotNull::Validated),
            Action::SetNotNull { table, column } => self.set_not_null(table, *column, NotNull::Yes),
            Action::DropNotNull { table, column } => self.set_not_null(table, *column, NotNull::No),
            Action::SetDefault { table, column, default } => {
                self.change_column(table, *column, |column| column.default.clone_from(default));
            }
            Action::ValidateConstraint { table, name } => self.validate(table, name),
            Action::AddSyncs(syncs) => syncs.iter().for_each(|sync| self.put_sync(sync)),
            Action::DropSyncs(syncs) => syncs.iter().for_each(|sync| self.remove_sync(*sync)),
            Action::DropColumn { table, column } => self.drop_column(table, *column),
            Action::DropTable(table) => {
                self.remove_table(table);
            }
            Action::Deploy(app) => self.set_live(app, true),
            Action::Retire(app) => self.set_live(app, false),
            Action::KeepColumn { .. }
            | Action::Fill { .. }
            | Action::Copy { .. }
            | Action::Verify { .. }
            | Action::Confirm(_)
            | Action::Wait(_) => {}
        }
    }

    fn change_column(&mut self, table: &str, column: ColumnId, change: impl FnOnce(&mut Column)) {
        if let Some(column) = self.table_mut(table).and_then(|table| table.column_mut(column)) {
            change(column);
        }
    }

    fn add_column(&mut self, table: &str, column: &Column, constraints: &[Constraint]) {
        self.note_column_id(column.id);
        if let Some(table) = self.table_mut(table) {
            table.add_column(column.clone());
            for constraint in constraints {
                table.add_constraint(constraint.clone());
            }
        }
    }

    fn add_constraint(&mut self, table: &str, constraint: Constraint) {
        if let Some(table) = self.table_mut(table) {
            table.add_constraint(constraint);
        }
    }

    fn drop_constraint(&mut self, table: &str, name: &str) {
        if let Some(table) = self.table_mut(table) {
            table.remove_constraint(name);
        }
    }

    fn set_not_null(&mut self, table: &str, column: ColumnId, not_null: NotNull) {
        // A column that is `not null` already is not made less by a statement that asks for less.
        let is_kept = |now: NotNull| now == NotNull::Yes && not_null != NotNull::No;
        self.change_column(table, column, |column| {
            if !is_kept(column.not_null) {
                column.not_null = not_null;
            }
        });
    }

    fn validate(&mut self, table: &str, name: &str) {
        let Some(table) = self.table_mut(table) else { return };
        let Some(mut constraint) = table.constraint(name).cloned() else { return };
        if let ConstraintKind::Check { validated, .. } | ConstraintKind::ForeignKey { validated, .. } =
            &mut constraint.kind
        {
            *validated = true;
            table.add_constraint(constraint);
        }
    }

    fn drop_column(&mut self, table: &str, column: ColumnId) {
        self.remove_syncs_of(column);
        if let Some(table) = self.table_mut(table) {
            table.remove_column(column);
        }
    }
}
