//! What is known of a plan without running it: what is wrong, or likely wrong, with it, and what is proved of it. A
//! script is read, resolved and proved once; what came of it is a [`Checked`], which goes to whoever runs the plan, plays
//! it or prints it.
//!
//! The planner walks the statements; at each, every rule looks at the step and the catalog before it. A rule keeps what
//! it must remember in a few bytes a statement, so that a script of a hundred thousand statements is checked in one
//! pass. Rules are one to a file in `rules`; each has its page in `docs/codes` and its cases in `tests/cases/check`.

mod allow;
mod checked;
mod few_values;
mod kept;
mod listed_rows;
mod proofs;
mod read_ahead;
mod root_cause;
mod rules;
mod samples;
mod two_forms;
mod verdict;

pub use checked::{Checked, Findings};
pub use proofs::AssumedProof;

use std::sync::Arc;

use crate::ast::{Script, Statement};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Action, Effect, KnownTable, Plan, PlanBuilder, Planner, Samples};
use crate::source::Source;
use crate::syntax::{self, Parsed};
use proofs::Proofs;
use verdict::{Judged, Judgement, Trial, Tried};

/// Scripts shorter than this, in bytes, are read whole; a tree of theirs is small.
const SMALL: usize = 1 << 14;

/// Plans without applications that are longer than this, in statements, are not proved under assumed ones.
pub(crate) const MOST_ADVISED: usize = 200;

/// Reads a script and says what is wrong with it. The statements of a large one are read one by one, and forgotten once
/// they are checked; so is what they do, where no application is declared: that is not proved for a very long plan.
#[must_use]
pub fn findings(source: Source) -> Findings {
    if source.text().len() < SMALL {
        return check(syntax::parse(source), &[]).findings;
    }
    let outline = syntax::outline(source.clone());
    let most_kept = if outline.script.apps.is_empty() { MOST_ADVISED } else { usize::MAX };
    let mut checker = Checker::start(&outline.script, &[], most_kept);
    checker.seeks = true;
    let unread = read_ahead::statements(&source, &outline.parts, &mut |statement| checker.statement(statement));
    let Outcome { diagnostics, notes, judgement, .. } =
        checker.finish(outline.diagnostics.iter().cloned().chain(unread), &mut |_| {});
    Findings { source, diagnostics, notes, judgement: judgement.map(Box::new) }
}

/// Resolves, checks and proves a script that was read, each once. `known` describes tables that the script does not
/// declare.
#[must_use]
pub fn check(parsed: Parsed, known: &[KnownTable]) -> Checked {
    check_with(parsed, known, &mut |_| {})
}

/// The same; `look` may add to what is known of the rows of the plan, before it is proved.
#[must_use]
pub fn check_with(parsed: Parsed, known: &[KnownTable], look: &mut dyn FnMut(&mut Plan)) -> Checked {
    let Parsed { script, diagnostics } = parsed;
    let mut checker = Checker::start(&script, known, usize::MAX);
    checker.seeks = true;
    script.statements.iter().for_each(|statement| checker.statement(statement));
    let Outcome { plan, proofs, diagnostics, notes, judgement } = checker.finish(diagnostics.into_iter(), look);
    let findings = Findings { source: script.source.clone(), diagnostics, notes, judgement: judgement.map(Box::new) };
    Checked { script, plan: plan.map(Arc::new), findings, proofs }
}

/// Checks a script that was changed to see what a remedy gives.
fn tried(source: Source, known: &[KnownTable], samples: &Arc<Samples>) -> Tried {
    #[cfg(test)]
    let _aside = crate::tally::aside();
    let Parsed { script, diagnostics } = syntax::parse(source);
    let mut checker = Checker::start(&script, known, usize::MAX);
    script.statements.iter().for_each(|statement| checker.statement(statement));
    let outcome = checker.finish(diagnostics.into_iter(), &mut |plan| plan.samples = Arc::clone(samples));
    let assumed = || Some(outcome.proofs.assumed.get()?.as_ref()?.headline.clone());
    let judged = outcome.judgement.as_ref().map(|judgement| judgement.headline(&script.source, &outcome.diagnostics));
    Tried { headline: judged.or_else(assumed), findings: outcome.diagnostics }
}

/// A walk along the statements of a script.
struct Checker<'s> {
    script: &'s Script,
    known: &'s [KnownTable],
    /// Whether remedies are looked for.
    seeks: bool,
    planner: Planner<'s>,
    /// What the statements make up; none once one of them cannot be understood, or they are too many.
    plan: Option<PlanBuilder>,
    /// No more statements than these are kept for the plan.
    most_kept: usize,
    rules: Vec<Box<dyn Rule>>,
    findings: Vec<Diagnostic>,
    /// How many statements have passed.
    statements: usize,
}

/// What a walk has found.
struct Outcome {
    plan: Option<Plan>,
    proofs: Proofs,
    diagnostics: Vec<Diagnostic>,
    notes: Vec<String>,
    judgement: Option<Judgement>,
}

