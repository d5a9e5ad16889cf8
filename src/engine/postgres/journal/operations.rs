//! The operations of the statements of a run: planned before the first of a statement begins, so that a process that goes
//! on does what was planned, whatever the database looks like in the middle of it.

use postgres::{GenericClient, Row};
use serde::Deserialize;

use crate::engine::postgres::fault::fault;
use crate::engine::postgres::journal::Fence;
use crate::engine::postgres::journal::record::{fenced, number};
use crate::engine::postgres::{Lock, LockMode, Operation, Work};
use crate::engine::{Fault, FaultKind};

/// An operation, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOperation {
    /// Its place in its statement, from 0.
    pub op: usize,
    /// What it is, in words.
    pub title: String,
    /// What is done.
    pub work: Work,
    /// The locks that it takes.
    pub locks: Vec<Lock>,
    /// What undoes it.
    pub undo: Vec<Work>,
    /// What removes what it keeps for that.
    pub purge: Vec<Work>,
    /// How far it has come.
    pub state: OperationState,
    /// How much of `undo` is done.
    pub undone: usize,
    /// How much of `purge` is done.
    pub purged: usize,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// Nothing of it is done.
    Planned,
    /// Something of it may be done.
    Begun,
    /// It is done.
    Done,
}

/// [`Lock`], which is only ever written elsewhere.
#[derive(Deserialize)]
struct KeptLock {
    relation: String,
    mode: LockMode,
}

/// Writes down what a statement will do.
///
/// # Errors
/// The server refused.
pub fn plan(
    client: &mut impl GenericClient,
    fence: &Fence,
    step: usize,
    operations: &[Operation],
) -> Result<(), Fault> {
    let insert = "insert into miglab.operation (run_id, step, op, title, work, locks, undo, purge)
                  values ($1, $2, $3, $4, $5, $6, $7, $8)";
    for (op, operation) in operations.iter().enumerate() {
        let (work, locks) = (json(&operation.work)?, json(&operation.locks)?);
        let (undo, purge) = (json(&operation.undo)?, json(&operation.purge)?);
        client
            .execute(insert, &[&fence.run, &number(step), &number(op), &operation.title, &work, &locks, &undo, &purge])
            .map_err(|error| fault(&error))?;
    }
    Ok(())
}

/// The operations of a statement, in order.
///
/// # Errors
/// The server was not asked, or what it keeps cannot be read.
pub fn of_step(client: &mut impl GenericClient, run: i64, step: usize) -> Result<Vec<KeptOperation>, Fault> {
    let query = "select op, title, work, locks, undo, purge, state, undone, purged from miglab.operation
                 where run_id = $1 and step = $2 order by op";
    let rows = client.query(query, &[&run, &number(step)]).map_err(|error| fault(&error))?;
    rows.iter().map(kept).collect()
}

/// Whether something of a statement may be done, though not all of it.
///
/// # Errors
/// The server was not asked, or what it keeps cannot be read.
pub fn has_begun(client: &mut impl GenericClient, run: i64, step: usize) -> Result<bool, Fault> {
    Ok(of_step(client, run, step)?.iter().any(|kept| kept.state != OperationState::Planned))
}

fn kept(row: &Row) -> Result<KeptOperation, Fault> {
    let locks: Vec<KeptLock> = parse(row.get(3))?;
    let count = |at: usize| usize::try_from(row.get::<_, i32>(at)).unwrap_or(0);
    Ok(KeptOperation {
        op: count(0),
        title: row.get(1),
        work: parse(row.get(2))?,
        locks: locks.into_iter().map(|KeptLock { relation, mode }| Lock { relation, mode }).collect(),
        undo: parse(row.get(4))?,
        purge: parse(row.get(5))?,
        state: match row.get::<_, &str>(6) {
            "planned" => OperationState::Planned,
            "done" => OperationState::Done,
            _ => OperationState::Begun,
        },
        undone: count(7),
        purged: count(8),
    })
}

/// An operation that does not fit into one transaction begins.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn begin(client: &mut impl GenericClient, fence: &Fence, step: usize, op: usize) -> Result<(), Fault> {
    set(client, fence, step, op, "state = 'begun'")
}

/// An operation is done.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn done(client: &mut impl GenericClient, fence: &Fence, step: usize, op: usize) -> Result<(), Fault> {
    set(client, fence, step, op, "state = 'done', at = clock_timestamp()")
}

/// So much of what undoes an operation is done.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn undone(
    client: &mut impl GenericClient,
    fence: &Fence,
    place: (usize, usize),
    works: usize,
) -> Result<(), Fault> {
    set(client, fence, place.0, place.1, &format!("undone = {works}"))
}

/// So much of what removes what an operation keeps is done.
///
/// # Errors
/// The run was taken over, or the server refused.
pub fn purged(
    client: &mut impl GenericClient,
    fence: &Fence,
    place: (usize, usize),
    works: usize,
) -> Result<(), Fault> {
    set(client, fence, place.0, place.1, &format!("purged = {works}"))
}

fn set(client: &mut impl GenericClient, fence: &Fence, step: usize, op: usize, what: &str) -> Result<(), Fault> {
    let update = format!(
        "update miglab.operation set {what} where run_id = $1 and step = $3 and op = $4
         and exists (select from miglab.run where id = $1 and owner = $2 for update)"
    );
    fenced(client, &update, &[&fence.run, &fence.owner, &number(step), &number(op)])
}

/// Forgets the operations of a statement that is undone, or none of which has begun.
///
/// # Errors
/// The server refused.
pub fn forget(client: &mut impl GenericClient, fence: &Fence, step: usize) -> Result<(), Fault> {
    for table in ["range", "operation"] {
        let delete = format!("delete from miglab.{table} where run_id = $1 and step = $2");
        client.execute(&delete, &[&fence.run, &number(step)]).map_err(|error| fault(&error))?;
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| unreadable(&error))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Fault {
    Fault::new(FaultKind::Server, format!("the record of an operation in schema `miglab` cannot be read: {error}"))
        .with_help("was it changed by hand? restore it, or undo the migration by hand")
}
