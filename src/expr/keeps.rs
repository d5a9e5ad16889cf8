//! Expressions of which it is known that they keep values apart.

use crate::data::Type;
use crate::expr::Expression;
use crate::expr::node::Node;

impl Expression {
    /// Whether it is known that different values of its only input give different results: a copy, a wider type, text
    /// with a fixed text before or behind it.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.0.inputs.len() == 1 && keeps(&self.0.node)
    }
}

fn keeps(node: &Node) -> bool {
    match node {
        Node::Column(..) => true,
        Node::Cast(cast) => widens(cast.operand.ty(), cast.to) && keeps(&cast.operand),
        Node::Not(operand) => keeps(operand),
        Node::Call(function, operands) if function.name == "||" && function.result.is_text() => {
            let mut varying = operands.iter().filter(|operand| operand.varies());
            let known = |operand: &Node| operand.varies() || matches!(operand, Node::Constant(value, _) if !value.is_null());
            varying.next().is_some_and(keeps) && varying.next().is_none() && operands.iter().all(known)
        }
        _ => false,
    }
}

/// Whether a type holds every value of another one, and as many.
fn widens(from: Type, to: Type) -> bool {
    let is_whole = |ty| matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt);
    match (from, to) {
        _ if from == to => true,
        (_, Type::Text | Type::Varchar(None)) => true,
        (Type::Varchar(Some(from)), Type::Varchar(Some(to))) => from <= to,
        (Type::SmallInt, Type::Integer | Type::BigInt) | (Type::Integer, Type::BigInt) => true,
        (Type::SmallInt | Type::Integer, Type::Double) | (Type::SmallInt, Type::Real) => true,
        (_, Type::Numeric(None)) => is_whole(from) || matches!(from, Type::Numeric(_)),
        (Type::Numeric(Some((precision, scale))), Type::Numeric(Some((wider, finer)))) => {
            let whole = |precision: u16, scale: i16| i32::from(precision) - i32::from(scale);
            scale <= finer && whole(precision, scale) <= whole(wider, finer)
        }
        (Type::Date, Type::Timestamp | Type::TimestampTz) | (Type::Timestamp, Type::TimestampTz) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Value;

    #[test]
    fn a_type_is_wider_where_no_value_is_changed() {
        assert!(widens(Type::Integer, Type::BigInt));
        assert!(!widens(Type::BigInt, Type::Integer));
        assert!(widens(Type::Numeric(Some((10, 2))), Type::Numeric(Some((12, 2)))));
        assert!(!widens(Type::Numeric(Some((10, 2))), Type::Numeric(Some((10, 4)))));
        assert!(!widens(Type::Numeric(Some((10, 2))), Type::Numeric(Some((10, 1)))));
        assert!(!widens(Type::Timestamp, Type::Date));
    }

    #[test]
    fn a_copy_keeps_and_a_constant_does_not() {
        assert!(Expression::column("a".into(), Type::Text).keeps());
        assert!(!Expression::constant(Value::Boolean(true), Type::Boolean).keeps());
        assert!(!Expression::column_is_null("a".into(), Type::Text).keeps());
    }
}
