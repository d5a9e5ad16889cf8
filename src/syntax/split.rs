//! Cuts a script into pieces (comments, blank lines, heads and ends of blocks, statements) in one walk over its
//! tokens. It knows where a statement ends and nothing of what it says; each piece is small enough to be read alone.

use crate::source::Span;
use crate::syntax::keywords::{self, is_one};
use crate::syntax::lex::{Lexer, Tok, Token};
use crate::syntax::limits::MAX_DEPTH;

/// Deeper nesting than this is looked at token by token.
const FEW_PARENTHESES: usize = 8;

/// The blocks of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// `expand { statements }`
    Phase,
    /// `table t { columns }`, also under `add`
    Table,
    /// `app v1 { clauses }`
    App,
    /// `view v { reads … }`
    View,
    /// `rows t { tuples }`
    Rows,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// A comment on a line of its own.
    Comment,
    /// A comment after something on its line.
    Trailing,
    /// One or more empty lines.
    Blank,
    /// The head of a block, up to its brace. Of an unknown block (`None`) the piece covers all of it.
    Open(Option<BlockKind>),
    /// The end of a block.
    Close,
    /// A statement, a declaration of one line, or an element of a block.
    Text {
        /// There is a comment inside.
        commented: bool,
        /// A `;` ended it.
        terminated: bool,
    },
}

/// Why a piece cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SplitFaultKind {
    UnclosedText,
    UnclosedQuoted,
    UnclosedComment,
    UnclosedParen,
    UnclosedBrace,
    StrayParen,
    StrayBrace,
    SmartQuote,
    Control,
    Odd,
    TooDeep,
}

/// A fault at its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct SplitFault {
    pub kind: SplitFaultKind,
    pub span: Span,
}

/// A part of a script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub kind: PieceKind,
    /// Its text, without what ends it.
    pub span: Span,
    pub fault: Option<SplitFault>,
}

struct Block {
    kind: BlockKind,
    brace: usize,
}

/// The pieces of a text, in order.
pub(super) struct Splitter<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    blocks: Vec<Block>,
    /// Something other than white space stands on this line already.
    line_used: bool,
    /// A brace was missing: further ones are its consequences.
    braces_off: bool,
}

/// A piece of text while it is walked over.
struct Walk {
    start: usize,
    end: usize,
    last: Tok,
    depth: usize,
    opener: usize,
    commented: bool,
    terminated: bool,
    fault: Option<SplitFault>,
}

impl Walk {
    fn fail(&mut self, kind: SplitFaultKind, start: usize, end: usize) {
        self.fault.get_or_insert(SplitFault { kind, span: Span::new(start, end) });
    }

    fn unclosed(&mut self) {
        let opener = self.opener;
        self.fail(SplitFaultKind::UnclosedParen, opener, opener + 1);
    }
}

/// Where a piece goes on after line ends and comments.
struct GoesOn {
    start: usize,
    /// There is a comment before.
    commented: bool,
}

/// What a token does to the piece it stands in.
enum TokenEffect {
    Goes,
    Ends,
    Opens,
}

impl<'a> Splitter<'a> {
    /// The pieces of the text from `start` on, where none is open.
    pub(super) fn new(text: &'a str, start: usize) -> Self {
        let start = if start == 0 && text.starts_with('\u{FEFF}') { 3 } else { start };
        Self { text, lexer: Lexer::new(text, start), blocks: Vec::new(), line_used: false, braces_off: false }
    }

    /// Whether the pieces from here on would be the same if the text began here.
    pub(super) fn begins_anew(&self) -> bool {
        self.blocks.is_empty() && !self.braces_off
    }

    fn block(&self) -> Option<BlockKind> {
        self.blocks.last().map(|block| block.kind)
    }

    fn blank(&mut self) -> Option<Piece> {
        let mut lexer = self.lexer.clone();
        let first = lexer.next().filter(|token| token.kind == Tok::Newline)?;
        self.lexer = lexer;
        Some(Piece { kind: PieceKind::Blank, span: Span::new(first.start, first.start), fault: None })
    }

