//! Where the rows of a table come from: a CSV file, a generator, or the script itself. Each gives chunks of columns
//! that [`crate::engine::memory::Memory::load`] takes.

mod csv;
mod generate;
mod listed;
mod raw;
mod types_of_csv;
mod values;

pub use csv::CsvRows;
pub use generate::{GenerateSpec, generate};
pub use listed::{ListedRows, listed};
pub use types_of_csv::infer_types;

use crate::ast::Name;
use crate::engine::Fault;
use crate::engine::memory::{Columns, Memory};

/// Loads rows from a CSV file's bytes; `file` is what messages call it. Gives how many.
///
/// # Errors
/// A file that is not CSV, a header that names no column, a value of the wrong type (with its line), a constraint.
pub fn load_csv(memory: &mut Memory, table: &Name, file: &str, bytes: &[u8]) -> Result<u64, Fault> {
    let schema = memory.catalog().table(table).cloned();
    let schema = schema.ok_or_else(|| Fault::new(crate::engine::FaultKind::Missing, missing_table(table)))?;
    let rows = CsvRows::open(file, bytes, &schema)?;
    let columns = rows.columns().to_vec();
    memory.load(table, &columns, &mut rows.into_iter()).map_err(|fault| in_file(file, fault))
}

/// A fault of the rows together, which knows no line, with the file that they come from.
fn in_file(file: &str, mut fault: Fault) -> Fault {
    if !fault.message.starts_with(file) {
        fault.message = format!("{file}: {}", fault.message);
    }
    fault
}

/// Loads generated rows. Gives how many.
///
/// # Errors
/// Constraints for which no values are found; the fault says which.
pub fn load_generated(memory: &mut Memory, table: &Name, count: u64, seed: u64) -> Result<u64, Fault> {
    let (columns, mut parts) = generate(memory, table, GenerateSpec { count, seed })?;
    memory.load(table, &columns, &mut parts)
}

/// Loads rows that a script lists. Gives how many.
///
/// # Errors
/// A constraint that they break.
pub fn load_listed(memory: &mut Memory, table: &Name, rows: ListedRows) -> Result<u64, Fault> {
    let parts: Vec<Result<Columns, Fault>> = rows.parts.into_iter().map(Ok).collect();
    memory.load(table, &rows.columns, &mut parts.into_iter())
}

fn missing_table(table: &str) -> String {
    format!("there is no table `{table}`")
}
