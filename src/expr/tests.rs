use std::sync::Arc;

use proptest::prelude::*;

use super::{Batch, Expression, NoColumns, Scope};
use crate::ast::{BinaryOp, CaseExpr, ColumnRef, Expr, ExprKind, Ident, Literal, Name, TypeName, WhenArm};
use crate::data::{Chunk, Type, Value};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The columns of these tests.
const COLUMNS: [(&str, Type); 6] = [
    ("i", Type::Integer),
    ("j", Type::Integer),
    ("t", Type::Text),
    ("b", Type::Boolean),
    ("f", Type::Double),
    ("u", Type::Unknown),
];

struct Columns;

impl Scope for Columns {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let known = COLUMNS.iter().find(|known| known.0 == &*column.column.name).expect("a column of the tests");
        Ok((known.0.into(), known.1))
    }
}

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::new(3, 7) }
}

fn ident(name: &str) -> Ident {
    Ident { name: name.into(), span: Span::new(1, 2) }
}

fn col(name: &str) -> Expr {
    expr(ExprKind::Column(Box::new(ColumnRef { table: None, column: ident(name) })))
}

fn num(digits: &str) -> Expr {
    expr(ExprKind::Literal(Literal::Number(digits.into())))
}

fn text(value: &str) -> Expr {
    expr(ExprKind::Literal(Literal::Text(value.into())))
}

fn call(name: &str, operands: Vec<Expr>) -> Expr {
    expr(ExprKind::Call(Box::new((ident(name), operands.into()))))
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ExprKind::Binary(op, Box::new((left, right))))
}

fn cast(operand: Expr, ty: Type) -> Expr {
    expr(ExprKind::Cast(Box::new((operand, TypeName { ty, span: Span::default(), written: None }))))
}

fn between(operand: Expr, low: Expr, high: Expr) -> Expr {
    expr(ExprKind::Between { operands: Box::new([operand, low, high]), negated: false })
}

fn case(when: Expr, then: Expr, otherwise: Expr) -> Expr {
    let arms = vec![WhenArm { when, then }];
    expr(ExprKind::Case(Box::new(CaseExpr { operand: None, arms, otherwise: Some(otherwise) })))
}

fn resolve(tree: &Expr) -> Expression {
    Expression::resolve(tree, &Columns, None).unwrap_or_else(|fault| panic!("{}", fault.message))
}

fn fault(tree: &Expr, target: Option<Type>) -> (String, String) {
    let fault = Expression::resolve(tree, &Columns, target).expect_err("it is wrong");
    (fault.message, fault.help.unwrap_or_default())
}

#[test]
fn operands_that_do_not_fit_are_named_with_a_way_out() {
    let (message, help) = fault(&binary(BinaryOp::Concat, col("i"), col("b")), None);
    assert_eq!(message, "`||` does not take integer and boolean");
    assert_eq!(help, "write an explicit cast: `i::text`");
}

#[test]
fn an_unknown_function_is_answered_with_the_nearest() {
    let (message, help) = fault(&call("uper", vec![col("t")]), None);
    assert_eq!((message.as_str(), help.as_str()), ("there is no function `uper`", "did you mean `upper`?"));
}

#[test]
fn an_assignment_that_postgresql_refuses_is_refused() {
    let (message, help) = fault(&col("t"), Some(Type::Integer));
    assert_eq!(message, "a column of type integer does not take text");
    assert_eq!(help, "write an explicit cast: `t::integer`");
    assert!(Expression::resolve(&col("i"), &Columns, Some(Type::Text)).is_ok());
}

#[test]
fn a_quoted_literal_is_read_as_the_type_it_is_needed_as() {
    let (message, _) = fault(&binary(BinaryOp::Add, col("i"), text("x")), None);
    assert_eq!(message, "invalid input syntax for type integer: \"x\"");
}

#[test]
fn digits_that_could_differ_are_refused() {
    let (message, help) = fault(&call("ln", vec![num("2.5")]), None);
    assert_eq!(message, "`ln` of numeric is not supported");
    assert_eq!(help, "compute it in double precision: `x::double precision`");
}

#[test]
fn a_default_reads_no_column() {
    let fault = Expression::resolve(&col("active"), &NoColumns, None).expect_err("a column");
    assert_eq!(fault.help.as_deref(), Some("write text in single quotes: `'active'`"));
}

