//! Findings, tables and runs as text. A [`Diagnostic`] meets its [`Source`] here, at the edge, and nowhere earlier.
//!
//! Reports of findings are written file by file, so that memory holds one file's findings at a time.

mod complaint;
mod excerpt;
mod github;
mod human;
mod json;
pub(crate) mod markdown;
mod plain;
pub(crate) mod proof;
pub(crate) mod run;
mod sarif;
pub(crate) mod selected;
pub(crate) mod sql;
pub(crate) mod table;
pub(crate) mod terminal;
mod totals;

use std::io::{self, Write};

pub use complaint::complaint;
pub use github::Github;
pub use human::{Human, render};
pub use json::Json;
pub use plain::clean;
pub use sarif::Sarif;
pub use terminal::Terminal;
pub use totals::Totals;

use crate::diagnostic::{Diagnostic, Headline};
use crate::source::Source;

/// The findings in one file.
#[derive(Clone, Copy, Debug)]
pub struct FileFindings<'a> {
    /// The file.
    pub source: &'a Source,
    /// What was found, in the order of places.
    pub diagnostics: &'a [Diagnostic],
    /// The verdict; none where nothing is to be proved.
    pub headline: Option<&'a Headline>,
    /// What else to know about the check itself.
    pub notes: &'a [String],
}

/// A report of findings in one of the formats.
///
/// Every method fails only where writing fails.
pub trait Report {
    /// Adds the findings of one file. Files without findings count too.
    ///
    /// # Errors
    /// The report could not be written.
    fn file(&mut self, file: FileFindings<'_>) -> io::Result<()>;

    /// Adds a file that could not be read, and why.
    ///
    /// # Errors
    /// The report could not be written.
    fn unreadable(&mut self, path: &str, why: &str) -> io::Result<()>;

    /// Ends the report. Nothing may be added afterwards.
    ///
    /// # Errors
    /// The report could not be written.
    fn finish(&mut self) -> io::Result<()>;
}

/// The formats that a report of findings can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people, with excerpts of the script
    Human,
    /// One JSON document, described by `docs/check-output.schema.json`
    Json,
    /// SARIF 2.1.0, as code scanning services read it
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
}

impl Format {
    /// A report in this format that is written to `out`; `quiet` leaves of a human one findings, and verdicts that
    /// need a look.
    pub fn report<'w>(self, out: impl Write + 'w, terminal: Terminal, quiet: bool) -> Box<dyn Report + 'w> {
        match self {
            Self::Human => Box::new(Human::new(out, terminal, quiet)),
            Self::Json => Box::new(Json::new(out)),
            Self::Sarif => Box::new(Sarif::new(out)),
            Self::Github => Box::new(Github::new(out)),
        }
    }
}
