//! How large a statement may be. What is larger is refused before it is parsed, so that no text costs more time or
//! memory than a statement of the size that is allowed.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::lex::{Lexer, Tok};

/// How deep parentheses and operators may nest.
pub(super) const MAX_DEPTH: usize = 200;

/// How many words, values and symbols a statement, or a row of `rows`, may have.
pub(super) const MAX_TOKENS: usize = 50_000;

/// What is wrong with a piece of a script, which starts at `base`, where it is too long or nests too deeply to be read.
pub(super) fn exceeded(text: &str, base: u32) -> Option<Diagnostic> {
    // So short a text has no token too many.
    if text.len() <= MAX_DEPTH {
        return None;
    }
    let (mut depth, mut run, mut count) = (0_usize, 0_usize, 0_usize);
    for token in Lexer::new(text, 0) {
        let word = &text[token.start..token.end];
        match token.kind {
            Tok::Newline | Tok::Comment => continue,
            Tok::Open => depth += 1,
            Tok::Close => depth = depth.saturating_sub(1),
            Tok::Word if word.eq_ignore_ascii_case("case") => depth += 1,
            Tok::Word if word.eq_ignore_ascii_case("end") => depth = depth.saturating_sub(1),
            _ => {}
        }
        count += 1;
        let prefix = token.kind == Tok::Symbol && word.bytes().all(|b| b == b'-' || b == b'+');
        run = if prefix || word.eq_ignore_ascii_case("not") { run + word.len() } else { 0 };
        let at = Span::new(token.start, token.start + 1).shifted(base);
        if depth > MAX_DEPTH || run > 3 * MAX_DEPTH {
            return Some(nests_too_deeply(at));
        }
        if count > MAX_TOKENS {
            return Some(too_long(at));
        }
    }
    None
}

fn too_long(span: Span) -> Diagnostic {
    let message = format!("this statement is too long, more than {MAX_TOKENS} words, values and symbols");
    Diagnostic::new(Code::Syntax, message, span, "this is one too many").help(
        "split it into several statements; a long list of values belongs in the rows of a table, a long expression in \
         steps, each with a column of its own",
    )
}

/// The diagnostic for what nests more than [`MAX_DEPTH`] deep.
pub(super) fn nests_too_deeply(span: Span) -> Diagnostic {
    let message = format!("this is nested too deeply, more than {MAX_DEPTH} levels");
    Diagnostic::new(Code::Syntax, message, span, "").help("split it into several statements")
}
