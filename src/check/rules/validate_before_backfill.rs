//! `validate-before-backfill`: old rows are compared with a constraint before they are filled.
//!
//! The proof finds the failing statement too, but only in a script with applications, and here who is live does not matter.

use rustc_hash::FxHashMap;

use crate::catalog::{ColumnId, NotNull};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Effect;
use crate::source::Span;

/// Where each column was validated.
#[derive(Default)]
pub(super) struct ValidateBeforeBackfill {
    validated: FxHashMap<ColumnId, Span>,
}

impl Rule for ValidateBeforeBackfill {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let Effect { not_null, validates, names, .. } = at.effect;
        if let Some((column, NotNull::Validated | NotNull::Yes)) = not_null {
            self.validated.insert(*column, at.statement.span);
        }
        if validates.is_some() {
            self.validated.extend(names.iter().map(|column| (*column, at.statement.span)));
        }
        let Some(filling) = at.effect.fills_rows() else { return };
        let Some(validated) = self.validated.remove(&filling.column) else { return };
        let name = at.catalog().column_name(filling.table, filling.column);
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
}
