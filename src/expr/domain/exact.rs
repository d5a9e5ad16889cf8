//! An expression computed for each of few rows.

use crate::data::{Value, ValueError};
use crate::expr::Expression;
use crate::expr::domain::env::Env;
use crate::expr::domain::row::Outcome;
use crate::expr::domain::{Domain, calls};
use crate::expr::function::Context;
use crate::expr::node::Node;
use crate::expr::row::RowScope;

/// What an expression gives for each row, where all its inputs have listed values.
pub(super) fn compute(expression: &Expression, env: &Env<'_>, conditions: &[(Node, Outcome)]) -> Option<Computed> {
    let count = expression.inputs().len();
    if count == 0 || !expression.is_immutable() {
        return None;
    }
    let lists: Vec<Vec<Value>> = env.inputs[..count].iter().map(calls::every).collect::<Option<_>>()?;
    let mut rows = calls::product(&lists)?;
    for (condition, outcome) in conditions {
        let is_beside = |node: &Node| match node {
            Node::Column(at, _) => *at >= count,
            Node::Call(function, _) => !function.immutable,
            _ => false,
        };
        if !condition.any(&is_beside) {
            rows.retain(|row| has_outcome(condition, *outcome, row));
        }
    }
    let (mut values, mut fault) = (Vec::new(), None);
    for row in &rows {
        match expression.tried(row)? {
            Ok(value) => values.push(value),
            Err(error) if error.sqlstate == "0A000" => return None,
            Err(error) => fault = Some(error),
        }
    }
    let certain = values.is_empty();
    Some(Computed { result: Domain::of_values(values, expression.ty()), fault: fault.map(|error| (error, certain)) })
}

/// What an expression gave, and an error for some or all rows.
pub(super) struct Computed {
    pub result: Domain,
    pub fault: Option<(ValueError, bool)>,
}

fn has_outcome(condition: &Node, outcome: Outcome, row: &[Value]) -> bool {
    let value = RowScope::new(row, Context::TRIED).value(condition);
    match value {
        Ok(Value::Boolean(truth)) => truth,
        Ok(_) => outcome == Outcome::NotFalse,
        Err(_) => true,
    }
}
