//! A schedule step by step, with the columns of the row after each event.

use unicode_width::UnicodeWidthStr;

use super::statements::Statements;
use crate::plan::{ColumnName, Plan};
use crate::prove::{self, CellView, Content, EventKind, Refutation, RowView, Schedule, Shown, Words};
use crate::report::plain::wrapped;
use crate::report::table::{Cell, CellState, TextTable};
use crate::report::terminal::Terminal;

/// Narrower than this, events are told above their rows and not beside them.
const LEAST_EVENT: usize = 30;

/// What a schedule is drawn from.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'a> {
    pub(super) plan: &'a Plan,
    pub(super) statements: Statements<'a>,
    pub(super) terminal: Terminal,
}

/// An event that is shown, with the row after it.
struct Line<'a> {
    /// Its number; none for the start.
    number: Option<usize>,
    /// The statement that it belongs to.
    step: Option<usize>,
    text: String,
    row: &'a RowView,
    letters: prove::Letters,
    is_last: bool,
}

impl Drawing<'_> {
    /// The schedule, in lines. `ending` says what the last event is: "stale".
    pub(super) fn schedule(self, refutation: &Refutation, ending: &str) -> String {
        let (schedule, shown) = (&refutation.schedule, refutation.shown());
        let columns = columns(schedule);
        let lines = self.lines(schedule, &shown, ending);
        let cells: Vec<Vec<Cell>> = lines.iter().map(|line| cells(line, &columns)).collect();
        let words = Words::new(self.plan);
        let headers: Vec<String> = columns.iter().map(|column| words.plain_column(column)).collect();
        let values = TextTable { headers: headers.clone(), rows: cells.clone() }.render(false);
        let values = values.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
        let room = self.terminal.width.saturating_sub(" #  line  ".len() + values + 2);
        if room < LEAST_EVENT {
            self.stacked(&lines, &cells, &headers)
        } else {
            self.beside(&lines, cells, headers, room)
        }
    }

    fn lines<'s>(self, schedule: &'s Schedule, shown: &[Shown], ending: &str) -> Vec<Line<'s>> {
        let mut letters = prove::letters_with(self.plan, schedule, shown).into_iter();
        let mut next = || letters.next().unwrap_or_default();
        let text = if schedule.start.cells.is_empty() { "there is no row yet" } else { "a row as it is at the start" };
        let start = Line {
            number: None,
            step: None,
            text: text.to_owned(),
            row: &schedule.start,
            letters: next(),
            is_last: false,
        };
        let mut lines = vec![start];
        for (at, event) in schedule.events.iter().enumerate() {
            let letters = next();
            let is_last = at + 1 == schedule.events.len();
            let step = match event.kind {
                EventKind::Step(step) | EventKind::Undo(step) | EventKind::Visit { step, .. } => Some(step),
                _ => None,
            };
            // A statement that comes by the row and ends at once is one line.
            if visited_just_now(schedule, at) && lines.len() > 1 {
                lines.pop();
            }
            let text = self.text(schedule, shown, at);
            let text = if is_last && !ending.is_empty() { format!("{text}: {ending}") } else { text };
            lines.push(Line { number: Some(lines.len()), step, text, row: &event.row, letters, is_last });
        }
        lines
    }

    fn text(self, schedule: &Schedule, shown: &[Shown], at: usize) -> String {
        let event = &schedule.events[at];
        let brought: Vec<&Shown> = shown.iter().filter(|shown| shown.event == Some(at)).collect();
        match event.kind {
            EventKind::Step(step) if visited_before(schedule, at) && !visited_just_now(schedule, at) => {
                format!("`{}` ends", self.statements.text(step))
            }
            EventKind::Step(step) => self.statements.text(step),
            EventKind::Undo(step) => format!("rolled back: {}", self.statements.text(step)),
            _ => Words::new(self.plan).event_with(event, &brought),
        }
    }

    fn beside(self, lines: &[Line<'_>], cells: Vec<Vec<Cell>>, headers: Vec<String>, room: usize) -> String {
        let named = ["#", "line", "event"].into_iter().map(str::to_owned);
        let mut table = TextTable { headers: named.chain(headers).collect(), rows: Vec::new() };
        for (line, cells) in lines.iter().zip(cells) {
            let state = if line.is_last { CellState::Bad } else { CellState::Plain };
            let mut texts = wrapped(&line.text, room).into_iter();
            let first = Cell::new(texts.next().unwrap_or_default(), state);
            let fixed = [number(line.number), number(line.step.and_then(|step| self.statements.line(step))), first];
            table.rows.push(fixed.into_iter().chain(cells).collect());
            let rest = texts.map(|text| vec![number(None), number(None), Cell::new(text, state)]);
            table.rows.extend(rest);
        }
        table.render_within(self.terminal.color, room)
    }

    /// For many columns or a narrow terminal: the row below its event.
    fn stacked(self, lines: &[Line<'_>], cells: &[Vec<Cell>], headers: &[String]) -> String {
        let mut text = String::new();
        for (line, cells) in lines.iter().zip(cells) {
            let number = line.number.map_or_else(String::new, |number| format!("{number}."));
            let suffix = self.statements.suffix(line.step);
            for (at, part) in wrapped(&format!("{}{suffix}", line.text), self.terminal.width - 5).iter().enumerate() {
                let number = if at == 0 { number.as_str() } else { "" };
                text += &[&format!("{number:>3}  "), part.as_str(), "\n"].concat();
            }
            let there = headers.iter().zip(cells).filter(|(_, cell)| !cell.text.is_empty());
            let row: Vec<_> = there.map(|(header, cell)| format!("{header} {}", in_words(cell))).collect();
            let row = if row.is_empty() { "no row".to_owned() } else { row.join(", ") };
            for part in wrapped(&row, self.terminal.width - 9) {
                text += &["         ", &part, "\n"].concat();
            }
        }
        text
    }
}

fn number(number: Option<usize>) -> Cell {
    number.map_or_else(|| Cell::new("", CellState::Null), |number| Cell::new(number.to_string(), CellState::Number))
}

/// The columns of the row at any time, in the order in which they come.
fn columns(schedule: &Schedule) -> Vec<ColumnName> {
    let mut columns = Vec::new();
    for row in std::iter::once(&schedule.start).chain(schedule.events.iter().map(|event| &event.row)) {
        for cell in &row.cells {
            if !columns.contains(&cell.column) {
                columns.push(cell.column.clone());
            }
        }
    }
    columns
}

fn cells(line: &Line<'_>, columns: &[ColumnName]) -> Vec<Cell> {
    let cell = |column: &ColumnName| {
        let place = line.row.cells.iter().position(|cell| cell.column == *column);
        let found = place.and_then(|place| Some((line.row.cells.get(place)?, line.letters.get(place)?)));
        found.map_or_else(|| Cell::new("", CellState::Plain), |(view, letters)| shown(view, letters))
    };
    columns.iter().map(cell).collect()
}

fn shown(view: &CellView, letters: &str) -> Cell {
    let state = match (view.content, view.stale.is_empty()) {
        (Content::Unset, false) => CellState::Bad,
        (_, false) => CellState::Stale,
        (Content::Value, true) => CellState::Plain,
        (_, true) => CellState::Null,
    };
    Cell::new(letters, state)
}

fn in_words(cell: &Cell) -> String {
    if cell.state == CellState::Stale { format!("{} (stale)", cell.text) } else { cell.text.clone() }
}

/// Whether the event before the end of a statement is that statement coming by the row for the first time.
fn visited_just_now(schedule: &Schedule, at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &schedule.events[before].kind);
    match (before, &schedule.events[at].kind) {
        (Some(EventKind::Visit { step, again: false, treats: true }), EventKind::Step(ended)) => step == ended,
        _ => false,
    }
}

fn visited_before(schedule: &Schedule, at: usize) -> bool {
    let EventKind::Step(ended) = schedule.events[at].kind else { return false };
    schedule.events[..at].iter().any(|event| matches!(event.kind, EventKind::Visit { step, .. } if step == ended))
}
