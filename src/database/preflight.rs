//! Whether a database is ready for a run: versions, privileges, and what would slow it down or stop it halfway.

use std::collections::BTreeSet;

use postgres::GenericClient;

use super::head;
use crate::ast::{Name, Script};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::engine::Fault;
use crate::engine::postgres::inspect::readiness::{
    self, Inheritance, LongTransaction, NotOwned, OwnSchema, PreparedTransaction, Published, Writes,
};
use crate::engine::postgres::{Relation, Server};
use crate::phrase::lasting;
use crate::plan::{Effect, Plan};

/// The first version that is supported, as `server_version_num`.
const OLDEST: u32 = 120_000;

/// Connections that a run needs: its own, one that watches, and two that work.
const CONNECTIONS: i64 = 4;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// An error refuses the run, a warning does not.
    pub severity: Severity,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Readiness {
    fn error(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), help: Some(help.into()) }
    }

    fn warning(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, message: message.into(), help: Some(help.into()) }
    }

    /// As a finding in a script.
    #[must_use]
    pub fn at(self, script: &Script) -> Diagnostic {
        let mut found = Diagnostic::new(Code::Preflight, self.message, head(script), "before this can run");
        found.severity = self.severity;
        found.help = self.help;
        found
    }
}

/// From when on something is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreflightLimits {
    /// Transactions that have run for longer are told, in milliseconds.
    pub long_transaction_ms: u32,
}

impl Default for PreflightLimits {
    fn default() -> Self {
        Self { long_transaction_ms: 10_000 }
    }
}

/// What a plan asks of a database, as far as the schema tells.
#[must_use]
pub fn readiness_of_plan(plan: &Plan, server: &Server) -> Vec<Readiness> {
    let mut found = Vec::new();
    if server.version > 0 && server.version < OLDEST {
        let version = server.version / 10_000;
        found.push(Readiness::error(format!("the server has version {version}"), "PostgreSQL 12 or newer is needed"));
    }
    for name in filled(plan) {
        let is_there = plan.start.table(&name).is_some();
        if server.relation(&name).is_some_and(|relation| is_there && relation.primary_key().is_none()) {
            found.push(Readiness::warning(
                format!(
                    "table `{name}` has no primary key: rows are filled in the order in which they are stored \
                         (`ctid`)"
                ),
                "rows that move in the meantime have to be found again, which takes longer; a primary key is better",
            ));
        }
    }
    found
}

/// Asks a server whether it is ready for a plan. Changes nothing. What [`readiness_of_plan`] tells is not told again.
///
/// # Errors
/// The server cannot be asked.
pub fn preflight(
    client: &mut impl GenericClient,
    plan: &Plan,
    server: &Server,
    limits: PreflightLimits,
) -> Result<Vec<Readiness>, Fault> {
    let mut asked = Asked { client, plan, server, found: Vec::new() };
    asked.all(limits)?;
    Ok(asked.found)
}

struct Asked<'a, C> {
    client: &'a mut C,
    plan: &'a Plan,
    server: &'a Server,
    found: Vec<Readiness>,
}

