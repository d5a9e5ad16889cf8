//! What a write of an application changes. What changed decides which form of a fact is followed, whether or not the
//! others were given as well.

use crate::catalog::{ColumnId, Table};
use crate::engine::Fault;
use crate::engine::memory::freshness::FactMap;
use crate::engine::memory::key;
use crate::engine::memory::row::RowImage;
use crate::engine::memory::state::MemoryState;
use crate::engine::memory::table::TableData;
use crate::engine::memory::write_scope::WriteScope;

/// What a write does to the columns of its row, before anything follows.
#[derive(Default)]
pub(super) struct Changes {
    /// The columns that get another value, and from which others follow.
    pub(super) changed: Vec<ColumnId>,
    /// Columns of a new row whose defaults count, as no form was given: what is in the same row follows them.
    pub(super) quiet: Vec<ColumnId>,
    /// The columns that no sync sets: those that change, and the parts of the same whole.
    pub(super) written: Vec<ColumnId>,
}

impl Changes {
    pub(super) fn of(
        scope: &WriteScope,
        state: &MemoryState,
        facts: &FactMap,
        image: &RowImage,
    ) -> Result<Self, Fault> {
        let data = state.data(&scope.table)?;
        let mut changes = Self::default();
        match image.slot {
            Some(slot) => {
                let differs =
                    |column: &&ColumnId| !key::same_image(&data.value(slot, **column), &image.value(data, **column));
                changes.changed = scope.given.iter().filter(differs).copied().collect();
            }
            None if scope.syncs.is_empty() => changes.changed.clone_from(&scope.written),
            None => NewRow { scope, facts, data, image }.look(&*state.schema(&scope.table)?, &mut changes),
        }
        changes.written = changes.changed.iter().chain(&changes.quiet).copied().collect();
        for column in &changes.changed {
            let new = scope.parts(*column).iter().filter(|part| !changes.written.contains(part)).copied();
            let new: Vec<ColumnId> = new.collect();
            changes.written.extend(new);
        }
        Ok(changes)
    }
}

/// A row to be inserted, with its defaults.
struct NewRow<'a> {
    scope: &'a WriteScope,
    facts: &'a FactMap,
    data: &'a TableData,
    image: &'a RowImage,
}

impl NewRow<'_> {
    /// Which forms of a fact count: values that are given; where there are none, nulls that are given; where nothing is,
    /// the oldest default that is a value, else the oldest column.
    fn look(&self, table: &Table, changes: &mut Changes) {
        let columns: Vec<ColumnId> = table.columns().map(|column| column.id).collect();
        for column in &columns {
            let mut others = columns.iter().filter(|other| *other != column && self.facts.linked(*column, **other));
            if self.is_given(*column) {
                if !self.is_null(*column) || !others.any(|other| self.is_given(*other) && !self.is_null(*other)) {
                    changes.changed.push(*column);
                }
            } else if self.scope.sources.contains(column)
                && others.all(|other| !self.is_given(*other) && self.comes_before(*column, *other))
            {
                changes.quiet.push(*column);
            }
        }
    }

    fn comes_before(&self, column: ColumnId, other: ColumnId) -> bool {
        (self.is_null(column), column) < (self.is_null(other), other)
    }

    fn is_given(&self, column: ColumnId) -> bool {
        self.scope.given.contains(&column)
    }

    fn is_null(&self, column: ColumnId) -> bool {
        self.image.value(self.data, column).is_null()
    }
}
