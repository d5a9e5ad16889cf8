//! From anomalies to root causes: a plan with one mistake gets one finding, however many anomalies follow from it.
//!
//! For the shortest schedule that ends in an anomaly, changes of the plan are tried until one fixes it. What a changed
//! plan does not show any more had the same cause; what it still shows has another, and is looked for in turn.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::ast::Name;
use crate::plan::{ColumnName, Plan};
use crate::prove::compile::{Compiled, SizedModel, compile};
use crate::prove::explore::{self, Explored, Judgement};
use crate::prove::model::Model;
use crate::prove::proof::{Anomaly, AnomalyKind, Gives, Refutation, Remedies, Remedy};
use crate::prove::remedy::changes;
use crate::prove::rule::Rules;
use crate::prove::survey::Survey;
use crate::prove::tell::{self, Teller};
use crate::prove::word::Word;

/// Anomalies of one group that are looked into.
const MOST_ANOMALIES: usize = 24;

/// A group with more states than this is not proved again and again for the sake of a remedy.
const MOST_STATES: usize = 20_000;

/// What tells anomalies apart, whenever they happen.
type Signature = (AnomalyKind, Option<Name>, Option<ColumnName>);

/// What the author answers for.
pub(super) type Allowed<'a> = &'a dyn Fn(&Anomaly) -> bool;

/// How refutations are looked into: what the author answers for, which remedies are looked for, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Inquiry<'a> {
    pub(super) allowed: Allowed<'a>,
    pub(super) remedies: Remedies<'a>,
    pub(super) patience: &'a Patience,
}

fn signature(anomaly: &Anomaly) -> Signature {
    (anomaly.kind, anomaly.app.clone(), anomaly.column.clone())
}

/// Something wrong, and what would still be wrong if it were fixed.
struct KnownRefutation {
    refutation: Refutation,
    left: Option<BTreeSet<Signature>>,
}

/// How many changes may still be tried, so that a long plan with many mistakes is told of all of them in time.
#[derive(Debug)]
pub(super) struct Patience {
    /// States that may still be looked at.
    left: Cell<usize>,
    /// What it costs to try a change at all, as states.
    a_try: usize,
}

impl Patience {
    /// Enough to try some hundred changes of each group of a short plan. Trying one takes a time that grows with the plan.
    pub(super) fn with(plan: &Plan) -> Self {
        const STATES_TRIED: usize = 400_000;
        Self { left: Cell::new(STATES_TRIED), a_try: 20 * plan.steps.len() }
    }

    fn allows_another(&self) -> bool {
        self.spend(self.a_try);
        self.left.get() > 0
    }

    fn spend(&self, states: usize) {
        self.left.set(self.left.get().saturating_sub(states));
    }
}

/// A refutation for each root cause, given the exploration of a group of a plan.
pub(super) fn refutations<W: Word>(teller: &Teller<'_, W>, group: usize, inquiry: Inquiry<'_>) -> Vec<Refutation> {
    let Some(first) = teller.explored.found.as_ref().map(|found| teller.refutation(group, found)) else {
        return Vec::new();
    };
    let mut searching = Searching {
        plan: teller.plan,
        survey: teller.survey,
        compiled: teller.group,
        all: signatures(teller),
        inquiry,
        seen: BTreeSet::new(),
        causes: Vec::new(),
    };
    let is_small = teller.explored.nodes.len() <= MOST_STATES;
    searching.follow(teller.model, first, is_small && !matches!(inquiry.remedies, Remedies::Unsought));
    searching.causes.into_iter().map(|known| known.refutation).collect()
}

fn signatures<W: Word>(teller: &Teller<'_, W>) -> BTreeSet<Signature> {
    let wrongs = teller.explored.wrongs.iter().map(|wrong| &teller.model.wrongs[*wrong]);
    let at = explore::At { layer: 0, in_step: false };
    wrongs.map(|wrong| signature(&tell::anomaly(teller.plan, teller.survey, teller.model, at, wrong))).collect()
}

struct Searching<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    compiled: &'a Compiled,
    /// All anomalies of the group.
    all: BTreeSet<Signature>,
    inquiry: Inquiry<'a>,
    seen: BTreeSet<Signature>,
    causes: Vec<KnownRefutation>,
}

