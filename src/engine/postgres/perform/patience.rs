//! How long a lock is tried for, when it is worth another try, and who hears of the wait.

use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use postgres::Client;

use super::blockers::{Blocker, Question, in_the_way};
use super::failure::Failure;
use super::tables::{self, Locked};
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::session::{Limits, Session};
use crate::engine::{Fault, FaultKind, Happening, Help, Waiting, Watch, WayOn};
use crate::phrase::lasting;

/// How often a wait is reported.
pub(super) const TELL_EVERY: Duration = Duration::from_secs(1);

/// Where somebody stays in the way, a lock is tried again after this time at the latest.
const TRY_AT_LEAST_EVERY: Duration = Duration::from_secs(2);

/// A wait for something, which is reported from time to time and ends one day.
pub(super) struct Patience {
    what: String,
    began: Instant,
    told: Option<Instant>,
    limits: Limits,
}

impl Patience {
    pub(super) fn new(what: String, limits: Limits) -> Self {
        Self { what, began: Instant::now(), told: None, limits }
    }

    pub(super) fn waited_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn is_over(&self) -> bool {
        self.waited_ms() >= self.limits.lock_wait_ms
    }

    /// Tells of the wait, at once and then every second.
    pub(super) fn tell(&mut self, blockers: &[Blocker], watch: Watch<'_>) -> Result<(), Fault> {
        if self.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            return Ok(());
        }
        self.told = Some(Instant::now());
        let waiting = Waiting {
            what: self.what.clone(),
            blockers: in_the_way(blockers).into_iter().map(Blocker::in_words).collect(),
            waited_ms: self.waited_ms(),
        };
        match watch(Happening::Waiting(waiting)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(interrupted()),
        }
    }

    /// What is said when it is over.
    pub(super) fn exhausted(&self, blockers: &[Blocker]) -> Fault {
        let blockers = in_the_way(blockers);
        let who: Vec<String> = blockers.iter().map(|blocker| blocker.in_words()).collect();
        let in_the_way = match who.as_slice() {
            [] => "what is in the way changes, or is not known".to_owned(),
            who => format!("in the way: {}", who.join("; ")),
        };
        let message = format!("could not get {} within {}: {in_the_way}", self.what, lasting(self.waited_ms()));
        Fault::new(FaultKind::Locked, message).with_help(help(&blockers))
    }

    /// Half to one and a half times the pause between two tries.
    pub(super) fn pause(&self) -> Duration {
        let share = (RandomState::new().hash_one(0) % 1024) as u32;
        Duration::from_millis(self.limits.retry_ms.into()) * (512 + share) / 1024
    }
}

fn help(blockers: &[&Blocker]) -> Help {
    let ends = |blocker: &&Blocker| blocker.pid().map(|pid| format!("`select pg_terminate_backend({pid})`"));
    let ends: Vec<String> = blockers.iter().filter_map(ends).collect();
    let end = match ends.as_slice() {
        [] => "wait until the table is used less".to_owned(),
        ends => format!("let it finish, or end it with {}", ends.join(", ")),
    };
    let autovacuum = if blockers.iter().any(|blocker| blocker.is_autovacuum()) {
        "; an autovacuum gives way to a role that may set `deadlock_timeout` (`grant set on parameter deadlock_timeout`)"
    } else {
        ""
    };
    Help::naming(&format!("{end}{autovacuum}; then "), WayOn::Resume, " goes on from here")
}

pub(super) fn interrupted() -> Fault {
    Fault::new(FaultKind::Interrupted, "stopped; the statement was undone")
}

/// Tries until it gets its locks.
pub(super) fn until_locked(
    session: &mut Session,
    tables: &[Locked],
    watch: Watch<'_>,
    mut attempt: impl FnMut(&mut Session, Watch<'_>) -> Result<(), Failure>,
) -> Result<(), Fault> {
    let mut patience = Patience::new(format!("a lock on {}", tables::in_words(tables)), session.limits());
    loop {
        match attempt(session, watch) {
            Err(failure) if failure.is_for_a_lock() => wait_for_turn(session, tables, &mut patience, watch)?,
            ended => return ended.map_err(Failure::fault),
        }
    }
}

/// Waits until it is worth another try. While somebody holds a lock for long, standing in line for it would only keep
/// others waiting: then it is looked whether it is still there instead. An autovacuum goes when somebody stands in line.
fn wait_for_turn(
    session: &mut Session,
    tables: &[Locked],
    patience: &mut Patience,
    watch: Watch<'_>,
) -> Result<(), Fault> {
    let may_send_away = session.sends_autovacuum_away();
    let client = session.client();
    let question = Question::new(client, tables).map_err(|error| fault(&error))?;
    let look = |client: &mut Client| question.ask(client).map_err(|error| fault(&error));
    let since = Instant::now();
    let mut before = look(client)?;
    loop {
        patience.tell(&before, watch)?;
        if patience.is_over() {
            return Err(patience.exhausted(&before));
        }
        std::thread::sleep(patience.pause());
        let now = look(client)?;
        let stays = |one: &Blocker| one.lasts_since(&before) && !(may_send_away && one.gives_way());
        if !now.iter().any(stays) || since.elapsed() >= TRY_AT_LEAST_EVERY {
            return Ok(());
        }
        before = now;
    }
}
