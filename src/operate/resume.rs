//! Going on with a run that has stopped.

use std::path::Path;
use std::sync::Arc;

use super::begin::name_of;
use super::gates::Gatekeeper;
use super::journal::state_of;
use super::{Claim, Error, Prepared, Run, RunOptions};
use crate::engine::postgres::journal::runs::{Course, RunRow};
use crate::source::Source;

/// Takes over the run that is not finished, with the script that it began with. Where the script is `given`, it must be
/// that one. The next statement is done by [`Run::go`].
///
/// # Errors
/// No run is unfinished, or not this one; it is being rolled back; its script was changed, or cannot be read any more;
/// its tables were moved; or a gate was confirmed that is not ahead.
pub fn resume<'c>(claim: &'c mut Claim, given: Option<&Source>, options: RunOptions) -> Result<Run<'c>, Error> {
    let run = find(claim, given)?;
    let prepared = Prepared::again_in(claim.session(), &run)?;
    let gatekeeper = Gatekeeper::new(Arc::clone(&prepared.plan), options.gates.clone(), false);
    gatekeeper.know_all(run.step)?;
    let fence = claim.take_over(&run, Course::Running)?;
    let at = (run.step, state_of(&run));
    Ok(Run::new(claim.session(), prepared, fence, gatekeeper, options, at))
}

fn find(claim: &mut Claim, given: Option<&Source>) -> Result<RunRow, Error> {
    if !claim.database().has_journal()? {
        return Err(Error::NoRun);
    }
    let runs = claim.database().runs()?;
    let name = given.map(|source| name_of(Path::new(source.name())));
    let Some(run) = runs.iter().find(|run| run.is_unfinished()) else {
        let same = name.and_then(|name| runs.iter().rfind(|run| run.name == name));
        let is_complete = same.is_some_and(|run| run.course == Course::Complete);
        return Err(Error::NothingToResume { last: runs.last().cloned().map(Box::new), is_complete });
    };
    let boxed = Box::new(run.clone());
    if let Some(name) = name.filter(|name| *name != run.name) {
        return Err(Error::NotTheUnfinished { name, run: boxed });
    }
    if let Some(now) = given.filter(|source| source.text() != run.script) {
        return Err(Error::Changed { run: boxed, now: now.clone() });
    }
    if run.course == Course::RollingBack {
        return Err(Error::RollingBack(boxed));
    }
    Ok(*boxed)
}