#[test]
fn a_plain_column_gives_back_the_very_chunk() {
    let expression = resolve(&col("t"));
    let chunk = Arc::new(Chunk::from_values(Type::Text, &[Value::Text("a".into()), Value::Null]));
    let given = expression.eval_chunk(Batch { columns: &[&chunk], rows: 2, selected: None }, 0).unwrap();
    assert!(Arc::ptr_eq(&given, &chunk));
    assert_eq!(expression.as_plain_column().map(|name| &**name), Some("t"));
}

#[test]
fn rows_left_out_are_null_and_never_fail() {
    let expression = resolve(&binary(BinaryOp::Divide, num("10"), col("i")));
    let chunk = Arc::new(Chunk::from_values(Type::Integer, &[0, 2, 0, 5].map(Value::Integer)));
    let batch = Batch { columns: &[&chunk], rows: 4, selected: Some(&[1, 3]) };
    let given: Vec<Value> = expression.eval_chunk(batch, 0).unwrap().iter().collect();
    assert_eq!(given, [Value::Null, Value::Integer(5), Value::Null, Value::Integer(2)]);
    let all = Batch { selected: None, ..batch };
    let failed = expression.eval_chunk(all, 0).unwrap_err();
    assert_eq!((failed.row, failed.error.sqlstate), (0, "22012"));
}

#[test]
fn a_branch_that_is_not_reached_does_not_fail() {
    let guard = binary(BinaryOp::Equal, col("i"), num("0"));
    let expression = resolve(&case(guard, num("0"), binary(BinaryOp::Divide, num("10"), col("i"))));
    let chunk = Arc::new(Chunk::from_values(Type::Integer, &[0, 2].map(Value::Integer)));
    let given = expression.eval_chunk(Batch { columns: &[&chunk], rows: 2, selected: None }, 0).unwrap();
    assert_eq!(given.iter().collect::<Vec<_>>(), [Value::Integer(0), Value::Integer(5)]);
}

#[test]
fn between_within_between_two_hundred_deep_is_no_work() {
    let mut tree = col("b");
    for _ in 0..200 {
        tree = between(tree, col("b"), col("b"));
    }
    assert_eq!(resolve(&tree).eval(&[Value::Boolean(true)], 0).unwrap(), Value::Boolean(true));
}

#[test]
fn a_column_of_unknown_type_is_cast_to_what_is_needed() {
    let expression = resolve(&binary(BinaryOp::Add, col("u"), num("1")));
    assert_eq!(expression.ty(), Type::Integer);
    assert_eq!(expression.eval(&[Value::Text("41".into())], 0).unwrap(), Value::Integer(42));
    assert_eq!(expression.eval(&[Value::Text("x".into())], 0).unwrap_err().sqlstate, "22P02");
    assert_eq!(resolve(&col("u")).ty(), Type::Unknown);
}

#[test]
fn now_is_what_the_caller_says_and_is_not_immutable() {
    let expression = resolve(&call("now", vec![]));
    assert!(!expression.is_immutable());
    assert_eq!(expression.eval(&[], 1_000_000).unwrap().to_string(), "2000-01-01 00:00:01+00");
    assert!(resolve(&call("lower", vec![col("t")])).is_immutable());
}

#[test]
fn every_function_takes_any_operands_without_a_panic() {
    let leaves = [text(""), text("-1"), num("0"), num("2147483647"), num("-1"), col("t"), col("f"), col("b")];
    let row = [Value::Text("ß%\\".into()), Value::Double(f64::INFINITY), Value::Boolean(true)];
    for name in super::registry::names() {
        for first in &leaves {
            for second in &leaves {
                for operands in [vec![first.clone()], vec![first.clone(), second.clone()], vec![first.clone(); 3]] {
                    if let Ok(expression) = Expression::resolve(&call(name, operands), &Columns, None) {
                        let inputs: Vec<Value> = expression
                            .inputs()
                            .iter()
                            .map(|name| row[["t", "f", "b"].iter().position(|c| **c == **name).unwrap()].clone())
                            .collect();
                        let _ = expression.eval(&inputs, 0);
                    }
                }
            }
        }
    }
}

