//! The running of a plan on an engine: one statement at a time, with a journal.
//!
//! A [`Run`] is a state machine, PENDING → EXPANDING → MIGRATING → CONTRACTING → COMPLETE, and from any of them
//! `ROLLED_BACK`. It prints nothing: an [`Observer`] is told of every statement and batch.

mod gated;
mod history;
mod observer;
mod state;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use gated::{GateCheck, Reached};
pub use history::{Entry, History};
pub use observer::{BatchEvent, Observer, Silent, StatementEvent};
pub use state::RunState;

use crate::ast::Phase;
use crate::engine::{Applied, Engine, Fault, FaultKind};
use crate::phrase::with_rows;
use crate::plan::{Plan, Step};
use crate::source::Span;

/// A plan on its way over an engine.
#[derive(Debug)]
pub struct Run<T: Engine> {
    plan: Arc<Plan>,
    engine: T,
    progress: Progress<T::Undo>,
}

/// How far a run has come: everything about it but the engine.
#[derive(Debug)]
pub struct Progress<Undo> {
    state: RunState,
    /// The next statement.
    position: usize,
    /// What it takes to undo each statement before it.
    journal: Vec<Undo>,
    history: History,
}

/// How far a run had come, for a run that has only gone on since.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    state: RunState,
    position: usize,
    undos: usize,
    entries: usize,
}

impl Mark {
    /// The statement that was next.
    #[must_use]
    pub fn position(self) -> usize {
        self.position
    }
}

impl<Undo> Progress<Undo> {
    /// The statement that was next.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl<Undo: Clone> Clone for Progress<Undo> {
    fn clone(&self) -> Self {
        Self {
            state: self.state,
            position: self.position,
            journal: self.journal.clone(),
            history: self.history.clone(),
        }
    }
}

/// Why a run did not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The statement, by its place in the plan.
    pub index: usize,
    /// Where it stands in the script.
    pub span: Span,
    /// What went wrong.
    pub fault: Fault,
    /// What went wrong when the rest was to be undone; everything before it is still in place.
    pub undo_fault: Option<Fault>,
}

impl<T: Engine> Run<T> {
    /// A run that has not begun.
    #[must_use]
    pub fn new(plan: Arc<Plan>, engine: T) -> Self {
        let progress =
            Progress { state: RunState::Pending, position: 0, journal: Vec::new(), history: History::default() };
        Self { plan, engine, progress }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What it runs on.
    #[must_use]
    pub fn engine(&self) -> &T {
        &self.engine
    }

    /// What it runs on, for applications to write to.
    pub fn engine_mut(&mut self) -> &mut T {
        &mut self.engine
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> RunState {
        self.progress.state
    }

    /// The next statement, by its place in the plan; as many as there are when all are done.
    #[must_use]
    pub fn position(&self) -> usize {
        self.progress.position
    }

    /// Statements executed and not rolled back, of all, in percent.
    #[must_use]
    pub fn percent(&self) -> u8 {
        match (self.progress.journal.len(), self.plan.steps.len()) {
            (_, 0) => u8::from(self.progress.state == RunState::Complete) * 100,
            (done, all) => u8::try_from(done * 100 / all).unwrap_or(100),
        }
    }

    /// What has happened.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.progress.history
    }

    /// How far it has come, to go back there with [`Self::restore`].
    #[must_use]
    pub fn progress(&self) -> Progress<T::Undo> {
        self.progress.clone()
    }

    /// Goes back to where it was; the engine must have been brought back as well.
    pub fn restore(&mut self, progress: Progress<T::Undo>) {
        self.progress = progress;
    }

    /// How far it has come, in a few bytes, to go back there with [`Self::rewind`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        let Progress { state, position, journal, history } = &self.progress;
        Mark { state: *state, position: *position, undos: journal.len(), entries: history.entries().len() }
    }

    /// Goes back to where it was, if nothing but [`Self::step`] was done since; the engine must have been brought back
    /// as well.
    pub fn rewind(&mut self, mark: Mark) {
        self.progress.state = mark.state;
        self.progress.position = mark.position;
        self.progress.journal.truncate(mark.undos);
        self.progress.history.truncate(mark.entries);
    }

    /// Adds a statement to the plan, after those that are done.
    pub fn extend(&mut self, plan: Arc<Plan>) {
        self.plan = plan;
        if self.progress.state == RunState::Complete && self.next().is_some() {
            let last = self.plan.steps[..self.progress.position].iter().rev().find_map(|step| step.phase);
            self.progress.state = last.map_or(RunState::Pending, RunState::of);
            self.progress.history.forget_completion();
        }
    }

    fn next(&self) -> Option<&Step> {
        self.plan.steps.get(self.progress.position)
    }

