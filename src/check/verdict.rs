//! The verdict of the proof, as findings and notes.
//!
//! One finding for each root cause: where a rule has found, by the order of statements alone, what the proof has found as
//! well, the two become one, and a rule's suspicion that the proof does not share is dropped.

use std::cell::RefCell;

use crate::ast::Script;
use crate::check::{allow, root_cause};
use crate::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::plan::assumed::{assumed, plan_with};
use crate::plan::{Action, KnownTable, Plan};
use crate::prove::{self, Anomaly, AnomalyKind, Event, EventKind, Place, Proof, Refutation, Remedy, Verdict, Words};
use crate::source::Span;

/// Rules that look at the order of statements alone; where the proof says more, it is heard instead.
const SUSPICIONS: [Code; 3] = [Code::BackfillBeforeSync, Code::SyncDroppedEarly, Code::ValidateBeforeBackfill];

/// Rules that find a broken use and say more about it than a schedule does.
const BROKEN_USES: [Code; 2] = [Code::InUse, Code::AppBreaks];

/// Proves a script that was read, adds what is wrong to the findings, and gives the verdict in notes.
pub(super) fn judge(script: &Script, known: &[KnownTable], findings: &mut Vec<Diagnostic>) -> Vec<String> {
    let plan = if is_blocked(script, findings) { None } else { Plan::resolve(script, known).ok() };
    let Some(plan) = plan else {
        return if script.apps.is_empty() { Vec::new() } else { vec!["not proved: the errors come first".to_owned()] };
    };
    if plan.steps.is_empty() {
        return Vec::new();
    }
    if script.apps.is_empty() {
        advise(script, &plan, findings);
        return Vec::new();
    }
    let telling = Telling { script, plan: &plan };
    let proof = telling.prove(findings);
    telling.report(&proof, findings);
    telling.notes(&proof)
}

/// Whether there are errors that come before the proof.
fn is_blocked(script: &Script, findings: &[Diagnostic]) -> bool {
    let in_the_way = findings.iter().filter(|finding| allow::stands_in_the_way(script, finding));
    let mut errors: Vec<Diagnostic> = in_the_way.cloned().collect();
    root_cause::keep(&mut errors);
    errors.iter().any(|error| !SUSPICIONS.contains(&error.code) && !BROKEN_USES.contains(&error.code))
}

/// What would go wrong if the applications were as is assumed where none is declared.
fn advise(script: &Script, plan: &Plan, findings: &mut Vec<Diagnostic>) {
    let Some(assumed) = assumed(plan) else { return };
    let plan = plan_with(plan, &assumed).plan;
    let telling = Telling { script, plan: &plan };
    let proof = telling.prove(findings);
    for refutation in proof.refutations.iter().filter(|refutation| refutation.anomaly.kind != AnomalyKind::BrokenUse) {
        let mut advice = telling.finding(refutation);
        advice.severity = Severity::Advice;
        advice.message = format!("if who is live is as assumed: {}", advice.message);
        findings.push(advice);
    }
}

/// A plan, and the script that it is told about in.
struct Telling<'a> {
    script: &'a Script,
    plan: &'a Plan,
}

