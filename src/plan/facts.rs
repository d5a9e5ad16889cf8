//! Facts: what the business knows about a row, and which columns carry it.
//!
//! Every column of the starting schema is a fact. A column filled by `backfill` or `sync` carries the facts of the
//! columns in its expression, through any number of links; a column that nothing fills, or only `seed` or a default, is
//! a fact of its own. Facts that are linked form a group; groups do not influence each other.

use std::collections::HashMap;

use crate::catalog::ColumnId;

/// A fact, called by the column that it was first known as.
pub type FactId = ColumnId;

/// Which columns carry which facts.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    carried: HashMap<ColumnId, Carried>,
}

#[derive(Clone, Debug, Default)]
struct Carried {
    facts: Vec<FactId>,
    mask: u64,
}

impl Facts {
    /// The facts that a column carries, sorted.
    #[must_use]
    pub fn of(&self, column: ColumnId) -> &[FactId] {
        self.carried.get(&column).map_or(&[], |carried| &carried.facts)
    }

    /// The same as bits 0 to 62, numbered within the group of linked facts: two columns of one group share a fact
    /// exactly where their masks share a bit. (Facts of a group beyond the 63rd share the last bit.)
    #[must_use]
    pub fn mask(&self, column: ColumnId) -> u64 {
        self.carried.get(&column).map_or(0, |carried| carried.mask)
    }
}
