//! The key of a table as SQL: in the order of which rows are processed, and between which bounds.

use crate::engine::postgres::operation::KeyColumn;
use crate::engine::postgres::quote;

/// The value of each column of a key, as text.
pub type KeyValues = Vec<String>;

/// The columns of the row called `r`: `r."a", r."b"`.
pub fn columns(key: &[KeyColumn]) -> String {
    list(key.iter().map(|column| format!("r.{}", column.name)))
}

/// The columns, as one row that is compared.
pub fn row(key: &[KeyColumn]) -> String {
    format!("({})", columns(key))
}

/// The columns as texts: `r."a"::text`.
pub fn texts(key: &[KeyColumn]) -> String {
    list(key.iter().map(|column| format!("r.{}::text", column.name)))
}

/// The columns in descending order.
pub fn descending(key: &[KeyColumn]) -> String {
    list(key.iter().map(|column| format!("r.{} desc", column.name)))
}

/// Values as SQL.
pub fn literals(key: &[KeyColumn], values: &KeyValues) -> String {
    let literal = |(column, value): (&KeyColumn, &String)| format!("{}::{}", quote::text(value), column.ty);
    format!("({})", list(key.iter().zip(values).map(literal)))
}

pub fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
