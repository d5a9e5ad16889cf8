//! Expressions of which it is known that, one after the other, they give back what they were given.
//!
//! Steps that are undone are crossed out: a cast and the cast back, `x + 5` and `y - 5`, `reverse` twice.

use std::str::FromStr;

use bigdecimal::BigDecimal;

use crate::data::Type;
use crate::expr::Expression;
use crate::expr::function::Function;
use crate::expr::keeps::{constant, decimals, is_exact, is_held, of_type};
use crate::expr::node::{Cast, Node};

/// What was done to a value and is to be undone.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `not`, a minus, or `reverse`: done twice it is undone.
    Turned(&'static str),
    Plus(BigDecimal),
    Times(BigDecimal),
    /// Written in another type, from which a value of this one comes back as it was.
    Written(Type),
}

/// A value on its way.
#[derive(Default)]
struct Way {
    origin: Option<Type>,
    /// No null goes this way.
    never_null: bool,
    steps: Vec<Step>,
}

/// Whether it is known that these expressions, each of what the one before gives, give back every value, and null for
/// null if there may be one, unless one of them fails.
#[must_use]
pub fn gives_back<'a>(legs: impl IntoIterator<Item = &'a Expression>, never_null: bool) -> bool {
    let mut way = Way { never_null, ..Way::default() };
    legs.into_iter().all(|leg| leg.inputs().len() == 1 && way.goes(&leg.0.node).is_some()) && way.steps.is_empty()
}

