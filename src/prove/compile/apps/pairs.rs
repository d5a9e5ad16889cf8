//! What becomes of a pair of rows: one is given another key, or is missing beside the other.

use crate::catalog::{ColumnId, ConstraintKind};
use crate::prove::compile::apps::Doing;
use crate::prove::compile::image::{Guess, Image};
use crate::prove::compile::record::{push_act, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::model::{ModelEvent, Transition};
use crate::prove::proof::AnomalyKind;
use crate::prove::rule::Rule;
use crate::prove::word::{Pattern, Program, Word};

impl<W: Word> Doing<'_, '_, W> {
    /// Gives the row of a table another key: it leaves its pair, as if it were deleted, and belongs to another row.
    pub(super) fn rekey(&mut self, table: usize) {
        let (scene, name) = (self.scene, &self.scene.group.tables[table]);
        let possible = scene.has(Rule::RowsAreDeleted) && self.rows.1[table] && !self.usage.deletes_from(name);
        let Some(key) = self.changed_key(table).filter(|_| possible && scene.table(table).is_some()) else { return };
        let together = scene.plan.written_with(self.usage, name, scene.catalog);
        let mut image = Image::new(scene, &self.rows.1, Guess::Value);
        image.remove(table, true);
        for (place, other) in scene.group.tables.iter().enumerate().filter(|(place, _)| *place != table) {
            if self.rows.1[place] && together.contains(other) && self.changed_key(place).is_some() {
                image.remove(place, true);
            }
        }
        image.miss(table);
        let (columns, null, as_is) = (vec![key], Vec::new(), false);
        let happening = self.record.happening(ModelEvent::Write { app: self.app, columns, null, as_is });
        push_act(self.acts, Transition::new(self.rows.0, image.code, happening));
    }

    /// The column that tells to which rows of other tables the row of a table belongs, where the application changes it
    /// and no foreign key keeps it from that.
    fn changed_key(&self, table: usize) -> Option<ColumnId> {
        let scene = self.scene;
        let name = &scene.group.tables[table];
        let pairings = scene.survey.pairings.iter();
        let keys = pairings.flat_map(|pairing| [(&pairing.from, pairing.keys[0]), (&pairing.to, pairing.keys[1])]);
        let mut own = keys.filter(|(of, key)| *of == name && !is_referred_to(scene, *key)).map(|(_, key)| key);
        own.find(|key| self.usage.updates.iter().any(|updated| scene.named(updated) == Some(*key)))
    }

    /// An update of a row that is missing beside the one that it belongs to: who never inserts it loses what is written.
    pub(super) fn miss_the_row(&mut self, table: usize) {
        let (scene, name) = (self.scene, &self.scene.group.tables[table]);
        let is_only_updated = !self.rows.1[table] && self.usage.inserts_into(name).is_none();
        if !is_only_updated || !scene.has(Rule::RowsAreInserted) || !self.is_missing_beside(table) {
            return;
        }
        let is_own = |column: &&ColumnId| scene.bits(**column).is_some_and(|bits| bits.table == table);
        let followed = self.updated.iter().filter(is_own).copied();
        let columns: Vec<ColumnId> = followed.filter(|column| scene.is_carried(*column)).collect();
        let Some(first) = columns.first().copied() else { return };
        let wrong = wrong(AnomalyKind::LostWrite, Some(self.app), Some(first), Some(format!("row of `{name}`")));
        let refused = vec![(Pattern::ANY, self.record.wrong(wrong))];
        let event = ModelEvent::Write { app: self.app, columns, null: Vec::new(), as_is: false };
        let happening = self.record.happening(event);
        let guard = self.rows.0.and(scene.layout.tables[table].gone, false);
        push_act(self.acts, Transition { refused, ..Transition::new(guard, Program::new(), happening) });
    }

    /// Whether the row that one of a table would belong to is there.
    fn is_missing_beside(&self, table: usize) -> bool {
        let scene = self.scene;
        let name = &scene.group.tables[table];
        let owners = scene.survey.pairings.iter().filter_map(|pairing| {
            let [from, to] = pairing.keys;
            let (own, other, key) =
                if pairing.from == *name { (from, &pairing.to, to) } else { (to, &pairing.from, from) };
            let is_pair = pairing.from == *name || pairing.to == *name;
            let refers = |one: ColumnId, to: ColumnId| refers_to(scene, one, to);
            let depends = refers(own, key) || pairing.to == *name && !refers(key, own);
            (is_pair && depends).then_some(other)
        });
        let mut owners = owners.filter_map(|other| scene.place(other));
        scene.table(table).is_some() && owners.any(|other| self.rows.1[other])
    }
}

/// Whether some foreign key is about a column of another table that refers to this one.
fn is_referred_to(scene: LayerScene<'_>, column: ColumnId) -> bool {
    scene.catalog.tables().any(|table| table.foreign_keys().any(|key| key_refers_to(&key.kind, column)))
}

/// Whether one column refers to the other by a foreign key.
fn refers_to(scene: LayerScene<'_>, one: ColumnId, other: ColumnId) -> bool {
    let name = scene.survey.name(one).table;
    let keys = scene.catalog.table(&name).into_iter().flat_map(|table| table.foreign_keys());
    keys.into_iter().any(|key| key.kind.columns() == [one] && key_refers_to(&key.kind, other))
}

fn key_refers_to(kind: &ConstraintKind, column: ColumnId) -> bool {
    matches!(kind, ConstraintKind::ForeignKey { referenced, .. } if *referenced == column)
}
