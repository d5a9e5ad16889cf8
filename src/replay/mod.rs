//! A counterexample of a proof, played on the in-memory table with real values.
//!
//! A [`Replay`] puts the row that a schedule starts from into the tables of a plan, and then lets happen what the
//! schedule says, event by event: statements end, a backfill comes by the row, applications write values that tell who
//! wrote them. What the table says in the end is compared with what the proof claimed.

mod acts;
mod agree;
mod judge;
mod known;
mod stage;
mod start;
mod statements;
mod values;

use std::sync::Arc;

pub use judge::ReplayOutcome;

use crate::ast::Name;
use crate::data::Value;
use crate::engine::memory::{Memory, Selected};
use crate::engine::{Fault, FaultKind};
use crate::plan::{ColumnName, Plan};
use crate::prove::{
    Anomaly, AnomalyKind, Beside, EventKind, NoReturn, Refutation, RowView, Schedule, ScheduleEvent, Shown,
};
use acts::Write;
use judge::Last;
use known::KnownColumns;
use stage::{Collide, Manner, Owner, Stage, Values};
use statements::Visited;

/// A schedule under way on the in-memory table. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Replay {
    schedule: Arc<Schedule>,
    anomaly: Arc<Anomaly>,
    stage: Stage,
    next: usize,
    written: Values,
    /// A statement was rolled back.
    undoing: bool,
    outcome: Option<ReplayOutcome>,
}

/// An event that was played.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Its place in the schedule, from 1.
    pub number: usize,
    /// What happened.
    pub event: ScheduleEvent,
    /// What an application wrote, or read.
    pub values: Vec<(ColumnName, Value)>,
    /// Why it was refused: the last event may be, that is the anomaly then.
    pub refused: Option<Fault>,
    /// Where the row is not as the proof says, a sentence each. Not looked at in a rollback, in which the proof lets
    /// stand what a fill has filled until its column goes, nor where nobody reads.
    pub differs: Vec<String>,
}

impl Replay {
    /// A refutation of a plan, ready to be played from its start. `script` is a table before the first statement, from
    /// which a row is taken where one fits; otherwise one is made up. Values are chosen so that the schedule goes as it
    /// says, where there are such.
    ///
    /// # Errors
    /// No row can be made that the schedule could start from.
    pub fn new(plan: &Arc<Plan>, refutation: &Refutation, script: Option<&Memory>) -> Result<Self, Fault> {
        let values = refutation.shown().into_iter().filter_map(|shown| {
            let value = refutation.witness.as_ref()?.values.get(shown.at)?.1.clone();
            Some((shown, value))
        });
        Self::of(plan, (&refutation.schedule, &refutation.anomaly), values.collect(), script)
    }

    /// The rollback that loses a write; none where the point of no return is not one of that kind.
    ///
    /// # Errors
    /// As for [`Self::new`].
    #[must_use]
    pub fn of_no_return(
        plan: &Arc<Plan>,
        no_return: &NoReturn,
        script: Option<&Memory>,
    ) -> Option<Result<Self, Fault>> {
        let (lost, schedule) = no_return.loss()?;
        let (column, kind) = (Some(lost.clone()), AnomalyKind::LostWrite);
        let anomaly = Anomaly {
            kind,
            position: no_return.step + 1,
            app: None,
            column,
            constraint: None,
            in_step: false,
            beside: None,
        };
        Some(Self::of(plan, (schedule, &anomaly), Vec::new(), script))
    }

