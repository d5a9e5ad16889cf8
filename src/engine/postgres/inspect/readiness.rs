//! What a server says of itself and of tables just now, as far as it can slow a run down or stop it halfway. What follows
//! from it is decided elsewhere.

use postgres::{GenericClient, Row};

use crate::engine::Fault;
use crate::engine::postgres::fault::fault;

/// Whether something can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It can.
    Possible,
    /// The server is a standby.
    Standby,
    /// Transactions of the role are read only.
    ReadOnly,
}

/// Whether the server and the role let something be written.
///
/// # Errors
/// The server cannot be asked, as everywhere in this file.
pub fn writes(client: &mut impl GenericClient) -> Result<Writes, Fault> {
    const WRITES: &str = "
        select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on' or exists (
            select from pg_catalog.pg_settings where name = 'default_transaction_read_only' and reset_val = 'on')";
    one(client, WRITES, |row| match (row.get(0), row.get(1)) {
        (true, _) => Writes::Standby,
        (false, true) => Writes::ReadOnly,
        (false, false) => Writes::Possible,
    })
}

/// A table that the role does not own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotOwned {
    /// The table.
    pub oid: u32,
    /// Its owner.
    pub owner: String,
    /// The role.
    pub role: String,
}

/// Those of these tables that the role does not own.
pub fn not_owned(client: &mut impl GenericClient, oids: &[u32]) -> Result<Vec<NotOwned>, Fault> {
    const NOT_OWNED: &str = "
        select c.oid, pg_get_userbyid(c.relowner)::text, current_user::text
        from pg_catalog.pg_class c where c.oid = any($1) and not pg_has_role(c.relowner, 'USAGE')";
    let rows = client.query(NOT_OWNED, &[&oids]).map_err(|error| fault(&error))?;
    Ok(read(&rows, |row| NotOwned { oid: row.get(0), owner: row.get(1), role: row.get(2) }))
}

/// Those of these schemas in which the role may not create anything, each with the role.
pub fn closed_schemas(client: &mut impl GenericClient, schemas: &[String]) -> Result<Vec<(String, String)>, Fault> {
    const CLOSED: &str = "
        select n.nspname::text, current_user::text from pg_catalog.pg_namespace n
        where n.nspname = any($1) and not has_schema_privilege(n.oid, 'CREATE') order by 1";
    let rows = client.query(CLOSED, &[&schemas]).map_err(|error| fault(&error))?;
    Ok(read(&rows, |row| (row.get(0), row.get(1))))
}

/// What the role may do with the schema that runs are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSchema {
    /// The role.
    pub role: String,
    /// The database.
    pub database: String,
    /// It may use the schema, or create it.
    pub is_allowed: bool,
    /// The schema is there.
    pub exists: bool,
}

/// What the role may do with the schema that runs are kept in.
pub fn own_schema(client: &mut impl GenericClient) -> Result<OwnSchema, Fault> {
    const OWN: &str = "
        select current_user::text, current_database()::text,
               case when exists (select from pg_catalog.pg_namespace where nspname = 'miglab')
               then has_schema_privilege('miglab', 'CREATE') and has_schema_privilege('miglab', 'USAGE')
               else has_database_privilege(current_database(), 'CREATE') end,
               exists (select from pg_catalog.pg_namespace where nspname = 'miglab')";
    one(client, OWN, |row| OwnSchema {
        role: row.get(0),
        database: row.get(1),
        is_allowed: row.get(2),
        exists: row.get(3),
    })
}

/// The role, and whether it passes by row-level security.
pub fn row_security(client: &mut impl GenericClient) -> Result<(String, bool), Fault> {
    const ROLE: &str = "
        select r.rolname::text, r.rolsuper or r.rolbypassrls from pg_catalog.pg_roles r where r.rolname = current_user";
    one(client, ROLE, |row| (row.get(0), row.get(1)))
}

/// What a table inherits from, and what inherits from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inheritance {
    /// The table.
    pub oid: u32,
    /// It is a partition.
    pub is_partition: bool,
    /// One that it inherits from.
    pub parent: Option<String>,
    /// One that inherits from it.
    pub child: Option<String>,
}

/// What these tables inherit from, and what inherits from them; partitioned ones are left out.
pub fn inheritance(client: &mut impl GenericClient, oids: &[u32]) -> Result<Vec<Inheritance>, Fault> {
    const INHERITANCE: &str = "
        select c.oid, c.relispartition,
               (select p.inhparent::regclass::text from pg_catalog.pg_inherits p where p.inhrelid = c.oid limit 1),
               (select h.inhrelid::regclass::text from pg_catalog.pg_inherits h where h.inhparent = c.oid limit 1)
        from pg_catalog.pg_class c where c.oid = any($1) and c.relkind = 'r'";
    let rows = client.query(INHERITANCE, &[&oids]).map_err(|error| fault(&error))?;
    Ok(read(&rows, |row| Inheritance {
        oid: row.get(0),
        is_partition: row.get(1),
        parent: row.get(2),
        child: row.get(3),
    }))
}

