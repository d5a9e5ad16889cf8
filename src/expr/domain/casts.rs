//! What a change of type may give, and why it may fail.

use crate::data::calendar::TIMESTAMP_END_DAY;
use crate::data::{Type, Value};
use crate::expr::cast::convert;
use crate::expr::domain::range::{Edge, Range};
use crate::expr::domain::{Domain, Failure, FailureKind, arithmetic, calls, texts};
use crate::expr::node::Cast;

/// What a cast or an assignment may give, and why it may fail.
pub(super) fn cast(operand: &Domain, cast: &Cast) -> (Domain, Option<Failure>) {
    let null = operand.may_be_null();
    if let Some(values) = operand.values() {
        return listed(values, null, cast);
    }
    let (from, to) = (cast.operand.ty(), cast.to);
    // What nobody has said the type of is taken to be of the type that is needed.
    if from == Type::Unknown {
        return (Domain::of_type(to, null), None);
    }
    let (result, failure) = match (from, to) {
        _ if to.is_text() => to_text(&operand.clone().with_null(false), cast),
        _ if from.is_text() => refused(to, &format!("text that is no {to}")),
        _ if from.is_numeric() && to.is_numeric() => to_number(operand, cast),
        (Type::Date, Type::Timestamp | Type::TimestampTz) => to_moment(operand, to),
        (Type::Json, Type::Jsonb) => refused(to, r"json that is no jsonb, as `\u0000`"),
        (Type::Jsonb, Type::Boolean) => refused(to, "jsonb that is no boolean"),
        (Type::Jsonb, _) if to.is_numeric() => refused(to, &format!("jsonb that is no {to}")),
        _ if from.unconstrained() == to.unconstrained() => (operand.clone().retyped(to), None),
        _ if from.is_time() && to.is_time() => {
            (at_ends(operand, to).unwrap_or_else(|| Domain::of_type(to, false)), None)
        }
        _ => (Domain::of_type(to, false), None),
    };
    (result.with_null(null), failure)
}

fn refused(to: Type, what: &str) -> (Domain, Option<Failure>) {
    (Domain::of_type(to, false), Some(calls::failure(what, FailureKind::Value)))
}

/// Each value changed.
fn listed(values: &[Value], null: bool, cast: &Cast) -> (Domain, Option<Failure>) {
    let (mut given, mut refused, mut unsupported) = (Vec::new(), Vec::new(), false);
    for value in values {
        match convert(value.clone(), cast.to, cast.explicit) {
            Ok(value) => given.push(value),
            // An infinite number has no place in `numeric(p,s)`, and miglab has none in `numeric`.
            Err(error) if error.sqlstate == "0A000" && cast.to == cast.to.unconstrained() => unsupported = true,
            Err(_) => refused.push(value),
        }
    }
    let failure = refused.first().map(|value| {
        let what = format!("{}, which is no {}", value.literal(), cast.to);
        Failure { certain: given.is_empty() && !null && !unsupported, ..calls::failure(&what, FailureKind::Value) }
    });
    let domain = if unsupported { Domain::of_type(cast.to, false) } else { Domain::of_values(given, cast.to) };
    (domain.with_null(null), failure)
}

fn to_text(operand: &Domain, cast: &Cast) -> (Domain, Option<Failure>) {
    let (least, most) = texts::shown(operand);
    let Type::Varchar(Some(limit)) = cast.to else {
        let same = operand.ty().is_text();
        return (if same { operand.clone().retyped(cast.to) } else { texts::sized((least, most), cast.to) }, None);
    };
    let limit = u64::from(limit);
    if most.is_some_and(|most| most <= limit) {
        let same = operand.ty().is_text();
        return (if same { operand.clone().retyped(cast.to) } else { texts::sized((least, most), cast.to) }, None);
    }
    let what = format!("text of more than {limit} characters");
    let failure = (!cast.explicit).then(|| calls::failure(&what, FailureKind::Value));
    // Spaces at the end are cut, also where other characters are not.
    (texts::sized((least.min(limit), Some(limit)), cast.to), failure)
}

