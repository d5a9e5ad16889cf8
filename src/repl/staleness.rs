//! Which values are not the newest, and why.

use std::fmt;

use crate::ast::Name;
use crate::engine::memory::{Cell, CellState, Memory, Selected};
use crate::phrase::{listed, rows};
use crate::plan::{AppUse, ColumnName, Facts};
use crate::repl::absent::{Absent, absent, shares};
use crate::repl::present::Present;

/// How many rows of a table a survey looks at.
const MOST_SURVEYED: usize = 10_000;

/// Values of a column that an application would misread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misread {
    pub(super) column: ColumnName,
    /// Rows with an old value.
    pub(super) stale: usize,
    /// Rows without a value, though there is one in another column.
    pub(super) unset: usize,
    /// Rows of other tables that have a value for it, and no row here.
    pub(super) absent: usize,
}

impl fmt::Display for Misread {
    /// "a stale `username` in 2 rows".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = &self.column.column;
        match (self.stale, self.unset) {
            (0, 0) => write!(f, "nothing in `{column}` for {} of another table", rows(self.absent)),
            (stale, 0) => write!(f, "a stale `{column}` in {}", rows(stale)),
            (0, unset) => write!(f, "an unset `{column}` in {}", rows(unset)),
            (stale, unset) => write!(f, "a stale `{column}` in {} and an unset one in {}", rows(stale), rows(unset)),
        }
    }
}

/// What an application misreads at this moment, in the first rows of its tables.
pub(super) fn survey(memory: &Memory, facts: &Facts, app: &AppUse) -> Vec<Misread> {
    let mut found = Vec::new();
    for (table, columns) in by_table(app) {
        let Ok(selected) = memory.select(None, &table, Some(&columns), None, MOST_SURVEYED) else { continue };
        found.extend(columns.iter().enumerate().map(|(at, column)| {
            let cells = selected.rows.iter().filter_map(|row| row.cells.get(at));
            let absent = absent(memory, facts, &table, column).iter().map(|absent| absent.rows).sum();
            Misread { absent, ..counted(&table, column, cells.map(|cell| Some(cell.state))) }
        }));
    }
    found.retain(Misread::is_one);
    found
}

/// What an application misreads in some rows of a table.
pub(super) fn in_rows(memory: &Memory, app: &AppUse, table: &Name, numbers: &[usize]) -> Vec<Misread> {
    let own = app.reads.iter().filter(|column| column.table == *table);
    let misread = own.map(|column| {
        let states = numbers.iter().map(|row| memory.cell_state(table, *row, &column.column));
        counted(table, &column.column, states)
    });
    misread.filter(Misread::is_one).collect()
}

impl Misread {
    pub(super) fn is_one(&self) -> bool {
        self.stale + self.unset + self.absent > 0
    }

    /// What is misread now and was not before.
    pub(super) fn beyond(&self, before: &[Self]) -> Option<Self> {
        let old = before.iter().find(|old| old.column == self.column);
        let (stale, unset, absent) = old.map_or((0, 0, 0), |old| (old.stale, old.unset, old.absent));
        let (stale, unset) = (self.stale.saturating_sub(stale), self.unset.saturating_sub(unset));
        let absent = self.absent.saturating_sub(absent);
        Some(Self { column: self.column.clone(), stale, unset, absent }).filter(Self::is_one)
    }
}

fn counted(table: &Name, column: &Name, states: impl Iterator<Item = Option<CellState>>) -> Misread {
    let column = ColumnName { table: table.clone(), column: column.clone() };
    let mut misread = Misread { column, stale: 0, unset: 0, absent: 0 };
    for state in states {
        match state {
            Some(CellState::Stale(_)) => misread.stale += 1,
            Some(CellState::Unset(facts)) if facts != 0 => misread.unset += 1,
            _ => {}
        }
    }
    misread
}

/// The columns that an application reads, table by table.
fn by_table(app: &AppUse) -> Vec<(Name, Vec<Name>)> {
    let mut tables: Vec<(Name, Vec<Name>)> = Vec::new();
    for column in &app.reads {
        match tables.iter_mut().find(|(table, _)| *table == column.table) {
            Some((_, columns)) => columns.push(column.column.clone()),
            None => tables.push((column.table.clone(), vec![column.column.clone()])),
        }
    }
    tables
}

/// A line for each column of a selection with values that are not the newest: where the newest ones are.
pub(super) fn explained(present: &Present, table: &str, selected: &Selected) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, column) in selected.columns.iter().enumerate() {
        let state = |cell: &Cell| match cell.state {
            CellState::Stale(_) => Some("stale"),
            CellState::Unset(facts) if facts != 0 => Some("unset"),
            _ => None,
        };
        for word in ["stale", "unset"] {
            let is = |row: &&crate::engine::memory::Row| row.cells.get(at).and_then(state) == Some(word);
            if let Some(row) = selected.rows.iter().find(is) {
                lines.push(explanation(word, column, &fresh_beside(present, table, row.number, column)));
            }
        }
        let facts = &present.run.plan().facts;
        for Absent { table, rows: number } in absent(present.memory(), facts, &table.into(), column) {
            let (rows, have) = (rows(number), if number == 1 { "has" } else { "have" });
            lines.push(format!("unset: {rows} of `{table}` {have} a value for `{column}`, and no row here"));
        }
    }
    lines
}

fn explanation(word: &str, column: &str, fresh: &[String]) -> String {
    match (word, fresh) {
        (_, []) => format!("{word}: `{column}` lacks a newer value, which no other column has"),
        ("stale", fresh) => format!("stale: `{column}` lacks what has been written to {} since", listed(fresh)),
        (_, fresh) => format!("unset: `{column}` has no value yet, and {} has one", listed(fresh)),
    }
}

/// The columns of a row that know the newest of what `column` should say.
fn fresh_beside(present: &Present, table: &str, row: usize, column: &str) -> Vec<String> {
    let (memory, facts) = (present.memory(), &present.run.plan().facts);
    let catalog = memory.catalog();
    let Some(id) = catalog.column(table, column).map(|column| column.id) else { return Vec::new() };
    let mut found = Vec::new();
    for other in catalog.tables() {
        for candidate in other.columns().filter(|candidate| candidate.id != id && shares(facts, id, candidate.id)) {
            if &*other.name != table {
                found.push(format!("{}.{}", other.name, candidate.name));
            } else if memory.cell_state(table, row, &candidate.name) == Some(CellState::Fresh) {
                found.push(candidate.name.to_string());
            }
        }
    }
    found
}
