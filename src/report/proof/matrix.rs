//! What each application may do at each moment, statements down and applications across.

use unicode_width::UnicodeWidthStr;

use super::statements::Statements;
use crate::prove::{self, Matrix, Proof};
use crate::report::table::{Cell, CellState, TextTable, cut};
use crate::report::terminal::{Paint, Terminal};

/// Narrower than this, a statement is not recognised any more.
const LEAST_STATEMENT: usize = 24;

/// The matrix, and in it the point of no return.
pub(super) fn matrix(proof: &Proof, statements: Statements<'_>, terminal: Terminal) -> String {
    let Matrix { apps, rows } = &proof.matrix;
    let apps_width: usize = (0..apps.len()).map(|app| 2 + column_width(&proof.matrix, app)).sum();
    let room = terminal.width.saturating_sub("line  ".len() + apps_width).max(LEAST_STATEMENT);
    let headers = ["line", "statement"].into_iter().map(str::to_owned);
    let headers = headers.chain(apps.iter().map(ToString::to_string)).collect();
    let row = |(ended, cells): (usize, &Vec<prove::Cell>)| {
        let step = ended.checked_sub(1);
        let line = step.and_then(|step| statements.line(step)).map(|line| line.to_string()).unwrap_or_default();
        let line_state = if line.is_empty() { CellState::Null } else { CellState::Number };
        let text = step.map_or_else(|| "(before the first statement)".to_owned(), |step| statements.text(step));
        let fixed = [Cell::new(line, line_state), Cell::new(cut(&text, room), CellState::Plain)];
        fixed.into_iter().chain(cells.iter().map(|cell| shown(*cell))).collect()
    };
    let table = TextTable { headers, rows: rows.iter().enumerate().map(row).collect() };
    let text = table.render_within(terminal.color, room);
    match &proof.no_return {
        Some(no_return) => with_rule(&text, no_return.step, terminal),
        None => text,
    }
}

fn column_width(matrix: &Matrix, app: usize) -> usize {
    let cells = matrix.rows.iter().filter_map(|row| row.get(app)).map(|cell| shown(*cell).text.width());
    cells.chain([matrix.apps[app].width()]).max().unwrap_or(0)
}

fn shown(cell: prove::Cell) -> Cell {
    match cell {
        prove::Cell::NotLive => Cell::new("not live", CellState::Null),
        prove::Cell::Works => Cell::new("works", CellState::Good),
        prove::Cell::Breaks(kind) => Cell::new(kind.name(), CellState::Bad),
    }
}

/// Rules a line before the row of the statement that is the point of no return.
fn with_rule(text: &str, step: usize, terminal: Terminal) -> String {
    /// Of the table: the headers, the line below them, and the row for the start.
    const BEFORE: usize = 3;
    let width = text.lines().nth(1).map_or(0, UnicodeWidthStr::width);
    let words = "── point of no return ";
    let rule = format!("{words}{}", "─".repeat(width.saturating_sub(words.width())));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.insert((BEFORE + step).min(lines.len()), terminal.paint(&rule, Paint::Yellow));
    lines.into_iter().map(|line| line + "\n").collect()
}
