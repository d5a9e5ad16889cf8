//! `#>`, `#>>` and `#-`: what lies at a path in `json` and `jsonb`. The path is a literal of PostgreSQL's `text[]`.

use serde_json::Value as Json;

use super::arguments::{FunctionResult, JB, JS, T, text};
use super::json::{as_text, elements, json, jsonb, raw_text};
use crate::data::{Type, Value, ValueError};
use crate::expr::function::{Context, Fails, Function, Nulls, Refusal, Refused, Spelling};

pub(super) static ROWS: &[Function] = &[
    by_path("#>", &[JB, T], Type::Jsonb, |a, _| Ok(jsonb(at_path(a)?))),
    by_path("#>>", &[JB, T], Type::Text, |a, _| Ok(as_text(at_path(a)?))),
    by_path("#>", &[JS, T], Type::Json, |a, _| Ok(json(raw_at_path(&text(a, 0), &text(a, 1))?))),
    by_path("#>>", &[JS, T], Type::Text, |a, _| Ok(raw_text(raw_at_path(&text(a, 0), &text(a, 1))?))),
    Function::new("#-", &[JB, T], Type::Jsonb, without).fails(Fails::On(NO_WAY)).spelling(Spelling::Path),
];

const MALFORMED: Refused = Refused {
    operand: 1,
    values: Refusal::Such(|path| steps(&path.to_string()).is_err()),
    what: "a path that is no array of text",
};
const NO_PATH: &[Refused] = &[MALFORMED];
/// A scalar, or a step into an array that is no number.
const NO_WAY: &[Refused] =
    &[MALFORMED, Refused { operand: 0, values: Refusal::Outside(&[]), what: "a path that cannot be deleted" }];

const fn by_path(
    name: &'static str,
    params: &'static [crate::expr::Param],
    result: Type,
    compute: fn(&[Value], Context) -> FunctionResult,
) -> Function {
    Function::new(name, params, result, compute)
        .nulls(Nulls::StrictOrAbsent)
        .fails(Fails::On(NO_PATH))
        .spelling(Spelling::Path)
}

/// A step of a path; null is one that leads nowhere.
type Step = Option<String>;

fn malformed(text: &str) -> ValueError {
    ValueError::new("22P02", format!("malformed array literal: \"{text}\""))
}

const BLANK: [char; 6] = [' ', '\t', '\n', '\r', '\u{B}', '\u{C}'];

/// The steps of a path: a literal of `text[]` of one dimension.
///
/// # Errors
/// It is not one.
pub(in crate::expr) fn steps(literal: &str) -> Result<Vec<Step>, ValueError> {
    let whole = literal.trim_matches(BLANK);
    let inner = whole.strip_prefix('{').ok_or_else(|| malformed(literal))?;
    let (mut steps, mut rest) = (Vec::new(), inner);
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(behind) = rest.strip_prefix('}').filter(|_| steps.is_empty()) {
            return if behind.is_empty() { Ok(steps) } else { Err(malformed(literal)) };
        }
        let (step, behind) = step(rest).ok_or_else(|| malformed(literal))?;
        steps.push(step);
        match behind.strip_prefix(',') {
            Some(more) => rest = more,
            None if behind == "}" => return Ok(steps),
            None => return Err(malformed(literal)),
        }
    }
}

/// The step that `text` starts with, and what stands after it and its blanks.
fn step(text: &str) -> Option<(Step, &str)> {
    let quoted = text.starts_with('"');
    let (mut step, mut kept, mut escaped) = (String::new(), 0, false);
    let mut chars = text.char_indices().skip(usize::from(quoted));
    let end = loop {
        match chars.next()? {
            (_, '\\') => {
                step.push(chars.next()?.1);
                (escaped, kept) = (true, step.len());
            }
            (at, '"') if quoted => break at + 1,
            (at, ',' | '}') if !quoted => break at,
            (_, '"' | '{') if !quoted => return None,
            (_, c) => {
                step.push(c);
                kept = if quoted || !BLANK.contains(&c) { step.len() } else { kept };
            }
        }
    };
    step.truncate(if quoted { step.len() } else { kept });
    if step.is_empty() && !quoted {
        return None;
    }
    let is_null = !quoted && !escaped && step.eq_ignore_ascii_case("null");
    Some(((!is_null).then_some(step), text[end..].trim_start_matches(BLANK)))
}

/// A step as an index, as C reads a number: blanks and a sign may stand before the digits.
fn index(step: &str) -> Option<i32> {
    let number = step.trim_start_matches(BLANK);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number { number.parse().ok() } else { None }
}

/// The place that an index means among so many items; a negative one counts from the end.
fn place(index: i32, items: usize) -> Option<usize> {
    let items = i64::try_from(items).ok()?;
    let from_start = if index < 0 { items + i64::from(index) } else { i64::from(index) };
    usize::try_from(from_start).ok()
}

