//! Syncs as triggers. What they do is what `engine::memory` does in a write, with the means that PostgreSQL gives:
//!
//! * A row trigger sees values, not who wrote them. Of an update that is enough: what changed decides, given or not. Of an
//!   insert it is told what was left to a default ([`given`]) by the defaults themselves.
//! * Within a table, `before` triggers change the row itself ([`near`]). Into another table, `after` triggers write the
//!   row that belongs to it ([`far`]), and the setting `miglab.event` carries along what was written and what was set, so
//!   that nothing comes back.
//! * A backfill sets `miglab.backfill`, and no sync fires.
//!
//! All triggers have names that sort after others, so that they see what other triggers make of a row.

mod columns;
mod far;
mod given;
mod near;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, Sync, Table};
use crate::engine::postgres::translate::{OWN_SCHEMA, Scene, comparable};
use crate::engine::postgres::{Cost, Lock, LockMode, Operation, Work, quote};
use crate::engine::{Fault, FaultKind};
use crate::plan::Action;

/// A trigger, or the function of some.
#[derive(PartialEq)]
struct Piece {
    /// Its name, quoted; a function's with its schema.
    name: String,
    /// What makes it.
    create: String,
}

/// What stands on one table for its syncs.
#[derive(Default, PartialEq)]
struct Installation {
    functions: Vec<Piece>,
    triggers: Vec<Piece>,
    defaults: Vec<MarkedDefault>,
}

/// A default that tells when it is used, as long as the triggers stand.
#[derive(PartialEq)]
struct MarkedDefault {
    /// The column, quoted.
    column: String,
    marked: String,
    /// What it is otherwise.
    plain: Option<String>,
}

