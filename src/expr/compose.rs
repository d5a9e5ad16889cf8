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

    /// Whether different values of the input with this name surely give different results. No other input is read.
    #[must_use]
    pub fn is_injective_in(&self, input: &str) -> bool {
        match &*self.0.inputs {
            [only] if &**only == input => is_injective(&self.0.node, &|node| matches!(node, Node::Column(..))),
            _ => false,
        }
    }

    /// The only input, if different values of it surely give different results.
    #[must_use]
    pub fn injective_input(&self) -> Option<&Name> {
        self.0.inputs.first().filter(|input| self.is_injective_in(input))
    }

    /// The column that it is, perhaps as a value of another type that is equal to it.
    #[must_use]
    pub fn as_same_value(&self) -> Option<&Name> {
        let mut node = &self.0.node;
        while let Node::Cast(cast) = node {
            let (from, to) = (cast.operand.ty(), cast.to);
            let is_alike = from.is_numeric() && to.is_numeric() || from.is_text() && to.is_text();
            if !is_alike || !keeps_different(from, to) {
                return None;
            }
            node = &cast.operand;
        }
        if let Node::Column(at, _) = node { self.0.inputs.get(*at) } else { None }
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

/// Whether a node keeps different values of what `is_source` finds different.
fn is_injective(node: &Node, is_source: &dyn Fn(&Node) -> bool) -> bool {
    match node {
        _ if is_source(node) => true,
        Node::Cast(cast) => keeps_different(cast.operand.ty(), cast.to) && is_injective(&cast.operand, is_source),
        Node::Call(function, operands) if function.injective => {
            let is_fixed = |node: &&Node| matches!(node, Node::Constant(value, _) if !value.is_null());
            let mut varying = operands.iter().filter(|node| !is_fixed(node));
            varying.next().is_some_and(|node| is_injective(node, is_source)) && varying.next().is_none()
        }
        Node::Let(parts) => {
            let is_local = |node: &Node| matches!(node, Node::Local(..));
            let reads_source = parts.1.any(&|node| matches!(node, Node::Column(..) | Node::Let(_)));
            !reads_source && is_injective(&parts.0, is_source) && is_injective(&parts.1, &is_local)
        }
        _ => false,
    }
}

/// Whether changing the type keeps different values different, or fails.
pub(super) fn keeps_different(from: Type, to: Type) -> bool {
    match (from, to) {
        _ if from == to => true,
        (_, Type::Varchar(Some(_))) => {
            matches!((from, to), (Type::Varchar(Some(from)), Type::Varchar(Some(to))) if from <= to)
        }
        (Type::Jsonb | Type::Json | Type::Interval, _) => false,
        _ if to.is_text() => true,
        _ if from.is_text() => false,
        _ if from.is_integer() => {
            to.is_integer()
                || matches!(to, Type::Numeric(None))
                || matches!(to, Type::Numeric(Some((_, scale))) if scale >= 0)
                || (to == Type::Double && from != Type::BigInt)
        }
        (Type::Real, Type::Double) | (Type::Numeric(_), Type::Numeric(None)) => true,
        (Type::Numeric(Some((_, from))), Type::Numeric(Some((_, to)))) => from <= to,
        (Type::Date, _) | (Type::Timestamp | Type::TimestampTz, Type::Timestamp | Type::TimestampTz) => to.is_time(),
        _ => false,
    }
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
