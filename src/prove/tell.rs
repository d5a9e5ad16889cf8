//! From states and acts back to rows, events and names.

use crate::ast::Name;
use crate::plan::{ColumnName, Inserts, Plan, conflict_name};
use crate::prove::compile::Compiled;
use crate::prove::explore::{At, BestSchedule, Explored, Last};
use crate::prove::model::{Cause, Layer, Model, ModelEvent, Transition, Wrong};
use crate::prove::proof::{
    Anomaly, AnomalyKind, CellView, Content, EventKind, NoReturn, Refutation, RowView, Schedule, ScheduleEvent,
    WhyNoReturn,
};
use crate::prove::rollback::Loss;
use crate::prove::survey::Survey;
use crate::prove::word::Word;

/// What it takes to tell of one group.
pub(super) struct Teller<'a, W> {
    pub(super) plan: &'a Plan,
    pub(super) survey: &'a Survey,
    pub(super) group: &'a Compiled,
    pub(super) model: &'a Model<W>,
    pub(super) explored: &'a Explored<W>,
}

impl<W: Word> Teller<'_, W> {
    /// The refutation that was found.
    pub(super) fn refutation(&self, group: usize, found: &BestSchedule) -> Refutation {
        let wrong = &self.model.wrongs[found.wrong];
        let layer = &self.model.layers[found.layer];
        let mut told = self.way_to(found.node);
        let mut undecided = told.undecided;
        let at = At { layer: found.layer, in_step: found.last.is_in_step(layer) };
        let position = at.position(self.model);
        let word = self.explored.nodes[found.node].word;
        let kind = match found.last {
            Last::Use => self.use_of(wrong),
            Last::Transition(at) => self.kind(act(layer, at).happening, &told.visited),
            Last::Other(at) => {
                if layer.collisions[at].in_step {
                    self.steps_before(&mut told.events, found.layer, position, word);
                }
                self.kind(layer.collisions[at].happening, &[])
            }
            Last::End(_) => {
                self.steps_before(&mut told.events, found.layer, position, word);
                EventKind::Step(position)
            }
        };
        let after = self.after(found, word);
        told.events.push(ScheduleEvent { position, kind, row: after, other_row: wrong.other_row });
        let last = match found.last {
            Last::Transition(at) => act(layer, at).witness,
            Last::End(_) | Last::Use | Last::Other(_) => None,
        };
        let witness = wrong.witness.or(last).or(told.witness);
        undecided.extend(self.last_undecided(found, wrong));
        undecided.sort_unstable();
        undecided.dedup();
        Refutation {
            group,
            anomaly: anomaly(self.plan, self.survey, self.model, at, wrong),
            schedule: Schedule { start: told.start, events: told.events },
            hangs_on: undecided.into_iter().map(|at| self.group.undecided[at].clone()).collect(),
            witness: witness.map(|at| self.group.witnesses[at].clone()),
            remedy: None,
            help: String::new(),
        }
    }

    fn last_undecided(&self, found: &BestSchedule, wrong: &Wrong) -> Vec<usize> {
        let act = match found.last {
            Last::Transition(at) => act(&self.model.layers[found.layer], at).undecided,
            Last::End(_) | Last::Use | Last::Other(_) => None,
        };
        act.into_iter().chain(wrong.undecided).collect()
    }

    /// The row after the last event: a write that is refused leaves it as it was.
    fn after(&self, found: &BestSchedule, word: W) -> RowView {
        let layer = &self.model.layers[found.layer];
        let lost = self.model.wrongs[found.wrong].kind == AnomalyKind::LostWrite;
        match found.last {
            Last::Transition(at) if lost => self.row(found.layer, act(layer, at).code.run(word)),
            Last::End(at) if lost => self.row(found.layer + 1, layer.ends[at].code.run(word)),
            _ => self.row(found.layer, word),
        }
    }

    fn use_of(&self, wrong: &Wrong) -> EventKind {
        let app = self.app(wrong.app.unwrap_or(0));
        let Some(column) = wrong.column.as_ref().map(|wrong| cause(self.survey, wrong)) else {
            let inserts = &self.plan.apps[wrong.app.unwrap_or(0)].inserts;
            let is_it = |inserts: &&Inserts| {
                let names = inserts.conflicts.iter().map(|columns| conflict_name(&inserts.table, columns));
                names.into_iter().any(|name| wrong.constraint.as_ref() == Some(&name))
            };
            let table = inserts.iter().find(is_it).map_or_else(|| "?".into(), |inserts| inserts.table.clone());
            return EventKind::Insert { app, table, columns: Vec::new(), null: Vec::new() };
        };
        if wrong.reads {
            EventKind::Read { app, column }
        } else {
            EventKind::Write { app, columns: vec![column], null: Vec::new(), as_is: false }
        }
    }

    fn app(&self, app: usize) -> Name {
        self.plan.apps[app].name.clone()
    }

    /// A row as people see it.
    fn row(&self, layer: usize, word: W) -> RowView {
        let layout = &self.group.layout;
        let mut cells = Vec::new();
        for (column, bits) in &layout.columns {
            let name = self.survey.name(*column);
            if !self.group.has(layer, *column) || !word.has(layout.tables[bits.table].exists) {
                continue;
            }
            let content = match (word.has(bits.unset), word.has(bits.null)) {
                (true, _) => Content::Unset,
                (false, true) => Content::Null,
                (false, false) => Content::Value,
            };
            let stale = bits.stale.iter().filter(|(_, at)| word.has(*at)).map(|(fact, _)| self.survey.name(*fact));
            cells.push(CellView { column: name, content, stale: stale.collect() });
        }
        RowView { cells }
    }

    fn kind(&self, happening: usize, visited: &[usize]) -> EventKind {
        let names =
            |columns: &[crate::catalog::ColumnId]| columns.iter().map(|column| self.survey.name(*column)).collect();
        match &self.model.happenings[happening] {
            ModelEvent::Step(step) => EventKind::Step(*step),
            ModelEvent::Visit { step, treats } => {
                EventKind::Visit { step: *step, again: visited.contains(step), treats: *treats }
            }
            ModelEvent::Write { app, columns, null, as_is } => {
                EventKind::Write { app: self.app(*app), columns: names(columns), null: names(null), as_is: *as_is }
            }
            ModelEvent::Insert { app, table, columns, null } => EventKind::Insert {
                app: self.app(*app),
                table: self.group.group.tables[*table].clone(),
                columns: names(columns),
                null: names(null),
            },
            ModelEvent::Delete { app, table } => EventKind::Delete { app: self.app(*app), table: table.clone() },
            ModelEvent::Undo(step) => EventKind::Undo(*step),
        }
    }

    /// The events up to a node.
    fn way_to(&self, node: usize) -> Way {
        let path = self.explored.path(node);
        let first = path.first().copied().unwrap_or(0);
        let mut way = Way {
            start: self.row(0, self.explored.nodes[first].word),
            events: Vec::new(),
            visited: Vec::new(),
            undecided: Vec::new(),
            witness: None,
        };
        for pair in path.windows(2) {
            let (from, to) = (self.explored.nodes[pair[0]].word, self.explored.nodes[pair[1]].word);
            let (layer, next) = (self.explored.layer_of(pair[0]), self.explored.layer_of(pair[1]));
            if next > layer {
                self.pass(&mut way, layer, from, to);
            } else {
                self.happen(&mut way, layer, from, to);
            }
        }
        way
    }

    /// The statements up to the one that ends a layer, which change nothing for the row.
    fn steps_before(&self, events: &mut Vec<ScheduleEvent>, layer: usize, step: usize, word: W) {
        for position in self.model.layers[layer].from..step {
            let kind = EventKind::Step(position);
            events.push(ScheduleEvent { position, kind, row: self.row(layer, word), other_row: false });
        }
    }

    fn pass(&self, way: &mut Way, layer: usize, from: W, to: W) {
        let Some(step) = self.model.layers[layer].step else { return };
        self.steps_before(&mut way.events, layer, step, from);
        let kind = EventKind::Step(step);
        way.events.push(ScheduleEvent { position: step, kind, row: self.row(layer + 1, to), other_row: false });
    }

    fn happen(&self, way: &mut Way, at: usize, from: W, to: W) {
        let layer = &self.model.layers[at];
        let does = |act: &&Transition<W>| {
            let next = act.code.run(from);
            let is_taken = !act.is_avoided(next) && !act.refused.iter().any(|(pattern, _)| pattern.matches(next));
            act.guard.matches(from) && next == to && is_taken
        };
        let Some(act) = layer.acts.iter().chain(&layer.visits).find(does) else { return };
        let kind = self.kind(act.happening, &way.visited);
        if let EventKind::Visit { step, .. } = kind {
            way.visited.push(step);
        }
        way.undecided.extend(act.undecided);
        way.witness = act.witness.or(way.witness);
        let position = way.position(layer.from);
        way.events.push(ScheduleEvent { position, kind, row: self.row(at, to), other_row: false });
    }

    /// The point of no return that a loss shows.
    pub(super) fn no_return(&self, loss: &Loss<W>) -> Option<NoReturn> {
        let step = self.model.layers.get(loss.origin.checked_sub(1)?)?.step?;
        let mut way = self.way_to(loss.node);
        let mut from = (self.explored.nodes[loss.node].word, loss.origin);
        for to in &loss.path {
            if to.1 < from.1 {
                self.undo(&mut way, from.1, *to);
            } else {
                self.happen(&mut way, from.1, from.0, to.0);
            }
            from = *to;
        }
        let schedule = Schedule { start: way.start, events: way.events };
        Some(NoReturn { step, why: WhyNoReturn::Loses { column: self.survey.name(loss.fact), schedule } })
    }

    fn undo(&self, way: &mut Way, layer: usize, (word, to): (W, usize)) {
        let (Some(first), Some(last)) = (self.model.layers[to].step, Some(self.model.layers[layer].from)) else {
            return;
        };
        for step in (first..last).rev() {
            let kind = EventKind::Undo(step);
            way.events.push(ScheduleEvent { position: step + 1, kind, row: self.row(to, word), other_row: false });
        }
    }
}

