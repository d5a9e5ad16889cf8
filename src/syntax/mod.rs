//! Text to tree and back. pest lives here and nowhere else.
//!
//! A script is never parsed as a whole: [`split`] cuts it into pieces in one walk, [`reader`] parses each with the rule
//! of where it stands and builds its part of the tree, and [`assembly`] puts the parts together. So the memory that
//! parsing takes beside the tree is that of one statement, and a mistake costs one statement only. Statements that
//! differ in names and values alone are read by pest once: [`shapes`] says why that is the same.

mod assembly;
mod build;
mod declaration;
mod expected;
mod expression;
mod format;
mod grammar;
mod highlight;
mod items;
mod keywords;
mod lex;
mod limits;
mod mistakes;
mod names;
mod opaque;
mod outline_errors;
mod part;
mod pieces;
mod print;
mod prompt;
mod reader;
mod shapes;
mod split;
mod statement;
mod tree;
mod types;

#[cfg(test)]
mod tests;

use crate::ast::{Script, Statement};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use reader::Pass;

pub use format::format;
pub use highlight::{TokenKind, highlight};
pub use items::{Item, items};
pub use keywords::KEYWORDS;
pub use lex::{above_comments, comment_at, comments};
pub use names::{fold, quote_ident};
pub use pieces::{column, column_text, constraint_text, table_text};
pub use print::expr_text;

pub use prompt::{Incomplete, parse_dml, read_statements};
pub use types::TYPES;

/// What came of reading a script: everything that could be read, and a diagnostic for everything that could not.
#[derive(Debug)]
pub struct Parsed {
    /// The readable part.
    pub script: Script,
    /// What could not be read, in the order of places.
    pub diagnostics: Vec<Diagnostic>,
}

impl From<Source> for Parsed {
    fn from(source: Source) -> Self {
        parse(source)
    }
}

/// What came of reading the declarations of a script.
#[derive(Debug)]
pub struct Outline {
    /// The script without its statements.
    pub script: Script,
    /// What could not be read of its declarations.
    pub diagnostics: Vec<Diagnostic>,
    /// Parts of the text, one after the other, whose statements can be read apart.
    pub parts: Vec<Span>,
}

/// Reads a script. A statement that cannot be read never stops the reading of the rest.
#[must_use]
pub fn parse(source: Source) -> Parsed {
    #[cfg(test)]
    crate::tally::note(crate::tally::Stage::Read, source.name());
    let (script, rest) = read(source, Pass::All);
    Parsed { script, diagnostics: rest.diagnostics }
}

/// Reads what a script declares, and leaves its statements out: [`for_each_statement`] reads those one by one, so that
/// a large script never stands in memory as a tree.
#[must_use]
pub fn outline(source: Source) -> Outline {
    let whole = source.span();
    let (mut script, rest) = read(source, Pass::Declarations);
    script.statements = Vec::new();
    let starts = std::iter::once(0).chain(rest.cuts.iter().copied());
    let ends = rest.cuts.iter().copied().chain([whole.end as usize]);
    let parts = starts.zip(ends).map(|(start, end)| Span::new(start, end)).collect();
    Outline { script, diagnostics: rest.diagnostics, parts }
}

fn read(source: Source, pass: Pass) -> (Script, reader::Rest) {
    let text = source.clone();
    let mut assembly = assembly::Assembly::new(source);
    let rest = reader::read(text.text(), text.span(), pass, &mut |event| assembly.take(event));
    (assembly.finish(), rest)
}

/// Reads the statements in a part of a script, each handed over before the next is read. Gives what could not be read
/// of them.
pub fn for_each_statement(source: &Source, part: Span, take: &mut dyn FnMut(Statement)) -> Vec<Diagnostic> {
    #[cfg(test)]
    if part.start == 0 {
        crate::tally::note(crate::tally::Stage::Read, source.name());
    }
    let mut assembly = assembly::Assembly::new(source.clone());
    let rest = reader::read(source.text(), part, Pass::Statements, &mut |event| {
        assembly.take(event);
        assembly.take_statements().for_each(&mut *take);
    });
    rest.diagnostics
}
