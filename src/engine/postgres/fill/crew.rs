//! The threads of a fill: its workers, who looks after the server's strain, and who vacuums. The calling thread hears
//! what they tell.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, Scope};
use std::time::Duration;

use super::shared::{Message, Messenger, News, Shared};
use super::{pressure, vacuum, worker};
use crate::engine::postgres::session::Session;
use crate::engine::{BatchDone, Fault, Happening, Watch};

/// After so long without news the watcher is told again how far it is, so that it can stop the work.
const SILENCE: Duration = Duration::from_millis(250);

/// How far all of it is.
#[derive(Clone, Copy, Debug)]
pub struct FillProgress {
    /// Rows looked at.
    pub done: u64,
    /// Rows that there are to look at, estimated.
    pub total: u64,
    /// How many rows one looked at stands for: where blocks are counted, those in a block.
    pub weight: f64,
}

impl FillProgress {
    fn add(&mut self, seen: u64) -> BatchDone {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rows"
        )]
        let rows = (seen as f64 * self.weight).round() as u64;
        self.done += rows;
        self.now()
    }

    fn now(&self) -> BatchDone {
        BatchDone { rows_done: self.done.min(self.total), rows_total: self.total }
    }
}

/// Works on the ranges with so many workers.
///
/// # Errors
/// Of the first worker that has one; the others stop then.
pub fn work(
    shared: &Shared<'_>,
    workers: usize,
    session: &mut Session,
    progress: &mut FillProgress,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    thread::scope(|scope| {
        let (tell, hear) = channel();
        let answers: Vec<Sender<()>> = (0..workers).map(|number| hire(scope, shared, number, tell.clone())).collect();
        drop(tell);
        scope.spawn(|| pressure::attend(shared));
        let vacuum = vacuum::Vacuum::start(scope, shared, session);
        let outcome = listen(shared, &hear, &answers, progress, watch);
        shared.end();
        vacuum.stop(session);
        outcome
    })
}

fn hire<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    shared: &'env Shared<'env>,
    worker: usize,
    tell: Sender<Message>,
) -> Sender<()> {
    let (answers, answer) = channel();
    scope.spawn(move || {
        let messenger = Messenger { worker, tell, answer };
        let ended = worker::run(shared, &messenger);
        // Who would hear it has gone only where this thread's end is of no interest any more.
        let _ = messenger.tell.send(Message { worker, news: News::Ended(ended) });
    });
    answers
}

fn listen(
    shared: &Shared<'_>,
    hear: &Receiver<Message>,
    answers: &[Sender<()>],
    progress: &mut FillProgress,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let mut outcome = Ok(());
    loop {
        let (answer, happening) = match hear.recv_timeout(SILENCE) {
            Ok(Message { worker, news: News::Batch(seen) }) => {
                (answers.get(worker), Happening::Batch(progress.add(seen)))
            }
            Ok(Message { worker, news: News::Waiting(waiting) }) => (answers.get(worker), Happening::Waiting(waiting)),
            Ok(Message { news: News::Ended(ended), .. }) => {
                if ended.is_err() {
                    shared.stop();
                }
                outcome = outcome.and(ended);
                continue;
            }
            Err(RecvTimeoutError::Timeout) => (None, Happening::Batch(progress.now())),
            Err(RecvTimeoutError::Disconnected) => return outcome,
        };
        if !shared.is_stopped() && watch(happening).is_break() {
            shared.stop();
        }
        if let Some(answer) = answer {
            // A worker that has gone has told why.
            let _ = answer.send(());
        }
    }
}
