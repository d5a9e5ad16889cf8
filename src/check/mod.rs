//! Findings: what is wrong, or likely wrong, with a plan, found without running it.
//!
//! The planner walks the statements; at each, every rule looks at the step and the catalog before it. A rule keeps what
//! it must remember in a few bytes a statement, so that a script of a hundred thousand statements is checked in one
//! pass. Rules are one to a file in `rules`; each has its page in `explain` and its cases in `tests/cases/check`.

mod allow;
mod root_cause;
mod rows;
mod rules;

use crate::ast::{Script, Statement};
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{Action, KnownTable, Planner};
use crate::source::Source;
use crate::syntax::{self, Parsed};

/// A script and all that there is to say about it.
#[derive(Debug)]
pub struct CheckedScript {
    /// Its text.
    pub source: Source,
    /// Syntax errors and findings in the order of places.
    pub diagnostics: Vec<Diagnostic>,
    /// What was taken for granted, a sentence each.
    pub notes: Vec<String>,
}

impl CheckedScript {
    /// Whether the plan must not be run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads and checks a script.
#[must_use]
pub fn check_script(source: Source) -> CheckedScript {
    let parsed = syntax::parse(source.clone());
    let (diagnostics, notes) = check(&parsed, &[]);
    CheckedScript { source, diagnostics, notes }
}

/// Checks a script that was read: what could not be read and findings, in the order of places, and what was taken for
/// granted. `known` describes tables that the script does not declare.
#[must_use]
pub fn check(parsed: &Parsed, known: &[KnownTable]) -> (Vec<Diagnostic>, Vec<String>) {
    let script = &parsed.script;
    let mut planner = Planner::start(script, known);
    let mut rules = rules::all();
    let mut findings = planner.take_diagnostics();
    findings.extend(rows::check(script, planner.catalog()));
    for rule in &mut rules {
        rule.start(&planner, script, &mut findings);
    }
    for statement in &script.statements {
        let action = planner.resolve(statement);
        findings.append(&mut planner.take_diagnostics());
        let at = At { script, statement, action: action.as_ref(), planner: &planner };
        rules.iter_mut().for_each(|rule| rule.statement(&at, &mut findings));
        if let Some(action) = action {
            planner.advance(&action, statement.span);
        }
    }
    rules.iter_mut().for_each(|rule| rule.finish(script, &mut findings));
    findings.extend(parsed.diagnostics.iter().cloned());
    allow::apply(script, &mut findings);
    root_cause::keep(&mut findings);
    findings.sort_by_key(Diagnostic::span);
    (findings, notes(script, &planner))
}

/// What every rule sees of one statement.
struct At<'a, 's> {
    script: &'s Script,
    statement: &'s Statement,
    /// What the statement does; none where its names could not be resolved.
    action: Option<&'a Action>,
    planner: &'a Planner<'s>,
}

impl<'a> At<'a, '_> {
    /// The schema before the statement.
    fn catalog(&self) -> &'a Catalog {
        self.planner.catalog()
    }
}

/// One thing to look for.
trait Rule {
    /// Before the first statement.
    fn start(&mut self, _planner: &Planner<'_>, _script: &Script, _findings: &mut Vec<Diagnostic>) {}

    /// At each statement, before it is done.
    fn statement(&mut self, at: &At<'_, '_>, findings: &mut Vec<Diagnostic>);

    /// After the last statement.
    fn finish(&mut self, _script: &Script, _findings: &mut Vec<Diagnostic>) {}
}

fn notes(script: &Script, planner: &Planner<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if script.apps.is_empty() {
        notes.push("no `app` is declared: checked for order and schema only".to_owned());
    }
    if planner.is_open() && !script.statements.is_empty() {
        notes.push("no `table` is declared: tables and columns are taken to exist as they are used".to_owned());
    }
    notes
}