    fn of(
        plan: &Arc<Plan>,
        (schedule, anomaly): (&Schedule, &Anomaly),
        witness: Vec<(Shown, Value)>,
        script: Option<&Memory>,
    ) -> Result<Self, Fault> {
        let witness = Arc::new(witness);
        let (schedule, anomaly) = (Arc::new(schedule.clone()), Arc::new(anomaly.clone()));
        let known = Arc::new(KnownColumns::of(plan));
        let last_written = Arc::new(last_written(&schedule, &known));
        let missing = match &anomaly.beside {
            Some(Beside::Missing(table)) => Some(table.clone()),
            _ => None,
        };
        let (mut best, mut refused) = (None, None);
        let plain = manners(&schedule, &anomaly, script.is_some());
        let own = plain.iter().map(|manner| Manner { own_values: true, ..*manner });
        let own: Vec<Manner> = own.filter(|_| !witness.is_empty()).collect();
        let bare = plain.iter().filter(|manner| !manner.own_rows).map(|manner| Manner { bare: true, ..*manner });
        for manner in plain.iter().copied().chain(own).chain(bare) {
            let mut stage =
                Stage::new(Arc::clone(plan), Arc::clone(&known), manner, script.map_or(0, Memory::now_micros));
            stage.witness = Arc::clone(&witness);
            stage.last_written = Arc::clone(&last_written);
            stage.missing.clone_from(&missing);
            let (schedule, anomaly) = (Arc::clone(&schedule), Arc::clone(&anomaly));
            let mut replay =
                Self { schedule, anomaly, stage, next: 0, written: Vec::new(), undoing: false, outcome: None };
            if let Err(fault) = replay.set_out(script) {
                refused.get_or_insert(fault);
                continue;
            }
            let rank = replay.clone().rank();
            if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                best = Some((rank, replay));
            }
            if rank == Rank::BEST {
                break;
            }
        }
        let none = || Fault::new(FaultKind::Value, "there is no row to start from");
        best.map(|(_, replay)| replay).ok_or_else(|| refused.unwrap_or_else(none))
    }

    fn set_out(&mut self, script: Option<&Memory>) -> Result<(), Fault> {
        self.stage.set_out(Owner::Row, &self.schedule, script)?;
        if self.stage.manner.two {
            self.stage.set_out(Owner::Other, &self.schedule, script)?;
        }
        Ok(())
    }

    /// Plays it all, to see how well it goes.
    fn rank(mut self) -> Rank {
        let (mut differing, mut left) = (self.stage.disagreements(&self.schedule.start).len(), 0);
        while let Some(played) = self.step() {
            match played {
                Ok(played) => differing += played.differs.len(),
                Err(_) => left = self.schedule.events.len() - self.next + 1,
            }
        }
        let (confirmed, visible) = match self.outcome {
            Some(ReplayOutcome::Confirmed { visible, .. }) => (true, visible != Some(false)),
            _ => (false, false),
        };
        Rank { unconfirmed: !confirmed, left, hidden: !visible, differing }
    }

    /// Plays the next event; none after the last.
    ///
    /// # Errors
    /// The table refuses what the proof says happens. Nothing follows.
    pub fn step(&mut self) -> Option<Result<Played, Fault>> {
        let event = self.schedule.events.get(self.next).filter(|_| self.outcome.is_none())?.clone();
        self.stage.event = Some(self.next);
        self.next += 1;
        let is_last = self.next == self.schedule.events.len();
        let owner = if event.other_row { Owner::Other } else { Owner::Row };
        let (values, outcome) = self.play(owner, &event, is_last);
        if is_write(&event) && outcome.is_ok() {
            self.written.extend(values.iter().cloned());
        }
        let refused = outcome.err();
        if let Some(fault) = refused.as_ref().filter(|_| !is_last) {
            self.outcome = Some(ReplayOutcome::Differs { said: fault.message.clone() });
            return Some(Err(fault.clone()));
        }
        if is_last {
            let is_read = matches!(event.kind, EventKind::Read { .. });
            let read = values.first().filter(|_| is_read).map(|(_, value)| value);
            let last = Last { owner, refused: refused.as_ref(), read, written: &self.written };
            self.outcome = Some(self.stage.judge(&self.anomaly, &last));
        }
        self.undoing |= matches!(event.kind, EventKind::Undo(_));
        let differs = if self.undoing { Vec::new() } else { self.stage.disagreements(&event.row) };
        Some(Ok(Played { number: self.next, event, values, refused, differs }))
    }

    fn play(&mut self, owner: Owner, event: &ScheduleEvent, is_last: bool) -> (Values, Result<(), Fault>) {
        if let Err(fault) = self.stage.catch_up(event.position) {
            return (Vec::new(), Err(fault));
        }
        let to_be_refused = is_last && self.anomaly.kind == AnomalyKind::RejectedWrite;
        let collides = matches!(self.stage.manner.collide, Some(Collide::LastWrite | Collide::SameWrite))
            && !self.schedule.events[self.next..].iter().any(is_write);
        let stage = &mut self.stage;
        match &event.kind {
            EventKind::Step(step) => (Vec::new(), stage.end(*step)),
            EventKind::Visit { step, treats, .. } => (Vec::new(), visited(stage.visit(owner, *step), *treats, is_last)),
            EventKind::Undo(step) => (Vec::new(), stage.undo(*step)),
            EventKind::Read { app, column } => match stage.read(owner, app, column) {
                Ok(value) => (vec![(column.clone(), value)], Ok(())),
                Err(fault) => (Vec::new(), Err(fault)),
            },
            EventKind::Write { app, columns, as_is: true, .. } => stage.write_as_is(owner, app, columns),
            EventKind::Write { app, columns, null, .. } => {
                let write = Write { app, into: None, columns, null, to_be_refused, collides };
                stage.write_before(write);
                stage.write(owner, write)
            }
            EventKind::Insert { app, table, columns, null } => {
                let write = Write { app, into: Some(table), columns, null, to_be_refused, collides };
                stage.write_before(write);
                stage.write(owner, write)
            }
            EventKind::Delete { app, table } => (Vec::new(), stage.delete(owner, app, table)),
        }
    }

    /// How it ended; none before the last event was played.
    #[must_use]
    pub fn outcome(&self) -> Option<&ReplayOutcome> {
        self.outcome.as_ref()
    }

    /// How many events there are.
    #[must_use]
    pub fn events(&self) -> usize {
        self.schedule.events.len()
    }

    /// How many of them were played.
    #[must_use]
    pub fn played(&self) -> usize {
        self.next
    }

    /// The tables as they are now.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.stage.memory
    }

    /// What it is played for.
    #[must_use]
    pub fn anomaly(&self) -> &Anomaly {
        &self.anomaly
    }

    /// The row that the schedule is about, in each table that it is in now; with the second one, where there is one. Of
    /// its columns, those that the schedule speaks of and the primary key.
    #[must_use]
    pub fn rows(&self) -> Vec<(Name, Selected)> {
        let catalog = self.stage.memory.catalog();
        let tables: Vec<Name> = catalog.tables().map(|table| table.name.clone()).collect();
        tables.into_iter().filter_map(|table| Some((table.clone(), self.rows_in(&table)?))).collect()
    }

    fn rows_in(&self, table: &Name) -> Option<Selected> {
        let schema = self.stage.memory.catalog().table(table)?;
        let key = schema.primary_key().unwrap_or_default();
        let shown = schema.columns().filter(|column| {
            let name = ColumnName { table: table.clone(), column: column.name.clone() };
            key.contains(&column.id) || self.speaks_of(&name)
        });
        let columns: Vec<Name> = shown.map(|column| column.name.clone()).collect();
        let rows = [Owner::Row, Owner::Other].map(|owner| self.stage.selected(owner, table, &columns));
        rows.into_iter().flatten().reduce(|mut one, other| {
            one.rows.extend(other.rows);
            one.total = one.rows.len();
            one
        })
    }

    fn speaks_of(&self, column: &ColumnName) -> bool {
        let in_view = |view: &RowView| view.cells.iter().any(|cell| cell.column == *column);
        in_view(&self.schedule.start) || self.schedule.events.iter().any(|event| in_view(&event.row))
    }
}

