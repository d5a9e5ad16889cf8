//! Columns and tables that go, and what may still depend on them.

use crate::ast::{ColumnRef, Ident, Name};
use crate::catalog::{Column, Constraint, ConstraintKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Action;
use crate::plan::planner::{Planner, Resolved};
use crate::source::Span;

impl Planner<'_> {
    /// `drop column`. Constraints that only this column is in go with it; what else needs it is in the way.
    pub(super) fn drop_column(&mut self, column: &ColumnRef) -> Resolved<Action> {
        let span = column.span();
        let (table, column) = self.column(column)?;
        if let Some(needed) = self.still_needed(&table, &column, span) {
            self.diagnostics.push(*needed);
        }
        Ok(Action::DropColumn { table, column: column.id })
    }

    /// `drop table`.
    pub(super) fn drop_table(&mut self, name: &Ident) -> Resolved<Action> {
        let table = self.table(name)?;
        let from_elsewhere = self.catalog.references_to(&table).find(|(from, _)| from.name != table);
        if let Some((from, key)) = from_elsewhere {
            let message = format!("table `{table}` is still referenced by `{}`", from.name);
            let needed =
                Diagnostic::new(Code::StillNeeded, message, name.span, format!("foreign key `{}` needs it", key.name))
                    .help(format!(
                        "`contract drop foreign key {}` first, or drop the column that refers to it",
                        key.name
                    ));
            self.diagnostics.push(needed);
        } else if let Some((view, span)) = self.view_over(&table, None) {
            let needed = view_needs(&format!("table `{table}`"), &view, name.span, span);
            self.diagnostics.push(needed);
        }
        Ok(Action::DropTable(table))
    }

    fn still_needed(&self, table: &Name, column: &Column, span: Span) -> Option<Box<Diagnostic>> {
        let name = &column.name;
        let found = self.catalog.table(table)?;
        let own = found.constraints_of(column.id).find(|constraint| outlives(constraint));
        let referring = || {
            self.catalog.references_to(table).find(|(_, key)| {
                matches!(&key.kind, ConstraintKind::ForeignKey { referenced, column: from, .. }
                    if *referenced == column.id && *from != column.id)
            })
        };
        let needed = if let Some(constraint) = own {
            let noun = constraint.kind.noun();
            let message = format!("column `{name}` is still needed by {noun} `{}`", constraint.name);
            let why = match constraint.kind {
                ConstraintKind::PrimaryKey(_) => "it is in the key of the table".to_owned(),
                _ => format!("the {noun} spans several columns"),
            };
            Diagnostic::new(Code::StillNeeded, message, span, why).help(drop_hint(constraint))
        } else if let Some((from, key)) = referring() {
            let message = format!("column `{name}` is still referenced by `{}`", from.name);
            Diagnostic::new(Code::StillNeeded, message, span, format!("foreign key `{}` needs it", key.name))
                .help(format!("`contract drop foreign key {}` first", key.name))
        } else {
            let (view, at) = self.view_over(table, Some(name))?;
            view_needs(&format!("column `{name}`"), &view, span, at)
        };
        Some(Box::new(needed))
    }

    /// A declared view over a table, or over one column of it.
    fn view_over(&self, table: &Name, column: Option<&Name>) -> Option<(Name, Span)> {
        let reads = |read: &ColumnRef| {
            let of = read.table.as_ref().map(|table| &table.name).or(self.default_table.as_ref());
            of == Some(table) && column.is_none_or(|column| read.column.name == *column)
        };
        let view = self.script.views.iter().find(|view| view.reads.iter().any(reads))?;
        Some((view.name.name.clone(), view.name.span))
    }
}

/// Whether a constraint is in the way of dropping one of its columns.
fn outlives(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::PrimaryKey(_)) || constraint.kind.columns().len() > 1
}

fn drop_hint(constraint: &Constraint) -> String {
    match constraint.kind {
        ConstraintKind::PrimaryKey(_) => {
            "a primary key stays; keep the column, or move to a new table with `copy`".to_owned()
        }
        ConstraintKind::Index { .. } => format!("`contract drop index {}` first", constraint.name),
        ConstraintKind::Unique(_) => format!("`contract drop unique {}` first", constraint.name),
        ConstraintKind::Check { .. } => format!("`contract drop check {}` first", constraint.name),
        ConstraintKind::ForeignKey { .. } => format!("`contract drop foreign key {}` first", constraint.name),
    }
}

fn view_needs(what: &str, view: &str, span: Span, view_at: Span) -> Diagnostic {
    Diagnostic::new(Code::StillNeeded, format!("{what} is still read by view `{view}`"), span, "… but dropped here")
        .label(view_at, "the view reads it …")
        .help(format!("change the view `{view}` so that it does not read it, then take it out of the declaration"))
}
