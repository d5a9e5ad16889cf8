//! Goes through an expression.

use crate::data::Type;
use crate::expr::Expression;
use crate::expr::domain::env::{ANY_ORDER, Env, FALSE, NULL, TRUE, of_outcomes, outcomes};
use crate::expr::domain::exact::Computed;
use crate::expr::domain::row::{Outcome, RowDomains};
use crate::expr::domain::values::{EQUAL, GREATER, LESS};
use crate::expr::domain::{Domain, Failure, FailureKind, Outlook, arithmetic, calls, casts, exact};
use crate::expr::function::{Function, Gives};
use crate::expr::node::{Case, Cast, Extreme, Node};

/// So many nodes are looked at; what is beyond is taken to have any value, and to fail if it can.
const MAX_STEPS: u32 = 20_000;
/// An expression is followed so deep.
const MAX_DEPTH: u32 = 48;

/// What an expression may give for the rows that are described.
pub(super) fn outlook(expression: &Expression, row: &RowDomains) -> Outlook {
    let mut names = expression.inputs().to_vec();
    let mut types: Vec<Type> = (0..names.len()).map(|at| expression.input_type(at)).collect();
    let mut conditions = Vec::with_capacity(row.conditions.len());
    for (condition, outcome) in &row.conditions {
        let numbers: Vec<usize> = (0..condition.inputs().len())
            .map(|at| {
                let name = &condition.inputs()[at];
                names.iter().position(|known| known == name).unwrap_or_else(|| {
                    names.push(name.clone());
                    types.push(condition.input_type(at));
                    names.len() - 1
                })
            })
            .collect();
        let node = condition.0.node.mapped(&|at, ty| Node::Column(numbers[at], ty), 0);
        conditions.push((node, *outcome));
    }
    let any = |(name, ty)| row.domain(name).cloned().unwrap_or_else(|| Domain::of_type(ty, true));
    let mut env = Env::new(names.iter().map(|name| &**name).zip(types).map(any).collect());
    let mut looker = Looker::default();
    // A condition may narrow what an earlier one compares with.
    let outcomes =
        conditions.iter().map(|(node, outcome)| (node, if *outcome == Outcome::True { TRUE } else { TRUE | NULL }));
    outcomes.clone().for_each(|(condition, outcome)| looker.assume(&mut env, condition, outcome));
    outcomes.for_each(|(condition, outcome)| looker.assume_again(&mut env, condition, outcome));
    if env.impossible {
        return Outlook { result: Domain::nothing(expression.ty()), failures: Vec::new() };
    }
    let computed = exact::compute(expression, &env, &conditions);
    looker.failures.clear();
    let mut looked = || looker.look(&expression.0.node, &env).retyped(expression.ty());
    match computed {
        None => {
            let result = looked();
            Outlook { result, failures: looker.failures }
        }
        Some(Computed { result, fault: None }) => Outlook { result, failures: Vec::new() },
        Some(Computed { result, fault: Some((error, certain)) }) => {
            looked();
            let mut failures = looker.failures;
            if failures.is_empty() {
                failures.push(calls::failure(&error.message, FailureKind::Value));
            }
            failures.iter_mut().for_each(|failure| failure.certain = certain);
            Outlook { result, failures }
        }
    }
}

/// Goes through an expression, and notes why it may fail.
#[derive(Default)]
pub(super) struct Looker {
    pub failures: Vec<Failure>,
    /// Failures are not noted while it is above 0.
    quiet: u32,
    steps: u32,
    depth: u32,
    /// What is assumed was assumed before: it is gone through, whether or not it is known.
    pub(super) again: bool,
    /// Conditions that are open are gone through.
    pub(super) settling: bool,
}

