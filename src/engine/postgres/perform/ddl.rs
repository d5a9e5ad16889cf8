//! Statements that change tables: in one short transaction, which is given up and tried again when a lock is not free.

use postgres::Transaction;

use super::Record;
use super::failure::Failure;
use super::patience::until_locked;
use super::tables::{self, Locked};
use crate::engine::postgres::operation::Lock;
use crate::engine::postgres::session::Session;
use crate::engine::{Fault, Watch};

/// Does the statements of one transaction.
pub(super) fn perform(
    session: &mut Session,
    statements: &[String],
    locks: &[Lock],
    record: Record<'_>,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let tables = tables::existing(session.client(), locks).map_err(|error| Failure::from(error).fault())?;
    let script = script(session, &tables, statements);
    until_locked(session, &tables, watch, |session, _| attempt(session, &script, record))
}

/// Everything that happens under locks, the commit included, goes to the server in one piece: no lock is held while
/// something is on its way over the network, or while a commit is written to disk.
fn script(session: &Session, tables: &[Locked], statements: &[String]) -> String {
    let statements = statements.join(";\n");
    format!(
        "{}set local synchronous_commit = off;\n{}{statements};\ncommit;\nbegin",
        limits(session, tables),
        tables::lock_statements(tables)
    )
}

/// The settings of a transaction that must not keep others waiting. Where somebody stands in line for longer than
/// `deadlock_timeout`, an autovacuum in the way is sent off; so it lies below the lock timeout.
pub(super) fn limits(session: &Session, tables: &[Locked]) -> String {
    // Each lock has a timeout of its own, and those that are there already are held meanwhile.
    let shares = u32::try_from(tables.len().div_ceil(2)).unwrap_or(u32::MAX).max(1);
    let timeout_ms = (session.limits().lock_timeout_ms / shares).max(2);
    let deadlock = if session.sends_autovacuum_away() { "set local deadlock_timeout = 1;\n" } else { "" };
    format!("set local lock_timeout = {timeout_ms};\n{deadlock}")
}

/// The record comes first: what it waits for, and the way it travels, happens before any lock is held.
fn attempt(session: &mut Session, script: &str, record: Record<'_>) -> Result<(), Failure> {
    let mut transaction = session.client().transaction()?;
    record(&mut transaction)?;
    transaction.batch_execute(script)?;
    make_durable(transaction)
}

/// The commit was not waited for. This one is, and with it all that were written before it. The transaction is the one
/// that the script has begun at its end.
fn make_durable(mut transaction: Transaction<'_>) -> Result<(), Failure> {
    match transaction.batch_execute("select pg_catalog.pg_logical_emit_message(true, 'miglab', '')") {
        Ok(()) => Ok(transaction.commit()?),
        // A role may be forbidden to write such messages; the server writes the commit within three times
        // `wal_writer_delay` then.
        Err(error) if error.as_db_error().is_some() => Ok(transaction.rollback()?),
        Err(error) => Err(error.into()),
    }
}
