//! `json` and `jsonb`: reading, PostgreSQL's canonical text, and order.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Number, Value as Json};

use crate::data::{ValueError, numeric};

fn invalid(kind: &str) -> ValueError {
    ValueError::new("22P02", format!("invalid input syntax for type {kind}"))
}

/// Checks that a text is JSON.
pub(crate) fn check(text: &str) -> Result<(), ValueError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(|_| ()).map_err(|_| invalid("json"))
}

/// Reads a `jsonb`: members sorted, the last of equal keys kept, numbers as `numeric` writes them.
pub(crate) fn parse(text: &str) -> Result<Json, ValueError> {
    canonical(serde_json::from_str(text).map_err(|_| invalid("json"))?)
}

fn canonical(json: Json) -> Result<Json, ValueError> {
    Ok(match json {
        Json::Number(number) => Json::Number(canonical_number(&number)?),
        Json::String(text) => Json::String(without_nul(text)?),
        Json::Array(items) => Json::Array(items.into_iter().map(canonical).collect::<Result<_, _>>()?),
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| compare_keys(a, b));
            let canonical = members.into_iter().map(|(key, value)| Ok((without_nul(key)?, canonical(value)?)));
            Json::Object(canonical.collect::<Result<Map<_, _>, ValueError>>()?)
        }
        other => other,
    })
}

fn canonical_number(number: &Number) -> Result<Number, ValueError> {
    Ok(number_of(&numeric::parse(number.as_str())?))
}

/// A number of `jsonb` with the digits of a `numeric`.
pub(crate) fn number_of(value: &bigdecimal::BigDecimal) -> Number {
    value.to_plain_string().parse().unwrap_or_else(|_| Number::from(0))
}

fn without_nul(text: String) -> Result<String, ValueError> {
    if text.contains('\0') {
        return Err(ValueError::new("22P05", "unsupported Unicode escape sequence"));
    }
    Ok(text)
}

/// Keys are ordered by length, then by bytes.
fn compare_keys(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Writes a `jsonb`: `{"a": 1, "b": [1, 2]}`.
pub(crate) fn write(f: &mut impl fmt::Write, json: &Json) -> fmt::Result {
    match json {
        Json::Null => f.write_str("null"),
        Json::Bool(value) => write!(f, "{value}"),
        Json::Number(number) => f.write_str(number.as_str()),
        Json::String(text) => write_string(f, text),
        Json::Array(items) => {
            f.write_char('[')?;
            for (at, item) in items.iter().enumerate() {
                f.write_str(if at > 0 { ", " } else { "" })?;
                write(f, item)?;
            }
            f.write_char(']')
        }
        Json::Object(members) => {
            f.write_char('{')?;
            for (at, (key, value)) in members.iter().enumerate() {
                f.write_str(if at > 0 { ", " } else { "" })?;
                write_string(f, key)?;
                f.write_str(": ")?;
                write(f, value)?;
            }
            f.write_char('}')
        }
    }
}

fn write_string(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// The order of `jsonb`: object > array > boolean > number > string > null; more members or items are greater.
pub(crate) fn compare(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (Json::String(a), Json::String(b)) => a.cmp(b),
        (Json::Number(a), Json::Number(b)) => compare_numbers(a, b),
        // Two empty arrays aside, PostgreSQL sorts by length first.
        (Json::Array(a), Json::Array(b)) => {
            a.len().cmp(&b.len()).then_with(|| first_difference(a.iter().zip(b).map(|(a, b)| compare(a, b))))
        }
        (Json::Object(a), Json::Object(b)) => a.len().cmp(&b.len()).then_with(|| {
            let members = a.iter().zip(b);
            first_difference(members.map(|((ak, av), (bk, bv))| ak.cmp(bk).then_with(|| compare(av, bv))))
        }),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    match (numeric::parse(a.as_str()), numeric::parse(b.as_str())) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => Ordering::Equal,
    }
}

/// An empty array that stands alone is less than everything; see `compareJsonbContainers`.
fn rank(json: &Json) -> u8 {
    match json {
        Json::Null => 1,
        Json::String(_) => 2,
        Json::Number(_) => 3,
        Json::Bool(_) => 4,
        Json::Array(items) if items.is_empty() => 0,
        Json::Array(_) => 5,
        Json::Object(_) => 6,
    }
}