    fn close(&mut self, token: Token) -> Option<Piece> {
        self.line_used = true;
        let span = Span::new(token.start, token.end);
        let known = self.blocks.pop().is_some();
        self.lexer.in_rows = false;
        if !known && self.braces_off {
            return None;
        }
        let fault = (!known).then_some(SplitFault { kind: SplitFaultKind::StrayBrace, span });
        Some(Piece { kind: PieceKind::Close, span, fault })
    }

    /// Ends the innermost block where its brace is missing.
    fn close_missing(&mut self, at: usize) -> Option<Piece> {
        let block = self.blocks.pop()?;
        self.lexer.in_rows = false;
        let span = Span::new(block.brace, block.brace + 1);
        let fault = (!self.braces_off).then_some(SplitFault { kind: SplitFaultKind::UnclosedBrace, span });
        self.braces_off = true;
        Some(Piece { kind: PieceKind::Close, span: Span::new(at, at), fault })
    }

    fn text_piece(&mut self, start: usize) -> Piece {
        let Some(end) = self.plain_line(start) else { return self.walked_piece(start) };
        #[cfg(test)]
        {
            let walked = self.walked_piece(start);
            assert!(walked.span == Span::new(start, end) && walked.fault.is_none(), "{walked:?} is no plain line");
        }
        self.line_used = true;
        self.lexer.seek(end);
        let kind = PieceKind::Text { commented: false, terminated: false };
        Piece { kind, span: Span::new(start, end), fault: None }
    }

    /// The end of a piece that is one line without quotes, comments or anything else that needs a second look; most
    /// statements are. The line after it begins at its margin with a word that does not carry it on.
    fn plain_line(&self, start: usize) -> Option<usize> {
        if !matches!(self.block(), None | Some(BlockKind::Phase)) {
            return None;
        }
        let bytes = self.text.as_bytes();
        let (mut depth, mut pos) = (0_usize, start);
        loop {
            match *bytes.get(pos)? {
                b'(' if depth < FEW_PARENTHESES => depth += 1,
                b')' => depth = depth.checked_sub(1)?,
                b'\n' => break,
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ' | b',' | b'.' | b'=' | b'<' | b'>' => {}
                _ => return None,
            }
            pos += 1;
        }
        let last = *bytes[start..pos].last()?;
        let rest = &self.text[pos + 1..];
        let at_margin = rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        let ends = depth == 0 && at_margin && (last == b')' || last.is_ascii_alphanumeric() || last == b'_');
        let carried = || keywords::continues(rest, false) || is_one(keywords::first_word(rest), &["allow"]);
        (ends && !carried()).then_some(pos)
    }

    fn walked_piece(&mut self, start: usize) -> Piece {
        let mut walk = Walk {
            start,
            end: start,
            last: Tok::Newline,
            depth: 0,
            opener: start,
            commented: false,
            terminated: false,
            fault: None,
        };
        self.lexer.seek(start);
        self.line_used = true;
        while let Some(token) = self.lexer.next() {
            match self.step(&mut walk, token) {
                TokenEffect::Goes => {}
                TokenEffect::Ends => break,
                TokenEffect::Opens => return self.open(&walk, token),
            }
        }
        if walk.depth > 0 {
            walk.unclosed();
        }
        let kind = PieceKind::Text { commented: walk.commented, terminated: walk.terminated };
        Piece { kind, span: Span::new(walk.start, walk.end), fault: walk.fault }
    }

    fn step(&mut self, walk: &mut Walk, token: Token) -> TokenEffect {
        match token.kind {
            Tok::Newline if walk.depth == 0 => return self.line_end(walk, token),
            Tok::Newline => return self.line_end_inside(walk, token),
            Tok::UnclosedComment if walk.depth == 0 => {
                self.lexer.seek(token.start);
                return TokenEffect::Ends;
            }
            Tok::Comment => return self.comment(walk, token),
            Tok::Semicolon => {
                if walk.depth > 0 {
                    walk.unclosed();
                }
                walk.terminated = true;
                return TokenEffect::Ends;
            }
            Tok::Comma if walk.depth == 0 && self.ends_with_comma() => return TokenEffect::Ends,
            Tok::OpenBrace => return TokenEffect::Opens,
            Tok::CloseBrace => {
                self.lexer.seek(token.start);
                return TokenEffect::Ends;
            }
            Tok::Open => Self::open_paren(walk, token),
            Tok::Close if walk.depth > 0 => walk.depth -= 1,
            _ => {
                if let Some(kind) = fault_of(token.kind) {
                    self.braces_off |= token.kind == Tok::UnclosedComment;
                    walk.fail(kind, token.start, token.end);
                }
            }
        }
        walk.end = token.end;
        walk.last = token.kind;
        TokenEffect::Goes
    }

