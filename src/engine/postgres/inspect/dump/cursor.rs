//! A walk along the tokens of a statement.

use super::tokens::{Kind, Token};

/// The tokens that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t, 'a> {
    pub(super) rest: &'t [Token<'a>],
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(super) fn of(rest: &'t [Token<'a>]) -> Self {
        Self { rest }
    }

    pub(super) fn next(&mut self) -> Option<&'t Token<'a>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.rest.first().is_some_and(|token| token.is_word(word))
    }

    /// Goes past these words, where they come next.
    pub(super) fn words(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        for word in words.split(' ') {
            if !ahead.next().is_some_and(|token| token.is_word(word)) {
                return false;
            }
        }
        *self = ahead;
        true
    }

    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let is_next = self.rest.first().is_some_and(|token| token.is_symbol(symbol));
        if is_next {
            self.next();
        }
        is_next
    }

    /// A name without a schema.
    pub(super) fn name(&mut self) -> Option<String> {
        let name = self.rest.first()?.name()?;
        self.next();
        Some(name)
    }

    /// A name, and its schema where it has one.
    pub(super) fn qualified(&mut self) -> Option<(Option<String>, String)> {
        let first = self.name()?;
        if self.symbol(".") { Some((Some(first), self.name()?)) } else { Some((None, first)) }
    }

    /// What stands between parentheses that come next.
    pub(super) fn group(&mut self) -> Option<&'t [Token<'a>]> {
        let mut ahead = *self;
        if !ahead.symbol("(") {
            return None;
        }
        let inside = ahead.until(|_| false);
        ahead.symbol(")");
        *self = ahead;
        Some(inside)
    }

    /// The tokens up to one that ends them, outside parentheses, or to a parenthesis that was opened before.
    pub(super) fn until(&mut self, ends: impl Fn(&Token<'a>) -> bool) -> &'t [Token<'a>] {
        let mut depth = 0_usize;
        let mut length = 0;
        for token in self.rest {
            if token.is_symbol(")") {
                if depth == 0 {
                    break;
                }
                depth -= 1;
            } else if token.is_symbol("(") {
                depth += 1;
            } else if depth == 0 && length > 0 && ends(token) {
                break;
            }
            length += 1;
        }
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// The parts between commas.
    pub(super) fn parts(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
        let mut cursor = Self::of(tokens);
        let mut parts = Vec::new();
        while !cursor.rest.is_empty() {
            let before = cursor.rest.len();
            parts.push(cursor.until(|token| token.is_symbol(",")));
            cursor.symbol(",");
            if cursor.rest.len() == before {
                cursor.next();
            }
        }
        parts
    }

    /// The names between commas; what is none is left out.
    pub(super) fn names(tokens: &'t [Token<'a>]) -> Vec<String> {
        Self::parts(tokens).into_iter().filter_map(|part| part.first()?.name()).collect()
    }
}

/// The text of tokens as it stands in the dump, but without the schema where unqualified names are looked for.
pub(super) fn text_of(tokens: &[Token<'_>], schema: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if at > 0 {
            out.push_str(token.before);
        }
        let is_schema = tokens.get(at + 1).is_some_and(|next| next.is_symbol("."))
            && (at == 0 || !tokens[at - 1].is_symbol("."))
            && token.name().is_some_and(|name| name == schema);
        if is_schema {
            out.push_str(tokens.get(at + 2).map_or("", |name| name.text));
            at += 3;
            continue;
        }
        match regclass(tokens, at).and_then(|text| text.strip_prefix(&format!("'{schema}."))) {
            Some(name) => out.extend(["'", name]),
            None => out.push_str(token.text),
        }
        at += 1;
    }
    out
}

/// The text at `at`, if `::regclass` follows.
fn regclass<'a>(tokens: &[Token<'a>], at: usize) -> Option<&'a str> {
    let is_regclass = tokens.get(at + 3).is_some_and(|token| token.is_word("regclass"));
    (tokens[at].kind == Kind::Text && is_regclass).then_some(tokens[at].text)
}

/// The names in an expression that are columns of a table: those that are no functions, types or parts of other names.
pub(super) fn columns_in(tokens: &[Token<'_>], is_column: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let after = tokens.get(at + 1);
        let is_part = before.is_some_and(|token| token.is_symbol(".") || token.is_symbol(":"));
        let is_more = after.is_some_and(|token| token.is_symbol(".") || token.is_symbol("("));
        if let Some(name) = token.name().filter(|name| !is_part && !is_more && is_column(name))
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}
