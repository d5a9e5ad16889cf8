//! Where the values of a witness come into its schedule.

use crate::plan::ColumnName;
use crate::prove::proof::{EventKind, Refutation, Schedule};

/// A value of a witness, where it comes into the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The event that brings it, by its place in the schedule; none where the row has it from the start.
    pub event: Option<usize>,
    /// The column.
    pub column: ColumnName,
    /// Its place among the values of the witness.
    pub at: usize,
    /// The value, as a constant is written: `'n/a'`.
    pub literal: String,
}

impl Refutation {
    /// The values with which it happens, each where it comes in; nothing where it happens with any.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        let Some(witness) = &self.witness else { return Vec::new() };
        let shown = witness.values.iter().enumerate().filter_map(|(at, (name, value))| {
            let column = ColumnName { table: witness.table.clone(), column: name.clone() };
            let event = entrance(&self.schedule, &column)?.event();
            Some(Shown { event, column, at, literal: value.literal() })
        });
        shown.collect()
    }
}

/// Where a value comes into the row.
enum Entrance {
    Start,
    Event(usize),
}

impl Entrance {
    fn event(&self) -> Option<usize> {
        if let Self::Event(event) = self { Some(*event) } else { None }
    }
}

/// The last event that writes a column, or the start; none where the column takes its value from somewhere else.
fn entrance(schedule: &Schedule, column: &ColumnName) -> Option<Entrance> {
    let writes = |kind: &EventKind| match kind {
        EventKind::Write { columns, as_is: false, .. } | EventKind::Insert { columns, .. } => columns.contains(column),
        _ => false,
    };
    let written = schedule.events.iter().rposition(|event| !event.other_row && writes(&event.kind));
    if let Some(event) = written {
        return Some(Entrance::Event(event));
    }
    let comes = |kind: &EventKind| matches!(kind, EventKind::Insert { table, .. } if *table == column.table);
    let has = |row: &crate::prove::RowView| row.cells.iter().any(|cell| cell.column == *column);
    let is_added = !has(&schedule.start) && schedule.events.iter().any(|event| has(&event.row));
    let is_inserted = schedule.events.iter().any(|event| !event.other_row && comes(&event.kind));
    (!is_added && !is_inserted).then_some(Entrance::Start)
}
