//! Statements and queries that look at many rows, and hinder nobody meanwhile.

use std::time::Instant;

use postgres::Transaction;

use super::attended::attended;
use super::failure::Failure;
use super::patience::{interrupted, until_locked};
use super::tables::{self, Locked};
use super::{Record, ddl};
use crate::engine::postgres::operation::Lock;
use crate::engine::postgres::session::Session;
use crate::engine::{Fault, FaultKind, Happening, Waiting, Watch};

/// Does a statement: its locks are tried for as those of DDL, then it may take its time.
pub(super) fn perform(
    session: &mut Session,
    statement: &str,
    locks: &[Lock],
    record: Record<'_>,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let tables = tables::existing(session.client(), locks).map_err(|error| Failure::from(error).fault())?;
    let preparation = preparation(session, &tables);
    until_locked(session, &tables, watch, |session, watch| {
        looked_after(session, watch, record, |transaction| {
            transaction.batch_execute(&preparation)?;
            Ok(transaction.batch_execute(statement)?)
        })
    })
}

/// Takes the locks. Where that was possible for all of them, nothing else is worth a timeout.
fn preparation(session: &Session, tables: &[Locked]) -> String {
    let afterwards = if tables.iter().all(|table| table.lockable) { "set local lock_timeout = 0;\n" } else { "" };
    format!("{}{}{afterwards}", ddl::limits(session, tables), tables::lock_statements(tables))
}

/// Refuses to go on where the query gives a row.
pub(super) fn gate(
    session: &mut Session,
    query: &str,
    message: &str,
    record: Record<'_>,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let passed = looked_after(session, watch, record, |transaction| match first_text(transaction, query)? {
        None => Ok(()),
        Some(row) => Err(Fault::new(FaultKind::Check, format!("{message} {row}")).into()),
    });
    passed.map_err(Failure::fault)
}

/// The first text that a query gives.
fn first_text(transaction: &mut Transaction<'_>, query: &str) -> Result<Option<String>, Failure> {
    let statement = transaction.prepare(query)?;
    let portal = transaction.bind(&statement, &[])?;
    let rows = transaction.query_portal(&portal, 1)?;
    match rows.first() {
        None => Ok(None),
        Some(row) => Ok(Some(row.try_get::<_, Option<String>>(0)?.unwrap_or_default())),
    }
}

/// Works and records in a transaction, and stops when the watcher says so.
fn looked_after(
    session: &mut Session,
    watch: Watch<'_>,
    record: Record<'_>,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    let (address, token) = (session.address().clone(), session.client().cancel_token());
    let mut transaction = session.client().transaction()?;
    let began = Instant::now();
    let look = || watch(Happening::Waiting(server_at_work(began)));
    let (result, stopped) = attended(&address, &token, || work(&mut transaction), look);
    match (result, stopped) {
        (Err(failure), Some(())) if failure.is_a_cancellation() => return Err(interrupted().into()),
        (result, _) => result?,
    }
    record(&mut transaction)?;
    Ok(transaction.commit()?)
}

/// There is nobody to wait for but the server itself.
pub(super) fn server_at_work(began: Instant) -> Waiting {
    let waited_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Waiting { what: "the server, which is working on it".into(), blockers: Vec::new(), waited_ms }
}
