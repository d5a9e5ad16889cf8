//! From a written expression to a typed one: PostgreSQL's choice of types, operators and functions.

use crate::ast::{self, BinaryOp, CaseExpr, ExprKind, Literal, Name, UnaryOp};
use crate::data::{Type, Value, numeric};
use crate::diagnostic::Diagnostic;
use crate::expr::coercion::{Strength, common_type, select, strength};
use crate::expr::function::{Form, Function, Param, Spelling};
use crate::expr::functions::steps;
use crate::expr::node::{Case, Cast, Extreme, Node};
use crate::expr::operand::Operand;
use crate::expr::{Scope, registry, type_errors};
use crate::source::Span;

pub(super) type Resolved<T> = Result<T, Box<Diagnostic>>;

/// Gives types to one expression, and numbers its inputs on the way.
pub(super) struct Resolver<'a> {
    scope: &'a dyn Scope,
    pub(super) inputs: Vec<Name>,
    locals: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(scope: &'a dyn Scope) -> Self {
        Self { scope, inputs: Vec::new(), locals: 0 }
    }

    pub(super) fn resolve(&mut self, expr: &ast::Expr) -> Resolved<Operand> {
        let node = match &expr.kind {
            ExprKind::Literal(literal) => literal_node(literal, expr.span)?,
            ExprKind::Column(column) => return self.column(column),
            ExprKind::Unary(UnaryOp::Not, operand) => Node::Not(Box::new(self.condition(operand)?)),
            ExprKind::Unary(op, operand) => {
                let operand = self.resolve(operand)?;
                let symbol = if *op == UnaryOp::Minus { "-" } else { "+" };
                operator(symbol, vec![operand], expr.span)?
            }
            ExprKind::Binary(op, sides) => {
                let (left, right) = (self.resolve(&sides.0)?, self.resolve(&sides.1)?);
                binary(*op, left, right, expr.span)?
            }
            ExprKind::And(operands) => Node::And(self.conditions(operands)?),
            ExprKind::Or(operands) => Node::Or(self.conditions(operands)?),
            ExprKind::IsNull { operand, negated } => {
                negated_if(*negated, Node::IsNull(Box::new(self.resolve(operand)?.node)))
            }
            ExprKind::IsBool { operand, value, negated } => {
                negated_if(*negated, Node::IsBool(Box::new(self.condition(operand)?), *value))
            }
            ExprKind::Between { operands, negated } => negated_if(*negated, self.between(operands, expr.span)?),
            ExprKind::In(list) => negated_if(list.negated, self.in_list(&list.operands, expr.span)?),
            ExprKind::Case(case) => self.case(case, expr.span)?,
            ExprKind::Cast(cast) => {
                let operand = self.resolve(&cast.0)?;
                coerce(operand, cast.1.ty, Strength::Explicit)?
            }
            ExprKind::Call(call) => self.call(&call.0, &call.1, expr.span)?,
        };
        Ok(Operand::new(node, expr.span))
    }

    fn column(&mut self, column: &ast::ColumnRef) -> Resolved<Operand> {
        let (name, ty) = self.scope.column(column)?;
        let at = self.inputs.iter().position(|input| *input == name).unwrap_or_else(|| {
            self.inputs.push(name.clone());
            self.inputs.len() - 1
        });
        Ok(Operand { node: Node::Column(at, ty), span: column.span(), column: Some(column.column.name.clone()) })
    }

    fn condition(&mut self, expr: &ast::Expr) -> Resolved<Node> {
        coerce_condition(self.resolve(expr)?)
    }

    fn conditions(&mut self, exprs: &[ast::Expr]) -> Resolved<Box<[Node]>> {
        exprs.iter().map(|expr| self.condition(expr)).collect()
    }

    fn all(&mut self, exprs: &[ast::Expr]) -> Resolved<Vec<Operand>> {
        exprs.iter().map(|expr| self.resolve(expr)).collect()
    }

    /// Resolves `body` with the operand computed once; it gets the operand as often as it likes.
    fn once(&mut self, operand: Operand, body: impl FnOnce(&mut Self, Operand) -> Resolved<Node>) -> Resolved<Node> {
        if matches!(operand.node, Node::Constant(..) | Node::Column(..) | Node::Local(..)) {
            return body(self, operand);
        }
        let local = Operand { node: Node::Local(self.locals, operand.ty()), ..operand.clone() };
        self.locals += 1;
        let body = body(self, local);
        self.locals -= 1;
        Ok(Node::Let(Box::new((operand.node, body?))))
    }

    fn between(&mut self, operands: &[ast::Expr; 3], span: Span) -> Resolved<Node> {
        let [operand, low, high] = operands;
        let operand = self.resolve(operand)?;
        self.once(operand, |resolver, operand| {
            let (low, high) = (resolver.resolve(low)?, resolver.resolve(high)?);
            let above = operator(">=", vec![operand.clone(), low], span)?;
            let below = operator("<=", vec![operand, high], span)?;
            Ok(Node::And([above, below].into()))
        })
    }

    /// Items without columns are brought to one type with the operand, as PostgreSQL does it; others are compared one
    /// by one.
    fn in_list(&mut self, operands: &[ast::Expr], span: Span) -> Resolved<Node> {
        let Some((operand, items)) = operands.split_first() else {
            return Ok(Node::Constant(Value::Null, Type::Boolean));
        };
        let operand = self.resolve(operand)?;
        self.once(operand, |resolver, operand| {
            let items = resolver.all(items)?;
            let (fixed, varying): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| !reads_columns(&item.node));
            let types: Vec<Type> = std::iter::once(operand.ty()).chain(fixed.iter().map(Operand::ty)).collect();
            let shared = if fixed.len() > 1 { common_type(&types).ok() } else { None };
            let mut tests = Vec::with_capacity(fixed.len() + varying.len());
            for item in fixed {
                let item = match shared {
                    Some(ty) => Operand { node: coerce(item.clone(), ty, Strength::Implicit)?, ..item },
                    None => item,
                };
                tests.push(operator("=", vec![operand.clone(), item], span)?);
            }
            for item in varying {
                tests.push(operator("=", vec![operand.clone(), item], span)?);
            }
            Ok(Node::Or(tests.into()))
        })
    }

    fn case(&mut self, case: &CaseExpr, span: Span) -> Resolved<Node> {
        match &case.operand {
            None => self.case_arms(case, None, span),
            Some(operand) => {
                let operand = self.resolve(operand)?;
                let operand = known_or_text(operand)?;
                self.once(operand, |resolver, operand| resolver.case_arms(case, Some(&operand), span))
            }
        }
    }

    fn case_arms(&mut self, case: &CaseExpr, operand: Option<&Operand>, span: Span) -> Resolved<Node> {
        let (mut conditions, mut results) = (Vec::new(), Vec::new());
        for arm in &case.arms {
            let when = self.resolve(&arm.when)?;
            conditions.push(match operand {
                Some(operand) => operator("=", vec![operand.clone(), when], arm.when.span)?,
                None => coerce_condition(when)?,
            });
            results.push(self.resolve(&arm.then)?);
        }
        let has_otherwise = case.otherwise.is_some();
        if let Some(otherwise) = &case.otherwise {
            results.push(self.resolve(otherwise)?);
        }
        let (mut results, ty) = unite("case", results, span)?;
        let otherwise = if has_otherwise { results.pop() } else { None };
        let arms = conditions.into_iter().zip(results).collect();
        Ok(Node::Case(Box::new(Case { arms, otherwise, ty })))
    }

    fn call(&mut self, name: &ast::Ident, args: &[ast::Expr], span: Span) -> Resolved<Node> {
        let Some(form) = Form::named(&name.name).filter(|form| form.takes(args.len())) else {
            return call(name, self.all(args)?, span);
        };
        if let (Form::Nullif, [first, second]) = (form, args) {
            return self.nullif(first, second, span);
        }
        let (nodes, ty) = unite(form.name(), self.all(args)?, span)?;
        let extreme = match form {
            Form::Coalesce | Form::Nullif => return Ok(Node::Coalesce(nodes.into(), ty)),
            Form::Greatest => Extreme::Greatest,
            Form::Least => Extreme::Least,
        };
        comparable(form.name(), ty, span)?;
        Ok(Node::Extreme(nodes.into(), extreme, ty))
    }

    fn nullif(&mut self, first: &ast::Expr, second: &ast::Expr, span: Span) -> Resolved<Node> {
        let first = self.resolve(first)?;
        // The second is resolved within, where the first has its place among the locals already.
        self.once(first, |resolver, first| {
            let second = resolver.resolve(second)?;
            let untyped = first.ty() == Type::Unknown && second.ty() == Type::Unknown;
            let first = if untyped { known_or_text(first)? } else { first };
            let second_type = second.ty();
            let same = operator("=", vec![first.clone(), second], span)?;
            // PostgreSQL gives the result the type that the first has when the two are compared.
            let kept = match &same {
                Node::Call(_, sides) if !compares_as_is(first.ty(), second_type) => sides[0].clone(),
                _ => first.node,
            };
            let ty = kept.ty();
            let arms = [(same, Node::Constant(Value::Null, ty))].into();
            Ok(Node::Case(Box::new(Case { arms, otherwise: Some(kept), ty })))
        })
    }
}

