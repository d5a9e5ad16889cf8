//! A progress bar on a terminal, for statements that go over many rows.

use std::io::IsTerminal;
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::interrupt;
use crate::execute::{BatchEvent, Observer, STOP, StatementEvent};

/// Fewer rows than this are done before a bar could be seen.
const LEAST_ROWS: u64 = 50_000;

/// Draws on standard error while a statement goes over its rows, and stops it on Ctrl-C.
pub struct Bar {
    draws: bool,
    bar: Option<ProgressBar>,
}

impl Bar {
    /// A bar, where standard error is a terminal and one is `wanted`.
    pub fn new(wanted: bool) -> Self {
        Self { draws: wanted && std::io::stderr().is_terminal(), bar: None }
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
            let bar = self.bar.get_or_insert_with(|| Self::begin(statement, batch.rows_total));
            bar.set_position(batch.rows_done);
        }
        ControlFlow::Continue(())
    }

    fn finished(&mut self, _statement: &StatementEvent, _rows: Option<u64>) {
        self.bar.take().inspect(ProgressBar::finish_and_clear);
    }

    fn failed(&mut self, _statement: &StatementEvent, _fault: &crate::target::Fault) {
        self.bar.take().inspect(ProgressBar::finish_and_clear);
    }
}
