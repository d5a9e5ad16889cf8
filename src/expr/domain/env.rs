//! What is known at one place in an expression.

use crate::expr::domain::Domain;
use crate::expr::domain::values::{EQUAL, GREATER, LESS};
use crate::expr::node::Node;

/// The value is true.
pub(super) const TRUE: u8 = 1;
/// It is false.
pub(super) const FALSE: u8 = 2;
/// It is null.
pub(super) const NULL: u8 = 4;

/// All orders.
pub(super) const ANY_ORDER: u8 = LESS | EQUAL | GREATER;

/// So many terms, and so many orders of two, are remembered.
const MAX_REMEMBERED: usize = 128;
/// So many conditions that one thing or another meets are remembered.
const MAX_OPEN: usize = 4;

/// What is known of inputs, of values computed on the way, and of whole terms that were tested.
#[derive(Clone, Debug)]
pub(super) struct Env<'a> {
    pub inputs: Vec<Domain>,
    /// The values of enclosing lets, with what computes them.
    pub locals: Vec<(Domain, &'a Node)>,
    terms: Vec<(&'a Node, Domain)>,
    /// How two terms stand to each other where neither is null.
    orders: Vec<(&'a Node, &'a Node, u8)>,
    /// Conditions that one thing or another meets, with their outcomes: more follows from them once more is known.
    pub open: Vec<(&'a Node, u8)>,
    /// No row comes to this place.
    pub impossible: bool,
}

impl<'a> Env<'a> {
    pub(super) fn new(inputs: Vec<Domain>) -> Self {
        Self { inputs, locals: Vec::new(), terms: Vec::new(), orders: Vec::new(), open: Vec::new(), impossible: false }
    }

    /// What stands behind a local.
    pub(super) fn origin(&self, node: &'a Node) -> &'a Node {
        let mut node = node;
        while let Node::Local(at, _) = node {
            match self.locals.get(*at) {
                Some((_, value)) => node = value,
                None => break,
            }
        }
        node
    }

    /// Whether both have the same value wherever both are computed.
    pub(super) fn is_same(&self, one: &'a Node, other: &'a Node) -> bool {
        one == other
            || self.origin(one) == self.origin(other)
            || self.is_projected(one, other)
            || self.is_projected(other, one)
    }

    /// Whether the one is a projection of the other, which is such a projection already: `lower(lower(a))` of `lower(a)`.
    fn is_projected(&self, one: &'a Node, other: &'a Node) -> bool {
        let (Node::Call(function, operands), Node::Call(before, given)) = (self.origin(one), self.origin(other)) else {
            return false;
        };
        let is_of_it = |operands: &'a [Node]| {
            operands
                .split_first()
                .is_some_and(|(first, rest)| self.origin(first) == self.origin(other) && given.get(1..) == Some(rest))
        };
        function.projection && function == before && is_of_it(operands)
    }

    pub(super) fn term(&self, node: &Node) -> Option<&Domain> {
        self.terms.iter().find(|(term, _)| *term == node).map(|(_, domain)| domain)
    }

    /// Remembers what is known of a term, besides what was known.
    pub(super) fn learn(&mut self, node: &'a Node, domain: &Domain) {
        if is_leaf(node) || node.any(&|node| matches!(node, Node::Call(function, _) if !function.immutable)) {
            return;
        }
        let is_full = self.terms.len() >= MAX_REMEMBERED;
        match self.terms.iter_mut().find(|(term, _)| *term == node) {
            Some((_, known)) => *known = known.meet(domain),
            None if !is_full => self.terms.push((node, domain.clone())),
            None => {}
        }
    }

    pub(super) fn learn_order(&mut self, one: &'a Node, other: &'a Node, orders: u8) {
        if self.orders.len() < MAX_REMEMBERED {
            self.orders.push((one, other, orders));
        }
    }

    /// Remembers a condition that one thing or another meets.
    pub(super) fn keep_open(&mut self, condition: &'a Node, outcome: u8) {
        let is_it = |(known, of): &(&'a Node, u8)| std::ptr::eq(*known, condition) && *of == outcome;
        if self.open.len() < MAX_OPEN && !self.open.iter().any(is_it) {
            self.open.push((condition, outcome));
        }
    }

    /// The orders in which two terms may stand.
    pub(super) fn known_order(&self, one: &'a Node, other: &'a Node) -> u8 {
        if self.is_same(one, other) {
            return EQUAL;
        }
        self.orders.iter().fold(ANY_ORDER, |known, (left, right, orders)| {
            if self.is_same(one, left) && self.is_same(other, right) {
                known & orders
            } else if self.is_same(one, right) && self.is_same(other, left) {
                known & mirrored(*orders)
            } else {
                known
            }
        })
    }

    /// Makes the value of the innermost let known under its number, and what is done with it.
    pub(super) fn enter(&mut self, value: Domain, node: &'a Node) {
        self.locals.push((value, node));
    }

    /// Forgets the innermost let.
    pub(super) fn leave(&mut self) {
        self.locals.pop();
        let depth = self.locals.len();
        let reads = |node: &Node| node.any(&|node| matches!(node, Node::Local(at, _) if *at >= depth));
        self.terms.retain(|(term, _)| !reads(term));
        self.orders.retain(|(one, other, _)| !reads(one) && !reads(other));
        self.open.retain(|(condition, _)| !reads(condition));
    }

    /// What is known where either may be the case.
    pub(super) fn or(self, other: Self) -> Self {
        if self.impossible {
            return other;
        }
        if other.impossible {
            return self;
        }
        let inputs = self.inputs.iter().zip(&other.inputs).map(|(one, other)| one.join(other)).collect();
        let locals = self.locals.iter().zip(&other.locals).map(|(one, other)| (one.0.join(&other.0), one.1)).collect();
        let both = |(term, domain): &(&'a Node, Domain)| Some((*term, domain.join(other.term(term)?)));
        let terms = self.terms.iter().filter_map(both).collect();
        let either = |(one, another, orders): &(&'a Node, &'a Node, u8)| {
            (*one, *another, orders | other.known_order(one, another))
        };
        let orders = self.orders.iter().map(either).filter(|(.., orders)| *orders != ANY_ORDER).collect();
        let is_open = |(condition, outcome): &(&'a Node, u8)| {
            other.open.iter().any(|(known, of)| std::ptr::eq(*known, *condition) && of == outcome)
        };
        let open = self.open.iter().filter(|one| is_open(one)).copied().collect();
        Self { inputs, locals, terms, orders, open, impossible: false }
    }
}

pub(super) fn mirrored(orders: u8) -> u8 {
    let swapped = |from: u8, to: u8| if orders & from != 0 { to } else { 0 };
    swapped(LESS, GREATER) | swapped(GREATER, LESS) | (orders & EQUAL)
}

fn is_leaf(node: &Node) -> bool {
    matches!(node, Node::Constant(..) | Node::Column(..) | Node::Local(..))
}

/// Which outcomes a condition may have.
pub(super) fn outcomes(domain: &Domain) -> u8 {
    let has = |truth: bool| domain.contains(&crate::data::Value::Boolean(truth));
    let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
    bit(has(true), TRUE) | bit(has(false), FALSE) | bit(domain.may_be_null(), NULL)
}

/// The domain of a condition that has one of these outcomes.
pub(super) fn of_outcomes(outcomes: u8) -> Domain {
    use crate::data::{Type, Value};
    let all = [(TRUE, Value::Boolean(true)), (FALSE, Value::Boolean(false)), (NULL, Value::Null)];
    let possible = all.into_iter().filter(|(bit, _)| outcomes & bit != 0).map(|(_, value)| value);
    Domain::of_values(possible, Type::Boolean)
}
