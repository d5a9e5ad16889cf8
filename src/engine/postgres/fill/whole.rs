//! A last look at a whole table, in one statement.

use std::time::{Duration, Instant};

use super::batch::{self, BatchOutcome};
use super::shared::stopped;
use super::{FillId, batch_sql};
use crate::engine::postgres::operation::RowsWork;
use crate::engine::postgres::session::Session;
use crate::engine::{Fault, Happening, Waiting, Watch};

/// How long it waits for a row, at first and at most.
const WAIT_MS: [u32; 2] = [4, 500];
const REST: Duration = Duration::from_millis(20);

/// Does the statement for the whole table. It changes the few rows that were missed, so it hinders nobody; where somebody
/// holds one of them it is tried again, with more patience each time.
///
/// # Errors
/// The server refuses; the run was taken over; `watch` stopped it.
pub fn look(session: &mut Session, work: &RowsWork, place: FillId<'_>, watch: Watch<'_>) -> Result<(), Fault> {
    let begin = Instant::now();
    let mut wait_ms = WAIT_MS[0];
    loop {
        let text = batch_sql::whole(work, place, wait_ms);
        match batch::whole(session.client(), &text)? {
            BatchOutcome::Done(()) => return Ok(()),
            BatchOutcome::Refused(fault) => return Err(fault),
            BatchOutcome::Held | BatchOutcome::GaveWay => {}
        }
        let what = format!("a row of table {}", work.relation);
        let waited_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        if watch(Happening::Waiting(Waiting { what, blockers: Vec::new(), waited_ms })).is_break() {
            return Err(stopped());
        }
        wait_ms = (wait_ms * 2).min(WAIT_MS[1]);
        std::thread::sleep(REST);
    }
}
