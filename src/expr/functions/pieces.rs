//! Functions that measure a text or take a piece of it.

use super::arguments::{BY, FunctionResult, I4, T, bytes, counted, given_text, text, whole};
use crate::data::{Type, Value, ValueError};
use crate::expr::function::{Context, Fails, Function, Gives, Refusal, Refused};

const TEXT: Type = Type::Text;
const I: Type = Type::Integer;

pub(super) static ROWS: &[Function] = &[
    Function::new("length", &[T], I, |a, _| counted(text(a, 0).chars().count())).gives(Gives::Length),
    Function::new("length", &[BY], I, |a, _| counted(bytes(a, 0).len())).gives(Gives::Length),
    Function::new("char_length", &[T], I, |a, _| counted(text(a, 0).chars().count())).gives(Gives::Length),
    Function::new("character_length", &[T], I, |a, _| counted(text(a, 0).chars().count())).gives(Gives::Length),
    Function::new("octet_length", &[T], I, |a, _| counted(text(a, 0).len())).gives(Gives::Bytes),
    Function::new("octet_length", &[BY], I, |a, _| counted(bytes(a, 0).len())).gives(Gives::Length),
    Function::new("substr", &[T, I4], TEXT, from_start).gives(Gives::Piece),
    Function::new("substr", &[T, I4, I4], TEXT, from_start_so_many)
        .fails(Fails::On(NEGATIVE_LENGTH))
        .gives(Gives::Cut(2)),
    Function::new("substring", &[T, I4], TEXT, from_start).gives(Gives::Piece),
    Function::new("substring", &[T, I4, I4], TEXT, from_start_so_many)
        .fails(Fails::On(NEGATIVE_LENGTH))
        .gives(Gives::Cut(2)),
    Function::new("substr", &[BY, I4], Type::Bytea, bytes_from_start).gives(Gives::Piece),
    Function::new("substr", &[BY, I4, I4], Type::Bytea, bytes_from_start)
        .fails(Fails::On(NEGATIVE_LENGTH))
        .gives(Gives::Cut(2)),
    Function::new("substring", &[BY, I4], Type::Bytea, bytes_from_start).gives(Gives::Piece),
    Function::new("substring", &[BY, I4, I4], Type::Bytea, bytes_from_start)
        .fails(Fails::On(NEGATIVE_LENGTH))
        .gives(Gives::Cut(2)),
    Function::new("left", &[T, I4], TEXT, |a, _| given_text(left(&text(a, 0), whole(a, 1)))).gives(Gives::Cut(1)),
    Function::new("right", &[T, I4], TEXT, |a, _| given_text(right(&text(a, 0), whole(a, 1)))).gives(Gives::Cut(1)),
    Function::new("split_part", &[T, T, I4], TEXT, split_part).fails(Fails::On(NO_FIELD)).gives(Gives::Piece),
    Function::new("strpos", &[T, T], I, |a, _| position(&text(a, 0), &text(a, 1))).gives(Gives::Count),
    Function::new("position", &[T, T], I, |a, _| position(&text(a, 0), &text(a, 1))).reversed().gives(Gives::Count),
    Function::new("starts_with", &[T, T], Type::Boolean, |a, _| {
        Ok(Value::Boolean(text(a, 0).starts_with(&*text(a, 1))))
    }),
    Function::new("ascii", &[T], I, |a, _| {
        let code = text(a, 0).chars().next().map_or(0, u32::from);
        Ok(Value::Integer(i32::try_from(code).unwrap_or(0)))
    })
    .gives(Gives::Count),
];

static NEGATIVE_LENGTH: &[Refused] =
    &[Refused { operand: 2, values: Refusal::Negative, what: "a piece of text of negative length" }];
static NO_FIELD: &[Refused] = &[Refused { operand: 2, values: Refusal::Zero, what: "field 0 of `split_part`" }];

/// The part from position `start` (counted from 1), with the number of places to skip and to take.
fn window(start: i64, length: Option<i64>) -> Result<(usize, usize), ValueError> {
    if length.is_some_and(|length| length < 0) {
        return Err(ValueError::new("22011", "negative substring length not allowed"));
    }
    let end = length.map_or(i64::MAX, |length| start.saturating_add(length));
    let first = start.max(1);
    let clamp = |n: i64| usize::try_from(n.max(0)).unwrap_or(usize::MAX);
    Ok((clamp(first - 1), clamp(end.saturating_sub(first))))
}

fn piece(args: &[Value], length: Option<i64>) -> FunctionResult {
    let (skip, take) = window(whole(args, 1), length)?;
    given_text(text(args, 0).chars().skip(skip).take(take).collect::<String>())
}

fn from_start(args: &[Value], _: Context) -> FunctionResult {
    piece(args, None)
}

fn from_start_so_many(args: &[Value], _: Context) -> FunctionResult {
    piece(args, Some(whole(args, 2)))
}

fn bytes_from_start(args: &[Value], _: Context) -> FunctionResult {
    let length = if args.len() > 2 { Some(whole(args, 2)) } else { None };
    let (skip, take) = window(whole(args, 1), length)?;
    Ok(Value::Bytea(bytes(args, 0).iter().skip(skip).take(take).copied().collect()))
}

/// The first `count` characters, or all but the last ones if it is negative.
fn left(text: &str, count: i64) -> String {
    text.chars().take(characters_kept(text, count)).collect()
}

fn right(text: &str, count: i64) -> String {
    let kept = characters_kept(text, count);
    text.chars().skip(text.chars().count().saturating_sub(kept)).collect()
}

fn characters_kept(text: &str, count: i64) -> usize {
    if count >= 0 {
        return usize::try_from(count).unwrap_or(usize::MAX);
    }
    text.chars().count().saturating_sub(usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX))
}

fn split_part(args: &[Value], _: Context) -> FunctionResult {
    let (subject, separator, wanted) = (text(args, 0), text(args, 1), whole(args, 2));
    if wanted == 0 {
        return Err(ValueError::new("22023", "field position must not be zero"));
    }
    if separator.is_empty() {
        return given_text(if matches!(wanted, 1 | -1) { &*subject } else { "" });
    }
    let at = usize::try_from(wanted.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let part = if wanted > 0 {
        subject.split(&*separator).nth(at)
    } else {
        let parts: Vec<&str> = subject.split(&*separator).collect();
        parts.into_iter().rev().nth(at)
    };
    given_text(part.unwrap_or_default())
}

/// Where `part` begins in `subject`, in characters from 1; 0 if it is not there.
fn position(subject: &str, part: &str) -> FunctionResult {
    counted(subject.find(part).map_or(0, |at| subject[..at].chars().count() + 1))
}
