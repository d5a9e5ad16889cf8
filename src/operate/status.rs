//! What runs in a database, how far it is, and what can be done next.

use super::gates::{gate_name, word_for};
use super::run::NextStep;
use super::{Database, Error, Prepared};
use crate::engine::Fault;
use crate::engine::postgres::journal::lock::{self, Holder};
use crate::engine::postgres::journal::progress::{self, Filled};
use crate::engine::postgres::journal::runs::{Course, RunRow, Stopped};
use crate::engine::postgres::session::Session;
use crate::plan::Step;

/// What there is to say of a database.
#[derive(Debug)]
pub struct Status {
    /// All runs, oldest first.
    pub runs: Vec<RunRow>,
    /// The one that is not finished.
    pub current: Option<Current>,
}

/// The run that is not finished.
#[derive(Debug)]
pub struct Current {
    /// What is kept of it.
    pub run: RunRow,
    /// The session that has claimed the database.
    pub holder: Option<Holder>,
    /// The statement that is next, or being done; none where all are done, or the script cannot be read.
    pub statement: Option<CurrentStatement>,
    /// Rows of that statement, where it goes over rows and has begun.
    pub filled: Option<Filled>,
    /// Sessions that the one that runs it waits for, a line each.
    pub blockers: Vec<String>,
    /// Why its script cannot be read any more; then it can neither go on nor be undone by this version of the program.
    pub unreadable: Option<Error>,
    /// What can be done next; none while it runs, and where its script cannot be read.
    pub next: Option<NextStep>,
}

/// A statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentStatement {
    /// Its first line.
    pub text: String,
    /// Where it stands, from 1.
    pub line: usize,
    /// Where it stands, from 1.
    pub column: usize,
}

/// What an unfinished run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// A process works on it.
    Runs,
    /// A process works on it, and waits for other sessions.
    Waits,
    /// It has stopped, for a reason that it wrote down.
    Stopped(Stopped),
    /// Its process has ended and has not said why: it was killed, or has lost its connection.
    Died,
}

impl Current {
    /// What it does.
    #[must_use]
    pub fn doing(&self) -> Doing {
        match (self.run.stopped, &self.holder) {
            (Some(stopped), _) => Doing::Stopped(stopped),
            (None, Some(_)) if self.blockers.is_empty() => Doing::Runs,
            (None, Some(_)) => Doing::Waits,
            (None, None) => Doing::Died,
        }
    }
}

/// The status of a database. It can be asked while a run is on its way.
///
/// # Errors
/// The server was not asked.
pub fn status(database: &mut Database) -> Result<Status, Error> {
    let runs = database.runs()?;
    let run = runs.iter().find(|run| run.is_unfinished()).cloned();
    let current = run.map(|run| look(database.session(), run)).transpose()?;
    Ok(Status { runs, current })
}

fn look(session: &mut Session, run: RunRow) -> Result<Current, Fault> {
    let holder = lock::holder(session.client())?;
    let filled = progress::filled(session.client(), run.id, run.step)?;
    let blockers = match &holder {
        Some(holder) => progress::blockers(session.client(), holder.pid)?,
        None => Vec::new(),
    };
    let prepared = Prepared::again(&run);
    let step = prepared.as_ref().ok().and_then(|prepared| Some((prepared, at(prepared, &run)?)));
    let statement = step.map(|(prepared, step)| statement(prepared, step));
    let runs_now = holder.is_some() && run.stopped.is_none();
    let confirm = step.and_then(|(_, step)| word_for(step)).filter(|_| run.stopped == Some(Stopped::Gate));
    let next = (!runs_now && prepared.is_ok()).then(|| NextStep::of(run.course == Course::RollingBack, confirm));
    Ok(Current { run, holder, statement, filled, blockers, unreadable: prepared.err(), next })
}

/// The statement that a run is at.
fn at<'p>(prepared: &'p Prepared, run: &RunRow) -> Option<&'p Step> {
    let at = if run.course == Course::RollingBack { run.step.checked_sub(1) } else { Some(run.step) };
    prepared.plan.steps.get(at?)
}

fn statement(prepared: &Prepared, step: &Step) -> CurrentStatement {
    let source = &prepared.findings().source;
    let place = source.position(step.span.start);
    let text = source.slice(step.span).lines().next().filter(|text| !text.is_empty());
    let text = text.map_or_else(|| gate_name(step), str::to_owned);
    CurrentStatement { text, line: place.line, column: place.column }
}
