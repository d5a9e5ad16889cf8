//! What can be said of a result when only this is known of the inputs: which of them are null.

use crate::data::Value;
use crate::expr::Expression;
use crate::expr::function::{Function, Nulls};
use crate::expr::node::{Case, Node};

/// A value of which little is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nullness {
    /// It is null.
    Null,
    /// It is not null, and this truth value where it has one that is known.
    NotNull(Option<bool>),
    /// It may be either.
    Unknown,
}

impl Nullness {
    const SOME: Self = Self::NotNull(None);

    /// What is known where both are possible.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::NotNull(_), Self::NotNull(_)) => Self::SOME,
            _ => Self::Unknown,
        }
    }

    fn of(truth: bool) -> Self {
        Self::NotNull(Some(truth))
    }
}

impl Expression {
    /// What is known of the result when input number `i` is null exactly where `null(i)` says so.
    #[must_use]
    pub fn known(&self, null: &dyn Fn(usize) -> bool) -> Nullness {
        Reader { null, same: None, locals: Vec::new() }.node(&self.0.node)
    }

    /// The same, if the value of the column `name` differs from that of `value`: `name is distinct from VALUE` is true.
    #[must_use]
    pub fn known_if_distinct(&self, null: &dyn Fn(usize) -> bool, name: &str, value: &Self) -> Nullness {
        let same = Some((self, name, value));
        Reader { null, same, locals: Vec::new() }.node(&self.0.node)
    }
}

struct Reader<'a> {
    null: &'a dyn Fn(usize) -> bool,
    /// An expression in which the column with this name is taken to differ from a value.
    same: Option<(&'a Expression, &'a str, &'a Expression)>,
    locals: Vec<Nullness>,
}

