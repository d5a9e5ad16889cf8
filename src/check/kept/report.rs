//! What was found, in words.

use crate::ast::{Name, Script};
use crate::catalog::ColumnId;
use crate::check::At;
use crate::check::kept::lineage::{Fill, Lineage};
use crate::check::kept::lossy::{Collision, Left};
use crate::check::kept::overwritten::Change;
use crate::check::two_forms::report::literal;
use crate::data::Value;
use crate::diagnostic::{Code, Diagnostic};
use crate::phrase::joined;
use crate::source::Span;

/// A statement that does away with data.
pub(super) enum Overwriting {
    /// What the column holds: from an earlier statement, from a version that writes it, or from before the plan.
    Data { before: Option<Fill>, writer: Option<Name>, change: Option<Change> },
    /// The rows get one form, and what is written later another.
    UnlikeSync { other: Fill, change: Option<Change> },
}

/// Tells of what happens at a statement.
pub(super) struct Telling<'a> {
    lineage: &'a Lineage,
    script: &'a Script,
    default_table: Option<&'a Name>,
    span: Span,
}

impl<'a> Telling<'a> {
    pub(super) fn new(lineage: &'a Lineage, at: &'a At<'_, '_>) -> Self {
        Self { lineage, script: at.script, default_table: at.planner.default_table(), span: at.statement.span }
    }

    /// A fill that overwrites what is there.
    pub(super) fn overwriting(&self, target: ColumnId, fill: &Fill, found: &Overwriting) -> Diagnostic {
        match found {
            Overwriting::Data { before, writer, change } => {
                let before = before.as_ref().filter(|_| self.lineage.is_added(target));
                self.data(target, fill, (before, writer.as_ref()), change.as_ref())
            }
            Overwriting::UnlikeSync { other, change } => self.unlike_sync(target, fill, other, change.as_ref()),
        }
    }

    fn data(
        &self,
        target: ColumnId,
        fill: &Fill,
        (before, writer): (Option<&Fill>, Option<&Name>),
        change: Option<&Change>,
    ) -> Diagnostic {
        let (name, value) = (self.name(target), self.value(fill));
        let message = match (before, writer) {
            (Some(before), _) => {
                let line = self.line(before.span);
                format!("{name} was filled with {} (line {line}), and {value} overwrites that", self.value(before))
            }
            (None, Some(app)) => format!("`{app}` writes {name}, and {value} overwrites it"),
            (None, None) => format!("{name} holds data from before this plan, and {value} overwrites it"),
        };
        let is_in_place = fill.value.1 == [target];
        let shown = change.map_or_else(
            || "no value was found with which that could be tried".to_owned(),
            |change| {
                let Change { one, other, .. } = change;
                let also = if is_in_place { ", which another row may hold already" } else { "" };
                format!("{}{} becomes {}{also}", self.given(change), literal(one), literal(other))
            },
        );
        let column = self.plain(target);
        let help = match before {
            Some(_) => format!("let one statement fill it, or fill only what is empty: `where {column} is null`"),
            None if is_in_place => "fill a new column from it, and drop the old one in contract".to_owned(),
            None => format!("fill a new column, or only what is empty: `where {column} is null`"),
        };
        warn(Code::OverwritesData, message, self.span, &shown, &help)
    }

    fn unlike_sync(&self, target: ColumnId, this: &Fill, other: &Fill, change: Option<&Change>) -> Diagnostic {
        let (fill, sync) = if this.is_of_rows() { (this, other) } else { (other, this) };
        let (name, filled, synced) = (self.name(target), self.value(fill), self.value(sync));
        let message = format!("{name} is filled with {filled}, and its sync gives it {synced}");
        let (at_fill, at_sync) = change.map_or_else(
            || ("rows that are there hold one form".to_owned(), "what is written later another".to_owned()),
            |change| {
                let Change { one, other, .. } = change;
                let rows = format!("{}rows that are there hold {}", self.given(change), literal(one));
                (rows, format!("what is written later is {}", literal(other)))
            },
        );
        let (here, there) = if this.is_of_rows() { (at_fill, at_sync) } else { (at_sync, at_fill) };
        let help = "use one expression for both".to_owned();
        warn(Code::OverwritesData, message, this.span, &here, &help).label(other.span, there)
    }

