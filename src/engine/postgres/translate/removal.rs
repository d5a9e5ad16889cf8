//! What leaves. A dropped column gets another name and a dropped table another schema, so that a rollback can put them
//! back with the rows they had; `purge` removes them for good.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId};
use crate::engine::postgres::relation::{Relation, RelationConstraintKind};
use crate::engine::postgres::translate::constraint::rebuild;
use crate::engine::postgres::translate::not_null::check_name;
use crate::engine::postgres::translate::{OWN_SCHEMA, Scene};
use crate::engine::postgres::{Cost, Lock, LockMode, Operation, Work, quote};
use crate::engine::{Fault, FaultKind};
use crate::plan::Action;

/// What goes with a column or a table, and what brings it back.
#[derive(Default)]
struct Gone {
    drops: Vec<String>,
    restores: Vec<Work>,
    /// Tables that foreign keys refer to.
    referred: Vec<Lock>,
}

impl Scene<'_> {
    pub(super) fn drop_column(&self, action: &Action, table: &Name, id: ColumnId) -> Result<Vec<Operation>, Fault> {
        let column = self.column(table, id)?;
        self.refuse_dependents(table, Some(&column.name))?;
        let parked = self.parked_column(&column.name);
        let mut gone = Gone::default();
        self.constraints_gone(table, column, &mut gone)?;
        let name = quote::ident(&column.name);
        let nullable = self.not_null_gone(table, column);
        let rename = self.alter(table, &format!("rename column {name} to {}", quote::ident(&parked)));
        let mut statements = self.sync_changes(action)?;
        statements.extend(gone.drops);
        statements.extend(nullable.drops);
        statements.push(rename);
        let back = self.alter(table, &format!("rename column {} to {name}", quote::ident(&parked)));
        let mut undo = vec![Work::Ddl(std::iter::once(back).chain(self.sync_restoration(action)?).collect())];
        undo.extend(gone.restores);
        undo.extend(nullable.restores);
        let title = "remove the column and its syncs; its values are kept until they are purged";
        let mut operation = self.ddl(title, table, LockMode::AccessExclusive, statements, undo);
        operation.lock_also(gone.referred.into_iter().chain(self.sync_locks(action)?));
        let purge = self.alter(table, &format!("drop column if exists {}", quote::ident(&parked)));
        operation.purge = vec![Work::Ddl(vec![purge])];
        Ok(vec![operation])
    }

    /// A column that is kept must not keep rows out that do not give it.
    fn not_null_gone(&self, table: &str, column: &Column) -> Gone {
        use crate::catalog::NotNull;
        let known = self.server.relation(table).and_then(|relation| relation.column(&column.name));
        let is_not_null = known.map_or(column.not_null == NotNull::Yes, |known| known.not_null);
        if known.is_some_and(|known| known.identity) || !is_not_null {
            return Gone::default();
        }
        let drop = self.alter(table, &format!("alter column {} drop not null", quote::ident(&column.name)));
        let as_it_is = Column { not_null: NotNull::Yes, ..column.clone() };
        Gone { drops: vec![drop], restores: self.restore_not_null(table, &as_it_is), referred: Vec::new() }
    }

    /// The constraints and indexes that a column is in, as the database has them, else as the plan does.
    fn constraints_gone(&self, table: &Name, column: &Column, gone: &mut Gone) -> Result<(), Fault> {
        if let Some(relation) = self.server.relation(table) {
            self.relation_constraints_gone(table, relation, &column.name, gone);
            return Ok(());
        }
        for constraint in self.table(table)?.constraints_of(column.id) {
            let name = quote::ident(&constraint.name);
            let is_index = matches!(constraint.kind, crate::catalog::ConstraintKind::Index { .. });
            gone.drops.push(if is_index {
                format!("drop index {}", self.index_name(table, &constraint.name))
            } else {
                self.alter(table, &format!("drop constraint {name}"))
            });
            gone.restores.extend(self.restore_constraint(table, constraint)?);
        }
        Ok(())
    }

    fn relation_constraints_gone(&self, table: &str, relation: &Relation, column: &str, gone: &mut Gone) {
        let own = check_name(table, column);
        for constraint in
            relation.constraints.iter().filter(|constraint| constraint.columns.iter().any(|c| c == column))
        {
            gone.drops.push(self.alter(table, &format!("drop constraint {}", quote::ident(&constraint.name))));
            gone.referred.extend(referred(&constraint.kind));
            let validated = constraint.validated || constraint.name == own;
            gone.restores.extend(self.restore_defined(
                table,
                &constraint.name,
                &constraint.kind,
                &constraint.definition,
                validated,
            ));
        }
        for index in relation.indexes.iter().filter(|index| index.constraint.is_none()) {
            let in_columns = index.columns.iter().flatten().any(|c| c == column);
            if in_columns || index.also_reads.iter().any(|c| c == column) {
                let name = format!("{}.{}", quote::ident(&index.schema), quote::ident(&index.name));
                gone.drops.push(format!("drop index {name}"));
                gone.restores.push(rebuild(index));
            }
        }
    }

    /// Views and the like would go on reading what is no longer meant to be there, or break when it is purged.
    fn refuse_dependents(&self, table: &str, column: Option<&str>) -> Result<(), Fault> {
        let Some(relation) = self.server.relation(table) else { return Ok(()) };
        let concerned = relation.dependents.iter().find(|dependent| match column {
            Some(column) => dependent.columns.iter().any(|name| name == column),
            None => !dependent.kind.goes_with_table(),
        });
        let Some(dependent) = concerned else { return Ok(()) };
        let what = column.map_or_else(|| format!("table `{table}`"), |column| format!("column `{table}.{column}`"));
        let message = format!("{what} is still needed by {} `{}`", dependent.kind, dependent.name);
        let help = format!("change or drop the {} first, then go on", dependent.kind);
        Err(Fault { help: Some(help.into()), ..Fault::new(FaultKind::Server, message) })
    }

    pub(super) fn drop_table(&self, action: &Action, table: &Name) -> Result<Vec<Operation>, Fault> {
        self.refuse_dependents(table, None)?;
        let parked = self.parked_table(table);
        let own = quote::ident(OWN_SCHEMA);
        let schema = self.server.relation(table).map_or(self.server.schema.as_str(), |relation| &relation.schema);
        let schema = if schema.is_empty() { "public" } else { schema };
        let mut gone = Gone::default();
        self.foreign_keys_gone(table, &mut gone)?;
        let mut statements = self.sync_changes(action)?;
        statements.extend(gone.drops);
        statements.push(self.alter(table, &format!("rename to {}", quote::ident(&parked))));
        let renamed = format!("{}.{}", quote::ident(schema), quote::ident(&parked));
        statements.push(format!("alter table {renamed} set schema {own}"));
        let kept = format!("{own}.{}", quote::ident(&parked));
        let back = [
            format!("alter table {kept} set schema {}", quote::ident(schema)),
            format!("alter table {renamed} rename to {}", quote::ident(table)),
        ];
        let mut undo = vec![Work::Ddl(back.into_iter().chain(self.sync_restoration(action)?).collect())];
        undo.extend(gone.restores);
        let title = "remove the table and its syncs; its rows are kept until they are purged";
        let mut operation = self.ddl(title, table, LockMode::AccessExclusive, statements, undo);
        operation.lock_also(gone.referred.into_iter().chain(self.sync_locks(action)?));
        operation.cost = Cost::Instant;
        operation.purge = vec![Work::Ddl(vec![format!("drop table if exists {kept}")])];
        Ok(vec![operation])
    }

    /// A table that is kept must not keep the rows that it refers to.
    fn foreign_keys_gone(&self, table: &Name, gone: &mut Gone) -> Result<(), Fault> {
        if let Some(relation) = self.server.relation(table) {
            let is_key = |kind: &RelationConstraintKind| matches!(kind, RelationConstraintKind::ForeignKey { .. });
            for key in relation.constraints.iter().filter(|constraint| is_key(&constraint.kind)) {
                gone.drops.push(self.alter(table, &format!("drop constraint {}", quote::ident(&key.name))));
                gone.referred.extend(referred(&key.kind));
                gone.restores.extend(self.restore_defined(table, &key.name, &key.kind, &key.definition, key.validated));
            }
            return Ok(());
        }
        for key in self.table(table)?.foreign_keys() {
            gone.drops.push(self.alter(table, &format!("drop constraint {}", quote::ident(&key.name))));
            gone.restores.extend(self.restore_constraint(table, key)?);
        }
        Ok(())
    }
}

fn referred(kind: &RelationConstraintKind) -> Option<Lock> {
    let RelationConstraintKind::ForeignKey { schema, table, .. } = kind else { return None };
    let relation = format!("{}.{}", quote::ident(schema), quote::ident(table));
    Some(Lock { relation, mode: LockMode::AccessExclusive })
}
