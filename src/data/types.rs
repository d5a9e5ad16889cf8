//! The types of columns and expressions, as PostgreSQL has them.

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// What a quoted literal has before its surroundings give it a type, and what a column has whose table the script
    /// does not declare. A column of it is stored as text, and an expression treats the column as it treats a literal.
    Unknown,
    /// `boolean`
    Boolean,
    /// `smallint`
    SmallInt,
    /// `integer`
    Integer,
    /// `bigint`
    BigInt,
    /// `numeric` or `numeric(precision, scale)`
    Numeric(Option<(u16, i16)>),
    /// `real`
    Real,
    /// `double precision`
    Double,
    /// `text`
    Text,
    /// `varchar` or `varchar(n)`, `n` in characters
    Varchar(Option<u32>),
    /// `date`
    Date,
    /// `timestamp` without time zone
    Timestamp,
    /// `timestamptz`; miglab's time zone is UTC
    TimestampTz,
    /// `interval`, in expressions only
    Interval,
    /// `uuid`
    Uuid,
    /// `json`
    Json,
    /// `jsonb`
    Jsonb,
    /// `bytea`
    Bytea,
}

impl std::fmt::Display for Type {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
