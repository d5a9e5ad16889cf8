//! What helps where something goes wrong with some values only.

use crate::ast::{BinaryOp, Expr, ExprKind, FilledFrom, Literal};
use crate::check::verdict::ScriptVerdict;
use crate::plan::{ColumnName, Origin};
use crate::prove::{AnomalyKind, Content, Refutation, RowView};
use crate::source::Span;
use crate::syntax;

impl ScriptVerdict<'_> {
    /// The way out where values are null, fail, or are refused; none where it is as with any values.
    pub(super) fn help_with_values(&self, refutation: &Refutation) -> Option<String> {
        let anomaly = &refutation.anomaly;
        let values = refutation.witness.as_ref().map(|witness| &witness.values);
        match anomaly.kind {
            AnomalyKind::UnsetRead | AnomalyKind::LostWrite | AnomalyKind::StaleRead => {
                self.help_against_null(refutation)
            }
            AnomalyKind::RejectedWrite | AnomalyKind::FailingStep => {
                let names: Vec<String> = values?.iter().map(|(name, _)| format!("`{name}`")).collect();
                Some(help_against_refusal(refutation, &crate::phrase::joined(&names)))
            }
            AnomalyKind::BrokenUse => None,
        }
    }

    /// Where an expression is null although one of its inputs is not, and nothing else is wrong.
    fn help_against_null(&self, refutation: &Refutation) -> Option<String> {
        let target = refutation.anomaly.column.as_ref()?;
        let expr = &self.expression_of(target)?;
        let mut inputs = Vec::new();
        columns_of(expr, &mut inputs);
        let rows = refutation.schedule.events.iter().map(|event| &event.row);
        let content = |row: &RowView, name: &str| {
            let cell =
                row.cells.iter().find(|cell| cell.column.table == target.table && *cell.column.column == *name)?;
            Some(cell.content)
        };
        let of = |row: &RowView| -> Vec<(&str, Option<Content>)> {
            inputs.iter().map(|(name, _)| (*name, content(row, name))).collect()
        };
        let is_mixed = |cells: &Vec<(&str, Option<Content>)>| {
            let has = |wanted: bool| cells.iter().any(|(_, is)| is.is_some_and(|is| (is == Content::Value) == wanted));
            has(true) && has(false)
        };
        let mixed = rows.map(of).rfind(is_mixed);
        let nulls = mixed.into_iter().flatten().filter(|(_, is)| *is != Some(Content::Value)).map(|(name, _)| name);
        let nulls: Vec<&str> = nulls.collect();
        if nulls.is_empty() && refutation.witness.is_none() {
            return None;
        }
        let target = &target.column;
        Some(match self.without_null(expr, &nulls) {
            Some(better) => format!("give `{target}` a value where an input is null: `{better}`"),
            None => format!("give `{target}` a value where its expression has none: with `coalesce`, or an `else`"),
        })
    }

    /// The expression that first fills a column. Its statement is read again: of a long script no tree is kept.
    fn expression_of(&self, column: &ColumnName) -> Option<Expr> {
        let written = self.plan.effects().filter(|(step, effect)| {
            !step.span.is_empty() && effect.fills.iter().any(|filling| *filling.table == column.table)
        });
        let mut spans = written.map(|(step, _)| step.span);
        spans.find_map(|span| {
            let mut found = None;
            syntax::for_each_statement(&self.script.source, span, &mut |statement| {
                for filled in statement.kind.mentions().fills {
                    if let (true, FilledFrom::Value(_, expr)) = (filled.column.name == column.column, filled.from) {
                        found = Some(expr.clone());
                    }
                }
            });
            found
        })
    }

    /// The expression of a statement that fills a column, as it is written.
    pub(super) fn expression_at(&self, step: usize) -> Option<String> {
        let span = self.plan.steps.get(step)?.span;
        let mut found = None;
        syntax::for_each_statement(&self.script.source, span, &mut |statement| {
            for filled in statement.kind.mentions().fills {
                if let (None, FilledFrom::Value(_, expr)) = (&found, filled.from) {
                    found = Some(self.script.source.slice(expr.span).to_owned());
                }
            }
        });
        found
    }

    /// The expression with a value in place of each null: a chain of `||` as `concat_ws`, otherwise `coalesce`.
    fn without_null(&self, expr: &Expr, nulls: &[&str]) -> Option<String> {
        if let Some(joined) = self.as_concat_ws(expr) {
            return Some(joined);
        }
        let mut text = self.script.source.slice(expr.span).to_owned();
        let mut columns = Vec::new();
        columns_of(expr, &mut columns);
        columns.retain(|(name, _)| nulls.contains(name));
        let empty = if is_text(expr) { "''" } else { "0" };
        for (_, span) in columns.iter().rev() {
            let (from, to) = (offset(*span, expr.span, true)?, offset(*span, expr.span, false)?);
            let column = text.get(from..to)?.to_owned();
            text.replace_range(from..to, &format!("coalesce({column}, {empty})"));
        }
        (!columns.is_empty()).then_some(text)
    }

    /// `a || ', ' || b` as `concat_ws(', ', a, b)`; none of what has another form.
    fn as_concat_ws(&self, expr: &Expr) -> Option<String> {
        let mut parts = Vec::new();
        chain(expr, &mut parts);
        let ExprKind::Literal(Literal::Text(between)) = &parts.get(1)?.kind else { return None };
        let is_between = |part: &Expr| matches!(&part.kind, ExprKind::Literal(Literal::Text(text)) if text == between);
        let alternates = parts.len() % 2 == 1
            && parts.iter().enumerate().all(|(at, part)| if at % 2 == 1 { is_between(part) } else { is_column(part) });
        let texts: Vec<&str> = parts.iter().step_by(2).map(|part| self.script.source.slice(part.span)).collect();
        let between = self.script.source.slice(parts[1].span);
        alternates.then(|| format!("concat_ws({between}, {})", texts.join(", ")))
    }
}

