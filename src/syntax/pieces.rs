//! Parts of a table's declaration, alone: read from text, and as text.

use crate::ast::{ColumnDef, TableConstraint, TableDef};
use crate::diagnostic::Severity;
use crate::source::Source;
use crate::syntax::print::{column_rest, name_text, table_constraint};
use crate::syntax::{format, parse};

/// A column as a table declares it; none where the text is something else, or more than a column.
#[must_use]
pub fn column(text: &str) -> Option<ColumnDef> {
    let parsed = parse(Source::new("", format!("table t {{\n{text}\n}}")));
    if parsed.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return None;
    }
    let table = parsed.script.tables.into_iter().next().filter(|table| table.constraints.is_empty())?;
    let mut columns = table.columns.into_iter();
    columns.next().filter(|_| columns.next().is_none())
}

/// The line that declares a column.
#[must_use]
pub fn column_text(column: &ColumnDef) -> String {
    format!("{} {}", name_text(&column.name), column_rest(column))
}

/// The line that declares a constraint or an index.
#[must_use]
pub fn constraint_text(constraint: &TableConstraint) -> String {
    table_constraint(constraint)
}

/// A table's declaration, as the formatter writes it.
#[must_use]
pub fn table_text(table: &TableDef) -> String {
    let lines = table.columns.iter().map(column_text).chain(table.constraints.iter().map(table_constraint));
    let text = format!("table {} {{\n{}\n}}\n", name_text(&table.name), lines.collect::<Vec<_>>().join("\n"));
    format(&Source::new("", text.as_str())).unwrap_or(text)
}
