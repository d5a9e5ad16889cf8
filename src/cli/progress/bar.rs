//! A progress bar on a terminal, for statements that go over many rows.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::pace::Pace;
use crate::cli::interrupt;
use crate::engine::Waiting;
use crate::execute::{BatchEvent, Observer, STOP, StatementEvent};
use crate::phrase::lasting;
use crate::report::clean;

/// Fewer rows than this are done before a bar could be seen.
const LEAST_ROWS: u64 = 50_000;

/// Draws on standard error while a statement processes its rows, and stops it on Ctrl-C.
pub struct Bar {
    draws: bool,
    tells: bool,
    drawn: Option<ProgressBar>,
    pace: Pace,
}

impl Bar {
    /// A bar, where standard error is a terminal and one is `wanted`.
    pub fn new(wanted: bool) -> Self {
        let draws = wanted && std::io::stderr().is_terminal();
        Self { draws, tells: wanted, drawn: None, pace: Pace::default() }
    }

    fn begin(statement: &StatementEvent, rows: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr());
        let template = "[{msg}] {bar:30} {pos}/{len} rows, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(statement.title.clone());
        bar
    }
}

impl Observer for Bar {
    fn stops(&mut self) -> bool {
        interrupt::interrupted()
    }

    fn batch(&mut self, statement: &StatementEvent, batch: BatchEvent) -> ControlFlow<()> {
        if interrupt::interrupted() {
            return STOP;
        }
        if self.draws && batch.rows_total >= LEAST_ROWS {
            let bar = self.drawn.get_or_insert_with(|| Self::begin(statement, batch.rows_total));
            bar.set_position(batch.rows_done);
        }
        ControlFlow::Continue(())
    }

    fn waiting(&mut self, statement: &StatementEvent, waiting: &Waiting) -> ControlFlow<()> {
        if interrupt::interrupted() {
            return STOP;
        }
        if self.tells && self.pace.is_due(waiting) {
            let text = told(statement, waiting);
            match &self.drawn {
                Some(bar) => bar.println(text),
                None => std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap_or_default(),
            }
        }
        ControlFlow::Continue(())
    }

    fn finished(&mut self, _statement: &StatementEvent, _rows: Option<u64>) {
        self.drawn.take().inspect(ProgressBar::finish_and_clear);
    }

    fn undone(&mut self, _statement: &StatementEvent) {
        self.drawn.take().inspect(ProgressBar::finish_and_clear);
    }

    fn failed(&mut self, _statement: &StatementEvent, _fault: &crate::engine::Fault) {
        self.drawn.take().inspect(ProgressBar::finish_and_clear);
    }
}

fn told(statement: &StatementEvent, waiting: &Waiting) -> String {
    let who = waiting.blockers.iter().fold(String::new(), |text, who| text + "\n  " + who);
    let text = format!("[{}] waits for {} ({}){who}", statement.title, waiting.what, lasting(waiting.waited_ms));
    clean(&text).into_owned()
}
