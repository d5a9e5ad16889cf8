//! The verdict of the proof, as findings and notes.
//!
//! One finding for each root cause: where a rule has found, by the order of statements alone, what the proof has found as
//! well, the two become one, and a rule's suspicion that the proof does not share is dropped.

mod finding;
mod judgement;
mod remedy;
mod values;

pub(super) use judgement::{Judgement, LOSSES};
pub(super) use remedy::{Trial, Tried};

use remedy::MOST_SCRIPTS;

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use crate::ast::Script;
use crate::check::proofs::{AssumedProof, Proofs};
use crate::check::{allow, root_cause};
use crate::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::obligations::Witness;
use crate::plan::assumed::{assumed, plan_with};
use crate::plan::{Gate, Origin, Plan, left_out};
use crate::prove::{self, Anomaly, AnomalyKind, Assumption, Condition, Outside, Proof, Refutation, Remedies, Remedy};
use crate::source::Span;

/// Rules that look at the order of statements alone; where the proof says more, it is heard instead.
const SUSPICIONS: [Code; 2] = [Code::BackfillBeforeSync, Code::ValidateBeforeBackfill];

/// Rules that find a broken use and say more about it than a schedule does.
const BROKEN_USES: [Code; 2] = [Code::InUse, Code::AppBreaks];

/// What the proof says of a plan.
#[derive(Default)]
pub(super) struct Judged {
    /// None where nothing is to be proved.
    pub(super) judgement: Option<Judgement>,
    pub(super) proofs: Proofs,
}

/// Proves the plan of a script, and adds what is wrong to the findings.
pub(super) fn judge(script: &Script, plan: Option<&Plan>, trial: Trial<'_>, findings: &mut Vec<Diagnostic>) -> Judged {
    let has_apps = !script.apps.is_empty();
    let Some(plan) = plan.filter(|_| !is_blocked(script, findings)) else {
        return Judged { judgement: has_apps.then(Judgement::put_off), ..Judged::default() };
    };
    if plan.steps.is_empty() || !has_apps && plan.steps.len() > super::MOST_ADVISED {
        return Judged::default();
    }
    if !has_apps {
        return advise(script, plan, trial, findings);
    }
    let telling = ScriptVerdict { script, plan, trial };
    let proof = telling.prove(findings);
    telling.report(&proof, findings);
    Judged { judgement: Some(telling.judgement(&proof)), proofs: Proofs { written: proof.into(), ..Proofs::default() } }
}

/// Proves a plan but for what its script allows; that is said among what is taken for granted, and added to the
/// findings.
pub(super) fn proof(script: &Script, plan: &Plan, findings: &mut Vec<Diagnostic>) -> Proof {
    ScriptVerdict { script, plan, trial: Trial::Model }.prove(findings)
}

