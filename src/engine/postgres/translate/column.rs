//! Columns that come, and their defaults.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, NotNull};
use crate::engine::Fault;
use crate::engine::postgres::translate::Scene;
use crate::engine::postgres::{LockMode, Operation, Work, quote};
use crate::expr::Expression;
use crate::plan::Action;

impl Scene<'_> {
    /// The column first, its unique constraints by concurrent indexes, its other constraints validated apart.
    pub(super) fn add_column(
        &self,
        table: &Name,
        column: &Column,
        constraints: &[Constraint],
    ) -> Result<Vec<Operation>, Fault> {
        let mut with_column = self.catalog.clone();
        if let Some(table) = with_column.table_mut(table) {
            table.add_column(column.clone());
        }
        let scene = Scene { catalog: &with_column, ..*self };
        let add = format!("add column {}", scene.definition(table, column));
        let name = quote::ident(&column.name);
        // Existing syncs look at the new column, too, where it carries their facts; and no longer once it is gone.
        let mut statements = vec![self.alter(table, &add)];
        statements.extend(self.reinstall_all(self.catalog, &with_column)?);
        let mut back = self.reinstall_all(&with_column, self.catalog)?;
        back.push(self.alter(table, &format!("drop column {name}")));
        let undo = vec![Work::Ddl(back)];
        let mut add = self.ddl("add the column", table, LockMode::AccessExclusive, statements, undo);
        let others = self.locks_of_changed(self.catalog, &with_column)?;
        add.locks.extend(others.into_iter().filter(|lock| lock.relation != self.qualified(table)));
        let mut all = vec![add];
        for constraint in constraints {
            all.extend(scene.add_constraint(table, &unvalidated(constraint))?);
            if matches!(constraint.kind, ConstraintKind::Check { .. } | ConstraintKind::ForeignKey { .. }) {
                all.push(scene.validation(table, &constraint.name));
            }
        }
        Ok(all)
    }

    /// A column as `create table` and `add column` take it.
    pub(super) fn definition(&self, table: &str, column: &Column) -> String {
        let default = column.default.as_ref().map(|default| format!(" default {}", written(default)));
        let not_null = if column.not_null == NotNull::Yes { " not null" } else { "" };
        let (name, ty) = (quote::ident(&column.name), self.type_of(table, column));
        format!("{name} {ty}{}{not_null}", default.unwrap_or_default())
    }

    pub(super) fn set_default(
        &self,
        table: &Name,
        column: ColumnId,
        default: Option<&Expression>,
    ) -> Result<Vec<Operation>, Fault> {
        let id = column;
        let action = Action::SetDefault { table: table.clone(), column: id, default: default.cloned() };
        let mut after = self.catalog.clone();
        after.apply(&action);
        let column = self.column(table, column)?;
        let known = self.server.relation(table).and_then(|relation| relation.column(&column.name));
        let before = match known {
            Some(known) => known.default.clone(),
            None => column.default.as_ref().map(written),
        };
        let change = |default: Option<String>| {
            let set = default.map_or_else(|| "drop default".to_owned(), |default| format!("set default {default}"));
            vec![self.alter(table, &format!("alter column {} {set}", quote::ident(&column.name)))]
        };
        // The triggers of a sync look at the defaults of its columns.
        let (mut statements, mut back) = (self.sync_changes(&action)?, self.sync_restoration(&action)?);
        if !self.marks_default(&after, table, id)? {
            statements.extend(change(default.map(written)));
        }
        if !self.marks_default(self.catalog, table, id)? {
            back.extend(change(before));
        }
        let title = if default.is_some() { "set the default" } else { "drop the default" };
        let undo = vec![Work::Ddl(back)];
        Ok(vec![self.ddl(title, table, LockMode::AccessExclusive, statements, undo)])
    }
}

fn written(default: &Expression) -> String {
    default.to_sql(&|name| quote::ident(name))
}

/// A constraint as it is added first: binding new writes only.
fn unvalidated(constraint: &Constraint) -> Constraint {
    let mut constraint = constraint.clone();
    if let ConstraintKind::Check { validated, .. } | ConstraintKind::ForeignKey { validated, .. } = &mut constraint.kind
    {
        *validated = false;
    }
    constraint
}