impl Looker {
    /// The value that a node may have; why it may fail is not noted.
    pub(super) fn peek<'a>(&mut self, node: &'a Node, env: &Env<'a>) -> Domain {
        self.quiet += 1;
        let again = std::mem::replace(&mut self.again, false);
        let domain = self.look(node, env);
        self.again = again;
        self.quiet -= 1;
        domain
    }

    /// The value that a node may have; why it may fail is noted.
    pub(super) fn look<'a>(&mut self, node: &'a Node, env: &Env<'a>) -> Domain {
        if env.impossible {
            return Domain::nothing(node.ty());
        }
        if !self.may_go_on() {
            self.give_up(node);
            return Domain::of_type(node.ty(), true);
        }
        self.depth += 1;
        let domain = self.node(node, env);
        self.depth -= 1;
        match env.term(node) {
            Some(known) => domain.meet(known),
            None => domain,
        }
    }

    /// Counts a step; whether it may be taken.
    pub(super) fn may_go_on(&mut self) -> bool {
        self.steps += 1;
        self.steps <= MAX_STEPS && self.depth < MAX_DEPTH
    }

    fn give_up(&mut self, node: &Node) {
        let may_fail = |node: &Node| match node {
            Node::Cast(_) => true,
            Node::Call(function, _) => function.fails != crate::expr::Fails::Never,
            _ => false,
        };
        if self.quiet == 0 && node.any(&may_fail) {
            self.note(Failure {
                what: "something in an expression that is too large to be followed".into(),
                kind: FailureKind::Value,
                certain: false,
            });
        }
    }

    fn note(&mut self, failure: Failure) {
        if self.quiet == 0 && !self.failures.iter().any(|known| known.what == failure.what) {
            self.failures.push(failure);
        }
    }

    fn node<'a>(&mut self, node: &'a Node, env: &Env<'a>) -> Domain {
        match node {
            Node::Constant(value, ty) => Domain::constant(value, *ty),
            Node::Column(at, ty) => env.inputs.get(*at).cloned().unwrap_or_else(|| Domain::of_type(*ty, true)),
            Node::Local(at, ty) => {
                env.locals.get(*at).map_or_else(|| Domain::of_type(*ty, true), |(domain, _)| domain.clone())
            }
            Node::Call(function, operands) => self.call(function, operands, env),
            Node::Cast(cast) => self.cast(cast, env),
            Node::Not(operand) => {
                let of = outcomes(&self.look(operand, env));
                of_outcomes(swapped(of))
            }
            Node::And(operands) => of_outcomes(self.junction(operands, FALSE, env)),
            Node::Or(operands) => of_outcomes(self.junction(operands, TRUE, env)),
            Node::IsNull(operand) => {
                let domain = self.look(operand, env);
                let of = |holds: bool, bit: u8| if holds { bit } else { 0 };
                of_outcomes(of(domain.may_be_null(), TRUE) | of(domain.may_be_some(), FALSE))
            }
            Node::IsBool(operand, expected) => {
                let of = outcomes(&self.look(operand, env));
                let wanted = wanted(*expected);
                let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
                of_outcomes(bit(of & wanted != 0, TRUE) | bit(of & !wanted != 0, FALSE))
            }
            Node::Distinct(sides) => self.distinct(&sides.0, &sides.1, env),
            Node::Case(case) => self.case(case, env),
            Node::Coalesce(operands, ty) => self.coalesce(operands, *ty, env),
            Node::Extreme(operands, which, ty) => self.extreme(operands, *which, *ty, env),
            Node::Let(parts) => {
                let mut inner = env.clone();
                let value = self.look(&parts.0, env);
                inner.impossible |= value.is_nothing();
                inner.enter(value, &parts.0);
                self.look(&parts.1, &inner)
            }
        }
    }

    fn call<'a>(&mut self, function: &'static Function, operands: &'a [Node], env: &Env<'a>) -> Domain {
        let domains: Vec<Domain> = operands.iter().map(|operand| self.look(operand, env)).collect();
        if domains.iter().any(Domain::is_nothing) {
            return Domain::nothing(function.result);
        }
        if let (Gives::Compared(orders), [left, right], [one, other]) = (function.gives, operands, &*domains) {
            let known = env.known_order(left, right) & distance(left, right, env);
            return compared(orders, one.order(other) & known, one.may_be_null() || other.may_be_null());
        }
        let (result, failures) = calls::call(function, &domains);
        for failure in failures {
            self.note(failure);
        }
        match fraction(function, operands, &domains, env) {
            Some(fraction) => result.meet(&fraction.with_null(true)),
            None => result,
        }
    }

    fn cast<'a>(&mut self, cast: &'a Cast, env: &Env<'a>) -> Domain {
        if let Node::Cast(inner) = env.origin(&cast.operand)
            && casts::comes_back(inner.operand.ty(), inner.to, cast.to)
        {
            self.look(&cast.operand, env);
            return self.peek(&inner.operand, env);
        }
        let operand = self.look(&cast.operand, env);
        let (result, failure) = casts::cast(&operand, cast);
        if let Some(failure) = failure {
            self.note(failure);
        }
        result
    }

    /// The outcomes of `and` (which stops at false) or `or` (which stops at true): an operand is computed where none
    /// before it stopped.
    fn junction<'a>(&mut self, operands: &'a [Node], stop: u8, env: &Env<'a>) -> u8 {
        let go = TRUE + FALSE - stop;
        // The rows for which all operands so far gave `go`, and those for which some was null.
        let (mut all, mut some_null): (Env<'a>, Option<Env<'a>>) = (env.clone(), None);
        let mut possible = 0;
        for operand in operands {
            let mut nulls = None;
            let of = outcomes(&self.look(operand, &all));
            possible |= of & stop;
            if of & NULL != 0 {
                let mut env = all.clone();
                self.assume(&mut env, operand, NULL);
                nulls = Some(env);
            }
            if let Some(mut env) = some_null.take() {
                possible |= outcomes(&self.look(operand, &env)) & stop;
                self.assume(&mut env, operand, go | NULL);
                nulls = Some(match nulls {
                    Some(other) => other.or(env),
                    None => env,
                });
            }
            if of & go == 0 {
                all.impossible = true;
            } else {
                self.assume(&mut all, operand, go);
            }
            some_null = nulls.filter(|env| !env.impossible);
            if all.impossible && some_null.is_none() {
                return possible;
            }
        }
        possible | if all.impossible { 0 } else { go } | if some_null.is_some() { NULL } else { 0 }
    }

    fn distinct<'a>(&mut self, left: &'a Node, right: &'a Node, env: &Env<'a>) -> Domain {
        let (one, other) = (self.look(left, env), self.look(right, env));
        if env.is_same(left, right) {
            return of_outcomes(FALSE);
        }
        let orders = one.order(&other) & env.known_order(left, right);
        let (nulls, some) = (one.may_be_null() && other.may_be_null(), orders & EQUAL != 0);
        let one_null = (one.may_be_null() && other.may_be_some()) || (one.may_be_some() && other.may_be_null());
        let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
        of_outcomes(bit(nulls || some, FALSE) | bit(one_null || orders & (LESS | GREATER) != 0, TRUE))
    }

    fn case<'a>(&mut self, case: &'a Case, env: &Env<'a>) -> Domain {
        let mut result = Domain::nothing(case.ty);
        let mut rest = env.clone();
        for (when, then) in &case.arms {
            let of = outcomes(&self.look(when, &rest));
            if of & TRUE != 0 {
                let mut taken = rest.clone();
                self.assume(&mut taken, when, TRUE);
                self.settle(&mut taken);
                result = result.join(&self.look(then, &taken));
            }
            self.assume(&mut rest, when, FALSE | NULL);
            self.settle(&mut rest);
            if rest.impossible {
                return result;
            }
        }
        match &case.otherwise {
            Some(otherwise) => result.join(&self.look(otherwise, &rest)),
            None => result.join(&Domain::only_null(case.ty)),
        }
    }

    fn coalesce<'a>(&mut self, operands: &'a [Node], ty: Type, env: &Env<'a>) -> Domain {
        let mut result = Domain::nothing(ty);
        let mut rest = env.clone();
        for operand in operands {
            let domain = self.look(operand, &rest);
            result = result.join(&domain.clone().with_null(false));
            if !domain.may_be_null() {
                return result;
            }
            self.refine(&mut rest, operand, &Domain::only_null(operand.ty()));
            self.settle(&mut rest);
            if rest.impossible {
                return result;
            }
        }
        result.with_null(true)
    }

    /// The greatest is no less than any of those that are not null.
    fn extreme<'a>(&mut self, operands: &'a [Node], which: Extreme, ty: Type, env: &Env<'a>) -> Domain {
        let domains: Vec<Domain> = operands.iter().map(|operand| self.look(operand, env)).collect();
        let all = domains.iter().fold(Domain::nothing(ty), |all, domain| all.join(domain));
        let orders = if which == Extreme::Greatest { GREATER | EQUAL } else { LESS | EQUAL };
        let sure = domains.iter().filter(|domain| !domain.may_be_null());
        let null = domains.iter().all(Domain::may_be_null);
        sure.fold(all.with_null(null), |all, domain| all.limited(orders, domain))
    }
}

