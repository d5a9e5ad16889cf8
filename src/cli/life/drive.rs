//! Drives a run: forwards to its end or to a gate, or back to its start, and says where it came.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::json;

use super::args::{DbArgs, GateArgs};
use super::connection::told;
use super::gates::{Closed, Gatekeeper};
use super::ready::Ready;
use super::report::{report, state_of};
use super::words::command;
use crate::ast::Phase;
use crate::cli::output::{Output, complain};
use crate::cli::run::{RunFormat, bar, events};
use crate::cli::{Exit, interrupt};
use crate::engine::postgres::Postgres;
use crate::engine::postgres::fill::Options;
use crate::engine::postgres::journal::Fence;
use crate::engine::postgres::journal::record;
use crate::engine::postgres::journal::runs::{self, RunRow, Stopped};
use crate::engine::postgres::session::Session;
use crate::engine::{Fault, FaultKind, Happening};
use crate::execute::{Failure, Observer, Reached, Run, STOP};
use crate::plan::Step;

/// What a command wants of a run.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The database, for the commands that messages name.
    pub db: &'a DbArgs,
    /// How gates are passed.
    pub gates: &'a GateArgs,
    /// Where to stop.
    pub until: Option<Phase>,
    /// How rows are filled.
    pub rows: Options,
    /// How to report.
    pub format: RunFormat,
    /// Report nothing but errors.
    pub quiet: bool,
    /// Remove at the end what is kept for a rollback.
    pub purge: bool,
}

/// A run that is driven.
pub struct Drive<'a> {
    wish: &'a Wish<'a>,
    ready: &'a Ready,
    run: Run<Postgres>,
    gatekeeper: Gatekeeper,
    back: bool,
}

impl<'a> Drive<'a> {
    /// A run that was claimed, as its row says how far it is. `back` undoes it.
    #[must_use]
    pub fn new(wish: &'a Wish<'a>, ready: &'a Ready, session: Session, fence: Fence, row: &RunRow, back: bool) -> Self {
        let plan = Arc::clone(&ready.plan);
        let target = Postgres::new(session, Arc::clone(&plan), fence, row.step, wish.rows.clone());
        let run = Run::resumed(Arc::clone(&plan), target, state_of(row), (0..row.step).collect());
        Self { wish, ready, run, gatekeeper: Gatekeeper::new(plan, wish.gates, back), back }
    }

    /// Goes on, and reports. Gives the connection back.
    ///
    /// # Errors
    /// Writing to `out` failed.
    pub fn go(mut self, out: &mut Output) -> io::Result<(Exit, Session)> {
        let outcome = match self.wish.format {
            RunFormat::Json => self.drive(&mut events::JsonLines::new(out)),
            RunFormat::Human => self.drive(&mut bar::Bar::new(!self.wish.quiet)),
        };
        let exit = match outcome {
            Ok(reached) => self.conclude(reached, out)?,
            Err(failure) => self.failed(&failure),
        };
        let exit = self.report(out, exit)?;
        Ok((exit, self.run.into_target().into_session()))
    }

    fn drive(&mut self, observer: &mut dyn Observer) -> Result<Reached, Box<Failure>> {
        let gatekeeper = &mut self.gatekeeper;
        let mut gate =
            |target: &mut Postgres, step: &Step, watch: crate::engine::Watch<'_>| gatekeeper.pass(target, step, watch);
        if !self.back {
            return self.run.advance(self.wish.until, &mut gate, observer);
        }
        let at = self.run.position();
        let halfway = self.run.target_mut().undo_halfway(&mut unless_interrupted);
        let span = self.ready.plan.steps.get(at).map(|step| step.span).unwrap_or_default();
        halfway.map_err(|fault| Box::new(Failure { index: at, span, fault, undo_fault: None }))?;
        self.run.retreat(&mut gate, observer)
    }

    fn conclude(&mut self, reached: Reached, out: &mut Output) -> io::Result<Exit> {
        match reached {
            Reached::End => Ok(self.ended()),
            Reached::Phase => {
                let phase = self.wish.until.map_or("", Phase::keyword);
                let next = command("resume", self.wish.db, &[]);
                self.stop(Stopped::There, &format!("behind {phase}, as `--to {phase}` says"));
                self.say(&format!("stopped behind {phase}; go on with `{next}`"));
                Ok(Exit::Success)
            }
            Reached::Gate(step) => self.closed(step, out),
        }
    }

    fn ended(&mut self) -> Exit {
        let target = self.run.target_mut();
        let fence = target.fence().clone();
        let written = if self.back {
            in_transaction(target.session(), &mut |transaction| record::rolled_back(transaction, &fence))
        } else if self.ready.plan.steps.is_empty() {
            in_transaction(target.session(), &mut |transaction| record::complete(transaction, &fence))
        } else {
            Ok(())
        };
        let purged = written.and_then(|()| {
            let purges = self.wish.purge && !self.back;
            if purges { target.purge(&mut unless_interrupted).map(|_| ()) } else { Ok(()) }
        });
        purged.map_or_else(|fault| told(&fault, Exit::Failed), |()| Exit::Success)
    }

    fn closed(&mut self, step: usize, out: &mut Output) -> io::Result<Exit> {
        let Some(closed) = self.gatekeeper.closed.clone() else { return Ok(Exit::Waiting) };
        self.stop(Stopped::Gate, &format!("before `{}`, for {}", closed.gate, closed.why));
        let next = next_command(self.wish.db, &closed, self.back);
        if self.wish.format == RunFormat::Json {
            let Closed { gate, why, who, .. } = &closed;
            let line = json!({ "event": "gate", "index": step + 1, "gate": gate, "waits_for": why, "sessions": who,
                "next": next });
            writeln!(out, "{line}")?;
        } else {
            let who = closed.who.iter().fold(String::new(), |text, who| text + "\n    " + who);
            let place = self.place(step);
            self.say(&format!(
                "{place}: stopped before `{}`\n  it waits for {}{who}\n  {}: {next}",
                closed.gate, closed.why, closed.todo
            ));
        }
        Ok(Exit::Waiting)
    }

