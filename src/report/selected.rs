//! Rows that were read from the in-memory table, as tables and as JSON.

use serde_json::{Map, Value as Json};

use crate::data::Value;
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
    let state = match (&cell.state, &cell.value) {
        (memory::CellState::Stale(_), _) => CellState::Stale,
        (memory::CellState::Unset(_), _) => CellState::Unset,
        (memory::CellState::Fresh, Value::Null) => CellState::Null,
        (memory::CellState::Fresh, value) if is_number(value) => CellState::Number,
        _ => CellState::Plain,
    };
    Cell::new(cell.value.to_string(), state)
}

fn is_number(value: &Value) -> bool {
    matches!(
        value,
        Value::SmallInt(_)
            | Value::Integer(_)
            | Value::BigInt(_)
            | Value::Numeric(_)
            | Value::Real(_)
            | Value::Double(_)
    )
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
        value if is_number(value) => {
            let text = value.to_string();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        value => value.to_string().into(),
    }
}
