//! Writes the applications that a plan without any is assumed to have into its script, and leaves the rest as it is.

use std::collections::BTreeMap;

use crate::check::Checked;
use crate::diagnostic::{Edit, Fix};
use crate::plan::Plan;
use crate::plan::assumed::{Assumed, assumed};
use crate::source::{Source, Span};
use crate::syntax::{self, Item};

/// What can be written into a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inferred {
    /// The applications, and the statements that deploy and retire them.
    Apps(Fix),
    /// Nothing: it declares its applications.
    Declared,
    /// Nothing while there are errors in it: what the plan does is not known.
    Errors,
    /// Nothing: there is no column that an application could use.
    NoColumns,
}

/// Infers the applications of a script.
#[must_use]
pub fn apps(checked: &Checked) -> Inferred {
    if !checked.script.apps.is_empty() {
        return Inferred::Declared;
    }
    let Some(plan) = checked.plan.as_ref().filter(|_| !checked.findings.has_errors()) else { return Inferred::Errors };
    let Some(assumed) = assumed(plan) else { return Inferred::NoColumns };
    let (source, items) = (checked.source(), syntax::items(checked.source()));
    let writer = Writer { source, items: &items };
    Inferred::Apps(Fix { title: "declare the applications".to_owned(), edits: writer.edits(plan, &assumed) })
}

struct Writer<'a> {
    source: &'a Source,
    items: &'a [Item],
}

/// Where lines are put in.
struct Slot {
    at: usize,
    /// Something else stands before it on its line.
    mid_line: bool,
}

impl Writer<'_> {
    fn edits(&self, plan: &Plan, assumed: &Assumed) -> Vec<Edit> {
        let declared: Vec<String> =
            assumed.apps.iter().map(|app| app.declaration(plan.default_table.as_ref())).collect();
        let mut rollout: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for statement in &assumed.rollout {
            rollout.entry(statement.place).or_default().push(statement.text());
        }
        let at_once = rollout.remove(&0).unwrap_or_default();
        let mut edits = vec![self.declarations(&declared, &at_once)];
        edits.extend(rollout.into_iter().map(|(place, lines)| {
            let slot = self.behind(self.item_before(place));
            self.edit(&slot, &lines)
        }));
        edits
    }

    /// The applications, and what the plan begins with, after the declarations of the script.
    fn declarations(&self, apps: &[String], at_once: &[String]) -> Edit {
        let blank = [String::new()];
        let leading = self.items.iter().take_while(|item| item.declares).last();
        let slot = leading.map_or_else(|| self.top(), |last| self.behind(last.span.end as usize));
        let mut lines = if leading.is_some() { blank.to_vec() } else { Vec::new() };
        lines.extend_from_slice(apps);
        if !at_once.is_empty() {
            lines.extend_from_slice(&blank);
            lines.extend_from_slice(at_once);
        }
        let next = self.source.text()[slot.at..].lines().next().unwrap_or_default();
        if !next.trim().is_empty() {
            lines.extend_from_slice(&blank);
        }
        self.edit(&slot, &lines)
    }

    fn edit(&self, slot: &Slot, lines: &[String]) -> Edit {
        let line_end = self.line_end();
        let mut replacement = if slot.mid_line { line_end.to_owned() } else { String::new() };
        for line in lines.iter().flat_map(|text| text.split('\n')) {
            replacement.push_str(line);
            replacement.push_str(line_end);
        }
        Edit { span: Span::new(slot.at, slot.at), replacement }
    }

    fn line_end(&self) -> &'static str {
        let first = self.source.text().split_inclusive('\n').next().unwrap_or_default();
        if first.ends_with("\r\n") { "\r\n" } else { "\n" }
    }

    /// Where the item ends that holds the statement before a place.
    fn item_before(&self, place: usize) -> usize {
        let mut passed = 0;
        let holds = |item: &&Item| {
            passed += item.statements;
            passed >= place
        };
        self.items.iter().find(holds).map_or(self.source.text().len(), |item| item.span.end as usize)
    }

    /// After an item that ends at `end`, and after the comments on its line.
    fn behind(&self, end: usize) -> Slot {
        let text = self.source.text();
        let mut at = end;
        loop {
            let rest = text[at..].trim_start_matches([' ', '\t', '\r', ';']);
            at = text.len() - rest.len();
            let Some(end) = syntax::comment_at(text, at) else { break };
            at = end;
        }
        match text[at..].chars().next() {
            Some('\n') => Slot { at: at + 1, mid_line: false },
            Some(_) | None => Slot { at, mid_line: true },
        }
    }

    /// Before the first item, and before the comments right above it.
    fn top(&self) -> Slot {
        let first = self.items.first().map_or(0, |item| item.span.start as usize);
        let line = self.source.line_range(self.source.line_of(first)).start;
        Slot {
            at: syntax::above_comments(self.source.text(), &syntax::comments(self.source.text()), line),
            mid_line: false,
        }
    }
}