    fn failed(&mut self, failure: &Failure) -> Exit {
        let interrupted = failure.is_interrupt();
        let stopped = if interrupted { Stopped::Interrupted } else { Stopped::Failed };
        self.stop(stopped, &failure.fault.message);
        let what = self.ready.checked.source().slice(failure.span).lines().next().unwrap_or_default();
        let place = self.place(failure.index);
        let (left, next) = (self.left(failure.index), self.next_after_failure());
        if interrupted {
            complain(&format!("{place}: stopped by Ctrl-C at `{what}`; {left}"), Some(&next));
            return Exit::Interrupted;
        }
        let verb = if self.back { "cannot be undone" } else { "failed" };
        let help = failure.fault.help.iter().cloned().chain([format!("{left}\n{next}")]).collect::<Vec<_>>().join("\n");
        complain(&format!("{place}: `{what}` {verb}: {}", failure.fault.message), Some(&help));
        Exit::Failed
    }

    /// In which state the database is left.
    fn left(&self, index: usize) -> String {
        let all = self.ready.plan.steps.len();
        match (self.back, index) {
            (true, _) => format!("statements 1 to {} of {all} are still in place", index + 1),
            (false, 0) => "nothing before it was done".to_owned(),
            (false, 1) => format!("the statement before it is done and stays, 1 of {all}"),
            (false, _) => format!("the {index} statements before it are done and stay, of {all}"),
        }
    }

    fn next_after_failure(&self) -> String {
        let rollback = command("rollback", self.wish.db, &[]);
        if self.back {
            return format!("go on with `{rollback}`");
        }
        format!("go on with `{}`, or undo it with `{rollback}`", command("resume", self.wish.db, &[]))
    }

    fn place(&self, step: usize) -> String {
        let source = self.ready.checked.source();
        let Some(step) = self.ready.plan.steps.get(step) else { return source.name().to_owned() };
        let at = source.position(step.span.start);
        format!("{}:{}:{}", source.name(), at.line, at.column)
    }

    /// Writes down why the run does not go on; a server that is gone is told of elsewhere.
    fn stop(&mut self, stopped: Stopped, reason: &str) {
        let step = self.run.position();
        let target = self.run.target_mut();
        let fence = target.fence().clone();
        let written = in_transaction(target.session(), &mut |transaction| {
            record::stopped(transaction, &fence, stopped, reason, step)
        });
        match written {
            Err(fault) if fault.kind != FaultKind::Connection && stopped != Stopped::Failed => {
                told(&fault, Exit::Failed);
            }
            _ => {}
        }
    }

    fn say(&self, text: &str) {
        if !self.wish.quiet {
            io::stderr().write_all(format!("{text}\n").as_bytes()).ok();
        }
    }

    fn report(&mut self, out: &mut Output, exit: Exit) -> io::Result<Exit> {
        if self.wish.quiet {
            return Ok(exit);
        }
        let target = self.run.target_mut();
        let run = target.fence().run;
        match report(target.session(), run) {
            Ok(report) => match self.wish.format {
                RunFormat::Human => report.write_human(out)?,
                RunFormat::Json => report.write_json(out)?,
            },
            // What went wrong was said before.
            Err(fault) if exit == Exit::Success => return Ok(told(&fault, Exit::Failed)),
            Err(_) => {}
        }
        Ok(exit)
    }
}

/// Whether every gate that was confirmed lies ahead; complains where one does not.
///
/// # Errors
/// The exit code to end with.
pub fn know_gates(ready: &Ready, gates: &GateArgs, position: usize, back: bool) -> Result<(), Exit> {
    match Gatekeeper::new(Arc::clone(&ready.plan), gates, back).unknown(position) {
        None => Ok(()),
        Some((name, help)) => {
            complain(&format!("`{name}` is not a gate that is ahead"), Some(&help));
            Err(Exit::CouldNotRun)
        }
    }
}

/// Stops on Ctrl-C.
pub(super) fn unless_interrupted(_happening: Happening) -> ControlFlow<()> {
    if interrupt::interrupted() { STOP } else { ControlFlow::Continue(()) }
}

/// The command that opens a gate.
#[must_use]
pub fn next_command(db: &DbArgs, closed: &Closed, back: bool) -> String {
    let verb = if back { "rollback" } else { "resume" };
    match &closed.confirm {
        Some(word) => command(verb, db, &["--confirm", word]),
        None => command(verb, db, &[]),
    }
}

/// Writes something down in a transaction of its own.
///
/// # Errors
/// The server refused, or the run was taken over.
pub fn in_transaction(
    session: &mut Session,
    write: &mut dyn FnMut(&mut postgres::Transaction<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let failed = |error: postgres::Error| crate::engine::postgres::fault::fault(&error);
    let mut transaction = session.client().transaction().map_err(failed)?;
    write(&mut transaction)?;
    transaction.commit().map_err(failed)
}

/// The row of a run; complains where it cannot be read.
///
/// # Errors
/// The exit code to end with.
pub fn row_of(session: &mut Session, run: i64) -> Result<RunRow, Exit> {
    runs::by_id(session.client(), run).map_err(|fault| told(&fault, Exit::CouldNotRun))
}
