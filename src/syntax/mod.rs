//! Text to tree and back. pest lives here and nowhere else.
//!
//! A script is never parsed as a whole: [`split`] cuts it into pieces in one walk, [`reader`] parses each with the rule
//! of where it stands and builds its part of the tree, and [`assembly`] puts the parts together. So the memory that
//! parsing takes beside the tree is that of one statement, and a mistake costs one statement only. Statements that
//! differ in names and values alone are read by pest once: [`shapes`] says why that is the same.

mod assembly;
mod declaration;
mod event;
mod expected;
mod expression;
mod faults;
mod format;
mod grammar;
mod hash;
mod highlight;
mod keywords;
mod lex;
mod mistakes;
mod names;
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

use crate::ast::Script;
use crate::diagnostic::Diagnostic;
use crate::source::Source;

pub use format::format;
pub use highlight::{TokenKind, highlight};
pub use keywords::KEYWORDS;
pub use names::quote_ident;
pub use print::expr_text;
pub use prompt::{Incomplete, parse_dml, read_statements};

/// What came of reading a script: everything that could be read, and a diagnostic for everything that could not.
#[derive(Debug)]
pub struct Parsed {
    /// The readable part.
    pub script: Script,
    /// What could not be read, in the order of places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a script. A statement that cannot be read never stops the reading of the rest.
#[must_use]
pub fn parse(source: Source) -> Parsed {
    let text = source.clone();
    let mut assembly = assembly::Assembly::new(source);
    let diagnostics = reader::read(text.text(), &mut |event| assembly.take(event));
    Parsed { script: assembly.finish(), diagnostics }
}
