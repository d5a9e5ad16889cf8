//! The beginning of a run.

use std::path::Path;
use std::sync::Arc;

use super::gates::Gatekeeper;
use super::{Claim, Database, Error, Prepared, Run, RunOptions};
use crate::engine::postgres::journal::record::{self, NewRun};
use crate::engine::postgres::journal::runs::{Course, RunRow};
use crate::engine::postgres::journal::schema;
use crate::execute::RunState;
use crate::source::Source;

/// What a migration is known by: the name of its file, wherever the file lies.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The plan of a script that could begin now. Nothing is changed.
///
/// # Errors
/// It cannot begin: it was run before, another is not finished, the script does not fit the database, or the database
/// is not ready.
pub fn preview(database: &mut Database, source: Source) -> Result<Prepared, Error> {
    let runs = database.runs()?;
    may_begin(&runs, &source)?;
    Prepared::new(database.session(), source)
}

/// Begins a run of a script. The first statement is done by [`Run::go`].
///
/// # Errors
/// As of [`preview`]; or a gate was confirmed that the plan does not have.
pub fn begin(claim: &mut Claim, source: Source, options: RunOptions) -> Result<Run<'_>, Error> {
    let name = name_of(Path::new(source.name()));
    let prepared = preview(claim.database(), source)?;
    let gatekeeper = Gatekeeper::new(Arc::clone(&prepared.plan), options.gates.clone(), false);
    gatekeeper.know_all(0)?;
    schema::install(claim.session().client())?;
    let new = NewRun {
        name: &name,
        title: &prepared.plan.title,
        script: prepared.findings().source.text(),
        known: &prepared.server.to_json()?,
        options: &format!("{options:?}"),
        statements: prepared.plan.steps.len(),
    };
    let runner = claim.runner().clone();
    let fence = claim.session().in_transaction(|transaction| record::begin(transaction, &new, &runner))?;
    Ok(Run::new(claim.session(), prepared, fence, gatekeeper, options, (0, RunState::Pending)))
}

/// Whether the runs that there were let this script begin.
fn may_begin(runs: &[RunRow], source: &Source) -> Result<(), Error> {
    let name = name_of(Path::new(source.name()));
    let boxed = |run: &RunRow| Box::new(run.clone());
    let unfinished = runs.iter().find(|run| run.is_unfinished());
    let last = || runs.iter().rfind(|run| run.name == name && run.course == Course::Complete);
    match unfinished.or_else(last) {
        None => Ok(()),
        Some(run) if run.name != name => Err(Error::Unfinished(boxed(run))),
        Some(run) if run.script != source.text() => Err(Error::Changed { run: boxed(run), now: source.clone() }),
        Some(run) if run.is_unfinished() => Err(Error::AlreadyBegun(boxed(run))),
        Some(run) => Err(Error::AlreadyComplete(boxed(run))),
    }
}
