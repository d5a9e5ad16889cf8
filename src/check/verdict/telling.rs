//! A plan and its script, proved together: what stands where, and what the author answers for.

use std::cell::RefCell;

use crate::ast::Script;
use crate::check::allow;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Plan;
use crate::prove::{self, Anomaly, AnomalyKind, Assumption, Proof};
use crate::source::Span;

/// Proves a plan but for what its script allows; that is said among what is taken for granted, and added to the
/// findings.
pub(in crate::check) fn proof(script: &Script, plan: &Plan, findings: &mut Vec<Diagnostic>) -> Proof {
    Telling { script, plan }.prove(findings)
}

/// A plan, and the script that it is told about in.
pub(super) struct Telling<'a> {
    pub(super) script: &'a Script,
    pub(super) plan: &'a Plan,
}

impl Telling<'_> {
    pub(super) fn header(&self) -> Span {
        let first = self.plan.steps.first().map_or(Span::default(), |step| step.span);
        self.script.header.as_ref().map_or(first, |header| header.span)
    }

    /// Proves the plan but for what its author answers for; that is added to the findings, of which it is taken out
    /// again with the `allow` that covers it.
    pub(super) fn prove(&self, findings: &mut Vec<Diagnostic>) -> Proof {
        let allowed = RefCell::new(Vec::new());
        let mut proof = prove::prove_except(self.plan, &|anomaly: &Anomaly| {
            let finding = Diagnostic::new(code(anomaly.kind), "", self.place(anomaly), "");
            let is_allowed = allow::is_allowed(self.script, &finding);
            if is_allowed {
                allowed.borrow_mut().push(finding);
            }
            is_allowed
        });
        let mut allowed = allowed.into_inner();
        allowed.iter().for_each(|finding| self.note_allowed(finding, &mut proof));
        findings.append(&mut allowed);
        proof
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

    /// Where an anomaly is reported: at the statement that fails, or the last one that has ended.
    pub(super) fn place(&self, anomaly: &Anomaly) -> Span {
        if anomaly.in_step {
            return self.plan.steps.get(anomaly.position).map_or(Span::default(), |step| step.span);
        }
        self.behind(anomaly.position, anomaly.app.as_deref())
    }

    /// The last statement of those that have ended, or the declaration of the application where there is none.
    pub(super) fn behind(&self, position: usize, app: Option<&str>) -> Span {
        // A statement that was put in by an assumption stands nowhere.
        let written = self.plan.steps.iter().take(position).rev().find(|step| !step.span.is_empty());
        if let Some(step) = written {
            return step.span;
        }
        let declared = app.and_then(|app| self.script.apps.iter().find(|declared| *declared.name.name == *app));
        declared.map_or_else(|| self.header(), |declared| declared.name.span)
    }

    pub(super) fn line(&self, step: usize) -> usize {
        self.script.source.position(self.plan.steps[step].span.start).line
    }
}

pub(super) fn code(kind: AnomalyKind) -> Code {
    match kind {
        AnomalyKind::BrokenUse => Code::AppBreaks,
        AnomalyKind::UnsetRead => Code::UnsetRead,
        AnomalyKind::StaleRead => Code::StaleRead,
        AnomalyKind::LostWrite => Code::LostWrite,
        AnomalyKind::RejectedWrite => Code::RejectedWrite,
        AnomalyKind::FailingStep => Code::FailingStatement,
    }
}
