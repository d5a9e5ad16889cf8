//! Who is told what happens, so that a caller can draw its own progress.

use std::ops::ControlFlow;

use crate::ast::Phase;
use crate::engine::{BatchDone, Fault, Happening, Waiting};
use crate::execute::RunState;

/// A statement of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEvent {
    /// What it does, in words.
    pub title: String,
    /// Where the run is.
    pub state: RunState,
    /// The phase it is written in.
    pub phase: Option<Phase>,
    /// Its place in the plan, from 0.
    pub index: usize,
    /// How many statements the plan has.
    pub statements: usize,
}

/// How far a statement has come over its rows.
pub type BatchEvent = BatchDone;

/// Is told of every statement and every batch. Everything is optional.
pub trait Observer {
    /// A statement begins.
    fn started(&mut self, _statement: &StatementEvent) {}

    /// Whether the run is to stop before its next statement.
    fn stops(&mut self) -> bool {
        false
    }

    /// A batch of it is done. `Break` stops the run there.
    fn batch(&mut self, _statement: &StatementEvent, _batch: BatchEvent) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// It waits, so that no application has to. `Break` stops the run there.
    fn waiting(&mut self, _statement: &StatementEvent, _waiting: &Waiting) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Something happens in the middle of a statement.
    fn happening(&mut self, statement: &StatementEvent, happening: Happening) -> ControlFlow<()> {
        match happening {
            Happening::Batch(batch) => self.batch(statement, batch),
            Happening::Waiting(waiting) => self.waiting(statement, &waiting),
        }
    }

    /// A statement is done; `rows` that it changed, where it is about rows.
    fn finished(&mut self, _statement: &StatementEvent, _rows: Option<u64>) {}

    /// A statement failed.
    fn failed(&mut self, _statement: &StatementEvent, _fault: &Fault) {}

    /// A statement was undone.
    fn undone(&mut self, _statement: &StatementEvent) {}
}

/// Nobody.
pub struct Silent;

impl Observer for Silent {}