/// Connections that are left for roles that are no superusers.
pub fn free_connections(client: &mut impl GenericClient) -> Result<i64, Fault> {
    const FREE: &str = "
        select current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8
               - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend')";
    one(client, FREE, |row| row.get(0))
}

/// Replication slots that nobody uses, each with how much WAL it holds back.
pub fn idle_slots(client: &mut impl GenericClient) -> Result<Vec<(String, String)>, Fault> {
    const SLOTS: &str = "
        select slot_name::text,
               coalesce(pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 'nothing')
        from pg_catalog.pg_replication_slots where not active and not pg_is_in_recovery() order by 1";
    all(client, SLOTS, |row| (row.get(0), row.get(1)))
}

/// A transaction that is prepared and neither committed nor rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedTransaction {
    /// Its name.
    pub gid: String,
    /// Who has prepared it.
    pub owner: String,
    /// Since when it has been open.
    pub since: String,
}

/// The prepared transactions of this database.
pub fn prepared_transactions(client: &mut impl GenericClient) -> Result<Vec<PreparedTransaction>, Fault> {
    const PREPARED: &str = "
        select gid, owner::text, prepared::text from pg_catalog.pg_prepared_xacts
        where database = current_database() order by 1";
    all(client, PREPARED, |row| PreparedTransaction { gid: row.get(0), owner: row.get(1), since: row.get(2) })
}

/// A transaction that has run for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongTransaction {
    /// Its session.
    pub pid: i32,
    /// The application, or else the user.
    pub who: String,
    /// For how long, in seconds.
    pub seconds: u64,
    /// What the session does.
    pub state: String,
    /// The beginning of its last statement.
    pub query: String,
}

/// The transactions of this database that have run for longer than so many milliseconds, the longest first.
pub fn long_transactions(client: &mut impl GenericClient, longer_than_ms: u32) -> Result<Vec<LongTransaction>, Fault> {
    const LONG: &str = "
        select pid, coalesce(nullif(application_name, ''), usename, '?')::text,
               extract(epoch from clock_timestamp() - xact_start)::int8, coalesce(state, '')::text,
               left(regexp_replace(coalesce(query, ''), '\\s+', ' ', 'g'), 60)
        from pg_catalog.pg_stat_activity
        where xact_start < clock_timestamp() - $1 * interval '1 ms' and pid <> pg_backend_pid()
              and datname = current_database() and backend_type = 'client backend' order by xact_start";
    let rows = client.query(LONG, &[&f64::from(longer_than_ms)]).map_err(|error| fault(&error))?;
    Ok(read(&rows, |row| LongTransaction {
        pid: row.get(0),
        who: row.get(1),
        seconds: u64::try_from(row.get::<_, i64>(2)).unwrap_or_default(),
        state: row.get(3),
        query: row.get(4),
    }))
}

/// The event triggers that are on, each with its event.
pub fn event_triggers(client: &mut impl GenericClient) -> Result<Vec<(String, String)>, Fault> {
    const TRIGGERS: &str =
        "select evtname::text, evtevent::text from pg_catalog.pg_event_trigger where evtenabled <> 'D' order by 1";
    all(client, TRIGGERS, |row| (row.get(0), row.get(1)))
}

/// Triggers of others that may change rows of these tables as they are written, each with its table.
pub fn row_triggers(client: &mut impl GenericClient, oids: &[u32]) -> Result<Vec<(String, String)>, Fault> {
    const TRIGGERS: &str = "
        select tgname::text, tgrelid::regclass::text from pg_catalog.pg_trigger
        where tgrelid = any ($1) and not tgisinternal and tgenabled <> 'D'
              and tgname not like 'zzz\\_miglab\\_%' and tgtype & 3 = 3 and tgtype & 20 <> 0 order by 2, 1";
    let rows = client.query(TRIGGERS, &[&oids]).map_err(|error| fault(&error))?;
    Ok(read(&rows, |row| (row.get(0), row.get(1))))
}

/// A table that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// The publications.
    pub publications: String,
}

/// All tables that are published.
pub fn published(client: &mut impl GenericClient) -> Result<Vec<Published>, Fault> {
    const PUBLISHED: &str = "
        select schemaname::text, tablename::text, string_agg(pubname::text, ', ' order by pubname)
        from pg_catalog.pg_publication_tables group by 1, 2 order by 2, 1";
    all(client, PUBLISHED, |row| Published { schema: row.get(0), table: row.get(1), publications: row.get(2) })
}

fn one<T>(client: &mut impl GenericClient, query: &str, read: impl Fn(&Row) -> T) -> Result<T, Fault> {
    client.query_one(query, &[]).map(|row| read(&row)).map_err(|error| fault(&error))
}

fn all<T>(client: &mut impl GenericClient, query: &str, of: impl Fn(&Row) -> T) -> Result<Vec<T>, Fault> {
    client.query(query, &[]).map(|rows| read(&rows, of)).map_err(|error| fault(&error))
}

fn read<T>(rows: &[Row], of: impl Fn(&Row) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