    /// What is left of a column that goes.
    pub(super) fn left(&self, column: ColumnId, left: &Left) -> Option<Diagnostic> {
        match left {
            Left::All => None,
            Left::Less(collision) => Some(self.lossy(column, collision)),
            Left::Unknown(kept) => {
                let (name, form) = (self.name(column), self.name(*kept));
                let line = self.line(self.span);
                let what =
                    format!("{form} tells every two values of {name} apart: after line {line} no other column does");
                let label = "this is not known";
                Some(Diagnostic::new(Code::Condition, what, self.span, label).help("carry it over as it is"))
            }
        }
    }

    fn lossy(&self, column: ColumnId, collision: &Collision) -> Diagnostic {
        let Collision { gone, one, other, kept } = collision;
        let (name, line) = (self.name(column), self.line(self.span));
        let fill = kept.as_ref().and_then(|(kept, _)| self.lineage.fills(*kept).iter().rfind(|fill| fill.is_of_rows()));
        let (message, label) = if let (Some((kept, value)), Some(fill)) = (kept, fill) {
            let form = self.name(*kept);
            let both = format!("{} and {}", self.row(gone, one), values(other));
            let message = match &gone[..] {
                _ if value.is_null() => format!("{name} of some rows is in no column after line {line}"),
                [_] => format!("what {} leaves out is in no column after line {line}", self.value(fill)),
                _ => {
                    let names: Vec<String> = gone.iter().map(|gone| self.name(*gone)).collect();
                    format!("{} cannot be told from {form} after line {line}", joined(&names))
                }
            };
            (message, format!("{both} both become {form} {}", literal(value)))
        } else {
            let message = format!("{name} is in no column after line {line}");
            (message, "what was filled from it is gone as well".to_owned())
        };
        let help = "carry over the whole of it; or, if what is left out may go, say so before the statement: `allow \
                    lossy-translation because '…'`";
        let finding = Diagnostic::new(Code::LossyTranslation, message, self.span, label).help(help);
        fill.into_iter().fold(finding, |finding, fill| finding.label(fill.span, "this is what is kept of it"))
    }

    /// "where `a` is 1 and `b` is 2, ", or nothing.
    fn given(&self, change: &Change) -> String {
        let is = |(column, value): &(ColumnId, Value)| format!("{} is {}", self.name(*column), literal(value));
        let each: Vec<String> = change.from.iter().map(is).collect();
        if each.is_empty() { String::new() } else { format!("where {}, ", joined(&each)) }
    }

    /// "`a` 1, `b` 2"
    fn row(&self, columns: &[ColumnId], values: &[Value]) -> String {
        let each = columns.iter().zip(values);
        let each: Vec<String> =
            each.map(|(column, value)| format!("{} {}", self.name(*column), literal(value))).collect();
        each.join(", ")
    }

    /// What a fill gives its column, as the script writes it.
    fn value(&self, fill: &Fill) -> String {
        let column = fill.value.1.first().filter(|_| fill.value.0.as_plain_column().is_some());
        match (fill.written, column) {
            (Some(written), _) => format!("`{}`", self.written(fill.span, written)),
            (None, Some(column)) => self.name(*column),
            (None, None) => "another value".to_owned(),
        }
    }

    /// An expression of a statement as it is written, with the parentheses that it begins with.
    fn written(&self, statement: Span, span: Span) -> &str {
        let text = self.script.source.slice(span);
        let opening = text.matches(')').count().saturating_sub(text.matches('(').count());
        let before = self.script.source.slice(Span { start: statement.start.min(span.start), end: span.start });
        let more = before.rmatch_indices('(').take(opening).last().map_or(0, |(at, _)| before.len() - at);
        let start = span.start.saturating_sub(u32::try_from(more).unwrap_or(0));
        self.script.source.slice(Span { start, end: span.end })
    }

    fn name(&self, column: ColumnId) -> String {
        format!("`{}`", self.plain(column))
    }

    fn plain(&self, column: ColumnId) -> String {
        let Some(held) = self.lineage.held(column) else { return "?".to_owned() };
        let is_default = self.default_table.is_some_and(|table| *table == held.table);
        if is_default { held.column.name.to_string() } else { format!("{}.{}", held.table, held.column.name) }
    }

    fn line(&self, span: Span) -> usize {
        self.script.source.position(span.start).line
    }
}

fn warn(code: Code, message: String, span: Span, label: &str, help: &str) -> Diagnostic {
    let help = format!("{help}; or, if it is meant, say so before the statement: `allow {code} because '…'`");
    Diagnostic::new(code, message, span, label).help(help)
}

fn values(values: &[Value]) -> String {
    let each: Vec<String> = values.iter().map(literal).collect();
    each.join(", ")
}
