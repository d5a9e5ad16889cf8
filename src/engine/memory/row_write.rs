//! One row written by an application: what goes stale, which syncs fire, and the rows that are stored in the end.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, Sync, SyncId, SyncJoin, Table};
use crate::data::Value;
use crate::engine::Fault;
use crate::engine::memory::changes::Changes;
use crate::engine::memory::freshness::{FactMap, Source};
use crate::engine::memory::mask::UNSET;
use crate::engine::memory::row::{RowImage, default_value, eval, input_column};
use crate::engine::memory::state::MemoryState;
use crate::engine::memory::write_scope::WriteScope;
use crate::engine::memory::{fault, key};

/// A cell of a dropped table that has become stale.
pub(super) struct Missed {
    table: Name,
    slot: usize,
    column: ColumnId,
    bits: u64,
}

impl Missed {
    pub(super) fn mark(&self, state: &mut MemoryState) {
        let dropped = state.dropped.iter_mut().rev().find(|(schema, _)| schema.name == self.table);
        if let Some((_, data)) = dropped {
            let mask = data.mask(self.slot, self.column) | self.bits;
            Arc::make_mut(data).set_mask(self.slot, self.column, mask);
        }
    }
}

/// The write of one row and of those that follow it in other tables.
pub(super) struct RowWrite<'a> {
    pub(super) state: &'a mut MemoryState,
    pub(super) facts: &'a FactMap,
    pub(super) now: i64,
    /// The row that the application writes comes first.
    pub(super) images: Vec<(Name, RowImage)>,
    /// What rows of dropped tables have missed.
    pub(super) missed: Vec<Missed>,
    changed: Vec<ColumnId>,
    quiet: Vec<ColumnId>,
    set: Vec<ColumnId>,
    fired: Vec<SyncId>,
    /// Syncs that fill a row which another one has inserted.
    filling: Vec<Arc<Sync>>,
}

impl<'a> RowWrite<'a> {
    /// A write of `image`, which holds the application's values.
    pub(super) fn new(state: &'a mut MemoryState, facts: &'a FactMap, now: i64, table: &Name, image: RowImage) -> Self {
        let images = vec![(table.clone(), image)];
        Self {
            state,
            facts,
            now,
            images,
            missed: Vec::new(),
            changed: Vec::new(),
            quiet: Vec::new(),
            set: Vec::new(),
            fired: Vec::new(),
            filling: Vec::new(),
        }
    }

    /// Lets everything follow that follows.
    pub(super) fn spread(&mut self, scope: &WriteScope) -> Result<(), Fault> {
        let changes = Changes::of(scope, self.state, self.facts, &self.images[0].1)?;
        if self.facts.tracked {
            self.mark_stale(scope, &changes)?;
        }
        if self.images[0].1.slot.is_none() {
            self.filling = self.bringing(scope)?;
        }
        let follows =
            |sync: &&Arc<Sync>| !changes.written.contains(&sync.target) && self.facts.touches(sync, &changes.written);
        let syncs: Vec<Arc<Sync>> = scope.syncs.iter().filter(follows).cloned().collect();
        self.changed = changes.changed;
        self.quiet = changes.quiet;
        self.set = changes.written;
        while let Some(sync) = self.next_sync(&syncs) {
            self.fired.push(sync.id);
            self.fire(&sync)?;
        }
        Ok(())
    }

    fn mark_stale(&mut self, scope: &WriteScope, changes: &Changes) -> Result<(), Fault> {
        let data = self.state.data(&scope.table)?;
        let image = &mut self.images[0].1;
        let touching = &changes.changed;
        let is_new = image.slot.is_none();
        for column in touching {
            image.set_mask(*column, 0);
            for (other, bits) in scope.marks(*column) {
                let is_given = changes.written.contains(other) || is_new && scope.written.contains(other);
                if !is_given {
                    image.set_mask(*other, image.mask(data, *other) | bits);
                }
            }
        }
        self.mark_partners(scope, touching)
    }

    /// Notes that the row is no more: what rows of other tables know of it is not the newest any longer.
    pub(super) fn leave(&mut self, scope: &WriteScope) -> Result<(), Fault> {
        self.mark_partners(scope, &scope.written)
    }

