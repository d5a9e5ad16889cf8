//! One value of one row.

use std::fmt;

use bigdecimal::BigDecimal;

use crate::data::{Interval, Type, ValueError, bytes, calendar, float, json, numeric, time_text};

/// A value. Dates and times count from 2000-01-01, as PostgreSQL's do; the least and the greatest number of each stand
/// for `-infinity` and `infinity`.
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

impl Value {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Its type without precision or length; `None` for null.
    #[must_use]
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(_) => Type::Boolean,
            Self::SmallInt(_) => Type::SmallInt,
            Self::Integer(_) => Type::Integer,
            Self::BigInt(_) => Type::BigInt,
            Self::Numeric(_) => Type::Numeric(None),
            Self::Real(_) => Type::Real,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Date(_) => Type::Date,
            Self::Timestamp(_) => Type::Timestamp,
            Self::TimestampTz(_) => Type::TimestampTz,
            Self::Interval(_) => Type::Interval,
            Self::Uuid(_) => Type::Uuid,
            Self::Json(_) => Type::Json,
            Self::Jsonb(_) => Type::Jsonb,
            Self::Bytea(_) => Type::Bytea,
        })
    }

    /// Reads PostgreSQL's text form of a type, as `'…'::type` does: what is too long for `varchar(n)` is cut.
    ///
    /// # Errors
    /// The text is not a value of that type.
    pub fn parse(text: &str, ty: Type) -> Result<Self, ValueError> {
        Self::parse_unconstrained(text, ty)?.cut_to(ty)
    }

    /// Reads PostgreSQL's text form of a type, as a column of the type takes it: too long for `varchar(n)` is an error.
    ///
    /// # Errors
    /// The text is not a value of that type, or does not fit.
    pub fn parse_fitting(text: &str, ty: Type) -> Result<Self, ValueError> {
        Self::parse_unconstrained(text, ty)?.fitted(ty)
    }

    fn parse_unconstrained(text: &str, ty: Type) -> Result<Self, ValueError> {
        Ok(match ty {
            Type::Unknown | Type::Text | Type::Varchar(_) => Self::Text(text.into()),
            Type::Boolean => Self::Boolean(bytes::parse_boolean(text)?),
            Type::SmallInt => Self::SmallInt(parse_integer(text, ty)?),
            Type::Integer => Self::Integer(parse_integer(text, ty)?),
            Type::BigInt => Self::BigInt(parse_integer(text, ty)?),
            Type::Numeric(_) => Self::Numeric(numeric::parse(text)?),
            Type::Real => Self::Real(float::parse_real(text)?),
            Type::Double => Self::Double(float::parse_double(text)?),
            Type::Date => Self::Date(time_text::parse_date(text)?),
            Type::Timestamp => Self::Timestamp(time_text::parse_timestamp(text, ty)?),
            Type::TimestampTz => Self::TimestampTz(time_text::parse_timestamp(text, ty)?),
            Type::Interval => Self::Interval(Interval::parse(text)?),
            Type::Uuid => Self::Uuid(bytes::parse_uuid(text)?),
            Type::Json => {
                json::check(text)?;
                Self::Json(text.into())
            }
            Type::Jsonb => Self::Jsonb(json::parse(text)?),
            Type::Bytea => Self::Bytea(bytes::parse_bytea(text)?),
        })
    }

    /// The value as a column of this length or precision takes it. Its type must be that of the value already.
    ///
    /// # Errors
    /// Too long for `varchar(n)` (spaces at the end aside), too large for `numeric(p,s)`.
    pub fn fitted(self, ty: Type) -> Result<Self, ValueError> {
        match (self, ty) {
            (Self::Text(text), Type::Varchar(Some(length))) => {
                let Some(end) = end_of(&text, length) else { return Ok(Self::Text(text)) };
                if text[end..].bytes().all(|b| b == b' ') {
                    return Ok(Self::Text(text[..end].into()));
                }
                Err(ValueError::new("22001", format!("value too long for type character varying({length})")))
            }
            (value, _) => value.cut_to(ty),
        }
    }

    /// The value as `cast(… as type)` gives it this length or precision: text is cut.
    pub(crate) fn cut_to(self, ty: Type) -> Result<Self, ValueError> {
        Ok(match (self, ty) {
            (Self::Numeric(value), Type::Numeric(Some((precision, scale)))) => {
                Self::Numeric(numeric::fitted(&value, precision, scale)?)
            }
            (Self::Text(mut text), Type::Varchar(Some(length))) => {
                text.truncate(end_of(&text, length).unwrap_or(text.len()));
                Self::Text(text)
            }
            (value, _) => value,
        })
    }

    /// The value as a SQL literal, for messages: `'it''s'`, `42`, `null`.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            Self::Null
            | Self::Boolean(_)
            | Self::SmallInt(_)
            | Self::Integer(_)
            | Self::BigInt(_)
            | Self::Numeric(_) => self.to_string(),
            Self::Real(value) if value.is_finite() => self.to_string(),
            Self::Double(value) if value.is_finite() => self.to_string(),
            _ => format!("'{}'", self.to_string().replace('\'', "''")),
        }
    }
}

/// A text as a literal of SQL, without a comment in it. It means the same whatever `standard_conforming_strings` is.
#[must_use]
pub fn sql_text(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if !text.contains('\\') && !text.contains("/*") {
        return format!("'{doubled}'");
    }
    // Nothing in a text may look like a comment to who puts statements together.
    format!("E'{}'", doubled.replace('\\', "\\\\").replace("/*", "/\\x2a"))
}

/// Where a text of more than `length` characters is to be cut; `None` if it is not that long.
fn end_of(text: &str, length: u32) -> Option<usize> {
    let length = length as usize;
    if text.len() <= length {
        return None;
    }
    text.char_indices().nth(length).map(|(at, _)| at)
}

fn parse_integer<T: TryFrom<i64>>(text: &str, ty: Type) -> Result<T, ValueError> {
    let trimmed = float::trim(text);
    let signed = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    let digits = signed.bytes().take_while(u8::is_ascii_digit).count();
    let number = &trimmed[..trimmed.len() - signed.len() + digits];
    let narrow = number.parse::<i64>().ok().and_then(|wide| T::try_from(wide).ok());
    match narrow {
        // Too many digits are found before what stands after them.
        None if digits > 0 => Err(ValueError::text_range(ty, text)),
        Some(value) if digits == signed.len() => Ok(value),
        _ => Err(ValueError::syntax(ty, text)),
    }
}

impl fmt::Display for Value {
    /// PostgreSQL's text form; `null` for null, `true` and `false` for booleans.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::SmallInt(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::BigInt(value) => write!(f, "{value}"),
            Self::Numeric(value) => f.write_str(&value.to_plain_string()),
            Self::Real(value) => float::write_real(f, *value),
            Self::Double(value) => float::write_double(f, *value),
            Self::Text(text) | Self::Json(text) => f.write_str(text),
            Self::Date(days) => calendar::write_date(f, *days),
            Self::Timestamp(micros) => calendar::write_timestamp(f, *micros, ""),
            Self::TimestampTz(micros) => calendar::write_timestamp(f, *micros, "+00"),
            Self::Interval(interval) => write!(f, "{interval}"),
            Self::Uuid(value) => bytes::write_uuid(f, *value),
            Self::Jsonb(value) => json::write(f, value),
            Self::Bytea(value) => bytes::write_bytea(f, value),
        }
    }
}
