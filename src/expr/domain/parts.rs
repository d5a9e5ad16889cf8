//! Between which ends the parts of moments lie.

use bigdecimal::BigDecimal;

use crate::data::{Type, Value};
use crate::expr::domain::Domain;
use crate::expr::domain::range::{Edge, Range};
use crate::expr::function::{Context, Function};
use crate::expr::row;

/// Parts of a moment that lie between fixed ends.
const BETWEEN: [(&str, u32, u32); 12] = [
    ("quarter", 1, 4),
    ("month", 1, 12),
    ("week", 1, 53),
    ("day", 1, 31),
    ("dow", 0, 6),
    ("isodow", 1, 7),
    ("doy", 1, 366),
    ("hour", 0, 23),
    ("minute", 0, 59),
    ("second", 0, 60),
    ("milliseconds", 0, 60_000),
    ("microseconds", 0, 60_000_000),
];

/// Parts that grow with the moment, or stay.
const RISING: [&str; 7] = ["millennium", "century", "decade", "year", "isoyear", "julian", "epoch"];

/// The part of a moment that a function gives, if its unit is known.
pub(super) fn part(function: &'static Function, operands: &[Domain]) -> Option<Domain> {
    let [unit, moment] = operands else { return None };
    let unit = unit.only()?;
    let (name, ty) = (unit.to_string(), function.result);
    if let Some((_, low, high)) = BETWEEN.iter().find(|(known, ..)| *known == name) {
        let edge = |number: u32| Some(Edge::closed(valued(number, ty)));
        return Some(Domain::within(Range { low: edge(*low), high: edge(*high), ..Range::of_type(ty) }, ty, false));
    }
    let at = |edge: Option<Edge>| {
        let value = row::apply(function, &[unit.clone(), edge?.value], Context::TRIED).ok()?;
        (!value.is_null()).then(|| Edge::closed(value))
    };
    let Range { low, high, .. } = moment.range();
    let range = Range { low: at(low), high: at(high), ..Range::of_type(ty) };
    RISING.contains(&&*name).then(|| Domain::within(range, ty, false))
}

fn valued(number: u32, ty: Type) -> Value {
    if ty == Type::Double { Value::Double(number.into()) } else { Value::Numeric(BigDecimal::from(number)) }
}