    /// Does the next statement; with none left, completes. A statement that fails leaves nothing of itself, and the
    /// run stays where it is.
    ///
    /// # Errors
    /// The statement cannot be done.
    pub fn step(&mut self, observer: &mut dyn Observer) -> Result<(), Box<Failure>> {
        let Some(step) = self.next().cloned() else {
            self.complete();
            return Ok(());
        };
        if let Some(phase) = step.phase {
            self.progress.state = RunState::of(phase);
        }
        let event = self.event(&step);
        observer.started(&event);
        let applied = if observer.stops() {
            Err(Fault::new(FaultKind::Interrupted, "stopped before it began"))
        } else {
            self.engine.apply(&step.action, &mut |happening| observer.happening(&event, happening))
        };
        match applied {
            Ok(applied) => {
                self.record(&step, applied.rows);
                observer.finished(&event, applied.rows);
                let Applied { undo, .. } = applied;
                self.progress.journal.push(undo);
                self.progress.position += 1;
                Ok(())
            }
            Err(fault) => {
                observer.failed(&event, &fault);
                self.progress.history.push(self.progress.state, format!("{} failed: {}", step.title, fault.message));
                Err(Box::new(Failure::of(&step, fault)))
            }
        }
    }

    /// Undoes the last statement that is done. One that cannot be undone stays, and so do those before it.
    fn step_back(&mut self, step: &Step, undo: T::Undo, observer: &mut dyn Observer) -> Result<(), Box<Failure>> {
        let event = self.event(step);
        let undone = self.engine.undo(undo, &mut |happening| observer.happening(&event, happening));
        if let Err(fault) = undone {
            observer.failed(&event, &fault);
            self.tell_back(format!("Undo {} failed: {}", step.title, fault.message));
            return Err(Box::new(Failure::of(step, fault)));
        }
        self.progress.journal.pop();
        self.progress.position = self.progress.journal.len();
        observer.undone(&event);
        self.tell_back(format!("Undo {}", step.title));
        Ok(())
    }

    fn tell_back(&mut self, text: String) {
        self.progress.history.push(RunState::RolledBack, text);
    }

    /// Goes on until `until` (all the way without it), and rolls everything back where a statement fails.
    ///
    /// # Errors
    /// A statement failed; the run is rolled back.
    pub fn run(&mut self, until: Option<Phase>, observer: &mut dyn Observer) -> Result<(), Box<Failure>> {
        self.forward(until, None, observer).map(|_| ()).map_err(|mut failure| {
            failure.undo_fault = self.rollback(observer).err();
            failure
        })
    }

    /// Whether a statement of a phase up to `until` is still ahead, or nothing is but to complete.
    fn goes_on(&self, until: Option<Phase>) -> bool {
        let Some(until) = until else { return true };
        let ahead = &self.plan.steps[self.progress.position..];
        ahead.is_empty() || ahead.iter().any(|step| step.phase.is_some_and(|phase| phase <= until))
    }

    /// Undoes everything, the last statement first.
    ///
    /// # Errors
    /// A statement cannot be undone; it and those before it stay.
    pub fn rollback(&mut self, observer: &mut dyn Observer) -> Result<(), Fault> {
        self.back(None, observer).map(|_| ()).map_err(|failure| failure.fault)
    }

    /// Writes down what each statement would do; nothing is changed.
    pub fn dry_run(&mut self, until: Option<Phase>) {
        let mut state = RunState::Pending;
        let last = self
            .plan
            .steps
            .iter()
            .rposition(|step| until.is_none_or(|until| step.phase.is_some_and(|phase| phase <= until)));
        for step in &self.plan.steps[..last.map_or(0, |last| last + 1)] {
            state = step.phase.map_or(state, RunState::of);
            self.progress.history.push(state, format!("Would {}", lower_first(&step.title)));
        }
        self.progress.history.push(RunState::Pending, "Dry run: nothing was changed".to_owned());
    }

    fn complete(&mut self) {
        if self.progress.state != RunState::Complete {
            self.progress.state = RunState::Complete;
            self.progress.history.push(RunState::Complete, "Migration finished successfully".to_owned());
        }
    }

    fn record(&mut self, step: &Step, rows: Option<u64>) {
        let about_rows = step.action.effect(&self.plan.start).counts_rows;
        let text = with_rows(&step.title, rows.filter(|_| about_rows));
        self.progress.history.push(self.progress.state, text);
    }

    fn event(&self, step: &Step) -> StatementEvent {
        StatementEvent {
            title: step.title.clone(),
            state: self.progress.state,
            phase: step.phase,
            index: step.index,
            statements: self.plan.steps.len(),
        }
    }
}

impl Failure {
    fn of(step: &Step, fault: Fault) -> Self {
        Self { index: step.index, span: step.span, fault, undo_fault: None }
    }

    /// Whether somebody stopped the run, rather than a statement that could not be done.
    #[must_use]
    pub fn is_interrupt(&self) -> bool {
        self.fault.kind == FaultKind::Interrupted
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// What a watcher of batches answers to stop a run.
pub const STOP: ControlFlow<()> = ControlFlow::Break(());
