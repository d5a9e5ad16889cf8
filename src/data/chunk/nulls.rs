//! Which rows are null.

/// Which rows of a chunk are null: a bit for each row, and none at all while no row is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nulls {
    /// Empty while no row is null; otherwise a bit for each row, those beyond the last one zero.
    words: Vec<u64>,
    rows: usize,
    count: usize,
}

impl Nulls {
    /// So many rows without a null.
    #[must_use]
    pub fn none(rows: usize) -> Self {
        Self { words: Vec::new(), rows, count: 0 }
    }

    /// Whether the row is null.
    #[must_use]
    pub fn get(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// How many rows are null.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Makes a row null or not null.
    pub fn set(&mut self, row: usize, null: bool) {
        if null == self.get(row) {
            return;
        }
        if self.words.is_empty() {
            self.words = vec![0; self.rows.div_ceil(64)];
        }
        if let Some(word) = self.words.get_mut(row / 64) {
            *word ^= 1 << (row % 64);
            self.count = if null { self.count + 1 } else { self.count - 1 };
        }
        if self.count == 0 {
            self.words = Vec::new();
        }
    }

    /// Appends a row.
    pub fn push(&mut self, null: bool) {
        self.rows += 1;
        if !self.words.is_empty() && self.words.len() * 64 < self.rows {
            self.words.push(0);
        }
        if null {
            self.set(self.rows - 1, true);
        }
    }

    /// The rows that are null on either side. Both have the same number of rows.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self.count, other.count) {
            (_, 0) => self.clone(),
            (0, _) => other.clone(),
            _ => {
                let words: Vec<u64> = self.words.iter().zip(&other.words).map(|(a, b)| a | b).collect();
                let count = words.iter().map(|word| word.count_ones() as usize).sum();
                Self { words, rows: self.rows, count }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.words.capacity() * 8
    }

    pub(super) fn shrink(&mut self) {
        self.words.shrink_to_fit();
    }
}