/// What is proved of a plan with the applications that it is assumed to have: none where it declares some, or has no
/// column that one could use. What the author answers for is added to the findings.
pub(super) fn assumed_proof(
    script: &Script,
    plan: &Plan,
    trial: Trial<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<AssumedProof> {
    let assumed = assumed(plan)?;
    let plan = Arc::new(plan_with(plan, &assumed).plan);
    let telling = ScriptVerdict { script, plan: &plan, trial };
    let proof = telling.prove(findings);
    let headline = telling.judgement(&proof).headline(&script.source, findings);
    Some(AssumedProof { assumed, plan, proof, headline })
}

/// Whether there are errors that come before the proof.
fn is_blocked(script: &Script, findings: &[Diagnostic]) -> bool {
    let in_the_way = findings.iter().filter(|finding| allow::stands_in_the_way(script, finding));
    let mut errors: Vec<Diagnostic> = in_the_way.cloned().collect();
    root_cause::keep(&mut errors);
    errors.iter().any(|error| !SUSPICIONS.contains(&error.code) && !BROKEN_USES.contains(&error.code))
}

/// What would go wrong if the applications were as is assumed where none is declared. Nobody has said that they are, so
/// that only what the plan itself brings about is told: nothing that is wrong before its first statement, or that hangs
/// on values besides.
fn advise(script: &Script, plan: &Plan, trial: Trial<'_>, findings: &mut Vec<Diagnostic>) -> Judged {
    let missing = Diagnostic::new(Code::MissingApp, "", ScriptVerdict { script, plan, trial }.header(), "");
    if allow::is_allowed(script, &missing) {
        return Judged::default();
    }
    let assumed = assumed_proof(script, plan, trial, findings);
    if let Some(assumed) = &assumed {
        tell_of_assumed(script, assumed, findings);
    }
    Judged { proofs: Proofs { assumed: assumed.into(), ..Proofs::default() }, ..Judged::default() }
}

fn tell_of_assumed(script: &Script, assumed: &AssumedProof, findings: &mut Vec<Diagnostic>) {
    let AssumedProof { plan, proof, .. } = assumed;
    let telling = ScriptVerdict { script, plan, trial: Trial::Model };
    let of_the_plan = |refutation: &&Refutation| {
        let anomaly = &refutation.anomaly;
        anomaly.kind != AnomalyKind::BrokenUse && anomaly.position > 0 && refutation.hangs_on.is_empty()
    };
    for refutation in proof.refutations.iter().filter(of_the_plan) {
        let is_suspected = |finding: &Diagnostic| {
            SUSPICIONS.contains(&finding.code) && telling.concerns(proof, refutation.group, finding)
        };
        if !findings.iter().any(is_suspected) {
            let mut advice = telling.finding(refutation);
            if !is_of_rows(refutation) {
                advice.severity = Severity::Advice;
                advice.message = format!("if the versions are as assumed, {}", advice.message);
            }
            findings.push(advice);
        }
    }
}

/// Whether a statement fails because of a row that a database has, whoever is live.
fn is_of_rows(refutation: &Refutation) -> bool {
    let is_there = |witness: &Witness| witness.origin == Origin::Database;
    refutation.anomaly.kind == AnomalyKind::FailingStep
        && refutation.witness.as_ref().is_some_and(is_there)
        && refutation.schedule.events.len() <= 1
}

/// A plan, and the script that it is told about in.
struct ScriptVerdict<'a> {
    script: &'a Script,
    plan: &'a Plan,
    trial: Trial<'a>,
}

