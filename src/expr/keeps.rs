//! Expressions of which it is known that they keep values apart.

use std::str::FromStr;

use bigdecimal::BigDecimal;

use crate::ast::Name;
use crate::data::{Type, Value};
use crate::expr::Expression;
use crate::expr::cast::convert;
use crate::expr::function::Function;
use crate::expr::node::{Cast, Node};
use crate::expr::undo::is_held;

/// A quotient by a number with so many zeros is looked at.
const MOST_PLACES: i64 = 4;

/// How well values are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Any two give different results; null gives null.
    All,
    /// Any two that are not null, but for the last digit of a fraction, which may be rounded.
    AllButRounding,
}

impl Expression {
    /// Whether it is known that different values of an input that are not null give different results, as long as the
    /// other inputs stay the same and are not null: a copy, a wider type, text with more text beside it, a sum. That the
    /// last digit of a fraction is rounded is not counted.
    #[must_use]
    pub fn keeps(&self, input: usize) -> bool {
        keeps(&self.0.node, &|node| matches!(node, Node::Column(at, _) if *at == input), Apart::AllButRounding)
    }

    /// The only input, if different values of it surely give different results.
    #[must_use]
    pub fn injective_input(&self) -> Option<&Name> {
        let [only] = &*self.0.inputs else { return None };
        keeps(&self.0.node, &|node| matches!(node, Node::Column(..)), Apart::All).then_some(only)
    }

    /// The column that it is, perhaps as a value of another type that is equal to it.
    #[must_use]
    pub fn as_same_value(&self) -> Option<&Name> {
        let mut node = &self.0.node;
        while let Node::Cast(cast) = node {
            let (from, to) = (cast.operand.ty(), cast.to);
            let is_alike = from.is_numeric() && to.is_numeric() || from.is_text() && to.is_text();
            let is_near = matches!(from, Type::Numeric(_)) && matches!(to, Type::Real | Type::Double);
            if !is_alike || is_near || !keeps_different(from, to) {
                return None;
            }
            node = &cast.operand;
        }
        if let Node::Column(at, _) = node { self.0.inputs.get(*at) } else { None }
    }
}

/// Whether a node keeps apart the values of what `is_source` finds.
fn keeps(node: &Node, is_source: &dyn Fn(&Node) -> bool, apart: Apart) -> bool {
    match node {
        _ if is_source(node) => true,
        Node::Cast(cast) => cast_keeps(cast) && keeps(&cast.operand, is_source, apart),
        Node::Not(operand) => keeps(operand, is_source, apart),
        Node::Coalesce(operands, _) if apart == Apart::AllButRounding => {
            operands.first().is_some_and(|first| keeps(first, is_source, apart))
        }
        Node::Call(function, operands) => call_keeps(function, operands, is_source, apart),
        Node::Let(parts) => {
            let is_local = |node: &Node| matches!(node, Node::Local(..));
            let reads_more = parts.1.any(&|node| is_source(node) || matches!(node, Node::Let(_)));
            !reads_more && keeps(&parts.0, is_source, apart) && keeps(&parts.1, &is_local, apart)
        }
        _ => false,
    }
}

fn call_keeps(function: &Function, operands: &[Node], is_source: &dyn Fn(&Node) -> bool, apart: Apart) -> bool {
    let reads = |operand: &Node| operand.any(is_source);
    let mut reading = operands.iter().filter(|operand| reads(operand));
    let (Some(only), None) = (reading.next(), reading.next()) else { return false };
    let is_fixed = |operand: &Node| matches!(constant(operand), Some(value) if !value.is_null());
    if apart == Apart::All && !operands.iter().all(|operand| reads(operand) || is_fixed(operand)) {
        return false;
    }
    let is_fraction =
        apart == Apart::AllButRounding && matches!(function.result, Type::Numeric(_) | Type::Real | Type::Double);
    let is_scaled = operands.iter().any(is_factor);
    let is_kept = match function.name {
        "+" | "-" => function.injective || is_fraction,
        "*" => is_scaled && (is_exact(function.result) || is_fraction),
        "/" => is_scaled && is_fraction && operands.first().is_some_and(reads),
        // Null beside it is nothing there.
        "concat" => {
            apart == Apart::AllButRounding && operands.iter().all(|operand| reads(operand) || is_fixed(operand))
        }
        _ => function.injective,
    };
    is_kept && keeps(only, is_source, apart)
}

/// Whether a change of type changes no value that it does not refuse.
fn cast_keeps(cast: &Cast) -> bool {
    let finest = match cast.to {
        Type::SmallInt | Type::Integer | Type::BigInt => Some(0),
        Type::Numeric(Some((_, scale))) => Some(i32::from(scale)),
        _ => None,
    };
    let is_fine_enough = |finest: i32| decimals(&cast.operand).is_some_and(|scale| scale <= finest);
    keeps_different(cast.operand.ty(), cast.to) || finest.is_some_and(is_fine_enough)
}

pub(super) fn is_exact(ty: Type) -> bool {
    matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt | Type::Numeric(_))
}

