//! Reads a script: piece after piece is parsed with the rule of where it stands, and built at once. A piece that
//! cannot be read is reported, and the reading goes on after it.

mod recovery;

use std::borrow::Cow;
use std::collections::VecDeque;

use pest::error::{Error, InputLocation};

use crate::ast::{Phase, Phases, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::build::Build;
use crate::syntax::declaration::{AppClause, TableElement};
use crate::syntax::grammar::Rule;
use crate::syntax::keywords::{self, is_one};
use crate::syntax::lex::{Lexer, Tok};
use crate::syntax::limits;
use crate::syntax::names::Names;
use crate::syntax::part::{Element, Head, Part};
use crate::syntax::split::{BlockKind, Piece, PieceKind, SplitFault, SplitFaultKind, Splitter};
use crate::syntax::tree::Node;
use crate::syntax::{outline_errors, shapes};

/// How long a part of a text is at least that is read apart from the rest.
const PART_BYTES: usize = 1 << 14;

/// After so many mistakes a text is not a script, and nobody reads on; each costs memory.
const MOST_FAULTS: usize = 100_000;

/// What a reading is for. A large script is read twice, declarations first, so that its statements need not be kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Everything.
    All,
    /// Declarations; of the statements only which applications they deploy.
    Declarations,
    /// Statements.
    Statements,
}

/// A block that is open.
#[derive(Clone, Copy)]
enum Context {
    Phase(Phase),
    Other(BlockKind),
    /// A block that this reading leaves out.
    Passed,
}

/// Where an open block stands.
struct Open {
    context: Context,
    /// Its head could not be read: what it holds is read for its mistakes only.
    lost: bool,
}

/// Reads a text and hands what it reads to `sink`.
pub(super) struct Reader<'a> {
    text: &'a str,
    pass: Pass,
    cuts: Vec<usize>,
    pieces: Splitter<'a>,
    ahead: VecDeque<Piece>,
    names: Names,
    diagnostics: Vec<Diagnostic>,
    blocks: Vec<Open>,
    header: Option<Span>,
    first_item: Option<Span>,
    sink: &'a mut dyn FnMut(Part),
}

/// What becomes of a node.
type Builder<'b> = &'b mut dyn FnMut(&mut Build<'_>, Node<'_>, &mut dyn FnMut(Part));

/// What is left of a reading besides its events.
pub(super) struct Rest {
    /// What could not be read, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the text may be cut, so that the parts can be read apart; from a reading of declarations only.
    pub cuts: Vec<usize>,
}

/// Reads a part of `text`; `sink` gets what could be read, in order.
pub(super) fn read(text: &str, part: Span, pass: Pass, sink: &mut dyn FnMut(Part)) -> Rest {
    let text = &text[..part.end as usize];
    let mut reader = Reader {
        text,
        pass,
        cuts: Vec::new(),
        pieces: Splitter::new(text, part.start as usize),
        ahead: VecDeque::new(),
        names: Names::default(),
        diagnostics: Vec::new(),
        blocks: Vec::new(),
        header: None,
        first_item: None,
        sink,
    };
    while let Some(piece) = reader.next_piece() {
        reader.cut_before(piece);
        if reader.diagnostics.len() == MOST_FAULTS {
            reader.diagnostics.push(outline_errors::too_many(piece.span));
            break;
        }
        reader.piece(piece);
    }
    if reader.reads(false) && text.contains('\0') {
        reader.refuse_quoted_nuls();
    }
    reader.diagnostics.sort_by_key(Diagnostic::span);
    Rest { diagnostics: reader.diagnostics, cuts: reader.cuts }
}

