//! A worker: it takes one range after another and goes through it, batch by batch.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use postgres::Client;

use super::batch::{self, BatchOutcome, BatchStep};
use super::batch_sql::{self, Batch};
use super::pace::Pace;
use super::range::Range;
use super::shared::{Backend, Messenger, News, Shared, stopped};
use super::split;
use crate::engine::postgres::fault::fault;
use crate::engine::{Fault, Waiting};

/// How long a batch waits for a row while it holds others.
const BRIEFLY_MS: u32 = 4;
/// How long a batch of one row waits for it: it keeps nobody waiting meanwhile.
const PATIENTLY_MS: u32 = 500;
/// How often it looks whether the server is still under strain.
const STRAIN: Duration = Duration::from_millis(50);
/// How often a wait is reported.
const TELL: Duration = Duration::from_secs(1);

/// Settings that make it sure that a range is found by the key's index, whatever the table's statistics say.
const SETTINGS: &str =
    "set enable_seqscan = off; set max_parallel_workers_per_gather = 0; set synchronous_commit = off";

/// Goes over ranges until none is left.
///
/// # Errors
/// A batch cannot be done, or it was stopped.
pub fn run(shared: &Shared<'_>, messenger: &Messenger) -> Result<(), Fault> {
    let mut session = shared.connect()?;
    let client = session.client();
    client.batch_execute(SETTINGS).map_err(|error| fault(&error))?;
    let pid: i32 = client.query_one("select pg_backend_pid()", &[]).map_err(|error| fault(&error))?.get(0);
    shared.backends().push(Backend { pid, ..Backend::default() });
    let pace = Pace::new(shared.options.target_ms, shared.work.batch_rows);
    let mut worker = Worker { shared, messenger, pid, pace };
    while let Some(range) = shared.next() {
        worker.go_over(client, range)?;
    }
    Ok(())
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    messenger: &'a Messenger,
    pid: i32,
    pace: Pace,
}

impl Worker<'_> {
    fn go_over(&mut self, client: &mut Client, mut range: Range) -> Result<(), Fault> {
        while !range.done {
            self.wait_out_strain()?;
            let step = self.batch(client, &range)?;
            range.after = Some(step.after);
            range.done = step.done;
            self.shared.seen.fetch_add(step.seen, Ordering::Relaxed);
            self.messenger.tell(self.shared, News::Batch(step.seen))?;
            self.pause()?;
        }
        Ok(())
    }

    /// The pause that the script asks for.
    fn pause(&self) -> Result<(), Fault> {
        let end = Instant::now() + Duration::from_millis(self.shared.work.pause_ms.unwrap_or(0).into());
        while !self.shared.is_stopped() && Instant::now() < end {
            std::thread::sleep(STRAIN.min(end.saturating_duration_since(Instant::now())));
        }
        if self.shared.is_stopped() { Err(stopped()) } else { Ok(()) }
    }

    /// The next batch of a range, tried until it is done.
    fn batch(&mut self, client: &mut Client, range: &Range) -> Result<BatchStep, Fault> {
        let begin = Instant::now();
        loop {
            let size = self.pace.rows();
            match self.attempt(client, range, size)? {
                BatchOutcome::Done(step) => {
                    self.pace.done(step.seen, step.took);
                    return Ok(step);
                }
                BatchOutcome::Refused(fault) if size == 1 => return Err(self.with_row(client, range, fault)),
                BatchOutcome::Held if size == 1 => self.tell_of_holder(begin)?,
                BatchOutcome::GaveWay => std::thread::sleep(Duration::from_millis(5 + random() % 45)),
                BatchOutcome::Held | BatchOutcome::Refused(_) => {}
            }
            self.pace.halve(size);
        }
    }

    fn attempt(&self, client: &mut Client, range: &Range, size: u32) -> Result<BatchOutcome<BatchStep>, Fault> {
        let lock_timeout_ms = if size == 1 { PATIENTLY_MS } else { BRIEFLY_MS };
        let (work, place) = (self.shared.work, self.shared.place);
        let text = batch_sql::text(&Batch { work, place, range, size, lock_timeout_ms });
        self.set_stuck(size == 1);
        let outcome = batch::perform(client, &text);
        self.set_stuck(false);
        outcome
    }

    fn set_stuck(&self, stuck: bool) {
        self.shared.of_backend(self.pid, |backend| backend.stuck = stuck);
    }

    fn tell_of_holder(&self, begin: Instant) -> Result<(), Fault> {
        let blockers = self.shared.of_backend(self.pid, |backend| std::mem::take(&mut backend.blockers));
        let what = format!("a row of table {}", self.shared.work.relation);
        self.tell_waiting(what, blockers.unwrap_or_default(), begin)
    }

    fn tell_waiting(&self, what: String, blockers: Vec<String>, begin: Instant) -> Result<(), Fault> {
        let waited_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.messenger.tell(self.shared, News::Waiting(Waiting { what, blockers, waited_ms }))
    }

    fn wait_out_strain(&self) -> Result<(), Fault> {
        let begin = Instant::now();
        let mut told: Option<Instant> = None;
        while let Some(what) = self.shared.strain() {
            if told.is_none_or(|told| told.elapsed() >= TELL) {
                self.tell_waiting(what, Vec::new(), begin)?;
                told = Some(Instant::now());
            }
            if self.shared.is_stopped() {
                return Err(stopped());
            }
            std::thread::sleep(STRAIN);
        }
        Ok(())
    }

    /// A fault with the row that it is about.
    fn with_row(&self, client: &mut Client, range: &Range, mut fault: Fault) -> Fault {
        let work = self.shared.work;
        if let (false, Ok(Some(values))) = (work.key.is_empty(), split::next_key(client, work, range.after.as_ref())) {
            let named =
                work.key.iter().zip(&values).map(|(column, value)| format!("{} = {value}", plain(&column.name)));
            fault.message = format!("{} (row {})", fault.message, named.collect::<Vec<_>>().join(", "));
        }
        fault
    }
}

/// A name as a person writes it: without the quotes, where it needs none.
fn plain(quoted: &str) -> &str {
    let inner = quoted.trim_matches('"');
    let simple = inner.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if simple { inner } else { quoted }
}

/// A number that nobody else draws.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
