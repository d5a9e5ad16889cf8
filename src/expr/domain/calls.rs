//! What a call may give and why it may fail, by the row of its function.

use bigdecimal::BigDecimal;

use crate::data::{Type, Value, ValueError, compare};
use crate::expr::domain::range::{Edge, Range};
use crate::expr::domain::{Domain, Failure, FailureKind, arithmetic, floats, parts, texts};
use crate::expr::function::{Context, Function, Gives, Nulls, Refusal, Refused, UNTRIED};
use crate::expr::node::Node;
use crate::expr::row;

/// So many rows are computed one by one.
pub(super) const MAX_ROWS: usize = 4096;

/// What a call with such operands may give, and why it may fail.
pub(super) fn call(function: &'static Function, operands: &[Domain]) -> (Domain, Vec<Failure>) {
    let strict = is_strict(function);
    if strict && operands.iter().any(|operand| !operand.may_be_some()) {
        return (Domain::only_null(function.result), Vec::new());
    }
    let some: Vec<Domain> = operands.iter().map(|operand| operand.clone().with_null(false)).collect();
    let with_nulls = if strict { &some } else { operands };
    let (result, failures) = match listed(function, with_nulls) {
        Some(computed) => computed,
        None => estimated(function, with_nulls),
    };
    let null = match function.nulls {
        Nulls::OfFirst => operands.first().is_some_and(Domain::may_be_null),
        Nulls::Never => false,
        _ => result.may_be_null() || operands.iter().any(Domain::may_be_null),
    };
    (result.with_null(null), failures)
}

/// Whether a null operand alone makes a call null.
pub(super) fn is_strict(function: &Function) -> bool {
    !matches!(function.nulls, Nulls::OfFirst | Nulls::Never)
}

/// Whether no part of the moment is unknown: it is not infinite, or the part is one that an infinite moment has.
fn is_never_endless(function: &Function, operands: &[Domain]) -> bool {
    let Some(moment) = operands.get(1) else { return false };
    let endless = match moment.ty() {
        Type::Date => [Value::Date(i32::MIN), Value::Date(i32::MAX)],
        Type::Timestamp => [Value::Timestamp(i64::MIN), Value::Timestamp(i64::MAX)],
        _ => [Value::TimestampTz(i64::MIN), Value::TimestampTz(i64::MAX)],
    };
    let units = operands.first().and_then(Domain::values);
    let is_unknown = |unit: &Value| function.is_unknown_of_endless(unit, moment.ty());
    !endless.iter().any(|value| moment.contains(value)) || units.is_some_and(|units| !units.iter().any(is_unknown))
}

/// The results for all operands, where these are listed.
fn listed(function: &'static Function, operands: &[Domain]) -> Option<(Domain, Vec<Failure>)> {
    if !function.immutable || operands.is_empty() {
        return None;
    }
    let lists: Vec<Vec<Value>> = operands.iter().map(every).collect::<Option<_>>()?;
    let (mut values, mut failures, mut failed) = (Vec::new(), Vec::new(), 0);
    let rows = product(&lists)?;
    for row in &rows {
        match row::apply(function, row, Context::TRIED) {
            Ok(value) => values.push(value),
            Err(error) if error.sqlstate == "0A000" || error.sqlstate == UNTRIED => return None,
            Err(error) => {
                failed += 1;
                add(&mut failures, reason(function, row, &error));
            }
        }
    }
    failures.iter_mut().for_each(|failure| failure.certain = failed == rows.len());
    Some((Domain::of_values(values, function.result), failures))
}

/// All values of a domain, null among them, where they are listed.
pub(super) fn every(domain: &Domain) -> Option<Vec<Value>> {
    let null = domain.may_be_null().then_some(Value::Null);
    Some(domain.values()?.iter().cloned().chain(null).collect())
}

/// Every choice of one value from each list, if they are not too many.
pub(super) fn product(lists: &[Vec<Value>]) -> Option<Vec<Vec<Value>>> {
    lists.iter().try_fold(1_usize, |count, list| count.checked_mul(list.len())).filter(|count| *count <= MAX_ROWS)?;
    Some(lists.iter().fold(vec![Vec::new()], |rows, list| {
        let with = |row: &Vec<Value>| {
            list.iter().map(|value| [&**row, std::slice::from_ref(value)].concat()).collect::<Vec<_>>()
        };
        rows.iter().flat_map(with).collect()
    }))
}

/// Why a function failed for these operands.
fn reason(function: &Function, operands: &[Value], error: &ValueError) -> Failure {
    let refused = function.fails.refused().iter().find(|refused| refused.concerns(operands));
    match refused {
        Some(refused) => failure(refused.what, FailureKind::Value),
        None if function.fails.overflows() => failure(&out_of_range(function.result), FailureKind::EndOfRange),
        None => failure(&error.message, FailureKind::Value),
    }
}

pub(super) fn failure(what: &str, kind: FailureKind) -> Failure {
    Failure { what: what.to_owned(), kind, certain: false }
}

pub(super) fn add(failures: &mut Vec<Failure>, failure: Failure) {
    if !failures.contains(&failure) {
        failures.push(failure);
    }
}

