//! The way back.

use std::sync::Arc;

use super::gates::Gatekeeper;
use super::journal::state_of;
use super::{Claim, Error, Prepared, Run, RunOptions};
use crate::engine::postgres::journal::runs::{Course, RunRow};
use crate::engine::postgres::journal::{operations, record};
use crate::plan::Effect;
use crate::prove::{NoReturn, Words};

/// Takes over the last run, finished or not, to undo it. Where its `name` is given, it must be that one. The first
/// statement is undone by [`Run::go`].
///
/// # Errors
/// There is nothing to undo, or not this one first; what it takes was purged; writes of applications would be lost, or nobody can
/// know, and `options` do not say that they may; its script cannot be read any more; its tables were moved; or a gate was
/// confirmed that is not on the way.
pub fn rollback<'c>(claim: &'c mut Claim, name: Option<&str>, options: RunOptions) -> Result<Run<'c>, Error> {
    let run = last(claim.database().runs()?, name)?;
    let prepared = Prepared::again_in(claim.session(), &run)?;
    let gatekeeper = Gatekeeper::new(Arc::clone(&prepared.plan), options.gates.clone(), true);
    gatekeeper.know_all(run.step)?;
    let begun = operations::has_begun(claim.session().client(), run.id, run.step)?;
    let no_return = prepared.proof().and_then(|proof| proof.no_return.as_ref());
    let loses = no_return.filter(|no| no.step < run.step + usize::from(begun));
    if let Some(no_return) = loses.filter(|_| run.course != Course::RollingBack && !options.lose_writes) {
        return Err(refusal(&prepared, no_return));
    }
    let unknown = unknown(&prepared, run.step + usize::from(begun));
    if let Some(step) = unknown.filter(|_| run.course != Course::RollingBack && !options.lose_writes) {
        let (statement, line) = statement(&prepared, step);
        return Err(Error::NoReturnUnknown { name: run.name, statement, line });
    }
    let fence = claim.take_over(&run, Course::RollingBack)?;
    if loses.is_some() || unknown.is_some() {
        claim.session().in_transaction(|transaction| record::loses_writes(transaction, &fence))?;
    }
    let at = (run.step, state_of(&run));
    Ok(Run::new(claim.session(), prepared, fence, gatekeeper, options, at))
}

fn last(runs: Vec<RunRow>, name: Option<&str>) -> Result<RunRow, Error> {
    let run = runs.into_iter().rfind(|run| run.course != Course::RolledBack).ok_or(Error::NothingToUndo)?;
    if let Some(name) = name.filter(|name| *name != run.name) {
        return Err(Error::NotTheLast { name: name.to_owned(), run: Box::new(run) });
    }
    match run.purged_at {
        Some(at) => Err(Error::Purged { name: run.name, at }),
        None => Ok(run),
    }
}

/// The first statement, of those done, whose undoing drops what may hold values, where nobody has said who writes them.
fn unknown(prepared: &Prepared, done: usize) -> Option<usize> {
    let drops = |effect: &Effect<'_>| effect.adds_column().is_some() || effect.adds_table.is_some();
    let mut effects = prepared.plan.effects().take(done).filter(|_| prepared.plan.apps.is_empty());
    effects.find(|(_, effect)| drops(effect)).map(|(step, _)| step.index)
}

fn refusal(prepared: &Prepared, no_return: &NoReturn) -> Error {
    let (statement, line) = statement(prepared, no_return.step);
    Error::PointOfNoReturn {
        statement,
        line,
        why: Words::new(&prepared.plan).no_return(no_return, &|step| place(prepared, step)),
    }
}

fn place(prepared: &Prepared, step: usize) -> String {
    let (statement, line) = statement(prepared, step);
    format!("`{statement}` (line {line})")
}

/// A statement, on its first line, and the line that it stands in.
fn statement(prepared: &Prepared, step: usize) -> (String, usize) {
    let source = &prepared.findings().source;
    let span = prepared.plan.steps.get(step).map(|step| step.span).unwrap_or_default();
    (source.slice(span).lines().next().unwrap_or_default().to_owned(), source.position(span.start).line)
}
