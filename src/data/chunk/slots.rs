//! Values of any length over one byte buffer.

/// For each row an offset and a length into one buffer. A changed value is appended and its slot repointed; the buffer
/// is packed again when more than half of it is dead.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    places: Vec<Slot>,
    bytes: Vec<u8>,
    /// Bytes that no slot points at.
    dead: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    offset: u32,
    length: u32,
}

/// A buffer this small is not worth packing.
const PACK_FROM: usize = 1024;

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The bytes of a row; none for a row that is null.
    pub(super) fn get(&self, row: usize) -> &[u8] {
        self.places.get(row).map_or(&[], |slot| &self.bytes[slot.range()])
    }

    pub(super) fn push(&mut self, value: &[u8]) {
        let slot = self.append(value);
        self.places.push(slot);
    }

    pub(super) fn set(&mut self, row: usize, value: &[u8]) {
        let Some(old) = self.places.get(row).copied() else { return };
        if value.len() <= old.length as usize {
            let start = old.offset as usize;
            self.bytes[start..start + value.len()].copy_from_slice(value);
            self.dead += old.length as usize - value.len();
            self.places[row].length = narrow(value.len());
        } else {
            self.dead += old.length as usize;
            self.places[row] = self.append(value);
        }
        if self.dead * 2 > self.bytes.len() && self.bytes.len() > PACK_FROM {
            self.pack();
        }
    }

    /// Values beyond four gigabytes in one chunk cannot be addressed; the buffer is packed first, and a value that
    /// even so has no place is left empty. Readers of input refuse values far smaller.
    fn append(&mut self, value: &[u8]) -> Slot {
        let limit = u32::MAX as usize;
        if self.bytes.len() + value.len() > limit {
            self.pack();
        }
        if self.bytes.len() + value.len() > limit {
            return Slot::default();
        }
        let slot = Slot { offset: narrow(self.bytes.len()), length: narrow(value.len()) };
        self.bytes.extend_from_slice(value);
        slot
    }

    fn pack(&mut self) {
        let live = self.places.iter().map(|slot| slot.length as usize).sum();
        let mut bytes = Vec::with_capacity(live);
        for slot in &mut self.places {
            let range = slot.range();
            slot.offset = narrow(bytes.len());
            bytes.extend_from_slice(&self.bytes[range]);
        }
        self.bytes = bytes;
        self.dead = 0;
    }

    pub(super) fn reserve(&mut self, rows: usize, bytes: usize) {
        self.places.reserve(rows);
        self.bytes.reserve(bytes);
    }

    pub(super) fn shrink(&mut self) {
        self.places.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.places.capacity() * size_of::<Slot>() + self.bytes.capacity()
    }

    /// All bytes that the rows point at, for sizing a result.
    pub(super) fn live_bytes(&self) -> usize {
        self.bytes.len() - self.dead
    }
}

impl Slot {
    fn range(self) -> std::ops::Range<usize> {
        let start = self.offset as usize;
        start..start + self.length as usize
    }
}

/// Offsets were held below four gigabytes by [`Slots::append`].
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
