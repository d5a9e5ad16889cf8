//! `like` and `ilike`.

use super::arguments::{BY, FunctionResult, T, bytes, text};
use super::case_map::lower;
use crate::data::{Type, Value, ValueError};
use crate::expr::function::{Fails, Function, Refusal, Refused, Spelling};

pub(super) static ROWS: &[Function] = &[
    Function::new("like", &[T, T], Type::Boolean, |a, _| like(&text(a, 0), &text(a, 1)))
        .fails(Fails::On(DANGLING))
        .spelling(Spelling::Operator),
    Function::new("like", &[BY, BY], Type::Boolean, |a, _| {
        like(&as_characters(bytes(a, 0)), &as_characters(bytes(a, 1)))
    })
    .fails(Fails::On(DANGLING))
    .spelling(Spelling::Operator),
    Function::new("ilike", &[T, T], Type::Boolean, |a, _| like(&lower(&text(a, 0)), &lower(&text(a, 1))))
        .fails(Fails::On(DANGLING))
        .spelling(Spelling::Operator),
];

static DANGLING: &[Refused] =
    &[Refused { operand: 1, values: Refusal::Such(is_dangling), what: "a pattern that ends with `\\`" }];

fn is_dangling(pattern: &Value) -> bool {
    let pattern = match pattern {
        Value::Bytea(bytes) => as_characters(bytes),
        other => other.to_string(),
    };
    pieces(&pattern).contains(&Piece::Dangling)
}

/// Each byte as a character of its number, so that one matcher serves both.
fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A piece of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    /// `%`
    Any,
    /// `_`
    One,
    /// The character itself.
    Is(char),
    /// A `\` with nothing after it, an error once the match comes to it.
    Dangling,
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut chars = pattern.chars();
    let mut pieces = Vec::with_capacity(pattern.len());
    while let Some(c) = chars.next() {
        let piece = match c {
            '%' => Piece::Any,
            '_' => Piece::One,
            '\\' => chars.next().map_or(Piece::Dangling, Piece::Is),
            c => Piece::Is(c),
        };
        if piece != Piece::Any || pieces.last() != Some(&Piece::Any) {
            pieces.push(piece);
        }
    }
    pieces
}

/// Matches from left to right; on a mismatch the last `%` takes one character more. That is enough, since what stands
/// before the last `%` has matched as early as it can.
fn like(text: &str, pattern: &str) -> FunctionResult {
    let (text, pattern): (Vec<char>, Vec<Piece>) = (text.chars().collect(), pieces(pattern));
    let (mut at, mut piece) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(piece) {
            Some(Piece::Any) => {
                retry = Some((at, piece));
                piece += 1;
                continue;
            }
            Some(Piece::One) => {
                (at, piece) = (at + 1, piece + 1);
                continue;
            }
            Some(Piece::Is(c)) if *c == text[at] => {
                (at, piece) = (at + 1, piece + 1);
                continue;
            }
            Some(Piece::Dangling) => return Err(dangling()),
            _ => {}
        }
        let Some((start, any)) = retry else { return Ok(Value::Boolean(false)) };
        retry = Some((start + 1, any));
        (at, piece) = (start + 1, any + 1);
    }
    let rest = pattern[piece..].iter().all(|piece| *piece == Piece::Any);
    Ok(Value::Boolean(rest))
}

fn dangling() -> ValueError {
    ValueError::new("22025", "LIKE pattern must not end with escape character")
}
