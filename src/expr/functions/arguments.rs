//! Reading operands, whose types were settled by `resolve`, and short names for rows of the table.

use std::borrow::Cow;

use bigdecimal::BigDecimal;

use crate::data::{Interval, Type, Value, ValueError};
use crate::expr::function::{Param, Refusal, Refused};
use crate::expr::row::text_form;

pub(super) const B: Param = Param::Is(Type::Boolean);
pub(super) const I2: Param = Param::Is(Type::SmallInt);
pub(super) const I4: Param = Param::Is(Type::Integer);
pub(super) const I8: Param = Param::Is(Type::BigInt);
pub(super) const N: Param = Param::Is(Type::Numeric(None));
pub(super) const F4: Param = Param::Is(Type::Real);
pub(super) const F8: Param = Param::Is(Type::Double);
pub(super) const T: Param = Param::Is(Type::Text);
pub(super) const D: Param = Param::Is(Type::Date);
pub(super) const TS: Param = Param::Is(Type::Timestamp);
pub(super) const TZ: Param = Param::Is(Type::TimestampTz);
pub(super) const IV: Param = Param::Is(Type::Interval);
pub(super) const JS: Param = Param::Is(Type::Json);
pub(super) const JB: Param = Param::Is(Type::Jsonb);
pub(super) const BY: Param = Param::Is(Type::Bytea);
pub(super) const ANY: Param = Param::Any;
pub(super) const NUMERIC: Type = Type::Numeric(None);

/// A second operand that is zero.
pub(super) static ZERO_DIVISOR: &[Refused] =
    &[Refused { operand: 1, values: Refusal::Zero, what: "a division by zero" }];
/// A first operand that is negative, under a root.
pub(super) static NEGATIVE_ROOT: &[Refused] =
    &[Refused { operand: 0, values: Refusal::Negative, what: "the square root of a negative number" }];

/// What a function gives.
pub(super) type FunctionResult = Result<Value, ValueError>;

pub(super) fn text(args: &[Value], at: usize) -> Cow<'_, str> {
    args.get(at).map_or(Cow::Borrowed(""), text_form)
}

#[allow(clippy::unnecessary_wraps, reason = "every row of the table gives an outcome")]
pub(super) fn given_text(value: impl Into<String>) -> FunctionResult {
    Ok(Value::Text(value.into()))
}

/// A whole number of any width.
pub(super) fn whole(args: &[Value], at: usize) -> i64 {
    match args.get(at) {
        Some(Value::SmallInt(value)) => i64::from(*value),
        Some(Value::Integer(value)) => i64::from(*value),
        Some(Value::BigInt(value)) => *value,
        _ => 0,
    }
}

pub(super) fn double(args: &[Value], at: usize) -> f64 {
    match args.get(at) {
        Some(Value::Double(value)) => *value,
        Some(Value::Real(value)) => f64::from(*value),
        _ => 0.0,
    }
}

pub(super) fn real(args: &[Value], at: usize) -> f32 {
    if let Some(Value::Real(value)) = args.get(at) { *value } else { 0.0 }
}

pub(super) fn number(args: &[Value], at: usize) -> BigDecimal {
    if let Some(Value::Numeric(value)) = args.get(at) { value.clone() } else { BigDecimal::default() }
}

pub(super) fn bytes(args: &[Value], at: usize) -> &[u8] {
    if let Some(Value::Bytea(value)) = args.get(at) { value } else { &[] }
}

pub(super) fn interval(args: &[Value], at: usize) -> Interval {
    if let Some(Value::Interval(value)) = args.get(at) { *value } else { Interval::default() }
}

/// Days of a date.
pub(super) fn days(args: &[Value], at: usize) -> i32 {
    if let Some(Value::Date(days)) = args.get(at) { *days } else { 0 }
}

/// Microseconds of a timestamp.
pub(super) fn micros(args: &[Value], at: usize) -> i64 {
    if let Some(Value::Timestamp(micros) | Value::TimestampTz(micros)) = args.get(at) { *micros } else { 0 }
}

/// A length or a position, which PostgreSQL has as an integer.
pub(super) fn counted(count: usize) -> FunctionResult {
    i32::try_from(count).map(Value::Integer).map_err(|_| ValueError::range(Type::Integer))
}
