//! Data that moves: `backfill`, `seed`, `copy`, and the gate `verify`.

use crate::ast::{Backfill, CopyRows, Expr, Ident};
use crate::data::Type;
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::Expression;
use crate::plan::planner::{Planner, Resolved};
use crate::plan::{Action, FillKind};
use crate::source::Span;

impl Planner<'_> {
    /// `backfill` and `seed`.
    pub(super) fn fill(&mut self, kind: FillKind, fill: &Backfill) -> Resolved<Action> {
        let (table, column) = self.column(&fill.target)?;
        self.imply_columns(&table, &fill.value)?;
        let value = Expression::resolve(&fill.value, &self.scope(&table), Some(column.ty))?;
        let filter = fill.filter.as_ref().map(|filter| self.condition(&table, filter)).transpose()?;
        Ok(Action::Fill { kind, table, column: column.id, value, filter, batches: fill.batches })
    }

    /// `copy T to T2 (…)`.
    pub(super) fn copy(&mut self, copy: &CopyRows) -> Resolved<Action> {
        let from = self.table(&copy.from)?;
        let to = self.table(&copy.to)?;
        if from == to {
            let message = format!("`{from}` is copied to itself");
            return Err(Box::new(
                Diagnostic::new(Code::NotIdempotent, message, copy.to.span, "the table that is read")
                    .help("copy to another table; within one, `backfill` fills a column from others"),
            ));
        }
        let mut columns = Vec::with_capacity(copy.columns.len());
        for (name, value) in &copy.columns {
            let column = self.column_in(&to, name)?;
            if columns.iter().any(|(id, _)| *id == column.id) {
                let message = format!("column `{}` is given twice", name.name);
                return Err(Box::new(
                    Diagnostic::new(Code::DuplicateName, message, name.span, "given again here")
                        .help("keep one of the two"),
                ));
            }
            self.imply_columns(&from, value)?;
            columns.push((column.id, Expression::resolve(value, &self.scope(&from), Some(column.ty))?));
        }
        let filter = copy.filter.as_ref().map(|filter| self.condition(&from, filter)).transpose()?;
        Ok(Action::Copy { from, to, columns, filter, batches: copy.batches })
    }

    /// `verify`.
    pub(super) fn verify(&mut self, condition: &Expr, table: Option<&Ident>, span: Span) -> Resolved<Action> {
        let table = self.subject(table, &[condition], span)?;
        let condition = self.condition(&table, condition)?;
        debug_assert_eq!(condition.ty(), Type::Boolean);
        Ok(Action::Verify { table, condition })
    }
}