/// The value of an operand that is the same in each row.
pub(super) fn constant(operand: &Node) -> Option<Value> {
    match operand {
        Node::Constant(value, _) => Some(value.clone()),
        Node::Cast(cast) => convert(constant(&cast.operand)?, cast.to, cast.explicit).ok(),
        _ => None,
    }
}

/// Whether an operand is a number other than zero.
fn is_factor(operand: &Node) -> bool {
    constant(operand).is_some_and(|value| value.to_string().contains(|digit| matches!(digit, '1'..='9')))
}

/// How many decimal places a number has at most; a negative count where it ends in zeros before the point.
pub(super) fn decimals(node: &Node) -> Option<i32> {
    match node {
        Node::Constant(value, ty) if is_exact(*ty) => places(&value.to_string()),
        Node::Cast(cast) if is_exact(cast.to) => {
            let inner = decimals(&cast.operand);
            inner.into_iter().chain(of_type(cast.to)).min()
        }
        Node::Call(function, operands) if is_exact(function.result) => {
            let each: Option<Vec<i32>> = operands.iter().map(decimals).collect();
            match function.name {
                "+" | "-" => each?.into_iter().max(),
                "*" => Some(each?.into_iter().sum()),
                "/" => quotient(operands).or_else(|| of_type(node.ty())),
                _ => of_type(node.ty()),
            }
        }
        _ => of_type(node.ty()),
    }
}

/// The decimal places of a quotient by 10, 100 and so on, of which PostgreSQL computes at least as many.
fn quotient(operands: &[Node]) -> Option<i32> {
    let [dividend, divisor] = operands else { return None };
    if dividend.ty().is_integer() && divisor.ty().is_integer() || !has_few_digits(dividend) {
        return None;
    }
    let divisor = BigDecimal::from_str(&constant(divisor)?.to_string()).ok()?.normalized();
    let (digits, scale) = divisor.into_bigint_and_exponent();
    let is_power = digits == 1.into() && (-MOST_PLACES..=0).contains(&scale);
    if is_power { Some(decimals(dividend)? + i32::try_from(-scale).ok()?) } else { None }
}

/// Whether a number has so few digits that a quotient of it is not rounded after few places.
fn has_few_digits(mut node: &Node) -> bool {
    while let Node::Cast(cast) = node {
        if !is_exact(cast.operand.ty()) {
            break;
        }
        node = &cast.operand;
    }
    match node.ty() {
        Type::SmallInt | Type::Integer => true,
        Type::Numeric(Some((precision, _))) => precision <= 10,
        _ => false,
    }
}

pub(super) fn of_type(ty: Type) -> Option<i32> {
    match ty {
        Type::SmallInt | Type::Integer | Type::BigInt => Some(0),
        Type::Numeric(Some((_, scale))) => Some(i32::from(scale)),
        _ => None,
    }
}

/// The decimal places of a number as it is written.
fn places(text: &str) -> Option<i32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let zeros = whole.len() - whole.trim_end_matches('0').len();
    let places =
        if fraction.is_empty() { i32::try_from(zeros).map(|zeros| -zeros) } else { i32::try_from(fraction.len()) };
    places.ok().filter(|_| text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-')))
}

/// Whether changing the type keeps different values different, or fails.
fn keeps_different(from: Type, to: Type) -> bool {
    match (from, to) {
        _ if from == to => true,
        (_, Type::Varchar(Some(_))) => {
            matches!((from, to), (Type::Varchar(Some(from)), Type::Varchar(Some(to))) if from <= to)
        }
        (Type::Interval, _) | (Type::Json, Type::Jsonb) => false,
        _ if to.is_text() || (from, to) == (Type::Jsonb, Type::Json) => true,
        _ if from.is_text() => false,
        _ if from.is_integer() => {
            to.is_integer()
                || matches!(to, Type::Numeric(None))
                || matches!(to, Type::Numeric(Some((_, scale))) if scale >= 0)
                || is_held(from, to)
        }
        (Type::Real, Type::Double) | (Type::Numeric(_), Type::Numeric(None)) => true,
        (Type::Numeric(Some((_, from))), Type::Numeric(Some((_, to)))) => from <= to,
        (Type::Numeric(Some(_)), _) => is_held(from, to),
        (Type::Date, _) | (Type::Timestamp | Type::TimestampTz, Type::Timestamp | Type::TimestampTz) => to.is_time(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_places_are_counted() {
        assert_eq!(places("100"), Some(-2));
        assert_eq!(places("-1.50"), Some(1));
        assert_eq!(places("7"), Some(0));
        assert_eq!(places("NaN"), None);
    }

    #[test]
    fn a_copy_keeps_and_a_constant_does_not() {
        assert!(Expression::column("a".into(), Type::Text).keeps(0));
        assert!(!Expression::constant(Value::Boolean(true), Type::Boolean).keeps(0));
        assert!(!Expression::column_is_null("a".into(), Type::Text).keeps(0));
        assert!(Expression::column("a".into(), Type::Text).injective_input().is_some());
    }
}
