//! A statement over the rows of a table, range by range, while applications use it.
//!
//! [`split`] splits the table into ranges, which are recorded at once; workers take them one after another and go over
//! them in batches, each one message to the server and one short transaction that moves the range's cursor too.

mod batch;
mod batch_sql;
mod crew;
mod key;
mod options;
mod pace;
mod pressure;
mod range;
mod shared;
mod split;
mod vacuum;
mod whole;
mod worker;

pub use options::{FillId, Options};

use self::crew::FillProgress;
use self::range::Range;
use self::shared::Shared;
use super::fault::fault;
use super::operation::RowsWork;
use super::session::Session;
use crate::engine::{BatchDone, Fault, Happening, Watch};

/// Does the work, or what is left of it: it goes on from the ranges that the table `miglab.range` holds for this place.
/// Gives the rows that were changed, those before a resumption included.
///
/// In the end the whole table is looked at once, since an application may give a row another key meanwhile. The statement
/// may meet a row more than once, and must leave one alone that it has treated.
///
/// # Errors
/// The server refuses a batch, or is lost; `watch` stopped it; or another run has taken this one over. What is done
/// stays done, and is recorded.
pub fn run(
    session: &mut Session,
    work: &RowsWork,
    place: FillId<'_>,
    options: &Options,
    watch: Watch<'_>,
) -> Result<u64, Fault> {
    let estimate = split::estimate(session.client(), &work.relation)?;
    let ranges = ranges(session, work, place, options, estimate)?;
    let fill = Fill { work, place, options };
    let mut progress = fill.progress(session, &ranges, estimate)?;
    if ranges.is_empty() {
        return Ok(0);
    }
    fill.go_over(session, ranges.clone(), &mut progress, watch)?;
    if work.key.is_empty() {
        fill.look_again(session, ranges, &mut progress, watch)?;
    } else {
        whole::look(session, work, place, watch)?;
    }
    let changed = range::sum(session.client(), place)?;
    let rows = progress.done;
    // All of it is done: whether somebody wants to stop now is for the caller to ask.
    let _ = watch(Happening::Batch(BatchDone { rows_done: rows, rows_total: rows }));
    Ok(changed)
}

/// The ranges that are recorded, or new ones.
fn ranges(
    session: &mut Session,
    work: &RowsWork,
    place: FillId<'_>,
    options: &Options,
    estimate: u64,
) -> Result<Vec<Range>, Fault> {
    let mut transaction = session.client().transaction().map_err(|error| fault(&error))?;
    let mut ranges = range::take_over(&mut transaction, place)?;
    if ranges.is_empty() {
        ranges = split::ranges(&mut transaction, work, options.workers(), estimate)?;
        range::record(&mut transaction, place, &ranges)?;
    }
    transaction.commit().map_err(|error| fault(&error))?;
    Ok(ranges)
}

/// A fill that has begun.
#[derive(Clone, Copy)]
struct Fill<'a> {
    work: &'a RowsWork,
    place: FillId<'a>,
    options: &'a Options,
}

impl Fill<'_> {
    fn progress(self, session: &mut Session, ranges: &[Range], estimate: u64) -> Result<FillProgress, Fault> {
        let done: u64 = ranges.iter().map(|range| range.rows).sum();
        let total = estimate.max(done).max(1);
        if !self.work.key.is_empty() {
            return Ok(FillProgress { done, total, weight: 1.0 });
        }
        let blocks = split::blocks(session.client(), &self.work.relation)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        Ok(FillProgress { done, total, weight: total as f64 / blocks.max(1) as f64 })
    }

    fn go_over(
        self,
        session: &mut Session,
        ranges: Vec<Range>,
        progress: &mut FillProgress,
        watch: Watch<'_>,
    ) -> Result<(), Fault> {
        let left: Vec<Range> = ranges.into_iter().filter(|range| !range.done).collect();
        let workers = self.options.workers().min(left.len());
        if workers == 0 {
            return Ok(());
        }
        let shared = Shared::new(self.work, self.place, self.options, session, left);
        crew::work(&shared, workers, session, progress, watch)
    }

    /// A row that an application updates may move to a block that was done already. So what the table has grown by is
    /// processed until it stops growing, and then one statement looks at the whole table: that sees each row that
    /// there was when it began, wherever it has moved since.
    fn look_again(
        self,
        session: &mut Session,
        mut ranges: Vec<Range>,
        progress: &mut FillProgress,
        watch: Watch<'_>,
    ) -> Result<(), Fault> {
        loop {
            let done = ranges.iter().map(batch_sql::last_block).max().unwrap_or(0);
            let blocks = split::blocks(session.client(), &self.work.relation)?;
            if blocks <= done {
                return whole::look(session, self.work, self.place, watch);
            }
            let part = i32::try_from(ranges.len()).unwrap_or(i32::MAX);
            let tail = Range::new(part, Some(vec![done.to_string()]), vec![blocks.to_string()]);
            let mut transaction = session.client().transaction().map_err(|error| fault(&error))?;
            range::record(&mut transaction, self.place, std::slice::from_ref(&tail))?;
            transaction.commit().map_err(|error| fault(&error))?;
            self.go_over(session, vec![tail.clone()], progress, watch)?;
            ranges.push(tail);
        }
    }
}
