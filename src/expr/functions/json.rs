//! `->` and `->>` of `json` and `jsonb`, and joining of `jsonb`.

use serde_json::Value as Json;

use super::arguments::{FunctionResult, I4, JB, JS, T, text, whole};
use crate::data::{Type, Value, ValueError};
use crate::expr::function::{Context, Fails, Function, Nulls, Refusal, Refused};

pub(super) static ROWS: &[Function] = &[
    Function::new("->", &[JB, T], Type::Jsonb, |a, _| Ok(jsonb(member(a)))).nulls(Nulls::StrictOrAbsent),
    Function::new("->", &[JB, I4], Type::Jsonb, |a, _| Ok(jsonb(item(a)))).nulls(Nulls::StrictOrAbsent),
    Function::new("->>", &[JB, T], Type::Text, |a, _| Ok(as_text(member(a)))).nulls(Nulls::StrictOrAbsent),
    Function::new("->>", &[JB, I4], Type::Text, |a, _| Ok(as_text(item(a)))).nulls(Nulls::StrictOrAbsent),
    Function::new("->", &[JS, T], Type::Json, |a, _| Ok(json(raw_member(readable(&text(a, 0))?, &text(a, 1)))))
        .fails(Fails::On(UNREADABLE))
        .nulls(Nulls::StrictOrAbsent),
    Function::new("->", &[JS, I4], Type::Json, |a, _| Ok(json(raw_item(readable(&text(a, 0))?, whole(a, 1)))))
        .fails(Fails::On(UNREADABLE))
        .nulls(Nulls::StrictOrAbsent),
    Function::new("->>", &[JS, T], Type::Text, |a, _| Ok(raw_text(raw_member(readable(&text(a, 0))?, &text(a, 1)))))
        .fails(Fails::On(UNREADABLE))
        .nulls(Nulls::StrictOrAbsent),
    Function::new("->>", &[JS, I4], Type::Text, |a, _| Ok(raw_text(raw_item(readable(&text(a, 0))?, whole(a, 1)))))
        .fails(Fails::On(UNREADABLE))
        .nulls(Nulls::StrictOrAbsent),
    Function::new("||", &[JB, JB], Type::Jsonb, join),
];

static UNREADABLE: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Such(|json| readable(&json.to_string()).is_err()),
    what: r"json with an escape that is no character, as `\u0000`",
}];

/// A JSON text, if PostgreSQL can read all of its escapes: it does so to find a part of it.
fn readable(text: &str) -> Result<&str, ValueError> {
    if text.contains("\\u") {
        crate::data::json::parse(text)?;
    }
    Ok(text)
}

fn member(args: &[Value]) -> Option<Json> {
    match args {
        [Value::Jsonb(Json::Object(members)), Value::Text(key)] => members.get(key).cloned(),
        _ => None,
    }
}

fn item(args: &[Value]) -> Option<Json> {
    match args {
        [Value::Jsonb(Json::Object(_)), _] => None,
        // A value that stands alone is stored as an array of one, and answers as one.
        [Value::Jsonb(json), index] => {
            let items = as_items(json);
            items.get(place(whole(std::slice::from_ref(index), 0), items.len())?).cloned()
        }
        _ => None,
    }
}

/// An index that counts from the end if it is negative.
fn place(index: i64, length: usize) -> Option<usize> {
    let from_start = if index < 0 { index + i64::try_from(length).ok()? } else { index };
    usize::try_from(from_start).ok()
}

pub(super) fn jsonb(found: Option<Json>) -> Value {
    found.map_or(Value::Null, Value::Jsonb)
}

pub(super) fn as_text(found: Option<Json>) -> Value {
    match found {
        None | Some(Json::Null) => Value::Null,
        Some(Json::String(text)) => Value::Text(text),
        Some(other) => Value::Text(Value::Jsonb(other).to_string()),
    }
}

pub(super) fn json(found: Option<&str>) -> Value {
    found.map_or(Value::Null, |text| Value::Json(text.into()))
}

pub(super) fn raw_text(found: Option<&str>) -> Value {
    let Some(text) = found else { return Value::Null };
    match text.trim_start() {
        "null" => Value::Null,
        quoted if quoted.starts_with('"') => serde_json::from_str(quoted).map_or(Value::Null, Value::Text),
        _ => Value::Text(text.into()),
    }
}

/// The members (with their keys) or items of a JSON text known to be valid, each as it is written.
pub(super) fn elements(text: &str) -> Vec<(Option<&str>, &str)> {
    let inner = text.trim();
    let mut rest = inner.get(1..inner.len().saturating_sub(1)).unwrap_or_default().trim();
    let is_object = inner.starts_with('{');
    let mut found = Vec::new();
    while !rest.is_empty() {
        let mut key = None;
        if is_object {
            let (name, tail) = rest.split_at(end_of_value(rest));
            key = Some(name);
            rest = tail.trim_start().trim_start_matches(':').trim_start();
        }
        let (value, tail) = rest.split_at(end_of_value(rest));
        found.push((key, value.trim_end()));
        rest = tail.trim_start().strip_prefix(',').unwrap_or_default().trim_start();
    }
    found
}

/// Where the value that the text starts with ends.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => {
                quoted = !quoted;
                if !quoted && depth == 0 {
                    return at + 1;
                }
            }
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The value of a key; of equal keys the last.
fn raw_member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let is_key = |name: Option<&str>| {
        name.and_then(|name| serde_json::from_str::<String>(name).ok()).is_some_and(|name| name == key)
    };
    elements(text).into_iter().rfind(|(name, _)| is_key(*name)).map(|(_, value)| value)
}

fn raw_item(text: &str, index: i64) -> Option<&str> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let items = elements(text);
    items.get(place(index, items.len())?).map(|(_, value)| *value)
}

/// Objects are merged, anything else becomes one array.
fn join(args: &[Value], _: Context) -> FunctionResult {
    let [Value::Jsonb(left), Value::Jsonb(right)] = args else { return Ok(Value::Null) };
    let joined = match (left, right) {
        (Json::Object(left), Json::Object(right)) => {
            let mut members = left.clone();
            members.extend(right.clone());
            Json::Object(members)
        }
        _ => Json::Array([as_items(left), as_items(right)].concat()),
    };
    crate::data::json::parse(&Value::Jsonb(joined).to_string()).map(Value::Jsonb)
}

fn as_items(json: &Json) -> Vec<Json> {
    if let Json::Array(items) = json { items.clone() } else { vec![json.clone()] }
}
