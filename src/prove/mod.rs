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
//! - `tell` turns what was found back into rows, events and names: a [`Proof`].

mod causes;
mod compile;
mod explore;
mod groups;
mod layout;
mod model;
mod proof;
mod remedy;
mod rollback;
mod survey;
mod tell;
mod word;
mod words;

pub use proof::*;
pub use words::Words;

use crate::plan::Plan;
use compile::{Compiled, Sized, compile};
use model::Model;
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
    let survey = Survey::new(plan);
    let mut proof = Proof {
        states: 0,
        groups: Vec::new(),
        refutations: Vec::new(),
        outside: Vec::new(),
        assumptions: Vec::new(),
        matrix: empty_matrix(plan),
        no_return: None,
    };
    for group in compile(plan, &survey, &|_| true) {
        let mut proving = Proving { plan, survey: &survey, allowed, proof: &mut proof };
        match &group.model {
            Sized::Small(model) => proving.group(&group, model),
            Sized::Large(model) => proving.group(&group, model),
            Sized::TooLarge => {}
        }
        proof.outside.extend(group.outside);
        for assumption in group.assumptions {
            if !proof.assumptions.contains(&assumption) {
                proof.assumptions.push(assumption);
            }
        }
    }
    proof
}

struct Proving<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    allowed: &'a dyn Fn(&Anomaly) -> bool,
    proof: &'a mut Proof,
}

impl Proving<'_> {
    fn group<W: Word>(&mut self, group: &Compiled, model: &Model<W>) {
        let anomaly = |at, wrong: usize| tell::anomaly(self.plan, self.survey, model, at, &model.wrongs[wrong]);
        let explored = explore::explore(model, &|at, wrong| (self.allowed)(&anomaly(at, wrong)));
        let teller = Teller { plan: self.plan, survey: self.survey, group, model, explored: &explored };
        let columns = group.group.columns.iter().map(|(column, _)| self.survey.name(*column)).collect();
        let rollbacks = rollback::rollbacks(model, &explored);
        let (states, rollback_states) = (explored.nodes.len(), rollbacks.states);
        let steps = group.steps(self.plan);
        self.proof.states += states + rollback_states;
        let at = self.proof.groups.len();
        self.proof.refutations.extend(causes::refutations(&teller, at, self.allowed));
        self.proof.groups.push(GroupProof { columns, states, rollback_states, steps });
        if explored.cut {
            let why = "there are more states than are looked at".to_owned();
            self.proof.outside.push(Outside { step: None, why });
        }
        self.note_breaks(model, &explored);
        let no_return = rollbacks.loss.as_ref().and_then(|loss| teller.no_return(loss));
        let earlier = |new: &NoReturn| self.proof.no_return.as_ref().is_none_or(|old| new.step < old.step);
        if let Some(no_return) = no_return.filter(earlier) {
            self.proof.no_return = Some(no_return);
        }
    }

    fn note_breaks<W: Word>(&mut self, model: &Model<W>, explored: &explore::Explored<W>) {
        for ((layer, app), (_, kind)) in &explored.breaks {
            let from = model.layers[*layer].from;
            let to = model.layers[*layer].step.unwrap_or(self.plan.steps.len());
            for row in &mut self.proof.matrix.rows[from..=to] {
                row[*app] = match row[*app] {
                    Cell::Breaks(known) => Cell::Breaks(known.min(*kind)),
                    _ => Cell::Breaks(*kind),
                };
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
