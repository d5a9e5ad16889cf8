//! The proof: every interleaving of application writes, backfill batches, crashes, rollout and rollback.
//!
//! Rows do not influence each other in the statements of a plan (but for unique constraints, of which below), and columns
//! that are not linked do not either. So one row is enough, and of it one group of linked columns at a time: each column
//! unset, null or set, and fresh or stale for each fact that it carries. The stages:
//!
//! - `survey` reads the plan once for what holds of it as a whole;
//! - `groups` finds the columns that influence each other;
//! - `compile` works out what each event does to a state, as a few operations on bits, for each stretch of the plan in
//!   which nothing changes for the group (`layout`, `word`, `model`);
//! - `explore` visits all reachable states breadth first, `rollback` rolls back from each;
//! - `causes` tries changes of the plan (`remedy`) to tell root causes from what follows from them;
//! - `tell` turns what was found back into rows, events and names: a [`Proof`];
//! - `letters` and `words` tell of one schedule: which cells hold the same value, and what happens.

mod causes;
mod compile;
mod copies;
mod covers;
mod explore;
mod groups;
mod layout;
mod letters;
mod model;
mod proof;
mod put_back;
mod remedy;
mod rollback;
mod rule;
mod shown;
mod survey;
mod tell;
mod word;
mod words;

pub use letters::{Letters, letters, letters_with};
pub use proof::*;
#[cfg(feature = "ablation")]
pub use rule::Rule;
pub use shown::Shown;
pub use words::Words;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::plan::{Plan, Question};
use causes::{Inquiry, Patience};
use compile::{Compiled, SizedModel, compile};
use explore::Judgement;
use model::Model;
use rule::Rules;
use survey::Survey;
use tell::Teller;
use word::Word;

/// Proves a plan, or finds the shortest schedule that ends in an anomaly.
#[must_use]
pub fn prove(plan: &Plan) -> Proof {
    prove_except(plan, &|_| false)
}

/// The same, where some anomalies are answered for by the author.
#[must_use]
pub fn prove_except(plan: &Plan, allowed: &dyn Fn(&Anomaly) -> bool) -> Proof {
    prove_with(plan, allowed, Remedies::Sought)
}

/// The same, with remedies that hold outside of the model, too, or without any.
#[must_use]
pub fn prove_with(plan: &Plan, allowed: &dyn Fn(&Anomaly) -> bool, remedies: Remedies<'_>) -> Proof {
    prove_surveyed(plan, &Survey::new(plan, Rules::default(), &Rc::default()), allowed, remedies)
}

/// What the proof would say if the model lacked a rule: not the truth, but a way to see what the rule is there for.
#[cfg(feature = "ablation")]
#[must_use]
pub fn prove_without(plan: &Plan, rule: Rule) -> Proof {
    prove_surveyed(plan, &Survey::new(plan, Rules::without(rule), &Rc::default()), &|_| false, Remedies::Sought)
}

/// What a proof would like to know of the rows of the database that its samples are from, and has not been told.
#[must_use]
pub fn questions(plan: &Plan) -> Vec<Question> {
    let survey = Survey::new(plan, Rules::default(), &Rc::default());
    drop(compile(plan, &survey, &|_| true));
    survey.judge.unasked()
}

fn prove_surveyed(plan: &Plan, survey: &Survey, allowed: &dyn Fn(&Anomaly) -> bool, remedies: Remedies<'_>) -> Proof {
    #[cfg(test)]
    crate::tally::note(crate::tally::Stage::Proved, &plan.title);
    let mut proof = Proof {
        states: 0,
        groups: Vec::new(),
        refutations: Vec::new(),
        outside: Vec::new(),
        conditions: Vec::new(),
        assumptions: Vec::new(),
        matrix: empty_matrix(plan),
        no_return: put_back::no_return(plan, survey),
    };
    let mut ranks = FxHashMap::default();
    let patience = Patience::with(plan);
    let inquiry = Inquiry { allowed, remedies, patience: &patience };
    for group in compile(plan, survey, &|_| true) {
        let mut proving = Proving { plan, survey, inquiry, proof: &mut proof, ranks: &mut ranks };
        match &group.model {
            SizedModel::Small(model) => proving.group(&group, model),
            SizedModel::Large(model) => proving.group(&group, model),
            SizedModel::TooLarge => {}
        }
        for outside in group.outside {
            if !proof.outside.contains(&outside) {
                proof.outside.push(outside);
            }
        }
        for condition in group.conditions {
            note_condition(&mut proof.conditions, condition);
        }
        for assumption in group.assumptions {
            if !proof.assumptions.contains(&assumption) {
                proof.assumptions.push(assumption);
            }
        }
    }
    proof
}

/// Adds a condition, unless it is known; it stands at the last statement that it is known of.
fn note_condition(conditions: &mut Vec<Condition>, new: Condition) {
    match conditions.iter_mut().find(|known| known.what == new.what) {
        Some(known) => known.step = known.step.max(new.step),
        None => conditions.push(new),
    }
}

