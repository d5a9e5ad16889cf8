//! The types of columns and expressions, as PostgreSQL has them.

use std::fmt;

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

impl Type {
    /// The type without precision, scale or length.
    #[must_use]
    pub fn unconstrained(self) -> Self {
        match self {
            Self::Numeric(_) => Self::Numeric(None),
            Self::Varchar(_) => Self::Varchar(None),
            other => other,
        }
    }

    /// Whether values of one type are stored as values of the other are, so that a chunk of one can stand for a chunk
    /// of the other. Lengths and precisions are not looked at.
    #[must_use]
    pub fn same_storage(self, other: Self) -> bool {
        self.unconstrained() == other.unconstrained() || (self.is_text() && other.is_text())
    }

    /// Whether it is `smallint`, `integer` or `bigint`.
    #[must_use]
    pub fn is_integer(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt)
    }

    /// The text of a plain value of the type, for a default that nobody has thought about: `0`, an empty text.
    #[must_use]
    pub fn plain_text(self) -> &'static str {
        match self {
            Self::Boolean => "false",
            Self::SmallInt | Self::Integer | Self::BigInt | Self::Numeric(_) | Self::Real | Self::Double => "0",
            Self::Unknown | Self::Text | Self::Varchar(_) => "",
            Self::Date | Self::Timestamp | Self::TimestampTz => "1970-01-01",
            Self::Interval => "0 seconds",
            Self::Uuid => "00000000-0000-0000-0000-000000000000",
            Self::Json | Self::Jsonb => "{}",
            Self::Bytea => "\\x",
        }
    }

    /// Whether it is a type of numbers.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        self.is_integer() || matches!(self, Self::Numeric(_) | Self::Real | Self::Double)
    }

    /// Whether its values are kept as text: `text`, `varchar`, and what has no type yet.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Varchar(_) | Self::Unknown)
    }

    /// Whether it is `date`, `timestamp` or `timestamptz`.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz)
    }

    /// Whether its values can be compared and can be keys. `json` alone has neither order nor equality.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self != Self::Json
    }
}

impl fmt::Display for Type {
    /// PostgreSQL's own name of the type, short where it has a short one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Boolean => "boolean",
            Self::SmallInt => "smallint",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Numeric(Some((precision, scale))) => return write!(f, "numeric({precision},{scale})"),
            Self::Numeric(None) => "numeric",
            Self::Real => "real",
            Self::Double => "double precision",
            Self::Text => "text",
            Self::Varchar(Some(length)) => return write!(f, "varchar({length})"),
            Self::Varchar(None) => "varchar",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
            Self::Interval => "interval",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Bytea => "bytea",
        })
    }
}
