//! From what is known of a result back to what is known of that from which it was computed.

use crate::expr::domain::calls::is_strict;
use crate::expr::domain::env::{Env, FALSE, NULL, TRUE};
use crate::expr::domain::look::Looker;
use crate::expr::domain::{Domain, arithmetic, casts, texts};
use crate::expr::function::{Function, Gives};
use crate::expr::node::{Case, Node};

impl Looker {
    /// Narrows what is known to the rows for which the node has a value of the domain.
    pub(super) fn refine<'a>(&mut self, env: &mut Env<'a>, node: &'a Node, domain: &Domain) {
        if env.impossible || !self.may_go_on() {
            return;
        }
        match node {
            Node::Column(at, _) => {
                if let Some(known) = env.inputs.get_mut(*at) {
                    *known = known.meet(domain);
                    env.impossible = known.is_nothing();
                }
            }
            Node::Local(at, _) => {
                let Some((known, origin)) = env.locals.get_mut(*at) else { return };
                *known = known.meet(domain);
                let origin = *origin;
                env.impossible = known.is_nothing();
                self.refine(env, origin, domain);
            }
            Node::Constant(value, _) => env.impossible = !domain.contains(value),
            _ => {
                env.learn(node, domain);
                self.refine_parts(env, node, domain);
            }
        }
    }

    fn refine_parts<'a>(&mut self, env: &mut Env<'a>, node: &'a Node, domain: &Domain) {
        match node {
            Node::Cast(cast) => {
                let from = cast.operand.ty();
                self.refine(env, &cast.operand, &casts::back(domain, from, cast));
            }
            Node::Call(function, operands) => self.refine_call(env, function, operands, domain),
            Node::Coalesce(operands, ty) => {
                let fits = |looker: &mut Self, env: &Env<'a>, node| {
                    let value = looker.peek(node, env);
                    !value.with_null(false).meet(domain).is_nothing()
                };
                let (Some((first, rest)), false) = (operands.split_first(), domain.may_be_null()) else {
                    if !domain.may_be_some() {
                        operands.iter().for_each(|operand| self.refine(env, operand, &Domain::only_null(*ty)));
                    }
                    return;
                };
                if !rest.iter().any(|node| fits(self, env, node)) {
                    self.refine(env, first, domain);
                }
            }
            Node::Case(case) => self.refine_case(env, case, domain),
            Node::Extreme(operands, _, ty) if !domain.may_be_some() => {
                operands.iter().for_each(|operand| self.refine(env, operand, &Domain::only_null(*ty)));
            }
            Node::Not(_) | Node::And(_) | Node::Or(_) | Node::IsNull(_) | Node::IsBool(..) | Node::Distinct(_) => {
                self.assume(env, node, super::env::outcomes(domain));
            }
            _ => {}
        }
    }

    fn refine_call<'a>(&mut self, env: &mut Env<'a>, function: &Function, operands: &'a [Node], domain: &Domain) {
        if !is_strict(function) {
            return;
        }
        if !domain.may_be_null() {
            for operand in operands {
                self.refine(env, operand, &Domain::of_type(operand.ty(), false));
            }
        } else if !domain.may_be_some() && function.nulls == crate::expr::Nulls::Strict {
            let nullable: Vec<&Node> =
                operands.iter().filter(|operand| self.peek(operand, env).may_be_null()).collect();
            match *nullable {
                [only] => self.refine(env, only, &Domain::only_null(only.ty())),
                [] => env.impossible = true,
                _ => {}
            }
        }
        match (function.gives, operands) {
            (Gives::Length, [operand]) => self.refine(env, operand, &texts::of_length(domain, operand.ty())),
            // What it was cut from is no shorter.
            (Gives::Piece, [operand, ..]) if operand.ty().is_text() && domain.may_be_some() => {
                let longer = texts::sized((domain.length().0, None), operand.ty()).with_null(domain.may_be_null());
                self.refine(env, operand, &longer);
            }
            (Gives::Magnitude, [operand]) if domain.may_be_some() => {
                if let Some(within) = arithmetic::within_magnitude(domain, operand.ty()) {
                    self.refine(env, operand, &within);
                }
            }
            _ => {}
        }
    }

    /// Where only one arm can give such a value, that arm was taken.
    fn refine_case<'a>(&mut self, env: &mut Env<'a>, case: &'a Case, domain: &Domain) {
        let mut rest = env.clone();
        let mut taken: Option<(Env<'a>, Option<&'a Node>)> = None;
        let arms = case.arms.iter().map(|(when, then)| (Some(when), Some(then)));
        for (when, then) in arms.chain([(None, case.otherwise.as_ref())]) {
            let mut here = rest.clone();
            if let Some(when) = when {
                self.assume(&mut here, when, TRUE);
                self.assume(&mut rest, when, FALSE | NULL);
            }
            let value = then.map_or_else(|| Domain::only_null(case.ty), |then| self.peek(then, &here));
            if here.impossible || value.meet(domain).is_nothing() {
                continue;
            }
            if taken.is_some() {
                return;
            }
            taken = Some((here, then));
        }
        let Some((here, then)) = taken else {
            env.impossible = true;
            return;
        };
        *env = here;
        if let Some(then) = then {
            self.refine(env, then, domain);
        }
    }
}
