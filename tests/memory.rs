//! The in-memory table: what statements and writes mean, row by row.

#[path = "memory/dml.rs"]
mod dml;
#[path = "memory/model.rs"]
mod model;
#[path = "memory/rollback.rs"]
mod rollback;
#[path = "memory/sync.rs"]
mod sync;
#[path = "memory/table.rs"]
mod table;
#[path = "memory/undo.rs"]
mod undo;
