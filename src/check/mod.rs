//! Checks of a script, without data.

use crate::diagnostic::Diagnostic;
use crate::source::Source;

/// A script with everything there is to say about it.
#[derive(Debug)]
pub struct CheckedScript {
    /// What was checked.
    pub source: Source,
    /// What was found, in the order of places.
    pub diagnostics: Vec<Diagnostic>,
    /// What to know about the check itself: what it assumed.
    pub notes: Vec<String>,
}

/// Checks one script.
#[must_use]
pub fn check_script(source: Source) -> CheckedScript {
    let mut diagnostics = crate::syntax::parse(source.clone()).diagnostics;
    diagnostics.sort_by_key(Diagnostic::span);
    CheckedScript { source, diagnostics, notes: Vec::new() }
}
