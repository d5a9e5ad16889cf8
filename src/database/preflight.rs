//! Whether a database is ready for a run: versions, privileges, and what would slow it down or stop it halfway.

use std::collections::BTreeSet;

use postgres::GenericClient;

use super::head;
use crate::ast::{Name, Script};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::engine::Fault;
use crate::engine::postgres::fault::fault;
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
    let outcome = asked.all(limits);
    outcome.map(|()| asked.found).map_err(|error| fault(&error))
}

struct Asked<'a, C> {
    client: &'a mut C,
    plan: &'a Plan,
    server: &'a Server,
    found: Vec<Readiness>,
}

impl<C: GenericClient> Asked<'_, C> {
    fn all(&mut self, limits: PreflightLimits) -> Result<(), postgres::Error> {
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

    /// The tables that the plan changes and that are there.
    fn changed(&self) -> Vec<(Name, &Relation)> {
        let names = changed(self.plan);
        names
            .into_iter()
            .filter_map(|name| self.server.relation(&name).map(|relation| (name.clone(), relation)))
            .collect()
    }

    fn oids(&self) -> Vec<u32> {
        self.changed().iter().map(|(_, relation)| relation.oid).collect()
    }

    fn writable(&mut self) -> Result<(), postgres::Error> {
        let query = "select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on' or exists (
                         select from pg_catalog.pg_settings
                         where name = 'default_transaction_read_only' and reset_val = 'on')";
        let row = self.client.query_one(query, &[])?;
        if row.get(0) {
            self.found.push(Readiness::error(
                "the server is a standby: nothing can be changed on it",
                "connect to the primary",
            ));
        } else if row.get(1) {
            let help = "set `default_transaction_read_only` to `off` for this role, or use another role";
            self.found.push(Readiness::error("transactions of this role are read only", help));
        }
        Ok(())
    }

    fn owner(&mut self) -> Result<(), postgres::Error> {
        let query = "select c.oid, pg_get_userbyid(c.relowner)::text, current_user::text
                     from pg_catalog.pg_class c
                     where c.oid = any($1) and not pg_has_role(c.relowner, 'USAGE')";
        let rows = self.client.query(query, &[&self.oids()])?;
        for row in &rows {
            let (owner, role): (String, String) = (row.get(1), row.get(2));
            let oid: u32 = row.get(0);
            let table = self.changed().into_iter().find(|(_, relation)| relation.oid == oid);
            let table = table.map(|(name, _)| name).unwrap_or_default();
            self.found.push(Readiness::error(
                format!("role `{role}` does not own table `{table}`: only its owner `{owner}` may change it"),
                format!("run as `{owner}`, or `grant \"{owner}\" to \"{role}\"`"),
            ));
        }
        Ok(())
    }

    fn schemas(&mut self) -> Result<(), postgres::Error> {
        let mut schemas: Vec<String> = self.changed().iter().map(|(_, relation)| relation.schema.clone()).collect();
        schemas.push(self.server.schema.clone());
        schemas.sort();
        schemas.dedup();
        let query = "select n.nspname::text, current_user::text from pg_catalog.pg_namespace n
                     where n.nspname = any($1) and not has_schema_privilege(n.oid, 'CREATE') order by 1";
        for row in self.client.query(query, &[&schemas])? {
            let (schema, role): (String, String) = (row.get(0), row.get(1));
            self.found.push(Readiness::error(
                format!("role `{role}` may not create anything in schema `{schema}`"),
                format!("`grant create on schema \"{schema}\" to \"{role}\"`: indexes and trigger functions go there"),
            ));
        }
        let query = "select current_user::text, current_database()::text,
                     case when exists (select from pg_catalog.pg_namespace where nspname = 'miglab')
                     then has_schema_privilege('miglab', 'CREATE') and has_schema_privilege('miglab', 'USAGE')
                     else has_database_privilege(current_database(), 'CREATE') end,
                     exists (select from pg_catalog.pg_namespace where nspname = 'miglab')";
        let row = self.client.query_one(query, &[])?;
        let (role, database): (String, String) = (row.get(0), row.get(1));
        match (row.get(2), row.get(3)) {
            (true, _) => {}
            (false, true) => self.found.push(Readiness::error(
                format!("role `{role}` may not use schema `miglab`, where runs are kept"),
                format!("`grant usage, create on schema miglab to \"{role}\"`, with its tables and sequences"),
            )),
            (false, false) => self.found.push(Readiness::error(
                format!("role `{role}` may not create schema `miglab`, where runs are kept"),
                format!("`grant create on database \"{database}\" to \"{role}\"`, or `create schema miglab authorization \"{role}\"`"),
            )),
        }
        Ok(())
    }

    /// Rows that the role cannot see would not be filled.
    fn row_security(&mut self) -> Result<(), postgres::Error> {
        let query = "select r.rolsuper or r.rolbypassrls, r.rolname::text from pg_catalog.pg_roles r where r.rolname = current_user";
        let row = self.client.query_one(query, &[])?;
        let (bypasses, role): (bool, String) = (row.get(0), row.get(1));
        let owned = "select pg_has_role(c.relowner, 'USAGE') from pg_catalog.pg_class c where c.oid = $1";
        let guarded: Vec<(Name, u32, bool)> = self
            .changed()
            .into_iter()
            .filter(|(_, relation)| relation.row_security)
            .map(|(name, relation)| (name, relation.oid, relation.forces_row_security))
            .collect();
        for (table, oid, forced) in guarded {
            let owns = self.client.query_opt(owned, &[&oid])?.is_some_and(|row| row.get(0));
            if !bypasses && (forced || !owns) {
                self.found.push(Readiness::error(
                    format!("row-level security of table `{table}` hides rows from role `{role}`: they would be left as they are"),
                    format!("`alter role \"{role}\" bypassrls`, or run as a superuser"),
                ));
            }
        }
        Ok(())
    }

    fn inheritance(&mut self) -> Result<(), postgres::Error> {
        let query = "select c.oid, c.relispartition,
                     (select p.inhparent::regclass::text from pg_catalog.pg_inherits p where p.inhrelid = c.oid limit 1),
                     (select h.inhrelid::regclass::text from pg_catalog.pg_inherits h where h.inhparent = c.oid limit 1)
                     from pg_catalog.pg_class c where c.oid = any($1) and c.relkind = 'r'";
        for row in self.client.query(query, &[&self.oids()])? {
            let oid: u32 = row.get(0);
            let (parent, child): (Option<String>, Option<String>) = (row.get(2), row.get(3));
            let table = self
                .changed()
                .into_iter()
                .find(|(_, relation)| relation.oid == oid)
                .map(|(name, _)| name)
                .unwrap_or_default();
            let found = match (parent, child) {
                (Some(parent), _) if row.get(1) => Readiness::error(
                    format!("table `{table}` is a partition of `{parent}`: its columns come from there"),
                    format!("write the script for `{parent}`"),
                ),
                (Some(other), _) | (None, Some(other)) => Readiness::error(
                    format!("tables `{table}` and `{other}` inherit from one another: statements for one change both"),
                    "end the inheritance first (`alter table … no inherit …`), or use partitions",
                ),
                (None, None) => continue,
            };
            self.found.push(found);
        }
        Ok(())
    }

    fn connections(&mut self) -> Result<(), postgres::Error> {
        let query = "select current_setting('max_connections')::int8
                     - current_setting('superuser_reserved_connections')::int8
                     - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend')";
        let free: i64 = self.client.query_one(query, &[])?.get(0);
        if free < CONNECTIONS {
            self.found.push(Readiness::warning(
                format!("the server has {} connections left", free.max(0)),
                format!("a run needs up to {CONNECTIONS}; applications that connect in the meantime may find none"),
            ));
        }
        Ok(())
    }

    /// What keeps old row versions or WAL: a backfill makes a lot of both.
    fn slots(&mut self) -> Result<(), postgres::Error> {
        let query = "select slot_name::text,
                     coalesce(pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 'nothing')
                     from pg_catalog.pg_replication_slots where not active and not pg_is_in_recovery() order by 1";
        for row in self.client.query(query, &[])? {
            let (slot, kept): (String, String) = (row.get(0), row.get(1));
            self.found.push(Readiness::warning(
                format!("replication slot `{slot}` is not in use and holds back {kept} of WAL"),
                format!("the run writes WAL that cannot be removed: start its consumer, or `select pg_drop_replication_slot('{slot}')`"),
            ));
        }
        let query = "select gid, owner::text, prepared::text from pg_catalog.pg_prepared_xacts where database = current_database() order by 1";
        for row in self.client.query(query, &[])? {
            let (gid, owner, since): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            self.found.push(Readiness::warning(
                format!("prepared transaction `{gid}` of `{owner}` has been open since {since}: it keeps its locks"),
                format!("`commit prepared '{gid}'` or `rollback prepared '{gid}'`"),
            ));
        }
        Ok(())
    }

    fn transactions(&mut self, limits: PreflightLimits) -> Result<(), postgres::Error> {
        let query = "select pid, coalesce(nullif(application_name, ''), usename, '?')::text,
                     extract(epoch from clock_timestamp() - xact_start)::int8, coalesce(state, '')::text,
                     left(regexp_replace(coalesce(query, ''), '\\s+', ' ', 'g'), 60)
                     from pg_catalog.pg_stat_activity
                     where xact_start < clock_timestamp() - $1 * interval '1 ms' and pid <> pg_backend_pid()
                     and datname = current_database() and backend_type = 'client backend' order by xact_start";
        for row in self.client.query(query, &[&f64::from(limits.long_transaction_ms)])? {
            let (pid, who, seconds): (i32, String, i64) = (row.get(0), row.get(1), row.get(2));
            let (state, query): (String, String) = (row.get(3), row.get(4));
            let time = lasting(u64::try_from(seconds).unwrap_or_default() * 1000);
            self.found.push(Readiness::warning(
                format!("pid {pid} ({who}) has been in a transaction for {time} ({state}): `{query}`"),
                "statements that need a lock on its tables wait for it to end, and so do index builds",
            ));
        }
        Ok(())
    }

    fn event_triggers(&mut self) -> Result<(), postgres::Error> {
        let query =
            "select evtname::text, evtevent::text from pg_catalog.pg_event_trigger where evtenabled <> 'D' order by 1";
        for row in self.client.query(query, &[])? {
            let (name, event): (String, String) = (row.get(0), row.get(1));
            self.found.push(Readiness::warning(
                format!("event trigger `{name}` runs on `{event}`"),
                "it runs within the statements of the plan, under their locks, and may refuse them",
            ));
        }
        Ok(())
    }

    /// What a trigger of the application makes of a value is nothing that the proof knows.
    fn row_triggers(&mut self) -> Result<(), postgres::Error> {
        let query = "select tgname::text, tgrelid::regclass::text from pg_catalog.pg_trigger
                     where tgrelid = any ($1) and not tgisinternal and tgenabled <> 'D'
                     and tgname not like 'zzz\\_miglab\\_%' and tgtype & 3 = 3 and tgtype & 20 <> 0 order by 2, 1";
        let oids = self.oids();
        for row in self.client.query(query, &[&oids])? {
            let (name, table): (String, String) = (row.get(0), row.get(1));
            let late = if name.as_str() > "zzz_miglab_3_update" {
                "; its name sorts after the triggers of syncs, which do not see what it changes: rename it"
            } else {
                ""
            };
            self.found.push(Readiness::warning(
                format!("trigger `{name}` of table `{table}` may change rows as they are written"),
                format!(
                    "the proof does not know what it does: make sure that it does the same for every \
                         version{late}"
                ),
            ));
        }
        Ok(())
    }

    /// A subscriber that lacks a column stops.
    fn publications(&mut self) -> Result<(), postgres::Error> {
        let query = "select tablename::text, schemaname::text, string_agg(pubname::text, ', ' order by pubname)
                     from pg_catalog.pg_publication_tables group by 1, 2 order by 1, 2";
        for row in self.client.query(query, &[])? {
            let (table, schema, publications): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            let is_it = |relation: &Relation| relation.name == table && relation.schema == schema;
            let adds_to = |effect: &Effect<'_>, name: &Name| {
                effect.adds_table.is_none() && effect.adds.iter().any(|(table, _)| *table == name)
            };
            let grows = |name: &Name| self.plan.effects().any(|(_, effect)| adds_to(&effect, name));
            if self.changed().iter().any(|(name, relation)| is_it(relation) && grows(name)) {
                self.found.push(Readiness::warning(
                    format!("table `{table}` is published (`{publications}`), and the plan adds columns to it"),
                    "add the columns on the subscribers first: replication stops at a row with a column that they lack",
                ));
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
