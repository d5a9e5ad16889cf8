//! What was done to a database, kept in the database: in schema `miglab`, each thing written in the transaction that does
//! what it records.
//!
//! Every change of a run's record is fenced: it names the owner, which is another one each time that a process takes the
//! run over. A process that was taken for dead and is not cannot write any more.

pub(crate) mod lock;
pub(crate) mod operations;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod runs;
pub(crate) mod schema;

use crate::ast::Phase;

/// Where a run is, in the words that the journal keeps: `pending`, the phase, `complete` or `rolled_back`.
#[must_use]
pub fn word(phase: Option<Phase>) -> &'static str {
    phase.map_or("pending", Phase::keyword)
}

/// Who may write about a run: its number, and the word that only the process that runs it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The run.
    pub run: i64,
    /// The word.
    pub owner: String,
}

/// Who runs something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// The user of the machine.
    pub os_user: String,
    /// The version of this program.
    pub version: String,
}

impl Runner {
    /// This process, on this machine, started by this user.
    #[must_use]
    pub fn new(host: impl Into<String>, os_user: impl Into<String>) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { host: host.into(), pid: std::process::id(), os_user: os_user.into(), version }
    }
}
