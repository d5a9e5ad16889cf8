//! Text to tree and back. pest lives here and nowhere else.

use crate::ast::Script;
use crate::diagnostic::Diagnostic;
use crate::source::Source;

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
pub fn parse(_source: Source) -> Parsed {
    todo!()
}

/// A name as a script writes it.
#[must_use]
pub fn quote_ident(name: &str) -> std::borrow::Cow<'_, str> {
    name.into()
}

/// Formats a script.
///
/// # Errors
/// The script has syntax errors.
pub fn format(_source: Source) -> Result<String, Vec<Diagnostic>> {
    todo!()
}
