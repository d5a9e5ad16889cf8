//! The statements of a plan, as their author wrote them.

use crate::plan::{Plan, Step};
use crate::source::Source;

/// The statements of one plan.
#[derive(Clone, Copy)]
pub(super) struct Statements<'a> {
    source: &'a Source,
    plan: &'a Plan,
}

impl<'a> Statements<'a> {
    pub(super) fn new(source: &'a Source, plan: &'a Plan) -> Self {
        Self { source, plan }
    }

    /// The line that a statement begins in; none for one that is only assumed.
    pub(super) fn line(self, step: usize) -> Option<usize> {
        let span = self.plan.steps.get(step)?.span;
        (!span.is_empty()).then(|| self.source.position(span.start).line)
    }

    /// A statement on one line: `migrate backfill display_name from username`.
    pub(super) fn text(self, step: usize) -> String {
        let Some(step) = self.plan.steps.get(step) else { return String::new() };
        if step.span.is_empty() {
            return step.action.gate().map_or_else(|| step.title.clone(), |gate| format!("{gate} (assumed)"));
        }
        let phase = step.phase.map_or_else(String::new, |phase| format!("{} ", phase.keyword()));
        format!("{phase}{}", self.first_line(step))
    }

    fn first_line(self, step: &Step) -> String {
        let text = self.source.slice(step.span).trim();
        let (line, more) = text.split_once('\n').map_or((text, ""), |(line, _)| (line, " …"));
        let words: Vec<_> = line.split_whitespace().collect();
        format!("{}{more}", words.join(" "))
    }

    /// A statement in a sentence: `` line 14 (`expand add column display_name text`) ``.
    pub(super) fn place(self, step: usize) -> String {
        match self.line(step) {
            Some(line) => format!("line {line} (`{}`)", self.text(step)),
            None => format!("`{}`", self.text(step)),
        }
    }

    /// ` (line 14)`, or nothing.
    pub(super) fn suffix(self, step: Option<usize>) -> String {
        step.and_then(|step| self.line(step)).map_or_else(String::new, |line| format!(" (line {line})"))
    }
}
