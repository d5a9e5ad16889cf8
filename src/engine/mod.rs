//! What a plan is run on. A target knows actions, rows and its own catalog; it never sees a script or a span.

mod help;
pub mod memory;
pub mod postgres;

use std::ops::ControlFlow;

pub use help::{Help, WayOn};

use crate::diagnostic::Complaint;
use crate::plan::Action;

/// Who hears of what happens in the middle of an action, and may stop it there.
pub type Watch<'a> = &'a mut dyn FnMut(Happening) -> ControlFlow<()>;

/// Something that actions can be done to, and undone.
pub trait Engine {
    /// What it takes to undo an action; cheap to clone, as a journal is kept with each step of a session.
    type Undo: Clone;

    /// Does an action. It tells `watch` of each batch and of each wait, and may be stopped there; then the fault is
    /// [`FaultKind::Interrupted`].
    ///
    /// # Errors
    /// The action cannot be done. Nothing of it is left, or the engine remembers how far it came and goes on from there
    /// when the same action is applied again.
    fn apply(&mut self, action: &Action, watch: Watch<'_>) -> Result<Applied<Self::Undo>, Fault>;

    /// Undoes an action; those done after it must have been undone before. What applications have written since stays.
    /// Where it takes long, `watch` is told, and may stop it.
    ///
    /// # Errors
    /// It cannot be undone, or was stopped; the engine remembers how far it came.
    fn undo(&mut self, undo: Self::Undo, watch: Watch<'_>) -> Result<(), Fault>;
}

/// What happens in the middle of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A batch of rows is done.
    Batch(BatchDone),
    /// It waits, so that no application has to.
    Waiting(Waiting),
}

/// What an action waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What it waits for, as part of a sentence: "a lock on table `users`".
    pub what: String,
    /// Who is in the way, a line each: "pid 4711 (shop-v1), in a transaction for 12 s: `select …`".
    pub blockers: Vec<String>,
    /// For how long it has waited, in milliseconds.
    pub waited_ms: u64,
}

/// How far an action over rows has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchDone {
    /// Rows looked at so far.
    pub rows_done: u64,
    /// Rows that it will look at.
    pub rows_total: u64,
}

/// What came of an action.
#[derive(Debug)]
pub struct Applied<Undo> {
    /// Rows that it changed, where it is about rows.
    pub rows: Option<u64>,
    /// What it takes to undo it.
    pub undo: Undo,
}

/// Why an action or a write was refused. Messages follow the rules of diagnostics: lower case, no full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// What is wrong, with the row where there is one: "null in column `email` of table `users` (row id = 3)".
    pub message: String,
    /// What to do about it.
    pub help: Option<Help>,
}

impl From<Fault> for Complaint {
    fn from(Fault { message, help, .. }: Fault) -> Self {
        Self { message, help: help.map(String::from) }
    }
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A column, table or application that is not there (or already exists).
    Missing,
    /// A null where none may be.
    NotNull,
    /// Two rows with one key.
    Unique,
    /// A row that fails a check or a `verify`.
    Check,
    /// A row that refers to nothing, or one that is still referred to.
    ForeignKey,
    /// An expression without a value: overflow, division by zero, a bad cast.
    Value,
    /// The watcher stopped it.
    Interrupted,
    /// A lock could not be got within the limit.
    Locked,
    /// The server was not reached, or the connection to it was lost.
    Connection,
    /// The role may not do this.
    Privilege,
    /// Anything else that the server refuses.
    Server,
}