impl Reader<'_> {
    fn node(&mut self, node: &Node) -> Nullness {
        match node {
            Node::Constant(Value::Null, _) => Nullness::Null,
            Node::Constant(Value::Boolean(truth), _) => Nullness::of(*truth),
            Node::Column(at, _) if (self.null)(*at) => Nullness::Null,
            Node::Constant(..) | Node::Column(..) => Nullness::SOME,
            Node::Local(at, _) => self.locals.get(*at).copied().unwrap_or(Nullness::Unknown),
            Node::Call(function, operands) => self.call(function, operands),
            Node::Cast(cast) => self.node(&cast.operand),
            Node::Not(operand) => match self.node(operand) {
                Nullness::NotNull(truth) => Nullness::NotNull(truth.map(|truth| !truth)),
                other => other,
            },
            Node::And(operands) => self.until(operands, false),
            Node::Or(operands) => self.until(operands, true),
            Node::IsNull(operand) => match self.node(operand) {
                Nullness::Null => Nullness::of(true),
                Nullness::NotNull(_) => Nullness::of(false),
                Nullness::Unknown => Nullness::SOME,
            },
            Node::IsBool(operand, expected) => match self.node(operand) {
                Nullness::Null => Nullness::of(expected.is_none()),
                Nullness::NotNull(Some(truth)) => Nullness::of(*expected == Some(truth)),
                Nullness::NotNull(None) if expected.is_none() => Nullness::of(false),
                _ => Nullness::SOME,
            },
            Node::Distinct(sides) => self.distinct(sides),
            Node::Case(case) => self.case(case),
            Node::Coalesce(operands, _) => self.first(operands),
            Node::Extreme(operands, ..) => self.extreme(operands),
            Node::Let(parts) => {
                let local = self.node(&parts.0);
                self.locals.push(local);
                let result = self.node(&parts.1);
                self.locals.pop();
                result
            }
        }
    }

    fn call(&mut self, function: &Function, nodes: &[Node]) -> Nullness {
        let operands: Vec<Nullness> = nodes.iter().map(|operand| self.node(operand)).collect();
        let strict = if operands.contains(&Nullness::Null) {
            Nullness::Null
        } else if operands.contains(&Nullness::Unknown) {
            Nullness::Unknown
        } else {
            Nullness::SOME
        };
        match function.nulls {
            Nulls::StrictOrAbsent if strict == Nullness::Null => Nullness::Null,
            Nulls::StrictOrAbsent => Nullness::Unknown,
            Nulls::StrictOrEndless if strict == Nullness::SOME && may_be_endless(function, nodes) => Nullness::Unknown,
            Nulls::Strict | Nulls::StrictOrEndless => strict,
            Nulls::OfFirst => operands.first().copied().unwrap_or(Nullness::Unknown),
            Nulls::Never => Nullness::SOME,
        }
    }

    /// `and` (stops at false) or `or` (stops at true).
    fn until(&mut self, operands: &[Node], stop: bool) -> Nullness {
        let mut all = Nullness::of(!stop);
        for operand in operands {
            all = match (all, self.node(operand)) {
                (Nullness::NotNull(Some(truth)), _) | (_, Nullness::NotNull(Some(truth))) if truth == stop => {
                    Nullness::of(stop)
                }
                (Nullness::NotNull(Some(_)), other) | (other, Nullness::NotNull(Some(_))) => other,
                (Nullness::Null, Nullness::Null) => Nullness::Null,
                (Nullness::NotNull(None), Nullness::NotNull(None)) => Nullness::SOME,
                _ => Nullness::Unknown,
            };
        }
        all
    }

    fn distinct(&mut self, sides: &(Node, Node)) -> Nullness {
        if self.is_taken_to_differ(sides) {
            return Nullness::of(true);
        }
        match (self.node(&sides.0), self.node(&sides.1)) {
            (Nullness::Null, Nullness::Null) => Nullness::of(false),
            (Nullness::Null, Nullness::NotNull(_)) | (Nullness::NotNull(_), Nullness::Null) => Nullness::of(true),
            _ => Nullness::SOME,
        }
    }

    fn is_taken_to_differ(&self, (one, other): &(Node, Node)) -> bool {
        let Some((own, name, value)) = self.same else { return false };
        let is_column = |node: &Node| matches!(node, Node::Column(at, _) if own.0.inputs.get(*at).is_some_and(|input| &**input == name));
        let is_value = |node: &Node| same_node(node, &own.0.inputs, &value.0.node, &value.0.inputs);
        is_column(one) && is_value(other) || is_column(other) && is_value(one)
    }

    fn case(&mut self, case: &Case) -> Nullness {
        let mut possible: Option<Nullness> = None;
        for (when, then) in &case.arms {
            let then = |reader: &mut Self| reader.node(then);
            match self.node(when) {
                Nullness::Null | Nullness::NotNull(Some(false)) => {}
                Nullness::NotNull(Some(true)) => {
                    let then = then(self);
                    return possible.map_or(then, |known| known.or(then));
                }
                _ => {
                    let then = then(self);
                    possible = Some(possible.map_or(then, |known| known.or(then)));
                }
            }
        }
        let otherwise = case.otherwise.as_ref().map_or(Nullness::Null, |node| self.node(node));
        possible.map_or(otherwise, |known| known.or(otherwise))
    }

    fn first(&mut self, operands: &[Node]) -> Nullness {
        let mut sure = true;
        for operand in operands {
            match self.node(operand) {
                Nullness::Null => {}
                Nullness::NotNull(truth) => return Nullness::NotNull(truth.filter(|_| sure)),
                Nullness::Unknown => sure = false,
            }
        }
        if sure { Nullness::Null } else { Nullness::Unknown }
    }

    fn extreme(&mut self, operands: &[Node]) -> Nullness {
        match self.first(operands) {
            Nullness::NotNull(_) => Nullness::SOME,
            other => other,
        }
    }
}

/// Whether the part of a moment is one that an infinite moment has not.
fn may_be_endless(function: &Function, operands: &[Node]) -> bool {
    match operands {
        [Node::Constant(unit, _), moment] => function.is_unknown_of_endless(unit, moment.ty()),
        _ => true,
    }
}

/// Whether two nodes are the same but for the numbers of their inputs.
fn same_node(one: &Node, inputs: &[crate::ast::Name], other: &Node, other_inputs: &[crate::ast::Name]) -> bool {
    match (one, other) {
        (Node::Column(at, _), Node::Column(other, _)) => inputs.get(*at) == other_inputs.get(*other),
        (Node::Cast(one), Node::Cast(other)) => {
            one.to == other.to && same_node(&one.operand, inputs, &other.operand, other_inputs)
        }
        (Node::Call(one, operands), Node::Call(other, others)) => {
            one == other
                && operands.len() == others.len()
                && operands.iter().zip(others).all(|(one, other)| same_node(one, inputs, other, other_inputs))
        }
        _ => one == other && !one.any(&|node| matches!(node, Node::Column(..))),
    }
}
