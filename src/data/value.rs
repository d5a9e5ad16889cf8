//! One value of one row.

use bigdecimal::BigDecimal;

use crate::data::Type;

/// A value. Dates and times count from 2000-01-01, as PostgreSQL's do.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, of any type
    Null,
    /// `boolean`
    Boolean(bool),
    /// `smallint`
    SmallInt(i16),
    /// `integer`
    Integer(i32),
    /// `bigint`
    BigInt(i64),
    /// `numeric`; its scale is what it prints
    Numeric(BigDecimal),
    /// `real`
    Real(f32),
    /// `double precision`
    Double(f64),
    /// `text`, `varchar`, and literals of no type yet
    Text(String),
    /// `date`, in days
    Date(i32),
    /// `timestamp`, in microseconds
    Timestamp(i64),
    /// `timestamptz`, in microseconds, UTC
    TimestampTz(i64),
    /// `interval`
    Interval(Interval),
    /// `uuid`
    Uuid(u128),
    /// `json`, its text as written
    Json(String),
    /// `jsonb`
    Jsonb(serde_json::Value),
    /// `bytea`
    Bytea(Vec<u8>),
}

/// A span of time as PostgreSQL keeps it: three parts that do not turn into one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// Why a value could not be read, changed to another type, or computed. `message` follows PostgreSQL's own words:
/// "division by zero", "invalid input syntax for type integer: \"x\"".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// PostgreSQL's SQLSTATE: `22012` for a division by zero.
    pub sqlstate: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Value {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Reads PostgreSQL's text form of a type, as `'…'::type` does.
    ///
    /// # Errors
    /// The text is no value of that type.
    pub fn parse(_text: &str, _ty: Type) -> Result<Self, ValueError> {
        todo!()
    }
}

impl std::fmt::Display for Value {
    /// PostgreSQL's text form, as psql prints it; `null` for null.
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