/// The outcome that `is true`, `is false` and `is unknown` ask for.
pub(super) fn wanted(expected: Option<bool>) -> u8 {
    match expected {
        Some(true) => TRUE,
        Some(false) => FALSE,
        None => NULL,
    }
}

/// True for false, and false for true.
pub(super) fn swapped(outcomes: u8) -> u8 {
    let to = |from: u8, to: u8| if outcomes & from != 0 { to } else { 0 };
    to(TRUE, FALSE) | to(FALSE, TRUE) | (outcomes & NULL)
}

/// The outcomes of a comparison that is true for some orders.
fn compared(orders: u8, possible: u8, null: bool) -> Domain {
    let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
    of_outcomes(bit(possible & orders != 0, TRUE) | bit(possible & !orders != 0, FALSE) | bit(null, NULL))
}

/// What a difference is of a number and of the whole number next to it.
fn fraction<'a>(function: &Function, operands: &'a [Node], domains: &[Domain], env: &Env<'a>) -> Option<Domain> {
    let ([left, right], Gives::Difference) = (operands, function.gives) else { return None };
    let whole_of = |node: &'a Node, other: &'a Node| match env.origin(node) {
        Node::Call(whole, given) => {
            let [operand] = &**given else { return None };
            env.is_same(operand, other).then_some(whole.name)
        }
        _ => None,
    };
    match (whole_of(right, left), whole_of(left, right)) {
        (Some(whole), _) => arithmetic::fraction(whole, domains.first()?, false),
        (_, Some(whole)) => arithmetic::fraction(whole, domains.get(1)?, true),
        _ => None,
    }
}

/// How two terms stand to each other that are one term, with something added or not.
fn distance<'a>(left: &'a Node, right: &'a Node, env: &Env<'a>) -> u8 {
    let ((one, by), (other, by_other)) = (calls::shifted(env.origin(left)), calls::shifted(env.origin(right)));
    if !env.is_same(one, other) || (by.is_none() && by_other.is_none()) {
        return ANY_ORDER;
    }
    match by.unwrap_or_default().cmp(&by_other.unwrap_or_default()) {
        std::cmp::Ordering::Less => LESS,
        std::cmp::Ordering::Equal => EQUAL,
        std::cmp::Ordering::Greater => GREATER,
    }
}