impl Scene<'_> {
    pub(super) fn add_syncs(&self, action: &Action) -> Result<Vec<Operation>, Fault> {
        self.change_syncs(action, "install the triggers", LockMode::ShareRowExclusive)
    }

    pub(super) fn drop_syncs(&self, action: &Action) -> Result<Vec<Operation>, Fault> {
        self.change_syncs(action, "remove the triggers", LockMode::AccessExclusive)
    }

    fn change_syncs(&self, action: &Action, title: &str, mode: LockMode) -> Result<Vec<Operation>, Fault> {
        let mut after = self.catalog.clone();
        after.apply(action);
        let changed = self.changed_installations(self.catalog, &after)?;
        let statements = self.sync_changes(action)?;
        let undo = vec![Work::Ddl(self.sync_restoration(action)?)];
        // A default is changed under the strongest lock.
        let mode_of = |before: &Installation, after: &Installation| {
            if before.defaults == after.defaults { mode } else { LockMode::AccessExclusive }
        };
        let locks = changed.iter().map(|(table, before, after)| self.lock(table, mode_of(before, after))).collect();
        let work = Work::Ddl(statements);
        Ok(vec![Operation { title: title.to_owned(), work, locks, cost: Cost::Instant, undo, purge: Vec::new() }])
    }

    /// What brings the triggers from those before an action to those after it.
    pub(super) fn sync_changes(&self, action: &Action) -> Result<Vec<String>, Fault> {
        let mut after = self.catalog.clone();
        after.apply(action);
        self.reinstall_all(self.catalog, &after)
    }

    /// The way back.
    pub(super) fn sync_restoration(&self, action: &Action) -> Result<Vec<String>, Fault> {
        let mut after = self.catalog.clone();
        after.apply(action);
        self.reinstall_all(&after, self.catalog)
    }

    /// The tables whose triggers an action changes.
    pub(super) fn sync_locks(&self, action: &Action) -> Result<Vec<Lock>, Fault> {
        let mut after = self.catalog.clone();
        after.apply(action);
        self.locks_of_changed(self.catalog, &after)
    }

    /// The tables whose triggers are others in one catalog than in the other.
    pub(super) fn locks_of_changed(&self, from: &Catalog, to: &Catalog) -> Result<Vec<Lock>, Fault> {
        let changed = self.changed_installations(from, to)?;
        Ok(changed.iter().map(|(table, ..)| self.lock(table, LockMode::AccessExclusive)).collect())
    }

    /// What brings the triggers from those of one catalog to those of another.
    pub(super) fn reinstall_all(&self, from: &Catalog, to: &Catalog) -> Result<Vec<String>, Fault> {
        let changed = self.changed_installations(from, to)?;
        Ok(changed.iter().flat_map(|(table, before, after)| self.reinstall(table, before, after)).collect())
    }

    /// What stands on each table in one catalog and in the other, where that is not the same.
    fn changed_installations(
        &self,
        from: &Catalog,
        to: &Catalog,
    ) -> Result<Vec<(Name, Installation, Installation)>, Fault> {
        let tables: BTreeSet<&Name> = from.syncs().chain(to.syncs()).map(|sync| &sync.source_table).collect();
        let mut changed = Vec::new();
        for table in tables {
            let (before, after) = (self.installation(from, table)?, self.installation(to, table)?);
            if before != after {
                changed.push((table.clone(), before, after));
            }
        }
        Ok(changed)
    }

    fn reinstall(&self, table: &str, before: &Installation, after: &Installation) -> Vec<String> {
        let relation = self.qualified(table);
        let drop_trigger = |piece: &Piece| format!("drop trigger if exists {} on {relation}", piece.name);
        let in_after = |pieces: &[Piece], piece: &Piece| pieces.iter().any(|other| other.name == piece.name);
        // A trigger cannot be replaced before version 14.
        let replaces = self.server.version == 0 || self.server.version >= 140_000;
        let stays = |piece: &&Piece| replaces && in_after(&after.triggers, piece);
        let mut statements: Vec<String> =
            before.triggers.iter().filter(|piece| !stays(piece)).map(drop_trigger).collect();
        statements.extend(after.functions.iter().map(|piece| piece.create.clone()));
        for piece in &after.triggers {
            let word = if replaces { "create or replace trigger" } else { "create trigger" };
            statements.push(format!("{word} {} {}", piece.name, piece.create));
        }
        let gone = before.functions.iter().filter(|piece| !in_after(&after.functions, piece));
        statements.extend(gone.map(|piece| format!("drop function if exists {}()", piece.name)));
        statements.extend(self.changed_defaults(table, before, after));
        statements
    }

    fn changed_defaults(&self, table: &str, before: &Installation, after: &Installation) -> Vec<String> {
        let is_in = |defaults: &[MarkedDefault], default: &MarkedDefault| {
            defaults.iter().any(|other| other.column == default.column)
        };
        let gone = before.defaults.iter().filter(|default| !is_in(&after.defaults, default));
        let gone = gone.map(|default| (&default.column, default.plain.as_ref()));
        let new = after.defaults.iter().filter(|default| !before.defaults.contains(default));
        let new = new.map(|default| (&default.column, Some(&default.marked)));
        let change = |(column, default): (&String, Option<&String>)| {
            let set = default.map_or_else(|| "drop default".to_owned(), |default| format!("set default {default}"));
            self.alter(table, &format!("alter column {column} {set}"))
        };
        gone.chain(new).map(change).collect()
    }

    fn installation(&self, catalog: &Catalog, table: &Name) -> Result<Installation, Fault> {
        let mut installation = Installation::default();
        let Some(schema) = catalog.table(table) else { return Ok(installation) };
        let of_table = catalog.syncs().filter(|sync| sync.source_table == *table);
        let (far, near): (Vec<&Arc<Sync>>, Vec<&Arc<Sync>>) = of_table.partition(|sync| sync.join.is_some());
        let program = Program { scene: self, catalog, table: schema };
        if !near.is_empty() {
            program.install_near(&near, &mut installation)?;
        }
        if !far.is_empty() {
            program.install_far(&far, &mut installation)?;
        }
        Ok(installation)
    }

    /// Whether the default of a column tells when it is used.
    pub(super) fn marks_default(&self, catalog: &Catalog, table: &Name, id: ColumnId) -> Result<bool, Fault> {
        let name =
            catalog.table(table).and_then(|table| table.column_by_id(id)).map(|column| quote::ident(&column.name));
        let installation = self.installation(catalog, table)?;
        Ok(installation.defaults.iter().any(|default| Some(&default.column) == name.as_ref()))
    }

    fn function_name(&self, table: &str, kind: &str) -> String {
        let schema = self.server.relation(table).map_or("", |relation| relation.schema.as_str());
        let dot = if schema.is_empty() { "" } else { "." };
        let name = quote::made_name(&format!("sync_{kind}_{schema}{dot}{table}"));
        format!("{}.{}", quote::ident(OWN_SCHEMA), quote::ident(&name))
    }
}

