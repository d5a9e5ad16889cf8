//! Where a run needs a human: what a gate asks for, and whether it is so.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::args::GateArgs;
use crate::ast::{Name, Phase};
use crate::engine::postgres::Postgres;
use crate::engine::postgres::clients::{Connected, connected_as};
use crate::engine::postgres::journal::runs;
use crate::engine::{Fault, FaultKind, Happening, Waiting, Watch};
use crate::phrase::lasting;
use crate::plan::{Action, AppUse, Plan, Step};

/// How often a gate that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Stands at the gates of a plan.
pub struct Gatekeeper {
    plan: Arc<Plan>,
    /// The gates that may be passed, each once.
    confirmed: Vec<String>,
    yes: bool,
    unverified: bool,
    back: bool,
    /// What the gate that was closed asks for.
    pub closed: Option<Closed>,
}

/// A closed gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The gate, as a script writes it: "deploy v2".
    pub gate: String,
    /// What it waits for, as part of a sentence.
    pub why: String,
    /// What to do, as an order.
    pub todo: String,
    /// Who is in the way, a line each.
    pub who: Vec<String>,
    /// What to give to `--confirm` to go on; none where time or somebody else opens it.
    pub confirm: Option<String>,
}

/// What is not as a gate wants it.
struct Wanting {
    why: String,
    who: Vec<String>,
}

impl Gatekeeper {
    /// At the gates of a plan that is done, or undone (`back`).
    #[must_use]
    pub fn new(plan: Arc<Plan>, args: &GateArgs, back: bool) -> Self {
        let (confirmed, yes, unverified) = (args.confirm.clone(), args.yes, args.unverified);
        Self { plan, confirmed, yes, unverified, back, closed: None }
    }

    /// A gate that was confirmed and that is not ahead.
    #[must_use]
    pub fn unknown(&self, position: usize) -> Option<(&str, String)> {
        let steps = if self.back { &self.plan.steps[..position] } else { &self.plan.steps[position..] };
        let gates: Vec<&Step> = steps.iter().filter(|step| self.is_confirmable(step)).collect();
        let is_ahead = |name: &str| gates.iter().any(|step| answers_to(step, name));
        let unknown = self.confirmed.iter().find(|name| !is_ahead(name))?;
        let names: Vec<String> = gates.iter().map(|step| format!("`{}`", gate_name(step))).collect();
        let help = if names.is_empty() { "no gate is ahead".into() } else { format!("ahead are {}", names.join(", ")) };
        Some((unknown, help))
    }

    fn is_confirmable(&self, step: &Step) -> bool {
        match step.action {
            Action::Deploy(_) | Action::Retire(_) => true,
            Action::Confirm(_) => !self.back,
            _ => false,
        }
    }

