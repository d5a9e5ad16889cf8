//! Expressions put into expressions: what a check says of a column once it is known what the column becomes.

use crate::ast::Name;
use crate::data::{Type, Value};
use crate::expr::Expression;
use crate::expr::coercion::{Strength, strength};
use crate::expr::node::{Case, Cast, Node};

impl Expression {
    /// The expression with some of its inputs replaced by other expressions, as if their columns had been assigned
    /// these first: each is computed once, whether it is needed or not, and changed to the type of the column as an
    /// assignment does. Bindings of names that are no inputs are left out. `None` where PostgreSQL would refuse such
    /// an assignment.
    #[must_use]
    pub fn compose(&self, bindings: &[(Name, Self)]) -> Option<Self> {
        let mut inputs: Vec<Name> = Vec::new();
        let (mut computed, mut places) = (Vec::new(), Vec::new());
        for (at, name) in self.0.inputs.iter().enumerate() {
            let Some((_, value)) = bindings.iter().find(|(bound, _)| bound == name) else {
                let number = number_of(&mut inputs, name);
                places.push(Place::Input(number));
                continue;
            };
            let numbers: Vec<usize> = value.0.inputs.iter().map(|name| number_of(&mut inputs, name)).collect();
            let node = value.0.node.mapped(&|at, ty| Node::Column(numbers[at], ty), computed.len());
            match assigned(node, value.ty(), self.input_type(at))? {
                simple @ (Node::Constant(..) | Node::Column(..)) => places.push(Place::Simple(simple)),
                node => {
                    places.push(Place::Computed(computed.len()));
                    computed.push(node);
                }
            }
        }
        let replaced = |at: usize, ty: Type| match &places[at] {
            Place::Input(number) => Node::Column(*number, ty),
            Place::Simple(node) => node.clone(),
            Place::Computed(number) => Node::Local(*number, ty),
        };
        let body = self.0.node.mapped(&replaced, computed.len());
        let node = computed.into_iter().rev().fold(body, |body, value| Node::Let(Box::new((value, body))));
        Some(Self::new(inputs, self.0.ty, node))
    }

    /// Whether one of these conditions is true: false where each is false or null.
    #[must_use]
    pub fn one_is_true<'a>(conditions: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut inputs: Vec<Name> = Vec::new();
        let mut is_true = |condition: &Self| {
            let numbers: Vec<usize> = condition.0.inputs.iter().map(|name| number_of(&mut inputs, name)).collect();
            let node = condition.0.node.mapped(&|at, ty| Node::Column(numbers[at], ty), 0);
            Node::IsBool(Box::new(node), Some(true))
        };
        let operands: Box<[Node]> = conditions.into_iter().map(&mut is_true).collect();
        Self::new(inputs, Type::Boolean, Node::Or(operands))
    }

    /// The type that it takes an input to have.
    pub(super) fn input_type(&self, input: usize) -> Type {
        let found = std::cell::Cell::new(Type::Unknown);
        self.0.node.any(&|node| match node {
            Node::Column(at, ty) if *at == input => {
                found.set(*ty);
                true
            }
            _ => false,
        });
        found.get()
    }
}

enum Place {
    Input(usize),
    Simple(Node),
    Computed(usize),
}

fn number_of(inputs: &mut Vec<Name>, name: &Name) -> usize {
    inputs.iter().position(|input| input == name).unwrap_or_else(|| {
        inputs.push(name.clone());
        inputs.len() - 1
    })
}

/// A value as a column of type `to` takes it.
fn assigned(node: Node, from: Type, to: Type) -> Option<Node> {
    if from == to || from == Type::Unknown || to == Type::Unknown {
        return Some(node);
    }
    let allowed = strength(from, to).is_some_and(|needed| needed <= Strength::Assignment);
    allowed.then(|| Node::Cast(Box::new(Cast { operand: node, to, explicit: false })))
}

impl Node {
    /// The same tree with its columns replaced, and the numbers of its locals greater by `locals`.
    pub(super) fn mapped(&self, column: &dyn Fn(usize, Type) -> Self, locals: usize) -> Self {
        let one = |node: &Self| node.mapped(column, locals);
        let boxed = |node: &Self| Box::new(one(node));
        let all = |nodes: &[Self]| nodes.iter().map(one).collect::<Box<[Self]>>();
        let pair = |sides: &(Self, Self)| Box::new((one(&sides.0), one(&sides.1)));
        match self {
            Self::Constant(value, ty) => Self::Constant(Value::clone(value), *ty),
            Self::Column(at, ty) => column(*at, *ty),
            Self::Local(at, ty) => Self::Local(at + locals, *ty),
            Self::Call(function, operands) => Self::Call(function, all(operands)),
            Self::Cast(cast) => {
                Self::Cast(Box::new(Cast { operand: one(&cast.operand), to: cast.to, explicit: cast.explicit }))
            }
            Self::Not(operand) => Self::Not(boxed(operand)),
            Self::And(operands) => Self::And(all(operands)),
            Self::Or(operands) => Self::Or(all(operands)),
            Self::IsNull(operand) => Self::IsNull(boxed(operand)),
            Self::IsBool(operand, expected) => Self::IsBool(boxed(operand), *expected),
            Self::Distinct(sides) => Self::Distinct(pair(sides)),
            Self::Case(case) => Self::Case(Box::new(Case {
                arms: case.arms.iter().map(|(when, then)| (one(when), one(then))).collect(),
                otherwise: case.otherwise.as_ref().map(one),
                ty: case.ty,
            })),
            Self::Coalesce(operands, ty) => Self::Coalesce(all(operands), *ty),
            Self::Extreme(operands, which, ty) => Self::Extreme(all(operands), *which, *ty),
            Self::Let(parts) => Self::Let(pair(parts)),
        }
    }
}
