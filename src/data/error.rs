//! Why a value could not be read or computed.

use std::fmt;

use crate::data::Type;

/// Why a value could not be read, changed to another type, or computed. `message` follows PostgreSQL's own words:
/// "division by zero", "invalid input syntax for type integer: \"x\"".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// PostgreSQL's SQLSTATE: `22012` for a division by zero.
    pub sqlstate: &'static str,
    /// What is wrong.
    pub message: String,
}

impl ValueError {
    /// An error of this SQLSTATE.
    #[must_use]
    pub fn new(sqlstate: &'static str, message: impl Into<String>) -> Self {
        Self { sqlstate, message: message.into() }
    }

    /// Text that is not a value of a type.
    pub(crate) fn syntax(ty: Type, text: &str) -> Self {
        Self::new("22P02", format!("invalid input syntax for type {}: \"{text}\"", sql_name(ty)))
    }

    /// Text that is not a date, time or interval.
    pub(crate) fn time_syntax(ty: Type, text: &str) -> Self {
        Self::new("22007", format!("invalid input syntax for type {}: \"{text}\"", sql_name(ty)))
    }

    /// A value beyond what its type holds: "integer out of range".
    pub(crate) fn range(ty: Type) -> Self {
        let sqlstate = if ty.is_time() || ty == Type::Interval { "22008" } else { "22003" };
        Self::new(sqlstate, format!("{} out of range", sql_name(ty)))
    }

    /// Text that is a number, but beyond what its type holds.
    pub(crate) fn text_range(ty: Type, text: &str) -> Self {
        Self::new("22003", format!("value \"{text}\" is out of range for type {}", sql_name(ty)))
    }

    /// `x / 0`
    pub(crate) fn division_by_zero() -> Self {
        Self::new("22012", "division by zero")
    }

    /// Something that PostgreSQL has and miglab does not.
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::new("0A000", format!("{} is not supported", what.into()))
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ValueError {}

/// The name that PostgreSQL uses in its messages.
fn sql_name(ty: Type) -> String {
    match ty {
        Type::TimestampTz => "timestamp with time zone".into(),
        other => other.unconstrained().to_string(),
    }
}
