//! Expressions as written. `expr` gives them types and values.

use crate::ast::{ColumnRef, Ident, TypeName};
use crate::source::Span;

/// An expression at its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression. `negated` is the `not` in `is not null`, `not between`, `not in`.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum ExprKind {
    /// `'text'`, `42`, `true`, `null`.
    Literal(Literal),
    /// `c` or `t.c`.
    Column(Box<ColumnRef>),
    /// `- x`, `not x`.
    Unary(UnaryOp, Box<Expr>),
    /// `x + y`, `x is distinct from y`, `x like y`. Never `and` or `or`, which are flat.
    Binary(BinaryOp, Box<(Expr, Expr)>),
    /// `x and y and z`: two or more.
    And(Box<[Expr]>),
    /// `x or y or z`: two or more.
    Or(Box<[Expr]>),
    /// `x is null` (`negated`: `x is not null`).
    IsNull { operand: Box<Expr>, negated: bool },
    /// `x is true`, `x is not false`, `x is unknown` (`None`).
    IsBool { operand: Box<Expr>, value: Option<bool>, negated: bool },
    /// `x between low and high`: the three operands in this order.
    Between { operands: Box<[Expr; 3]>, negated: bool },
    /// `x in (a, b)`.
    In(Box<InList>),
    /// `case [operand] when … then … [else …] end`.
    Case(Box<CaseExpr>),
    /// `cast(x as t)`, `x::t`, and `date '2020-01-01'`.
    Cast(Box<(Expr, TypeName)>),
    /// `lower(x)`. Forms with words inside come as plain calls: `extract(year from t)` is `extract('year', t)`,
    /// `position(a in b)` is `position(a, b)`, `substring(s from a for b)` is `substring(s, a, b)`,
    /// `trim(leading c from s)` is `ltrim(s, c)`, `current_date` is `current_date()`.
    Call(Box<(Ident, Box<[Expr]>)>),
}

/// `x [not] in (a, b)`.
#[derive(Clone, Debug)]
pub struct InList {
    /// The first operand is `x`, the rest the list.
    pub operands: Box<[Expr]>,
    /// It is `not in`.
    pub negated: bool,
}

/// `case`, as written.
#[derive(Clone, Debug)]
pub struct CaseExpr {
    /// What the `when` values are compared with; without it they are conditions.
    pub operand: Option<Expr>,
    /// The arms in order.
    pub arms: Vec<WhenArm>,
    /// The `else` part.
    pub otherwise: Option<Expr>,
}

/// `when … then …`.
#[derive(Clone, Debug)]
pub struct WhenArm {
    /// The condition, or the value to compare with.
    pub when: Expr,
    /// The result.
    pub then: Expr,
}

/// A constant as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`, `3.5`, `1e6`: the digits without `_`, no sign.
    Number(Box<str>),
    /// `'text'`, unescaped. It takes its type from where it stands, as in PostgreSQL.
    Text(Box<str>),
}

/// Operators before an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`
    Plus,
    /// `not`
    Not,
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the operator of its name")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Concat,
    JsonGet,
    JsonGetText,
    JsonPath,
    JsonPathText,
    JsonDeletePath,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Distinct,
    NotDistinct,
    Like,
    NotLike,
    ILike,
    NotILike,
}

impl BinaryOp {
    /// The operator as the formatter writes it.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Concat => "||",
            Self::JsonGet => "->",
            Self::JsonGetText => "->>",
            Self::JsonPath => "#>",
            Self::JsonPathText => "#>>",
            Self::JsonDeletePath => "#-",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Distinct => "is distinct from",
            Self::NotDistinct => "is not distinct from",
            Self::Like => "like",
            Self::NotLike => "not like",
            Self::ILike => "ilike",
            Self::NotILike => "not ilike",
        }
    }
}

impl Expr {
    /// Calls `visit` with every column that the expression names, from left to right, repeats included.
    pub fn for_each_column<'a>(&'a self, visit: &mut dyn FnMut(&'a ColumnRef)) {
        if let ExprKind::Column(column) = &self.kind {
            visit(column);
        }
        self.for_each_child(&mut |child| child.for_each_column(visit));
    }

    /// Calls `visit` with every operand of the expression, from left to right.
    fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Column(_) => {}
            ExprKind::Unary(_, operand) | ExprKind::IsNull { operand, .. } | ExprKind::IsBool { operand, .. } => {
                visit(operand);
            }
            ExprKind::Binary(_, sides) => {
                visit(&sides.0);
                visit(&sides.1);
            }
            ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter().for_each(visit),
            ExprKind::In(list) => list.operands.iter().for_each(visit),
            ExprKind::Between { operands, .. } => operands.iter().for_each(visit),
            ExprKind::Case(case) => {
                case.operand.iter().for_each(&mut *visit);
                for arm in &case.arms {
                    visit(&arm.when);
                    visit(&arm.then);
                }
                case.otherwise.iter().for_each(visit);
            }
            ExprKind::Cast(cast) => visit(&cast.0),
            ExprKind::Call(call) => call.1.iter().for_each(visit),
        }
    }
}
