//! Lower and upper case by Unicode's simple mappings: one character for one, independent of its neighbours. That is what
//! PostgreSQL does in a UTF-8 database whose locale is of the C library (`C.UTF-8`, `en_US.UTF-8`); ICU locales differ in
//! a few characters, such as `ß`.

use std::borrow::Cow;

/// In lower case.
pub(in crate::expr) fn lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            text.into()
        };
    }
    text.chars().map(lower_char).collect::<String>().into()
}

/// In upper case.
pub(in crate::expr) fn upper(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_lowercase()) {
            text.to_ascii_uppercase().into()
        } else {
            text.into()
        };
    }
    text.chars().map(upper_char).collect::<String>().into()
}

/// Each word with its first letter in upper case and the rest in lower case; words are letters and digits.
pub(super) fn initcap(text: &str) -> String {
    let mut inside = false;
    let capitalise = |c: char| {
        let mapped = if inside { lower_char(c) } else { upper_char(c) };
        inside = c.is_alphanumeric() && !matches!(c, '²' | '³' | '¹' | '¼' | '½' | '¾');
        mapped
    };
    text.chars().map(capitalise).collect()
}

fn lower_char(c: char) -> char {
    if c == 'İ' {
        return 'i';
    }
    single(c, c.to_lowercase())
}

fn upper_char(c: char) -> char {
    // Greek letters with iota below have a single capital, which the full mapping takes apart.
    match u32::from(c) {
        code @ (0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7) => char::from_u32(code + 8).unwrap_or(c),
        code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => char::from_u32(code + 9).unwrap_or(c),
        _ => single(c, c.to_uppercase()),
    }
}

/// The mapping, if it is one character; otherwise the character itself.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}
