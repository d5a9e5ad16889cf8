//! Where a run needs a human: what a gate asks for, and whether it is so.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Error;
use crate::ast::{Name, Phase};
use crate::engine::postgres::Postgres;
use crate::engine::postgres::clients::{Connected, connected_as};
use crate::engine::{Fault, FaultKind, Happening, Waiting, Watch};
use crate::phrase::lasting;
use crate::plan::{AppUse, Gate, Plan, Step};

/// How often a gate that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How a run passes its gates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gates {
    /// The gates that may be passed, each once: the application of a `deploy` or `retire`, or the text of a `confirm`.
    pub confirmed: Vec<String>,
    /// Every gate may be passed; what must come first is waited for.
    pub all: bool,
    /// A deployment that is confirmed counts even if no session of that application is seen.
    pub unverified: bool,
    /// What is confirmed may also be a gate of another run; else an unknown one is an error before anything is done.
    pub of_several: bool,
}

impl Gates {
    /// Only this gate may be passed.
    #[must_use]
    pub fn confirm(gate: impl Into<String>) -> Self {
        Self { confirmed: vec![gate.into()], ..Self::default() }
    }
}

/// A closed gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedGate {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// The gate, as a script writes it: "deploy v2".
    pub gate: String,
    /// What it waits for, as part of a sentence.
    pub why: String,
    /// What to do.
    pub todo: Todo,
    /// Who is in the way, a line each.
    pub who: Vec<String>,
    /// What to confirm to go on; none where time or somebody else opens it.
    pub confirm: Option<String>,
}

/// What opens a gate, before it can be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Deploy this application.
    Deploy(Name),
    /// Stop the last instance of this application.
    Stop(Name),
    /// Make sure that what the gate asks is so.
    MakeSure,
    /// Let the time pass.
    Wait,
    /// Stop the sessions that are still connected.
    StopSessions,
}

/// Stands at the gates of a plan.
pub(super) struct Gatekeeper {
    plan: Arc<Plan>,
    gates: Gates,
    back: bool,
    /// What the gate that was closed asks for.
    pub(super) closed: Option<ClosedGate>,
}

/// What is not as a gate wants it.
struct Wanting {
    why: String,
    who: Vec<String>,
}

impl Gatekeeper {
    /// At the gates of a plan that is done, or undone (`back`).
    pub(super) fn new(plan: Arc<Plan>, gates: Gates, back: bool) -> Self {
        Self { plan, gates, back, closed: None }
    }

    /// Whether every gate that was confirmed is ahead of a run that has done so many statements.
    pub(super) fn know_all(&self, position: usize) -> Result<(), Error> {
        let steps = if self.back { &self.plan.steps[..position] } else { &self.plan.steps[position..] };
        let gates: Vec<&Step> = steps.iter().filter(|step| self.is_confirmable(step)).collect();
        let is_ahead = |name: &str| gates.iter().any(|step| answers_to(step, name));
        let unknown = self.gates.confirmed.iter().find(|name| !is_ahead(name)).filter(|_| !self.gates.of_several);
        let Some(gate) = unknown.cloned() else { return Ok(()) };
        Err(Error::UnknownGate { gate, ahead: gates.iter().map(|step| gate_name(step)).collect() })
    }

    pub(super) fn is_rollback(&self) -> bool {
        self.back
    }

    fn is_confirmable(&self, step: &Step) -> bool {
        is_about_app(step) || (matches!(step.action.gate(), Some(Gate::Confirm(_))) && !self.back)
    }

