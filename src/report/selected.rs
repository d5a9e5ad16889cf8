//! Rows that were read from the in-memory table, as tables and as JSON.

use serde_json::{Map, Value as Json};

use crate::data::{Type, Value};
use crate::engine::memory::{self, Selected};
use crate::report::table::{Cell, CellState, TextTable};

/// Rows for a person.
#[must_use]
pub fn table_of(selected: &Selected) -> TextTable {
    TextTable {
        headers: selected.columns.iter().map(ToString::to_string).collect(),
        rows: selected.rows.iter().map(|row| row.cells.iter().map(cell).collect()).collect(),
    }
}

fn cell(cell: &memory::Cell) -> Cell {
    let number = cell.value.ty().is_some_and(Type::is_numeric);
    let state = match cell.state {
        memory::CellState::Stale(_) => CellState::Stale,
        memory::CellState::Unset(facts) if facts != 0 => CellState::Unset,
        _ if cell.value.is_null() => CellState::Null,
        _ if number => CellState::Number,
        _ => CellState::Plain,
    };
    Cell::new(cell.value.to_string(), state)
}

/// Rows for a program: numbers and booleans as such, the rest as PostgreSQL's text.
#[must_use]
pub fn json_rows(selected: &Selected) -> Vec<Json> {
    let row = |row: &memory::Row| {
        let cells = selected.columns.iter().zip(&row.cells);
        cells.map(|(name, cell)| (name.to_string(), json(&cell.value))).collect::<Map<_, _>>().into()
    };
    selected.rows.iter().map(row).collect()
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Jsonb(value) => value.clone(),
        value if value.ty().is_some_and(Type::is_numeric) => {
            let text = value.to_string();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        value => value.to_string().into(),
    }
}
