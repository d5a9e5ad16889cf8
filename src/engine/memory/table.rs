//! The rows of a table: columns side by side, tombstones, and the indexes built so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::data::{CHUNK_ROWS, Value};
use crate::engine::memory::column::ColumnData;
use crate::engine::memory::index::Index;
use crate::engine::memory::key;

/// Which index: its columns, and for a partial one the constraint whose rows it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexKey {
    pub(super) columns: Vec<ColumnId>,
    pub(super) partial: Option<Name>,
}

impl IndexKey {
    pub(super) fn whole(columns: &[ColumnId]) -> Self {
        Self { columns: columns.to_vec(), partial: None }
    }
}

/// A bit for each slot of a chunk: its row was deleted.
type Tombstones = [u64; CHUNK_ROWS / 64];

/// The rows of a table. A row is its slot, for as long as it lives; slots are not used again. All columns have a value
/// for each slot, dead ones included.
#[derive(Clone, Debug, Default)]
pub(super) struct TableData {
    slots: usize,
    dead: BTreeMap<usize, Arc<Tombstones>>,
    dead_rows: usize,
    pub(super) columns: BTreeMap<ColumnId, Arc<ColumnData>>,
    /// Dropped columns that may be put back; writes mark in them what they miss.
    pub(super) parked: BTreeMap<ColumnId, Arc<ColumnData>>,
    pub(super) indexes: BTreeMap<IndexKey, Index>,
}

impl TableData {
    /// Slots ever used.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// Living rows.
    pub(super) fn rows(&self) -> usize {
        self.slots - self.dead_rows
    }

    pub(super) fn chunk_count(&self) -> usize {
        self.slots.div_ceil(CHUNK_ROWS)
    }

    /// How many slots the chunk has.
    pub(super) fn chunk_len(&self, chunk: usize) -> usize {
        (self.slots - chunk * CHUNK_ROWS).min(CHUNK_ROWS)
    }

    pub(super) fn is_alive(&self, slot: usize) -> bool {
        slot < self.slots && self.dead.get(&(slot / CHUNK_ROWS)).is_none_or(|dead| !is_set(dead, slot % CHUNK_ROWS))
    }

    /// Whether every slot of the chunk has a living row.
    pub(super) fn is_whole(&self, chunk: usize) -> bool {
        !self.dead.contains_key(&chunk)
    }

    /// The rows of a chunk that live, counted within it.
    pub(super) fn alive_in(&self, chunk: usize) -> Vec<u32> {
        let rows = (0..).take(self.chunk_len(chunk));
        match self.dead.get(&chunk) {
            None => rows.collect(),
            Some(dead) => rows.filter(|row| !is_set(dead, *row as usize)).collect(),
        }
    }

    /// The slots of the living rows in order.
    pub(super) fn alive(&self) -> impl Iterator<Item = usize> {
        (0..self.slots).filter(|slot| self.is_alive(*slot))
    }

    /// Deletes the row at a slot, or brings it back.
    pub(super) fn set_dead(&mut self, slot: usize, dead: bool) {
        if self.is_alive(slot) != dead {
            return;
        }
        let chunk = slot / CHUNK_ROWS;
        let bits = Arc::make_mut(self.dead.entry(chunk).or_insert_with(|| Arc::new([0; CHUNK_ROWS / 64])));
        bits[slot % CHUNK_ROWS / 64] ^= 1 << (slot % 64);
        if dead {
            self.dead_rows += 1;
        } else {
            self.dead_rows -= 1;
        }
        if self.dead[&chunk].iter().all(|word| *word == 0) {
            self.dead.remove(&chunk);
        }
    }

    pub(super) fn value(&self, slot: usize, column: ColumnId) -> Value {
        self.columns.get(&column).map_or(Value::Null, |data| data.get(slot))
    }

    pub(super) fn mask(&self, slot: usize, column: ColumnId) -> u64 {
        self.columns
            .get(&column)
            .or_else(|| self.parked.get(&column))
            .filter(|data| slot < data.rows())
            .map_or(0, |data| data.mask(slot))
    }

    pub(super) fn key(&self, slot: usize, columns: &[ColumnId]) -> Vec<Value> {
        columns.iter().map(|column| self.value(slot, *column)).collect()
    }

    pub(super) fn set(&mut self, slot: usize, column: ColumnId, value: &Value) {
        if let Some(data) = self.columns.get_mut(&column) {
            Arc::make_mut(data).set(slot, value);
        }
    }

    /// Also for a parked column; one whose slot it does not reach yet has nothing to mark.
    pub(super) fn set_mask(&mut self, slot: usize, column: ColumnId, mask: u64) {
        let data = self.columns.get_mut(&column).or_else(|| self.parked.get_mut(&column));
        if let Some(data) = data.filter(|data| slot < data.rows() && data.mask(slot) != mask) {
            Arc::make_mut(data).set_mask(slot, mask);
        }
    }

    /// Appends a row; columns without a value in it become null.
    pub(super) fn push(&mut self, row: &[(ColumnId, Value, u64)]) -> usize {
        for (id, data) in &mut self.columns {
            match row.iter().find(|(column, ..)| column == id) {
                Some((_, value, mask)) => Arc::make_mut(data).push(value, *mask),
                None => Arc::make_mut(data).push(&Value::Null, 0),
            }
        }
        self.slots += 1;
        self.slots - 1
    }

    /// Tells that every column was lengthened by so many rows.
    pub(super) fn grew(&mut self, rows: usize) {
        self.slots += rows;
    }

    /// The index over these columns of all rows, built where it is not there yet.
    pub(super) fn index(&mut self, columns: &[ColumnId]) -> &Index {
        let key = IndexKey::whole(columns);
        if !self.indexes.contains_key(&key) {
            let slots: Vec<usize> = self.alive().collect();
            let index = self.build_index(columns, slots);
            self.indexes.insert(key.clone(), index);
        }
        &self.indexes[&key]
    }

    fn build_index(&self, columns: &[ColumnId], slots: Vec<usize>) -> Index {
        let mut index = Index::with_capacity(slots.len());
        for slot in slots {
            if let Some(hash) = key::hash(&self.key(slot, columns)) {
                index.insert(hash, slot);
            }
        }
        index
    }

    /// The first row with this key.
    pub(super) fn find(&mut self, columns: &[ColumnId], key: &[Value]) -> Option<usize> {
        let hash = key::hash(key)?;
        self.index(columns);
        let index = &self.indexes[&IndexKey::whole(columns)];
        let same = |slot: &usize| key::same_all(&self.key(*slot, columns), key);
        index.candidates(hash).iter().map(|slot| *slot as usize).find(same)
    }

    /// Forgets the indexes that a column is in; they are built again when needed.
    pub(super) fn forget_indexes_of(&mut self, column: ColumnId) {
        self.indexes.retain(|key, _| key.partial.is_none() && !key.columns.contains(&column));
    }
}

fn is_set(bits: &Tombstones, row: usize) -> bool {
    bits[row / 64] & (1 << (row % 64)) != 0
}
