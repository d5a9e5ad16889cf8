//! A run as JSON lines: one event a line, written as it happens.

use std::io::Write;
use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::pace::Pace;
use crate::cli::interrupt;
use crate::cli::next_command::help_of;
use crate::cli::output::Output;
use crate::engine::{Fault, Waiting};
use crate::execute::{BatchEvent, Observer, STOP, StatementEvent};

/// Writes each event as a line.
pub struct JsonLines<'a> {
    out: &'a mut Output,
    pace: Pace,
}

impl<'a> JsonLines<'a> {
    /// Writes to `out`. A line that cannot be written shows when the output is flushed at the end.
    pub fn new(out: &'a mut Output) -> Self {
        Self { out, pace: Pace::default() }
    }

    fn line(&mut self, event: &str, statement: &StatementEvent, more: Value) {
        let mut line = json!({
            "event": event,
            "index": statement.index + 1,
            "statements": statement.statements,
            "phase": statement.state.tag(),
            "title": statement.title,
        });
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        writeln!(self.out, "{line}").and_then(|()| self.out.flush()).ok();
    }
}

impl Observer for JsonLines<'_> {
    fn started(&mut self, statement: &StatementEvent) {
        self.line("statement_started", statement, json!({}));
    }

    fn stops(&mut self) -> bool {
        interrupt::interrupted()
    }

    fn batch(&mut self, statement: &StatementEvent, batch: BatchEvent) -> ControlFlow<()> {
        self.line("batch", statement, json!({ "rows_done": batch.rows_done, "rows_total": batch.rows_total }));
        if interrupt::interrupted() { STOP } else { ControlFlow::Continue(()) }
    }

    fn waiting(&mut self, statement: &StatementEvent, waiting: &Waiting) -> ControlFlow<()> {
        if self.pace.is_due(waiting) {
            let Waiting { what, blockers, waited_ms } = waiting;
            let more = json!({ "waits_for": what, "blockers": blockers, "waited_ms": waited_ms });
            self.line("waiting", statement, more);
        }
        if interrupt::interrupted() { STOP } else { ControlFlow::Continue(()) }
    }

    fn finished(&mut self, statement: &StatementEvent, rows: Option<u64>) {
        self.line("statement_finished", statement, json!({ "rows": rows }));
    }

    fn failed(&mut self, statement: &StatementEvent, fault: &Fault) {
        self.line("statement_failed", statement, json!({ "message": fault.message, "help": help_of(fault) }));
    }

    fn undone(&mut self, statement: &StatementEvent) {
        self.line("statement_undone", statement, json!({}));
    }
}