    fn open_paren(walk: &mut Walk, token: Token) {
        if walk.depth == 0 {
            walk.opener = token.start;
        }
        walk.depth += 1;
        if walk.depth > MAX_DEPTH {
            walk.fail(SplitFaultKind::TooDeep, token.start, token.end);
        }
    }

    fn line_end(&mut self, walk: &mut Walk, token: Token) -> TokenEffect {
        self.goes_on_after(walk, token)
    }

    /// Whether a piece goes on after a line end or a comment; if so, the walk does where it goes on.
    fn goes_on_after(&mut self, walk: &mut Walk, token: Token) -> TokenEffect {
        let Some(next) = self.goes_on(walk, token) else {
            self.lexer.seek(token.start);
            return TokenEffect::Ends;
        };
        walk.commented |= next.commented;
        self.lexer.seek(next.start);
        TokenEffect::Goes
    }

    /// A line end within parentheses is a space, unless what follows shows that one is missing.
    fn line_end_inside(&mut self, walk: &mut Walk, token: Token) -> TokenEffect {
        let line = self.text[token.end..].trim_start_matches([' ', '\t']);
        if !keywords::surely_starts(line) {
            return TokenEffect::Goes;
        }
        walk.unclosed();
        walk.depth = 0;
        self.lexer.seek(token.start);
        TokenEffect::Ends
    }

    fn comment(&mut self, walk: &mut Walk, token: Token) -> TokenEffect {
        if walk.depth == 0 {
            return self.goes_on_after(walk, token);
        }
        walk.commented = true;
        TokenEffect::Goes
    }

    /// Where the piece goes on after `passed`, a line end or a comment, if it does. A comment of several lines ends a
    /// line as well.
    fn goes_on(&self, walk: &Walk, passed: Token) -> Option<GoesOn> {
        let mut ahead = Lexer::new(self.text, passed.start);
        let (mut lines, mut blank, mut line_ended, mut commented) = (0, false, false, false);
        let next = loop {
            blank |= lines > 1;
            let token = ahead.next()?;
            match token.kind {
                Tok::Newline => (lines, line_ended) = (lines + 1, true),
                Tok::Comment => {
                    (lines, commented) = (0, true);
                    line_ended |= self.text[token.start..token.end].contains('\n');
                }
                Tok::CloseBrace | Tok::Semicolon | Tok::UnclosedComment => return None,
                _ => break token,
            }
        };
        let goes_on = match next.kind {
            Tok::OpenBrace => kind_of(&self.text[walk.start..walk.end]).is_some(),
            Tok::Comma if self.ends_with_comma() => false,
            _ => !line_ended || self.carries_on_over_lines(walk, &self.text[next.start..], blank),
        };
        goes_on.then_some(GoesOn { start: next.start, commented })
    }

    fn carries_on_over_lines(&self, walk: &Walk, rest: &str, blank: bool) -> bool {
        let listed = matches!(self.block(), Some(BlockKind::App | BlockKind::View)) && walk.last == Tok::Comma;
        let operator = walk.last == Tok::Symbol && !keywords::surely_starts(rest);
        listed || operator || self.carries_on(walk, rest, blank)
    }

    /// Whether a comma parts what stands in the innermost block.
    fn ends_with_comma(&self) -> bool {
        matches!(self.block(), Some(BlockKind::Table | BlockKind::Rows))
    }

    fn carries_on(&self, walk: &Walk, rest: &str, blank: bool) -> bool {
        let head = &self.text[walk.start..];
        if is_one(keywords::first_word(rest), &["allow"]) {
            return !blank && is_one(keywords::first_word(head), &["migration"]);
        }
        let in_columns = matches!(self.block(), Some(BlockKind::Table | BlockKind::Rows));
        keywords::continues(rest, in_columns)
    }

