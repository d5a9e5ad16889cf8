//! `contract-without-expand`: data goes that no other column has taken over.

use crate::catalog::{Catalog, ColumnId};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Action, FillKind};
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
        match at.action {
            Some(Action::AddColumn { column, .. }) => mark(&mut self.added, column.id),
            Some(Action::AddTable(table)) => table.columns().for_each(|column| mark(&mut self.added, column.id)),
            Some(Action::Fill { kind: FillKind::Backfill, table, value, .. }) => {
                self.carry(at.catalog(), table, value.inputs());
            }
            Some(Action::Copy { from, columns, .. }) => {
                for (_, value) in columns {
                    self.carry(at.catalog(), from, value.inputs());
                }
            }
            Some(Action::DropColumn { table, column }) if self.loses(*column) => {
                let name = at.catalog().column_name(table, *column);
                findings.push(finding(&format!("column `{name}`"), &format!("migrate backfill … from {name}"), span));
            }
            Some(Action::DropTable(table)) => {
                let lost =
                    at.catalog().table(table).and_then(|found| found.columns().find(|column| self.loses(column.id)));
                if let Some(lost) = lost {
                    let what = format!("table `{table}` (its column `{}`, for one)", lost.name);
                    findings.push(finding(&what, &format!("migrate copy {table} to … (…)"), span));
                }
            }
            _ => {}
        }
    }
}

impl ContractWithoutExpand {
    fn carry(&mut self, catalog: &Catalog, table: &str, names: &[crate::ast::Name]) {
        for column in names.iter().filter_map(|name| catalog.column(table, name)) {
            mark(&mut self.carried_over, column.id);
        }
    }

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
