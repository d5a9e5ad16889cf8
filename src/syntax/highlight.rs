//! What each part of a text is, for colours.

use std::ops::Range;

use crate::syntax::keywords::{KEYWORDS, is_one};
use crate::syntax::lex::{Lexer, Tok, Token};
use crate::syntax::types::{TYPE_ALIASES, TYPES};

/// What a token is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word of the language.
    Keyword,
    /// The name of a type.
    Type,
    /// Any other name.
    Name,
    /// A text between quotes.
    String,
    /// A number or a time.
    Number,
    /// A comment.
    Comment,
    /// An operator or a bracket.
    Operator,
}

/// The tokens of any text, in order, white space left out.
#[must_use]
pub fn highlight(text: &str) -> Vec<(Range<usize>, TokenKind)> {
    Lexer::new(text, 0).filter_map(|token| Some((token.start..token.end, kind(text, token)?))).collect()
}

fn kind(text: &str, token: Token) -> Option<TokenKind> {
    Some(match token.kind {
        Tok::Word => word(text, token),
        Tok::Quoted | Tok::UnclosedQuoted if after_title_word(text, token) => TokenKind::String,
        Tok::Quoted | Tok::UnclosedQuoted => TokenKind::Name,
        Tok::Text | Tok::UnclosedText => TokenKind::String,
        Tok::Number => TokenKind::Number,
        Tok::Comment | Tok::UnclosedComment => TokenKind::Comment,
        Tok::Open | Tok::Close | Tok::OpenBrace | Tok::CloseBrace | Tok::Comma | Tok::Semicolon | Tok::Symbol => {
            TokenKind::Operator
        }
        Tok::Newline | Tok::SmartQuote | Tok::Control | Tok::Odd => return None,
    })
}

fn word(text: &str, token: Token) -> TokenKind {
    let word = &text[token.start..token.end];
    if text[..token.start].ends_with('.') {
        TokenKind::Name
    } else if is_one(word, KEYWORDS) || is_one(word, &["select", "insert", "into", "values", "update", "delete"]) {
        TokenKind::Keyword
    } else if is_one(word, TYPES) || is_one(word, TYPE_ALIASES) {
        TokenKind::Type
    } else {
        TokenKind::Name
    }
}

/// Whether a text in double quotes is a title, not a name.
fn after_title_word(text: &str, token: Token) -> bool {
    let before = text[..token.start].trim_end();
    let start = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    before.is_char_boundary(start) && is_one(&before[start..], &["migration", "confirm"])
}
