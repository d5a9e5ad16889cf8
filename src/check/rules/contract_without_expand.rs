//! `contract-without-expand`: data goes that no other column has taken over.

use crate::catalog::ColumnId;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Effect, FillingKind, Removal};
use crate::source::Span;

/// The columns that something was filled from (a sync alone carries later writes, and none of the rows that are there), and those that the plan itself added, by identity.
#[derive(Default)]
pub(super) struct ContractWithoutExpand {
    carried_over: Vec<bool>,
    added: Vec<bool>,
}

impl Rule for ContractWithoutExpand {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let span = at.statement.span;
        let Effect { adds, fills, removes, removes_columns, .. } = at.effect;
        adds.iter().for_each(|(_, column)| mark(&mut self.added, column.id));
        let carried = fills.iter().filter(|filling| matches!(filling.kind, FillingKind::Backfill | FillingKind::Copy));
        carried.flat_map(|filling| &filling.sources).for_each(|source| mark(&mut self.carried_over, *source));
        let Some(lost) = removes_columns.iter().find(|column| self.loses(**column)) else { return };
        let Some(removed) = removes else { return };
        let name = at.catalog().column_name(removed.table(), *lost);
        findings.push(match removed {
            Removal::Column(..) => {
                finding(&format!("column `{name}`"), &format!("migrate backfill … from {name}"), span)
            }
            Removal::Table(table) => {
                let what = format!("table `{table}` (its column `{name}`, for one)");
                finding(&what, &format!("migrate copy {table} to … (…)"), span)
            }
        });
    }
}

impl ContractWithoutExpand {
    fn loses(&self, column: ColumnId) -> bool {
        let is = |marks: &[bool]| marks.get(column.0 as usize).copied().unwrap_or(false);
        !is(&self.carried_over) && !is(&self.added)
    }
}

fn mark(marks: &mut Vec<bool>, column: ColumnId) {
    let index = column.0 as usize;
    if marks.len() <= index {
        marks.resize(index + 1, false);
    }
    marks[index] = true;
}

fn finding(what: &str, carry: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ContractWithoutExpand,
        format!("data loss risk: nothing in this plan carries over {what}"),
        span,
        "dropped with all it holds",
    )
    .help(format!(
        "add its new form in expand and fill it (`{carry}`); if the data is meant to go, say so before the statement: \
         `allow contract-without-expand because '…'`"
    ))
}