impl<'s> Checker<'s> {
    fn start(script: &'s Script, known: &'s [KnownTable], most_kept: usize) -> Self {
        let mut planner = Planner::start(script, known);
        let plan = Some(PlanBuilder::start(&planner));
        let found = planner.take_diagnostics();
        let mut checker = Self {
            script,
            known,
            seeks: false,
            planner,
            plan,
            most_kept,
            rules: rules::all(),
            findings: Vec::new(),
            statements: 0,
        };
        checker.note(found);
        checker.findings.extend(listed_rows::check(script, checker.planner.catalog()));
        for rule in &mut checker.rules {
            rule.start(&mut checker.planner, script, &mut checker.findings);
        }
        checker
    }

    /// Takes in what the planner has found.
    fn note(&mut self, found: Vec<Diagnostic>) {
        if found.iter().any(Diagnostic::keeps_from_running) {
            self.plan = None;
        }
        self.findings.extend(found);
    }

    fn statement(&mut self, statement: &Statement) {
        self.statements += 1;
        let action = self.planner.resolve(statement);
        let found = self.planner.take_diagnostics();
        self.note(found);
        let effect = action.as_ref().map(|action| action.effect(self.planner.catalog())).unwrap_or_default();
        let planner = &mut self.planner;
        let mut at = At { script: self.script, statement, action: action.as_ref(), effect: &effect, planner };
        self.rules.iter_mut().for_each(|rule| rule.statement(&mut at, &mut self.findings));
        if action.is_none() || self.statements > self.most_kept {
            self.plan = None;
        }
        match (action, &mut self.plan) {
            (Some(action), Some(plan)) => plan.take(&mut self.planner, statement, action),
            (Some(action), None) => self.planner.advance(&action, statement.span),
            (None, _) => {}
        }
    }

    /// Ends the walk, and proves the plan.
    fn finish(mut self, unread: impl Iterator<Item = Diagnostic>, look: &mut dyn FnMut(&mut Plan)) -> Outcome {
        self.findings.extend(unread);
        root_cause::leave_out_unread(self.script, &mut self.findings);
        self.rules.iter_mut().for_each(|rule| rule.finish(&self.planner, self.script, &mut self.findings));
        let mut plan = self.plan.take().map(|plan| self.whole(plan));
        plan.as_mut().into_iter().for_each(look);
        let Judged { judgement, proofs } = self.judged(plan.as_ref());
        allow::apply(self.script, &mut self.findings);
        root_cause::keep(&mut self.findings);
        self.findings.sort_by_key(Diagnostic::span);
        let mut notes = notes(self.script, &self.planner, &self.findings);
        notes.extend(self.rules.iter_mut().flat_map(|rule| rule.notes()));
        Outcome { plan, proofs, diagnostics: self.findings, notes, judgement }
    }

    fn judged(&mut self, plan: Option<&Plan>) -> Judged {
        let (known, samples) = (self.known, plan.map(|plan| Arc::clone(&plan.samples)).unwrap_or_default());
        let tried = |source: Source| tried(source, known, &samples);
        let is_small = self.script.source.text().len() < SMALL;
        let trial = match (self.seeks, is_small) {
            (false, _) => Trial::Unsought,
            (true, true) => Trial::Script(&tried),
            (true, false) => Trial::Model,
        };
        verdict::judge(self.script, plan, trial, &mut self.findings)
    }

    /// The plan, with the rows that the script has.
    fn whole(&self, plan: PlanBuilder) -> Plan {
        let mut plan = plan.finish(&self.planner);
        plan.samples = Arc::new(samples::of_script(&plan.start, self.script));
        plan
    }
}

/// What every rule sees of one statement.
struct At<'a, 's> {
    script: &'s Script,
    statement: &'a Statement,
    /// What the statement does; none where its names could not be resolved.
    action: Option<&'a Action>,
    /// What that is about; nothing where the names could not be resolved.
    effect: &'a Effect<'a>,
    planner: &'a mut Planner<'s>,
}

impl At<'_, '_> {
    /// The schema before the statement.
    fn catalog(&self) -> &Catalog {
        self.planner.catalog()
    }
}

/// One thing to look for.
trait Rule {
    /// Before the first statement.
    fn start(&mut self, _planner: &mut Planner<'_>, _script: &Script, _findings: &mut Vec<Diagnostic>) {}

    /// At each statement, before it is done.
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>);

    /// After the last statement; what could not be read is among the findings.
    fn finish(&mut self, _planner: &Planner<'_>, _script: &Script, _findings: &mut Vec<Diagnostic>) {}

    /// What to know besides, a sentence each; asked last.
    fn notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

fn notes(script: &Script, planner: &Planner<'_>, findings: &[Diagnostic]) -> Vec<String> {
    let mut notes = Vec::new();
    if script.apps.is_empty() {
        // Where the advice says what is assumed, there is no more to say.
        if findings.iter().all(|finding| finding.code != Code::MissingApp) {
            notes.push("no `app` is declared: checked for order and schema only".to_owned());
        }
    }
    if planner.is_open() && planner.has_begun() {
        notes.push("no `table` is declared: tables and columns are assumed to exist as they are used".to_owned());
    }
    notes
}
