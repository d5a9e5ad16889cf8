//! Types, values, and values side by side in chunks.
//!
//! Knows PostgreSQL's types and their text forms; knows nothing of tables, plans or expressions.

pub(crate) mod bytes;
pub(crate) mod calendar;
mod chunk;
mod compare;
mod error;
pub(crate) mod float;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod numeric;
#[cfg(test)]
mod tests;
pub(crate) mod time_text;
mod types;
mod value;

pub use chunk::{CHUNK_ROWS, Chunk, Nulls};
pub use compare::compare;
pub(crate) use compare::{compare_doubles, exact};
pub use error::ValueError;
pub use interval::Interval;
pub use types::Type;
pub use value::{Value, sql_text};
