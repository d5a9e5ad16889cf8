//! Expressions for the comparison, as the tree that miglab resolves and as the SQL that PostgreSQL reads.

use miglab::ast::{BinaryOp, CaseExpr, ColumnRef, Expr, ExprKind, Ident, InList, Literal, TypeName, UnaryOp, WhenArm};
use miglab::data::Type;
use miglab::source::Span;

/// An expression in both forms.
#[derive(Clone, Debug)]
pub struct Pair {
    pub tree: Expr,
    pub sql: String,
}

fn pair(kind: ExprKind, sql: String) -> Pair {
    Pair { tree: Expr { kind, span: Span::default() }, sql }
}

fn ident(name: &str) -> Ident {
    Ident { name: name.into(), span: Span::default() }
}

pub fn column(name: &str) -> Pair {
    let column = ColumnRef { table: None, column: ident(name) };
    pair(ExprKind::Column(Box::new(column)), name.into())
}

/// A literal that PostgreSQL reads as it stands.
pub fn bare(literal: Literal) -> Pair {
    let sql = literal_sql(&literal);
    pair(ExprKind::Literal(literal), sql)
}

fn literal_sql(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".into(),
        Literal::Bool(value) => value.to_string(),
        Literal::Number(digits) => digits.to_string(),
        Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

pub fn quoted(text: &str) -> Pair {
    bare(Literal::Text(text.into()))
}

pub fn number(digits: &str) -> Pair {
    bare(Literal::Number(digits.into()))
}

/// A value of a type, hidden from PostgreSQL's planner in a subquery: it would compute what stands around constants
/// ahead of time, also in branches that no row reaches.
pub fn constant(text: &str, ty: Type) -> Pair {
    let cast = cast(quoted(text), ty);
    Pair { sql: format!("(select {})", cast.sql), ..cast }
}

pub fn cast(operand: Pair, ty: Type) -> Pair {
    let sql = format!("cast({} as {ty})", operand.sql);
    pair(ExprKind::Cast(Box::new((operand.tree, TypeName { ty, span: Span::default(), written: None }))), sql)
}

pub fn call(name: &str, operands: Vec<Pair>) -> Pair {
    let texts: Vec<&str> = operands.iter().map(|operand| operand.sql.as_str()).collect();
    let sql = match (name, texts.as_slice()) {
        ("position", [part, subject]) => format!("position(({part}) in ({subject}))"),
        // The name of a part is a word in SQL; what the grammar hands over is its text.
        ("extract", [unit, moment]) => format!("extract({} from {moment})", unit.trim_matches('\'')),
        ("trim", [text]) => format!("trim(both from {text})"),
        ("trim", [text, characters]) => format!("trim(both {characters} from {text})"),
        _ => format!("{name}({})", texts.join(", ")),
    };
    let trees = operands.into_iter().map(|operand| operand.tree).collect();
    pair(ExprKind::Call(Box::new((ident(name), trees))), sql)
}

pub fn minus(operand: Pair) -> Pair {
    let sql = format!("(- {})", operand.sql);
    pair(ExprKind::Unary(UnaryOp::Minus, Box::new(operand.tree)), sql)
}

pub fn plus(operand: Pair) -> Pair {
    let sql = format!("(+ {})", operand.sql);
    pair(ExprKind::Unary(UnaryOp::Plus, Box::new(operand.tree)), sql)
}

pub fn not(operand: Pair) -> Pair {
    let sql = format!("(not {})", operand.sql);
    pair(ExprKind::Unary(UnaryOp::Not, Box::new(operand.tree)), sql)
}

pub fn binary(op: BinaryOp, left: Pair, right: Pair) -> Pair {
    let sql = format!("({} {} {})", left.sql, op.symbol(), right.sql);
    pair(ExprKind::Binary(op, Box::new((left.tree, right.tree))), sql)
}

fn joined(operands: &[Pair], word: &str) -> String {
    let texts: Vec<&str> = operands.iter().map(|operand| operand.sql.as_str()).collect();
    format!("({})", texts.join(word))
}

fn trees(operands: Vec<Pair>) -> Vec<Expr> {
    operands.into_iter().map(|operand| operand.tree).collect()
}

pub fn and(operands: Vec<Pair>) -> Pair {
    let sql = joined(&operands, " and ");
    pair(ExprKind::And(trees(operands).into()), sql)
}

pub fn or(operands: Vec<Pair>) -> Pair {
    let sql = joined(&operands, " or ");
    pair(ExprKind::Or(trees(operands).into()), sql)
}

pub fn is_null(operand: Pair, negated: bool) -> Pair {
    let sql = format!("({} is {}null)", operand.sql, if negated { "not " } else { "" });
    pair(ExprKind::IsNull { operand: Box::new(operand.tree), negated }, sql)
}

pub fn is_bool(operand: Pair, value: Option<bool>, negated: bool) -> Pair {
    let word = value.map_or("unknown".into(), |value| value.to_string());
    let sql = format!("({} is {}{word})", operand.sql, if negated { "not " } else { "" });
    pair(ExprKind::IsBool { operand: Box::new(operand.tree), value, negated }, sql)
}

pub fn between(operands: [Pair; 3], negated: bool) -> Pair {
    let [operand, low, high] = operands;
    let word = if negated { "not between" } else { "between" };
    let sql = format!("({} {word} {} and {})", operand.sql, low.sql, high.sql);
    pair(ExprKind::Between { operands: Box::new([operand.tree, low.tree, high.tree]), negated }, sql)
}

pub fn in_list(operand: Pair, items: Vec<Pair>, negated: bool) -> Pair {
    let word = if negated { "not in" } else { "in" };
    let sql = format!("({} {word} {})", operand.sql, joined(&items, ", "));
    let operands = std::iter::once(operand.tree).chain(trees(items)).collect();
    pair(ExprKind::In(Box::new(InList { operands, negated })), sql)
}

pub fn case(operand: Option<Pair>, arms: Vec<(Pair, Pair)>, otherwise: Option<Pair>) -> Pair {
    let mut sql = String::from("(case");
    if let Some(operand) = &operand {
        sql += " ";
        sql += &operand.sql;
    }
    for (when, then) in &arms {
        sql += &[" when ", &when.sql, " then ", &then.sql].concat();
    }
    if let Some(otherwise) = &otherwise {
        sql += &[" else ", &otherwise.sql].concat();
    }
    sql.push_str(" end)");
    let arms = arms.into_iter().map(|(when, then)| WhenArm { when: when.tree, then: then.tree }).collect();
    let tree = CaseExpr { operand: operand.map(|o| o.tree), arms, otherwise: otherwise.map(|o| o.tree) };
    pair(ExprKind::Case(Box::new(tree)), sql)
}
