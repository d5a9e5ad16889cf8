//! What is asked of an expression, and what may be answered.

use crate::data::Value;
use crate::expr::Expression;
use crate::obligations::discharge::Outlooks;
use crate::obligations::witness::Witness;
use crate::plan::Seen;

/// Whether something can come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It cannot.
    Never,
    /// It does with these values.
    With(Box<Witness>),
    /// It does with these values, at the end of the range of a type.
    AtTheEnd(Box<Witness>),
    /// Nobody knows.
    Open,
    /// The rows of a database were asked about: this is what is known without them, and what was seen.
    Asked(Box<Answer>, Seen),
}

impl Answer {
    /// The values with which it does.
    #[must_use]
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::With(witness) | Self::AtTheEnd(witness) => Some(witness),
            Self::Asked(otherwise, _) => otherwise.witness(),
            Self::Never | Self::Open => None,
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// Whether it fails.
    Fails,
    /// Whether it is null where just these inputs are.
    Null(Vec<bool>),
    /// Whether it is not null where just these inputs are.
    Some(Vec<bool>),
    /// Whether it is false.
    False,
}

impl Asked {
    /// Whether what is known of the inputs excludes it.
    pub(super) fn is_excluded(&self, outlooks: &Outlooks<'_>, value: &Expression) -> Option<bool> {
        Some(match self {
            Self::Fails => outlooks.itself(value)?.failures.is_empty(),
            Self::Null(nulls) => !outlooks.with_nulls(value, nulls)?.result.may_be_null(),
            Self::Some(nulls) => !outlooks.with_nulls(value, nulls)?.result.may_be_some(),
            Self::False => !outlooks.of(value)?.result.contains(&Value::Boolean(false)),
        })
    }
}