    /// Marks what the rows that belong to the one written know of these columns.
    fn mark_partners(&mut self, scope: &WriteScope, touching: &[ColumnId]) -> Result<(), Fault> {
        for far in &scope.far {
            let marks: Vec<_> = touching.iter().flat_map(|column| far.marks(*column)).copied().collect();
            if marks.is_empty() {
                continue;
            }
            let key = self.images[0].1.value(self.state.data(&scope.table)?, far.own_key);
            self.mark_far(&far.table, far.other_key, &key, &marks)?;
        }
        Ok(())
    }

    /// Marks the row of another table that belongs to the one written.
    fn mark_far(
        &mut self,
        table: &Name,
        column: ColumnId,
        key: &Value,
        marks: &[(ColumnId, u64)],
    ) -> Result<(), Fault> {
        if self.state.catalog.table(table).is_none() {
            self.mark_dropped(table, column, key, marks);
            return Ok(());
        }
        let Some(at) = self.open(table, column, key)? else { return Ok(()) };
        let data = self.state.data(table)?;
        let image = &mut self.images[at].1;
        for (other, bits) in marks {
            image.set_mask(*other, image.mask(data, *other) | bits);
        }
        Ok(())
    }

    /// Marks a row of a dropped table; the statement does it when the write is done.
    fn mark_dropped(&mut self, table: &Name, column: ColumnId, key: &Value, marks: &[(ColumnId, u64)]) {
        let dropped = self.state.dropped.iter_mut().rev().find(|(schema, _)| schema.name == *table);
        let Some((_, data)) = dropped else { return };
        if let Some(slot) = Arc::make_mut(data).find(&[column], std::slice::from_ref(key)) {
            self.missed.extend(marks.iter().map(|(other, bits)| Missed {
                table: table.clone(),
                slot,
                column: *other,
                bits: *bits,
            }));
        }
    }

    /// The sync to fire next: one whose own sources no other is about to change, if there is one.
    fn next_sync(&self, syncs: &[Arc<Sync>]) -> Option<Arc<Sync>> {
        let is_new = |sync: &&Arc<Sync>| !self.fired.contains(&sync.id) && !self.set.contains(&sync.target);
        let changed = |sync: &&Arc<Sync>| {
            let quiet = |column| sync.join.is_none() && self.quiet.contains(column);
            sync.source_columns.iter().any(|column| self.changed.contains(column) || quiet(column))
        };
        let fills = self.filling.iter().filter(|sync| syncs.iter().all(|other| other.id != sync.id) || !changed(sync));
        let mut waiting: Vec<&Arc<Sync>> = syncs.iter().filter(changed).chain(fills).filter(is_new).collect();
        waiting.sort_by_key(|sync| sync.id);
        let awaited = |sync: &&&Arc<Sync>| {
            let feeds = |other: &&Arc<Sync>| other.id != sync.id && sync.source_columns.contains(&other.target);
            !waiting.iter().any(feeds)
        };
        waiting.iter().find(awaited).or_else(|| waiting.first()).copied().cloned()
    }

    fn fire(&mut self, sync: &Sync) -> Result<(), Fault> {
        let Some(source) = self.images.iter().position(|(table, _)| *table == sync.source_table) else { return Ok(()) };
        let schema = self.state.schema(&sync.source_table)?;
        let data = self.state.data(&sync.source_table)?;
        let image = &self.images[source].1;
        let value = eval(&sync.value, &schema, &|column| image.value(data, column), self.now).map_err(|error| {
            let row = fault::row_name(&schema, image.slot, &|column| image.value(data, column));
            fault::valueless(&schema, &row, &error)
        })?;
        let read = sync.value.inputs().iter().filter_map(|name| input_column(&schema, name));
        let sources = read.map(|column| {
            let (mask, is_null) = (image.mask(data, column), image.value(data, column).is_null());
            Source { column, mask, is_null }
        });
        let mask = self.facts.derived(sync.target, (!value.is_null(), sync.value.may_be_absent()), sources);
        let at = match &sync.join {
            None => Some(source),
            Some(join) => self.joined(sync, join, source)?,
        };
        if let Some(at) = at {
            self.follow(sync, at, value, mask);
        }
        Ok(())
    }

    fn follow(&mut self, sync: &Sync, at: usize, value: Value, mask: u64) {
        let image = &mut self.images[at].1;
        // What a sync refreshes is passed on, also where the value comes out the same.
        self.changed.push(sync.target);
        image.set(sync.target, value);
        if self.facts.tracked {
            image.set_mask(sync.target, mask);
        }
        self.set.push(sync.target);
    }

