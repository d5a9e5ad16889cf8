//! What a write or an action is refused with, in words.

use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::data::{Value, ValueError};
use crate::engine::memory::table::TableData;
use crate::engine::{Fault, FaultKind, Help};

impl Fault {
    /// A fault without help.
    #[must_use]
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Help>) -> Self {
        self.help = Some(help.into());
        self
    }
}

pub(super) fn missing(what: &str, name: &str) -> Fault {
    Fault::new(FaultKind::Missing, format!("there is no {what} `{name}`"))
}

pub(super) fn interrupted() -> Fault {
    Fault::new(FaultKind::Interrupted, "stopped; the statement was undone")
}

/// A value as a person writes it.
pub(super) fn show(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.literal();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `(email) = ('a@b')`.
pub(super) fn show_key(table: &Table, columns: &[ColumnId], key: &[Value]) -> String {
    let values: Vec<String> = key.iter().map(show).collect();
    format!("({}) = ({})", table.column_names(columns).join(", "), values.join(", "))
}

/// The columns by which a person knows the rows of a table.
fn naming_columns(table: &Table) -> Option<&[ColumnId]> {
    let unique = || {
        table.constraints().find_map(|constraint| match &constraint.kind {
            ConstraintKind::Unique(columns) => Some(&**columns),
            _ => None,
        })
    };
    table.primary_key().or_else(unique)
}

/// `row id = 3`, from the values of the row.
pub(super) fn row_name(table: &Table, slot: Option<usize>, value: &dyn Fn(ColumnId) -> Value) -> String {
    let parts = |columns: &[ColumnId]| {
        let part = |column: &ColumnId| {
            let name = table.column_by_id(*column).map_or("?", |column| &column.name);
            format!("{name} = {}", show(&value(*column)))
        };
        columns.iter().map(part).collect::<Vec<_>>().join(", ")
    };
    match (naming_columns(table), slot) {
        (Some(columns), _) => format!("row {}", parts(columns)),
        (None, Some(slot)) => format!("row number {}", slot + 1),
        (None, None) => "new row".into(),
    }
}

/// `row id = 3` of what is stored.
pub(super) fn stored_row_name(table: &Table, data: &TableData, slot: usize) -> String {
    row_name(table, Some(slot), &|column| data.value(slot, column))
}

pub(super) fn null(table: &Table, column: ColumnId, row: &str) -> Fault {
    let name = table.column_by_id(column).map_or("?", |column| &column.name);
    Fault::new(FaultKind::NotNull, format!("null in column `{name}` of table `{}` ({row})", table.name))
}

/// `row` is left out where the key itself names it.
pub(super) fn duplicate(table: &Table, constraint: &str, columns: &[ColumnId], key: &[Value], row: &str) -> Fault {
    let key = show_key(table, columns, key);
    let row = if naming_columns(table) == Some(columns) { String::new() } else { format!(" ({row})") };
    let message = format!("duplicate key in `{}`: {key} already exists, constraint `{constraint}`{row}", table.name);
    Fault::new(FaultKind::Unique, message)
}

pub(super) fn failed_check(table: &Table, constraint: &str, row: &str) -> Fault {
    Fault::new(FaultKind::Check, format!("{row} of `{}` fails check `{constraint}`", table.name))
}

/// A value of `row` that refers to nothing in `parent`.
pub(super) fn dangling(
    table: &Table,
    constraint: &str,
    (column, value): (ColumnId, &Value),
    parent: &str,
    row: &str,
) -> Fault {
    let key = show_key(table, &[column], std::slice::from_ref(value));
    let row = if naming_columns(table) == Some(&[column]) { String::new() } else { format!(" ({row})") };
    let message = format!("`{}`: {key} is in no row of `{parent}`, constraint `{constraint}`{row}", table.name);
    Fault::new(FaultKind::ForeignKey, message)
}

pub(super) fn still_referenced(
    parent: &Table,
    column: ColumnId,
    value: &Value,
    child: &str,
    constraint: &str,
) -> Fault {
    let key = show_key(parent, &[column], std::slice::from_ref(value));
    let message = format!("`{}`: {key} is still referenced by `{child}`, constraint `{constraint}`", parent.name);
    Fault::new(FaultKind::ForeignKey, message)
}

/// An expression that has no value at a row.
pub(super) fn valueless(table: &Table, row: &str, error: &ValueError) -> Fault {
    Fault::new(FaultKind::Value, format!("{} ({row} of `{}`)", error.message, table.name))
}
