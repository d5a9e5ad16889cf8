//! Rows that a script lists: `rows users { (1, 'alice') }`.

use crate::ast::{Expr, Name};
use crate::catalog::{Column, Table};
use crate::data::{CHUNK_ROWS, Chunk, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::memory::Columns;
use crate::expr::{Expression, NoColumns};
use crate::source::Span;

/// Rows as chunks of the table's columns.
#[derive(Clone, Debug)]
pub struct ListedRows {
    /// All columns of the table, in order.
    pub columns: Vec<Name>,
    /// Their values.
    pub parts: Vec<Columns>,
}

/// The values of listed rows: one for each column of `table`, as an assignment to it takes it.
///
/// # Errors
/// A diagnostic for each row of the wrong length and each value of the wrong type.
pub fn listed(rows: &[(Vec<Expr>, Span)], table: &Table, now_micros: i64) -> Result<ListedRows, Vec<Diagnostic>> {
    let columns: Vec<&Column> = table.columns().collect();
    let (mut parts, mut wrong) = (Vec::new(), Vec::new());
    for some in rows.chunks(CHUNK_ROWS) {
        let mut part: Columns = columns.iter().map(|column| Chunk::new(column.ty)).collect();
        for (values, span) in some {
            match row_values(values, *span, table, &columns, now_micros) {
                Ok(values) => part.iter_mut().zip(&values).for_each(|(chunk, value)| chunk.push(value)),
                Err(mut diagnostics) => wrong.append(&mut diagnostics),
            }
        }
        parts.push(part);
    }
    let columns = columns.iter().map(|column| column.name.clone()).collect();
    if wrong.is_empty() { Ok(ListedRows { columns, parts }) } else { Err(wrong) }
}

fn row_values(
    values: &[Expr],
    span: Span,
    table: &Table,
    columns: &[&Column],
    now_micros: i64,
) -> Result<Vec<Value>, Vec<Diagnostic>> {
    if values.len() != columns.len() {
        let message =
            format!("{} for {} of `{}`", count(values.len(), "value"), count(columns.len(), "column"), table.name);
        let names: Vec<String> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
        let diagnostic = Diagnostic::new(Code::InvalidRows, message, span, "this row");
        return Err(vec![diagnostic.help(format!("give a value for each of {}", names.join(", ")))]);
    }
    let (mut row, mut wrong) = (Vec::with_capacity(values.len()), Vec::new());
    for (expr, column) in values.iter().zip(columns) {
        match value(expr, column, now_micros) {
            Ok(value) => row.push(value),
            Err(diagnostic) => wrong.push(*diagnostic),
        }
    }
    if wrong.is_empty() { Ok(row) } else { Err(wrong) }
}

fn value(expr: &Expr, column: &Column, now_micros: i64) -> Result<Value, Box<Diagnostic>> {
    let resolved = Expression::resolve(expr, &NoColumns, Some(column.ty))?;
    resolved.eval(&[], now_micros).map_err(|error| {
        let message = format!("no value for column `{}`: {}", column.name, error.message);
        Box::new(Diagnostic::new(Code::InvalidRows, message, expr.span, format!("column `{}`", column.name)))
    })
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
