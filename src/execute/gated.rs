//! Runs that stop where a human is needed, stay where they are when a statement fails, and go on later.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::ast::Phase;
use crate::engine::{Engine, Fault, FaultKind, Watch};
use crate::execute::{Failure, History, Observer, Progress, Run, RunState};
use crate::plan::{Plan, Step};

/// Is asked before each statement whether it may be done, or undone. `Break` stops the run before it. It may wait, and
/// tells of that.
pub type GateCheck<'a, T> = &'a mut dyn FnMut(&mut T, &Step, Watch<'_>) -> Result<ControlFlow<()>, Fault>;

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// All the way.
    End,
    /// The end of the phase that it was to stop after.
    Phase,
    /// This statement, by its place in the plan: the gate before it is closed.
    Gate(usize),
}

impl<T: Engine> Run<T> {
    /// A run that goes on: a statement of the journal for each that is done.
    #[must_use]
    pub fn resumed(plan: Arc<Plan>, engine: T, state: RunState, journal: Vec<T::Undo>) -> Self {
        let position = journal.len();
        Self { plan, engine, progress: Progress { state, position, journal, history: History::default() } }
    }

    /// Goes on until `until` (all the way without it), or to a closed gate. A statement that fails leaves the run where
    /// it is.
    ///
    /// # Errors
    /// A statement failed.
    pub fn advance(
        &mut self,
        until: Option<Phase>,
        gate: GateCheck<'_, T>,
        observer: &mut dyn Observer,
    ) -> Result<Reached, Box<Failure>> {
        self.forward(until, Some(gate), observer)
    }

    /// Undoes what is done, the last statement first, all the way or to a closed gate.
    ///
    /// # Errors
    /// A statement cannot be undone; it and those before it stay.
    pub fn retreat(&mut self, gate: GateCheck<'_, T>, observer: &mut dyn Observer) -> Result<Reached, Box<Failure>> {
        self.back(Some(gate), observer)
    }

    pub(super) fn forward(
        &mut self,
        until: Option<Phase>,
        mut gate: Option<GateCheck<'_, T>>,
        observer: &mut dyn Observer,
    ) -> Result<Reached, Box<Failure>> {
        while self.progress.state != RunState::Complete {
            if !self.goes_on(until) {
                return Ok(Reached::Phase);
            }
            if let Some(step) = self.next().cloned()
                && let Some(gate) = gate.as_mut()
                && self.asked(&step, &mut **gate, observer)?.is_break()
            {
                return Ok(Reached::Gate(step.index));
            }
            self.step(observer)?;
        }
        Ok(Reached::End)
    }

    /// Without a gate nothing stops it, not even who stopped the run before.
    pub(super) fn back(
        &mut self,
        mut gate: Option<GateCheck<'_, T>>,
        observer: &mut dyn Observer,
    ) -> Result<Reached, Box<Failure>> {
        while let Some(undo) = self.progress.journal.last().cloned() {
            let step = self.plan.steps[self.progress.journal.len() - 1].clone();
            if let Some(gate) = gate.as_mut()
                && self.asked(&step, &mut **gate, observer)?.is_break()
            {
                return Ok(Reached::Gate(step.index));
            }
            self.step_back(&step, undo, observer)?;
        }
        self.progress.state = RunState::RolledBack;
        self.tell_back("Migration rolled back".to_owned());
        Ok(Reached::End)
    }

    fn asked(
        &mut self,
        step: &Step,
        gate: GateCheck<'_, T>,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<()>, Box<Failure>> {
        if observer.stops() {
            return Err(Box::new(Failure::of(step, Fault::new(FaultKind::Interrupted, "stopped before it began"))));
        }
        let event = self.event(step);
        let asked = gate(&mut self.engine, step, &mut |happening| observer.happening(&event, happening));
        asked.map_err(|fault| Box::new(Failure::of(step, fault)))
    }
}
