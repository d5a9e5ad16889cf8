//! Indexes built and dropped while their table is used.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;

use super::attended::attended;
use super::blockers::{self, Blocker};
use super::failure::Failure;
use super::patience::{Patience, interrupted};
use super::scan::server_at_work;
use crate::engine::postgres::operation::Lock;
use crate::engine::postgres::session::{APPLICATION_NAME, Session};
use crate::engine::{BatchDone, Fault, FaultKind, Happening, Help, Watch, WayOn};

/// How often an index is begun that others keep from being built.
const TRIES: u32 = 5;

/// How long it is tried to remove what is left of an index that was not built.
const CLEANING_UP: &str = "5s";

/// An index to be built.
pub(super) struct Building<'a> {
    /// Its name, quoted and with its schema.
    pub(super) index: &'a str,
    /// The statement.
    pub(super) create: &'a str,
    /// The table is the one that is locked.
    pub(super) locks: &'a [Lock],
}

/// What there is under the name of an index.
enum IndexState {
    Absent,
    Valid,
    /// It is not finished, and nobody is at it.
    Invalid,
    /// Another session builds it.
    InWork(i32),
    /// It belongs to that other table.
    Elsewhere(String),
}

fn drop_statement(index: &str) -> String {
    format!("drop index concurrently if exists {index}")
}

/// A quoted name as people write it.
fn shown(name: &str) -> String {
    name.replace('"', "")
}

/// Builds an index; one that is there and valid is left as it is.
pub(super) fn build(session: &mut Session, building: &Building<'_>, watch: Watch<'_>) -> Result<(), Fault> {
    let mut tries = 0;
    loop {
        match state(session.client(), building)? {
            IndexState::Valid => return Ok(()),
            IndexState::Elsewhere(table) => return Err(taken(building.index, &table)),
            IndexState::InWork(pid) => wait_for_builder(session, building, pid, watch)?,
            IndexState::Invalid => remove(session, building.index, watch)?,
            IndexState::Absent => match create(session, building, watch) {
                Ok(()) => return Ok(()),
                Err(failure) if tries < TRIES && may_pass(&failure) => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(session.limits().retry_ms.into()) * tries);
                }
                Err(failure) => return Err(cleaned_up(session, building, failure)),
            },
        }
    }
}

/// Whether it may go well another time.
fn may_pass(failure: &Failure) -> bool {
    failure.is_for_a_lock() && !matches!(failure, Failure::Record(_)) || failure.is_a_cancellation()
}

const STATE: &str =
    "select i.indisvalid and i.indisready and i.indislive, i.indrelid = to_regclass($2), i.indrelid::regclass::text,
         (select p.pid from pg_catalog.pg_stat_progress_create_index p
          where p.index_relid = i.indexrelid and p.pid <> pg_backend_pid() limit 1)
     from pg_catalog.pg_index i where i.indexrelid = to_regclass($1)";

fn state(client: &mut Client, building: &Building<'_>) -> Result<IndexState, Fault> {
    let table = building.locks.first().map(|lock| lock.relation.as_str());
    let ask = |client: &mut Client| {
        let Some(row) = client.query_opt(STATE, &[&building.index, &table])? else { return Ok(IndexState::Absent) };
        if row.try_get::<_, Option<bool>>(1)? == Some(false) {
            return Ok(IndexState::Elsewhere(row.try_get(2)?));
        }
        Ok(match (row.try_get(0)?, row.try_get(3)?) {
            (true, _) => IndexState::Valid,
            (false, Some(pid)) => IndexState::InWork(pid),
            (false, None) => IndexState::Invalid,
        })
    };
    ask(client).map_err(|error: postgres::Error| Failure::from(error).fault())
}

fn taken(index: &str, table: &str) -> Fault {
    let (index, table) = (shown(index), shown(table));
    Fault::new(FaultKind::Missing, format!("there is already an index `{index}`, on table `{table}`"))
        .with_help("give the new one another name, or rename the old one")
}

fn create(session: &mut Session, building: &Building<'_>, watch: Watch<'_>) -> Result<(), Failure> {
    concurrently(session, building.create, &format!("the index `{}`", shown(building.index)), watch)
}

/// Drops an index concurrently, if it is there.
pub(super) fn remove(session: &mut Session, index: &str, watch: Watch<'_>) -> Result<(), Fault> {
    let what = format!("the end of index `{}`", shown(index));
    concurrently(session, &drop_statement(index), &what, watch).map_err(Failure::fault)
}