/// Events on the way to a state.
struct Way {
    start: RowView,
    events: Vec<ScheduleEvent>,
    /// Fills that have visited the row.
    visited: Vec<usize>,
    undecided: Vec<usize>,
    /// The values with which the last event happens that hangs on some.
    witness: Option<usize>,
}

impl Way {
    /// How many statements have ended, in a layer that begins at `from`.
    fn position(&self, from: usize) -> usize {
        let ended = self.events.iter().rev().find_map(|event| match event.kind {
            EventKind::Step(step) => Some(step + 1),
            _ => None,
        });
        ended.unwrap_or(0).max(from)
    }
}

fn cause(survey: &Survey, cause: &Cause) -> ColumnName {
    match cause {
        Cause::Column(column) => survey.name(*column),
        Cause::Missing(name) => name.clone(),
    }
}

/// What is wrong, as others are told.
pub(super) fn anomaly<W>(plan: &Plan, survey: &Survey, model: &Model<W>, at: At, wrong: &Wrong) -> Anomaly {
    Anomaly {
        kind: wrong.kind,
        position: at.position(model),
        in_step: at.in_step,
        app: wrong.app.map(|app| plan.apps[app].name.clone()),
        column: wrong.column.as_ref().map(|wrong| cause(survey, wrong)),
        constraint: wrong.constraint.clone(),
        beside: wrong.beside.clone(),
    }
}

/// An act of a layer, by its place among acts and visits.
fn act<W>(layer: &Layer<W>, at: usize) -> &Transition<W> {
    layer.acts.get(at).unwrap_or_else(|| &layer.visits[at - layer.acts.len()])
}