/// The columns that the last write gives a value, and those that are made from them.
fn last_written(schedule: &Schedule, known: &KnownColumns) -> Vec<ColumnName> {
    let written = schedule.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Write { columns, .. } | EventKind::Insert { columns, .. } => Some(columns.clone()),
        _ => None,
    });
    let mut written = written.unwrap_or_default();
    for derivation in &known.derivations {
        let input = |name: &Name| ColumnName { table: derivation.source.clone(), column: name.clone() };
        if derivation.value.inputs().iter().any(|name| written.contains(&input(name))) {
            written.push(derivation.target.clone());
        }
    }
    written
}

fn is_write(event: &ScheduleEvent) -> bool {
    matches!(event.kind, EventKind::Write { .. } | EventKind::Insert { .. })
}

/// Whether the table did to a row what the proof says.
fn visited(visited: Result<Visited, Fault>, treats: bool, is_last: bool) -> Result<(), Fault> {
    let treated = visited? == Visited::Treated;
    if treated == treats || is_last {
        return Ok(());
    }
    let said = if treats { "the statement skips the row" } else { "the statement processes the row" };
    Err(Fault::new(FaultKind::Value, said))
}

/// How well a replay goes; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    unconfirmed: bool,
    left: usize,
    hidden: bool,
    differing: usize,
}

impl Rank {
    const BEST: Self = Self { unconfirmed: false, left: 0, hidden: false, differing: 0 };
}

/// The ways of choosing values, the plainest first.
fn manners(schedule: &Schedule, anomaly: &Anomaly, script: bool) -> Vec<Manner> {
    const KINDS: usize = 7;
    let other = schedule.events.iter().find(|event| event.other_row);
    let meet = other.is_some();
    let two = other.is_some_and(|event| !matches!(event.kind, EventKind::Insert { .. }));
    let may_meet = matches!(anomaly.kind, AnomalyKind::RejectedWrite | AnomalyKind::FailingStep);
    let starts: &[bool] = if script { &[true, false] } else { &[false] };
    let one = starts
        .iter()
        .flat_map(|own_rows| (0..KINDS).map(|kind| Manner { own_rows: *own_rows, kind, ..Manner::default() }));
    let plain: Vec<Manner> = one.collect();
    let writes = schedule.events.iter().any(is_write);
    let collide = Some(if writes { Collide::LastWrite } else { Collide::Start });
    let meeting = plain.iter().map(|manner| Manner { two: two || !meet, collide, ..*manner });
    let apart = plain.iter().map(|manner| Manner { two, ..*manner });
    let has_them = writes && anomaly.beside == Some(Beside::HasThem);
    let same = plain.iter().filter(|_| has_them);
    let same = same.map(|manner| Manner { two: true, collide: Some(Collide::SameWrite), ..*manner });
    let comes = anomaly.in_step && anomaly.beside == Some(Beside::ComesToThem);
    let filled = plain.iter().filter(|_| comes);
    let filled = filled.map(|manner| Manner { two: true, collide: Some(Collide::Fill), ..*manner });
    match (meet, may_meet) {
        (true, _) => meeting.chain(same).chain(filled).chain(apart).collect(),
        (false, true) => apart.chain(meeting).chain(same).collect(),
        (false, false) => apart.collect(),
    }
}
