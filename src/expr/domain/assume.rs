//! What follows for the rows for which a condition has a certain outcome.

use crate::expr::domain::env::{ANY_ORDER, Env, FALSE, NULL, TRUE, mirrored, of_outcomes, outcomes};
use crate::expr::domain::look::{Looker, swapped, wanted};
use crate::expr::domain::values::EQUAL;
use crate::expr::domain::{Domain, values};
use crate::expr::function::Gives;
use crate::expr::node::Node;

/// So many alternatives of an `or` are gone through one by one.
const MAX_ALTERNATIVES: usize = 64;
/// So many alternatives are gone through again once more is known.
const MAX_OPEN_ALTERNATIVES: usize = 8;

impl Looker {
    /// Looks what follows from conditions that one thing or another meets, now that more is known. While it does so it is
    /// not asked again.
    pub(super) fn settle(&mut self, env: &mut Env<'_>) {
        if self.settling {
            return;
        }
        self.settling = true;
        for (condition, outcome) in env.open.clone() {
            self.assume_again(env, condition, outcome);
        }
        self.settling = false;
    }

    /// Assumes a condition that was assumed before, as more follows from it once more is known.
    pub(super) fn assume_again<'a>(&mut self, env: &mut Env<'a>, condition: &'a Node, outcome: u8) {
        let again = std::mem::replace(&mut self.again, true);
        self.assume(env, condition, outcome);
        self.again = again;
    }

    /// Narrows what is known to the rows for which the condition has one of these outcomes.
    pub(super) fn assume<'a>(&mut self, env: &mut Env<'a>, condition: &'a Node, outcome: u8) {
        if env.impossible || !self.may_go_on() {
            return;
        }
        let possible = outcomes(&self.peek(condition, env));
        let outcome = possible & outcome;
        if outcome == 0 {
            env.impossible = true;
        }
        let is_known = outcome == possible && !self.again;
        if is_known || outcome == TRUE | FALSE | NULL || env.impossible {
            return;
        }
        env.learn(condition, &of_outcomes(outcome));
        match condition {
            Node::Column(..) | Node::Local(..) | Node::Case(_) | Node::Coalesce(..) => {
                self.refine(env, condition, &of_outcomes(outcome));
            }
            Node::Not(operand) => self.assume(env, operand, swapped(outcome)),
            Node::And(operands) => self.assume_junction(env, (condition, operands), FALSE, outcome),
            Node::Or(operands) => self.assume_junction(env, (condition, operands), TRUE, outcome),
            Node::IsNull(operand) if outcome == TRUE => self.refine(env, operand, &Domain::only_null(operand.ty())),
            Node::IsNull(operand) if outcome == FALSE => {
                self.refine(env, operand, &Domain::of_type(operand.ty(), false));
            }
            Node::IsBool(operand, expected) if outcome == TRUE || outcome == FALSE => {
                let wanted = wanted(*expected);
                self.assume(env, operand, if outcome == TRUE { wanted } else { TRUE + FALSE + NULL - wanted });
            }
            Node::Distinct(sides) if outcome == TRUE || outcome == FALSE => {
                self.assume_distinct(env, &sides.0, &sides.1, outcome);
            }
            Node::Call(function, operands) => match (function.gives, &**operands) {
                (Gives::Compared(orders), [left, right]) => self.assume_compared(env, (left, right), orders, outcome),
                _ => self.refine(env, condition, &of_outcomes(outcome)),
            },
            Node::Let(parts) => {
                let value = self.peek(&parts.0, env);
                env.enter(value, &parts.0);
                self.assume(env, &parts.1, outcome);
                env.leave();
            }
            _ => {}
        }
    }

    /// `and` (which stops at false) or `or` (which stops at true).
    fn assume_junction<'a>(
        &mut self,
        env: &mut Env<'a>,
        (junction, operands): (&'a Node, &'a [Node]),
        stop: u8,
        outcome: u8,
    ) {
        let go = TRUE + FALSE - stop;
        if outcome & stop == 0 {
            for operand in operands {
                self.assume(env, operand, if outcome == go { go } else { go | NULL });
            }
            return;
        }
        if operands.len() > MAX_ALTERNATIVES {
            return;
        }
        let mut joined: Option<Env<'a>> = None;
        let mut add = |one: Env<'a>| {
            joined = Some(match joined.take() {
                Some(known) => known.or(one),
                None => one,
            });
        };
        for operand in operands {
            let mut one = env.clone();
            self.assume(&mut one, operand, outcome & (stop | NULL));
            add(one);
        }
        if outcome & go != 0 {
            let mut one = env.clone();
            for operand in operands {
                self.assume(&mut one, operand, go);
            }
            add(one);
        }
        if let Some(joined) = joined {
            *env = joined;
        }
        if operands.len() <= MAX_OPEN_ALTERNATIVES {
            env.keep_open(junction, outcome);
        }
    }

    fn assume_distinct<'a>(&mut self, env: &mut Env<'a>, left: &'a Node, right: &'a Node, outcome: u8) {
        let (one, other) = (self.peek(left, env), self.peek(right, env));
        if outcome == FALSE {
            let null = one.may_be_null() && other.may_be_null();
            let (left_value, right_value) = (one.limited(EQUAL, &other), other.limited(EQUAL, &one));
            self.refine(env, left, &left_value.with_null(null));
            self.refine(env, right, &right_value.with_null(null));
            env.learn_order(left, right, EQUAL);
            return;
        }
        env.learn_order(left, right, ANY_ORDER - EQUAL);
        for (node, domain, other) in [(left, &one, &other), (right, &other, &one)] {
            if !other.may_be_some() {
                self.refine(env, node, &domain.clone().with_null(false));
            } else if !other.may_be_null() {
                self.refine(env, node, &domain.limited(ANY_ORDER - EQUAL, other));
            }
        }
    }

    /// A comparison that is true for some orders.
    fn assume_compared<'a>(&mut self, env: &mut Env<'a>, (left, right): (&'a Node, &'a Node), orders: u8, outcome: u8) {
        let (one, other) = (self.peek(left, env), self.peek(right, env));
        let may_be_null = outcome & NULL != 0;
        let orders = match outcome & (TRUE | FALSE) {
            TRUE => orders,
            FALSE => ANY_ORDER - orders,
            _ => ANY_ORDER,
        };
        if outcome == NULL {
            if !other.may_be_null() {
                self.refine(env, left, &Domain::only_null(left.ty()));
            } else if !one.may_be_null() {
                self.refine(env, right, &Domain::only_null(right.ty()));
            }
            return;
        }
        env.learn_order(left, right, orders);
        if env.is_same(left, right) {
            // Where they must differ, they are null.
            if orders & values::EQUAL == 0 {
                self.refine(env, left, &Domain::only_null(left.ty()));
            } else if !may_be_null {
                self.refine(env, left, &one.with_null(false));
            }
            return;
        }
        if !may_be_null || !other.may_be_null() {
            let narrowed = one.limited(orders, &other);
            let null = may_be_null && one.may_be_null();
            self.refine(env, left, &narrowed.with_null(null));
        }
        if !may_be_null || !one.may_be_null() {
            let narrowed = other.limited(mirrored(orders), &one);
            let null = may_be_null && other.may_be_null();
            self.refine(env, right, &narrowed.with_null(null));
        }
    }
}