impl Reader<'_> {
    fn next_piece(&mut self) -> Option<Piece> {
        self.ahead.pop_front().or_else(|| self.pieces.next())
    }

    /// Notes a place where the text may be cut: before a statement of its own line that nothing before it can reach.
    fn cut_before(&mut self, piece: Piece) {
        let start = piece.span.start as usize;
        let far = start >= self.cuts.last().copied().unwrap_or(0) + PART_BYTES;
        if self.pass != Pass::Declarations || !far || !self.ahead.is_empty() || !self.blocks.is_empty() {
            return;
        }
        let own_line = self.text[..start].trim_end_matches([' ', '\t']).ends_with('\n');
        let text = matches!(piece.kind, PieceKind::Text { .. }) && piece.fault.is_none();
        if text && own_line && self.pieces.begins_anew() && keywords::surely_starts(self.slice(piece.span)) {
            self.cuts.push(start);
        }
    }

    fn peek(&mut self, n: usize) -> Option<Piece> {
        while self.ahead.len() <= n {
            let piece = self.pieces.next()?;
            self.ahead.push_back(piece);
        }
        self.ahead.get(n).copied()
    }

    fn send(&mut self, event: Part) {
        if !self.blocks.iter().any(|block| block.lost) {
            (self.sink)(event);
        }
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    fn piece(&mut self, piece: Piece) {
        match piece.kind {
            PieceKind::Comment | PieceKind::Trailing if piece.fault.is_some() => {
                if let Some(fault) = piece.fault.filter(|_| self.reads(false)) {
                    self.fault(fault);
                }
            }
            PieceKind::Comment => self.send(Part::Comment { span: piece.span, trailing: false }),
            PieceKind::Trailing => self.send(Part::Comment { span: piece.span, trailing: true }),
            PieceKind::Blank => self.send(Part::Blank),
            PieceKind::Open(kind) => self.open(piece, kind),
            PieceKind::Close => self.close(piece),
            PieceKind::Text { .. } => self.text(piece),
        }
    }

    /// Whether this reading is for statements, or for all that is not one.
    fn reads(&self, statements: bool) -> bool {
        match self.pass {
            Pass::All => true,
            Pass::Declarations => !statements,
            Pass::Statements => statements,
        }
    }

    fn fault(&mut self, fault: SplitFault) {
        let diagnostic = outline_errors::diagnostic(self.text, fault);
        self.diagnostics.push(diagnostic);
    }

    /// No text of a database holds a NUL character; outside quotes the splitter finds it.
    fn refuse_quoted_nuls(&mut self) {
        let quoted = Lexer::new(self.text, 0).filter(|token| matches!(token.kind, Tok::Text | Tok::Quoted));
        for token in quoted {
            if let Some(at) = self.text[token.start..token.end].find('\0') {
                let span = Span::new(token.start + at, token.start + at + 1);
                self.fault(SplitFault { kind: SplitFaultKind::Control, span });
            }
        }
    }

    fn open(&mut self, piece: Piece, kind: Option<BlockKind>) {
        if let Some(fault) = piece.fault {
            if self.reads(false) {
                self.fault(fault);
            }
            return;
        }
        let head = self.slice(piece.span);
        let Some(kind) = kind else {
            if self.reads(false) {
                let diagnostic = outline_errors::unknown_block(head, piece.span, !self.blocks.is_empty());
                self.diagnostics.push(diagnostic);
            }
            return;
        };
        let phase = phase_of(keywords::first_word(head));
        if let (BlockKind::Phase, Some(phase)) = (kind, phase) {
            self.send(Part::Open(Head::Phase(phase), piece.span));
            self.item(piece.span);
            return self.blocks.push(Open { context: Context::Phase(phase), lost: false });
        }
        let skipped = if phase.is_some() { head.len() - keywords::after_word(head).len() } else { 0 };
        let span = Span::new(piece.span.start as usize + skipped, piece.span.end as usize);
        let added = kind == BlockKind::Table && is_one(keywords::first_word(self.slice(span)), &["add"]);
        self.item(piece.span);
        if !self.reads(added) {
            self.send(Part::Passed(span));
            return self.blocks.push(Open { context: Context::Passed, lost: true });
        }
        let read = self.head(piece, span, kind, phase);
        self.blocks.push(Open { context: Context::Other(kind), lost: !read });
    }

    /// Reads the head of a declaration's block.
    fn head(&mut self, piece: Piece, span: Span, kind: BlockKind, phase: Option<Phase>) -> bool {
        let added = is_one(keywords::first_word(self.slice(span)), &["add"]);
        let rule = match kind {
            BlockKind::Table if added => Rule::add_table_head,
            BlockKind::Table | BlockKind::Phase => Rule::table_head,
            BlockKind::App => Rule::app_head,
            BlockKind::View => Rule::view_head,
            BlockKind::Rows => Rule::rows_head,
        };
        let outer = match self.blocks.last() {
            Some(Open { context: Context::Phase(outer), .. }) => Some(*outer),
            _ => None,
        };
        if added && outer.is_none() && phase.is_none() {
            self.diagnostics.push(outline_errors::missing_phase(span, Phase::Expand, &[]));
        }
        let phase = phase.or(outer).unwrap_or(Phase::Expand);
        self.parse(rule, span, piece, &mut |build, node, sink| {
            let name = build.first_ident(&mut node.into_inner());
            let head = match rule {
                Rule::add_table_head => Head::AddTable { phase: Some(phase), name },
                Rule::app_head => Head::App(name),
                Rule::view_head => Head::View(name),
                Rule::rows_head => Head::Rows(name),
                _ => Head::Table(name),
            };
            sink(Part::Open(head, span));
        })
    }

    fn close(&mut self, piece: Piece) {
        if let Some(fault) = piece.fault.filter(|_| self.reads(false)) {
            self.fault(fault);
        }
        if let Some(open) = self.blocks.pop()
            && !open.lost
        {
            self.send(Part::Close(piece.span));
        }
    }

    fn item(&mut self, span: Span) {
        self.first_item.get_or_insert(span);
    }

    /// Whether a piece is a statement where it stands; an `allow` counts as what it stands among.
    fn is_statement(&self, piece: Piece) -> bool {
        match self.blocks.last().map(|block| block.context) {
            None => !is_one(keywords::first_word(self.slice(piece.span)), keywords::DECLARATIONS),
            Some(Context::Phase(_)) => !is_one(keywords::first_word(self.slice(piece.span)), &["allow"]),
            Some(Context::Other(_) | Context::Passed) => false,
        }
    }

    /// A statement in a reading of declarations: only what it deploys counts.
    fn passed(&mut self, piece: Piece) {
        self.item(piece.span);
        let deploys = is_one(keywords::first_word(self.slice(piece.span)), &["deploy"]);
        if !deploys || piece.fault.is_some() || !self.blocks.is_empty() {
            return self.send(Part::Passed(piece.span));
        }
        let known = self.diagnostics.len();
        self.statement(Rule::statement, piece, piece.span, None);
        self.diagnostics.truncate(known);
    }

    fn text(&mut self, piece: Piece) {
        if matches!(self.blocks.last(), Some(Open { context: Context::Passed, .. })) {
            return;
        }
        if self.pass != Pass::All {
            let statement = self.is_statement(piece);
            let added = matches!(self.blocks.last(), Some(Open { context: Context::Other(_), .. }));
            if statement && self.pass == Pass::Declarations {
                return self.passed(piece);
            }
            if !statement && !added && self.pass == Pass::Statements {
                return;
            }
        }
        if let Some(diagnostic) = limits::exceeded(self.slice(piece.span), piece.span.start) {
            return self.diagnostics.push(diagnostic);
        }
        if let Some(fault) = piece.fault {
            return self.faulty(piece, fault);
        }
        match self.blocks.last().map(|block| block.context) {
            None => self.top(piece),
            Some(Context::Phase(phase)) => self.statement(Rule::statements, piece, piece.span, Some(phase)),
            Some(Context::Other(kind)) => self.element(piece, kind),
            Some(Context::Passed) => {}
        }
    }

    fn top(&mut self, piece: Piece) {
        let text = self.slice(piece.span);
        let word = keywords::first_word(text);
        if let Some(phase) = phase_of(word) {
            let skipped = text.len() - keywords::after_word(text).len();
            let span = Span::new(piece.span.start as usize + skipped, piece.span.end as usize);
            if span.is_empty() {
                return self.diagnostics.push(outline_errors::phase_alone(phase, piece.span));
            }
            return self.statement(Rule::statement, piece, span, Some(phase));
        }
        match keywords::folded(word, &mut [0; keywords::MAX_WORD]) {
            "migration" => self.header(piece),
            "allow" => {
                self.parse(Rule::allows, piece.span, piece, &mut |build, node, sink| {
                    for allow in node.into_inner().filter(|node| node.as_rule() == Rule::allow) {
                        sink(Part::Allow(build.allow(allow)));
                    }
                });
            }
            "rows" => {
                self.item(piece.span);
                self.parse(Rule::rows_from, piece.span, piece, &mut |build, node, sink| {
                    sink(Part::Rows(build.rows_from(node)));
                });
            }
            "table" | "app" | "view" => {
                let diagnostic = outline_errors::block_missing(word, piece.span);
                self.diagnostics.push(diagnostic);
            }
            _ => self.statement(Rule::statement, piece, piece.span, None),
        }
    }

    fn header(&mut self, piece: Piece) {
        if let Some(before) = self.header {
            return self.diagnostics.push(outline_errors::second_header(piece.span, before));
        }
        self.header = Some(piece.span);
        if let Some(item) = self.first_item {
            self.diagnostics.push(outline_errors::late_header(piece.span, item));
        }
        self.parse(Rule::header, piece.span, piece, &mut |build, node, sink| {
            let (header, allows) = build.header(node);
            sink(Part::Header(header, allows));
        });
    }

    fn statement(&mut self, rule: Rule, piece: Piece, span: Span, phase: Option<Phase>) {
        self.item(piece.span);
        if is_one(keywords::first_word(self.slice(span)), &["allow"]) && rule == Rule::statements {
            self.parse(Rule::allows, span, piece, &mut |build, node, sink| {
                for allow in node.into_inner().filter(|node| node.as_rule() == Rule::allow) {
                    sink(Part::Allow(build.allow(allow)));
                }
            });
            return;
        }
        let in_block = rule == Rule::statements;
        let phase_word = Span { end: span.start, ..piece.span };
        self.parse(rule, span, piece, &mut |build, node, sink| {
            for stmt in node.into_inner().filter(|node| node.as_rule() == Rule::stmt) {
                let span = build.span(&stmt);
                let kind = build.statement(stmt);
                let phase = check_phase(build, &kind, phase, span, phase_word, in_block);
                sink(Part::Statement(Statement { kind, phase, span }));
            }
        });
    }

    fn element(&mut self, piece: Piece, kind: BlockKind) {
        let (rule, build): (Rule, fn(&mut Build<'_>, Node<'_>) -> Element) = match kind {
            BlockKind::Table | BlockKind::Phase => {
                (Rule::table_elements, |build, node| match build.table_element(node) {
                    TableElement::Column(column) => Element::Column(column),
                    TableElement::Constraint(constraint) => Element::Constraint(constraint),
                })
            }
            BlockKind::App => (Rule::app_clauses, |build, node| match build.app_clause(node) {
                AppClause::Columns(columns) => Element::AppColumns(columns),
                AppClause::Connects(role) => Element::Connects(role),
            }),
            BlockKind::View => (Rule::view_clauses, |build, node| Element::ViewReads(build.columns(node.into_inner()))),
            BlockKind::Rows => (Rule::row_tuples, |build, node| {
                let (values, span) = build.row(node);
                Element::Row(values, span)
            }),
        };
        self.parse(rule, piece.span, piece, &mut |builder, node, sink| {
            for element in node.into_inner().filter(|node| node.as_rule() != Rule::EOI) {
                sink(Part::Element(build(builder, element)));
            }
        });
    }

    /// Parses `span` of `piece` with `rule` and builds what comes of it. What is incomplete is tried once more together
    /// with the pieces after it; what stays unreadable is reported.
    fn parse(&mut self, rule: Rule, span: Span, piece: Piece, build: Builder<'_>) -> bool {
        let commented = match piece.kind {
            PieceKind::Text { commented, .. } => commented,
            _ => ["#", "--", "/*"].iter().any(|sign| self.slice(span).contains(sign)),
        };
        match self.attempt(rule, span, commented, build) {
            Ok(()) => true,
            Err(error) => {
                let cut = error_offset(&error) >= self.slice(span).trim_ascii_end().len();
                if cut && self.joined(rule, span, piece, build) {
                    return true;
                }
                self.failed(rule, span, piece, &error);
                false
            }
        }
    }

    fn attempt(&mut self, rule: Rule, span: Span, commented: bool, build: Builder<'_>) -> Result<(), Box<Error<Rule>>> {
        let text = &self.text[span.range()];
        let clean = if commented { without_comments(text) } else { Cow::Borrowed(text) };
        let tree = shapes::read(rule, &clean)?;
        if commented {
            self.send_comments(span);
        }
        let lost = self.blocks.iter().any(|block| block.lost);
        let mut builder =
            Build { base: span.start, names: &mut self.names, diagnostics: &mut self.diagnostics, too_deep: false };
        if lost {
            build(&mut builder, tree.root(&clean), &mut |_| {});
        } else {
            build(&mut builder, tree.root(&clean), self.sink);
        }
        Ok(())
    }

    /// Comments inside a statement are told before it.
    fn send_comments(&mut self, span: Span) {
        for token in Lexer::new(&self.text[..span.end as usize], span.start as usize) {
            if token.kind == Tok::Comment {
                self.send(Part::Comment { span: Span::new(token.start, token.end), trailing: false });
            }
        }
    }
}