/// Whether a constraint over columns of several groups refuses the same in each.
fn is_told_by(known: &Refutation, new: &Refutation) -> bool {
    let table = |of: &Refutation| of.anomaly.column.as_ref().map(|column| column.table.clone());
    let place = |of: &Refutation| (of.anomaly.kind, of.anomaly.position, of.anomaly.in_step);
    new.anomaly.constraint.is_some()
        && known.group != new.group
        && place(known) == place(new)
        && known.anomaly.app == new.anomaly.app
        && known.anomaly.constraint == new.anomaly.constraint
        && table(known) == table(new)
}

struct Proving<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    inquiry: Inquiry<'a>,
    proof: &'a mut Proof,
    /// What each application meets first, of all groups.
    ranks: &'a mut FxHashMap<(usize, usize), explore::Rank>,
}

impl Proving<'_> {
    fn group<W: Word>(&mut self, group: &Compiled, model: &Model<W>) {
        let anomaly = |at, wrong: usize| tell::anomaly(self.plan, self.survey, model, at, &model.wrongs[wrong]);
        let explored =
            explore::explore(model, &|at, wrong| Judgement::unless((self.inquiry.allowed)(&anomaly(at, wrong))));
        let teller = Teller { plan: self.plan, survey: self.survey, group, model, explored: &explored };
        let columns = group.group.columns.iter().map(|(column, _)| self.survey.name(*column)).collect();
        let rollbacks = rollback::rollbacks(model, &explored);
        let (states, rollback_states) = (explored.nodes.len(), rollbacks.states);
        let steps = group.steps(self.plan);
        self.proof.states += states + rollback_states;
        let at = self.proof.groups.len();
        for refutation in causes::refutations(&teller, at, self.inquiry) {
            if !self.proof.refutations.iter().any(|known| is_told_by(known, &refutation)) {
                self.proof.refutations.push(refutation);
            }
        }
        self.proof.groups.push(GroupProof { columns, states, rollback_states, steps });
        if explored.cut || rollbacks.cut {
            let why = "there are more states than are explored".to_owned();
            self.proof.outside.push(Outside { step: None, why });
        }
        let stops = explored
            .stopped
            .iter()
            .map(|layer| Assumption { step: model.layers[*layer].step, what: compile::VERIFIED.to_owned() });
        for stop in stops {
            if !self.proof.assumptions.contains(&stop) {
                self.proof.assumptions.push(stop);
            }
        }
        self.note_breaks(model, &explored);
        self.note_losses(model, &explored);
        let no_return = rollbacks.loss.as_ref().and_then(|loss| teller.no_return(loss));
        // A write that is lost says more than a constraint that may be.
        let precedes =
            |new: &NoReturn, old: &NoReturn| new.step < old.step || new.step == old.step && old.loss().is_none();
        let earlier = |new: &NoReturn| self.proof.no_return.as_ref().is_none_or(|old| precedes(new, old));
        if let Some(no_return) = no_return.filter(earlier) {
            self.proof.no_return = Some(no_return);
        }
    }

    fn note_breaks<W: Word>(&mut self, model: &Model<W>, explored: &explore::Explored<W>) {
        for ((layer, app), rank) in &explored.breaks {
            let from = model.layers[*layer].from;
            let to = model.layers[*layer].step.unwrap_or(self.plan.steps.len());
            for row in from..=to {
                let best = self.ranks.entry((row, *app)).or_insert(*rank);
                *best = (*best).min(*rank);
                self.proof.matrix.rows[row][*app] = Cell::Breaks(best.kind);
            }
        }
    }

    /// Nothing works any more for a version whose value is gone, whatever it reads in its place.
    fn note_losses<W: Word>(&mut self, model: &Model<W>, explored: &explore::Explored<W>) {
        for (ended, wrong) in &explored.losses {
            let Some(model::Cause::Column(fact)) = &model.wrongs[*wrong].column else { continue };
            let knows = |app: &usize| self.survey.knows(self.plan, *app, *fact);
            let apps: Vec<usize> = (0..self.plan.apps.len()).filter(knows).collect();
            for row in self.proof.matrix.rows.iter_mut().skip(*ended) {
                for app in &apps {
                    if row[*app] == Cell::Works {
                        row[*app] = Cell::Breaks(AnomalyKind::LostWrite);
                    }
                }
            }
        }
    }
}

/// Who is live when.
fn empty_matrix(plan: &Plan) -> Matrix {
    let mut catalog = plan.start.clone();
    let row = |catalog: &crate::catalog::Catalog| {
        let cell = |live| if live { Cell::Works } else { Cell::NotLive };
        plan.apps.iter().map(|app| cell(catalog.is_live(&app.name))).collect()
    };
    let mut rows = vec![row(&catalog)];
    for step in &plan.steps {
        catalog.apply(&step.action);
        rows.push(row(&catalog));
    }
    Matrix { apps: plan.apps.iter().map(|app| app.name.clone()).collect(), rows }
}
