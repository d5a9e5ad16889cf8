//! `validate-before-backfill`: old rows are compared with a constraint before they are filled.
//!
//! The proof finds the failing statement too, but only in a script with applications, and here who is live does not matter.

use rustc_hash::FxHashMap;

use crate::catalog::ColumnId;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Action;
use crate::source::Span;

/// Where each column was validated.
#[derive(Default)]
pub(super) struct ValidateBeforeBackfill {
    validated: FxHashMap<ColumnId, Span>,
}

impl Rule for ValidateBeforeBackfill {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        match at.action {
            Some(Action::ValidateNotNull { column, .. } | Action::SetNotNull { column, .. }) => {
                self.validated.insert(*column, at.statement.span);
            }
            Some(Action::ValidateConstraint { table, name }) => {
                let constraint = at.catalog().table(table).and_then(|table| table.constraint(name));
                let columns = constraint.map_or(&[][..], |constraint| constraint.kind.columns());
                self.validated.extend(columns.iter().map(|column| (*column, at.statement.span)));
            }
            Some(Action::Fill { table, column, .. }) => {
                let Some(validated) = self.validated.remove(column) else { return };
                let name = at.catalog().column_name(table, *column);
                findings.push(
                    Diagnostic::new(
                        Code::ValidateBeforeBackfill,
                        format!("column `{name}` is validated before it is filled"),
                        validated,
                        "validated here …",
                    )
                    .label(at.statement.span, "… but only filled here")
                    .help("move the backfill before it: rows that are not filled yet fail the validation"),
                );
            }
            _ => {}
        }
    }
}
