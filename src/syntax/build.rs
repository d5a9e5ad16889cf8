//! What every part of the tree is built with.

use crate::ast::{ColumnRef, Ident};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::grammar::Rule;
use crate::syntax::keywords;
use crate::syntax::names::{self, Names};
use crate::syntax::tree::{Node, Nodes};

/// Builds the tree of one piece. It always builds one: what is wrong about it becomes a diagnostic.
pub(super) struct Build<'a> {
    /// Where the piece starts in the script.
    pub base: u32,
    pub names: &'a mut Names,
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// A nesting too deep was reported for this piece.
    pub too_deep: bool,
}

impl Build<'_> {
    /// Where a node stands in the script.
    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        let start = node.range().start;
        Span::new(start, start + node.as_str().trim_ascii_end().len()).shifted(self.base)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// A name, which must not be a reserved word.
    pub(super) fn ident(&mut self, node: &Node<'_>) -> Ident {
        let span = self.span(node);
        let name = self.names.fold(node.as_str());
        if keywords::is_reserved(&name) && !node.as_str().starts_with('"') {
            self.reserved(&name, span);
        }
        Ident { name, span }
    }

    fn reserved(&mut self, name: &str, span: Span) {
        let quoted = names::quote_ident(name).into_owned();
        let message = format!("`{name}` is a word of the language, and a name is needed here");
        self.report(
            Diagnostic::new(Code::Syntax, message, span, "a name is needed here")
                .help(format!("if it is a name, write it in double quotes: {quoted}")),
        );
    }

    /// `c` or `t.c`: a node with one or two names.
    pub(super) fn column(&mut self, node: Node<'_>) -> ColumnRef {
        let mut names = node.into_inner();
        let first = self.first_ident(&mut names);
        match names.next() {
            Some(second) => ColumnRef { table: Some(Box::new(first)), column: self.ident(&second) },
            None => ColumnRef { table: None, column: first },
        }
    }

    /// The name that comes next; the grammar has made sure that one does.
    pub(super) fn first_ident(&mut self, nodes: &mut Nodes<'_>) -> Ident {
        let node = nodes.next();
        self.ident(&present(node))
    }

    /// The column that comes next.
    pub(super) fn next_column(&mut self, nodes: &mut Nodes<'_>) -> ColumnRef {
        let node = nodes.next();
        self.column(present(node))
    }

    /// The text of `'…'`; of `"…"` too, which is corrected.
    pub(super) fn string(&mut self, node: &Node<'_>) -> Box<str> {
        let text = names::unquote(node.as_str()).into_owned();
        if node.as_rule() == Rule::quoted {
            let span = self.span(node);
            self.report(
                Diagnostic::new(Code::Syntax, "double quotes are for names", span, "text is needed here")
                    .help(format!("write {}", sql_text(&text)))
                    .fix("use single quotes", span, sql_text(&text)),
            );
        }
        text.into()
    }

    /// The text of a title, in double quotes; in single ones too, which is corrected.
    pub(super) fn title(&mut self, node: &Node<'_>) -> Box<str> {
        let text = names::unquote(node.as_str()).into_owned();
        if node.as_rule() == Rule::string {
            let (span, quoted) = (self.span(node), title_text(&text));
            self.report(
                Diagnostic::new(
                    Code::Syntax,
                    "a title is written in double quotes",
                    span,
                    "single quotes are for values",
                )
                .help(format!("write {quoted}"))
                .fix("use double quotes", span, quoted),
            );
        }
        text.into()
    }

    /// A whole number that fits `u64`.
    pub(super) fn count(&mut self, node: &Node<'_>) -> u64 {
        let digits = node.as_str().replace('_', "");
        digits.parse().unwrap_or_else(|_| {
            let span = self.span(node);
            self.report(
                Diagnostic::new(Code::Syntax, "this number is too large", span, "").help("write a smaller one"),
            );
            0
        })
    }
}

/// `text` as a literal.
pub(super) fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `text` as a title.
pub(super) fn title_text(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The node that the grammar has made sure of.
pub(super) fn present(node: Option<Node<'_>>) -> Node<'_> {
    node.expect("the rule that matched has this node")
}
