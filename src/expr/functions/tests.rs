//! Holds what the rows of the registry say of functions against what the functions do.

use crate::data::{Interval, Type, Value, compare};
use crate::expr::function::{Context, Function, Nulls, Param};
use crate::expr::registry::functions;

/// Values of a type at its edges, and units of time among the texts.
fn samples(param: Param) -> Vec<Value> {
    let Param::Is(ty) = param else {
        return vec![Value::Boolean(true), Value::Text("x".to_owned()), Value::Integer(-3)];
    };
    let texts: &[&str] = match ty {
        Type::Boolean => &["true", "false"],
        Type::SmallInt => &["0", "1", "-1", "3", "32767", "-32768"],
        Type::Integer => &["0", "1", "-1", "3", "2147483647", "-2147483648"],
        Type::BigInt => &["0", "1", "-1", "3", "9223372036854775807", "-9223372036854775808"],
        Type::Numeric(_) => &["0", "1", "-1", "0.5", "-2.75", "123456789012345678901234567890.5", "1e-30"],
        Type::Real => &["0", "1", "-1.5", "3e38", "-3e38", "1e-38", "NaN", "Infinity", "-Infinity"],
        Type::Double => &["0", "1", "-1.5", "1e308", "-1e308", "1e-308", "NaN", "Infinity", "-Infinity"],
        Type::Text => {
            &["", "a", " Éa b ", "a,b", "%", "\\", "{\"a\": 1}", "{a}", "{0}", "day", "month", "epoch", "minute"]
        }
        Type::Date => &["2024-02-29", "0001-01-01", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity"],
        Type::Timestamp | Type::TimestampTz => {
            &["2024-02-29 12:34:56.789", "4713-01-01 00:00 BC", "294276-12-31 23:59:59", "infinity", "-infinity"]
        }
        Type::Interval => &["0", "1 day", "-1 mon 2 days 03:04:05", "178000000 years", "-2147483647 days", "2 years"],
        Type::Uuid => &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
        Type::Json => &["{\"a\": null, \"b\": 1}", "[1, null]", "\"s\"", "null", "1.5", "{\"a\": \"\\u0000\"}"],
        Type::Jsonb => &["{\"a\": null, \"b\": 1}", "[1, null]", "\"s\"", "null", "1.5"],
        Type::Bytea => &["\\x", "\\x00ff61", "\\x5c"],
        Type::Varchar(_) | Type::Unknown => &[],
    };
    let values = texts.iter().map(|text| Value::parse(text, ty).expect("a value of its type"));
    // The least interval has no text that is read.
    let least = (ty == Type::Interval).then_some(Value::Interval(Interval { months: i32::MIN, days: 0, micros: 0 }));
    values.chain(least).collect()
}

/// Every choice of one value for each operand.
fn choices(operands: &[Vec<Value>]) -> Vec<Vec<Value>> {
    operands.iter().fold(vec![Vec::new()], |rows, values| {
        let with = |row: &Vec<Value>| values.iter().map(|value| [row.clone(), vec![value.clone()]].concat()).collect();
        rows.iter().flat_map(|row| -> Vec<_> { with(row) }).collect()
    })
}

fn operands(function: &Function) -> Vec<Vec<Value>> {
    let count = function.params.len() + usize::from(function.variadic);
    (0..count).map(|at| samples(function.param(at))).collect()
}

/// The SQLSTATEs of numbers and of moments that are out of range.
const OUT_OF_RANGE: [&str; 2] = ["22003", "22008"];

/// What a function gives, called as the row says, or the SQLSTATE with which it fails. What PostgreSQL can compute and miglab cannot is
/// no failure.
fn called(function: &Function, operands: &[Value]) -> Result<Value, &'static str> {
    let mut operands = operands.to_vec();
    if function.reversed {
        operands.reverse();
    }
    match crate::expr::row::apply(function, &operands, Context::at(0)) {
        Ok(value) => Ok(value),
        Err(error) if error.sqlstate == "0A000" => Ok(Value::Boolean(true)),
        Err(error) => Err(error.sqlstate),
    }
}

