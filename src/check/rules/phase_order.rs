//! `phase-order`: expand before migrate before contract.

use crate::ast::Phase;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Remembers the latest phase so far. One statement that stands too early is one finding, however many follow it.
#[derive(Default)]
pub(super) struct PhaseOrder {
    latest: Option<(Phase, Span)>,
    reported: Option<Span>,
}

impl Rule for PhaseOrder {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let Some(phase) = at.statement.phase else { return };
        let span = at.statement.span;
        match self.latest {
            Some((latest, early)) if phase < latest => {
                if self.reported.replace(early) != Some(early) {
                    findings.push(finding(phase, span, latest, early));
                }
            }
            Some((latest, _)) if phase == latest => {}
            _ => self.latest = Some((phase, span)),
        }
    }
}

fn finding(phase: Phase, span: Span, latest: Phase, early: Span) -> Diagnostic {
    let (phase, latest) = (phase.keyword(), latest.keyword());
    let here = format!("… and {phase} comes after it");
    Diagnostic::new(Code::PhaseOrder, format!("{phase} after {latest}"), span, here)
        .label(early, format!("{latest} starts here …"))
        .help(format!("write {phase} statements before {latest} ones, or make two migrations of them"))
}