impl Searching<'_> {
    fn follow<W: Word>(&mut self, model: &Model<W>, first: Refutation, try_remedies: bool) {
        let group = first.group;
        let mut next = Some(first);
        for _ in 0..MOST_ANOMALIES {
            let Some(refutation) = next.take() else { return };
            let found = signature(&refutation.anomaly);
            let follows = |known: &KnownRefutation| known.left.as_ref().is_some_and(|left| !left.contains(&found));
            if !self.causes.iter().any(follows) {
                let known = self.cause(refutation, try_remedies);
                let mended = known.left.as_ref().is_some_and(|left| !left.is_empty());
                self.causes.push(known);
                if !mended {
                    return;
                }
            }
            self.seen.insert(found);
            next = self.explore_on(model, group);
        }
    }

    /// The next anomaly beyond those seen.
    fn explore_on<W: Word>(&self, model: &Model<W>, group: usize) -> Option<Refutation> {
        let told = |at, wrong: usize| tell::anomaly(self.plan, self.survey, model, at, &model.wrongs[wrong]);
        let explored = explore::explore(model, &|at, wrong| {
            let anomaly = told(at, wrong);
            if self.seen.contains(&signature(&anomaly)) {
                Judgement::Known
            } else {
                Judgement::unless((self.inquiry.allowed)(&anomaly))
            }
        });
        let teller = Teller { plan: self.plan, survey: self.survey, group: self.compiled, model, explored: &explored };
        explored.found.as_ref().map(|found| teller.refutation(group, found))
    }

    /// Looks for a remedy: one after which the group is proved, else one that leaves the least.
    fn cause(&self, mut refutation: Refutation, try_remedies: bool) -> KnownRefutation {
        if !try_remedies {
            return KnownRefutation { refutation, left: None };
        }
        let found = signature(&refutation.anomaly);
        let columns: Vec<ColumnName> =
            self.compiled.group.columns.iter().map(|(column, _)| self.survey.name(*column)).collect();
        let steps = self.compiled.steps(self.plan);
        let mut best: Option<(Remedy, BTreeSet<Signature>)> = None;
        let changes = changes(self.plan, &steps, refutation.anomaly.kind);
        for change in changes.take_while(|_| self.inquiry.patience.allows_another()) {
            let Some(left) = left_in(&change.plan, &columns, self.survey, self.inquiry) else { continue };
            let helps = !left.contains(&found) && left.is_subset(&self.all);
            if helps && best.as_ref().is_none_or(|(_, least)| left.len() < least.len()) {
                let is_all = left.is_empty();
                let gives = if is_all { Gives::Columns } else { Gives::Less };
                let remedy = Remedy { text: change.text, change: change.order, place: change.place, gives };
                let Some(remedy) = self.tried(remedy) else { continue };
                best = Some((remedy, left));
                if is_all {
                    break;
                }
            }
        }
        let (remedy, left) = best.map_or((None, None), |(remedy, left)| (Some(remedy), Some(left)));
        refutation.remedy = remedy;
        KnownRefutation { refutation, left }
    }

    /// The remedy, with what it gives; none where it does harm that the model does not see.
    fn tried(&self, remedy: Remedy) -> Option<Remedy> {
        match self.inquiry.remedies {
            Remedies::Tried(tried) => tried(&remedy),
            Remedies::Unsought | Remedies::Sought => Some(remedy),
        }
    }
}

/// What is wrong with the groups of a changed plan that hold these columns; none where that cannot be said.
fn left_in(
    plan: &Plan,
    columns: &[ColumnName],
    unchanged: &Survey,
    inquiry: Inquiry<'_>,
) -> Option<BTreeSet<Signature>> {
    let survey = Survey::new(plan, Rules::default(), &unchanged.judge);
    let wanted = |group: &crate::prove::groups::Group| {
        group.columns.iter().any(|(column, _)| columns.contains(&survey.name(*column)))
    };
    let mut left = BTreeSet::new();
    for group in compile(plan, &survey, &wanted) {
        match &group.model {
            SizedModel::Small(model) => left.extend(wrong_with(plan, &survey, &group, model, inquiry)?),
            SizedModel::Large(model) => left.extend(wrong_with(plan, &survey, &group, model, inquiry)?),
            SizedModel::TooLarge => return None,
        }
    }
    Some(left)
}

fn wrong_with<W: Word>(
    plan: &Plan,
    survey: &Survey,
    group: &Compiled,
    model: &Model<W>,
    inquiry: Inquiry<'_>,
) -> Option<BTreeSet<Signature>> {
    let told = |at, wrong: usize| tell::anomaly(plan, survey, model, at, &model.wrongs[wrong]);
    let explored: Explored<W> =
        explore::explore(model, &|at, wrong| Judgement::unless((inquiry.allowed)(&told(at, wrong))));
    inquiry.patience.spend(explored.nodes.len());
    (!explored.cut).then(|| signatures(&Teller { plan, survey, group, model, explored: &explored }))
}
