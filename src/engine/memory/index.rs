//! Hash indexes from a key to slots.
//!
//! An index is cut into shards of about a thousand entries, each in an `Arc`: a snapshot clones the pointers, and a
//! write after it copies the one shard that it touches. An index is built when it is first needed, kept true by every
//! write of a row, and thrown away when an action replaces one of its columns as a whole.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

const SHARD_ENTRIES: usize = 1024;

/// Keys are hashed already.
#[derive(Clone, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type Shard = HashMap<u64, Slots, BuildHasherDefault<Identity>>;

/// The slots under one hash; nearly always a single one.
#[derive(Clone, Debug)]
enum Slots {
    One(u32),
    #[allow(clippy::box_collection, reason = "a third smaller than a vector, and there are millions")]
    Many(Box<Vec<u32>>),
}

/// An index. It knows hashes, not keys: who asks compares the rows it names.
#[derive(Clone, Debug)]
pub(super) struct Index {
    shards: Vec<Arc<Shard>>,
    entries: usize,
}

impl Index {
    /// An empty index with room for so many entries.
    pub(super) fn with_capacity(entries: usize) -> Self {
        let shards = (entries / SHARD_ENTRIES * 2).max(1).next_power_of_two();
        Self { shards: vec![Arc::default(); shards], entries: 0 }
    }

    /// The slots whose keys may be the one of this hash.
    pub(super) fn candidates(&self, hash: u64) -> &[u32] {
        match self.shards[self.shard(hash)].get(&hash) {
            None => &[],
            Some(Slots::One(slot)) => std::slice::from_ref(slot),
            Some(Slots::Many(slots)) => slots,
        }
    }

    pub(super) fn insert(&mut self, hash: u64, slot: usize) {
        if self.entries > self.shards.len() * SHARD_ENTRIES {
            self.grow();
        }
        self.entries += 1;
        let shard = self.shard(hash);
        put(Arc::make_mut(&mut self.shards[shard]), hash, narrow(slot));
    }

    pub(super) fn remove(&mut self, hash: u64, slot: usize) {
        let shard = self.shard(hash);
        let shard = Arc::make_mut(&mut self.shards[shard]);
        let slot = narrow(slot);
        let gone = match shard.get_mut(&hash) {
            None => return,
            Some(Slots::One(only)) => *only == slot,
            Some(Slots::Many(slots)) => {
                slots.retain(|other| *other != slot);
                slots.is_empty()
            }
        };
        if gone {
            shard.remove(&hash);
        }
        self.entries = self.entries.saturating_sub(1);
    }

    /// The low bits choose a bucket within the shard and the top ones tag it, so the shard is chosen by those between.
    fn shard(&self, hash: u64) -> usize {
        usize::try_from((hash >> 24) & 0xffff_ffff).unwrap_or(0) & (self.shards.len() - 1)
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.shards);
        let count = old.len() * 2;
        self.shards = vec![Arc::default(); count];
        for shard in old {
            for (hash, slots) in Arc::unwrap_or_clone(shard) {
                let at = self.shard(hash);
                Arc::make_mut(&mut self.shards[at]).insert(hash, slots);
            }
        }
    }
}

fn put(shard: &mut Shard, hash: u64, slot: u32) {
    match shard.get_mut(&hash) {
        None => {
            shard.insert(hash, Slots::One(slot));
        }
        Some(Slots::Many(slots)) => slots.push(slot),
        Some(one @ Slots::One(_)) => {
            let Slots::One(first) = *one else { return };
            *one = Slots::Many(Box::new(vec![first, slot]));
        }
    }
}

fn narrow(slot: usize) -> u32 {
    u32::try_from(slot).expect("a table holds fewer than 4 billion slots")
}
