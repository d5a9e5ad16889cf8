//! How long texts are.

use bigdecimal::{BigDecimal, ToPrimitive};

use crate::data::{Type, Value};
use crate::expr::domain::Domain;
use crate::expr::domain::range::Range;
use crate::expr::function::Gives;

/// The least and the greatest number of characters.
type Length = (u64, Option<u64>);

/// A text of such a length.
pub(super) fn sized(length: Length, ty: Type) -> Domain {
    Domain::within(Range { length, ..Range::of_type(Type::Unknown) }, ty, false)
}

/// The texts whose length is in a domain of numbers, or null.
pub(super) fn of_length(lengths: &Domain, ty: Type) -> Domain {
    if !lengths.may_be_some() {
        return Domain::only_null(ty);
    }
    let (low, high) = lengths.ends();
    let count =
        |value: Option<Value>| value.and_then(|value| whole(&value)).map(|count| u64::try_from(count).unwrap_or(0));
    sized((count(low).unwrap_or(0), count(high)), ty).with_null(lengths.may_be_null())
}

pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::SmallInt(value) => Some(i64::from(*value)),
        Value::Integer(value) => Some(i64::from(*value)),
        Value::BigInt(value) => Some(*value),
        Value::Numeric(value) => value.to_i64(),
        _ => None,
    }
}

/// How many characters a value has when it is written.
pub(super) fn shown(domain: &Domain) -> Length {
    if let Some(values) = domain.values() {
        let lengths = values.iter().map(|value| value.to_string().chars().count() as u64);
        // `concat` writes a boolean with one letter.
        let least = if domain.ty() == Type::Boolean { Some(1) } else { lengths.clone().min() };
        return (least.unwrap_or(0), Some(lengths.max().unwrap_or(0)));
    }
    match domain.ty() {
        ty if ty.is_text() => domain.length(),
        ty if ty.is_integer() => {
            let (low, high) = domain.ends();
            let digits = |value: Option<Value>| value.map(|value| value.to_string().len() as u64);
            (1, digits(low).and_then(|low| digits(high).map(|high| low.max(high))))
        }
        Type::Numeric(Some((precision, scale))) => {
            let digits = u64::from(precision) + u64::from(scale.unsigned_abs());
            (1, Some(digits + 3))
        }
        Type::Uuid => (36, Some(36)),
        Type::Date => (8, Some(16)),
        Type::Real => (1, Some(20)),
        Type::Double => (1, Some(30)),
        Type::Timestamp | Type::TimestampTz => (8, Some(40)),
        _ => (0, None),
    }
}

/// What is known of the text or the number that a function of texts gives.
pub(super) fn given(gives: Gives, operands: &[Domain], ty: Type) -> Option<Domain> {
    let first = operands.first().map_or((0, None), Domain::length);
    let number = |at: usize| -> (Option<i64>, Option<i64>) {
        let (low, high) = operands.get(at).map_or((None, None), Domain::ends);
        (low.as_ref().and_then(whole), high.as_ref().and_then(whole))
    };
    let size = |count: i64| u64::try_from(count).unwrap_or(0);
    let length = match gives {
        Gives::Length => return Some(counted(first, ty)),
        Gives::Bytes => return Some(counted((first.0, first.1.map(|most| most.saturating_mul(4))), ty)),
        Gives::Count => return Some(counted((0, None), ty)),
        Gives::Joined => operands.iter().fold((0, Some(0)), |(least, most): Length, operand| {
            let (shortest, longest) = shown(operand);
            let shortest = if operand.may_be_null() { 0 } else { shortest };
            (least + shortest, most.and_then(|most| longest.map(|longest| most.saturating_add(longest))))
        }),
        Gives::SameLength => first,
        Gives::Piece => (0, first.1),
        Gives::Cut(at) => match number(at) {
            (Some(low), Some(high)) if low >= 0 => (0, Some(first.1.map_or(size(high), |most| most.min(size(high))))),
            _ => (0, first.1),
        },
        Gives::Padded => {
            let fills = operands.get(2).is_none_or(|fill| fill.length().0 > 0);
            let (low, high) = number(1);
            (if fills { low.map_or(0, size) } else { 0 }, high.map(size))
        }
        Gives::Repeated => {
            let times = |text: u64, count: Option<i64>| count.map(|count| text.saturating_mul(size(count)));
            let (low, high) = number(1);
            (times(first.0, low).unwrap_or(0), first.1.and_then(|most| times(most, high)))
        }
        Gives::Sized(length) => (length, Some(length)),
        _ => return None,
    };
    Some(sized(length, ty))
}

/// No value has more than a gigabyte.
const MOST: u64 = 1 << 30;

fn counted((least, most): Length, ty: Type) -> Domain {
    let most = Some(most.map_or(MOST, |most| most.min(MOST)));
    let edge = |count: u64| super::range::Edge::closed(Value::Numeric(BigDecimal::from(count)));
    let range = Range { low: Some(edge(least)), high: most.map(edge), ..Range::of_type(ty) };
    Domain::of_type(ty, false).meet(&Domain::within(range, ty, false))
}
