//! Constraints and indexes that come and go.

use crate::ast::Name;
use crate::catalog::{Constraint, ConstraintKind, Table};
use crate::engine::postgres::relation::{RelationConstraintKind, RelationIndex};
use crate::engine::postgres::translate::Scene;
use crate::engine::postgres::{Cost, Lock, LockMode, Operation, Work, quote};
use crate::engine::{Fault, FaultKind};

impl Scene<'_> {
    /// A constraint as `alter table … add constraint name` takes it, without `not valid`.
    pub(super) fn constraint_definition(&self, table: &Table, kind: &ConstraintKind) -> String {
        let names = |columns: &[_]| quote::idents(table.column_names(columns));
        match kind {
            ConstraintKind::PrimaryKey(columns) => format!("primary key ({})", names(columns)),
            ConstraintKind::Unique(columns) => format!("unique ({})", names(columns)),
            ConstraintKind::Check { condition, .. } => {
                format!("check ({})", condition.to_sql(&|name| quote::ident(name)))
            }
            ConstraintKind::ForeignKey { column, table: to, referenced, .. } => {
                let own = *to == table.name;
                let there = if own { Some(table) } else { self.catalog.table(to).map(|table| &**table) };
                let referenced = there.map(|there| quote::idents(there.column_names(&[*referenced])));
                let columns = names(&[*column]);
                format!(
                    "foreign key ({columns}) references {} ({})",
                    self.qualified(to),
                    referenced.unwrap_or_default()
                )
            }
            ConstraintKind::Index { columns, .. } => format!("index ({})", names(columns)),
        }
    }

    pub(super) fn add_constraint(&self, table: &Name, constraint: &Constraint) -> Result<Vec<Operation>, Fault> {
        let schema = self.table(table)?;
        let name = quote::ident(&constraint.name);
        match &constraint.kind {
            ConstraintKind::Index { .. } => self.add_index(table, constraint),
            ConstraintKind::Unique(_) | ConstraintKind::PrimaryKey(_) => self.add_unique(table, constraint),
            ConstraintKind::Check { .. } => {
                let definition = self.constraint_definition(schema, &constraint.kind);
                let add = self.alter(table, &format!("add constraint {name} {definition} not valid"));
                // The undoing of what has filled its columns may have dropped it already.
                let undo = vec![Work::Ddl(vec![self.drop_if_there(table, &constraint.name)])];
                let title = "add the check for new writes";
                Ok(vec![self.ddl(title, table, LockMode::AccessExclusive, vec![add], undo)])
            }
            ConstraintKind::ForeignKey { table: to, .. } => {
                self.refuse_partitioned(table, "a foreign key that is validated later")?;
                let definition = self.constraint_definition(schema, &constraint.kind);
                let add = self.alter(table, &format!("add constraint {name} {definition} not valid"));
                let undo = vec![self.drop_constraint_work(table, &constraint.name)];
                let title = "add the foreign key for new writes";
                let mut operation = self.ddl(title, table, LockMode::ShareRowExclusive, vec![add], undo);
                if to != table {
                    operation.locks.push(self.lock(to, LockMode::ShareRowExclusive));
                }
                Ok(vec![operation])
            }
        }
    }

    fn refuse_partitioned(&self, table: &str, what: &str) -> Result<(), Fault> {
        match self.server.relation(table) {
            Some(relation) if relation.partitions.is_some() => {
                let message = format!("`{table}` is partitioned, and PostgreSQL has no {what} for such tables");
                let help = "add it to each partition, or in a maintenance window by hand".to_owned();
                Err(Fault { help: Some(help.into()), ..Fault::new(FaultKind::Server, message) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn drop_if_there(&self, table: &str, name: &str) -> String {
        self.alter(table, &format!("drop constraint if exists {}", quote::ident(name)))
    }

    fn drop_constraint_work(&self, table: &str, name: &str) -> Work {
        Work::Ddl(vec![self.alter(table, &format!("drop constraint {}", quote::ident(name)))])
    }

    /// `create index concurrently`, with what it is called: an index lives in the schema of its table.
    fn index_build(&self, table: &str, constraint: &Constraint) -> Result<Work, Fault> {
        let schema = self.table(table)?;
        let (columns, unique, filter) = match &constraint.kind {
            ConstraintKind::Index { columns, unique, filter } => (columns, *unique, filter.as_ref()),
            ConstraintKind::Unique(columns) | ConstraintKind::PrimaryKey(columns) => (columns, true, None),
            _ => return Err(Fault::new(FaultKind::Server, format!("`{}` is not an index", constraint.name))),
        };
        let filter = filter.map(|filter| format!(" where {}", filter.to_sql(&|name| quote::ident(name))));
        let create = format!(
            "create {}index concurrently {} on {} ({}){}",
            if unique { "unique " } else { "" },
            quote::ident(&constraint.name),
            self.qualified(table),
            quote::idents(schema.column_names(columns)),
            filter.unwrap_or_default()
        );
        Ok(Work::BuildIndex { index: self.index_name(table, &constraint.name), create })
    }

    pub(super) fn index_name(&self, table: &str, index: &str) -> String {
        match self.server.relation(table) {
            Some(relation) if !relation.schema.is_empty() => {
                format!("{}.{}", quote::ident(&relation.schema), quote::ident(index))
            }
            _ => self.server.in_schema(index),
        }
    }

    fn add_index(&self, table: &Name, constraint: &Constraint) -> Result<Vec<Operation>, Fault> {
        let partitions = self.server.relation(table).and_then(|relation| relation.partitions.as_ref());
        if let Some(partitions) = partitions {
            return self.add_partitioned_index(table, constraint, partitions);
        }
        let work = self.index_build(table, constraint)?;
        let undo = vec![Work::DropIndex { index: self.index_name(table, &constraint.name) }];
        let lock = self.lock(table, LockMode::ShareUpdateExclusive);
        Ok(vec![Operation::new("build the index concurrently", work, lock, Cost::IndexBuild, undo)])
    }

    /// An index of a partitioned table: an empty one of the whole, one for each partition, each attached. The whole is
    /// valid with the last.
    fn add_partitioned_index(
        &self,
        table: &Name,
        constraint: &Constraint,
        partitions: &[String],
    ) -> Result<Vec<Operation>, Fault> {
        let Work::BuildIndex { index, create } = self.index_build(table, constraint)? else { return Ok(Vec::new()) };
        let whole = self.qualified(table);
        let only =
            create.replacen(" concurrently", "", 1).replacen(&format!(" on {whole}"), &format!(" on only {whole}"), 1);
        let undo = vec![Work::Ddl(vec![format!("drop index {index}")])];
        let title = "create the index on the parent, without its partitions";
        let mut all = vec![self.ddl(title, table, LockMode::Share, vec![only], undo)];
        for (number, partition) in partitions.iter().enumerate() {
            let name = quote::made_name(&format!("{}_{}", constraint.name, number + 1));
            let schema = partition.rsplit_once("\".\"").map(|(schema, _)| format!("{schema}\"."));
            let part = format!("{}{}", schema.unwrap_or_default(), quote::ident(&name));
            let create = create.replacen(&quote::ident(&constraint.name), &quote::ident(&name), 1).replacen(
                &format!(" on {whole}"),
                &format!(" on {partition}"),
                1,
            );
            let lock = Lock { relation: partition.clone(), mode: LockMode::ShareUpdateExclusive };
            let undo = vec![Work::DropIndex { index: part.clone() }];
            let work = Work::BuildIndex { index: part.clone(), create };
            all.push(Operation::new("build the index of a partition", work, lock, Cost::IndexBuild, undo));
            let attach = vec![format!("alter index {index} attach partition {part}")];
            // The index of the whole takes those of its partitions along when it is dropped.
            all.push(self.ddl("attach it", table, LockMode::AccessShare, attach, Vec::new()));
        }
        // Undone in reverse: nothing of a partition can be dropped while it is attached, so the whole goes first.
        if let Some(last) = all.last_mut() {
            last.undo = vec![Work::Ddl(vec![format!("drop index if exists {index}")])];
        }
        all[0].undo = vec![Work::Ddl(vec![format!("drop index if exists {index}")])];
        Ok(all)
    }

    fn add_unique(&self, table: &Name, constraint: &Constraint) -> Result<Vec<Operation>, Fault> {
        self.refuse_partitioned(table, "unique constraint from a concurrent index")?;
        let name = quote::ident(&constraint.name);
        let work = self.index_build(table, constraint)?;
        let undo = vec![Work::DropIndex { index: self.index_name(table, &constraint.name) }];
        let lock = self.lock(table, LockMode::ShareUpdateExclusive);
        let build = Operation::new("build the unique index concurrently", work, lock, Cost::IndexBuild, undo);
        let kind = if matches!(constraint.kind, ConstraintKind::PrimaryKey(_)) { "primary key" } else { "unique" };
        let add = self.alter(table, &format!("add constraint {name} {kind} using index {name}"));
        let undo = vec![self.drop_constraint_work(table, &constraint.name)];
        let title = "make the index a constraint";
        Ok(vec![build, self.ddl(title, table, LockMode::AccessExclusive, vec![add], undo)])
    }

    pub(super) fn validation(&self, table: &str, name: &str) -> Operation {
        let scan = self.alter(table, &format!("validate constraint {}", quote::ident(name)));
        let lock = self.lock(table, LockMode::ShareUpdateExclusive);
        Operation::new("check every row against it", Work::Scan(scan), lock, Cost::Scan, Vec::new())
    }

    pub(super) fn validate_constraint(&self, table: &Name, name: &Name) -> Result<Vec<Operation>, Fault> {
        self.table(table)?;
        Ok(vec![self.validation(table, name)])
    }

    pub(super) fn drop_constraint(&self, table: &Name, name: &Name) -> Result<Vec<Operation>, Fault> {
        let schema = self.table(table)?;
        let missing = || Fault::new(FaultKind::Missing, format!("there is no constraint `{name}` on `{table}`"));
        let constraint = schema.constraint(name).ok_or_else(missing)?;
        let undo = self.restore_constraint(table, constraint)?;
        if matches!(constraint.kind, ConstraintKind::Index { .. }) {
            let index = self.index_name(table, name);
            let is_partitioned = self.server.relation(table).is_some_and(|relation| relation.partitions.is_some());
            if is_partitioned {
                let drop = vec![format!("drop index {index}")];
                return Ok(vec![self.ddl("drop the index", table, LockMode::AccessExclusive, drop, undo)]);
            }
            let lock = self.lock(table, LockMode::ShareUpdateExclusive);
            let work = Work::DropIndex { index };
            return Ok(vec![Operation::new("drop the index concurrently", work, lock, Cost::Instant, undo)]);
        }
        let drop = self.alter(table, &format!("drop constraint {}", quote::ident(name)));
        let title = format!("drop the {}", constraint.kind.noun());
        let mut operation = self.ddl(&title, table, LockMode::AccessExclusive, vec![drop], undo);
        if let ConstraintKind::ForeignKey { table: to, .. } = &constraint.kind
            && to != table
        {
            operation.locks.push(self.lock(to, LockMode::AccessExclusive));
        }
        Ok(vec![operation])
    }

    /// What brings a constraint back, as the database has it, else as the script does.
    pub(super) fn restore_constraint(&self, table: &Name, constraint: &Constraint) -> Result<Vec<Work>, Fault> {
        let relation = self.server.relation(table);
        if let Some(known) = relation.and_then(|relation| relation.constraint(&constraint.name)) {
            let validated = known.validated;
            return Ok(self.restore_defined(table, &known.name, &known.kind, &known.definition, validated));
        }
        if let Some(index) = relation.and_then(|relation| relation.index(&constraint.name)) {
            return Ok(vec![rebuild(index)]);
        }
        let definition = self.constraint_definition(self.table(table)?, &constraint.kind);
        let (kind, validated) = match &constraint.kind {
            ConstraintKind::Index { .. } => return Ok(vec![self.index_build(table, constraint)?]),
            ConstraintKind::PrimaryKey(_) => (RelationConstraintKind::PrimaryKey, true),
            ConstraintKind::Unique(_) => (RelationConstraintKind::Unique, true),
            ConstraintKind::Check { validated, .. } => (RelationConstraintKind::Check(String::new()), *validated),
            ConstraintKind::ForeignKey { validated, .. } => (RelationConstraintKind::Other, *validated),
        };
        Ok(self.restore_defined(table, &constraint.name, &kind, &definition, validated))
    }

    /// What brings back a constraint of this definition: unique ones by a concurrent index, others for new writes first.
    pub(super) fn restore_defined(
        &self,
        table: &str,
        name: &str,
        kind: &RelationConstraintKind,
        definition: &str,
        validated: bool,
    ) -> Vec<Work> {
        let quoted = quote::ident(name);
        if matches!(kind, RelationConstraintKind::PrimaryKey | RelationConstraintKind::Unique) {
            let is_key = *kind == RelationConstraintKind::PrimaryKey;
            let columns = definition.split_once('(').map_or("", |(_, rest)| rest);
            let create = format!("create unique index concurrently {quoted} on {} ({columns}", self.qualified(table));
            let word = if is_key { "primary key" } else { "unique" };
            let add = self.alter(table, &format!("add constraint {quoted} {word} using index {quoted}"));
            return vec![Work::BuildIndex { index: self.index_name(table, name), create }, Work::Ddl(vec![add])];
        }
        let definition = definition.trim_end().trim_end_matches(" NOT VALID").trim_end_matches(" not valid");
        let add = self.alter(table, &format!("add constraint {quoted} {definition} not valid"));
        let scan = self.alter(table, &format!("validate constraint {quoted}"));
        let mut works = vec![Work::Ddl(vec![add])];
        if validated {
            works.push(Work::ScanIfItHolds { scan, then: Vec::new() });
        }
        works
    }
}

/// An index as it was, built concurrently.
pub(super) fn rebuild(index: &RelationIndex) -> Work {
    let create = index.definition.replacen("INDEX ", "INDEX CONCURRENTLY ", 1);
    Work::BuildIndex { index: format!("{}.{}", quote::ident(&index.schema), quote::ident(&index.name)), create }
}
