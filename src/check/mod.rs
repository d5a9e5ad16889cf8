//! Findings: what is wrong, or likely wrong, with a plan, found without running it.
//!
//! The planner walks the statements; at each, every rule looks at the step and the catalog before it. A rule keeps what
//! it must remember in a few bytes a statement, so that a script of a hundred thousand statements is checked in one
//! pass. Rules are one to a file in `rules`; each has its page in `diagnostic/pages` and its cases in `tests/cases/check`.

mod allow;
mod listed_rows;
mod read_ahead;
mod root_cause;
mod rules;
mod two_forms;
mod verdict;

pub use verdict::proof;

use crate::ast::{Script, Statement};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, Severity};
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

/// Scripts shorter than this, in bytes, are read whole; a tree of theirs is small.
const SMALL: usize = 1 << 14;

/// Plans without applications that are longer than this, in statements, are not proved under assumed ones.
pub(super) const MOST_ADVISED: usize = 200;

/// Reads and checks a script. The statements of a large one are read one by one, and forgotten once they are checked.
#[must_use]
pub fn check_script(source: Source) -> CheckedScript {
    if source.text().len() < SMALL {
        let (diagnostics, notes) = check(&syntax::parse(source.clone()), &[]);
        return CheckedScript { source, diagnostics, notes };
    }
    let outline = syntax::outline(source.clone());
    let mut checker = Checker::start(&outline.script, &[]);
    let unread = read_ahead::statements(&source, &outline.parts, &mut |statement| checker.statement(statement));
    let unread = outline.diagnostics.iter().cloned().chain(unread);
    // The proof needs the whole plan. What is only advice is not worth that for a very long one.
    let is_proved = !outline.script.apps.is_empty() || checker.statements <= MOST_ADVISED;
    let (diagnostics, notes) = if is_proved {
        let parsed = syntax::parse(source.clone());
        checker.finish(unread, &|findings| verdict::judge(&parsed.script, &[], findings))
    } else {
        checker.finish(unread, &|_| Vec::new())
    };
    CheckedScript { source, diagnostics, notes }
}

/// Checks a script that was read: what could not be read and findings, in the order of places, and what was taken for
/// granted. `known` describes tables that the script does not declare.
#[must_use]
pub fn check(parsed: &Parsed, known: &[KnownTable]) -> (Vec<Diagnostic>, Vec<String>) {
    let mut checker = Checker::start(&parsed.script, known);
    parsed.script.statements.iter().for_each(|statement| checker.statement(statement));
    checker.finish(parsed.diagnostics.iter().cloned(), &|findings| verdict::judge(&parsed.script, known, findings))
}

/// A walk along the statements of a script.
struct Checker<'s> {
    script: &'s Script,
    planner: Planner<'s>,
    rules: Vec<Box<dyn Rule>>,
    findings: Vec<Diagnostic>,
    /// How many statements have passed.
    statements: usize,
}

impl<'s> Checker<'s> {
    fn start(script: &'s Script, known: &[KnownTable]) -> Self {
        let mut planner = Planner::start(script, known);
        let mut rules = rules::all();
        let mut findings = planner.take_diagnostics();
        findings.extend(listed_rows::check(script, planner.catalog()));
        for rule in &mut rules {
            rule.start(&mut planner, script, &mut findings);
        }
        Self { script, planner, rules, findings, statements: 0 }
    }

    fn statement(&mut self, statement: &Statement) {
        self.statements += 1;
        let action = self.planner.resolve(statement);
        self.findings.append(&mut self.planner.take_diagnostics());
        let mut at = At { script: self.script, statement, action: action.as_ref(), planner: &mut self.planner };
        self.rules.iter_mut().for_each(|rule| rule.statement(&mut at, &mut self.findings));
        if let Some(action) = action {
            self.planner.advance(&action, statement.span);
        }
    }

    /// Ends the walk; `judge` adds what the proof finds, and gives its verdict.
    fn finish(
        mut self,
        unread: impl Iterator<Item = Diagnostic>,
        judge: &dyn Fn(&mut Vec<Diagnostic>) -> Vec<String>,
    ) -> (Vec<Diagnostic>, Vec<String>) {
        self.findings.extend(unread);
        self.rules.iter_mut().for_each(|rule| rule.finish(&self.planner, self.script, &mut self.findings));
        let verdict = judge(&mut self.findings);
        allow::apply(self.script, &mut self.findings);
        root_cause::keep(&mut self.findings);
        self.findings.sort_by_key(Diagnostic::span);
        let mut notes = notes(self.script, &self.planner, &self.findings);
        notes.extend(verdict);
        notes.extend(self.rules.iter_mut().flat_map(|rule| rule.notes()));
        (self.findings, notes)
    }
}

/// What every rule sees of one statement.
struct At<'a, 's> {
    script: &'s Script,
    statement: &'a Statement,
    /// What the statement does; none where its names could not be resolved.
    action: Option<&'a Action>,
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