/// Whether PostgreSQL compares values of two types without changing either: it has `=` for each pair of whole numbers,
/// and for each pair of moments. (The registry has one `=` for all of them, which finds the same.)
fn compares_as_is(a: Type, b: Type) -> bool {
    let is_whole = |ty| matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt);
    is_whole(a) && is_whole(b) || a.is_time() && b.is_time()
}

fn negated_if(negated: bool, node: Node) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

fn reads_columns(node: &Node) -> bool {
    node.any(&|node| matches!(node, Node::Column(..)))
}

fn literal_node(literal: &Literal, span: Span) -> Resolved<Node> {
    Ok(match literal {
        Literal::Null => Node::Constant(Value::Null, Type::Unknown),
        Literal::Bool(value) => Node::Constant(Value::Boolean(*value), Type::Boolean),
        Literal::Text(text) => Node::Constant(Value::Text(text.to_string()), Type::Unknown),
        Literal::Number(digits) => {
            if let Ok(value) = digits.parse::<i32>() {
                Node::Constant(Value::Integer(value), Type::Integer)
            } else if let Ok(value) = digits.parse::<i64>() {
                Node::Constant(Value::BigInt(value), Type::BigInt)
            } else {
                let value = numeric::parse(digits).map_err(|error| type_errors::value(&error, span))?;
                Node::Constant(Value::Numeric(value), Type::Numeric(None))
            }
        }
    })
}

