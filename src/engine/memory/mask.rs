//! Freshness of cells, as bits beside the values.
//!
//! Bits 0 to 62 are the facts (as [`crate::plan::Facts::mask`] numbers them) for which a cell is stale; bit 63 says
//! that nobody has given it a value yet.

/// Nobody has given the cell a value.
pub(super) const UNSET: u64 = 1 << 63;

/// What an application sees in a cell besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// The newest value of all the facts it carries.
    Fresh,
    /// A newer value of these facts (bits) is in another column.
    Stale(u64),
    /// Never given a value; the bits are those of its facts that other columns know. Without bits, null is the truth.
    Unset(u64),
}

impl From<u64> for CellState {
    fn from(mask: u64) -> Self {
        match (mask & UNSET != 0, mask & !UNSET) {
            (true, facts) => Self::Unset(facts),
            (false, 0) => Self::Fresh,
            (false, facts) => Self::Stale(facts),
        }
    }
}

/// The masks of a chunk of cells: most chunks have one mask for all.
#[derive(Clone, Debug)]
pub(super) enum MaskChunk {
    /// All cells have this mask.
    Same(u64),
    /// One for each cell.
    PerRow(Vec<u64>),
}

impl MaskChunk {
    pub(super) fn get(&self, row: usize) -> u64 {
        match self {
            Self::Same(mask) => *mask,
            Self::PerRow(masks) => masks.get(row).copied().unwrap_or(0),
        }
    }

    /// Whether all cells are known to have this mask.
    pub(super) fn is_all(&self, mask: u64) -> bool {
        matches!(self, Self::Same(same) if *same == mask)
    }

    /// Gives the cell at `row` of `rows` a mask.
    pub(super) fn set(&mut self, row: usize, rows: usize, mask: u64) {
        if self.get(row) == mask {
            return;
        }
        if let Self::Same(same) = self {
            *self = Self::PerRow(vec![*same; rows]);
        }
        if let Self::PerRow(masks) = self {
            masks[row] = mask;
        }
    }

    /// The same cells with other masks.
    pub(super) fn map(&self, change: impl Fn(u64) -> u64) -> Self {
        match self {
            Self::Same(mask) => Self::Same(change(*mask)),
            Self::PerRow(masks) => Self::PerRow(masks.iter().map(|mask| change(*mask)).collect()),
        }
    }

    /// Appends a cell after `rows` others.
    pub(super) fn push(&mut self, rows: usize, mask: u64) {
        match self {
            Self::Same(same) if rows == 0 => *same = mask,
            Self::Same(same) if *same == mask => {}
            Self::Same(same) => {
                let mut masks = vec![*same; rows];
                masks.push(mask);
                *self = Self::PerRow(masks);
            }
            Self::PerRow(masks) => masks.push(mask),
        }
    }
}