impl<C: GenericClient> Asked<'_, C> {
    fn all(&mut self, limits: PreflightLimits) -> Result<(), Fault> {
        self.writable()?;
        if self.server.version < OLDEST {
            return Ok(());
        }
        self.owner()?;
        self.schemas()?;
        self.row_security()?;
        self.inheritance()?;
        self.connections()?;
        self.slots()?;
        self.transactions(limits)?;
        self.event_triggers()?;
        self.row_triggers()?;
        self.publications()
    }

    fn error(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Readiness::error(message, help));
    }

    fn warning(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Readiness::warning(message, help));
    }

    /// The tables that the plan changes and that are there.
    fn changed(&self) -> Vec<(Name, &Relation)> {
        let there = |name: Name| self.server.relation(&name).map(|relation| (name, relation));
        changed(self.plan).into_iter().filter_map(there).collect()
    }

    fn oids(&self) -> Vec<u32> {
        self.changed().iter().map(|(_, relation)| relation.oid).collect()
    }

    /// The name that the script has for a table.
    fn name(&self, oid: u32) -> Name {
        let found = self.changed().into_iter().find(|(_, relation)| relation.oid == oid);
        found.map(|(name, _)| name).unwrap_or_default()
    }

    fn writable(&mut self) -> Result<(), Fault> {
        match readiness::writes(self.client)? {
            Writes::Possible => {}
            Writes::Standby => {
                self.error("the server is a standby: nothing can be changed on it", "connect to the primary");
            }
            Writes::ReadOnly => self.error(
                "transactions of this role are read only",
                "set `default_transaction_read_only` to `off` for this role, or use another role",
            ),
        }
        Ok(())
    }

    fn owner(&mut self) -> Result<(), Fault> {
        let oids = self.oids();
        for NotOwned { oid, owner, role } in readiness::not_owned(self.client, &oids)? {
            let table = self.name(oid);
            self.error(
                format!("role `{role}` does not own table `{table}`: only its owner `{owner}` may change it"),
                format!("run as `{owner}`, or `grant \"{owner}\" to \"{role}\"`"),
            );
        }
        Ok(())
    }

    fn schemas(&mut self) -> Result<(), Fault> {
        let mut schemas: Vec<String> = self.changed().iter().map(|(_, relation)| relation.schema.clone()).collect();
        schemas.push(self.server.schema.clone());
        schemas.sort();
        schemas.dedup();
        for (schema, role) in readiness::closed_schemas(self.client, &schemas)? {
            self.error(
                format!("role `{role}` may not create anything in schema `{schema}`"),
                format!("`grant create on schema \"{schema}\" to \"{role}\"`: indexes and trigger functions go there"),
            );
        }
        let OwnSchema { role, database, is_allowed, exists } = readiness::own_schema(self.client)?;
        match (is_allowed, exists) {
            (true, _) => {}
            (false, true) => self.error(
                format!("role `{role}` may not use schema `miglab`, where runs are kept"),
                format!("`grant usage, create on schema miglab to \"{role}\"`, with its tables and sequences"),
            ),
            (false, false) => self.error(
                format!("role `{role}` may not create schema `miglab`, where runs are kept"),
                format!("`grant create on database \"{database}\" to \"{role}\"`, or `create schema miglab authorization \"{role}\"`"),
            ),
        }
        Ok(())
    }

    /// Rows that the role cannot see would not be filled.
    fn row_security(&mut self) -> Result<(), Fault> {
        let (role, bypasses) = readiness::row_security(self.client)?;
        let guarded = self.changed().into_iter().filter(|(_, relation)| relation.row_security && !bypasses);
        let guarded: Vec<(Name, u32, bool)> =
            guarded.map(|(name, relation)| (name, relation.oid, relation.forces_row_security)).collect();
        let oids: Vec<u32> = guarded.iter().map(|(_, oid, _)| *oid).collect();
        let not_owned = readiness::not_owned(self.client, &oids)?;
        let hides = |oid: u32, forced: bool| forced || not_owned.iter().any(|table| table.oid == oid);
        for (table, ..) in guarded.into_iter().filter(|(_, oid, forced)| hides(*oid, *forced)) {
            self.error(
                format!(
                    "row-level security of table `{table}` hides rows from role `{role}`: they would be left as they are"
                ),
                format!("`alter role \"{role}\" bypassrls`, or run as a superuser"),
            );
        }
        Ok(())
    }

    fn inheritance(&mut self) -> Result<(), Fault> {
        let oids = self.oids();
        for Inheritance { oid, is_partition, parent, child } in readiness::inheritance(self.client, &oids)? {
            let table = self.name(oid);
            match (parent, child) {
                (Some(parent), _) if is_partition => self.error(
                    format!("table `{table}` is a partition of `{parent}`: its columns come from there"),
                    format!("write the script for `{parent}`"),
                ),
                (Some(other), _) | (None, Some(other)) => self.error(
                    format!("tables `{table}` and `{other}` inherit from one another: statements for one change both"),
                    "end the inheritance first (`alter table … no inherit …`), or use partitions",
                ),
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn connections(&mut self) -> Result<(), Fault> {
        let free = readiness::free_connections(self.client)?;
        if free < CONNECTIONS {
            self.warning(
                format!("the server has {} connections left", free.max(0)),
                format!("a run needs up to {CONNECTIONS}; applications that connect in the meantime may find none"),
            );
        }
        Ok(())
    }

    /// What keeps old row versions or WAL: a backfill makes a lot of both.
    fn slots(&mut self) -> Result<(), Fault> {
        for (slot, kept) in readiness::idle_slots(self.client)? {
            self.warning(
                format!("replication slot `{slot}` is not in use and holds back {kept} of WAL"),
                format!("the run writes WAL that cannot be removed: start its consumer, or `select pg_drop_replication_slot('{slot}')`"),
            );
        }
        for PreparedTransaction { gid, owner, since } in readiness::prepared_transactions(self.client)? {
            self.warning(
                format!("prepared transaction `{gid}` of `{owner}` has been open since {since}: it keeps its locks"),
                format!("`commit prepared '{gid}'` or `rollback prepared '{gid}'`"),
            );
        }
        Ok(())
    }

    fn transactions(&mut self, limits: PreflightLimits) -> Result<(), Fault> {
        for transaction in readiness::long_transactions(self.client, limits.long_transaction_ms)? {
            let LongTransaction { pid, who, seconds, state, query } = transaction;
            let time = lasting(seconds * 1000);
            self.warning(
                format!("pid {pid} ({who}) has been in a transaction for {time} ({state}): `{query}`"),
                "statements that need a lock on its tables wait for it to end, and so do index builds",
            );
        }
        Ok(())
    }

    fn event_triggers(&mut self) -> Result<(), Fault> {
        for (name, event) in readiness::event_triggers(self.client)? {
            self.warning(
                format!("event trigger `{name}` runs on `{event}`"),
                "it runs within the statements of the plan, under their locks, and may refuse them",
            );
        }
        Ok(())
    }

    /// What a trigger of the application makes of a value is nothing that the proof knows.
    fn row_triggers(&mut self) -> Result<(), Fault> {
        let oids = self.oids();
        for (name, table) in readiness::row_triggers(self.client, &oids)? {
            let late = if name.as_str() > "zzz_miglab_3_update" {
                "; its name sorts after the triggers of syncs, which do not see what it changes: rename it"
            } else {
                ""
            };
            self.warning(
                format!("trigger `{name}` of table `{table}` may change rows as they are written"),
                format!(
                    "the proof does not know what it does: make sure that it does the same for every version{late}"
                ),
            );
        }
        Ok(())
    }

    /// A subscriber that lacks a column stops.
    fn publications(&mut self) -> Result<(), Fault> {
        let adds_to = |effect: &Effect<'_>, name: &Name| {
            effect.adds_table.is_none() && effect.adds.iter().any(|(table, _)| *table == name)
        };
        for Published { schema, table, publications } in readiness::published(self.client)? {
            let is_it = |relation: &Relation| relation.name == table && relation.schema == schema;
            let grows = |name: &Name| self.plan.effects().any(|(_, effect)| adds_to(&effect, name));
            if self.changed().iter().any(|(name, relation)| is_it(relation) && grows(name)) {
                self.warning(
                    format!("table `{table}` is published (`{publications}`), and the plan adds columns to it"),
                    "add the columns on the subscribers first: replication stops at a row with a column that they lack",
                );
            }
        }
        Ok(())
    }
}

/// The tables whose rows are processed.
fn filled(plan: &Plan) -> BTreeSet<Name> {
    plan.steps.iter().filter_map(|step| step.action.over().cloned()).collect()
}

/// The tables that are changed in any way.
fn changed(plan: &Plan) -> BTreeSet<Name> {
    plan.effects().flat_map(|(_, effect)| effect.changes).collect()
}
