//! The text of a dump, cut into statements and these into tokens.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres::inspect) enum Kind {
    /// A name without quotes, or a keyword.
    Word,
    /// A name between double quotes.
    Quoted,
    /// `'…'` or `$tag$…$tag$`
    Text,
    /// A number.
    Number,
    /// One character of anything else.
    Symbol,
}

/// A token, as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres::inspect) struct Token<'a> {
    pub(in crate::engine::postgres::inspect) kind: Kind,
    pub(in crate::engine::postgres::inspect) text: &'a str,
    /// What stands between it and the token before.
    pub(in crate::engine::postgres::inspect) before: &'a str,
    /// Where it begins, in bytes.
    pub(in crate::engine::postgres::inspect) start: usize,
}

impl Token<'_> {
    /// Whether it is this word; keywords are given in lower case.
    pub(in crate::engine::postgres::inspect) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(in crate::engine::postgres::inspect) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The name that it is, without its quotes.
    pub(in crate::engine::postgres::inspect) fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_lowercase()),
            Kind::Quoted => Some(self.text[1..self.text.len() - 1].replace("\"\"", "\"")),
            _ => None,
        }
    }
}

/// A statement without its semicolon.
#[derive(Debug)]
pub(in crate::engine::postgres::inspect) struct Statement<'a> {
    pub(in crate::engine::postgres::inspect) tokens: Vec<Token<'a>>,
    /// The line where it begins, from 1.
    pub(in crate::engine::postgres::inspect) line: usize,
}

/// The statements of a dump, one after the other. Commands of psql and the rows of `copy … from stdin` are left out.
pub(in crate::engine::postgres::inspect) struct Statements<'a> {
    text: &'a str,
    at: usize,
    /// The line of `counted`.
    line: usize,
    counted: usize,
}

impl<'a> Statements<'a> {
    pub(in crate::engine::postgres::inspect) fn of(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, counted: 0 }
    }

    fn line_of(&mut self, at: usize) -> usize {
        self.line += self.text[self.counted..at].matches('\n').count();
        self.counted = at;
        self.line
    }

    /// The next token; none at the end, where a text or a comment is not closed as well.
    fn token(&mut self) -> Option<Token<'a>> {
        let behind = self.at;
        self.skip_blank();
        let before = &self.text[behind..self.at];
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '"' => (Kind::Quoted, quoted(rest, '"', false)?),
            '\'' => (Kind::Text, quoted(rest, '\'', false)?),
            'e' | 'E' if rest[1..].starts_with('\'') => (Kind::Text, 1 + quoted(&rest[1..], '\'', true)?),
            '$' => match dollar(rest) {
                Some(length) => (Kind::Text, length?),
                None => (Kind::Symbol, 1),
            },
            c if c.is_alphabetic() || c == '_' => (Kind::Word, word(rest)),
            c if c.is_ascii_digit() => (Kind::Number, number(rest)),
            c => (Kind::Symbol, c.len_utf8()),
        };
        let token = Token { kind, text: &rest[..length], before, start: self.at };
        self.at += length;
        Some(token)
    }

    /// Goes past spaces and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let length = if trimmed.starts_with("--") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                comment(trimmed)
            } else {
                return;
            };
            self.at += length;
        }
    }

    fn skip_line(&mut self) {
        self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
    }

    /// Goes past the rows of a `copy`.
    fn skip_rows(&mut self) {
        self.skip_line();
        while !self.text[self.at..].is_empty() && !self.text[self.at..].starts_with("\n\\.") {
            self.at += 1;
            self.skip_line();
        }
        self.at += usize::from(!self.text[self.at..].is_empty());
        self.skip_line();
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Statement<'a>;

    fn next(&mut self) -> Option<Statement<'a>> {
        let mut tokens: Vec<Token<'a>> = Vec::new();
        let (mut depth, mut blocks) = (0_usize, 0_usize);
        while let Some(token) = self.token() {
            if tokens.is_empty() && token.is_symbol("\\") {
                self.skip_line();
                continue;
            }
            match token.text {
                ";" if token.kind == Kind::Symbol && depth == 0 && blocks == 0 => {
                    if is_copy(&tokens) {
                        self.skip_rows();
                        tokens.clear();
                    }
                    if tokens.is_empty() {
                        continue;
                    }
                    break;
                }
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if blocks > 0 => blocks = (blocks + opens(token)).saturating_sub(usize::from(token.is_word("end"))),
                _ if token.is_word("atomic") && tokens.last().is_some_and(|last| last.is_word("begin")) => blocks = 1,
                _ => {}
            }
            tokens.push(token);
        }
        let line = self.line_of(tokens.first()?.start);
        Some(Statement { tokens, line })
    }
}

/// Whether a word opens what `end` closes.
fn opens(token: Token<'_>) -> usize {
    usize::from(token.is_word("case") || token.is_word("begin"))
}

fn is_copy(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|token| token.is_word("copy")) && tokens.iter().any(|token| token.is_word("stdin"))
}

/// The length of a text that ends with the quote it begins with.
fn quoted(text: &str, quote: char, escapes: bool) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if escapes && c == '\\' {
            chars.next();
        } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + quote.len_utf8());
        }
    }
    None
}

/// The length of `$tag$…$tag$`: `None` where no tag stands there, `Some(None)` where it is not closed.
#[allow(clippy::option_option, reason = "the two ways to have no length are different")]
fn dollar(text: &str) -> Option<Option<usize>> {
    let end = text[1..].find('$')? + 2;
    let tag = &text[..end];
    let is_tag = tag[1..end - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_tag && !tag[1..].starts_with(|c: char| c.is_ascii_digit()))
        .then(|| text[end..].find(tag).map(|at| end + at + end))
}

fn word(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(text.len())
}

/// The length of a comment, with those inside it.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<&str>> {
        Statements::of(text).map(|statement| statement.tokens.iter().map(|token| token.text).collect()).collect()
    }

    #[test]
    fn statements_end_where_postgresql_ends_them() {
        let text =
            "\\restrict x;y\nselect 'a;''b', E'\\';', $$;$$, $t$ $$;$t$, \"a;\"\"b\"; -- ;\n/* ; /* ; */ ; */ b (;);;";
        let expected = [
            vec!["select", "'a;''b'", ",", "E'\\';'", ",", "$$;$$", ",", "$t$ $$;$t$", ",", "\"a;\"\"b\""],
            vec!["b", "(", ";", ")"],
        ];
        assert_eq!(texts(text), expected);
    }

    #[test]
    fn bodies_of_functions_and_rows_are_no_statements() {
        let text = "create function f() begin atomic select case when a then 1 end; select 2; end;\n\
                    COPY public.t (a) FROM stdin;\n1;2\nx'\n\\.\n\nselect 1;";
        let found = texts(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], ["select", "1"]);
        assert_eq!(Statements::of(text).map(|statement| statement.line).collect::<Vec<_>>(), [1, 7]);
    }

    #[test]
    fn what_is_not_closed_ends_it() {
        for text in
            ["'", "\"", "$a$", "/*", "$", "a 'b", "e'\\", "copy t from stdin;", "copy t from stdin;\nx", "é$é$ é"]
        {
            assert!(Statements::of(text).count() <= 2, "{text}");
        }
    }
}