fn binary(op: BinaryOp, left: Operand, right: Operand, span: Span) -> Resolved<Node> {
    match op {
        BinaryOp::Distinct | BinaryOp::NotDistinct => {
            let distinct = match operator("=", vec![left, right], span)? {
                Node::Call(_, sides) => match <[Node; 2]>::try_from(sides.into_vec()) {
                    Ok([left, right]) => Node::Distinct(Box::new((left, right))),
                    Err(_) => Node::Constant(Value::Null, Type::Boolean),
                },
                other => other,
            };
            Ok(negated_if(op == BinaryOp::NotDistinct, distinct))
        }
        BinaryOp::NotLike => Ok(Node::Not(Box::new(operator("like", vec![left, right], span)?))),
        BinaryOp::NotILike => Ok(Node::Not(Box::new(operator("ilike", vec![left, right], span)?))),
        _ => operator(op.symbol(), vec![left, right], span),
    }
}

/// The call of the operator that fits the operands.
fn operator(symbol: &'static str, operands: Vec<Operand>, span: Span) -> Resolved<Node> {
    let types: Vec<Type> = operands.iter().map(Operand::ty).collect();
    let Some(function) = select(registry::candidates(symbol), &types) else {
        return Err(type_errors::operator(symbol, &operands, span));
    };
    apply(function, operands, span)
}

