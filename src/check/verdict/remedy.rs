//! Remedies in the script: each is written into it, and the changed script is checked as any other, before it is said what
//! the remedy gives.

use crate::ast::{AllowScope, Phase, StatementKind};
use crate::check::verdict::ScriptVerdict;
use crate::diagnostic::{Answer, Code, Diagnostic, Headline, Severity};
use crate::plan::Step;
use crate::prove::{Change, Gives, Insertion, Remedy};
use crate::source::{Source, Span};

/// No more changed scripts than these are checked for one.
pub(super) const MOST_SCRIPTS: usize = 12;

/// What came of checking a changed script, without looking for remedies in it.
pub(in crate::check) struct Tried {
    /// Its verdict, with assumed versions where it declares none.
    pub(in crate::check) headline: Option<Headline>,
    /// What was found in it.
    pub(in crate::check) findings: Vec<Diagnostic>,
}

/// Whether remedies are looked for, and tried in the script.
#[derive(Clone, Copy)]
pub(in crate::check) enum Trial<'a> {
    /// None are looked for.
    Unsought,
    /// They are looked for, and tried in the model alone.
    Model,
    /// Each is tried in the script, too.
    Script(&'a dyn Fn(Source) -> Tried),
}

/// A remedy in the script.
struct Written {
    /// The script with it.
    text: String,
    /// The order, as it is to be followed here.
    order: String,
    /// Where: "after line 12".
    place: String,
}

/// Where a statement is put in.
struct Gap {
    offset: usize,
    /// It goes behind what stands there, on a line of its own; otherwise before.
    behind: bool,
    /// Inside of a block, whose phase is not said again.
    in_block: bool,
    place: String,
}

