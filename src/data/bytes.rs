//! `bytea` and `uuid`: PostgreSQL's text forms.

use std::fmt;

use crate::data::float::trim;
use crate::data::{Type, ValueError};

/// Reads a `bytea`, in the form `\x6869` or with `\` escapes.
pub(crate) fn parse_bytea(text: &str) -> Result<Vec<u8>, ValueError> {
    match text.strip_prefix("\\x") {
        Some(digits) => parse_hex(digits),
        None => parse_escaped(text.as_bytes()).ok_or_else(|| ValueError::new("22P02", BYTEA_SYNTAX)),
    }
}

const BYTEA_SYNTAX: &str = "invalid input syntax for type bytea";

fn parse_hex(text: &str) -> Result<Vec<u8>, ValueError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars();
    while let Some(high) = chars.next() {
        if matches!(high, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let high = hex_digit(high)?;
        let odd = || ValueError::new("22023", "invalid hexadecimal data: odd number of digits");
        bytes.push(high << 4 | hex_digit(chars.next().ok_or_else(odd)?)?);
    }
    Ok(bytes)
}

fn hex_digit(digit: char) -> Result<u8, ValueError> {
    let invalid = || ValueError::new("22023", format!("invalid hexadecimal digit: \"{digit}\""));
    digit.to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or_else(invalid)
}

fn parse_escaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, taken) = match (first, tail) {
            (b'\\', [b'\\', ..]) => (b'\\', 1),
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), 3)
            }
            (b'\\', _) => return None,
            _ => (first, 0),
        };
        bytes.push(byte);
        rest = &tail[taken..];
    }
    Some(bytes)
}

/// Writes `\x6869`.
pub(crate) fn write_bytea(f: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    f.write_str("\\x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads a `uuid`: 32 digits, with a hyphen allowed after each four, and braces around.
pub(crate) fn parse_uuid(text: &str) -> Result<u128, ValueError> {
    let braced = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    uuid_digits(braced.unwrap_or(text)).ok_or_else(|| ValueError::syntax(Type::Uuid, text))
}

fn uuid_digits(text: &str) -> Option<u128> {
    let (mut value, mut digits) = (0, 0);
    let mut after_hyphen = true;
    for c in text.chars() {
        if c == '-' && digits % 4 == 0 && !after_hyphen && digits < 32 {
            after_hyphen = true;
            continue;
        }
        value = (value << 4) | u128::from(c.to_digit(16)?);
        digits += 1;
        after_hyphen = false;
        if digits > 32 {
            return None;
        }
    }
    (digits == 32).then_some(value)
}

/// Writes a `uuid` with its four hyphens.
pub(crate) fn write_uuid(f: &mut impl fmt::Write, value: u128) -> fmt::Result {
    let text = format!("{value:032x}");
    write!(f, "{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Reads a `boolean`: `true`, `yes`, `on`, `1` and the like, or a beginning of one that is nobody else's.
pub(crate) fn parse_boolean(text: &str) -> Result<bool, ValueError> {
    let word = trim(text).to_ascii_lowercase();
    let begins = |whole: &str, least: usize| word.len() >= least && whole.starts_with(&word);
    if begins("true", 1) || begins("yes", 1) || word == "on" || word == "1" {
        Ok(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(ValueError::syntax(Type::Boolean, text))
    }
}
