//! What needs no search: questions that types, constraints and the shape of expressions answer.

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::data::Value;
use crate::expr::{Domain, Expression, FailureKind, Outlook, RowDomains};
use crate::obligations::scenario::{Free, Scenario};

/// What is known of an expression over a table; none where it cannot be said.
pub(super) struct Outlooks<'a> {
    pub(super) scenario: &'a Scenario<'a>,
    pub(super) table: &'a str,
    pub(super) free: &'a [Free<'a>],
}

impl Outlooks<'_> {
    /// What an expression gives, with all that its inputs are computed from in it.
    pub(super) fn of(&self, value: &Expression) -> Option<Outlook> {
        let whole = self.whole(self.scenario.computed.len(), self.table, value)?;
        Some(whole.outlook(&self.row()?))
    }

    /// The same, where just those inputs are null that `nulls` says.
    pub(super) fn with_nulls(&self, value: &Expression, nulls: &[bool]) -> Option<Outlook> {
        let found = self.scenario.catalog.table(self.table)?;
        let mut row = self.row()?;
        let mut narrowed = Vec::new();
        for (name, null) in value.inputs().iter().zip(nulls) {
            let column = found.column(name)?;
            let place = by_identity(column.id);
            let known = row.domain(&place).cloned().unwrap_or_else(|| Domain::of_type(column.ty, true));
            if *null && !known.may_be_null() {
                // No such row is there.
                let result = Domain::of_values([], value.ty());
                return Some(Outlook { result, failures: Vec::new() });
            }
            let known = if *null { Domain::constant(&Value::Null, column.ty) } else { known.with_null(false) };
            narrowed.push((place, known));
        }
        let whole = self.whole(0, self.table, value)?;
        row = narrowed.into_iter().fold(row, |row, (place, known)| row.replacing(place, known));
        Some(whole.outlook(&row))
    }

    /// What an expression gives if its inputs have values: that those may fail themselves is not looked at.
    pub(super) fn itself(&self, value: &Expression) -> Option<Outlook> {
        let found = self.scenario.catalog.table(self.table)?;
        let mut row = self.row()?;
        for name in value.inputs() {
            let column = found.column(name)?.id;
            if let Some(at) = self.scenario.computed_among(self.scenario.computed.len(), column) {
                let computed = &self.scenario.computed[at];
                let inner = self.whole(at, computed.table, computed.value)?;
                row = row.replacing(by_identity(column), inner.outlook(&self.row()?).result);
            }
        }
        let whole = self.whole(0, self.table, value)?;
        Some(whole.outlook(&row))
    }

    /// Whether an expression can fail only where arithmetic leaves the range of its type.
    pub(super) fn fails_at_the_end_only(&self, value: &Expression) -> bool {
        let failures = self.itself(value).map(|outlook| outlook.failures).unwrap_or_default();
        !failures.is_empty() && failures.iter().all(|failure| failure.kind == FailureKind::EndOfRange)
    }

    /// The free columns, each called by its identity, with what is known to hold of them.
    fn row(&self) -> Option<RowDomains> {
        let mut row = RowDomains::new();
        for free in self.free {
            row = row.column(by_identity(free.column.id), Domain::of_type(free.column.ty, free.nullable));
        }
        let all = self.scenario.computed.len();
        for free in self.free {
            for (condition, columns) in self.scenario.checks_of(free.table) {
                if columns.first() == Some(&free.column.id) || columns.contains(&free.column.id) {
                    row = row.passes(self.whole(all, &free.table.name, condition)?);
                }
            }
        }
        if let Some((table, filter)) = self.scenario.filter {
            row = row.holds(self.whole(0, table, filter)?);
        }
        Some(row)
    }

    /// An expression over a table as one over free columns, called by their identities; the first so many computed
    /// columns are put in.
    pub(super) fn whole(&self, known: usize, table: &str, value: &Expression) -> Option<Expression> {
        let found = self.scenario.catalog.table(table)?;
        let mut bindings = Vec::new();
        for name in value.inputs() {
            let column = found.column(name)?;
            let bound = match self.scenario.computed_among(known, column.id) {
                Some(at) => {
                    let computed = &self.scenario.computed[at];
                    self.whole(at, computed.table, computed.value)?
                }
                None => Expression::column(by_identity(column.id), column.ty),
            };
            bindings.push((name.clone(), bound));
        }
        value.compose(&bindings)
    }
}

pub(super) fn by_identity(column: ColumnId) -> Name {
    format!("#{}", column.0).into()
}
