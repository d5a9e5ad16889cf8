//! Text to tokens, for cutting a script into pieces, for highlighting and for looking around a mistake. Any text is
//! tokens; what the language does not have is a token of its own.

#[cfg(test)]
mod tests;

use crate::syntax::keywords;

/// What may stand before the first character of a text.
const BOM: &str = "\u{FEFF}";

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    /// A keyword or an unquoted name.
    Word,
    /// `"…"`
    Quoted,
    /// `'…'` or `$$…$$`
    Text,
    /// `42`, `3.5`, `50ms`
    Number,
    /// `# …` or `-- …`, without its line end; `/* … */`
    Comment,
    /// `/* …` without its end, up to the end of the text
    UnclosedComment,
    /// A line end.
    Newline,
    /// `(` or `[`
    Open,
    /// `)` or `]`
    Close,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// An operator or a dot.
    Symbol,
    /// `'…` without its end, as far as it may reach
    UnclosedText,
    /// `"…` without its end, up to the end of the line
    UnclosedQuoted,
    /// `‘ ’ “ ”`
    SmartQuote,
    /// A control character other than white space.
    Control,
    /// Any other character.
    Odd,
}

/// A token at its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Tok,
    pub start: usize,
    pub end: usize,
}

/// Reads tokens from a text.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    /// A line that starts with `(` shows that a string before it was not closed: so it is among listed rows.
    pub in_rows: bool,
    /// A string ran to the end of the text without its end: from then on a string ends with its line.
    strings_end_with_line: bool,
}

impl<'a> Lexer<'a> {
    /// Starts at `pos`.
    pub(super) fn new(text: &'a str, pos: usize) -> Self {
        Self { text, pos, in_rows: false, strings_end_with_line: false }
    }

    /// Where the next token is looked for.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// Goes on at `pos`.
    pub(super) fn seek(&mut self, pos: usize) {
        self.pos = pos;
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn at(&self, pos: usize) -> u8 {
        self.bytes().get(pos).copied().unwrap_or(0)
    }

    /// Goes over what `keep` accepts, from `pos` on.
    fn past(&self, mut pos: usize, keep: impl Fn(u8) -> bool) -> usize {
        while self.bytes().get(pos).is_some_and(|byte| keep(*byte)) {
            pos += 1;
        }
        pos
    }

    fn token(&mut self, start: usize) -> (Tok, usize) {
        let byte = self.at(start);
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => (Tok::Word, self.word_end(start)),
            b'\n' => (Tok::Newline, start + 1),
            b'\r' if self.at(start + 1) == b'\n' => (Tok::Newline, start + 2),
            b'\'' => self.string(start),
            b'"' => self.quoted(start),
            b'0'..=b'9' => (Tok::Number, self.number_end(start)),
            b'#' if self.starts_line_comment(start) => (Tok::Comment, self.line_end(start)),
            b'#' if matches!(self.at(start + 1), b'>' | b'-') && !self.starts_comment(start + 1) => {
                (Tok::Symbol, self.operator_end(start))
            }
            b'-' if self.starts_comment(start) => (Tok::Comment, self.line_end(start)),
            b'/' if self.starts_comment(start) => match self.block_comment_end(start) {
                Some(end) => (Tok::Comment, end),
                None => (Tok::UnclosedComment, self.text.len()),
            },
            b'(' | b'[' => (Tok::Open, start + 1),
            b')' | b']' => (Tok::Close, start + 1),
            b'{' => (Tok::OpenBrace, start + 1),
            b'}' => (Tok::CloseBrace, start + 1),
            b',' => (Tok::Comma, start + 1),
            b';' => (Tok::Semicolon, start + 1),
            b'$' => self.dollar(start),
            b'.' => (Tok::Symbol, start + 1),
            _ if is_operator(byte) => (Tok::Symbol, self.operator_end(start)),
            0..=31 | 127 => (Tok::Control, start + 1),
            _ => self.other(start),
        }
    }

    fn word_end(&self, start: usize) -> usize {
        let mut pos = start;
        loop {
            pos = self.past(pos, in_word);
            if self.at(pos).is_ascii() {
                return pos;
            }
            match self.text[pos..].chars().next() {
                Some(c) if !c.is_ascii() && is_letter(c) => pos += c.len_utf8(),
                _ => return pos,
            }
        }
    }

