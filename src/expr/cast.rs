//! Changing a value's type at run time.

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, ToPrimitive};

use crate::data::calendar::{MICROS_PER_DAY, TIMESTAMP_END_DAY};
use crate::data::{Type, Value, ValueError, float, json, numeric};

/// The value as one of type `to`. `explicit` casts cut text that is too long; otherwise that is an error.
pub(super) fn convert(value: Value, to: Type, explicit: bool) -> Result<Value, ValueError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let converted = change(value, to)?;
    if explicit { converted.cut_to(to) } else { converted.fitted(to) }
}

fn change(value: Value, to: Type) -> Result<Value, ValueError> {
    match value {
        value if value.ty() == Some(to.unconstrained()) => Ok(value),
        Value::Text(text) if to.is_text() => Ok(Value::Text(text)),
        Value::Text(text) => Value::parse(&text, to),
        value if to.is_text() => Ok(Value::Text(value.to_string())),
        Value::Jsonb(value) if to != Type::Json => from_jsonb(&value, to),
        Value::Json(text) => Ok(Value::Jsonb(json::parse(&text)?)),
        Value::Jsonb(_) => Ok(Value::Json(value.to_string())),
        Value::Boolean(value) => Ok(Value::Integer(i32::from(value))),
        Value::Integer(value) if to == Type::Boolean => Ok(Value::Boolean(value != 0)),
        Value::SmallInt(value) => from_integer(i64::from(value), to),
        Value::Integer(value) => from_integer(i64::from(value), to),
        Value::BigInt(value) => from_integer(value, to),
        Value::Numeric(value) => from_numeric(&value, to),
        Value::Real(value) => from_real(value, to),
        Value::Double(value) => from_double(value, to),
        Value::Date(days) => from_date(days, to),
        Value::Timestamp(micros) | Value::TimestampTz(micros) => Ok(from_timestamp(micros, to)),
        other => Err(no_cast(&other, to)),
    }
}

fn no_cast(value: &Value, to: Type) -> ValueError {
    let from = value.ty().unwrap_or(Type::Unknown);
    ValueError::new("42846", format!("cannot cast type {from} to {to}"))
}

#[allow(clippy::cast_precision_loss, reason = "PostgreSQL rounds to the nearest as well")]
fn from_integer(value: i64, to: Type) -> Result<Value, ValueError> {
    let out_of_range = || ValueError::range(to);
    Ok(match to {
        Type::SmallInt => Value::SmallInt(i16::try_from(value).map_err(|_| out_of_range())?),
        Type::Integer => Value::Integer(i32::try_from(value).map_err(|_| out_of_range())?),
        Type::BigInt => Value::BigInt(value),
        Type::Real => Value::Real(value as f32),
        Type::Double => Value::Double(value as f64),
        _ => Value::Numeric(BigDecimal::from(value)),
    })
}

fn from_numeric(value: &BigDecimal, to: Type) -> Result<Value, ValueError> {
    match to {
        Type::Real => float::parse_real(&value.to_plain_string()).map(Value::Real),
        Type::Double => float::parse_double(&value.to_plain_string()).map(Value::Double),
        _ => {
            let whole: BigInt = numeric::round(value, 0).into_bigint_and_scale().0;
            from_integer(whole.to_i64().ok_or_else(|| ValueError::range(to))?, to)
        }
    }
}

/// The numeric digits that PostgreSQL gives a floating-point number: 15 for `double precision`, 6 for `real`.
fn numeric_digits(value: f64, digits: usize) -> Result<Value, ValueError> {
    if !value.is_finite() {
        return Err(ValueError::unsupported(format!("numeric value \"{}\"", Value::Double(value))));
    }
    let text = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    Ok(Value::Numeric(numeric::parse(&format!("{mantissa}e{exponent}"))?))
}

fn from_real(value: f32, to: Type) -> Result<Value, ValueError> {
    match to {
        Type::Double => Ok(Value::Double(f64::from(value))),
        Type::Numeric(_) => numeric_digits(f64::from(value), 6),
        _ => from_double(f64::from(value), to),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn from_double(value: f64, to: Type) -> Result<Value, ValueError> {
    match to {
        Type::Numeric(_) => numeric_digits(value, 15),
        Type::Real => {
            let narrow = value as f32;
            if narrow.is_infinite() && value.is_finite() {
                return Err(ValueError::new("22003", "value out of range: overflow"));
            }
            if narrow == 0.0 && value != 0.0 {
                return Err(ValueError::new("22003", "value out of range: underflow"));
            }
            Ok(Value::Real(narrow))
        }
        _ => {
            let rounded = value.round_ties_even();
            let limit = 9_223_372_036_854_775_808.0;
            if !(-limit..limit).contains(&rounded) {
                return Err(ValueError::range(to));
            }
            from_integer(rounded as i64, to)
        }
    }
}

fn from_date(days: i32, to: Type) -> Result<Value, ValueError> {
    let micros = match days {
        i32::MAX => i64::MAX,
        i32::MIN => i64::MIN,
        days if i64::from(days) >= TIMESTAMP_END_DAY => {
            return Err(ValueError::new("22008", "date out of range for timestamp"));
        }
        days => i64::from(days)
            .checked_mul(MICROS_PER_DAY)
            .ok_or_else(|| ValueError::new("22008", "date out of range for timestamp"))?,
    };
    Ok(if to == Type::TimestampTz { Value::TimestampTz(micros) } else { Value::Timestamp(micros) })
}

fn from_timestamp(micros: i64, to: Type) -> Value {
    match (to, micros) {
        (Type::Date, i64::MAX) => Value::Date(i32::MAX),
        (Type::Date, i64::MIN) => Value::Date(i32::MIN),
        (Type::Date, _) => Value::Date(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX)),
        (Type::TimestampTz, _) => Value::TimestampTz(micros),
        _ => Value::Timestamp(micros),
    }
}

fn from_jsonb(value: &serde_json::Value, to: Type) -> Result<Value, ValueError> {
    use serde_json::Value as Json;
    match value {
        Json::Bool(value) if to == Type::Boolean => Ok(Value::Boolean(*value)),
        Json::Number(number) if to.is_numeric() => {
            let exact = numeric::parse(number.as_str())?;
            if matches!(to, Type::Numeric(_)) { Ok(Value::Numeric(exact)) } else { from_numeric(&exact, to) }
        }
        other => {
            let kind = match other {
                Json::Null => "null",
                Json::Bool(_) => "boolean",
                Json::Number(_) => "numeric",
                Json::String(_) => "string",
                Json::Array(_) => "array",
                Json::Object(_) => "object",
            };
            Err(ValueError::new("22023", format!("cannot cast jsonb {kind} to type {}", to.unconstrained())))
        }
    }
}
