//! What an expression gives, and whether it may fail, when something is known of its inputs: abstract interpretation.
//!
//! A [`Domain`] is what is known of a value. [`RowDomains`] says it of the columns of a row, with the conditions that hold
//! there. [`Expression::outlook`] goes through an expression once (`look`), in an environment (`env`) that conditions of
//! `case`, `and`, `or` and `coalesce` narrow on the way (`assume`). Where all inputs are listed, the expression is computed
//! for each row instead (`exact`). Everything errs to one side: what is not known may be.

mod arithmetic;
mod assume;
mod calls;
mod casts;
mod env;
mod exact;
mod floats;
mod look;
mod parts;
mod range;
mod refine;
mod row;
#[cfg(test)]
mod tests;
mod texts;
mod values;

use crate::data::Value;
use crate::expr::Expression;
pub use row::RowDomains;
pub use values::Domain;

/// What an expression may give for the rows that were described.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// The values that it may have.
    pub result: Domain,
    /// Why it may have none, each reason once. If there is none, it has a value for each of the rows.
    pub failures: Vec<Failure>,
}

/// A reason for which an expression may have no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happens then, in words: `a division by zero`.
    pub what: String,
    /// Which kind of reason it is.
    pub kind: FailureKind,
    /// It happens for every one of the rows.
    pub certain: bool,
}

/// Reasons for which an expression may have no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// A value is refused: a cast or an assignment that it does not survive, an operand that a function does not take.
    Value,
    /// The result of arithmetic is beyond the end of its type's range.
    EndOfRange,
}

/// Whether a check admits rows. Null is admitted, as PostgreSQL does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is false for none of the rows.
    Always,
    /// It may be false for some.
    Maybe,
    /// It is false for all of them.
    Never,
}

impl Expression {
    /// What it may give for the rows that are described, and why it may fail.
    #[must_use]
    pub fn outlook(&self, row: &RowDomains) -> Outlook {
        look::outlook(self, row)
    }

    /// Whether it, a check, admits the rows that are described. That it may fail is not looked at.
    #[must_use]
    pub fn admits(&self, row: &RowDomains) -> Admission {
        let result = self.outlook(row).result;
        if !result.contains(&Value::Boolean(false)) {
            Admission::Always
        } else if !result.may_be_null() && !result.contains(&Value::Boolean(true)) {
            Admission::Never
        } else {
            Admission::Maybe
        }
    }
}
