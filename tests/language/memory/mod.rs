//! The in-memory table: what statements and writes mean, row by row.

mod dml;
mod model;
mod rollback;
mod sync;
mod table;
mod undo;
