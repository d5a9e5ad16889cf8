//! `too-many-statements` and `no-statements`.

use crate::ast::Script;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Statements of phases that a person still takes in at once.
const MOST_STATEMENTS: usize = 10;

pub(super) struct PlanSize;

impl Rule for PlanSize {
    fn statement(&mut self, _at: &At<'_, '_>, _findings: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, script: &Script, findings: &mut Vec<Diagnostic>) {
        let mut of_phases = script.statements.iter().filter(|statement| statement.phase.is_some());
        if script.statements.is_empty() {
            let span = script.header.as_ref().map_or(Span::default(), |header| header.span);
            findings.push(
                Diagnostic::new(Code::NoStatements, "this plan does nothing", span, "no statement follows")
                    .help("write what it does: `expand add column …`; `miglab new --help` lists complete plans"),
            );
        } else if let Some(over) = of_phases.nth(MOST_STATEMENTS) {
            let count = MOST_STATEMENTS + 1 + of_phases.count();
            let message = format!("{count} statements in one plan: consider splitting it");
            findings.push(
                Diagnostic::new(Code::TooManyStatements, message, over.span, "the eleventh")
                    .help("a plan for each change is easier to review, to stop and to roll back"),
            );
        }
    }
}