fn out_of_range(ty: Type) -> String {
    format!("a result beyond the range of {ty}")
}

/// What follows from what is known of the operands, none of them null if the function is strict.
fn estimated(function: &'static Function, operands: &[Domain]) -> (Domain, Vec<Failure>) {
    let ty = function.result;
    let refused = function.fails.refused().iter().filter(|refused| may_refuse(refused, operands));
    let mut failures: Vec<Failure> = refused.map(|refused| failure(refused.what, FailureKind::Value)).collect();
    let any = || Domain::of_type(ty, function.nulls == Nulls::StrictOrAbsent || may_be_unknown(function, operands));
    let (result, overflows) = match function.gives {
        Gives::Anything => (any(), true),
        Gives::Same => (operands.first().cloned().unwrap_or_else(any).retyped(ty), false),
        Gives::Now => (now(ty), false),
        Gives::Rising => (rising(function, operands).unwrap_or_else(any), true),
        Gives::Part => {
            let part = parts::part(function, operands).map(|part| part.with_null(may_be_unknown(function, operands)));
            (part.unwrap_or_else(any), true)
        }
        gives => arithmetic::arithmetic(gives, operands, ty)
            .or_else(|| texts::given(gives, operands, ty).map(|text| (text, false)))
            .or_else(|| floats::arithmetic(gives, operands, ty))
            .unwrap_or_else(|| (any(), true)),
    };
    if overflows && function.fails.overflows() {
        add(&mut failures, failure(&out_of_range(ty), FailureKind::EndOfRange));
    }
    (result, failures)
}

fn may_be_unknown(function: &Function, operands: &[Domain]) -> bool {
    function.nulls == Nulls::StrictOrEndless && !is_never_endless(function, operands)
}

/// Whether some of the operands may be refused.
fn may_refuse(refused: &Refused, operands: &[Domain]) -> bool {
    let Some(operand) = operands.get(refused.operand) else { return false };
    let zero = Domain::constant(&Value::Integer(0), operand.ty());
    let is_beyond = |most: i64| Domain::constant(&Value::BigInt(most), operand.ty());
    match refused.values {
        Refusal::Zero => operand.contains(&Value::Integer(0)),
        Refusal::Negative => operand.order(&zero) & super::values::LESS != 0,
        Refusal::NotPositive => operand.order(&zero) & (super::values::LESS | super::values::EQUAL) != 0,
        Refusal::Above(most) => operand.order(&is_beyond(most)) & super::values::GREATER != 0,
        Refusal::Such(is_refused) => operand.values().is_none_or(|values| values.iter().any(is_refused)),
        Refusal::Outside(boxes) => {
            let lies = |(operand, (low, high)): (&Domain, &(i64, i64))| {
                let range = operand.range();
                let least = range.low.is_some_and(|edge| compare(&edge.value, &Value::BigInt(*low)).is_ge());
                let most = range.high.is_some_and(|edge| compare(&edge.value, &Value::BigInt(*high)).is_le());
                (least || *low == i64::MIN) && (most || *high == i64::MAX)
            };
            !boxes.iter().any(|sides| operands[refused.operand..].iter().zip(*sides).all(lies))
        }
    }
}

/// Between this year's beginning and the end of what four digits can say.
fn now(ty: Type) -> Domain {
    let parsed = |text: &str| Value::parse(text, ty).ok().map(Edge::closed);
    let range = Range { low: parsed("2000-01-01"), high: parsed("9999-12-31"), ..Range::of_type(ty) };
    Domain::within(range, ty, false)
}

/// The values at the ends of the first operand, where the others have one value each.
fn rising(function: &'static Function, operands: &[Domain]) -> Option<Domain> {
    let (first, others) = operands.split_first()?;
    let others: Vec<Value> = others.iter().map(Domain::only).collect::<Option<_>>()?;
    let at = |edge: Option<Edge>| {
        let row: Vec<Value> = std::iter::once(edge?.value).chain(others.clone()).collect();
        row::apply(function, &row, Context::TRIED).ok().map(Edge::closed)
    };
    let range = first.range();
    let ends = Range { low: at(range.low), high: at(range.high), ..Range::of_type(function.result) };
    Some(Domain::within(ends, function.result, false))
}

pub(super) fn is_zero(value: &Value) -> bool {
    compare(value, &Value::Integer(0)).is_eq()
}

/// A term, and what is added to it.
pub(super) fn shifted(node: &Node) -> (&Node, Option<BigDecimal>) {
    let Node::Call(function, operands) = node else { return (node, None) };
    let number = |node: &Node| match node {
        Node::Constant(Value::Numeric(value), _) => Some(value.clone()),
        Node::Constant(value, _) => texts::whole(value).map(BigDecimal::from),
        _ => None,
    };
    match (function.gives, &**operands) {
        (Gives::Sum, [term, by]) if function.injective && number(by).is_some() => (term, number(by)),
        (Gives::Sum, [by, term]) if function.injective && number(by).is_some() => (term, number(by)),
        (Gives::Difference, [term, by]) if function.injective => {
            number(by).map_or((node, None), |by| (term, Some(-by)))
        }
        _ => (node, None),
    }
}
