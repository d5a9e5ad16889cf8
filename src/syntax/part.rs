//! What reading a script yields, piece by piece and in order: the tree is put together from it, and the formatter
//! writes it down again.

use crate::ast::{
    Allow, AppClause, ColumnDef, ColumnRef, Expr, Header, Ident, Phase, Rows, Statement, TableConstraint,
};
use crate::source::Span;

/// A part of a script that could be read.
pub(super) enum Part {
    /// A comment; `trailing` ones stand after something.
    Comment { span: Span, trailing: bool },
    /// One or more empty lines.
    Blank,
    /// The header, with the allows in it.
    Header(Header, Vec<Allow>),
    /// An allow before an item.
    Allow(Allow),
    /// A statement outside blocks or in the block of a phase.
    Statement(Statement),
    /// The place of a statement that this reading leaves out.
    Passed(Span),
    /// `rows t from …`, `rows t generate …`
    Rows(Rows),
    /// The head of a block; the span starts with its first word.
    Open(Head, Span),
    /// An element of a block.
    Element(Element),
    /// The brace that ends a block.
    Close(Span),
}

/// The head of a block.
#[derive(Clone)]
pub(super) enum Head {
    Phase(Phase),
    Table(Ident),
    AddTable { phase: Option<Phase>, name: Ident },
    App(Ident),
    View(Ident),
    Rows(Ident),
}

/// An element of a block other than a phase's.
pub(super) enum Element {
    Column(ColumnDef),
    Constraint(TableConstraint),
    AppClause(AppClause),
    ReadsCatalog,
    Connects(Box<str>),
    ViewReads(Vec<ColumnRef>),
    Row(Vec<Expr>, Span),
}