/// The phase that a statement gets, with what is wrong about the one it was written in.
fn check_phase(
    build: &mut Build<'_>,
    kind: &StatementKind,
    written: Option<Phase>,
    span: Span,
    phase_word: Span,
    in_block: bool,
) -> Option<Phase> {
    let Phases { usual, allowed } = kind.phases();
    match (usual, written) {
        (None, Some(phase)) => {
            build.report(outline_errors::no_phase(kind, phase, span, (!in_block).then_some(phase_word)));
            None
        }
        (Some(usual), None) => {
            // What is refused anyhow is not sent to a phase first.
            if !allowed.is_empty() {
                build.report(outline_errors::missing_phase(span, usual, allowed));
            }
            Some(usual)
        }
        (_, written) => written,
    }
}

/// The phase that a word names.
fn phase_of(word: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| phase.keyword().eq_ignore_ascii_case(word))
}

/// The text with spaces in place of its comments, so that all offsets stay.
pub(super) fn without_comments(text: &str) -> Cow<'_, str> {
    let mut comments = Lexer::new(text, 0).filter(|token| token.kind == Tok::Comment).peekable();
    if comments.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let (mut clean, mut done) = (String::with_capacity(text.len()), 0);
    for comment in comments {
        clean.push_str(&text[done..comment.start]);
        clean.extend(std::iter::repeat_n(' ', comment.end - comment.start));
        done = comment.end;
    }
    clean.push_str(&text[done..]);
    Cow::Owned(clean)
}

fn error_offset(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(pos) => pos,
        InputLocation::Span((start, _)) => start,
    }
}