fn present() -> impl Iterator<Item = &'static Function> {
    functions().filter(|function| !function.is_missing())
}

/// Why a function fails for these operands, if its row says so: the number of what it refuses, or that it overflows.
fn explained(function: &Function, operands: &[Value], sqlstate: &str) -> Option<usize> {
    let mut operands = operands.to_vec();
    if function.reversed {
        operands.reverse();
    }
    let refused = function.fails.refused();
    let overflow = function.fails.overflows() && OUT_OF_RANGE.contains(&sqlstate);
    refused.iter().position(|refused| refused.concerns(&operands)).or(overflow.then_some(refused.len()))
}

#[test]
fn functions_fail_where_their_rows_say_so() {
    let mut wrong = Vec::new();
    for function in present() {
        let reasons = function.fails.refused().len() + usize::from(function.fails.overflows());
        let mut met = vec![false; reasons];
        for row in choices(&operands(function)) {
            let Err(sqlstate) = called(function, &row) else { continue };
            match explained(function, &row, sqlstate) {
                Some(reason) => met[reason] = true,
                None => wrong.push(format!("{}{row:?} fails with {sqlstate}", function.name)),
            }
        }
        if met.contains(&false) {
            wrong.push(format!("{}{:?} fails less than it says", function.name, function.params));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_keeps_values_different_does() {
    let mut found = 0;
    for function in present().filter(|function| function.injective) {
        for at in 0..function.params.len() {
            let mut others = operands(function);
            let values = std::mem::take(&mut others[at]);
            others[at] = vec![Value::Null];
            for row in choices(&others) {
                let mut with = row.clone();
                let mut given: Vec<(Value, Value)> = Vec::new();
                for value in &values {
                    with[at] = value.clone();
                    let Ok(result) = called(function, &with) else { continue };
                    let same = given.iter().find(|(other, known)| *other != *value && compare(known, &result).is_eq());
                    assert!(same.is_none(), "{}{with:?} is that of {same:?}", function.name);
                    given.push((value.clone(), result));
                    found += 1;
                }
            }
        }
    }
    assert!(found > 500, "{found}");
}

#[test]
fn results_are_null_where_the_rows_say_so() {
    let mut wrong = Vec::new();
    for function in present() {
        let known = operands(function);
        let is_null = |row: &[Value]| called(function, row).is_ok_and(|value| value.is_null());
        let none: Vec<Vec<Value>> = choices(&known).into_iter().filter(|row| is_null(row)).collect();
        // The parts that an endless moment has not are null, as of no other.
        let is_endless = |value: &Value| value.to_string().ends_with("infinity");
        let all_endless = none.iter().all(|row| row.iter().any(is_endless));
        let right = match function.nulls {
            Nulls::StrictOrAbsent => !none.is_empty(),
            Nulls::StrictOrEndless => !none.is_empty() && all_endless,
            _ => none.is_empty(),
        };
        if !right {
            wrong.push(format!("{}{:?}: {:?}", function.name, function.params, none.first()));
        }
        for at in 0..known.len() {
            let mut with_null = known.clone();
            with_null[at] = vec![Value::Null];
            let expected = match function.nulls {
                Nulls::Strict | Nulls::StrictOrAbsent | Nulls::StrictOrEndless => true,
                Nulls::OfFirst => at == 0,
                Nulls::Never => false,
            };
            for row in choices(&with_null) {
                if is_null(&row) != expected {
                    wrong.push(format!("{}{row:?}", function.name));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn projections_change_nothing_the_second_time() {
    let mut found = 0;
    for function in present().filter(|function| function.projection) {
        assert_eq!(function.param(0), Param::Is(function.result), "{}", function.name);
        for row in choices(&operands(function)) {
            let Ok(once) = called(function, &row) else { continue };
            let again = [vec![once.clone()], row[1..].to_vec()].concat();
            assert_eq!(called(function, &again).map(|value| value.to_string()), Ok(once.to_string()), "{row:?}");
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
}
