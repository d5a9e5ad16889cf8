//! Types, values, and values side by side in chunks.
//!
//! Knows PostgreSQL's types and their text forms; knows nothing of tables, plans or expressions.

mod chunk;
mod types;
mod value;

pub use chunk::{CHUNK_ROWS, Chunk};
pub use types::Type;
pub use value::{Interval, Value, ValueError};