/// The program of the triggers of one table.
struct Program<'a> {
    scene: &'a Scene<'a>,
    /// The schema with the syncs that are to stand.
    catalog: &'a Catalog,
    table: &'a Table,
}

impl Program<'_> {
    fn column(&self, id: ColumnId) -> Result<&Column, Fault> {
        let missing = || Fault::new(FaultKind::Missing, format!("a column of `{}` does not exist", self.table.name));
        self.table.column_by_id(id).ok_or_else(missing)
    }

    /// Whether two columns carry a common fact.
    fn linked(&self, one: ColumnId, other: ColumnId) -> bool {
        let facts = self.scene.facts;
        let of = |column| match facts.of(column) {
            [] => vec![column],
            known => known.to_vec(),
        };
        one == other || of(one).iter().any(|fact| of(other).contains(fact))
    }

    /// A write of this column touches the fact of the sync's target.
    fn touches(&self, sync: &Sync, column: ColumnId) -> bool {
        self.scene.facts.of(sync.target).is_empty() || self.linked(sync.target, column)
    }

    /// The columns of the table that have a part in these syncs, by identity.
    fn involved(&self, syncs: &[&Arc<Sync>]) -> BTreeSet<ColumnId> {
        let own = |id: &ColumnId| self.table.column_by_id(*id).is_some();
        let named = syncs.iter().flat_map(|sync| sync.columns()).filter(own);
        let linked = self.table.columns().map(|column| column.id);
        let linked = linked.filter(|column| syncs.iter().any(|sync| self.linked(sync.target, *column)));
        named.chain(linked).collect()
    }

    /// `new."c"`, in a form that can be compared.
    fn compared(&self, row: &str, column: &Column) -> String {
        let ty = self.scene.type_of(&self.table.name, column);
        comparable(&ty, &format!("{row}.{}", quote::ident(&column.name)))
    }

    /// One of these columns gets another value, and it is not a backfill that gives it.
    fn changes(&self, columns: &BTreeSet<ColumnId>) -> Result<String, Fault> {
        let parts = columns.iter().map(|id| self.changes_image(*id)).collect::<Result<Vec<_>, Fault>>()?;
        Ok(format!("({}) and {NO_BACKFILL}", parts.join(" or ")))
    }

    /// The triggers that run a function for each row that is inserted, or gets other values.
    fn row_triggers(&self, name: &str, when: &str, function: &str, changes: &str) -> [Piece; 2] {
        let relation = self.scene.qualified(&self.table.name);
        [("insert", NO_BACKFILL), ("update", changes)].map(|(event, condition)| Piece {
            name: quote::ident(&format!("{name}_{event}")),
            create: format!(
                "{when} {event} on {relation} for each row when ({condition}) execute function {function}()"
            ),
        })
    }

    /// What follows a generated column would see it before it is computed.
    fn refuse_generated(&self, columns: &BTreeSet<ColumnId>) -> Result<(), Fault> {
        let Some(relation) = self.scene.server.relation(&self.table.name) else { return Ok(()) };
        for id in columns {
            let name = &self.column(*id)?.name;
            if relation.column(name).is_some_and(|column| column.generated) {
                let message =
                    format!("column `{name}` of `{}` is generated, and no sync can follow it", self.table.name);
                let fault = Fault::new(FaultKind::Server, message);
                return Err(fault.with_help("follow the columns that it is generated from"));
            }
        }
        Ok(())
    }

    /// The settings that an expression depends on, as `create function` takes them.
    fn settings(syncs: &[&Arc<Sync>]) -> &'static str {
        if syncs.iter().any(|sync| sync.value.depends_on_settings()) {
            " set timezone to 'UTC' set datestyle to 'ISO, MDY' set intervalstyle to 'postgres' \
             set extra_float_digits to 1 set bytea_output to 'hex'"
        } else {
            ""
        }
    }
}

/// It is not a backfill.
pub(super) const NO_BACKFILL: &str = "current_setting('miglab.backfill', true) is distinct from 'on'";
