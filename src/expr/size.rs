//! How long an expression becomes when it is written out for a database, where what is used several times is written
//! several times: `between` in `between` doubles with each level.

use crate::expr::node::Node;

/// How many parts an expression may have when it is written out.
pub(super) const MOST_PARTS: u64 = 1_000_000;

/// How many parts a node has, written out.
pub(super) fn parts(node: &Node) -> u64 {
    Counter { locals: Vec::new() }.node(node)
}

struct Counter {
    /// Of the values of the enclosing [`Node::Let`]s.
    locals: Vec<u64>,
}

impl Counter {
    fn node(&mut self, node: &Node) -> u64 {
        let below = match node {
            Node::Local(at, _) => self.locals.get(*at).copied().unwrap_or(0),
            Node::Constant(..) | Node::Column(..) => 0,
            Node::Call(_, operands)
            | Node::And(operands)
            | Node::Or(operands)
            | Node::Coalesce(operands, _)
            | Node::Extreme(operands, ..) => self.sum(operands.iter()),
            Node::Cast(cast) => self.node(&cast.operand),
            Node::Not(operand) | Node::IsNull(operand) | Node::IsBool(operand, _) => self.node(operand),
            Node::Distinct(sides) => self.sum([&sides.0, &sides.1].into_iter()),
            Node::Case(case) => {
                let arms = case.arms.iter().flat_map(|(when, then)| [when, then]);
                self.sum(arms.chain(&case.otherwise))
            }
            Node::Let(parts) => {
                let value = self.node(&parts.0);
                self.locals.push(value);
                let body = self.node(&parts.1);
                self.locals.pop();
                body
            }
        };
        below.saturating_add(1)
    }

    fn sum<'n>(&mut self, nodes: impl Iterator<Item = &'n Node>) -> u64 {
        nodes.fold(0, |sum, node| sum.saturating_add(self.node(node)))
    }
}