fn call(name: &ast::Ident, operands: Vec<Operand>, span: Span) -> Resolved<Node> {
    let candidates = registry::candidates(&name.name);
    let is_operator = !name.name.starts_with(|c: char| c.is_ascii_alphabetic());
    if (candidates.is_empty() || is_operator) && Form::named(&name.name).is_none() {
        return Err(type_errors::unknown_function(name));
    }
    let types: Vec<Type> = operands.iter().map(Operand::ty).collect();
    match select(candidates, &types) {
        Some(function) => apply(function, operands, span),
        None => Err(type_errors::arguments(name, &operands, candidates, span)),
    }
}

fn apply(function: &'static Function, operands: Vec<Operand>, span: Span) -> Resolved<Node> {
    if function.compute.is_none() {
        return Err(type_errors::missing(function, span));
    }
    if let (Spelling::Path, [_, path]) = (function.spelling, operands.as_slice()) {
        check_path(function, path)?;
    }
    let coerced = operands.into_iter().enumerate().map(|(at, operand)| match function.param(at) {
        Param::Is(ty) => coerce(operand, ty, Strength::Implicit),
        Param::Any => Ok(known_or_text(operand)?.node),
    });
    let mut nodes = coerced.collect::<Resolved<Vec<Node>>>()?;
    if function.reversed {
        nodes.reverse();
    }
    Ok(Node::Call(function, nodes.into()))
}

/// There are no arrays in the language, so a path is a literal.
fn check_path(function: &Function, path: &Operand) -> Resolved<()> {
    match &path.node {
        Node::Constant(Value::Null, _) => Ok(()),
        Node::Constant(Value::Text(literal), Type::Unknown) => {
            steps(literal).map(|_| ()).map_err(|error| type_errors::path(function, Some(&error), path))
        }
        _ => Err(type_errors::path(function, None, path)),
    }
}

fn known_or_text(operand: Operand) -> Resolved<Operand> {
    if operand.ty() == Type::Unknown {
        let node = coerce(operand.clone(), Type::Text, Strength::Implicit)?;
        return Ok(Operand { node, ..operand });
    }
    Ok(operand)
}

/// The operands brought to one type.
fn unite(what: &str, operands: Vec<Operand>, span: Span) -> Resolved<(Vec<Node>, Type)> {
    let types: Vec<Type> = operands.iter().map(Operand::ty).collect();
    let ty = common_type(&types).map_err(|(a, b)| type_errors::no_common_type(what, a, b, span))?;
    let nodes = operands.into_iter().map(|operand| coerce(operand, ty, Strength::Implicit));
    Ok((nodes.collect::<Resolved<_>>()?, ty))
}

fn comparable(what: &str, ty: Type, span: Span) -> Resolved<()> {
    if ty.is_ordered() { Ok(()) } else { Err(type_errors::not_comparable(what, ty, span)) }
}

fn coerce_condition(operand: Operand) -> Resolved<Node> {
    if strength(operand.ty(), Type::Boolean) != Some(Strength::Implicit) {
        return Err(type_errors::not_a_condition(&operand));
    }
    coerce(operand, Type::Boolean, Strength::Implicit)
}

/// The operand as one of type `to`.
pub(super) fn coerce(operand: Operand, to: Type, asked: Strength) -> Resolved<Node> {
    let from = operand.ty();
    if let (Node::Constant(value, Type::Unknown), false) = (&operand.node, to == Type::Unknown) {
        return constant(value, to, asked, operand.span);
    }
    if from == to || (asked == Strength::Implicit && from.unconstrained() == to) {
        return Ok(operand.node);
    }
    if strength(from, to).is_none_or(|needed| needed > asked) {
        return Err(type_errors::cast(&operand, to, asked));
    }
    let cast = Cast { operand: operand.node, to, explicit: asked == Strength::Explicit };
    Ok(Node::Cast(Box::new(cast)))
}

/// A quoted literal takes its type from where it stands.
fn constant(value: &Value, to: Type, asked: Strength, span: Span) -> Resolved<Node> {
    let typed = match value {
        Value::Text(text) if asked == Strength::Explicit => Value::parse(text, to),
        Value::Text(text) => Value::parse_fitting(text, to),
        other => Ok(other.clone()),
    };
    Ok(Node::Constant(typed.map_err(|error| type_errors::value(&error, span))?, to))
}
