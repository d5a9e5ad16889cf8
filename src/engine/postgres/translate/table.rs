//! Tables that come.

use crate::catalog::{Constraint, ConstraintKind, Table};
use crate::engine::postgres::translate::Scene;
use crate::engine::postgres::{Cost, Lock, LockMode, Operation, Work, quote};

impl Scene<'_> {
    pub(super) fn add_table(&self, table: &Table) -> Operation {
        let name = self.server.in_schema(&table.name);
        let columns = table.columns().map(|column| self.definition(&table.name, column));
        let inline = table.constraints().filter_map(|constraint| self.inline(table, constraint));
        let parts: Vec<String> = columns.chain(inline).collect();
        let mut statements = vec![format!("create table {name} (\n    {}\n)", parts.join(",\n    "))];
        statements.extend(table.constraints().filter_map(|constraint| index(table, &name, constraint)));
        let referred = table.foreign_keys().filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { table: to, .. } if *to != table.name => {
                Some(self.lock(to, LockMode::ShareRowExclusive))
            }
            _ => None,
        });
        let mut locks: Vec<Lock> = Vec::new();
        for lock in referred {
            if !locks.contains(&lock) {
                locks.push(lock);
            }
        }
        let undo = vec![Work::Ddl(vec![format!("drop table {name}")])];
        Operation {
            title: "create the table".to_owned(),
            work: Work::Ddl(statements),
            locks,
            cost: Cost::Instant,
            undo,
            purge: Vec::new(),
        }
    }

    /// A constraint as `create table` takes it; an index stands apart.
    fn inline(&self, table: &Table, constraint: &Constraint) -> Option<String> {
        if matches!(constraint.kind, ConstraintKind::Index { .. }) {
            return None;
        }
        let definition = self.constraint_definition(table, &constraint.kind);
        Some(format!("constraint {} {definition}", quote::ident(&constraint.name)))
    }
}

/// An index of a table that is just created, and that nobody waits for.
fn index(table: &Table, qualified: &str, constraint: &Constraint) -> Option<String> {
    let ConstraintKind::Index { columns, unique, filter } = &constraint.kind else { return None };
    let name = quote::ident(&constraint.name);
    let unique = if *unique { "unique " } else { "" };
    let columns = quote::idents(table.column_names(columns));
    let filter = filter.as_ref().map(|filter| format!(" where {}", filter.to_sql(&|name| quote::ident(name))));
    Some(format!("create {unique}index {name} on {qualified} ({columns}){}", filter.unwrap_or_default()))
}
