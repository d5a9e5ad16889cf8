//! What a person types at the prompt: statements that may not be complete yet, and operations of applications.

use crate::ast::{Delete, Dml, Expr, Insert, Select, Update};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};
use crate::syntax::build::{Build, present};
use crate::syntax::grammar::Rule;
use crate::syntax::lex::{Lexer, Tok, Token};
use crate::syntax::limits;
use crate::syntax::names::Names;
use crate::syntax::reader::without_comments;
use crate::syntax::tree::{self, Node};
use crate::syntax::{Parsed, expected, parse};

/// Text that is not complete: more has to be typed before it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incomplete {
    /// `{` is open.
    Block,
    /// `(` or `[` is open.
    Parenthesis,
    /// `'` is open.
    Text,
    /// `/*` is open.
    Comment,
    /// It ends with an operator, a comma, or a phase without its statement.
    Statement,
}

impl std::fmt::Display for Incomplete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Block => "the block is not closed yet",
            Self::Parenthesis => "the parenthesis is not closed yet",
            Self::Text => "the text is not closed yet",
            Self::Comment => "the comment is not closed yet",
            Self::Statement => "the statement goes on",
        })
    }
}

impl std::error::Error for Incomplete {}

/// Reads statements as typed at a prompt.
///
/// # Errors
/// More has to be typed. Text that is wrong, however it goes on, is not an error here but has diagnostics.
pub fn read_statements(source: &Source) -> Result<Parsed, Incomplete> {
    match open_end(source.text()) {
        Some(incomplete) => Err(incomplete),
        None => Ok(parse(source.clone())),
    }
}

/// What is open at the end of a text.
fn open_end(text: &str) -> Option<Incomplete> {
    let (mut braces, mut parens) = (0_usize, 0_usize);
    let (mut last, mut words, mut before) = (None, 0, None);
    for token in Lexer::new(text, 0) {
        match token.kind {
            Tok::OpenBrace => braces += 1,
            Tok::CloseBrace => braces = braces.saturating_sub(1),
            Tok::Open => parens += 1,
            Tok::Close => parens = parens.saturating_sub(1),
            Tok::UnclosedText => return Some(Incomplete::Text),
            Tok::UnclosedComment => return Some(Incomplete::Comment),
            Tok::Semicolon => parens = 0,
            Tok::Newline | Tok::Comment => continue,
            _ => {}
        }
        words += 1;
        before = last.replace(token);
    }
    if parens > 0 {
        return Some(Incomplete::Parenthesis);
    }
    if braces > 0 {
        return Some(Incomplete::Block);
    }
    let last = last?;
    let operator = matches!(last.kind, Tok::Symbol | Tok::Comma);
    let starred = before.is_some_and(|token| text[token.start..token.end].eq_ignore_ascii_case("select"));
    let word = text[last.start..last.end].to_ascii_lowercase();
    let phase = words == 1 && ["expand", "migrate", "contract"].contains(&&*word);
    (operator && !starred || phase).then_some(Incomplete::Statement)
}

/// Reads one operation of an application.
///
/// # Errors
/// It cannot be read; the diagnostic says what was expected. Its spans count from the start of `text`.
pub fn parse_dml(text: &str) -> Result<Dml, Box<Diagnostic>> {
    let clean = without_comments(text);
    let body = clean.trim_end().trim_end_matches(';');
    if let Some(diagnostic) = open_quote(body).or_else(|| limits::exceeded(body, 0)) {
        return Err(Box::new(diagnostic));
    }
    let tree = match tree::read(Rule::dml, body) {
        Ok(tree) => tree,
        Err(error) => return Err(Box::new(expected::diagnostic(Rule::dml, body, 0, &error))),
    };
    let node = present(tree.root(body).into_inner().next());
    let (mut names, mut diagnostics) = (Names::default(), Vec::new());
    let mut build = Build { base: 0, names: &mut names, diagnostics: &mut diagnostics, too_deep: false };
    let dml = build.dml(node);
    if diagnostics.is_empty() { Ok(dml) } else { Err(Box::new(diagnostics.swap_remove(0))) }
}

fn open_quote(body: &str) -> Option<Diagnostic> {
    let is_open = |token: &Token| matches!(token.kind, Tok::UnclosedText | Tok::UnclosedQuoted);
    let token = Lexer::new(body, 0).find(is_open)?;
    let span = Span::new(token.start, token.start + 1);
    let diagnostic = Diagnostic::new(Code::Syntax, "this quote is not closed", span, "it starts here");
    Some(diagnostic.help("write the closing quote"))
}

impl Build<'_> {
    fn dml(&mut self, node: Node<'_>) -> Dml {
        match node.as_rule() {
            Rule::select => Dml::Select(self.select(node)),
            Rule::insert => Dml::Insert(self.insert(node)),
            Rule::update => Dml::Update(self.update(node)),
            _ => {
                let mut nodes = node.into_inner();
                Dml::Delete(Delete { table: self.first_ident(&mut nodes), filter: self.condition(nodes.next()) })
            }
        }
    }

    fn condition(&mut self, node: Option<Node<'_>>) -> Option<Expr> {
        node.map(|node| self.expr(present(node.into_inner().next())))
    }

    fn select(&mut self, node: Node<'_>) -> Select {
        let mut select = Select { columns: Vec::new(), table: None, filter: None, order: Vec::new(), limit: None };
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::select_columns => select.columns = self.columns(part.into_inner()),
                Rule::from => select.table = Some(self.first_ident(&mut part.into_inner())),
                Rule::condition => select.filter = self.condition(Some(part)),
                Rule::order => select.order = part.into_inner().map(|by| self.order_by(by)).collect(),
                Rule::limit => select.limit = part.into_inner().next().map(|count| self.count(&count)),
                _ => {}
            }
        }
        select
    }

    fn order_by(&mut self, node: Node<'_>) -> (crate::ast::ColumnRef, bool) {
        let mut nodes = node.into_inner();
        (self.next_column(&mut nodes), nodes.next().is_some())
    }

    fn insert(&mut self, node: Node<'_>) -> Insert {
        let mut nodes = node.into_inner();
        let mut insert = Insert { table: self.first_ident(&mut nodes), columns: Vec::new(), rows: Vec::new() };
        for part in nodes {
            if part.as_rule() == Rule::column_list {
                insert.columns = self.column_list(part);
            } else {
                insert.rows.push(self.row(part).0);
            }
        }
        insert
    }

    fn update(&mut self, node: Node<'_>) -> Update {
        let mut nodes = node.into_inner();
        let mut update = Update { table: self.first_ident(&mut nodes), assignments: Vec::new(), filter: None };
        for part in nodes {
            if part.as_rule() == Rule::condition {
                update.filter = self.condition(Some(part));
            } else {
                let mut assignment = part.into_inner();
                let column = self.first_ident(&mut assignment);
                update.assignments.push((column, self.next_expr(&mut assignment)));
            }
        }
        update
    }
}