impl ScriptVerdict<'_> {
    fn report(&self, proof: &Proof, findings: &mut Vec<Diagnostic>) {
        let mut suspicions = Vec::new();
        findings.retain(|finding| {
            let is_one = SUSPICIONS.contains(&finding.code);
            if is_one {
                suspicions.push(finding.clone());
            }
            !is_one
        });
        for refutation in &proof.refutations {
            if let Some(known) = self.known(refutation, proof, findings) {
                if refutation.remedy.is_some() {
                    known.help = Some(refutation.help.clone());
                }
                continue;
            }
            let mut finding = self.finding(refutation);
            let about = |suspicion: &Diagnostic| self.concerns(proof, refutation.group, suspicion);
            if let Some(at) = suspicions.iter().position(about) {
                let suspicion = suspicions.remove(at);
                suspicions.retain(|other| !about(other));
                let help = finding.help.filter(|_| refutation.remedy.is_some());
                finding = with_schedule(suspicion, finding.labels);
                finding.help = help.or(finding.help);
            }
            findings.push(finding);
        }
        self.drop_what_follows(proof, findings);
        if !proof.refutations.is_empty() {
            // It is advice for plans that are safe.
            findings.retain(|finding| finding.code != Code::Downtime);
        }
        findings.extend(proof.conditions.iter().enumerate().map(|(at, condition)| self.condition(at + 1, condition)));
        if !proof.outside.is_empty() {
            let is_told = |outside: &&Outside| findings.iter().any(|finding| self.is_overwriting(finding, outside));
            let new: Vec<&Outside> = proof.outside.iter().filter(|outside| !is_told(outside)).collect();
            findings.extend(new.into_iter().map(|outside| self.outside(outside)));
            findings.append(&mut suspicions);
        }
    }

    /// Data that nothing carries over is what the proof has found missing or lost.
    fn drop_what_follows(&self, proof: &Proof, findings: &mut Vec<Diagnostic>) {
        let missing = |refutation: &&Refutation| {
            matches!(refutation.anomaly.kind, AnomalyKind::UnsetRead | AnomalyKind::LostWrite)
        };
        let groups: Vec<usize> = proof.refutations.iter().filter(missing).map(|refutation| refutation.group).collect();
        let follows = |finding: &Diagnostic| {
            finding.code == Code::ContractWithoutExpand
                && groups.iter().any(|group| self.concerns(proof, *group, finding))
        };
        findings.retain(|finding| !follows(finding));
    }

    /// A condition, by its number in the verdict.
    fn condition(&self, number: usize, condition: &Condition) -> Diagnostic {
        let declared = || self.declared_at(condition).unwrap_or_else(|| self.header());
        let span = condition.step.map_or_else(declared, |step| self.plan.steps[step].span);
        let finding =
            Diagnostic::new(Code::Condition, condition.what.clone(), span, format!("condition {number} of the proof"));
        finding.help(format!("{}; or answer for it: `allow condition because '…'`", condition.discharge))
    }

    /// Where a condition stands that is of no statement: at the foreign key of a declaration.
    fn declared_at(&self, condition: &Condition) -> Option<Span> {
        let references = self.script.tables.iter().flat_map(|def| def.references().map(move |key| (&def.name, key)));
        let mut told = references.filter(|(table, (from, to))| left_out(&table.name, from, to) == condition.what);
        told.next().map(|(_, (_, to))| to.span)
    }

    fn outside(&self, outside: &Outside) -> Diagnostic {
        let span = outside.step.map_or_else(|| self.header(), |step| self.plan.steps[step].span);
        let finding = Diagnostic::new(Code::NotProved, outside.why.clone(), span, "the proof does not cover this");
        finding.help("check it yourself; if it is right, say why: `allow not-proved because '…'`")
    }

    /// The finding that has it already, and says it better.
    fn known<'f>(
        &self,
        refutation: &Refutation,
        proof: &Proof,
        findings: &'f mut [Diagnostic],
    ) -> Option<&'f mut Diagnostic> {
        if refutation.anomaly.kind != AnomalyKind::BrokenUse {
            return None;
        }
        let is_one = |finding: &Diagnostic| {
            BROKEN_USES.contains(&finding.code)
                && (finding.code == Code::AppBreaks || self.concerns(proof, refutation.group, finding))
        };
        // Of several, the one that is about its application.
        let about = |finding: &Diagnostic| {
            refutation.anomaly.app.as_ref().is_some_and(|app| finding.message.contains(&format!("`{app}`")))
        };
        let at = findings.iter().position(|finding| is_one(finding) && about(finding));
        let at = at.or_else(|| findings.iter().position(is_one))?;
        findings.get_mut(at)
    }

    /// Whether a finding is about a statement of a group.
    fn concerns(&self, proof: &Proof, group: usize, finding: &Diagnostic) -> bool {
        let own = proof.groups[group].steps.iter().map(|step| &self.plan.steps[*step]);
        let changes = own.filter(|step| step.action.gate().and_then(Gate::app).is_none());
        changes.into_iter().any(|step| finding.labels.iter().any(|label| label.span == step.span))
    }

    fn header(&self) -> Span {
        let first = self.plan.steps.first().map_or(Span::default(), |step| step.span);
        self.script.header.as_ref().map_or(first, |header| header.span)
    }

    /// Proves the plan but for what its author answers for; that is added to the findings, of which it is taken out
    /// again with the `allow` that covers it.
    fn prove(&self, findings: &mut Vec<Diagnostic>) -> Proof {
        let allowed = RefCell::new(Vec::new());
        let vouched = RefCell::new(Vec::new());
        let is_allowed = |anomaly: &Anomaly| {
            let finding = Diagnostic::new(code(anomaly.kind), "", self.place(anomaly), "");
            let refused = (&anomaly.app, &anomaly.column, &anomaly.constraint);
            let is_allowed = allow::is_allowed(self.script, &finding);
            if is_allowed {
                allowed.borrow_mut().push(finding);
                if anomaly.kind == AnomalyKind::RejectedWrite {
                    let (app, column, constraint) = refused;
                    vouched.borrow_mut().push((app.clone(), column.clone(), constraint.clone()));
                }
            }
            // The same constraint goes on refusing the same write after the statements that follow.
            let is_same = |(app, column, constraint): &(_, _, _)| refused == (app, column, constraint);
            let goes_on = anomaly.kind == AnomalyKind::RejectedWrite && vouched.borrow().iter().any(is_same);
            is_allowed || goes_on
        };
        let mut proof = self.proof(&is_allowed);
        self.take_help(findings, &mut proof);
        let mut allowed = allowed.into_inner();
        self.take_in(findings, &mut proof);
        allowed.iter().for_each(|finding| self.note_allowed(finding, &mut proof));
        let losses = findings.iter().filter(|finding| LOSSES.contains(&finding.code));
        let vouched = losses.filter(|finding| allow::is_allowed(self.script, finding));
        vouched.for_each(|finding| self.note_allowed(finding, &mut proof));
        allowed.append(&mut self.take_allowed_conditions(&mut proof));
        findings.append(&mut allowed);
        proof
    }

    /// The proof, with what to do about each refutation.
    fn proof(&self, is_allowed: &dyn Fn(&Anomaly) -> bool) -> Proof {
        let (left, before) = (Cell::new(MOST_SCRIPTS), OnceCell::new());
        let tried = |remedy: &Remedy| match self.trial {
            Trial::Script(trial) if left.get() > 0 => {
                left.set(left.get() - 1);
                let before = before.get_or_init(|| self.untouched()).as_ref()?;
                self.tried(remedy, before, trial)
            }
            Trial::Script(_) | Trial::Unsought | Trial::Model => Some(remedy.clone()),
        };
        let remedies = match self.trial {
            Trial::Unsought => Remedies::Unsought,
            Trial::Model => Remedies::Sought,
            Trial::Script(_) => Remedies::Tried(&tried),
        };
        let mut proof = prove::prove_with(self.plan, is_allowed, remedies);
        for refutation in &mut proof.refutations {
            refutation.help = self.help(refutation);
        }
        proof
    }

    /// Where a rule has found the same, its help is the one to say, unless a remedy was found.
    fn take_help(&self, findings: &mut [Diagnostic], proof: &mut Proof) {
        for at in 0..proof.refutations.len() {
            let known = self.known(&proof.refutations[at], proof, findings).and_then(|found| found.help.clone());
            let refutation = &mut proof.refutations[at];
            if let (Some(help), None) = (known, &refutation.remedy) {
                refutation.help = help;
            }
        }
    }

    /// Takes in what the rules have found of values: data that is overwritten, which the model does not follow, and
    /// conditions.
    fn take_in(&self, findings: &mut Vec<Diagnostic>, proof: &mut Proof) {
        findings.retain(|finding| {
            let holds = |step: &crate::plan::Step| step.span.to(finding.span()) == step.span;
            let step = self.plan.steps.iter().position(holds);
            let is_allowed = allow::is_allowed(self.script, finding);
            match finding.code {
                Code::OverwritesData | Code::Condition if is_allowed => self.note_allowed(finding, proof),
                Code::OverwritesData => {
                    let outside = Outside { step, why: finding.message.clone() };
                    if !proof.outside.contains(&outside) {
                        proof.outside.push(outside);
                    }
                }
                Code::Condition => {
                    let (what, discharge) = (finding.message.clone(), finding.help.clone().unwrap_or_default());
                    let condition = Condition { step, what, discharge };
                    if !proof.conditions.contains(&condition) {
                        proof.conditions.push(condition);
                    }
                    return false;
                }
                _ => {}
            }
            true
        });
    }

    /// Whether a finding tells of data that is overwritten, as this does.
    fn is_overwriting(&self, finding: &Diagnostic, outside: &Outside) -> bool {
        let span = outside.step.map(|step| self.plan.steps[step].span);
        finding.code == Code::OverwritesData && span == Some(finding.span()) && finding.message == outside.why
    }

    /// Adds what the author answers for to what is taken for granted.
    fn note_allowed(&self, finding: &Diagnostic, proof: &mut Proof) {
        let step = self.plan.steps.iter().position(|step| step.span == finding.span());
        let what = format!("the author vouches for what `allow {}` covers", finding.code);
        let assumption = Assumption { step, what };
        if !proof.assumptions.contains(&assumption) {
            proof.assumptions.push(assumption);
        }
    }

    /// Takes the conditions that the author answers for out of the proof, in the order of places; they are told as
    /// premises instead.
    fn take_allowed_conditions(&self, proof: &mut Proof) -> Vec<Diagnostic> {
        proof.conditions.sort_by_key(|condition| condition.step);
        let (mut allowed, mut open) = (Vec::new(), Vec::new());
        for condition in std::mem::take(&mut proof.conditions) {
            let finding = self.condition(0, &condition);
            if allow::is_allowed(self.script, &finding) {
                let what = format!("the author vouches that {}", condition.what);
                proof.assumptions.push(Assumption { step: condition.step, what });
                allowed.push(finding);
            } else {
                open.push(condition);
            }
        }
        proof.conditions = open;
        allowed
    }

    /// Where an anomaly is reported: at the statement that fails, or the last one that has ended.
    fn place(&self, anomaly: &Anomaly) -> Span {
        if anomaly.in_step {
            return self.plan.steps.get(anomaly.position).map_or(Span::default(), |step| step.span);
        }
        self.behind(anomaly.position, anomaly.app.as_deref())
    }

    /// The last statement of those that have ended, or the declaration of the application where there is none.
    fn behind(&self, position: usize, app: Option<&str>) -> Span {
        // A statement that was put in by an assumption stands nowhere.
        let written = self.plan.steps.iter().take(position).rev().find(|step| !step.span.is_empty());
        if let Some(step) = written {
            return step.span;
        }
        let declared = app.and_then(|app| self.script.apps.iter().find(|declared| *declared.name.name == *app));
        declared.map_or_else(|| self.header(), |declared| declared.name.span)
    }

    fn line(&self, step: usize) -> usize {
        self.script.source.position(self.plan.steps[step].span.start).line
    }
}

/// A suspicion with the schedule that proves it right: what it says at a place, and then what happens there.
fn with_schedule(mut suspicion: Diagnostic, schedule: Vec<Label>) -> Diagnostic {
    for event in schedule {
        match suspicion.labels.iter_mut().find(|label| label.span == event.span) {
            Some(label) => label.text = format!("{}\n{}", label.text, event.text),
            None => suspicion.labels.push(event),
        }
    }
    suspicion
}

fn code(kind: AnomalyKind) -> Code {
    match kind {
        AnomalyKind::BrokenUse => Code::AppBreaks,
        AnomalyKind::UnsetRead => Code::UnsetRead,
        AnomalyKind::StaleRead => Code::StaleRead,
        AnomalyKind::LostWrite => Code::LostWrite,
        AnomalyKind::RejectedWrite => Code::RejectedWrite,
        AnomalyKind::FailingStep => Code::FailingStatement,
    }
}
