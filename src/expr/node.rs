//! The typed tree that is evaluated.

use crate::data::{Type, Value};
use crate::expr::function::Function;

/// A typed expression without places. Every operand has the type that its parent takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A value that is the same for every row.
    Constant(Value, Type),
    /// An input, by its number.
    Column(usize, Type),
    /// A value that an enclosing [`Node::Let`] computed, counted from the outermost.
    Local(usize, Type),
    /// A function or an operator; its operands are all computed first.
    Call(&'static Function, Box<[Node]>),
    /// A change of type.
    Cast(Box<Cast>),
    /// `not x`
    Not(Box<Node>),
    /// `x and y …`: stops at the first false.
    And(Box<[Node]>),
    /// `x or y …`: stops at the first true.
    Or(Box<[Node]>),
    /// `x is null`
    IsNull(Box<Node>),
    /// `x is true`, `x is false`, `x is unknown` (`None`)
    IsBool(Box<Node>, Option<bool>),
    /// `x is distinct from y`
    Distinct(Box<(Node, Node)>),
    /// The value of the first condition that is true.
    Case(Box<Case>),
    /// The first value that is not null.
    Coalesce(Box<[Node]>, Type),
    /// The greatest (or the least) value that is not null.
    Extreme(Box<[Node]>, Extreme, Type),
    /// A value, computed once, and the expression that uses it.
    Let(Box<(Node, Node)>),
}

/// A change of type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cast {
    pub operand: Node,
    pub to: Type,
    /// Written as a cast, so that text too long is cut rather than refused.
    pub explicit: bool,
}

/// `case` with conditions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub arms: Box<[(Node, Node)]>,
    pub otherwise: Option<Node>,
    pub ty: Type,
}

/// `greatest` or `least`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extreme {
    Greatest,
    Least,
}

impl Node {
    /// The type of its result.
    pub(super) fn ty(&self) -> Type {
        match self {
            Self::Constant(_, ty)
            | Self::Column(_, ty)
            | Self::Local(_, ty)
            | Self::Coalesce(_, ty)
            | Self::Extreme(_, _, ty) => *ty,
            Self::Call(function, _) => function.result,
            Self::Cast(cast) => cast.to,
            Self::Not(_) | Self::And(_) | Self::Or(_) | Self::IsNull(_) | Self::IsBool(..) | Self::Distinct(_) => {
                Type::Boolean
            }
            Self::Case(case) => case.ty,
            Self::Let(parts) => parts.1.ty(),
        }
    }

    /// Whether `holds` is true of the node or of one below it.
    pub(super) fn any(&self, holds: &dyn Fn(&Self) -> bool) -> bool {
        let all = |nodes: &[Self]| nodes.iter().any(|node| node.any(holds));
        holds(self)
            || match self {
                Self::Constant(..) | Self::Column(..) | Self::Local(..) => false,
                Self::Call(_, operands)
                | Self::And(operands)
                | Self::Or(operands)
                | Self::Coalesce(operands, _)
                | Self::Extreme(operands, ..) => all(operands),
                Self::Cast(cast) => cast.operand.any(holds),
                Self::Not(operand) | Self::IsNull(operand) | Self::IsBool(operand, _) => operand.any(holds),
                Self::Distinct(sides) | Self::Let(sides) => sides.0.any(holds) || sides.1.any(holds),
                Self::Case(case) => {
                    case.arms.iter().any(|(when, then)| when.any(holds) || then.any(holds))
                        || case.otherwise.as_ref().is_some_and(|node| node.any(holds))
                }
            }
    }
}