    /// The image of the row in the target table, made where it is missing and should be there.
    fn joined(&mut self, sync: &Sync, join: &SyncJoin, source: usize) -> Result<Option<usize>, Fault> {
        let key = self.images[source].1.value(self.state.data(&sync.source_table)?, join.source_key);
        if key.is_null() {
            return Ok(None);
        }
        if let Some(at) = self.open(&sync.target_table, join.target_key, &key)? {
            return Ok(Some(at));
        }
        if !join.inserts || !self.has_something_for(sync, source)? {
            return Ok(None);
        }
        let schema = self.state.schema(&sync.target_table)?;
        let mut image = new_partner(&schema, &self.state.catalog, self.facts, self.now)?;
        image.set(join.target_key, key);
        image.set_mask(join.target_key, 0);
        let same_pair = |other: &&Arc<Sync>| {
            other.source_table == sync.source_table && other.target_table == sync.target_table && other.join.is_some()
        };
        self.filling.extend(self.state.catalog.syncs().filter(same_pair).cloned());
        self.images.push((sync.target_table.clone(), image));
        Ok(Some(self.images.len() - 1))
    }

    /// The syncs that bring about rows for the one inserted, whichever of its columns were given: a default that stands is
    /// a value as well.
    fn bringing(&mut self, scope: &WriteScope) -> Result<Vec<Arc<Sync>>, Fault> {
        let from_here = self.state.catalog.syncs().filter(|sync| sync.source_table == scope.table);
        let from_here: Vec<Arc<Sync>> = from_here.cloned().collect();
        let mut bringing = Vec::new();
        for sync in from_here {
            let Some(join) = sync.join.as_ref().filter(|join| join.inserts) else { continue };
            let key = self.images[0].1.value(self.state.data(&scope.table)?, join.source_key);
            let is_there = self.open(&sync.target_table, join.target_key, &key)?.is_some();
            if !is_there && self.has_something_for(&sync, 0)? {
                bringing.push(sync);
            }
        }
        Ok(bringing)
    }

    /// Whether a row that is inserted holds a value that its partner would have. A row of nothing but nulls is not brought
    /// about: one that is missing reads the same.
    fn has_something_for(&self, sync: &Sync, source: usize) -> Result<bool, Fault> {
        let (table, image) = &self.images[source];
        if image.slot.is_some() {
            return Ok(true);
        }
        let data = self.state.data(table)?;
        let mut same_pair = self.state.catalog.syncs().filter(|other| {
            other.source_table == sync.source_table
                && other.target_table == sync.target_table
                && other.join == sync.join
        });
        Ok(same_pair.any(|other| other.source_columns.iter().any(|column| !image.value(data, *column).is_null())))
    }

    /// The image of the row of `table` with this key, opened where it is not yet.
    fn open(&mut self, table: &Name, column: ColumnId, key: &Value) -> Result<Option<usize>, Fault> {
        let data = self.state.data(table)?;
        let is_it = |(name, image): &(Name, RowImage)| name == table && key::same(&image.value(data, column), key);
        if let Some(at) = self.images.iter().position(is_it) {
            return Ok(Some(at));
        }
        let found = self.state.data_mut(table)?.find(&[column], std::slice::from_ref(key));
        Ok(found.map(|slot| {
            self.images.push((table.clone(), RowImage::of(slot)));
            self.images.len() - 1
        }))
    }
}

/// A row of defaults, when the write touches the facts of `written`.
pub(super) fn new_row(
    table: &Table,
    catalog: &Catalog,
    facts: &FactMap,
    written: &[ColumnId],
    now: i64,
) -> Result<RowImage, Fault> {
    let mut image = RowImage::default();
    for column in table.columns() {
        let value = default_value(table, column.id, now).map_err(|error| fault::valueless(table, "new row", &error))?;
        let is_null = value.is_null();
        image.values.push((column.id, value));
        let touched = || written.iter().fold(0, |bits, other| bits | facts.shared(column.id, *other));
        let mask = if written.contains(&column.id) {
            0
        } else if is_null {
            UNSET | touched() | facts.known_elsewhere(table, catalog, column.id)
        } else {
            touched() | facts.known_beside(table, column.id) | facts.known_elsewhere(table, catalog, column.id)
        };
        image.masks.push((column.id, if facts.tracked { mask } else { 0 }));
    }
    Ok(image)
}

/// A row of defaults that belongs to a row of another table, and that nobody has written.
pub(super) fn new_partner(table: &Table, catalog: &Catalog, facts: &FactMap, now: i64) -> Result<RowImage, Fault> {
    new_row(table, catalog, facts, &[], now)
}
