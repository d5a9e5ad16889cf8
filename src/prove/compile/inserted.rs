//! Which forms of a fact count in a row that is inserted, as `engine::memory::changes` decides it.

use crate::catalog::ColumnId;
use crate::prove::compile::image::Image;
use crate::prove::compile::scene::LayerScene;
use crate::prove::word::Word;

/// A row to be inserted in a table.
pub(super) struct Inserted<'a> {
    pub(super) scene: LayerScene<'a>,
    pub(super) table: usize,
    /// The columns that are given a value, or null.
    pub(super) written: &'a [ColumnId],
    /// Those that are given null.
    pub(super) null: &'a [ColumnId],
}

impl Inserted<'_> {
    /// Makes stale what does not count, and lets the syncs fire.
    pub(super) fn spread<W: Word>(&self, image: &mut Image<'_, W>) {
        let mut changed = Vec::new();
        for (column, _) in self.scene.columns_of(self.table) {
            let id = column.id;
            let mut others = self.forms(id);
            if self.written.contains(&id) {
                let is_value = |other: ColumnId| self.written.contains(&other) && !self.null.contains(&other);
                if !self.null.contains(&id) || !others.any(is_value) {
                    changed.push(id);
                }
            } else if self.is_followed(id)
                && others.all(|other| !self.written.contains(&other) && self.rank(id) < self.rank(other))
            {
                image.quiet.push(id);
            }
        }
        changed.extend(self.written.iter().filter(|column| self.is_elsewhere(**column)));
        let facts = &self.scene.plan.facts;
        let is_part = |other: &ColumnId| changed.iter().any(|column| facts.are_parts(*column, *other));
        let parts = self.written.iter().copied().filter(|other| !changed.contains(other) && is_part(other));
        let set: Vec<ColumnId> = changed.iter().chain(&image.quiet).copied().chain(parts).collect();
        let kept: Vec<ColumnId> = set.iter().chain(self.written).copied().collect();
        image.mark_stale(&changed, &kept);
        image.fire(&changed, &set);
    }

    /// The other columns of the row that carry a fact of one.
    fn forms(&self, column: ColumnId) -> impl Iterator<Item = ColumnId> {
        let ids = self.scene.columns_of(self.table).map(|(other, _)| other.id);
        ids.filter(move |other| *other != column && self.scene.shared(column, *other).next().is_some())
    }

    fn is_followed(&self, column: ColumnId) -> bool {
        self.scene.syncs.iter().any(|sync| sync.join.is_none() && sync.source_columns.contains(&column))
    }

    /// Defaults that are values come first, and of these the oldest.
    fn rank(&self, column: ColumnId) -> (bool, ColumnId) {
        let known = self.scene.columns_of(self.table).find(|(known, _)| known.id == column);
        (!known.is_some_and(|(known, _)| self.scene.has_default(known)), column)
    }

    fn is_elsewhere(&self, column: ColumnId) -> bool {
        self.scene.columns_of(self.table).all(|(known, _)| known.id != column)
    }
}
