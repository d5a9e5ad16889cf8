//! `too-many-statements` and `no-statements`.

use crate::ast::Script;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Planner;
use crate::source::Span;

/// Statements of phases that a person still takes in at once.
const MOST_STATEMENTS: usize = 10;

/// Counts statements; those of phases apart.
#[derive(Default)]
pub(super) struct PlanSize {
    statements: usize,
    of_phases: usize,
    /// The first statement of a phase over the limit.
    over: Option<Span>,
}

impl Rule for PlanSize {
    fn statement(&mut self, at: &mut At<'_, '_>, _findings: &mut Vec<Diagnostic>) {
        self.statements += 1;
        self.of_phases += usize::from(at.statement.phase.is_some());
        if self.of_phases > MOST_STATEMENTS {
            self.over.get_or_insert(at.statement.span);
        }
    }

    fn finish(&mut self, _planner: &Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        if self.statements == 0 {
            let span = script.header.as_ref().map_or(Span::default(), |header| header.span);
            findings.push(
                Diagnostic::new(Code::NoStatements, "this plan does nothing", span, "no statement follows")
                    .help("write what it does: `expand add column …`; `miglab new --help` lists complete plans"),
            );
        } else if let Some(over) = self.over {
            let message = format!("{} statements in one plan: consider splitting it", self.of_phases);
            findings.push(
                Diagnostic::new(Code::TooManyStatements, message, over, "the eleventh")
                    .help("a plan for each change is easier to review, to stop and to roll back"),
            );
        }
    }
}
