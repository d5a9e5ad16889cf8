//! Which syncs a write sets off, and what they do to the row.

use crate::catalog::{ColumnId, Sync, SyncId};
use crate::prove::compile::image::Image;
use crate::prove::rule::Rule;
use crate::prove::word::Word;

impl<W: Word> Image<'_, W> {
    /// Lets the syncs fire that a write sets off in which these columns change. None sets what is `written`: what changes
    /// and what is kept on purpose.
    pub(in crate::prove::compile) fn fire(&mut self, changed: &[ColumnId], written: &[ColumnId]) {
        let scene = self.scene;
        self.changed = changed.to_vec();
        self.set = written.to_vec();
        self.filling = self.bringing();
        let touched = |sync: &Sync| {
            let facts = scene.plan.facts.of(sync.target);
            facts.is_empty() || written.iter().any(|column| scene.shared(sync.target, *column).next().is_some())
        };
        let syncs = if scene.has(Rule::SyncFires) { scene.syncs } else { &[] };
        let candidates: Vec<bool> = syncs.iter().map(|sync| !written.contains(&sync.target) && touched(sync)).collect();
        loop {
            let ready: Vec<&Sync> = syncs
                .iter()
                .zip(&candidates)
                .filter(|(sync, candidate)| self.is_ready(sync, **candidate))
                .map(|(sync, _)| *sync)
                .collect();
            let feeds = |sync: &Sync| {
                ready.iter().any(|other| other.id != sync.id && sync.source_columns.contains(&other.target))
            };
            let Some(next) = ready.iter().find(|sync| !feeds(sync)).or_else(|| ready.first()) else { return };
            self.fired.push(next.id);
            self.follow(next, syncs);
        }
    }

    /// The syncs that bring about rows for one just inserted, whichever of its columns were given.
    fn bringing(&self) -> Vec<SyncId> {
        let scene = self.scene;
        let is_born = |table: &str| scene.place(table).is_some_and(|table| self.inserted.contains(&table));
        let is_missing = |table: &str| scene.place(table).is_some_and(|table| !self.exists[table]);
        let brings = |sync: &&&Sync| {
            is_born(&sync.source_table)
                && is_missing(&sync.target_table)
                && sync.join.as_ref().is_some_and(|join| join.inserts)
                && self.has_something_for(sync)
        };
        scene.syncs.iter().filter(brings).map(|sync| sync.id).collect()
    }

    /// Whether a row just inserted holds a value that its partner would have. A row of nothing but nulls is not brought
    /// about.
    fn has_something_for(&self, sync: &Sync) -> bool {
        let scene = self.scene;
        if !scene.place(&sync.source_table).is_some_and(|table| self.inserted.contains(&table)) {
            return true;
        }
        let is_value = |column: &ColumnId| match scene.bits(*column) {
            Some(_) => !self.nulls.contains(column),
            None => self.elsewhere.contains(column) || scene.is_defaulted(*column),
        };
        scene.syncs.iter().any(|other| {
            other.source_table == sync.source_table
                && other.target_table == sync.target_table
                && other.join == sync.join
                && other.source_columns.iter().any(is_value)
        })
    }

    fn is_ready(&self, sync: &Sync, candidate: bool) -> bool {
        let fills = self.filling.contains(&sync.id);
        let quiet = |column| sync.join.is_none() && self.quiet.contains(column);
        let changed = || sync.source_columns.iter().any(|column| self.changed.contains(column) || quiet(column));
        !self.fired.contains(&sync.id) && !self.set.contains(&sync.target) && (fills || candidate && changed())
    }

    fn follow(&mut self, sync: &Sync, all: &[&Sync]) {
        let scene = self.scene;
        let (Some(source), Some(target)) = (scene.place(&sync.source_table), scene.place(&sync.target_table)) else {
            return;
        };
        if !self.exists[source] {
            return;
        }
        if !self.exists[target] {
            if !sync.join.as_ref().is_some_and(|join| join.inserts) || !self.has_something_for(sync) {
                return;
            }
            self.insert(target);
            let fills = |other: &&&Sync| {
                scene.has(Rule::PartnersComeWhole)
                    && other.source_table == sync.source_table
                    && other.target_table == sync.target_table
                    && other.id != sync.id
            };
            self.filling.extend(all.iter().filter(fills).map(|other| other.id));
        }
        self.compute(sync.target, &sync.value, &sync.source_table);
        self.touch(sync.target);
        self.synced.push((sync.target, scene.told_apart(sync.target, &sync.value, &sync.source_table)));
        self.changed.push(sync.target);
        self.set.push(sync.target);
    }
}
