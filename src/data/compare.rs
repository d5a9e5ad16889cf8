//! The order of values, as PostgreSQL's comparisons and its `order by` have it.

use std::cmp::Ordering;

use bigdecimal::BigDecimal;

use crate::data::{Value, json};

/// The order of two values: text by bytes, NaN after every number, numbers by value whatever their scale, nulls last.
/// Values of different types that are both numbers are compared as numbers; otherwise they go by the order in which
/// [`Value`] lists their types, so that the order is total.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (Value::SmallInt(a), Value::SmallInt(b)) => a.cmp(b),
        (Value::Integer(a), Value::Integer(b)) | (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::BigInt(a), Value::BigInt(b))
        | (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::TimestampTz(a), Value::TimestampTz(b)) => a.cmp(b),
        (Value::Numeric(a), Value::Numeric(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) | (Value::Json(a), Value::Json(b)) => a.cmp(b),
        (Value::Interval(a), Value::Interval(b)) => a.compare(*b),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::Jsonb(a), Value::Jsonb(b)) => json::compare(a, b),
        (Value::Bytea(a), Value::Bytea(b)) => a.cmp(b),
        _ => compare_mixed(a, b),
    }
}

/// The order of two floating-point numbers, which have no other: zeros are equal, NaN is last.
pub(crate) fn compare_doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn compare_mixed(a: &Value, b: &Value) -> Ordering {
    if let (Some(a), Some(b)) = (exact(a), exact(b)) {
        return a.cmp(&b);
    }
    match (approximate(a), approximate(b)) {
        (Some(a), Some(b)) => compare_doubles(a, b),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// A whole or decimal number, as it is.
pub(crate) fn exact(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::SmallInt(value) => Some(BigDecimal::from(*value)),
        Value::Integer(value) => Some(BigDecimal::from(*value)),
        Value::BigInt(value) => Some(BigDecimal::from(*value)),
        Value::Numeric(value) => Some(value.clone()),
        _ => None,
    }
}

fn approximate(value: &Value) -> Option<f64> {
    match value {
        Value::Real(value) => Some(f64::from(*value)),
        Value::Double(value) => Some(*value),
        _ => exact(value).map(|value| value.to_plain_string().parse().unwrap_or(f64::NAN)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Boolean(_) => 0,
        Value::SmallInt(_)
        | Value::Integer(_)
        | Value::BigInt(_)
        | Value::Numeric(_)
        | Value::Real(_)
        | Value::Double(_) => 1,
        Value::Text(_) => 2,
        Value::Date(_) => 3,
        Value::Timestamp(_) => 4,
        Value::TimestampTz(_) => 5,
        Value::Interval(_) => 6,
        Value::Uuid(_) => 7,
        Value::Json(_) => 8,
        Value::Jsonb(_) => 9,
        Value::Bytea(_) => 10,
        Value::Null => 11,
    }
}
