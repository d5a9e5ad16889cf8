//! Values of one column side by side: up to [`CHUNK_ROWS`] rows.
//!
//! A chunk serves two masters. Whole-column work (a backfill, a plain copy, a scan) wants values packed side by side and
//! shared between columns and snapshots; an application's write wants to change one of them at once. Hence: fixed-width
//! values in a vector, text and the like as (offset, length) slots over one byte buffer, so that a changed value is
//! appended and its slot repointed; the buffer is packed again when more than half of it is dead.

mod nulls;
mod slots;
mod store;
#[cfg(test)]
mod tests;

pub use nulls::Nulls;

use self::store::Store;
use crate::data::{Type, Value};

/// Rows in a full chunk: small enough to copy when a snapshot shares it and one row changes.
pub const CHUNK_ROWS: usize = 4096;

/// Values of one type side by side, each possibly null.
#[derive(Clone, Debug)]
pub struct Chunk {
    ty: Type,
    nulls: Nulls,
    store: Store,
}

impl Chunk {
    /// An empty chunk for values of `ty`.
    #[must_use]
    pub fn new(ty: Type) -> Self {
        Self { ty, nulls: Nulls::default(), store: Store::new(ty) }
    }

    /// An empty chunk with room for so many rows, and for so many bytes of text or the like.
    #[must_use]
    pub fn with_capacity(ty: Type, rows: usize, bytes: usize) -> Self {
        let mut chunk = Self::new(ty);
        chunk.store.reserve(rows, bytes);
        chunk
    }

    /// `rows` times the same value.
    #[must_use]
    pub fn repeat(ty: Type, value: &Value, rows: usize) -> Self {
        let mut chunk = Self::with_capacity(ty, rows, 0);
        if rows > 0 {
            chunk.push(value);
        }
        for _ in 1..rows {
            chunk.push_own_first();
        }
        chunk
    }

    fn push_own_first(&mut self) {
        let null = self.is_null(0);
        self.nulls.push(null);
        match &mut self.store {
            Store::Bool(values) => values.push(values[0]),
            Store::I16(values) => values.push(values[0]),
            Store::I32(values) => values.push(values[0]),
            Store::I64(values) => values.push(values[0]),
            Store::F32(values) => values.push(values[0]),
            Store::F64(values) => values.push(values[0]),
            Store::U128(values) => values.push(values[0]),
            Store::Bytes(slots) => {
                let first = slots.get(0).to_vec();
                slots.push(&first);
            }
        }
    }

    /// The values in their order, each of type `ty` or null.
    #[must_use]
    pub fn from_values<'a>(ty: Type, values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut chunk = Self::new(ty);
        values.into_iter().for_each(|value| chunk.push(value));
        chunk
    }

    /// The type of its values.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `row`.
    #[must_use]
    pub fn get(&self, row: usize) -> Value {
        if self.is_null(row) { Value::Null } else { self.store.get(row, self.ty) }
    }

    /// Its values in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Whether the value at `row` is null.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.get(row)
    }

    /// Which rows are null.
    #[must_use]
    pub fn nulls(&self) -> &Nulls {
        &self.nulls
    }

    /// How many values are null.
    #[must_use]
    pub fn null_count(&self) -> usize {
        self.nulls.count()
    }

    /// Whether the values at two rows are the same (`is not distinct from`), without making a [`Value`] of either where
    /// their type allows.
    #[must_use]
    pub fn same(&self, row: usize, other: &Self, other_row: usize) -> bool {
        match (self.is_null(row), other.is_null(other_row)) {
            (false, false) => self.store.same(row, &other.store, other_row, self.ty),
            (a, b) => a && b,
        }
    }

    /// Replaces the value at `row`; it must be of the chunk's type or null.
    pub fn set(&mut self, row: usize, value: &Value) {
        self.nulls.set(row, value.is_null());
        self.store.set(row, value);
    }

    /// Appends a value of the chunk's type or null.
    pub fn push(&mut self, value: &Value) {
        self.nulls.push(value.is_null());
        self.store.push(value);
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        self.push(&Value::Null);
    }

    /// Appends the bytes of a text, or of another type that is kept as such bytes.
    pub fn push_text(&mut self, text: &str) {
        match &mut self.store {
            Store::Bytes(slots) => {
                self.nulls.push(false);
                slots.push(text.as_bytes());
            }
            _ => self.push_null(),
        }
    }

    /// Appends the value at a row of a chunk with the same storage.
    pub fn push_from(&mut self, other: &Self, row: usize) {
        self.nulls.push(other.is_null(row));
        self.store.push_from(&other.store, row);
    }

    /// For each row, the value of `other` where `choose[row]` is true, its own elsewhere.
    #[must_use]
    pub fn merged(&self, other: &Self, choose: &[bool]) -> Self {
        let bytes = self.live_bytes().max(other.live_bytes());
        let mut merged = Self::with_capacity(self.ty, self.len(), bytes);
        for row in 0..self.len() {
            let chosen = choose.get(row).copied().unwrap_or(false);
            merged.push_from(if chosen { other } else { self }, row);
        }
        merged.shrink();
        merged
    }

    /// Gives back room that it does not need.
    pub fn shrink(&mut self) {
        self.store.shrink();
        self.nulls.shrink();
    }

    /// Bytes it holds, for measuring.
    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.store.heap_bytes() + self.nulls.heap_bytes()
    }

    /// Bytes of its texts or the like; 0 for a type of fixed width.
    #[must_use]
    pub fn live_bytes(&self) -> usize {
        if let Store::Bytes(slots) = &self.store { slots.live_bytes() } else { 0 }
    }
}

/// Direct access for work on whole columns.
impl Chunk {
    /// The text at `row`; `None` for null and for types that are not kept as text.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        let is_text = self.ty.is_text() || matches!(self.ty, Type::Json | Type::Jsonb);
        match &self.store {
            Store::Bytes(slots) if is_text && !self.is_null(row) => Some(store::text_of(slots.get(row))),
            _ => None,
        }
    }

    /// The values of an `integer` or `date` chunk; 0 where null.
    #[must_use]
    pub fn as_i32(&self) -> Option<&[i32]> {
        if let Store::I32(values) = &self.store { Some(values) } else { None }
    }

    /// The values of a `bigint`, `timestamp` or `timestamptz` chunk; 0 where null.
    #[must_use]
    pub fn as_i64(&self) -> Option<&[i64]> {
        if let Store::I64(values) = &self.store { Some(values) } else { None }
    }

    /// The values of a `double precision` chunk; 0 where null.
    #[must_use]
    pub fn as_f64(&self) -> Option<&[f64]> {
        if let Store::F64(values) = &self.store { Some(values) } else { None }
    }

    /// A `boolean` chunk. Values and nulls have the same number of rows.
    #[must_use]
    pub fn of_bools(values: Vec<bool>, nulls: Nulls) -> Self {
        Self { ty: Type::Boolean, nulls, store: Store::Bool(values) }
    }

    /// An `integer` chunk.
    #[must_use]
    pub fn of_i32s(values: Vec<i32>, nulls: Nulls) -> Self {
        Self { ty: Type::Integer, nulls, store: Store::I32(values) }
    }

    /// A `bigint` chunk.
    #[must_use]
    pub fn of_i64s(values: Vec<i64>, nulls: Nulls) -> Self {
        Self { ty: Type::BigInt, nulls, store: Store::I64(values) }
    }

    /// A `double precision` chunk.
    #[must_use]
    pub fn of_f64s(values: Vec<f64>, nulls: Nulls) -> Self {
        Self { ty: Type::Double, nulls, store: Store::F64(values) }
    }
}
