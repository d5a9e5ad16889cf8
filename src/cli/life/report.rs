//! What a run in a database has done, as the report of any run.

use crate::engine::Fault;
use crate::engine::postgres::journal::runs::{self, RunRow, Status};
use crate::engine::postgres::session::Session;
use crate::execute::RunState;
use crate::report::run::RunReport;

/// The report of a run.
///
/// # Errors
/// The server was not asked.
pub fn report(session: &mut Session, run: i64) -> Result<RunReport, Fault> {
    let row = runs::by_id(session.client(), run)?;
    let events = runs::events(session.client(), Some(run))?;
    let entry = |event: runs::RunEvent| (tag(&event.state).to_owned(), event.text);
    Ok(RunReport {
        title: row.title.clone(),
        phase: state_of(&row).tag(),
        progress_percent: percent(&row),
        history: events.into_iter().map(entry).collect(),
    })
}

/// Statements done, of all, in percent.
#[must_use]
pub fn percent(row: &RunRow) -> u8 {
    match row.statements {
        0 => u8::from(row.status == Status::Complete) * 100,
        all => u8::try_from(row.step * 100 / all).unwrap_or(100),
    }
}

/// Where a run is.
#[must_use]
pub fn state_of(row: &RunRow) -> RunState {
    match row.status {
        Status::Complete => RunState::Complete,
        Status::RolledBack => RunState::RolledBack,
        Status::Running | Status::RollingBack => row.phase.map_or(RunState::Pending, RunState::of),
    }
}

/// The word of reports for the word that the journal keeps.
#[must_use]
pub fn tag(word: &str) -> &'static str {
    let phase = crate::ast::Phase::ALL.into_iter().find(|phase| phase.keyword() == word);
    match word {
        "complete" => RunState::Complete.tag(),
        "rolled_back" => RunState::RolledBack.tag(),
        _ => phase.map_or(RunState::Pending, RunState::of).tag(),
    }
}