fn help_against_refusal(refutation: &Refutation, names: &str) -> String {
    let is_write = refutation.anomaly.kind == AnomalyKind::RejectedWrite;
    // Of rows that are there nobody can say that there are none.
    let is_made = refutation.witness.as_ref().is_none_or(|witness| witness.origin == Origin::Made);
    let vouch = match (is_write, is_made) {
        (true, _) => "; if no live version writes such a value, say so: `allow rejected-write because '…'`",
        (false, true) => "; if there is no such row, say so: `allow failing-statement because '…'`",
        (false, false) => "",
    };
    match (is_of_expression(refutation), names) {
        (true, "") => format!("guard it with a `case … else …`, so that it does not fail{vouch}"),
        (true, names) => {
            let clean = if is_write { "" } else { ", clean the rows first" };
            format!(
                "give such values a result of their own with `case … else … end`{clean}, or let a check say which values \
                 {names} may have, as `in (…)` or a range{vouch}"
            )
        }
        (false, "") => "make it admit what an insert leaves there: with another default, or with a `sync`".to_owned(),
        (false, names) => format!(
            "make it admit these values, clean the rows first, or add it once no live version writes such a value to \
             {names}{vouch}"
        ),
    }
}

/// Whether it is an expression that fails, and not a constraint that refuses what it gives.
fn is_of_expression(refutation: &Refutation) -> bool {
    refutation.anomaly.constraint.as_deref().is_some_and(|what| what.starts_with("the expression of"))
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Column(_))
}

fn is_text(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Binary(BinaryOp::Concat, _))
}

/// The operands of a chain of `||`.
fn chain<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::Concat, sides) => {
            chain(&sides.0, parts);
            chain(&sides.1, parts);
        }
        _ => parts.push(expr),
    }
}

/// The columns of chains of operators, in the order in which they stand; those inside of calls keep their form.
fn columns_of<'e>(expr: &'e Expr, found: &mut Vec<(&'e str, Span)>) {
    match &expr.kind {
        ExprKind::Column(column) => found.push((&*column.column.name, expr.span)),
        ExprKind::Binary(_, sides) => {
            columns_of(&sides.0, found);
            columns_of(&sides.1, found);
        }
        ExprKind::Cast(parts) => columns_of(&parts.0, found),
        _ => {}
    }
}

/// Where a span begins or ends in the text of an outer one.
fn offset(inner: Span, outer: Span, start: bool) -> Option<usize> {
    let at = if start { inner.start } else { inner.end };
    usize::try_from(at.checked_sub(outer.start)?).ok()
}
