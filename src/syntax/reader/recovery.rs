//! What becomes of a piece that no rule reads: it may go on in the next pieces, be SQL that was pasted, or be reported.

use pest::error::Error;

use crate::source::Span;
use crate::syntax::grammar::Rule;
use crate::syntax::keywords::{self, is_one};
use crate::syntax::reader::{Builder, Reader, without_comments};
use crate::syntax::split::{Piece, PieceKind, SplitFault, SplitFaultKind};
use crate::syntax::{expected, limits, mistakes};

/// How many further pieces an incomplete one may reach over.
const MAX_JOINED: usize = 8;
/// How many lines pasted SQL may have.
const MAX_SQL_LINES: usize = 60;

impl Reader<'_> {
    /// A piece whose quotes or parentheses are broken; SQL is answered as SQL anyway.
    pub(super) fn faulty(&mut self, piece: Piece, fault: SplitFault) {
        let text = self.slice(piece.span);
        let word = keywords::first_word(text);
        let sql = matches!(fault.kind, SplitFaultKind::Odd | SplitFaultKind::UnclosedParen)
            && keywords::may_start_sql(word)
            && !is_one(word, keywords::VERBS);
        if sql && self.sql(piece, piece.span, None) {
            return;
        }
        self.fault(fault);
    }

    /// Reads an incomplete piece once more, together with those after it.
    pub(super) fn joined(&mut self, rule: Rule, span: Span, piece: Piece, build: Builder<'_>) -> bool {
        if matches!(piece.kind, PieceKind::Text { terminated: true, .. } | PieceKind::Open(_)) {
            return false;
        }
        for n in 0..MAX_JOINED {
            let Some(next) = self.peek(n) else {
                return false;
            };
            match next.kind {
                PieceKind::Comment | PieceKind::Trailing | PieceKind::Blank => continue,
                PieceKind::Open(_) | PieceKind::Close => return false,
                PieceKind::Text { .. } => {}
            }
            let text = self.slice(next.span);
            let statement = matches!(rule, Rule::statement | Rule::statements)
                && (is_one(keywords::first_word(text), keywords::TOPS)
                    || is_one(keywords::first_word(text), keywords::VERBS));
            if next.fault.is_some()
                || statement
                || keywords::surely_starts(text)
                || self.is_too_large(span.to(next.span))
            {
                return false;
            }
            if self.attempt(rule, span.to(next.span), true, build).is_ok() {
                self.ahead.drain(..=n);
                return true;
            }
        }
        false
    }

    fn is_too_large(&self, span: Span) -> bool {
        limits::exceeded(self.slice(span), span.start).is_some()
    }

    /// Answers a piece that no rule reads.
    pub(super) fn failed(&mut self, rule: Rule, span: Span, piece: Piece, error: &Error<Rule>) {
        let statement = matches!(rule, Rule::statement | Rule::statements);
        if statement && keywords::may_start_sql(keywords::first_word(self.slice(span))) {
            let phase = (span.start > piece.span.start).then_some(Span { end: span.start, ..piece.span });
            if self.sql(piece, span, phase) {
                return;
            }
        }
        let text = without_comments(self.slice(span));
        let diagnostic = expected::diagnostic(rule, &text, span.start, error);
        self.diagnostics.push(diagnostic);
    }

    /// Answers pasted SQL, over as many pieces as it has. `phase` is the phase written before it.
    fn sql(&mut self, piece: Piece, span: Span, phase: Option<Span>) -> bool {
        let (mut whole, mut taken, mut n) = (span, 0, 0);
        let mut ended = matches!(piece.kind, PieceKind::Text { terminated: true, .. });
        let in_block = self.blocks.last().is_some();
        let mut answer = mistakes::sql(&without_comments(self.slice(whole)), whole, phase, in_block);
        while answer.is_none() && !ended && n < MAX_SQL_LINES {
            let Some(next) = self.peek(n) else { break };
            n += 1;
            match next.kind {
                PieceKind::Comment | PieceKind::Trailing => continue,
                PieceKind::Text { terminated, .. } if !self.starts_anew(next.span) => ended = terminated,
                _ => break,
            }
            if self.is_too_large(whole.to(next.span)) {
                break;
            }
            whole = whole.to(next.span);
            taken = n;
            answer = mistakes::sql(&without_comments(self.slice(whole)), whole, phase, in_block);
        }
        let answer = answer.or_else(|| mistakes::sql_unknown(self.slice(whole), whole));
        let Some(diagnostic) = answer else {
            return false;
        };
        self.ahead.drain(..taken);
        self.diagnostics.push(diagnostic);
        true
    }

    /// Whether a piece after SQL is none of it.
    fn starts_anew(&self, span: Span) -> bool {
        let text = self.slice(span);
        let word = keywords::first_word(text);
        keywords::surely_starts_outside(text)
            || is_one(word, keywords::TOPS)
            || is_one(word, &["backfill", "sync", "seed", "copy", "verify", "deploy", "retire", "confirm", "wait"])
            || is_one(word, &["create", "update", "insert", "delete", "select", "begin", "commit"])
    }
}