impl ScriptVerdict<'_> {
    /// What is found in the script as it is, to compare with; none where nothing is tried.
    pub(super) fn untouched(&self) -> Option<Tried> {
        match self.trial {
            Trial::Script(trial) => Some(trial(self.script.source.clone())),
            Trial::Unsought | Trial::Model => None,
        }
    }

    /// The remedy, with what the whole script gives with it; none where something is in the way then that was not there
    /// before: an error, data that is overwritten, values that are lost.
    pub(super) fn tried(&self, remedy: &Remedy, before: &Tried, trial: &dyn Fn(Source) -> Tried) -> Option<Remedy> {
        let written = self.written(remedy)?;
        let Tried { headline, findings } = trial(Source::new(self.script.source.name(), written.text));
        let count = |findings: &[Diagnostic], code: Code| findings.iter().filter(|found| found.code == code).count();
        let is_harm = |found: &&Diagnostic| {
            let is_error = found.severity == Severity::Error && !found.code.refutes();
            is_error || matches!(found.code, Code::NotProved | Code::OverwritesData | Code::LossyTranslation)
        };
        let is_new = |found: &Diagnostic| count(&findings, found.code) > count(&before.findings, found.code);
        if findings.iter().filter(is_harm).any(is_new) {
            return None;
        }
        let gives = match headline? {
            headline if headline.is_plain => Gives::Proved,
            Headline { answer: Answer::Proved | Answer::Conditional, brief, .. } => Gives::Verdict(brief),
            Headline { answer: Answer::NotProved, .. } => Gives::NotRefuted,
            Headline { answer: Answer::Refuted | Answer::Errors, .. } => Gives::Less,
        };
        Some(Remedy { gives, ..remedy.clone() })
    }

    /// What to do, in words.
    pub(super) fn remedy(&self, remedy: &Remedy) -> String {
        let gives = match &remedy.gives {
            Gives::Proved => ": then it is proved".to_owned(),
            Gives::Verdict(verdict) => format!(": then it is {verdict}"),
            Gives::NotRefuted => ": then nothing wrong is found, but not everything can be checked".to_owned(),
            Gives::Columns => ": then these columns are proved".to_owned(),
            Gives::Less => ": then this is gone, and something else is left".to_owned(),
        };
        match self.written(remedy) {
            Some(Written { order, place, .. }) if place.is_empty() => format!("{order}{gives}"),
            Some(Written { order, place, .. }) => format!("{order} {place}{gives}"),
            None => format!("{}{}{gives}", remedy.text, self.rough_place(remedy.place)),
        }
    }

    fn rough_place(&self, place: Option<Insertion>) -> String {
        match place {
            Some(Insertion::Before(step)) => format!(" before line {}", self.line(step)),
            Some(Insertion::After(step)) => format!(" after line {}", self.line(step)),
            Some(Insertion::At(step)) => format!(" in line {}", self.line(step)),
            None => String::new(),
        }
    }

    /// The script with a remedy; none where that cannot be written, as for a statement that is only assumed.
    fn written(&self, remedy: &Remedy) -> Option<Written> {
        match &remedy.change {
            Change::Add { phase, statement, like } => {
                let statement = match like {
                    Some(step) => statement.replacen('…', &self.expression_at(*step)?, 1),
                    None => statement.clone(),
                };
                let gap = self.gap(remedy.place?, *phase)?;
                let line = head(gap.in_block, *phase) + &statement;
                let hint = remedy.text.rsplit_once('`').map_or("", |(_, hint)| hint);
                let order = format!("add `{line}`{hint}");
                let text = edited(self.text(), vec![gap.edit(&line)]);
                Some(Written { text, order, place: gap.place })
            }
            Change::Where { step, condition } => {
                let span = self.plan.steps.get(*step)?.span;
                let statement = self.script.statements.iter().find(|statement| statement.span == span)?;
                let StatementKind::Backfill(backfill) = &statement.kind else { return None };
                let end = backfill.value.span.range().end;
                let text = edited(self.text(), vec![(end..end, format!(" where {condition}"))]);
                Some(Written { text, order: remedy.text.clone(), place: format!("in line {}", self.line(*step)) })
            }
            Change::Move(step) => {
                let moved = self.plan.steps.get(*step).filter(|step| !step.span.is_empty())?;
                let gap = self.gap(remedy.place?, moved.phase)?;
                let (from, to) = (self.start_of(moved), moved.span.range().end);
                let statement = head(gap.in_block, moved.phase) + self.slice(moved.span);
                let allows = self.allows_of(moved).map(|span| self.slice(span));
                let line = allows.chain([&*statement]).collect::<Vec<_>>().join("\n");
                let text = edited(self.text(), vec![(from..to, String::new()), gap.edit(&line)]);
                // Past statements that are only assumed it stays where it was.
                let is_moved = !text.split_whitespace().eq(self.text().split_whitespace());
                is_moved.then(|| Written { text, order: remedy.text.clone(), place: gap.place })
            }
            Change::LeaveOut(step) => {
                let left_out = self.plan.steps.get(*step).filter(|step| !step.span.is_empty())?;
                let (from, to) = (self.start_of(left_out), left_out.span.range().end);
                let text = edited(self.text(), vec![(from..to, String::new())]);
                Some(Written { text, order: remedy.text.clone(), place: String::new() })
            }
        }
    }

    fn text(&self) -> &str {
        self.script.source.text()
    }

    fn slice(&self, span: Span) -> &str {
        self.script.source.slice(span)
    }

    fn line_at(&self, offset: usize) -> usize {
        self.script.source.position(u32::try_from(offset).unwrap_or(u32::MAX)).line
    }

    /// Where a statement of a phase can be put in. Statements that are only assumed stand nowhere.
    fn gap(&self, place: Insertion, phase: Option<Phase>) -> Option<Gap> {
        let (at, prefers_before) = match place {
            Insertion::Before(step) => (step, true),
            Insertion::After(step) => (step + 1, false),
            Insertion::At(_) => return None,
        };
        let steps = &self.plan.steps;
        let before = steps[..at].iter().rev().find(|step| !step.span.is_empty());
        let after = steps[at..].iter().find(|step| !step.span.is_empty());
        match (before, after) {
            (_, Some(after)) if prefers_before => self.gap_before(after, phase),
            (Some(before), _) => self.gap_behind(before, phase),
            (None, Some(after)) => self.gap_before(after, phase),
            (None, None) => None,
        }
    }

    fn gap_behind(&self, step: &Step, phase: Option<Phase>) -> Option<Gap> {
        let end = step.span.range().end;
        let in_block = self.is_in_block(step);
        let offset = if in_block && step.phase != phase { end + self.text().get(end..)?.find('}')? + 1 } else { end };
        let line = self.line_at(offset.saturating_sub(1));
        let shares = |other: &Step| {
            let start = other.span.range().start;
            !other.span.is_empty() && start >= offset && self.line_at(start) == line
        };
        let place = if self.plan.steps.iter().any(shares) {
            format!("after `{}` in line {line}", self.slice(step.span))
        } else {
            format!("after line {line}")
        };
        Some(Gap { offset, behind: true, in_block: in_block && offset == end, place })
    }

    fn gap_before(&self, step: &Step, phase: Option<Phase>) -> Option<Gap> {
        let in_block = self.is_in_block(step);
        let start = self.start_of(step);
        let offset = if in_block && step.phase != phase {
            let open = self.text()[..start].trim_end().strip_suffix('{')?.trim_end();
            without_word(open, step.phase?)?.len()
        } else {
            start
        };
        let place = format!("before line {}", self.line_at(offset));
        Some(Gap { offset, behind: false, in_block: in_block && offset == start, place })
    }

    /// Where a statement begins: with its phase, and with what its author answers for.
    fn start_of(&self, step: &Step) -> usize {
        let start = step.span.range().start;
        let own = step
            .phase
            .filter(|_| !self.is_in_block(step))
            .map_or(start, |phase| without_word(self.text()[..start].trim_end(), phase).map_or(start, str::len));
        self.allows_of(step).map(|span| span.range().start).fold(own, usize::min)
    }

    fn allows_of(&self, step: &Step) -> impl Iterator<Item = Span> {
        let covers = |item: Span| item.start <= step.span.start && step.span.start < item.end;
        let own = self.script.allows.iter().filter(move |allow| match allow.scope {
            AllowScope::Script => false,
            AllowScope::Item(item) => covers(item),
        });
        own.map(|allow| allow.span)
    }

    /// Whether a statement stands in the block of its phase.
    fn is_in_block(&self, step: &Step) -> bool {
        let before = self.text()[..step.span.range().start].trim_end();
        step.phase.is_some_and(|phase| without_word(before, phase).is_none())
    }
}

impl Gap {
    fn edit(&self, line: &str) -> (std::ops::Range<usize>, String) {
        let text = if self.behind { format!("\n{line}") } else { format!("{line}\n") };
        (self.offset..self.offset, text)
    }
}

fn head(in_block: bool, phase: Option<Phase>) -> String {
    phase.filter(|_| !in_block).map_or_else(String::new, |phase| format!("{} ", phase.keyword()))
}

/// A text that ends with the word of a phase, without it.
fn without_word(text: &str, phase: Phase) -> Option<&str> {
    let (before, word) = text.split_at_checked(text.len().checked_sub(phase.keyword().len())?)?;
    word.eq_ignore_ascii_case(phase.keyword()).then_some(before)
}

/// A text with some of its parts replaced, none overlapping another.
fn edited(text: &str, mut edits: Vec<(std::ops::Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut edited = text.to_owned();
    for (range, replacement) in edits.into_iter().rev() {
        edited.replace_range(range, &replacement);
    }
    edited
}