fn integers() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        Just(col("i")),
        Just(col("j")),
        (-3..4_i32).prop_map(|n| cast(text(&n.to_string()), Type::Integer))
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let op = prop_oneof![
            Just(BinaryOp::Add),
            Just(BinaryOp::Subtract),
            Just(BinaryOp::Multiply),
            Just(BinaryOp::Divide),
            Just(BinaryOp::Modulo)
        ];
        prop_oneof![
            3 => (op, inner.clone(), inner.clone()).prop_map(|(op, a, b)| binary(op, a, b)),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| call("coalesce", vec![a, b])),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| call("nullif", vec![a, b])),
            1 => (inner.clone(), inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c, d)| case(binary(BinaryOp::Less, a, b), c, d)),
            1 => inner.prop_map(|a| call("length", vec![binary(BinaryOp::Concat, col("t"), cast(a, Type::Text))])),
        ]
    })
    .boxed()
}

fn trees() -> impl Strategy<Value = Expr> {
    let conditions = (integers(), integers(), integers()).prop_map(|(a, b, c)| between(a, b, c));
    let logic = prop::collection::vec(conditions.clone(), 2..4).prop_flat_map(|parts| {
        let parts: Box<[Expr]> = parts.into();
        prop_oneof![Just(expr(ExprKind::And(parts.clone()))), Just(expr(ExprKind::Or(parts)))]
    });
    prop_oneof![
        integers(),
        logic,
        integers().prop_map(|a| call("upper", vec![call("repeat", vec![col("t"), a])])),
        integers().prop_map(|a| binary(BinaryOp::Multiply, cast(a, Type::Double), col("f"))),
        integers().prop_map(|a| cast(binary(BinaryOp::Concat, col("t"), cast(a, Type::Text)), Type::Integer)),
    ]
}

fn nullable<T: std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
    wrap: fn(T) -> Value,
) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 5 => value.prop_map(wrap)]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let integer = || nullable(prop_oneof![-4..5_i32, Just(i32::MAX), Just(i32::MIN)], Value::Integer);
    let words = prop::sample::select(vec!["", " ", "Ä b", "7", "-1"]);
    let row = (integer(), integer(), nullable(words, |w| Value::Text(w.into())), nullable(any::<f64>(), Value::Double));
    let row = row.prop_map(|(i, j, t, f)| vec![i, j, t, Value::Null, f, Value::Null]);
    prop::collection::vec(row, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn chunk_by_chunk_is_row_by_row(tree in trees(), rows in rows(), keep in any::<u64>()) {
        let expression = resolve(&tree);
        let places: Vec<usize> = expression
            .inputs()
            .iter()
            .map(|name| COLUMNS.iter().position(|column| *column.0 == **name).unwrap())
            .collect();
        let chunks: Vec<Arc<Chunk>> = places
            .iter()
            .map(|at| Arc::new(Chunk::from_values(COLUMNS[*at].1, rows.iter().map(|row| &row[*at]))))
            .collect();
        let columns: Vec<&Arc<Chunk>> = chunks.iter().collect();
        let some: Vec<u32> = (0..u32::try_from(rows.len()).unwrap()).filter(|row| keep >> (row % 64) & 1 == 1).collect();
        for selected in [None, Some(&some[..])] {
            let batch = Batch { columns: &columns, rows: rows.len(), selected };
            let given = expression.eval_chunk(batch, 0);
            let mut expected = Vec::new();
            let mut failed = None;
            for (at, row) in rows.iter().enumerate() {
                if selected.is_some_and(|some| !some.contains(&u32::try_from(at).unwrap())) {
                    expected.push(Value::Null.to_string());
                    continue;
                }
                let inputs: Vec<Value> = places.iter().map(|place| row[*place].clone()).collect();
                match expression.eval(&inputs, 0) {
                    Ok(value) => expected.push(value.to_string()),
                    Err(error) => {
                        failed = Some((at, error));
                        break;
                    }
                }
            }
            match (given, failed) {
                (Ok(chunk), None) => {
                    prop_assert_eq!(chunk.iter().map(|value| value.to_string()).collect::<Vec<_>>(), expected);
                }
                (Err(fault), Some((row, error))) => prop_assert_eq!((fault.row, fault.error), (row, error)),
                (given, failed) => prop_assert!(false, "by chunk {:?}, by row {:?}", given, failed),
            }
        }
    }
}
