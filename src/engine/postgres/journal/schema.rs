//! The schema `miglab`, in which a database keeps what was done to it.

use postgres::{Client, GenericClient, Transaction};

use crate::engine::postgres::fault::fault;
use crate::engine::{Fault, FaultKind};

/// What takes the schema from each version to the next. What stands here is never changed, only added to: databases were
/// made by it.
const VERSIONS: &[&str] = &["
create table miglab.version (version integer not null);

create table miglab.run (
    id bigint generated always as identity primary key,
    name text not null,
    title text not null,
    script text not null,
    hash text not null,
    known text not null,
    options text not null,
    statements integer not null,
    status text not null default 'running',
    phase text,
    step integer not null default 0,
    stopped text,
    reason text,
    loses_writes boolean not null default false,
    owner text not null,
    host text not null,
    pid bigint not null,
    os_user text not null,
    role text not null default current_user,
    version text not null,
    started_at timestamptz not null default clock_timestamp(),
    step_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    purged_at timestamptz
);

create table miglab.operation (
    run_id bigint not null references miglab.run,
    step integer not null,
    op integer not null,
    title text not null,
    work text not null,
    locks text not null,
    undo text not null,
    purge text not null,
    state text not null default 'planned',
    undone integer not null default 0,
    purged integer not null default 0,
    at timestamptz not null default clock_timestamp(),
    primary key (run_id, step, op)
);

create table miglab.range (
    run_id bigint not null references miglab.run,
    step integer not null,
    op integer not null,
    part integer not null,
    after text[],
    last text[],
    done boolean not null default false,
    rows bigint not null default 0,
    owner text,
    primary key (run_id, step, op, part)
);

create table miglab.event (
    id bigint generated always as identity primary key,
    run_id bigint not null references miglab.run,
    at timestamptz not null default clock_timestamp(),
    state text not null,
    step integer,
    text text not null
);
create index on miglab.event (run_id, id);
"];

/// The version that this program works with.
fn newest() -> i32 {
    i32::try_from(VERSIONS.len()).unwrap_or(i32::MAX)
}

/// The version of the schema in a database; none where miglab never ran.
///
/// # Errors
/// The server was not asked, or the schema was made by a newer miglab.
pub fn version(client: &mut impl GenericClient) -> Result<Option<i32>, Fault> {
    let there = "select to_regclass('miglab.version') is not null";
    let there: bool = client.query_one(there, &[]).map_err(|error| fault(&error))?.get(0);
    if !there {
        return Ok(None);
    }
    let row = client.query_opt("select max(version) from miglab.version", &[]).map_err(|error| fault(&error))?;
    let version: Option<i32> = row.and_then(|row| row.get(0));
    match version {
        Some(version) if version > newest() => Err(too_new(version)),
        version => Ok(version),
    }
}

fn too_new(version: i32) -> Fault {
    let message = format!(
        "schema `miglab` of this database has version {version}, and this miglab knows versions up to {}",
        newest()
    );
    Fault::new(FaultKind::Server, message).with_help("use the newer miglab that has run here")
}

/// Makes the schema, or brings it to the version of this program; does nothing where it already exists. Whoever calls
/// this holds the lock of the run.
///
/// # Errors
/// The role may not, or the schema was made by a newer miglab.
pub fn install(client: &mut Client) -> Result<(), Fault> {
    let version = version(client)?.unwrap_or(0);
    if version == newest() {
        return Ok(());
    }
    let mut transaction = client.transaction().map_err(|error| fault(&error))?;
    let from = usize::try_from(version).unwrap_or(0);
    make_schema(&mut transaction)?;
    VERSIONS[from..].iter().try_for_each(|script| upgrade(&mut transaction, script))?;
    transaction.commit().map_err(|error| fault(&error))
}

/// `create schema if not exists` asks for the right to make one even where it exists.
fn make_schema(transaction: &mut Transaction<'_>) -> Result<(), Fault> {
    let there = "select to_regnamespace('miglab') is not null";
    let there: bool = transaction.query_one(there, &[]).map_err(|error| fault(&error))?.get(0);
    if there {
        return Ok(());
    }
    let make = "create schema miglab; \
                comment on schema miglab is 'kept by miglab: what it did to this database, and what undoes it'";
    transaction.batch_execute(make).map_err(|error| explained(fault(&error)))
}

fn upgrade(transaction: &mut Transaction<'_>, script: &str) -> Result<(), Fault> {
    let next = "insert into miglab.version select coalesce(max(version), 0) + 1 from miglab.version";
    transaction.batch_execute(script).map_err(|error| explained(fault(&error)))?;
    transaction.execute(next, &[]).map_err(|error| fault(&error))?;
    Ok(())
}

/// What a role lacks that may not make the schema.
fn explained(fault: Fault) -> Fault {
    if fault.kind != FaultKind::Privilege {
        return fault;
    }
    let message = format!("schema `miglab`, where a run is kept, cannot be created: {}", fault.message);
    Fault::new(FaultKind::Privilege, message)
        .with_help("grant the role `create` on the database, or let its owner `create schema miglab authorization …`")
}
