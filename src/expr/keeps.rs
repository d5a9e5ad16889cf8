//! Expressions of which it is known that they keep values apart.

use crate::data::{Type, Value};
use crate::expr::Expression;
use crate::expr::compose::keeps_different;
use crate::expr::node::{Cast, Node};

impl Expression {
    /// Whether it is known that different values of an input that are not null give different results, as long as the
    /// other inputs stay the same and are not null: a copy, a wider type, text with more text beside it, a sum.
    #[must_use]
    pub fn keeps(&self, input: usize) -> bool {
        keeps(&self.0.node, input)
    }
}

fn keeps(node: &Node, input: usize) -> bool {
    match node {
        Node::Column(at, _) => *at == input,
        Node::Cast(cast) => keeps(&cast.operand, input) && cast_keeps(cast),
        Node::Not(operand) => keeps(operand, input),
        Node::Coalesce(operands, _) => operands.first().is_some_and(|first| keeps(first, input)),
        Node::Call(function, operands) => {
            let reads = |operand: &&Node| operand.any(&|node| matches!(node, Node::Column(at, _) if *at == input));
            let mut reading = operands.iter().filter(reads);
            let (Some(only), None) = (reading.next(), reading.next()) else { return false };
            let is_fraction = matches!(function.result, Type::Numeric(_) | Type::Real | Type::Double);
            let is_scaled = factor(operands).is_some();
            // That the last digit of a fraction is rounded is not counted.
            let is_kept = match function.name {
                "+" | "-" => function.injective || is_fraction,
                "*" => is_scaled && (is_exact(function.result) || is_fraction),
                "/" => is_scaled && is_fraction && operands.first().is_some_and(|first| reads(&first)),
                _ => function.injective,
            };
            is_kept && keeps(only, input)
        }
        _ => false,
    }
}

/// Whether a change of type changes no value that it does not refuse.
fn cast_keeps(cast: &Cast) -> bool {
    let finest = match cast.to {
        Type::SmallInt | Type::Integer | Type::BigInt => Some(0),
        Type::Numeric(Some((_, scale))) => Some(i32::from(scale)),
        _ => None,
    };
    let is_fine_enough = |finest: i32| scale(&cast.operand).is_some_and(|scale| scale <= finest);
    keeps_different(cast.operand.ty(), cast.to) || finest.is_some_and(is_fine_enough)
}

fn is_exact(ty: Type) -> bool {
    matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt | Type::Numeric(_))
}

/// The constant that a product multiplies by, if it is one and not zero.
fn factor(operands: &[Node]) -> Option<&Value> {
    let constant = operands.iter().find_map(|operand| match operand {
        Node::Constant(value, _) => Some(value),
        Node::Cast(cast) => match &cast.operand {
            Node::Constant(value, _) => Some(value),
            _ => None,
        },
        _ => None,
    })?;
    let text = constant.to_string();
    text.contains(|digit| matches!(digit, '1'..='9')).then_some(constant)
}

/// How many decimal places a number has at most; a negative count where it ends in zeros before the point.
fn scale(node: &Node) -> Option<i32> {
    match node {
        Node::Constant(value, ty) if is_exact(*ty) => places(&value.to_string()),
        Node::Cast(cast) if is_exact(cast.to) => {
            let inner = scale(&cast.operand);
            inner.into_iter().chain(of_type(cast.to)).min()
        }
        Node::Call(function, operands) if is_exact(function.result) => {
            let each: Option<Vec<i32>> = operands.iter().map(scale).collect();
            match function.name {
                "+" | "-" => each?.into_iter().max(),
                "*" => Some(each?.into_iter().sum()),
                _ => of_type(node.ty()),
            }
        }
        _ => of_type(node.ty()),
    }
}

fn of_type(ty: Type) -> Option<i32> {
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
    }
}