impl Telling<'_> {
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
            if self.is_known(refutation, proof, findings) {
                continue;
            }
            let mut finding = self.finding(refutation);
            let about = |suspicion: &Diagnostic| self.concerns(proof, refutation.group, suspicion);
            if let Some(at) = suspicions.iter().position(about) {
                let suspicion = suspicions.remove(at);
                suspicions.retain(|other| !about(other));
                finding = with_schedule(suspicion, finding.labels);
            }
            findings.push(finding);
        }
        for outside in &proof.outside {
            let span = outside.step.map_or_else(|| self.header(), |step| self.plan.steps[step].span);
            let finding = Diagnostic::new(Code::NotProved, outside.why.clone(), span, "this is outside of the proof");
            findings.push(finding.help("the rest was proved; look at this with your own eyes"));
            findings.extend(suspicions.drain(..));
        }
    }

    /// Whether the findings have it already, and say it better.
    fn is_known(&self, refutation: &Refutation, proof: &Proof, findings: &[Diagnostic]) -> bool {
        refutation.anomaly.kind == AnomalyKind::BrokenUse
            && findings.iter().any(|finding| {
                BROKEN_USES.contains(&finding.code)
                    && (finding.code == Code::AppBreaks || self.concerns(proof, refutation.group, finding))
            })
    }

    /// Whether a finding is about a statement of a group.
    fn concerns(&self, proof: &Proof, group: usize, finding: &Diagnostic) -> bool {
        let own = proof.groups[group].steps.iter().map(|step| &self.plan.steps[*step]);
        let changes = own.filter(|step| !matches!(step.action, Action::Deploy(_) | Action::Retire(_)));
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
        let proof = prove::prove_except(self.plan, &|anomaly: &Anomaly| {
            let finding = Diagnostic::new(code(anomaly.kind), "", self.place(anomaly), "");
            let is_allowed = allow::is_allowed(self.script, &finding);
            if is_allowed {
                allowed.borrow_mut().push(finding);
            }
            is_allowed
        });
        findings.append(&mut allowed.into_inner());
        proof
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

    fn finding(&self, refutation: &Refutation) -> Diagnostic {
        let words = Words::new(self.plan);
        let anomaly = &refutation.anomaly;
        let message = self.message(&words, refutation);
        let mut finding = Diagnostic::new(code(anomaly.kind), message, self.place(anomaly), "");
        finding.labels = self.labels(&words, refutation);
        finding.help(self.help(refutation))
    }

    fn message(&self, words: &Words<'_>, refutation: &Refutation) -> String {
        let anomaly = &refutation.anomaly;
        let app = anomaly.app.as_deref().unwrap_or("an application");
        let column = anomaly.column.as_ref().map(|column| words.column(column)).unwrap_or_default();
        let constraint = anomaly.constraint.as_deref().unwrap_or("a constraint");
        match anomaly.kind {
            AnomalyKind::BrokenUse => format!("`{app}` uses {column}, which is not there"),
            AnomalyKind::UnsetRead => format!("`{app}` reads null in {column}, though there is a value"),
            AnomalyKind::StaleRead => format!("`{app}` reads an old value in {column}"),
            AnomalyKind::LostWrite => format!("the newest value of {column} is lost"),
            AnomalyKind::RejectedWrite => {
                format!("a write of `{app}` is rejected by {constraint}, which it does not know of")
            }
            AnomalyKind::FailingStep => format!("this fails on {constraint} for rows as they may be by then"),
        }
    }

    /// The schedule as labels, each event at its statement; the anomaly comes first, as the place of the finding.
    fn labels(&self, words: &Words<'_>, refutation: &Refutation) -> Vec<Label> {
        let events = &refutation.schedule.events;
        let mut labels: Vec<(Span, String)> = Vec::new();
        let mut number = 0;
        for (at, event) in events.iter().enumerate() {
            let is_last = at + 1 == events.len();
            if matches!(event.kind, EventKind::Step(_)) && !is_last {
                continue;
            }
            number += 1;
            let mut text = format!("{number} {}", self.label(words, event));
            let mut span = self.span_of(&events[..at], event);
            if is_last {
                text = format!("{text}: {}", words.anomaly(&refutation.anomaly));
                span = self.place(&refutation.anomaly);
            }
            match labels.iter_mut().find(|(known, _)| *known == span) {
                Some((_, known)) => *known = format!("{known}\n{text}"),
                None => labels.push((span, text)),
            }
        }
        labels.rotate_right(1);
        let label = |(span, text)| Label { span, text };
        labels.into_iter().map(label).collect()
    }

    fn label(&self, words: &Words<'_>, event: &Event) -> String {
        match event.kind {
            EventKind::Step(_) => "this statement".to_owned(),
            _ => words.event(event),
        }
    }

    /// The statement at which an event happens, given those before it.
    fn span_of(&self, before: &[Event], event: &Event) -> Span {
        let under_way = |step: &usize| before.iter().any(|event| is_visit(event, *step));
        let at = match &event.kind {
            EventKind::Visit { step, .. } | EventKind::Step(step) | EventKind::Undo(step) => Some(*step),
            _ => Some(event.position).filter(under_way),
        };
        let app = match &event.kind {
            EventKind::Read { app, .. } | EventKind::Write { app, .. } | EventKind::Insert { app, .. } => Some(&**app),
            EventKind::Delete { app, .. } => Some(&**app),
            _ => None,
        };
        match at.and_then(|step| self.plan.steps.get(step)) {
            Some(step) => step.span,
            None => self.behind(event.position, app),
        }
    }

    fn help(&self, refutation: &Refutation) -> String {
        let mut help = match &refutation.remedy {
            Some(remedy) => self.remedy(remedy),
            None => general_help(refutation.anomaly.kind).to_owned(),
        };
        for undecided in &refutation.hangs_on {
            help.push_str("\nthis hangs on ");
            help.push_str(&undecided.what);
            help.push_str(", which the proof does not know");
        }
        help
    }

    fn remedy(&self, remedy: &Remedy) -> String {
        let line = |step: usize| self.script.source.position(self.plan.steps[step].span.start).line;
        let place = match remedy.place {
            Some(Place::Before(step)) => format!(" before line {}", line(step)),
            Some(Place::Behind(step)) => format!(" behind line {}", line(step)),
            None => String::new(),
        };
        let proved = if remedy.proves { ": then it is proved" } else { "" };
        format!("{}{place}{proved}", remedy.text)
    }

    fn notes(&self, proof: &Proof) -> Vec<String> {
        let line = |step: usize| self.script.source.position(self.plan.steps[step].span.start).line;
        let mut notes = Vec::new();
        if proof.verdict() == Verdict::Proved {
            let back = match &proof.no_return {
                None => "it can be rolled back from every point".to_owned(),
                Some(point) => format!(
                    "`{}` (line {}) is the point of no return: before it a rollback loses no write",
                    self.script.source.slice(self.plan.steps[point.step].span),
                    line(point.step)
                ),
            };
            notes.push(format!(
                "proved: safe for any number of rows, clients and batches ({} states); {back}",
                proof.states
            ));
        }
        if proof.verdict() == Verdict::Refuted {
            notes.push("refuted: `miglab prove` plays the schedule row by row".to_owned());
        }
        for assumption in &proof.assumptions {
            let place = assumption.step.map_or_else(String::new, |step| format!(" (line {})", line(step)));
            notes.push(format!("taken for granted: {}{place}", assumption.what));
        }
        notes
    }
}

