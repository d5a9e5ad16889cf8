//! What the threads of a fill know in common.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::range::Range;
use super::{FillId, Options};
use crate::engine::postgres::connect::Address;
use crate::engine::postgres::operation::RowsWork;
use crate::engine::postgres::session::{Limits, Session};
use crate::engine::{Fault, FaultKind, Waiting};

/// What the threads of a fill know in common.
pub struct Shared<'a> {
    pub work: &'a RowsWork,
    pub place: FillId<'a>,
    pub options: &'a Options,
    pub address: Address,
    pub limits: Limits,
    queue: Mutex<VecDeque<Range>>,
    stopped: AtomicBool,
    over: AtomicBool,
    /// Rows changed so far, in this run.
    pub seen: AtomicU64,
    strain: Mutex<Option<String>>,
    backends: Mutex<Vec<Backend>>,
}

/// A worker's session on the server.
#[derive(Clone, Debug, Default)]
pub struct Backend {
    pub pid: i32,
    /// It waits for a single row.
    pub stuck: bool,
    /// Who holds that row.
    pub blockers: Vec<String>,
}

impl<'a> Shared<'a> {
    pub fn new(
        work: &'a RowsWork,
        place: FillId<'a>,
        options: &'a Options,
        session: &Session,
        ranges: Vec<Range>,
    ) -> Self {
        Self {
            work,
            place,
            options,
            address: session.address().clone(),
            limits: session.limits(),
            queue: Mutex::new(ranges.into()),
            stopped: AtomicBool::new(false),
            over: AtomicBool::new(false),
            seen: AtomicU64::new(0),
            strain: Mutex::new(None),
            backends: Mutex::new(Vec::new()),
        }
    }

    /// A connection of a thread's own.
    ///
    /// # Errors
    /// The server is not reached.
    pub fn connect(&self) -> Result<Session, Fault> {
        Session::open(&self.address, self.limits)
    }

    /// The next range that nobody works on.
    pub fn next(&self) -> Option<Range> {
        held(&self.queue).pop_front()
    }

    /// The workers are to stop.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The workers have ended: those who attend to them may end too.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub fn set_strain(&self, strain: Option<String>) {
        *held(&self.strain) = strain;
    }

    /// Why the workers are to pause, if they are.
    pub fn strain(&self) -> Option<String> {
        held(&self.strain).clone()
    }

    pub fn backends(&self) -> MutexGuard<'_, Vec<Backend>> {
        held(&self.backends)
    }

    /// Changes what is known of a session.
    pub fn of_backend<T>(&self, pid: i32, change: impl FnOnce(&mut Backend) -> T) -> Option<T> {
        self.backends().iter_mut().find(|backend| backend.pid == pid).map(change)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a worker tells.
#[derive(Debug)]
pub struct Message {
    pub worker: usize,
    pub news: News,
}

/// What has happened.
#[derive(Debug)]
pub enum News {
    /// So many rows more were looked at.
    Batch(u64),
    /// It waits.
    Waiting(Waiting),
    /// It has ended.
    Ended(Result<(), Fault>),
}

/// How a worker tells, and learns whether to go on.
pub struct Messenger {
    pub worker: usize,
    pub tell: Sender<Message>,
    pub answer: Receiver<()>,
}

impl Messenger {
    /// Tells, and waits until that was heard.
    ///
    /// # Errors
    /// It is to stop.
    pub fn tell(&self, shared: &Shared<'_>, news: News) -> Result<(), Fault> {
        let heard = self.tell.send(Message { worker: self.worker, news }).is_ok() && self.answer.recv().is_ok();
        if heard && !shared.is_stopped() { Ok(()) } else { Err(stopped()) }
    }
}

/// What is said where somebody stopped it.
pub fn stopped() -> Fault {
    Fault::new(FaultKind::Interrupted, "stopped between two batches; what is done is recorded")
}
