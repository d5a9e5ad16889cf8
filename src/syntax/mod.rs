//! Text to tree and back. pest lives here and nowhere else.
//!
//! A script is never parsed as a whole: [`split`] cuts it into pieces in one walk, [`reader`] parses each with the rule
//! of where it stands and builds its part of the tree, and [`assembly`] puts the parts together. So the memory that
//! parsing takes beside the tree is that of one statement, and a mistake costs one statement only.

mod assembly;
mod declaration;
mod event;
mod expected;
mod expression;
mod faults;
mod format;
mod grammar;
mod highlight;
mod keywords;
mod lex;
mod mistakes;
mod names;
mod print;
mod prompt;
mod reader;
mod split;
mod statement;
mod types;

#[cfg(test)]
mod tests;

use crate::ast::{Script, Statement};
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use reader::Pass;

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
    read(source, Pass::All)
}

/// Reads what a script declares, and leaves its statements out: [`for_each_statement`] reads those one by one, so that
/// a large script never stands in memory as a tree.
#[must_use]
pub fn outline(source: Source) -> Parsed {
    let mut parsed = read(source, Pass::Declarations);
    parsed.script.statements = Vec::new();
    parsed
}

fn read(source: Source, pass: Pass) -> Parsed {
    let text = source.clone();
    let mut assembly = assembly::Assembly::new(source);
    let diagnostics = reader::read(text.text(), pass, &mut |event| assembly.take(event));
    Parsed { script: assembly.finish(), diagnostics }
}

/// Reads the statements of a script, each handed over before the next is read. Gives what could not be read of them.
pub fn for_each_statement(source: &Source, take: &mut dyn FnMut(Statement)) -> Vec<Diagnostic> {
    let mut assembly = assembly::Assembly::new(source.clone());
    reader::read(source.text(), Pass::Statements, &mut |event| {
        assembly.take(event);
        assembly.take_statements().for_each(&mut *take);
    })
}
