//! Where the parts of a state lie in a word.

use std::collections::BTreeMap;

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::plan::{FactId, Facts};
use crate::prove::covers::Cover;
use crate::prove::word::Word;

/// The bits of one column.
#[derive(Clone, Debug)]
pub(super) struct ColumnBits {
    /// The table that it is in, by its place among the group's tables.
    pub(super) table: usize,
    /// Its value is null.
    pub(super) null: u32,
    /// Nobody has given it a value.
    pub(super) unset: u32,
    /// It is stale for this fact.
    pub(super) stale: Vec<(FactId, u32)>,
}

impl ColumnBits {
    /// Where it says whether it is stale for a fact.
    pub(super) fn stale_for(&self, fact: FactId) -> Option<u32> {
        self.stale.iter().find(|(own, _)| *own == fact).map(|(_, at)| *at)
    }

    /// All its bits.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        [self.null, self.unset].into_iter().chain(self.stale.iter().map(|(_, at)| *at))
    }
}

/// The bits of the row in one table.
#[derive(Clone, Debug)]
pub(super) struct TableBits {
    /// The row is there.
    pub(super) exists: u32,
    /// An application has deleted it.
    pub(super) gone: u32,
}

/// What is kept of a column that a statement fills, for a rollback to restore.
#[derive(Clone, Debug)]
pub(super) struct KeptBits {
    /// The column.
    pub(super) column: ColumnId,
    /// What was there is kept: the row was filled, and no application has written the column since.
    pub(super) held: u32,
    /// What was there; none of it is set where nothing is kept.
    pub(super) before: ColumnBits,
}

impl KeptBits {
    /// All its bits.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        self.before.all().chain([self.held])
    }
}

/// What is kept of a row that a statement has left out, for the one that fills the rest.
#[derive(Clone, Debug)]
pub(super) struct LeftOutBits {
    /// The statements that fill all rows between them.
    pub(super) cover: Cover,
    /// Those before have left the row out, and what they ask for has not changed since.
    pub(super) at: u32,
}

/// Where the parts of a group's states lie. The bits of a column that is not there, or whose row is not, are all set.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The row was visited by the fill under way, or need not be.
    pub(super) visited: u32,
    /// The tables of the group.
    pub(super) tables: Vec<TableBits>,
    /// Its columns.
    pub(super) columns: BTreeMap<ColumnId, ColumnBits>,
    /// An application has written this fact, which the plan brings in.
    pub(super) written: BTreeMap<FactId, u32>,
    /// What a rollback restores of columns that were there before the plan, by the statement that fills them.
    pub(super) kept: BTreeMap<usize, KeptBits>,
    /// Rows that statements have left out.
    pub(super) left_out: Vec<LeftOutBits>,
    /// How many bits there are.
    pub(super) width: u32,
}

impl Layout {
    /// Lays out the columns of these tables. `new` tells the facts that the plan brings in, `restored` which statements
    /// fill columns that a rollback restores, `covers` which fill all rows between them.
    pub(super) fn new(
        tables: &[Name],
        columns: &[(ColumnId, usize)],
        facts: &Facts,
        is_new: &dyn Fn(FactId) -> bool,
        restored: impl Iterator<Item = (usize, ColumnId)>,
        covers: impl Iterator<Item = Cover>,
    ) -> Self {
        let mut next = 0;
        let mut take = || {
            next += 1;
            next - 1
        };
        let visited = take();
        let tables = tables.iter().map(|_| TableBits { exists: take(), gone: take() }).collect();
        let mut laid = BTreeMap::new();
        let mut written = BTreeMap::new();
        for (column, table) in columns {
            let (null, unset) = (take(), take());
            let stale: Vec<(FactId, u32)> = facts.of(*column).iter().map(|fact| (*fact, take())).collect();
            for (fact, _) in stale.iter().filter(|(fact, _)| is_new(*fact)) {
                written.entry(*fact).or_insert_with(&mut take);
            }
            laid.insert(*column, ColumnBits { table: *table, null, unset, stale });
        }
        let mut keep = |column: ColumnId, bits: &ColumnBits| KeptBits {
            column,
            held: take(),
            before: ColumnBits {
                table: bits.table,
                null: take(),
                unset: take(),
                stale: bits.stale.iter().map(|(fact, _)| (*fact, take())).collect(),
            },
        };
        let kept = restored.filter_map(|(step, column)| Some((step, keep(column, laid.get(&column)?)))).collect();
        let left_out = covers.map(|cover| LeftOutBits { cover, at: take() }).collect();
        Self { visited, tables, columns: laid, written, kept, left_out, width: next }
    }

    /// The bits of all columns of a table.
    pub(super) fn columns_of<W: Word>(&self, table: usize) -> W {
        W::bits(self.columns.values().filter(|column| column.table == table).flat_map(ColumnBits::all))
    }

    /// The bits of one column.
    pub(super) fn column<W: Word>(&self, column: ColumnId) -> W {
        self.columns.get(&column).map_or(W::ZERO, |bits| W::bits(bits.all()))
    }

    /// What is kept of the columns of a table.
    pub(super) fn kept_of(&self, table: usize) -> impl Iterator<Item = &KeptBits> {
        self.kept.values().filter(move |kept| kept.before.table == table)
    }

    /// The facts of all columns.
    pub(super) fn facts(&self) -> Vec<FactId> {
        let mut facts: Vec<FactId> =
            self.columns.values().flat_map(|column| &column.stale).map(|(fact, _)| *fact).collect();
        facts.sort_unstable();
        facts.dedup();
        facts
    }
}
