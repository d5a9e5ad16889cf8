//! What the database keeps of runs: where they are, and what has happened.

use super::{Database, Error};
use crate::ast::Phase;
use crate::engine::Fault;
use crate::engine::postgres::journal::runs::{self, Course, RunEvent, RunRow};
use crate::engine::postgres::session::Session;
use crate::execute::RunState;

/// Runs, and what has happened in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The runs, oldest first.
    pub runs: Vec<RunRow>,
    /// What has happened, oldest first.
    pub entries: Vec<JournalEntry>,
}

/// One thing that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// The run, by its number.
    pub run: i64,
    /// When, in UTC.
    pub at: String,
    /// Where the run was.
    pub state: RunState,
    /// The statement that it is about, by its place in the plan, from 0.
    pub step: Option<usize>,
    /// What happened.
    pub text: String,
}

/// All runs of a database, and all that has happened in them.
///
/// # Errors
/// The server was not asked.
pub fn history(database: &mut Database) -> Result<Journal, Error> {
    let runs = database.runs()?;
    let events = if runs.is_empty() { Vec::new() } else { runs::events(database.session().client(), None)? };
    Ok(Journal { runs, entries: events.into_iter().map(JournalEntry::from).collect() })
}

/// One run, and all that has happened in it.
pub(super) fn of_run(session: &mut Session, run: i64) -> Result<Journal, Fault> {
    let row = runs::by_id(session.client(), run)?;
    let events = runs::events(session.client(), Some(run))?;
    Ok(Journal { runs: vec![row], entries: events.into_iter().map(JournalEntry::from).collect() })
}

/// Where a run is.
#[must_use]
pub fn state_of(run: &RunRow) -> RunState {
    match run.course {
        Course::Complete => RunState::Complete,
        Course::RolledBack => RunState::RolledBack,
        Course::Running | Course::RollingBack => run.phase.map_or(RunState::Pending, RunState::of),
    }
}

impl From<RunEvent> for JournalEntry {
    fn from(event: RunEvent) -> Self {
        let RunEvent { run, at, state, step, text } = event;
        let phase = Phase::ALL.into_iter().find(|phase| phase.keyword() == state);
        let state = match state.as_str() {
            word if word == Course::Complete.word() => RunState::Complete,
            word if word == Course::RolledBack.word() => RunState::RolledBack,
            _ => phase.map_or(RunState::Pending, RunState::of),
        };
        Self { run, at, state, step: step.and_then(|step| usize::try_from(step).ok()), text }
    }
}
