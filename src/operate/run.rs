//! A run on its way: forwards to its end or to a gate, or back to its start.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::gates::{ClosedGate, Gatekeeper, Gates};
use super::journal::{self, Journal};
use super::{Error, Prepared};
use crate::ast::Phase;
use crate::check::Findings;
use crate::engine::postgres::Postgres;
use crate::engine::postgres::fill;
use crate::engine::postgres::journal::Fence;
use crate::engine::postgres::journal::runs::Stopped;
use crate::engine::postgres::session::Session;
use crate::engine::{Fault, FaultKind, Watch};
use crate::execute::{self, Failure, Observer, Reached, RunState, STOP};
use crate::plan::{Plan, Step};

/// What is wanted of a run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// How it passes its gates.
    pub gates: Gates,
    /// How rows are filled.
    pub rows: fill::Options,
    /// After which phase to stop; without it, it goes to its end.
    pub until: Option<Phase>,
    /// Whether to remove at the end what is kept for a rollback.
    pub purge: bool,
    /// Whether a rollback may lose what applications have written.
    pub lose_writes: bool,
}

/// Where a run came to stand. What it did, and why it stands there, is written down in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// At its end.
    Complete,
    /// Back at its start.
    RolledBack,
    /// After the phase that it was to stop after.
    Phase(Phase),
    /// Before a closed gate.
    Gate(ClosedGate),
    /// The observer stopped it; it can be resumed.
    Interrupted(Box<Failure>),
    /// A statement cannot be done, or not be undone; what is done before it stays, and the run can be resumed.
    Failed(Box<Failure>),
}

/// What can be done next about a run that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Go on.
    Resume {
        /// The gate to confirm.
        confirm: Option<String>,
    },
    /// Go on undoing.
    Rollback {
        /// The gate to confirm.
        confirm: Option<String>,
    },
}

impl NextStep {
    pub(super) fn of(is_rollback: bool, confirm: Option<String>) -> Self {
        if is_rollback { Self::Rollback { confirm } } else { Self::Resume { confirm } }
    }
}

/// A run that this program may go on with.
pub struct Run<'c> {
    findings: Findings,
    steps: execute::Run<Postgres<'c>>,
    gatekeeper: Gatekeeper,
    options: RunOptions,
}

impl<'c> Run<'c> {
    /// A run whose first statements are done.
    pub(super) fn new(
        session: &'c mut Session,
        prepared: Prepared,
        fence: Fence,
        gatekeeper: Gatekeeper,
        options: RunOptions,
        (done, state): (usize, RunState),
    ) -> Self {
        let plan = Arc::clone(&prepared.plan);
        let target = Postgres::new(session, Arc::clone(&plan), fence, done, options.rows.clone());
        let steps = execute::Run::resumed(plan, target, state, (0..done).collect());
        Self { findings: prepared.into_findings(), steps, gatekeeper, options }
    }

    /// The script, and what there is to say of it that does not keep it from being run.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What it does.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.steps.plan()
    }

    /// Whether it goes back to its start.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.gatekeeper.is_rollback()
    }

    /// What opens a gate at which it has stopped.
    #[must_use]
    pub fn next(&self, gate: &ClosedGate) -> NextStep {
        NextStep::of(self.is_rollback(), gate.confirm.clone())
    }

    /// What is kept of it: where it is, and all that has happened.
    ///
    /// # Errors
    /// The server was not asked.
    pub fn journal(&mut self) -> Result<Journal, Error> {
        let target = self.steps.engine_mut();
        let run = target.fence().run;
        journal::of_run(target.session(), run).map_err(Error::Halfway)
    }

    /// Does one statement after the other (or undoes them), up to the end, the phase to stop after, or a closed gate. It
    /// tells `observer` of each, and asks it whether to stop.
    ///
    /// # Errors
    /// It came there, and that was not written down, or what it kept was not purged.
    pub fn go(&mut self, observer: &mut dyn Observer) -> Result<Halt, Error> {
        let reached = match self.drive(observer) {
            Ok(reached) => reached,
            Err(failure) => return Ok(self.failed(failure)),
        };
        match (reached, self.gatekeeper.closed.clone()) {
            (Reached::Gate(_), Some(closed)) => {
                self.stop(Stopped::Gate, &format!("before `{}`, for {}", closed.gate, closed.why))?;
                Ok(Halt::Gate(closed))
            }
            (Reached::Phase, _) => {
                let phase = self.options.until.unwrap_or(Phase::Contract);
                self.stop(Stopped::There, &format!("after {}, where it was to stop", phase.keyword()))?;
                Ok(Halt::Phase(phase))
            }
            _ => self.end(observer).map_err(Error::Halfway),
        }
    }

    fn drive(&mut self, observer: &mut dyn Observer) -> Result<Reached, Box<Failure>> {
        let is_rollback = self.is_rollback();
        let gatekeeper = &mut self.gatekeeper;
        let mut gate = |target: &mut Postgres<'c>, step: &Step, watch: Watch<'_>| gatekeeper.pass(target, step, watch);
        if !is_rollback {
            return self.steps.advance(self.options.until, &mut gate, observer);
        }
        let at = self.steps.position();
        let span = self.steps.plan().steps.get(at).map(|step| step.span).unwrap_or_default();
        let halfway = self.steps.engine_mut().undo_halfway(&mut |_| unless_stopped(observer));
        halfway.map_err(|fault| Box::new(Failure { index: at, span, fault, undo_fault: None }))?;
        self.steps.retreat(&mut gate, observer)
    }

    fn end(&mut self, observer: &mut dyn Observer) -> Result<Halt, Fault> {
        let is_rollback = self.is_rollback();
        let target = self.steps.engine_mut();
        if is_rollback {
            target.rolled_back()?;
            return Ok(Halt::RolledBack);
        }
        target.completed()?;
        if self.options.purge {
            target.purge(&mut |_| unless_stopped(observer))?;
        }
        Ok(Halt::Complete)
    }

    fn failed(&mut self, failure: Box<Failure>) -> Halt {
        let (stopped, halt): (_, fn(_) -> _) = if failure.is_interrupt() {
            (Stopped::Interrupted, Halt::Interrupted)
        } else {
            (Stopped::Failed, Halt::Failed)
        };
        // Where this cannot be written down either, the failure itself says more.
        let _ = self.steps.engine_mut().stopped(stopped, &failure.fault.message);
        halt(failure)
    }

    /// Writes down why it does not go on. Whoever asks a server that is gone is told so then.
    fn stop(&mut self, stopped: Stopped, reason: &str) -> Result<(), Error> {
        match self.steps.engine_mut().stopped(stopped, reason) {
            Err(fault) if fault.kind != FaultKind::Connection => Err(Error::Halfway(fault)),
            _ => Ok(()),
        }
    }
}

/// Goes on, unless the observer wants to stop.
pub(super) fn unless_stopped(observer: &mut dyn Observer) -> ControlFlow<()> {
    if observer.stops() { STOP } else { ControlFlow::Continue(()) }
}
