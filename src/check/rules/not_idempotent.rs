//! `not-idempotent`: a run that is resumed repeats its last batch, so a repeated statement must change nothing.

use crate::ast::{Backfill, Expr, ExprKind, StatementKind};
use crate::catalog::ConstraintKind;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::{Form, is_projection};
use crate::plan::Action;

pub(super) struct NotIdempotent;

impl Rule for NotIdempotent {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        match (&at.statement.kind, at.action) {
            (StatementKind::Backfill(fill), _) if reads_itself(fill) && !changes_once(&fill.value, fill) => {
                let name = &fill.target.column.name;
                findings.push(
                    Diagnostic::new(
                        Code::NotIdempotent,
                        format!("`{name}` is filled from itself, and a repeated batch would change it again"),
                        fill.value.span,
                        format!("reads `{name}`"),
                    )
                    .help(format!(
                        "fill a new column from `{name}` and drop the old one in contract: a resumed run repeats its last batch"
                    )),
                );
            }
            (StatementKind::Copy(copy), Some(Action::Copy { to, columns, .. })) => {
                let Some(table) = at.catalog().table(to).filter(|_| !at.planner.is_open()) else { return };
                let given = |ids: &[crate::catalog::ColumnId]| {
                    ids.iter().all(|id| columns.iter().any(|(column, _)| column == id))
                };
                let keyed = table.constraints().any(|constraint| match &constraint.kind {
                    ConstraintKind::Index { filter: Some(_), .. } => false,
                    kind => kind.unique_columns().is_some_and(given),
                });
                if !keyed {
                    findings.push(
                        Diagnostic::new(
                            Code::NotIdempotent,
                            format!("nothing distinguishes a row of `{to}` that was copied from one that was not"),
                            copy.to.span,
                            "no key of this table is among the columns copied",
                        )
                        .help("copy a primary key or unique column too: a resumed run repeats its last batch"),
                    );
                }
            }
            _ => {}
        }
    }
}

fn reads_itself(fill: &Backfill) -> bool {
    let mut found = false;
    fill.value.for_each_column(&mut |column| found |= is_target(column, fill));
    found
}

fn is_target(column: &crate::ast::ColumnRef, fill: &Backfill) -> bool {
    let same_table = match (&column.table, &fill.target.table) {
        (Some(left), Some(right)) => left.name == right.name,
        _ => true,
    };
    column.column.name == fill.target.column.name && same_table
}

/// Whether doing it twice is doing it once: `coalesce(c, …)`, `nullif(c, '')`, `lower(c)`, or only where `c` is null.
fn changes_once(value: &Expr, fill: &Backfill) -> bool {
    let only_unset = matches!(fill.filter.as_ref().map(|filter| &filter.kind),
        Some(ExprKind::IsNull { operand, negated: false }) if is_column(operand, fill));
    let projects = match &value.kind {
        ExprKind::Call(call) if Form::named(&call.0.name) == Some(Form::Coalesce) => {
            call.1.first().is_some_and(|first| is_column(first, fill))
        }
        ExprKind::Call(call) if is_projection(&call.0.name) || Form::named(&call.0.name) == Some(Form::Nullif) => {
            let nested = call.1.first().is_some_and(|first| is_column(first, fill));
            nested && call.1.iter().skip(1).all(|rest| matches!(rest.kind, ExprKind::Literal(_)))
        }
        ExprKind::Column(_) => true,
        _ => false,
    };
    only_unset || projects
}

fn is_column(expr: &Expr, fill: &Backfill) -> bool {
    matches!(&expr.kind, ExprKind::Column(column) if is_target(column, fill))
}
