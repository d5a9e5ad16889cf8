//! Functions that make a text of texts: case, joining, padding, trimming, replacing.

use md5::{Digest, Md5};

use super::arguments::{ANY, BY, FunctionResult, I4, T, bytes, given_text, text, whole};
use super::case_map::{initcap, lower, upper};
use crate::data::{Chunk, Type, Value, ValueError};
use crate::expr::function::{Context, Fails, Function, Gives, Nulls, Refusal, Refused, Spelling};
use crate::expr::kernels::{self, Operand};

const TEXT: Type = Type::Text;

pub(super) static ROWS: &[Function] = &[
    Function::new("lower", &[T], TEXT, |a, _| given_text(lower(&text(a, 0))))
        .kernel(lower_texts)
        .projection()
        .gives(Gives::SameLength),
    Function::new("upper", &[T], TEXT, |a, _| given_text(upper(&text(a, 0))))
        .kernel(upper_texts)
        .projection()
        .gives(Gives::SameLength),
    Function::new("initcap", &[T], TEXT, |a, _| given_text(initcap(&text(a, 0)))).projection().gives(Gives::SameLength),
    Function::new("||", &[T, T], TEXT, join).kernel(kernels::concat).injective().gives(Gives::Joined),
    Function::new("||", &[T, ANY], TEXT, join).gives(Gives::Joined),
    Function::new("||", &[ANY, T], TEXT, join).gives(Gives::Joined),
    Function::new("concat", &[ANY], TEXT, |a, _| given_text(joined(a, "")))
        .variadic()
        .nulls(Nulls::Never)
        .gives(Gives::Joined),
    Function::new("concat_ws", &[T, ANY], TEXT, concat_ws).variadic().nulls(Nulls::OfFirst),
    Function::new("trim", &[T], TEXT, |a, _| given_text(text(a, 0).trim_matches(' ')))
        .projection()
        .spelling(Spelling::Call("btrim"))
        .gives(Gives::Piece),
    Function::new("trim", &[T, T], TEXT, |a, _| given_text(trimmed(&text(a, 0), &text(a, 1), true, true)))
        .projection()
        .spelling(Spelling::Call("btrim"))
        .gives(Gives::Piece),
    Function::new("btrim", &[T], TEXT, |a, _| given_text(text(a, 0).trim_matches(' ')))
        .projection()
        .gives(Gives::Piece),
    Function::new("btrim", &[T, T], TEXT, |a, _| given_text(trimmed(&text(a, 0), &text(a, 1), true, true)))
        .projection()
        .gives(Gives::Piece),
    Function::new("ltrim", &[T], TEXT, |a, _| given_text(text(a, 0).trim_start_matches(' ')))
        .projection()
        .gives(Gives::Piece),
    Function::new("ltrim", &[T, T], TEXT, |a, _| given_text(trimmed(&text(a, 0), &text(a, 1), true, false)))
        .projection()
        .gives(Gives::Piece),
    Function::new("rtrim", &[T], TEXT, |a, _| given_text(text(a, 0).trim_end_matches(' ')))
        .projection()
        .gives(Gives::Piece),
    Function::new("rtrim", &[T, T], TEXT, |a, _| given_text(trimmed(&text(a, 0), &text(a, 1), false, true)))
        .projection()
        .gives(Gives::Piece),
    Function::new("lpad", &[T, I4], TEXT, |a, c| lpad(&text(a, 0), whole(a, 1), " ", c))
        .fails(Fails::On(PADDED))
        .gives(Gives::Padded),
    Function::new("lpad", &[T, I4, T], TEXT, |a, c| lpad(&text(a, 0), whole(a, 1), &text(a, 2), c))
        .fails(Fails::On(PADDED))
        .gives(Gives::Padded),
    Function::new("rpad", &[T, I4], TEXT, |a, c| rpad(&text(a, 0), whole(a, 1), " ", c))
        .fails(Fails::On(PADDED))
        .gives(Gives::Padded),
    Function::new("rpad", &[T, I4, T], TEXT, |a, c| rpad(&text(a, 0), whole(a, 1), &text(a, 2), c))
        .fails(Fails::On(PADDED))
        .gives(Gives::Padded),
    Function::new("replace", &[T, T, T], TEXT, replace),
    Function::new("translate", &[T, T, T], TEXT, translate).gives(Gives::Piece),
    Function::new("reverse", &[T], TEXT, |a, _| given_text(text(a, 0).chars().rev().collect::<String>()))
        .injective()
        .gives(Gives::SameLength),
    Function::new("repeat", &[T, I4], TEXT, repeat).fails(Fails::On(REPEATED)).gives(Gives::Repeated),
    Function::new("md5", &[T], TEXT, |a, _| given_text(md5_hex(text(a, 0).as_bytes()))).gives(Gives::Sized(32)),
    Function::new("md5", &[BY], TEXT, |a, _| given_text(md5_hex(bytes(a, 0)))).gives(Gives::Sized(32)),
    Function::new("chr", &[I4], TEXT, |a, _| chr(whole(a, 0))).fails(Fails::On(NO_CHARACTER)).gives(Gives::Sized(1)),
];