    /// Whether the run may go on with a statement, or undo it.
    pub(super) fn pass(
        &mut self,
        engine: &mut Postgres<'_>,
        step: &Step,
        watch: Watch<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let confirmable = self.is_confirmable(step);
        let said = self.gates.confirmed.iter().position(|name| answers_to(step, name));
        self.closed = if confirmable && said.is_none() && !self.gates.all {
            Some(self.closed_at(step, None))
        } else {
            self.wait_for(engine, step, watch)?.map(|wanting| self.closed_at(step, Some(wanting)))
        };
        if self.closed.is_some() {
            return Ok(ControlFlow::Break(()));
        }
        if let Some(said) = said.filter(|_| confirmable) {
            self.gates.confirmed.remove(said);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn closed_at(&self, step: &Step, wanting: Option<Wanting>) -> ClosedGate {
        let (asks, todo) = self.asks(step);
        let Wanting { why, who } = wanting.unwrap_or(Wanting { why: asks, who: Vec::new() });
        let confirm = word_for(step).filter(|_| self.is_confirmable(step));
        ClosedGate { index: step.index, gate: gate_name(step), why, todo, who, confirm }
    }

    /// What still is not as the gate wants it; where all may be passed it is waited for.
    fn wait_for(&self, engine: &mut Postgres<'_>, step: &Step, watch: Watch<'_>) -> Result<Option<Wanting>, Fault> {
        let begin = Instant::now();
        loop {
            let Some(wanting) = self.wanting(engine, step)? else { return Ok(None) };
            if !self.gates.all {
                return Ok(Some(wanting));
            }
            let waited_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
            let waiting = Waiting { what: wanting.why, blockers: wanting.who, waited_ms };
            if watch(Happening::Waiting(waiting)).is_break() {
                return Err(Fault::new(FaultKind::Interrupted, "stopped while it waited at a gate"));
            }
            sleep(LOOK_EVERY);
        }
    }

    fn wanting(&self, engine: &mut Postgres<'_>, step: &Step) -> Result<Option<Wanting>, Fault> {
        match (step.action.gate(), self.back) {
            (Some(Gate::Deploy(app)), false) | (Some(Gate::Retire(app)), true) => self.wants_there(engine, app),
            (Some(Gate::Retire(app)), false) | (Some(Gate::Deploy(app)), true) => self.wants_gone(engine, app),
            (Some(Gate::Wait(ms)), false) => wants_time(engine, ms),
            _ if step.phase == Some(Phase::Contract) && !self.back => self.wants_retired_gone(engine, step),
            _ => Ok(None),
        }
    }

    /// An application must be connected.
    fn wants_there(&self, engine: &mut Postgres<'_>, app: &Name) -> Result<Option<Wanting>, Fault> {
        let Some(name) = self.connects_as(app).filter(|_| !self.gates.unverified) else { return Ok(None) };
        if !connected_as(engine.session().client(), name)?.is_empty() {
            return Ok(None);
        }
        let why = format!("a session of `{app}` (it connects as '{name}'); there is none");
        Ok(Some(Wanting { why, who: Vec::new() }))
    }

    /// No session of an application may be left.
    fn wants_gone(&self, engine: &mut Postgres<'_>, app: &Name) -> Result<Option<Wanting>, Fault> {
        let Some(name) = self.connects_as(app) else { return Ok(None) };
        let shared = |other: &AppUse| other.name != *app && other.connects_as.as_deref() == Some(name);
        if self.plan.apps.iter().any(shared) {
            return Ok(None);
        }
        let sessions = connected_as(engine.session().client(), name)?;
        if sessions.is_empty() {
            return Ok(None);
        }
        let why = format!("`{app}` (it connects as '{name}') to be gone; it is still connected");
        Ok(Some(Wanting { why, who: sessions.iter().map(Connected::describe).collect() }))
    }

    /// No application that the plan has retired may be connected when something is removed.
    fn wants_retired_gone(&self, engine: &mut Postgres<'_>, step: &Step) -> Result<Option<Wanting>, Fault> {
        let before = &self.plan.steps[..step.index];
        let retired = before.iter().filter_map(|step| match step.action.gate() {
            Some(Gate::Retire(app)) => Some(app),
            _ => None,
        });
        for app in retired.filter(|app| !engine.catalog().is_live(app)).collect::<Vec<_>>() {
            if let Some(wanting) = self.wants_gone(engine, app)? {
                return Ok(Some(wanting));
            }
        }
        Ok(None)
    }

    fn connects_as(&self, app: &Name) -> Option<&str> {
        self.plan.apps.iter().find(|known| known.name == *app)?.connects_as.as_deref()
    }

    /// What a gate waits for, and what a human is to do about it.
    fn asks(&self, step: &Step) -> (String, Todo) {
        match (step.action.gate(), self.back) {
            (Some(Gate::Deploy(app)), false) => (format!("`{app}` to be deployed"), Todo::Deploy(app.clone())),
            (Some(Gate::Retire(app)), true) => (format!("`{app}` to run again"), Todo::Deploy(app.clone())),
            (Some(Gate::Retire(app) | Gate::Deploy(app)), _) => {
                (format!("`{app}` to be gone"), Todo::Stop(app.clone()))
            }
            (Some(Gate::Confirm(text)), _) => (format!("somebody to confirm \"{text}\""), Todo::MakeSure),
            (Some(Gate::Wait(_)), _) => (gate_name(step), Todo::Wait),
            _ => (gate_name(step), Todo::StopSessions),
        }
    }
}

fn wants_time(engine: &mut Postgres<'_>, ms: u64) -> Result<Option<Wanting>, Fault> {
    let passed = engine.row()?.since_step_ms;
    let left = ms.saturating_sub(u64::try_from(passed).unwrap_or(0));
    let why = format!("{} more to pass", lasting(left));
    Ok((left > 0).then_some(Wanting { why, who: Vec::new() }))
}

/// What says that a gate may be passed, where somebody can say so.
pub(super) fn word_for(step: &Step) -> Option<String> {
    match step.action.gate()? {
        Gate::Deploy(app) | Gate::Retire(app) => Some(app.to_string()),
        Gate::Confirm(text) => Some(text.to_owned()),
        Gate::Wait(_) => None,
    }
}

/// A gate as a script writes it; another statement by its title.
pub(super) fn gate_name(step: &Step) -> String {
    step.action.gate().map_or_else(|| step.title.clone(), |gate| gate.to_string())
}

fn answers_to(step: &Step, name: &str) -> bool {
    word_for(step).is_some_and(|word| word == name) || (is_about_app(step) && name == gate_name(step))
}

fn is_about_app(step: &Step) -> bool {
    step.action.gate().and_then(Gate::app).is_some()
}
