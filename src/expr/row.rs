//! Evaluation of one row: the meaning that work on whole batches must match.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::data::{Value, ValueError, compare};
use crate::expr::cast;
use crate::expr::function::{Context, Function};
use crate::expr::node::{Case, Extreme, Node};

/// One row's inputs, and the values computed for [`Node::Let`] so far.
pub(super) struct RowScope<'a> {
    inputs: &'a [Value],
    locals: Vec<Value>,
    context: Context,
}

impl<'a> RowScope<'a> {
    pub(super) fn new(inputs: &'a [Value], context: Context) -> Self {
        Self { inputs, locals: Vec::new(), context }
    }

    pub(super) fn value(&mut self, node: &Node) -> Result<Value, ValueError> {
        Ok(match node {
            Node::Constant(value, _) => value.clone(),
            Node::Column(at, _) => self.inputs.get(*at).cloned().unwrap_or(Value::Null),
            Node::Local(at, _) => self.locals.get(*at).cloned().unwrap_or(Value::Null),
            Node::Call(function, operands) => {
                let operands = operands.iter().map(|operand| self.value(operand)).collect::<Result<Vec<_>, _>>()?;
                apply(function, &operands, self.context)?
            }
            Node::Cast(cast) => cast::convert(self.value(&cast.operand)?, cast.to, cast.explicit)?,
            Node::Not(operand) => truth_value(self.truth(operand)?.map(|truth| !truth)),
            Node::And(operands) => truth_value(self.until(operands, false)?),
            Node::Or(operands) => truth_value(self.until(operands, true)?),
            Node::IsNull(operand) => Value::Boolean(self.value(operand)?.is_null()),
            Node::IsBool(operand, expected) => Value::Boolean(self.truth(operand)? == *expected),
            Node::Distinct(sides) => Value::Boolean(distinct(&self.value(&sides.0)?, &self.value(&sides.1)?)),
            Node::Case(case) => self.case(case)?,
            Node::Coalesce(operands, _) => self.first_known(operands)?,
            Node::Extreme(operands, which, _) => {
                let operands = operands.iter().map(|operand| self.value(operand)).collect::<Result<Vec<_>, _>>()?;
                extreme(operands, *which)
            }
            Node::Let(parts) => {
                let local = self.value(&parts.0)?;
                self.locals.push(local);
                let result = self.value(&parts.1);
                self.locals.pop();
                result?
            }
        })
    }

    fn truth(&mut self, node: &Node) -> Result<Option<bool>, ValueError> {
        Ok(truth(&self.value(node)?))
    }

    /// The outcome of `and` (stops at false) or `or` (stops at true).
    fn until(&mut self, operands: &[Node], stop: bool) -> Result<Option<bool>, ValueError> {
        let mut outcome = Some(!stop);
        for operand in operands {
            match self.truth(operand)? {
                Some(truth) if truth == stop => return Ok(Some(stop)),
                Some(_) => {}
                None => outcome = None,
            }
        }
        Ok(outcome)
    }

    fn case(&mut self, case: &Case) -> Result<Value, ValueError> {
        for (when, then) in &case.arms {
            if self.truth(when)? == Some(true) {
                return self.value(then);
            }
        }
        case.otherwise.as_ref().map_or(Ok(Value::Null), |otherwise| self.value(otherwise))
    }

    fn first_known(&mut self, operands: &[Node]) -> Result<Value, ValueError> {
        for operand in operands {
            let value = self.value(operand)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        Ok(Value::Null)
    }
}

/// Calls a function, or not if it is strict and an operand is null.
pub(super) fn apply(function: &Function, operands: &[Value], context: Context) -> Result<Value, ValueError> {
    if function.is_strict() && operands.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let value = function.compute.map_or(Ok(Value::Null), |compute| compute(operands, context))?;
    if let Value::Text(text) | Value::Json(text) = &value {
        context.allows(Some(text.len()))?;
    }
    Ok(value)
}

/// True, false, or unknown.
pub(super) fn truth(value: &Value) -> Option<bool> {
    if let Value::Boolean(truth) = value { Some(*truth) } else { None }
}

pub(super) fn truth_value(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Boolean)
}

/// `a is distinct from b`
pub(super) fn distinct(a: &Value, b: &Value) -> bool {
    compare(a, b).is_ne()
}

/// The greatest or least value that is not null; of equal ones the first.
pub(super) fn extreme(values: Vec<Value>, which: Extreme) -> Value {
    let better = if which == Extreme::Greatest { Ordering::Greater } else { Ordering::Less };
    let known = values.into_iter().filter(|value| !value.is_null());
    known.reduce(|best, next| if compare(&next, &best) == better { next } else { best }).unwrap_or(Value::Null)
}

/// A value as the text that a function for text sees.
pub(super) fn text_form(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) | Value::Json(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