impl Way {
    fn goes(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Column(_, ty) => {
                self.origin.get_or_insert(*ty);
            }
            Node::Cast(cast) => {
                self.goes(&cast.operand)?;
                self.change(cast)?;
            }
            Node::Not(operand) => {
                self.goes(operand)?;
                self.turn("not");
            }
            Node::Coalesce(operands, _) if self.never_null => self.goes(operands.first()?)?,
            Node::Call(function, operands) => self.call(function, operands)?,
            _ => return None,
        }
        Some(())
    }

    fn call(&mut self, function: &Function, operands: &[Node]) -> Option<()> {
        let is_exact = is_exact(function.result);
        match (function.name, operands) {
            ("+", [operand]) => self.goes(operand)?,
            ("-" | "reverse", [operand]) if is_exact || function.name == "reverse" => {
                self.goes(operand)?;
                self.turn(function.name);
            }
            ("+" | "*", [left, right]) if is_exact => {
                let (operand, number) = match number(right) {
                    Some(number) => (left, number),
                    None => (right, number(left)?),
                };
                self.goes(operand)?;
                self.step(if function.name == "+" { Step::Plus(number) } else { Step::Times(number) });
            }
            ("-", [operand, right]) if is_exact => {
                self.goes(operand)?;
                self.step(Step::Plus(-number(right)?));
            }
            // What was multiplied before leaves no rest.
            ("/", [operand, right]) if is_exact => {
                self.goes(operand)?;
                let factor = Step::Times(number(right)?);
                self.steps.pop_if(|last| *last == factor)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn turn(&mut self, how: &'static str) {
        let step = Step::Turned(how);
        if self.steps.pop_if(|last| *last == step).is_none() {
            self.steps.push(step);
        }
    }

    fn step(&mut self, step: Step) {
        let is_undone =
            |last: &mut Step| matches!((last, &step), (Step::Plus(one), Step::Plus(other)) if *one == -other);
        if self.steps.pop_if(is_undone).is_none() {
            self.steps.push(step);
        }
    }

    /// A change of type: one that changes no value, or refuses it; one that is undone; one that can be.
    fn change(&mut self, cast: &Cast) -> Option<()> {
        let (from, to) = (cast.operand.ty(), cast.to);
        if self.steps.pop_if(|last| *last == Step::Written(to)).is_some() || self.is_same(cast) {
            return Some(());
        }
        can_be_written(from, cast).then(|| self.steps.push(Step::Written(from)))
    }

    fn is_same(&self, cast: &Cast) -> bool {
        let (from, to) = (cast.operand.ty(), cast.to);
        let origin = self.origin.filter(|_| self.steps.is_empty());
        match to {
            _ if from == to || from == Type::Unknown || to == Type::Unknown => true,
            Type::Varchar(Some(length)) if from.is_text() => {
                let fits = |ty: Type| matches!(ty, Type::Varchar(Some(most)) if most <= length);
                // Without a cast it is refused where it is too long.
                !cast.explicit || fits(from) || origin.is_some_and(fits)
            }
            _ if to.is_text() => from.is_text(),
            Type::Numeric(None) => is_exact(from),
            _ if is_exact(from) && is_exact(to) => {
                let places = decimals(&cast.operand).into_iter().chain(origin.and_then(of_type)).min();
                places.is_some_and(|places| of_type(to).is_some_and(|finest| places <= finest))
            }
            _ => false,
        }
    }
}

/// Whether another type keeps all of a value, so that a cast back gives the same.
fn can_be_written(from: Type, cast: &Cast) -> bool {
    let is_cut = cast.explicit && matches!(cast.to, Type::Varchar(Some(_)));
    match (from, cast.to) {
        (Type::Interval | Type::Unknown, _) => false,
        (_, to) if to.is_text() => !from.is_text() && !is_cut,
        (Type::Jsonb, Type::Json)
        | (Type::Real, Type::Double)
        | (Type::Date, Type::Timestamp | Type::TimestampTz)
        | (Type::Timestamp, Type::TimestampTz)
        | (Type::TimestampTz, Type::Timestamp) => true,
        (from, to) => is_held(from, to),
    }
}

/// A number other than zero that is the same in each row.
fn number(operand: &Node) -> Option<BigDecimal> {
    let number = BigDecimal::from_str(&constant(operand)?.to_string()).ok()?;
    (number != 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Value;

    fn column(ty: Type) -> Expression {
        Expression::column("a".into(), ty)
    }

    fn cast(from: Type, to: Type, explicit: bool) -> Expression {
        let node = Node::Cast(Box::new(Cast { operand: Node::Column(0, from), to, explicit }));
        Expression::new(vec!["a".into()], to, node)
    }

    #[test]
    fn a_type_gives_back_what_another_one_keeps() {
        let back = |one: Type, other: Type| gives_back([&cast(one, other, true), &cast(other, one, true)], false);
        let money = Type::Numeric(Some((10, 2)));
        for (one, other) in [
            (Type::Integer, Type::BigInt),
            (Type::BigInt, Type::Integer),
            (Type::Integer, Type::Text),
            (Type::Integer, Type::Numeric(None)),
            (Type::Integer, Type::Double),
            (money, Type::Double),
            (money, Type::Numeric(Some((12, 4)))),
            (Type::Date, Type::Timestamp),
            (Type::Timestamp, Type::TimestampTz),
            (Type::Varchar(Some(20)), Type::Text),
            (Type::Jsonb, Type::Text),
        ] {
            assert!(back(one, other), "{one} {other}");
        }
        for (one, other) in [
            (Type::Text, Type::Integer),
            (Type::BigInt, Type::Double),
            (Type::Integer, Type::Real),
            (Type::Numeric(None), Type::Integer),
            (Type::Timestamp, Type::Date),
            (Type::Text, Type::Varchar(Some(20))),
            (Type::Json, Type::Jsonb),
            (Type::Numeric(Some((12, 4))), money),
        ] {
            assert!(!back(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_not_undone_is_not_known() {
        let text = column(Type::Text);
        assert!(gives_back([&text, &text], false));
        assert!(!gives_back([&text, &Expression::constant(Value::Text("x".into()), Type::Text)], false));
        assert!(!gives_back([&cast(Type::Integer, Type::Text, false), &text], false));
        assert!(!gives_back([&cast(Type::Boolean, Type::Text, true), &text, &text], false));
    }
}
