//! What is gathered while a group's model is compiled.

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint};
use crate::obligations::Witness;
use crate::plan::Plan;
use crate::prove::model::{Cause, Collision, Model, ModelEvent, Transition, Wrong};
use crate::prove::proof::{AnomalyKind, Assumption, Condition, Outside, Undecided};
use crate::prove::word::Word;

/// Something wrong that depends on nothing unknown.
pub(super) fn wrong(
    kind: AnomalyKind,
    app: Option<usize>,
    column: Option<ColumnId>,
    constraint: Option<String>,
) -> Wrong {
    let column = column.map(Cause::Column);
    let (undecided, witness, beside) = (None, None, None);
    Wrong { kind, app, column, constraint, reads: false, undecided, witness, other_row: false, beside }
}

/// A model on its way, and what there is to say beside it.
#[derive(Debug)]
pub(super) struct Record<W> {
    pub(super) model: Model<W>,
    /// Where rows may meet in the layer on its way.
    pub(super) collisions: Vec<Collision<W>>,
    pub(super) undecided: Vec<Undecided>,
    pub(super) conditions: Vec<Condition>,
    pub(super) witnesses: Vec<Witness>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) outside: Vec<Outside>,
}

impl<W: Word> Record<W> {
    pub(super) fn new() -> Self {
        let model = Model {
            layers: Vec::new(),
            existing: Vec::new(),
            absent: W::ZERO,
            happenings: Vec::new(),
            wrongs: Vec::new(),
        };
        Self {
            model,
            collisions: Vec::new(),
            undecided: Vec::new(),
            conditions: Vec::new(),
            witnesses: Vec::new(),
            assumptions: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// The place of something that may happen.
    pub(super) fn happening(&mut self, happening: ModelEvent) -> usize {
        if self.model.happenings.last() != Some(&happening) {
            self.model.happenings.push(happening);
        }
        self.model.happenings.len() - 1
    }

    /// The place of something that may go wrong.
    pub(super) fn wrong(&mut self, wrong: Wrong) -> usize {
        if self.model.wrongs.last() != Some(&wrong) {
            self.model.wrongs.push(wrong);
        }
        self.model.wrongs.len() - 1
    }

    /// The place of a condition that depends on values.
    pub(super) fn undecided(&mut self, step: Option<usize>, what: String) -> usize {
        let undecided = Undecided { step, what };
        if let Some(at) = self.undecided.iter().position(|known| *known == undecided) {
            return at;
        }
        self.undecided.push(undecided);
        self.undecided.len() - 1
    }

    /// The place of values with which something happens.
    pub(super) fn witness(&mut self, witness: &Witness) -> usize {
        if let Some(at) = self.witnesses.iter().position(|known| known == witness) {
            return at;
        }
        self.witnesses.push(witness.clone());
        self.witnesses.len() - 1
    }

    /// Notes what would have to hold of values, and what would discharge it.
    pub(super) fn require(&mut self, step: Option<usize>, what: String, discharge: String) {
        let condition = Condition { step, what, discharge };
        if !self.conditions.contains(&condition) {
            self.conditions.push(condition);
        }
    }

    /// Notes what only the authors of the applications can know.
    pub(super) fn assume(&mut self, step: Option<usize>, what: String) {
        let assumption = Assumption { step, what };
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    /// Notes what the model does not reach.
    pub(super) fn leave_outside(&mut self, step: Option<usize>, why: String) {
        let outside = Outside { step, why };
        if !self.outside.contains(&outside) {
            self.outside.push(outside);
        }
    }
}

/// The step of a plan that adds a constraint.
pub(super) fn added_by(plan: &Plan, table: &str, constraint: &str) -> Option<usize> {
    let is_it = |(on, added): &(&Name, &Constraint)| ***on == *table && *added.name == *constraint;
    plan.effects().find(|(_, effect)| effect.adds_constraints.iter().any(is_it)).map(|(step, _)| step.index)
}

/// Drops acts that neither change a state nor can be refused, and those that do the same as one that already exists.
pub(super) fn push_act<W: Word>(acts: &mut Vec<Transition<W>>, act: Transition<W>) {
    let is_known = || {
        let same =
            |known: &Transition<W>| known.guard == act.guard && known.refused.is_empty() && known.code == act.code;
        acts.iter().any(same)
    };
    if !act.refused.is_empty() || !act.risks.is_empty() || !act.code.is_empty() && !is_known() {
        acts.push(act);
    }
}
