//! A session: a script on its way, and what is known beside it. What can be done with it stands in the other files.

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Complaint;
use crate::lab::{self, OpenError, RowsFile};
use crate::plan::{AppUse, Plan};
use crate::prove::Refutation;
use crate::repl::Host;
use crate::repl::completion::Vocabulary;
use crate::repl::present::{Moment, Present};
use crate::replay::Replay;
use crate::report::{self, Terminal};
use crate::source::Source;

/// What a session's script is called as long as it has no file.
const UNNAMED: &str = "session";

/// What was said for a line: the text of a success, or of a failure.
pub(super) type Said = Result<String, String>;

/// A script on its way, with everything that a person can do beside it.
pub struct Session {
    pub(super) host: Box<dyn Host>,
    pub(super) terminal: Terminal,
    pub(super) rows: Vec<RowsFile>,
    pub(super) file: Option<PathBuf>,
    pub(super) present: Present,
    /// Oldest first.
    pub(super) past: Vec<Moment>,
    /// What `why next` goes on with.
    pub(super) counterexample: Option<Counterexample>,
}

/// A counterexample under way.
pub(super) struct Counterexample {
    /// The plan that it refutes; it is over when that changes.
    pub(super) plan: Arc<Plan>,
    /// Its number, from 1.
    pub(super) number: usize,
    pub(super) refutation: Refutation,
    pub(super) replay: Replay,
    /// The rows as they were shown last.
    pub(super) shown: String,
}

impl Session {
    /// A session with nothing in it.
    ///
    /// # Errors
    /// The rows belong to no table.
    pub fn empty(host: Box<dyn Host>, terminal: Terminal, rows: Vec<RowsFile>) -> Result<Self, OpenError> {
        Self::of(host, terminal, Source::new(UNNAMED, ""), None, rows)
    }

    /// A session with a script, at its start. `rows` replace the script's own.
    ///
    /// # Errors
    /// The script has errors, or its rows cannot be loaded.
    pub fn open(
        host: Box<dyn Host>,
        terminal: Terminal,
        source: Source,
        rows: Vec<RowsFile>,
    ) -> Result<Self, OpenError> {
        let file = PathBuf::from(source.name());
        Self::of(host, terminal, source, Some(file), rows)
    }

    fn of(
        host: Box<dyn Host>,
        terminal: Terminal,
        source: Source,
        file: Option<PathBuf>,
        rows: Vec<RowsFile>,
    ) -> Result<Self, OpenError> {
        let present = Present::new(lab::open_to_play(source, &rows)?);
        Ok(Self { host, terminal, rows, file, present, past: Vec::new(), counterexample: None })
    }

    /// The names that completion offers.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        let tables = self.present.memory().catalog().tables().map(|table| {
            let columns = table.columns().map(|column| column.name.to_string());
            (table.name.to_string(), columns.collect())
        });
        let waiting = self.present.waiting.iter().map(|(name, _)| name);
        let apps = self.apps().iter().map(|app| &app.name).chain(waiting).map(ToString::to_string);
        Vocabulary { tables: tables.collect(), apps: apps.collect() }
    }

    pub(super) fn complain(&self, complaint: &Complaint) -> String {
        report::complaint(complaint, self.terminal)
    }

    pub(super) fn apps(&self) -> &Arc<[AppUse]> {
        &self.present.opened.plan.apps
    }
}