    fn number_end(&self, start: usize) -> usize {
        let mut pos = self.past(start, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
        if matches!(self.at(pos - 1), b'e' | b'E') && matches!(self.at(pos), b'+' | b'-') {
            pos = self.past(pos + 1, |b| b.is_ascii_digit());
        }
        pos
    }

    /// Where the line of `pos` ends, before its line end.
    pub(super) fn line_end(&self, pos: usize) -> usize {
        let end = self.past(pos, |b| b != b'\n');
        if end > pos && self.at(end) == b'\n' && self.at(end - 1) == b'\r' { end - 1 } else { end }
    }

    /// Whether a `#` begins a comment: at the start of a line or after a blank, and not before `>` or `-`, with which it
    /// is an operator.
    fn starts_line_comment(&self, pos: usize) -> bool {
        let before = pos.checked_sub(1).map_or(b'\n', |before| self.at(before));
        let apart = matches!(before, b'\n' | b'\r' | b' ' | b'\t' | b'\x0B' | b'\x0C') || self.text[..pos] == *BOM;
        apart && !matches!(self.at(pos + 1), b'>' | b'-')
    }

    /// Whether `--` or `/*` stands at `pos`: there an operator ends, whatever it is.
    fn starts_comment(&self, pos: usize) -> bool {
        matches!((self.at(pos), self.at(pos + 1)), (b'-', b'-') | (b'/', b'*'))
    }

    /// Where the `/* … */` that starts at `start` ends; comments within it have ends of their own.
    fn block_comment_end(&self, start: usize) -> Option<usize> {
        let (mut pos, mut depth) = (start, 0_usize);
        while pos < self.text.len() {
            match (self.at(pos), self.at(pos + 1)) {
                (b'/', b'*') => (pos, depth) = (pos + 2, depth + 1),
                (b'*', b'/') => (pos, depth) = (pos + 2, depth - 1),
                _ => pos += 1,
            }
            if depth == 0 {
                return Some(pos);
            }
        }
        None
    }

    fn operator_end(&self, start: usize) -> usize {
        let mut pos = start + 1;
        while is_operator(self.at(pos)) && !self.starts_comment(pos) {
            pos += 1;
        }
        pos
    }

    fn string(&mut self, start: usize) -> (Tok, usize) {
        let mut pos = start + 1;
        loop {
            pos = self.past(pos, |b| b != b'\'' && b != b'\n');
            match self.at(pos) {
                b'\'' if self.at(pos + 1) == b'\'' => pos += 2,
                b'\'' => return (Tok::Text, pos + 1),
                _ if pos >= self.text.len() => {
                    self.strings_end_with_line = true;
                    return (Tok::UnclosedText, self.line_end(start));
                }
                _ if self.strings_end_with_line || self.new_statement_at(pos + 1) => {
                    return (Tok::UnclosedText, self.line_end(start));
                }
                _ => pos += 1,
            }
        }
    }

    /// Whether the line that starts at `pos` belongs to no string begun before it.
    fn new_statement_at(&self, pos: usize) -> bool {
        let line = self.text[pos..].trim_start_matches([' ', '\t']);
        keywords::surely_starts(line)
            || line.strip_prefix('}').is_some_and(|rest| ends_line(rest.trim_start_matches([' ', '\t', '\r'])))
            || self.in_rows && line.starts_with('(')
    }

    fn quoted(&self, start: usize) -> (Tok, usize) {
        let mut pos = start + 1;
        loop {
            pos = self.past(pos, |b| b != b'"' && b != b'\n');
            match self.at(pos) {
                b'"' if self.at(pos + 1) == b'"' => pos += 2,
                b'"' => return (Tok::Quoted, pos + 1),
                _ => return (Tok::UnclosedQuoted, self.line_end(start)),
            }
        }
    }

    /// `$$…$$` of pasted SQL, of one tag.
    fn dollar(&mut self, start: usize) -> (Tok, usize) {
        let tag_end = self.past(start + 1, |b| b.is_ascii_alphanumeric() || b == b'_');
        if self.at(tag_end) != b'$' || self.strings_end_with_line {
            return (Tok::Symbol, start + 1);
        }
        let tag = &self.text[start..=tag_end];
        if let Some(at) = self.text[tag_end + 1..].find(tag) {
            return (Tok::Text, tag_end + 1 + at + tag.len());
        }
        self.strings_end_with_line = true;
        (Tok::Symbol, start + 1)
    }

    fn other(&self, start: usize) -> (Tok, usize) {
        match self.text[start..].chars().next() {
            Some('‘' | '’' | '“' | '”' | '„' | '‚') => (Tok::SmartQuote, start + 3),
            Some(c) if is_letter(c) => (Tok::Word, self.word_end(start)),
            Some(c) if c.is_control() => (Tok::Control, start + c.len_utf8()),
            Some(c) => (Tok::Odd, start + c.len_utf8()),
            None => (Tok::Odd, start + 1),
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let mut start = self.pos;
        while matches!(self.at(start), b' ' | b'\t' | b'\x0B' | b'\x0C') || self.is_lone_return(start) {
            start += 1;
        }
        if start >= self.text.len() {
            self.pos = start;
            return None;
        }
        let (kind, end) = self.token(start);
        self.pos = end;
        Some(Token { kind, start, end })
    }
}

impl Lexer<'_> {
    fn is_lone_return(&self, pos: usize) -> bool {
        self.at(pos) == b'\r' && self.at(pos + 1) != b'\n'
    }
}

/// Whether nothing stands on a line any more but a comment.
fn ends_line(rest: &str) -> bool {
    ["\n", "#", "--", "/*"].iter().any(|end| rest.starts_with(end))
}

/// The comments of a text, in order.
#[must_use]
pub fn comments(text: &str) -> Vec<std::ops::Range<usize>> {
    let found = Lexer::new(text, 0).filter(|token| token.kind == Tok::Comment);
    found.map(|token| token.start..token.end).collect()
}

/// Where the comment ends that begins at `at`, if one does.
#[must_use]
pub fn comment_at(text: &str, at: usize) -> Option<usize> {
    let token = Lexer::new(text, at).next()?;
    (token.kind == Tok::Comment && token.start == at).then_some(token.end)
}

/// Where the comments begin that stand right above `at`, or before it on its line: at the margin of their first line;
/// `at` where there are none. `comments` are those of the text.
#[must_use]
pub fn above_comments(text: &str, comments: &[std::ops::Range<usize>], at: usize) -> usize {
    let blank = [' ', '\t', '\r'];
    let before = |pos: usize| text[..pos].trim_end_matches(blank);
    let at_margin = |pos: usize| before(pos).is_empty() || before(pos).ends_with('\n');
    let margin = |pos: usize| text[..pos].rfind('\n').map_or(0, |end| end + 1);
    let mut top = if at_margin(at) { margin(at) } else { at };
    let mut pos = at;
    let until = comments.partition_point(|comment| comment.end <= at);
    for comment in comments[..until].iter().rev() {
        let above = before(pos);
        let above = above.strip_suffix('\n').map_or(above, |above| above.trim_end_matches(blank));
        if comment.end < above.len() {
            break;
        }
        pos = comment.start;
        if at_margin(pos) {
            top = margin(pos);
        }
    }
    top
}

/// Whether an ASCII byte stands in words: a letter, a digit, `_` or `$`.
pub(super) fn in_word(byte: u8) -> bool {
    const IN_WORDS: [bool; 256] = {
        let (mut table, mut byte) = ([false; 256], 0_u8);
        while byte < 128 {
            table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
            byte += 1;
        }
        table
    };
    IN_WORDS[usize::from(byte)]
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'<' | b'>' | b'=' | b'!' | b'|' | b'&' | b':' | b'~' | b'?' | b'@'
    )
}

/// Letters outside ASCII, exactly those of the grammar.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{AA}'..='\u{1FFF}' | '\u{2C00}'..='\u{2FEF}' | '\u{3004}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FEFE}' | '\u{FF00}'..='\u{10FFFF}')
}
