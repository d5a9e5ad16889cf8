//! Values of one column side by side: up to [`CHUNK_ROWS`] rows.
//!
//! A chunk serves two masters. Whole-column work (a backfill, a plain copy, a scan) wants values packed side by side and
//! shared between columns and snapshots; an application's write wants to change one of them at once. Hence: fixed-width
//! values in a vector, text and the like as (offset, length) slots over one byte buffer, so that a changed value is
//! appended and its slot repointed; the buffer is packed anew when more than half of it is dead.

use crate::data::{Type, Value};

/// Rows in a full chunk: small enough to copy when a snapshot shares it and one row changes.
pub const CHUNK_ROWS: usize = 4096;

/// Values of one type side by side, each possibly null.
#[derive(Clone, Debug)]
pub struct Chunk {
    // private; to be designed by its author
    _todo: (),
}

impl Chunk {
    /// An empty chunk for values of `ty`.
    #[must_use]
    pub fn new(_ty: Type) -> Self {
        todo!()
    }

    /// `rows` times the same value.
    #[must_use]
    pub fn repeat(_ty: Type, _value: &Value, _rows: usize) -> Self {
        todo!()
    }

    /// The type of its values.
    #[must_use]
    pub fn ty(&self) -> Type {
        todo!()
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `row`.
    #[must_use]
    pub fn get(&self, _row: usize) -> Value {
        todo!()
    }

    /// Whether the value at `row` is null.
    #[must_use]
    pub fn is_null(&self, _row: usize) -> bool {
        todo!()
    }

    /// How many values are null.
    #[must_use]
    pub fn null_count(&self) -> usize {
        todo!()
    }

    /// Whether the values at two rows are the same (`is not distinct from`), without making a [`Value`] of either.
    #[must_use]
    pub fn same(&self, _row: usize, _other: &Self, _other_row: usize) -> bool {
        todo!()
    }

    /// Replaces the value at `row`; it must be of the chunk's type or null.
    pub fn set(&mut self, _row: usize, _value: &Value) {
        todo!()
    }

    /// Appends a value of the chunk's type or null.
    pub fn push(&mut self, _value: &Value) {
        todo!()
    }

    /// For each row, the value of `other` where `choose[row]` is true, its own elsewhere.
    #[must_use]
    pub fn merged(&self, _other: &Self, _choose: &[bool]) -> Self {
        todo!()
    }

    /// Bytes it holds, for measuring.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        todo!()
    }
}
