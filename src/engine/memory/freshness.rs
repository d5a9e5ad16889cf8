//! Which columns know the newest value of which facts, as writes change it.

use std::sync::Arc;

use crate::catalog::{Catalog, ColumnId, Sync, Table};
use crate::engine::memory::mask::UNSET;
use crate::plan::{FactId, Facts};

/// The facts of columns. A column that the plan knows nothing of is a fact of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct FactMap {
    pub(super) facts: Arc<Facts>,
    /// Nobody asks for freshness where there is no application.
    pub(super) tracked: bool,
}

impl FactMap {
    fn of(&self, column: ColumnId) -> Vec<FactId> {
        match self.facts.of(column) {
            [] => vec![column],
            facts => facts.to_vec(),
        }
    }

    /// Whether two columns carry a common fact.
    pub(super) fn linked(&self, one: ColumnId, other: ColumnId) -> bool {
        one == other || {
            let others = self.of(other);
            self.of(one).iter().any(|fact| others.contains(fact))
        }
    }

    /// The bits of the facts that two columns have in common.
    pub(super) fn shared(&self, one: ColumnId, other: ColumnId) -> u64 {
        if self.linked(one, other) { self.facts.mask(one) & self.facts.mask(other) } else { 0 }
    }

    /// Whether a column is filled from others.
    fn is_carried(&self, column: ColumnId) -> bool {
        self.of(column) != [column]
    }

    /// Whether a write of these columns touches a fact that the target of a sync carries.
    pub(super) fn touches(&self, sync: &Sync, written: &[ColumnId]) -> bool {
        let touched = |column: &ColumnId| self.linked(sync.target, *column);
        self.facts.of(sync.target).is_empty() || written.iter().any(touched)
    }

    /// The freshness of a value made from cells, in a column. A null that is made of a value has lost what that cell
    /// knows, unless `absent` says that null stands for what is not there.
    pub(super) fn derived(
        &self,
        target: ColumnId,
        (is_value, absent): (bool, bool),
        sources: impl Iterator<Item = Source>,
    ) -> u64 {
        if !self.tracked {
            return 0;
        }
        let (mut bits, mut unset, mut count, mut lost) = (0, 0, 0, false);
        for Source { column, mask, is_null } in sources {
            let shared = self.shared(target, column);
            bits |= mask & shared;
            if !is_value && !is_null && !absent {
                bits |= shared;
                lost |= shared != 0;
            }
            count += 1;
            if mask & UNSET != 0 {
                unset += 1;
            }
        }
        if lost || count > 0 && unset == count && !is_value { bits | UNSET } else { bits }
    }

    /// The bits of the facts that a carried column shares with another column of its table.
    pub(super) fn known_beside(&self, table: &Table, column: ColumnId) -> u64 {
        if !self.tracked || !self.is_carried(column) {
            return 0;
        }
        let others = table.columns().filter(|other| other.id != column);
        others.fold(0, |bits, other| bits | self.shared(column, other.id))
    }

    /// The bits of the facts that a carried column shares with columns of other tables.
    pub(super) fn known_elsewhere(&self, table: &Table, catalog: &Catalog, column: ColumnId) -> u64 {
        if !self.tracked || !self.is_carried(column) {
            return 0;
        }
        let others = catalog.tables().filter(|other| other.name != table.name).flat_map(|other| other.columns());
        others.fold(0, |bits, other| bits | self.shared(column, other.id))
    }

    /// The mask of the cells of old rows in a column just added.
    pub(super) fn added(&self, column: ColumnId, has_default: bool) -> u64 {
        if !self.tracked {
            return 0;
        }
        let behind = if self.is_carried(column) { self.facts.mask(column) } else { 0 };
        if has_default { behind } else { UNSET | behind }
    }

    /// The columns that go stale when `written` is, with the bits: among those given.
    pub(super) fn marks(&self, written: ColumnId, others: impl Iterator<Item = ColumnId>) -> Vec<(ColumnId, u64)> {
        if !self.tracked {
            return Vec::new();
        }
        others
            .filter(|other| *other != written)
            .map(|other| (other, self.shared(other, written)))
            .filter(|(_, bits)| *bits != 0)
            .collect()
    }
}

/// A cell that a value is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) column: ColumnId,
    pub(super) mask: u64,
    pub(super) is_null: bool,
}

/// The mask of a cell when other facts, or other bits for them, become known of its column.
pub(super) fn renumbered(mask: u64, column: ColumnId, before: &Facts, after: &Facts) -> u64 {
    let known: &[FactId] = if before.of(column).is_empty() { &[column] } else { before.of(column) };
    let stale = |fact: &FactId| !known.contains(fact) || mask & before.bit(*fact) != 0;
    let bits = after.of(column).iter().filter(|fact| stale(fact)).map(|fact| after.bit(*fact));
    bits.fold(mask & UNSET, |all, bit| all | bit)
}

/// The syncs that may fire in a write of these columns, oldest first.
pub(super) fn candidates(catalog: &Catalog, facts: &FactMap, written: &[ColumnId]) -> Vec<Arc<Sync>> {
    catalog.syncs().filter(|sync| facts.touches(sync, written)).cloned().collect()
}