fn at_path(args: &[Value]) -> Result<Option<Json>, ValueError> {
    let steps = steps(&text(args, 1))?;
    let Some(Value::Jsonb(mut found)) = args.first().cloned() else { return Ok(None) };
    for step in steps {
        let Some(step) = step else { return Ok(None) };
        let next = match &mut found {
            Json::Object(members) => members.remove(&step),
            Json::Array(items) => index(&step)
                .and_then(|index| place(index, items.len()))
                .and_then(|place| items.get_mut(place).map(Json::take)),
            _ => None,
        };
        match next {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// What lies at the path in the text of a `json`, as it is written there.
fn raw_at_path<'a>(text: &'a str, path: &str) -> Result<Option<&'a str>, ValueError> {
    let steps = steps(path)?;
    if steps.is_empty() {
        // PostgreSQL keeps the blanks before a value that is neither array nor object.
        let value = text.trim_end();
        return Ok(Some(if value.trim_start().starts_with(['{', '[']) { value.trim_start() } else { value }));
    }
    let Some(steps) = steps.into_iter().collect::<Option<Vec<String>>>() else { return Ok(None) };
    let indexes = steps.iter().map(|step| index(step)).collect();
    let mut search = Search { steps: &steps, indexes, found: None };
    search.visit(text.trim(), 0, true);
    Ok(search.found)
}

/// PostgreSQL's one walk over the text of a `json`: of values at the same path the last is found, and a negative index
/// becomes a positive one at the first array on its level that is long enough, wherever that array stands.
struct Search<'s, 'a> {
    steps: &'s [String],
    indexes: Vec<Option<i32>>,
    found: Option<&'a str>,
}

impl<'a> Search<'_, 'a> {
    /// Looks at a value on a level; `on_path` says that the steps above led to it.
    fn visit(&mut self, value: &'a str, level: usize, on_path: bool) {
        let (is_array, is_object) = (value.starts_with('['), value.starts_with('{'));
        if level >= self.steps.len() || !(is_array || is_object) {
            return;
        }
        let elements = elements(value);
        if is_array && let Some(Some(index)) = self.indexes.get_mut(level) {
            let count = i32::try_from(elements.len()).unwrap_or(i32::MAX);
            if *index < 0 && *index != i32::MIN && -*index <= count {
                *index += count;
            }
        }
        for (at, (key, element)) in elements.into_iter().enumerate() {
            let named = match key {
                Some(key) => serde_json::from_str::<String>(key).is_ok_and(|key| key == self.steps[level]),
                None => self.indexes[level].and_then(|index| usize::try_from(index).ok()) == Some(at),
            };
            let matches = on_path && named;
            if matches && level + 1 == self.steps.len() {
                self.found = Some(element);
            }
            self.visit(element, level + 1, matches);
        }
    }
}

/// `#-`: the value without what lies at the path.
fn without(args: &[Value], _: Context) -> FunctionResult {
    let steps = steps(&text(args, 1))?;
    let Some(Value::Jsonb(value)) = args.first() else { return Ok(Value::Null) };
    if !value.is_object() && !value.is_array() {
        return Err(ValueError::new("22023", "cannot delete path in scalar"));
    }
    let mut left = value.clone();
    let is_empty =
        left.as_array().is_some_and(Vec::is_empty) || left.as_object().is_some_and(serde_json::Map::is_empty);
    if !is_empty {
        remove(&mut left, &steps, 0)?;
    }
    Ok(Value::Jsonb(left))
}

fn remove(value: &mut Json, steps: &[Step], level: usize) -> Result<(), ValueError> {
    let Some(step) = steps.get(level) else { return Ok(()) };
    let position = level + 1;
    let Some(step) = step else {
        let message = format!("path element at position {position} is null");
        return Err(ValueError::new("22004", message));
    };
    let is_last = position == steps.len();
    match value {
        Json::Object(members) if is_last => {
            members.shift_remove(step);
        }
        Json::Object(members) => {
            if let Some(member) = members.get_mut(step) {
                remove(member, steps, position)?;
            }
        }
        Json::Array(items) => {
            let index = index(step).ok_or_else(|| {
                let message = format!("path element at position {position} is not an integer: \"{step}\"");
                ValueError::new("22P02", message)
            })?;
            let Some(place) = place(index, items.len()).filter(|place| *place < items.len()) else { return Ok(()) };
            if is_last {
                items.remove(place);
            } else if let Some(item) = items.get_mut(place) {
                remove(item, steps, position)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_literal_of_an_array_of_text() {
        for (literal, expected) in [
            ("{}", &[] as &[Option<&str>]),
            (" { } ", &[]),
            ("{a}", &[Some("a")]),
            ("{a, b c ,0,-1}", &[Some("a"), Some("b c"), Some("0"), Some("-1")]),
            (
                r#"{"a,b", "c\"d","",null,"null",n\ull}"#,
                &[Some("a,b"), Some("c\"d"), Some(""), None, Some("null"), Some("null")],
            ),
            (r"{a\ ,é}", &[Some("a "), Some("é")]),
        ] {
            let steps = steps(literal).unwrap();
            assert_eq!(steps.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{literal}");
        }
        for literal in
            ["", "a", "a,b", "{", "{a", "{a,}", "{,a}", "{a}b", "{a\"b\"}", "{\"a\"b}", "{{a}}", "[1:1]={a}", "{a\\"]
        {
            let error = steps(literal).unwrap_err();
            assert_eq!((error.sqlstate, error.message), ("22P02", format!("malformed array literal: \"{literal}\"")));
        }
    }

    #[test]
    fn an_index_is_read_as_c_reads_it() {
        for (step, expected) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("+2", Some(2)),
            (" 07", Some(7)),
            ("1 ", None),
            ("", None),
            ("-", None),
            ("+-1", None),
            ("2147483648", None),
            ("a", None),
        ] {
            assert_eq!(index(step), expected, "{step}");
        }
    }
}