/// Does a statement outside a transaction, and tells how far it is and whom it waits for. It waits for them without
/// keeping applications waiting, but not for ever.
fn concurrently(session: &mut Session, statement: &str, what: &str, watch: Watch<'_>) -> Result<(), Failure> {
    let began = Instant::now();
    let pid: i32 = session.client().query_one("select pg_backend_pid()", &[])?.try_get(0)?;
    let (address, token, limits) = (session.address().clone(), session.client().cancel_token(), session.limits());
    let mut onlooker = None;
    let mut waits: Option<Patience> = None;
    let look = || {
        // Without a second connection the statement goes on unwatched.
        onlooker = onlooker.take().or_else(|| address.connect(APPLICATION_NAME).ok());
        let seen = onlooker.as_mut().and_then(|client| seen(client, pid).ok());
        match seen {
            Some(Seen { blockers, .. }) if !blockers.is_empty() => {
                let patience = waits.get_or_insert_with(|| Patience::new(what.to_owned(), limits));
                if patience.is_over() {
                    return ControlFlow::Break(patience.exhausted(&blockers));
                }
                patience.tell(&blockers, watch)
            }
            seen => {
                waits = None;
                let done = seen.and_then(|seen| seen.done).map(Happening::Batch);
                match watch(done.unwrap_or_else(|| Happening::Waiting(server_at_work(began)))) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(interrupted()),
                }
            }
        }
        .map_or_else(ControlFlow::Break, ControlFlow::Continue)
    };
    let client = session.client();
    let (result, broken_off) = attended(&address, &token, || client.batch_execute(statement), look);
    match (result, broken_off) {
        (Err(error), Some(fault)) if error.code() == Some(&SqlState::QUERY_CANCELED) => Err(fault.into()),
        (result, _) => Ok(result?),
    }
}

/// What another session sees of it.
struct Seen {
    blockers: Vec<Blocker>,
    done: Option<BatchDone>,
}

/// An index is built in two passes over the table; the second only checks what was written during the first.
const PROGRESS: &str = "select greatest(c.reltuples, 0)::int8,
         case when p.tuples_total > 0 then p.tuples_done::float8 / p.tuples_total
              when p.blocks_total > 0 then p.blocks_done::float8 / p.blocks_total else 0 end
     from pg_catalog.pg_stat_progress_create_index p join pg_catalog.pg_class c on c.oid = p.relid
     where p.pid = $1";

fn seen(client: &mut Client, pid: i32) -> Result<Seen, postgres::Error> {
    let blockers = blockers::of_session(client, pid)?;
    let Some(row) = client.query_opt(PROGRESS, &[&pid])? else { return Ok(Seen { blockers, done: None }) };
    let (rows, share): (i64, f64) = (row.try_get(0)?, row.try_get(1)?);
    let rows_total = u64::try_from(rows).unwrap_or_default();
    // The share lies between nought and one, the rows are an estimate.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rows_done = (rows_total as f64 * share) as u64;
    Ok(Seen { blockers, done: Some(BatchDone { rows_done: rows_done.min(rows_total), rows_total }) })
}

/// Another session builds the same index, perhaps for a run that was killed: its work is not thrown away.
fn wait_for_builder(session: &mut Session, building: &Building<'_>, pid: i32, watch: Watch<'_>) -> Result<(), Fault> {
    let what = format!("pid {pid}, which builds index `{}`", shown(building.index));
    let mut patience = Patience::new(what, session.limits());
    while matches!(state(session.client(), building)?, IndexState::InWork(_)) {
        patience.tell(&[], watch)?;
        std::thread::sleep(patience.pause());
    }
    Ok(())
}

/// Removes what is left of an index that was not built, in a short time, and says so where that is not possible.
fn cleaned_up(session: &mut Session, building: &Building<'_>, failure: Failure) -> Fault {
    let fault = failure.fault();
    if fault.kind == FaultKind::Connection {
        return fault;
    }
    let drop = drop_statement(building.index);
    let client = session.client();
    let limited = |client: &mut Client| {
        client.batch_execute(&format!("set statement_timeout = '{CLEANING_UP}'"))?;
        let dropped = client.batch_execute(&drop);
        client.batch_execute("set statement_timeout = 0")?;
        dropped
    };
    let left = matches!(state(client, building), Ok(IndexState::Invalid)) && limited(client).is_err();
    if !left {
        return fault;
    }
    let message = fault.message.replace("; the statement was undone", "");
    let by_hand = format!(" removes what is left of the index, or `{drop}` does");
    Fault {
        message: format!("{message}; index `{}` is left invalid", shown(building.index)),
        help: Some(Help::naming("the next ", WayOn::Resume, &by_hand)),
        kind: fault.kind,
    }
}
