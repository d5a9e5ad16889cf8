//! Values that fit a type, for the rows that make a script runnable at once.

/// How many rows a script gets.
pub const ROWS: usize = 3;

/// A literal of type `ty` for row `row`, another one for each row (a boolean has only two).
#[must_use]
pub fn sample(ty: &str, row: usize) -> String {
    let ty = ty.to_ascii_lowercase();
    let starts = |names: &[&str]| names.iter().any(|name| ty.starts_with(name));
    let number = row + 1;
    if starts(&["bool"]) {
        return ["true", "false"][row % 2].to_owned();
    }
    if starts(&["int", "bigint", "smallint"]) && !starts(&["interval"]) {
        return format!("{number}0");
    }
    if starts(&["numeric", "decimal", "real", "double", "float"]) {
        return if ty.contains('(') { format!("0.{number}") } else { format!("{number}2.5") };
    }
    match () {
        () if starts(&["date"]) => format!("'2026-01-0{number}'"),
        () if starts(&["timestamp"]) => format!("'2026-01-0{number} 09:30:00'"),
        () if starts(&["uuid"]) => format!("'00000000-0000-4000-8000-00000000000{number}'"),
        () if starts(&["json"]) => format!("'{{\"n\": {number}}}'"),
        () if starts(&["bytea"]) => format!("'\\x0{number}'"),
        () => format!("'{}'", word(&ty, row)),
    }
}

/// The same value as a literal of a text type.
#[must_use]
pub fn sample_text(ty: &str, row: usize) -> String {
    let value = sample(ty, row);
    if value.starts_with('\'') { value } else { format!("'{value}'") }
}

/// Whether values of this type are text.
#[must_use]
pub fn is_text(ty: &str) -> bool {
    let ty = ty.to_ascii_lowercase();
    ["text", "varchar", "character", "char"].iter().any(|name| ty.starts_with(name))
}

/// A word, cut to the length in `varchar(n)`.
fn word(ty: &str, row: usize) -> String {
    let length = ty.split(['(', ')']).nth(1).and_then(|n| n.trim().parse().ok()).unwrap_or(usize::MAX);
    ["alice", "bob", "carol"][row % ROWS].chars().take(length).collect()
}
