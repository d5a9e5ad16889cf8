//! Names: folded as PostgreSQL folds them, and shared between all places that write the same.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::ast::Name;
use crate::syntax::keywords;

/// The names of one script, each held once.
#[derive(Default)]
pub(super) struct Names {
    known: FxHashSet<Name>,
}

impl Names {
    /// The shared form of a name as written.
    pub(super) fn fold(&mut self, written: &str) -> Name {
        let folded = fold(written);
        if let Some(name) = self.known.get(folded.as_ref()) {
            return name.clone();
        }
        let name: Name = folded.into();
        self.known.insert(name.clone());
        name
    }
}

/// What a written name is, as PostgreSQL folds it: `Users` is `users`, `"Users"` is `Users`, `ÉTÉ` is `ÉtÉ` (ASCII only).
#[must_use]
pub fn fold(written: &str) -> Cow<'_, str> {
    if let Some(inner) = written.strip_prefix('"') {
        return unescape(inner.strip_suffix('"').unwrap_or(inner), "\"\"", "\"");
    }
    if written.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Owned(written.to_ascii_lowercase());
    }
    Cow::Borrowed(written)
}

/// The text between the quotes of `'…'` or `"…"`.
pub(super) fn unquote(written: &str) -> Cow<'_, str> {
    let inner = &written[1..written.len() - 1];
    if written.starts_with('"') { unescape(inner, "\"\"", "\"") } else { unescape(inner, "''", "'") }
}

fn unescape<'a>(text: &'a str, pair: &str, quote: &str) -> Cow<'a, str> {
    if text.contains(pair) { Cow::Owned(text.replace(pair, quote)) } else { Cow::Borrowed(text) }
}

/// A name as a script must write it: between double quotes where folding or a reserved word would change it.
#[must_use]
pub fn quote_ident(name: &str) -> Cow<'_, str> {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_' || c.is_alphabetic())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || is_foreign_letter(c))
        && !keywords::is_reserved(name);
    if plain { Cow::Borrowed(name) } else { Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))) }
}

/// Letters outside ASCII that every lexer of the language takes for one.
fn is_foreign_letter(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\u{C0}'..='\u{1FFF}' | '\u{3041}'..='\u{D7FF}')
}