    fn open(&mut self, walk: &Walk, brace: Token) -> Piece {
        let mut fault = walk.fault;
        if walk.depth > 0 {
            let span = Span::new(walk.opener, walk.opener + 1);
            fault.get_or_insert(SplitFault { kind: SplitFaultKind::UnclosedParen, span });
        }
        let head = &self.text[walk.start..walk.end];
        let kind = kind_of(head).filter(|kind| match self.block() {
            None => true,
            Some(BlockKind::Phase) => *kind == BlockKind::Table && !is_one(keywords::first_word(head), &["table"]),
            Some(_) => false,
        });
        let Some(known) = kind.filter(|_| fault.is_none()) else {
            self.skip_block();
            return Piece { kind: PieceKind::Open(None), span: Span::new(walk.start, self.lexer.pos()), fault };
        };
        self.blocks.push(Block { kind: known, brace: brace.start });
        self.lexer.in_rows = known == BlockKind::Rows;
        Piece { kind: PieceKind::Open(Some(known)), span: Span::new(walk.start, walk.end), fault }
    }

    /// Goes past the brace that closes the one just read.
    fn skip_block(&mut self) {
        let mut depth = 1_usize;
        for token in self.lexer.by_ref() {
            match token.kind {
                Tok::OpenBrace => depth += 1,
                Tok::CloseBrace => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
        self.braces_off = true;
    }
}

impl Iterator for Splitter<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let Some(token) = self.lexer.next() else {
                return self.close_missing(self.text.len());
            };
            match token.kind {
                Tok::Newline => {
                    self.line_used = false;
                    if let Some(blank) = self.blank() {
                        return Some(blank);
                    }
                }
                Tok::Comment => {
                    let kind = if self.line_used { PieceKind::Trailing } else { PieceKind::Comment };
                    return Some(Piece { kind, span: Span::new(token.start, token.end), fault: None });
                }
                Tok::UnclosedComment => {
                    // What would close the blocks around it stands within it.
                    self.braces_off = true;
                    let span = Span::new(token.start, token.end);
                    let fault = Some(SplitFault { kind: SplitFaultKind::UnclosedComment, span });
                    return Some(Piece { kind: PieceKind::Comment, span, fault });
                }
                Tok::Semicolon | Tok::Comma => self.line_used = true,
                Tok::CloseBrace => {
                    if let Some(piece) = self.close(token) {
                        return Some(piece);
                    }
                }
                _ if self.block_was_left_open(token) => {
                    self.lexer.seek(token.start);
                    return self.close_missing(token.start);
                }
                _ => return Some(self.text_piece(token.start)),
            }
        }
    }
}

impl Splitter<'_> {
    fn block_was_left_open(&self, token: Token) -> bool {
        !self.blocks.is_empty() && !self.line_used && keywords::surely_starts_outside(&self.text[token.start..])
    }
}

/// Which block a head opens.
fn kind_of(head: &str) -> Option<BlockKind> {
    let word = keywords::first_word(head);
    let rest = keywords::after_word(head);
    match keywords::folded(word, &mut [0; keywords::MAX_WORD]) {
        "expand" | "migrate" | "contract" if rest.is_empty() => Some(BlockKind::Phase),
        "expand" | "migrate" | "contract" => kind_of(rest).filter(|kind| *kind == BlockKind::Table),
        "add" if is_one(keywords::first_word(rest), &["table"]) => Some(BlockKind::Table),
        "table" => Some(BlockKind::Table),
        "app" => Some(BlockKind::App),
        "view" => Some(BlockKind::View),
        "rows" => Some(BlockKind::Rows),
        _ => None,
    }
}

fn fault_of(kind: Tok) -> Option<SplitFaultKind> {
    match kind {
        Tok::Close => Some(SplitFaultKind::StrayParen),
        Tok::UnclosedText => Some(SplitFaultKind::UnclosedText),
        Tok::UnclosedQuoted => Some(SplitFaultKind::UnclosedQuoted),
        Tok::UnclosedComment => Some(SplitFaultKind::UnclosedComment),
        Tok::SmartQuote => Some(SplitFaultKind::SmartQuote),
        Tok::Control => Some(SplitFaultKind::Control),
        Tok::Odd => Some(SplitFaultKind::Odd),
        _ => None,
    }
}