fn to_number(operand: &Domain, cast: &Cast) -> (Domain, Option<Failure>) {
    let (from, to) = (cast.operand.ty(), cast.to);
    let any = Domain::of_type(to, false);
    let known = || at_ends(operand, to).unwrap_or_else(|| any.clone());
    let too_great = |kind| Some(calls::failure(&format!("a number beyond the range of {to}"), kind));
    match to {
        Type::Numeric(None) if from.is_integer() || matches!(from, Type::Numeric(_)) => {
            let scale = if from.is_integer() { Some(0) } else { operand.range().scale };
            (known_with_scale(operand, to, scale).unwrap_or(any), None)
        }
        Type::Numeric(None) => (any, None),
        // However it is rounded, a whole number that is not zero stays as far from it as one.
        Type::Real | Type::Double if from.is_integer() => {
            (known_with_scale(operand, to, Some(0)).unwrap_or_else(|| any.clone()), None)
        }
        Type::Double if from == Type::Real => {
            (known_with_scale(operand, to, operand.range().scale).unwrap_or_else(|| any.clone()), None)
        }
        Type::Real if from == Type::Double => (any, too_great(FailureKind::Value)),
        Type::Real | Type::Double => {
            let kind = if to == Type::Real { FailureKind::Value } else { FailureKind::EndOfRange };
            let fits = arithmetic::is_far_from_zero(operand, to) && has_ends(operand, to);
            (known(), if fits { None } else { too_great(kind) })
        }
        _ => match at_ends(operand, to).filter(|_| has_ends(operand, to)) {
            Some(domain) => (domain, None),
            None => (any, too_great(FailureKind::Value)),
        },
    }
}

/// Whether both ends of a range are values of a type, too.
fn has_ends(operand: &Domain, to: Type) -> bool {
    let range = operand.range();
    let fits = |edge: Option<Edge>| edge.is_some_and(|edge| convert(edge.value, to, false).is_ok());
    fits(range.low) && fits(range.high)
}

/// The ends of a range, changed to a type that has the same order.
fn at_ends(operand: &Domain, to: Type) -> Option<Domain> {
    known_with_scale(operand, to, None)
}

fn known_with_scale(operand: &Domain, to: Type, scale: Option<i64>) -> Option<Domain> {
    let range = operand.range();
    let at = |edge: Option<Edge>| edge.and_then(|edge| convert(edge.value, to, false).ok()).map(Edge::closed);
    let of_type = Range::of_type(to);
    let keeps = widens(operand.ty(), to);
    let stays = |gap: &Value| keeps || operand.ty().is_integer() && calls::is_zero(gap);
    let except = range.except.into_iter().filter(stays).collect();
    let scale = scale.or(of_type.scale);
    let (low, high) = (at(range.low).or(of_type.low.clone()), at(range.high).or(of_type.high.clone()));
    let domain = Domain::within(Range { low, high, except, scale, ..of_type }, to, false);
    Some(domain).filter(|domain| !domain.is_nothing())
}

fn to_moment(operand: &Domain, to: Type) -> (Domain, Option<Failure>) {
    let end = i32::try_from(TIMESTAMP_END_DAY).unwrap_or(i32::MAX);
    let fits = operand.range().high.is_some_and(|edge| match edge.value {
        Value::Date(days) => days < end,
        _ => false,
    });
    let failure = calls::failure(&format!("a date beyond the range of {to}"), FailureKind::EndOfRange);
    (at_ends(operand, to).unwrap_or_else(|| Domain::of_type(to, false)), (!fits).then_some(failure))
}

/// Whether what was changed to another type can be changed back, always.
pub(super) fn comes_back(from: Type, by: Type, to: Type) -> bool {
    if from != to && from.unconstrained() != to {
        return false;
    }
    match (from, by) {
        (Type::Unknown | Type::Interval | Type::Json | Type::Jsonb | Type::Bytea, _) | (_, Type::Varchar(Some(_))) => {
            false
        }
        _ if by.is_text() => true,
        _ if from.is_integer() => {
            by == Type::Numeric(None)
                || by == Type::BigInt
                || (by == Type::Double && from != Type::BigInt)
                || (by == Type::Real && from == Type::SmallInt)
        }
        _ => from == Type::Real && by == Type::Double,
    }
}

/// Whether each number stays what it is, if the other type has it at all.
fn widens(from: Type, to: Type) -> bool {
    match to {
        Type::SmallInt | Type::Integer | Type::BigInt => from.is_integer(),
        Type::Numeric(None) => from.is_integer() || matches!(from, Type::Numeric(_)),
        Type::Double => from == Type::SmallInt || from == Type::Integer || from == Type::Real,
        Type::Real => from == Type::SmallInt,
        _ => false,
    }
}

/// What is known of the operand of a cast whose result is in a domain.
pub(super) fn back(domain: &Domain, from: Type, cast: &Cast) -> Domain {
    if !domain.may_be_some() {
        return Domain::only_null(from);
    }
    let any = Domain::of_type(from, domain.may_be_null());
    let is_text = |ty: Type| matches!(ty, Type::Text | Type::Varchar(None));
    if from.is_text() && is_text(cast.to) && from != Type::Unknown {
        return domain.clone().retyped(from);
    }
    if !widens(from, cast.to) {
        return any;
    }
    // Numbers of both types compare with each other.
    let range = Range { scale: None, ..domain.range() };
    any.meet(&Domain::within(range, Type::Numeric(None), domain.may_be_null()))
}
