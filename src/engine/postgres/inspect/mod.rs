//! What a database says of its tables: asked of a running server, or read from a dump of its schema.

mod catalog;
mod dependents;
pub mod dump;
pub(crate) mod expression;
pub(crate) mod readiness;
pub(crate) mod round_trip;
pub(crate) mod rows;

use std::collections::BTreeMap;

use postgres::GenericClient;

use crate::ast::Name;
use crate::engine::Fault;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::relation::RelationConstraintKind;
use crate::engine::postgres::{Relation, Server};

/// What a database says of tables. Names are resolved along the `search_path`; what is missing, or is not a table,
/// is simply absent.
///
/// # Errors
/// The server cannot be asked.
pub fn inspect(client: &mut impl GenericClient, tables: &[Name]) -> Result<Server, Fault> {
    // Some of what is asked waits for a lock on the table, where somebody holds it for long.
    let patient = client.batch_execute("set lock_timeout = '5s'");
    let answer = patient.and_then(|()| ask(client, tables));
    // Where this fails the connection is lost, and the answer says so.
    let _ = client.batch_execute("set lock_timeout = 0");
    answer.map_err(|error| fault(&error))
}

/// The names of all tables that can be named without a schema, partitions left out.
///
/// # Errors
/// The server cannot be asked.
pub fn names(client: &mut impl GenericClient) -> Result<Vec<Name>, Fault> {
    let query = "select c.relname::text from pg_catalog.pg_class c
                 join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p') and not c.relispartition and pg_catalog.pg_table_is_visible(c.oid)
                 and n.nspname not in ('pg_catalog', 'information_schema', 'miglab') and n.nspname !~ '^pg_t'
                 order by 1";
    let rows = client.query(query, &[]).map_err(|error| fault(&error))?;
    Ok(rows.iter().map(|row| row.get::<_, String>(0).into()).collect())
}

/// The names of the tables that can be named without a schema, are not known yet, and that a foreign key links with those
/// that are.
///
/// # Errors
/// The server cannot be asked.
pub fn related(client: &mut impl GenericClient, server: &Server) -> Result<Vec<Name>, Fault> {
    let query = "select distinct c.relname::text from pg_catalog.pg_constraint k
                 join pg_catalog.pg_class c on c.oid in (k.conrelid, k.confrelid)
                 where k.contype = 'f' and (k.conrelid = any($1) or k.confrelid = any($1)) and c.oid <> all($1)
                 and c.relkind in ('r', 'p') and not c.relispartition and pg_catalog.pg_table_is_visible(c.oid)
                 order by 1";
    let oids: Vec<u32> = server.relations.values().map(|relation| relation.oid).collect();
    let rows = client.query(query, &[&oids]).map_err(|error| fault(&error))?;
    Ok(rows.iter().map(|row| row.get::<_, String>(0).into()).collect())
}

/// The schema and the name that a table has now; none if it was dropped.
///
/// # Errors
/// The server cannot be asked.
pub fn whereabouts(client: &mut impl GenericClient, oid: u32) -> Result<Option<(String, String)>, Fault> {
    let query = "select n.nspname::text, c.relname::text from pg_catalog.pg_class c
                 join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = $1";
    let row = client.query_opt(query, &[&oid]).map_err(|error| fault(&error))?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

fn ask(client: &mut impl GenericClient, tables: &[Name]) -> Result<Server, postgres::Error> {
    let mut server = server(client)?;
    let mut found = catalog::tables(client, tables)?;
    let oids: Vec<u32> = found.values().map(|relation| relation.oid).collect();
    if oids.is_empty() {
        return Ok(server);
    }
    let mut columns = catalog::columns(client, &oids)?;
    let mut constraints = catalog::constraints(client, &oids)?;
    let mut indexes = catalog::indexes(client, &oids)?;
    let mut partitions = catalog::partitions(client, &oids)?;
    let mut dependents = dependents::dependents(client, &oids)?;
    for relation in found.values_mut() {
        let oid = &relation.oid;
        relation.columns = columns.remove(oid).unwrap_or_default();
        relation.constraints = constraints.remove(oid).unwrap_or_default();
        relation.indexes = indexes.remove(oid).unwrap_or_default();
        relation.dependents = dependents.remove(oid).unwrap_or_default();
        if relation.partitions.is_some() {
            relation.partitions = Some(partitions.remove(oid).unwrap_or_default());
        }
    }
    server.relations = found;
    server.relations.values_mut().for_each(in_order);
    Ok(server)
}

/// What belongs to a table comes in the order of names, wherever it was read from.
fn in_order(relation: &mut Relation) {
    relation.constraints.sort_by(|one, other| one.name.cmp(&other.name));
    relation.indexes.sort_by(|one, other| one.name.cmp(&other.name));
    relation.dependents.sort_by(|one, other| (one.kind.word(), &one.name).cmp(&(other.kind.word(), &other.name)));
    relation.dependents.iter_mut().for_each(|dependent| dependent.columns.sort());
    for constraint in &mut relation.constraints {
        // The order in which a check names its columns is nobody's concern.
        if matches!(constraint.kind, RelationConstraintKind::Check(_)) {
            constraint.columns.sort();
        }
    }
    relation.indexes.iter_mut().for_each(|index| index.also_reads.sort());
    if let Some(partitions) = &mut relation.partitions {
        partitions.sort();
    }
}

/// Whether a role may set `deadlock_timeout`: superusers may, and from version 15 on those who were granted it.
const SERVER: &str = "
select current_setting('server_version_num')::int4,
       coalesce(current_schema(), '')::text,
       coalesce((select rolsuper from pg_catalog.pg_roles where rolname = current_user), false)";

const MAY_SET: &str = "select has_parameter_privilege('deadlock_timeout', 'SET')";

/// The first version that has `has_parameter_privilege`.
const GRANTS_PARAMETERS: u32 = 150_000;

fn server(client: &mut impl GenericClient) -> Result<Server, postgres::Error> {
    let row = client.query_one(SERVER, &[])?;
    let version = u32::try_from(row.get::<_, i32>(0)).unwrap_or(0);
    let is_superuser = row.get(2);
    let may_set = is_superuser || version >= GRANTS_PARAMETERS && client.query_one(MAY_SET, &[])?.get(0);
    Ok(Server { version, schema: row.get(1), sets_deadlock_timeout: may_set, run: 0, relations: BTreeMap::new() })
}