fn lower_texts(operands: &[Operand], rows: usize) -> Option<Chunk> {
    kernels::mapped(operands, rows, |text, chunk| chunk.push_text(&lower(text)))
}

fn upper_texts(operands: &[Operand], rows: usize) -> Option<Chunk> {
    kernels::mapped(operands, rows, |text, chunk| chunk.push_text(&upper(text)))
}

static PADDED: &[Refused] = &[Refused {
    operand: 1,
    values: Refusal::Above(0x3fff_ffff / 4 - 1),
    what: "padding to a length that no text has",
}];
/// That a long text is repeated often enough to be too large is not counted, as of other functions.
static REPEATED: &[Refused] =
    &[Refused { operand: 1, values: Refusal::Above(1_000_000), what: "a text repeated until it is too large" }];
static NO_CHARACTER: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Outside(&[&[(1, 0xd7ff)], &[(0xe000, 0x10_ffff)]]),
    what: "`chr` of 0 or of a number that is no character",
}];

fn join(args: &[Value], context: Context) -> FunctionResult {
    let (left, right) = (text(args, 0), text(args, 1));
    context.allows(left.len().checked_add(right.len()))?;
    given_text([left, right].concat())
}

/// How `concat` shows a value: as it is sent to a client, which for booleans is not their text.
fn shown(value: &Value) -> String {
    match value {
        Value::Boolean(value) => if *value { "t" } else { "f" }.into(),
        other => other.to_string(),
    }
}

fn joined(values: &[Value], separator: &str) -> String {
    let known: Vec<String> = values.iter().filter(|value| !value.is_null()).map(shown).collect();
    known.join(separator)
}

fn concat_ws(args: &[Value], _: Context) -> FunctionResult {
    match args.split_first() {
        Some((Value::Text(separator), values)) => given_text(joined(values, separator)),
        _ => Ok(Value::Null),
    }
}

fn trimmed<'a>(text: &'a str, characters: &str, start: bool, end: bool) -> &'a str {
    let unwanted = |c: char| characters.contains(c);
    let text = if start { text.trim_start_matches(unwanted) } else { text };
    if end { text.trim_end_matches(unwanted) } else { text }
}

/// The text cut to `length` characters, or what is missing to them from repeats of `fill`.
fn padding(text: &str, length: i64, fill: &str, context: Context) -> Result<(String, String), ValueError> {
    let length = usize::try_from(length).unwrap_or(0);
    context.allows(length.checked_mul(4))?;
    let kept: String = text.chars().take(length).collect();
    let missing = length - kept.chars().count();
    let padding = if fill.is_empty() { String::new() } else { fill.chars().cycle().take(missing).collect() };
    Ok((kept, padding))
}

fn lpad(text: &str, length: i64, fill: &str, context: Context) -> FunctionResult {
    let (kept, padding) = padding(text, length, fill, context)?;
    given_text(padding + &kept)
}

fn rpad(text: &str, length: i64, fill: &str, context: Context) -> FunctionResult {
    let (kept, padding) = padding(text, length, fill, context)?;
    given_text(kept + &padding)
}

fn replace(args: &[Value], context: Context) -> FunctionResult {
    let (subject, old, new) = (text(args, 0), text(args, 1), text(args, 2));
    if old.is_empty() {
        return given_text(subject);
    }
    let count = if new.len() > old.len() { subject.matches(&*old).count() } else { 0 };
    context.allows(count.checked_mul(new.len()).and_then(|added| added.checked_add(subject.len())))?;
    given_text(subject.replace(&*old, &new))
}

fn translate(args: &[Value], _: Context) -> FunctionResult {
    let (subject, from, to) = (text(args, 0), text(args, 1), text(args, 2));
    let replaced = |c: char| match from.chars().position(|other| other == c) {
        Some(at) => to.chars().nth(at),
        None => Some(c),
    };
    given_text(subject.chars().filter_map(replaced).collect::<String>())
}

fn repeat(args: &[Value], context: Context) -> FunctionResult {
    let (text, times) = (text(args, 0), usize::try_from(whole(args, 1)).unwrap_or(0));
    context.allows(text.len().checked_mul(times))?;
    given_text(text.repeat(times))
}

fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect()
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

fn chr(code: i64) -> FunctionResult {
    match code {
        0 => Err(ValueError::new("54000", "null character not permitted")),
        ..0 => Err(ValueError::new("22023", "character number must be positive")),
        _ => match u32::try_from(code).ok().and_then(char::from_u32) {
            Some(c) => given_text(c),
            None => Err(ValueError::new("54000", format!("requested character not valid for encoding: {code}"))),
        },
    }
}
