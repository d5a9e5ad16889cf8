//! The values of a column over all slots of its table, in chunks that are shared until written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::{CHUNK_ROWS, Chunk, Type, Value};
use crate::engine::memory::mask::MaskChunk;

/// A column: chunk `k` holds the slots from `k * CHUNK_ROWS`, all chunks but the last are full.
#[derive(Clone, Debug)]
pub(super) struct ColumnData {
    ty: Type,
    rows: usize,
    chunks: Vec<Arc<Chunk>>,
    masks: Vec<Arc<MaskChunk>>,
    /// Cells that applications have written since a statement last filled the column, by chunk.
    touched: BTreeMap<usize, Arc<ChunkBits>>,
}

/// A bit for each slot of a chunk.
type ChunkBits = [u64; CHUNK_ROWS / 64];

impl ColumnData {
    /// `rows` cells with one value; the full chunks are one and the same.
    pub(super) fn repeat(ty: Type, value: &Value, mask: u64, rows: usize) -> Self {
        let (full, rest) = (rows / CHUNK_ROWS, rows % CHUNK_ROWS);
        let mut chunks = Vec::with_capacity(full + 1);
        if full > 0 {
            chunks.resize(full, Arc::new(Chunk::repeat(ty, value, CHUNK_ROWS)));
        }
        if rest > 0 {
            chunks.push(Arc::new(Chunk::repeat(ty, value, rest)));
        }
        let mask = Arc::new(MaskChunk::Same(mask));
        let masks = chunks.iter().map(|_| Arc::clone(&mask)).collect();
        Self { ty, rows, chunks, masks, touched: BTreeMap::new() }
    }

    pub(super) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    pub(super) fn masks(&self) -> &[Arc<MaskChunk>] {
        &self.masks
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn get(&self, slot: usize) -> Value {
        self.chunks[slot / CHUNK_ROWS].get(slot % CHUNK_ROWS)
    }

    pub(super) fn is_null(&self, slot: usize) -> bool {
        self.chunks[slot / CHUNK_ROWS].is_null(slot % CHUNK_ROWS)
    }

    pub(super) fn mask(&self, slot: usize) -> u64 {
        self.masks[slot / CHUNK_ROWS].get(slot % CHUNK_ROWS)
    }

    /// Whether two columns hold the same value at a slot.
    pub(super) fn same_value(&self, other: &Self, slot: usize) -> bool {
        let (chunk, row) = (slot / CHUNK_ROWS, slot % CHUNK_ROWS);
        let (own, others) = (&self.chunks[chunk], &other.chunks[chunk]);
        Arc::ptr_eq(own, others) || own.same(row, others, row)
    }

    pub(super) fn set(&mut self, slot: usize, value: &Value) {
        Arc::make_mut(&mut self.chunks[slot / CHUNK_ROWS]).set(slot % CHUNK_ROWS, value);
    }

    pub(super) fn set_mask(&mut self, slot: usize, mask: u64) {
        let (chunk, row) = (slot / CHUNK_ROWS, slot % CHUNK_ROWS);
        if self.masks[chunk].get(row) != mask {
            Arc::make_mut(&mut self.masks[chunk]).set(row, self.chunks[chunk].len(), mask);
        }
    }

    /// Gives every cell another mask.
    pub(super) fn map_masks(&mut self, change: &dyn Fn(u64) -> u64) {
        self.masks.iter_mut().for_each(|masks| *masks = Arc::new(masks.map(change)));
    }

    pub(super) fn push(&mut self, value: &Value, mask: u64) {
        let row = self.rows % CHUNK_ROWS;
        if row == 0 {
            self.chunks.push(Arc::new(Chunk::new(self.ty)));
            self.masks.push(Arc::new(MaskChunk::Same(mask)));
        }
        let last = self.chunks.len() - 1;
        Arc::make_mut(&mut self.chunks[last]).push(value);
        if !self.masks[last].is_all(mask) {
            Arc::make_mut(&mut self.masks[last]).push(row, mask);
        }
        self.rows += 1;
    }

    /// Appends cells with one value until there are `rows`.
    pub(super) fn extend_to(&mut self, rows: usize, value: &Value, mask: u64) {
        while self.rows < rows {
            self.push(value, mask);
        }
    }

    /// Appends a whole chunk; those before it must be full.
    pub(super) fn push_chunk(&mut self, chunk: Arc<Chunk>, mask: Arc<MaskChunk>) {
        self.rows += chunk.len();
        self.chunks.push(chunk);
        self.masks.push(mask);
    }

    /// Replaces a chunk by another with as many rows.
    pub(super) fn replace_chunk(&mut self, index: usize, chunk: Arc<Chunk>, mask: Arc<MaskChunk>) {
        self.chunks[index] = chunk;
        self.masks[index] = mask;
    }

    /// Whether an application has written the cell since a statement last filled the column.
    pub(super) fn is_touched(&self, slot: usize) -> bool {
        let row = slot % CHUNK_ROWS;
        self.touched.get(&(slot / CHUNK_ROWS)).is_some_and(|bits| bits[row / 64] >> (row % 64) & 1 == 1)
    }

    /// Whether that is so of any cell of a chunk.
    pub(super) fn is_chunk_touched(&self, chunk: usize) -> bool {
        self.touched.contains_key(&chunk)
    }

    /// Notes that an application writes the cell.
    pub(super) fn touch(&mut self, slot: usize) {
        let row = slot % CHUNK_ROWS;
        let bits = self.touched.entry(slot / CHUNK_ROWS).or_insert_with(|| Arc::new([0; CHUNK_ROWS / 64]));
        if bits[row / 64] >> (row % 64) & 1 == 0 {
            Arc::make_mut(bits)[row / 64] |= 1 << (row % 64);
        }
    }

    /// A statement fills the column: what is written from now on counts.
    pub(super) fn forget_touched(&mut self) {
        self.touched.clear();
    }

    /// The filling is undone: what was written before it counts as well.
    pub(super) fn touch_as(&mut self, before: &Self) {
        for (chunk, bits) in &before.touched {
            let own = self.touched.entry(*chunk).or_insert_with(|| Arc::new([0; CHUNK_ROWS / 64]));
            if !Arc::ptr_eq(own, bits) {
                Arc::make_mut(own).iter_mut().zip(bits.iter()).for_each(|(own, before)| *own |= before);
            }
        }
    }
}
