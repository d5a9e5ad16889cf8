//! Work done so that no application has to wait for it.

mod attended;
mod blockers;
mod ddl;
mod failure;
mod index;
mod patience;
mod scan;
mod tables;

use postgres::{Client, Transaction};

use self::failure::Failure;
use super::operation::{Lock, LockMode, Work};
use super::session::Session;
use crate::engine::{Fault, FaultKind, Watch};

/// What is written down about work, in the transaction that does it. It is called again when a transaction is tried again.
pub type Record<'a> = &'a mut dyn FnMut(&mut Transaction<'_>) -> Result<(), Fault>;

/// Does work, any but [`Work::Rows`], and calls `record` in the same transaction; for work outside a transaction, in one
/// right after it. Gives the number of rows where the work is about rows.
///
/// For statements of DDL, `record` is called before them, so that their locks are held for nothing but themselves. When
/// this returns, what was done is as durable as any commit of the session.
///
/// # Errors
/// It cannot be done, or was stopped; then nothing of it is left, and nothing recorded. An index that could not be removed
/// may be left, invalid; the message says so.
pub fn perform(
    session: &mut Session,
    work: &Work,
    locks: &[Lock],
    record: Record<'_>,
    watch: Watch<'_>,
) -> Result<Option<u64>, Fault> {
    match work {
        Work::Nothing => recorded(session.client(), record)?,
        Work::Ddl(statements) => ddl::perform(session, statements, locks, record, watch)?,
        Work::Scan(statement) => scan::perform(session, statement, locks, record, watch)?,
        Work::ScanIfItHolds { scan, then } => scan_if_it_holds(session, (scan, then), locks, record, watch)?,
        Work::BuildIndex { index, create } => {
            index::build(session, &index::Building { index, create, locks }, watch)?;
            recorded(session.client(), record)?;
        }
        Work::DropIndex { index } => {
            index::remove(session, index, watch)?;
            recorded(session.client(), record)?;
        }
        Work::Verify { query, message } => scan::gate(session, query, message, record, watch)?,
        Work::Rows(_) => return Err(Fault::new(FaultKind::Server, "rows are filled in batches, not as one piece")),
    }
    Ok(None)
}

/// Validates a constraint and does what comes after it; where rows are in the way, that is left out.
fn scan_if_it_holds(
    session: &mut Session,
    (scan, then): (&str, &[String]),
    locks: &[Lock],
    record: Record<'_>,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let weaker = |lock: &Lock| Lock { mode: lock.mode.min(LockMode::ShareUpdateExclusive), ..lock.clone() };
    let weaker: Vec<Lock> = locks.iter().map(weaker).collect();
    match scan::perform(session, scan, &weaker, &mut |_| Ok(()), watch) {
        Ok(()) => ddl::perform(session, then, locks, record, watch),
        Err(fault) if matches!(fault.kind, FaultKind::Check | FaultKind::ForeignKey) => {
            recorded(session.client(), record)
        }
        Err(fault) => Err(fault),
    }
}

/// Records work in a transaction of its own.
fn recorded(client: &mut Client, record: Record<'_>) -> Result<(), Fault> {
    let mut record_and_commit = || {
        let mut transaction = client.transaction()?;
        record(&mut transaction)?;
        Ok(transaction.commit()?)
    };
    record_and_commit().map_err(|failure: Failure| failure.fault())
}
