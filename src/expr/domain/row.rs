//! What is known of the columns of a row.

use crate::ast::Name;
use crate::expr::Expression;
use crate::expr::domain::Domain;

/// What is known of the rows for which an expression is computed: a domain for some columns, and conditions. A column that
/// is not named has any value of its type, null included.
#[derive(Clone, Debug, Default)]
pub struct RowDomains {
    pub(super) columns: Vec<(Name, Domain)>,
    pub(super) conditions: Vec<(Expression, Outcome)>,
}

/// What is known of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    True,
    NotFalse,
}

impl RowDomains {
    /// Rows of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what is known of a column.
    #[must_use]
    pub fn column(mut self, name: Name, domain: Domain) -> Self {
        self.columns.push((name, domain));
        self
    }

    /// Says what is known of a column, in place of what was said before.
    #[must_use]
    pub fn replacing(mut self, name: Name, domain: Domain) -> Self {
        self.columns.retain(|(known, _)| *known != name);
        self.column(name, domain)
    }

    /// Says that a condition is true, as that of a `where` is.
    #[must_use]
    pub fn holds(mut self, condition: Expression) -> Self {
        self.conditions.push((condition, Outcome::True));
        self
    }

    /// Says that a condition is not false, as a `check` of the table is.
    #[must_use]
    pub fn passes(mut self, check: Expression) -> Self {
        self.conditions.push((check, Outcome::NotFalse));
        self
    }

    /// What was said of a column.
    #[must_use]
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.columns.iter().find(|(column, _)| &**column == name).map(|(_, domain)| domain)
    }
}
