//! Expressions whose types are PostgreSQL's own choice: `nullif` of two types, and paths into `json` and `jsonb`.

use miglab::ast::{BinaryOp, Literal};
use miglab::data::Type;

use super::tree::{Pair, bare, binary, call, cast, column, number, quoted};

/// `nullif` of every two types that can be compared, in a place where its own type shows.
fn nullifs() -> Vec<Pair> {
    let numbers = || {
        let columns = ["s1", "i1", "i2", "l1", "n1", "n2", "f1", "r1"].map(column);
        let constants = ["0", "3000000000", "0.0", "2.5"].map(number);
        columns.into_iter().chain(constants).chain([quoted("7"), bare(Literal::Null)]).collect::<Vec<_>>()
    };
    let mut pairs = Vec::new();
    for first in numbers() {
        for second in numbers() {
            let nullif = || call("nullif", vec![first.clone(), second.clone()]);
            pairs.push(nullif());
            let is_untyped = |pair: &Pair| pair.sql == "null" || pair.sql.starts_with('\'');
            if is_untyped(&first) && is_untyped(&second) {
                continue;
            }
            pairs.push(binary(BinaryOp::Divide, number("7"), nullif()));
            pairs.push(binary(BinaryOp::Multiply, nullif(), number("2147483647")));
        }
    }
    for family in [["t1", "v1", "v1"], ["d1", "ts1", "tz1"]] {
        for first in family {
            for second in family {
                pairs.push(call("nullif", vec![column(first), column(second)]));
            }
            pairs.push(call("nullif", vec![column(first), quoted("2020-02-29")]));
            pairs.push(call("nullif", vec![quoted("2020-02-29"), column(first)]));
        }
    }
    pairs
}

const TEXTS: &[&str] = &[
    r#"{"a": {"b": [1, "x", null]}, "b": "s", "": 0}"#,
    r#"{"a":{"b":1},"a":{}, "x":[1,2,3], "b":[1]}"#,
    r#"{"a":[1,2],"a":[1,2,3],"b":{"a":[5]}}"#,
    r#"  [ {"a": "é\n"} , [1, [2, 3]], null, "t" ]  "#,
    "[]",
    "{}",
    "  \"s\"  ",
    "  null",
    "  1.50  ",
    " true ",
];

const PATHS: &[&str] = &[
    "{}",
    "{a}",
    "{a,b}",
    "{a,b,-1}",
    "{a,b,1}",
    "{a,-1}",
    "{b,-1}",
    "{b,a,-1}",
    "{0}",
    "{0,a}",
    "{-4,a}",
    "{1,1,-2}",
    "{1,1,5}",
    "{ 1 , 0 }",
    "{-9}",
    "{\"\"}",
    "{\" 1\"}",
    "{\"1 \"}",
    "{2}",
    "{-1}",
    "{null}",
    "{a,NULL}",
    "{nothing,null}",
    "{a,b,c,d}",
    "{2147483648}",
    "{-2147483648}",
];

fn paths() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for text in TEXTS {
        for path in PATHS {
            for ty in [Type::Json, Type::Jsonb] {
                for op in [BinaryOp::JsonPath, BinaryOp::JsonPathText, BinaryOp::JsonDeletePath] {
                    if ty == Type::Jsonb || op != BinaryOp::JsonDeletePath {
                        pairs.push(binary(op, cast(quoted(text), ty), quoted(path)));
                    }
                }
            }
        }
    }
    pairs.push(binary(BinaryOp::JsonPath, column("j1"), bare(Literal::Null)));
    // Refused by both.
    for path in ["", "a", "{a", "{a,}", "{\"a\"b}"] {
        pairs.push(binary(BinaryOp::JsonPath, column("j1"), quoted(path)));
    }
    pairs.push(binary(BinaryOp::JsonPath, column("j1"), column("t1")));
    pairs.push(binary(BinaryOp::JsonDeletePath, cast(quoted("{}"), Type::Json), quoted("{a}")));
    pairs.push(binary(BinaryOp::JsonPath, quoted("{}"), quoted("{a}")));
    pairs
}

#[test]
fn nullif_has_the_type_that_postgresql_gives_it() {
    super::compare(&nullifs());
}

#[test]
fn a_path_leads_where_postgresql_goes() {
    super::compare(&paths());
}