/// A suspicion with the schedule that proves it right.
fn with_schedule(mut suspicion: Diagnostic, mut schedule: Vec<Label>) -> Diagnostic {
    let place = suspicion.span();
    for own in suspicion.labels {
        if schedule.iter().all(|label| label.span != own.span) {
            schedule.push(own);
        }
    }
    if let Some(at) = schedule.iter().position(|label| label.span == place) {
        schedule.swap(0, at);
    }
    suspicion.labels = schedule;
    suspicion
}

fn is_visit(event: &Event, step: usize) -> bool {
    matches!(event.kind, EventKind::Visit { step: visited, .. } if visited == step)
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

fn general_help(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::BrokenUse => "deploy a version behind what it needs, and retire it before that goes",
        AnomalyKind::UnsetRead => {
            "fill the column before the version that reads it is deployed, and let a `sync` carry over what is written \
             from then on"
        }
        AnomalyKind::StaleRead => {
            "let a `sync` carry every write to the column, from before the backfill until the last version that writes \
             the other form is retired"
        }
        AnomalyKind::LostWrite => "carry the value over before it is overwritten or dropped: with a `sync`, or later",
        AnomalyKind::RejectedWrite => {
            "relax the constraint until every live version knows of it, or give the column a default or a `sync`"
        }
        AnomalyKind::FailingStep => "fill the rows before it, and keep every live version from leaving new gaps",
    }
}