    /// Whether the run may go on with a statement, or undo it.
    ///
    /// # Errors
    /// The server was not asked, or the wait was stopped.
    pub fn pass(&mut self, target: &mut Postgres, step: &Step, watch: Watch<'_>) -> Result<ControlFlow<()>, Fault> {
        self.closed = None;
        let confirmable = self.is_confirmable(step);
        let said = self.confirmed.iter().position(|name| answers_to(step, name));
        if confirmable && said.is_none() && !self.yes {
            let confirm = Some(word_for(step));
            let (why, todo) = self.asks(step);
            self.closed = Some(Closed { gate: gate_name(step), why, todo, who: Vec::new(), confirm });
            return Ok(ControlFlow::Break(()));
        }
        if let Some(wanting) = self.wait_for(target, step, watch)? {
            let confirm = confirmable.then(|| word_for(step));
            let (Wanting { why, who }, todo) = (wanting, self.asks(step).1);
            self.closed = Some(Closed { gate: gate_name(step), why, todo, who, confirm });
            return Ok(ControlFlow::Break(()));
        }
        if let Some(said) = said.filter(|_| confirmable) {
            self.confirmed.remove(said);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What still is not as the gate wants it; with `--yes` it is waited for.
    fn wait_for(&self, target: &mut Postgres, step: &Step, watch: Watch<'_>) -> Result<Option<Wanting>, Fault> {
        let begin = Instant::now();
        loop {
            let Some(wanting) = self.wanting(target, step)? else { return Ok(None) };
            if !self.yes {
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

    fn wanting(&self, target: &mut Postgres, step: &Step) -> Result<Option<Wanting>, Fault> {
        match (&step.action, self.back) {
            (Action::Deploy(app), false) | (Action::Retire(app), true) => self.wants_there(target, app),
            (Action::Retire(app), false) | (Action::Deploy(app), true) => self.wants_gone(target, app),
            (Action::Wait(ms), false) => wants_time(target, *ms),
            _ if step.phase == Some(Phase::Contract) && !self.back => self.wants_retired_gone(target, step),
            _ => Ok(None),
        }
    }

    /// An application must be connected.
    fn wants_there(&self, target: &mut Postgres, app: &Name) -> Result<Option<Wanting>, Fault> {
        let Some(name) = self.connects_as(app).filter(|_| !self.unverified) else { return Ok(None) };
        if !connected_as(target.session().client(), name)?.is_empty() {
            return Ok(None);
        }
        let why = format!("a session of `{app}` (it connects as '{name}'); there is none");
        Ok(Some(Wanting { why, who: Vec::new() }))
    }

    /// No session of an application may be left.
    fn wants_gone(&self, target: &mut Postgres, app: &Name) -> Result<Option<Wanting>, Fault> {
        let Some(name) = self.connects_as(app) else { return Ok(None) };
        let shared = |other: &AppUse| other.name != *app && other.connects_as.as_deref() == Some(name);
        if self.plan.apps.iter().any(shared) {
            return Ok(None);
        }
        let sessions = connected_as(target.session().client(), name)?;
        if sessions.is_empty() {
            return Ok(None);
        }
        let why = format!("`{app}` (it connects as '{name}') to be gone; it is still connected");
        Ok(Some(Wanting { why, who: sessions.iter().map(Connected::describe).collect() }))
    }

    /// No application that the plan has retired may be connected when something is removed.
    fn wants_retired_gone(&self, target: &mut Postgres, step: &Step) -> Result<Option<Wanting>, Fault> {
        let before = &self.plan.steps[..step.index];
        let retired = before.iter().filter_map(|step| match &step.action {
            Action::Retire(app) => Some(app),
            _ => None,
        });
        for app in retired.filter(|app| !target.catalog().is_live(app)).collect::<Vec<_>>() {
            if let Some(wanting) = self.wants_gone(target, app)? {
                return Ok(Some(wanting));
            }
        }
        Ok(None)
    }

    fn connects_as(&self, app: &Name) -> Option<&str> {
        self.plan.apps.iter().find(|known| known.name == *app)?.connects_as.as_deref()
    }

    /// What a gate waits for, and what a human is to do about it.
    fn asks(&self, step: &Step) -> (String, String) {
        match (&step.action, self.back) {
            (Action::Deploy(app), false) => (format!("`{app}` to be deployed"), format!("deploy `{app}`, then")),
            (Action::Retire(app), true) => (format!("`{app}` to run again"), format!("deploy `{app}`, then")),
            (Action::Retire(app) | Action::Deploy(app), _) => {
                (format!("`{app}` to be gone"), format!("stop the last instance of `{app}`, then"))
            }
            (Action::Confirm(text), _) => (format!("somebody to say that \"{text}\""), "when it is so".to_owned()),
            (Action::Wait(_), _) => (gate_name(step), "when the time has passed".to_owned()),
            _ => (gate_name(step), "stop the sessions that are still connected, then".to_owned()),
        }
    }
}

fn wants_time(target: &mut Postgres, ms: u64) -> Result<Option<Wanting>, Fault> {
    let run = target.fence().run;
    let passed = runs::by_id(target.session().client(), run)?.since_step_ms;
    let left = ms.saturating_sub(u64::try_from(passed).unwrap_or(0));
    let why = format!("{} more to pass", lasting(left));
    Ok((left > 0).then_some(Wanting { why, who: Vec::new() }))
}

/// What says that a gate may be passed.
fn word_for(step: &Step) -> String {
    match &step.action {
        Action::Deploy(app) | Action::Retire(app) => app.to_string(),
        Action::Confirm(text) => text.to_string(),
        _ => gate_name(step),
    }
}

/// A gate as a script writes it.
#[must_use]
pub fn gate_name(step: &Step) -> String {
    match &step.action {
        Action::Deploy(app) => format!("deploy {app}"),
        Action::Retire(app) => format!("retire {app}"),
        Action::Confirm(text) => format!("confirm \"{text}\""),
        Action::Wait(ms) => format!("wait {}", lasting(*ms)),
        _ => step.title.clone(),
    }
}

fn answers_to(step: &Step, name: &str) -> bool {
    match &step.action {
        Action::Deploy(app) | Action::Retire(app) => name == &**app || name == gate_name(step),
        Action::Confirm(text) => name == &**text,
        _ => false,
    }
}
