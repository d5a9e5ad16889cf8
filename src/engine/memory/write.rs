//! A write of an application, of any number of rows: all of them or none.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::data::Value;
use crate::engine::Fault;
use crate::engine::memory::freshness::FactMap;
use crate::engine::memory::row::RowImage;
use crate::engine::memory::row_write::{Missed, RowWrite};
use crate::engine::memory::state::MemoryState;
use crate::engine::memory::write_log::WriteLog;
use crate::engine::memory::write_scope::{WriteScope, Written};
use crate::engine::memory::{enforce, fault};

/// A reference to hold when all rows are written.
enum Reference {
    /// A row that refers: constraint, column, its value, and what it refers to.
    From { table: Arc<Table>, constraint: Name, column: ColumnId, value: Value, to: (Name, ColumnId) },
    /// A value that rows may have referred to is gone.
    To { table: Arc<Table>, column: ColumnId, value: Value },
}

/// A statement under way.
pub(super) struct Statement {
    scope: WriteScope,
    log: WriteLog,
    references: Vec<Reference>,
    missed: Vec<Missed>,
    /// Cells that it writes, for those who undo what filled them.
    touched: Vec<(Name, usize, ColumnId)>,
}

impl Statement {
    pub(super) fn new(state: &MemoryState, facts: &FactMap, table: &Name, columns: Written) -> Result<Self, Fault> {
        let scope = WriteScope::new(state, facts, table, columns)?;
        Ok(Self { scope, log: WriteLog::default(), references: Vec::new(), missed: Vec::new(), touched: Vec::new() })
    }

    /// The columns that it writes.
    pub(super) fn written(&self) -> &[ColumnId] {
        &self.scope.written
    }

    /// Writes one row, with everything that follows from it.
    pub(super) fn write(
        &mut self,
        state: &mut MemoryState,
        facts: &FactMap,
        image: RowImage,
        now: i64,
    ) -> Result<(), Fault> {
        self.leave_pair(state, facts, &image, now)?;
        let mut write = RowWrite::new(state, facts, now, &self.scope.table, image);
        write.spread(&self.scope)?;
        let RowWrite { images, missed, .. } = write;
        self.missed.extend(missed);
        for (table, image) in images {
            self.store(state, &table, &image, now)?;
        }
        Ok(())
    }

    fn store(&mut self, state: &mut MemoryState, table: &Name, image: &RowImage, now: i64) -> Result<(), Fault> {
        if !image.values.is_empty() {
            let schema = state.schema(table)?;
            enforce::row(&schema, state.data_mut(table)?, image, now)?;
            self.note_references(state, &schema, image);
        }
        self.note_touched(state, table, image)?;
        self.log.store(state, table, image, now);
        Ok(())
    }

    /// Notes the cells that are given a value, be it the one that they have, or that come to another one.
    fn note_touched(&mut self, state: &MemoryState, table: &Name, image: &RowImage) -> Result<(), Fault> {
        let Some(slot) = image.slot else { return Ok(()) };
        let data = state.data(table)?;
        for (column, value) in &image.values {
            if self.scope.written.contains(column) || !super::key::same(&data.value(slot, *column), value) {
                self.touched.push((table.clone(), slot, *column));
            }
        }
        Ok(())
    }

    /// Deletes one row, and those in other tables that are only there because of it.
    pub(super) fn delete(
        &mut self,
        state: &mut MemoryState,
        facts: &FactMap,
        table: &Name,
        slot: usize,
        now: i64,
    ) -> Result<(), Fault> {
        let schema = state.schema(table)?;
        let gone: Vec<ColumnId> = schema.columns().map(|column| column.id).collect();
        self.note_lost(state, &schema, slot, &gone, |_, _| true);
        let followers = followers(state, table, slot);
        let left = self.left_by(state, facts, (table, RowImage::of(slot)), gone, now)?;
        self.log.delete(state, table, slot, now);
        for (other, image) in left {
            self.log.store(state, &other, &image, now);
        }
        for (other, column, key) in followers {
            if let Some(slot) = state.data_mut(&other)?.find(&[column], &[key]) {
                self.delete(state, facts, &other, slot, now)?;
            }
        }
        Ok(())
    }

    /// A row that is given another key leaves the rows of other tables that it belonged to, and comes to others. No sync
    /// follows it there: what these know is old.
    fn leave_pair(
        &mut self,
        state: &mut MemoryState,
        facts: &FactMap,
        image: &RowImage,
        now: i64,
    ) -> Result<(), Fault> {
        let table = self.scope.table.clone();
        let Some(slot) = image.slot.filter(|_| facts.tracked) else { return Ok(()) };
        let data = state.data(&table)?;
        let is_new = |key: &ColumnId| {
            let given = image.values.iter().find(|(column, _)| column == key);
            given.is_some_and(|(_, value)| !super::key::same(&data.value(slot, *key), value))
        };
        let paired = state.pairings.iter().flat_map(|pairing| pairing.tables.iter().zip(&pairing.keys));
        if !paired.filter(|(name, _)| **name == table).any(|(_, key)| is_new(key)) {
            return Ok(());
        }
        let columns: Vec<ColumnId> = state.schema(&table)?.columns().map(|column| column.id).collect();
        for image in [RowImage::of(slot), image.clone()] {
            for (other, left) in self.left_by(state, facts, (&table, image), columns.clone(), now)? {
                self.log.store(state, &other, &left, now);
            }
        }
        Ok(())
    }

    /// The rows of other tables that belong to one about to leave them: what they know of it is old from then on.
    fn left_by(
        &mut self,
        state: &mut MemoryState,
        facts: &FactMap,
        (table, image): (&Name, RowImage),
        columns: Vec<ColumnId>,
        now: i64,
    ) -> Result<Vec<(Name, RowImage)>, Fault> {
        if !facts.tracked || state.pairings.iter().all(|pairing| !pairing.tables.contains(table)) {
            return Ok(Vec::new());
        }
        let columns = Written { given: columns, ..Written::default() };
        let scope = WriteScope::new(state, facts, table, columns)?;
        let mut write = RowWrite::new(state, facts, now, table, image);
        write.leave(&scope)?;
        let RowWrite { images, missed, .. } = write;
        self.missed.extend(missed);
        Ok(images.into_iter().skip(1).collect())
    }

    /// Ends the statement: holds its references, or takes everything back.
    pub(super) fn finish(
        self,
        state: &mut MemoryState,
        outcome: Result<usize, Fault>,
        now: i64,
    ) -> Result<usize, Fault> {
        let held = |state: &mut MemoryState| self.references.iter().try_for_each(|reference| reference.hold(state));
        let outcome = outcome.and_then(|rows| held(state).map(|()| rows));
        match outcome {
            Ok(_) => {
                self.missed.iter().for_each(|missed| missed.mark(state));
                self.touched.iter().try_for_each(|(table, slot, column)| {
                    let column = state.data_mut(table)?.columns.get_mut(column);
                    column.into_iter().for_each(|column| Arc::make_mut(column).touch(*slot));
                    Ok::<_, Fault>(())
                })?;
            }
            Err(_) => self.log.take_back(state, now),
        }
        outcome
    }

    fn note_references(&mut self, state: &MemoryState, schema: &Arc<Table>, image: &RowImage) {
        let Ok(data) = state.data(&schema.name) else { return };
        let is_new =
            |column, value: &Value| image.slot.is_none_or(|slot| !super::key::same(&data.value(slot, column), value));
        for constraint in schema.foreign_keys() {
            let ConstraintKind::ForeignKey { column, table, referenced, .. } = &constraint.kind else { continue };
            let written = image.values.iter().find(|(id, _)| id == column);
            let Some((_, value)) = written.filter(|(id, value)| !value.is_null() && is_new(*id, value)) else {
                continue;
            };
            self.references.push(Reference::From {
                table: Arc::clone(schema),
                constraint: constraint.name.clone(),
                column: *column,
                value: value.clone(),
                to: (table.clone(), *referenced),
            });
        }
        if let Some(slot) = image.slot {
            let columns: Vec<ColumnId> = image.values.iter().map(|(id, _)| *id).collect();
            self.note_lost(state, schema, slot, &columns, |column, old| {
                image.values.iter().any(|(id, new)| *id == column && !super::key::same(new, old))
            });
        }
    }

    /// Notes values of a row that others may refer to, where `lost` says that they go.
    fn note_lost(
        &mut self,
        state: &MemoryState,
        schema: &Arc<Table>,
        slot: usize,
        columns: &[ColumnId],
        lost: impl Fn(ColumnId, &Value) -> bool,
    ) {
        let Ok(data) = state.data(&schema.name) else { return };
        for (_, constraint) in state.catalog.references_to(&schema.name) {
            let ConstraintKind::ForeignKey { referenced, .. } = &constraint.kind else { continue };
            let value = data.value(slot, *referenced);
            if columns.contains(referenced) && !value.is_null() && lost(*referenced, &value) {
                self.references.push(Reference::To { table: Arc::clone(schema), column: *referenced, value });
            }
        }
    }
}

impl Reference {
    fn hold(&self, state: &mut MemoryState) -> Result<(), Fault> {
        match self {
            Self::From { table, constraint, column, value, to } => {
                let child = state.data_mut(&table.name)?;
                let Some(slot) = child.find(&[*column], std::slice::from_ref(value)) else { return Ok(()) };
                let row = fault::stored_row_name(table, child, slot);
                let Ok(parent) = state.data_mut(&to.0) else { return Ok(()) };
                match parent.find(&[to.1], std::slice::from_ref(value)) {
                    Some(_) => Ok(()),
                    None => Err(fault::dangling(table, constraint, (*column, value), &to.0, &row)),
                }
            }
            Self::To { table, column, value } => hold_referred(state, table, *column, value),
        }
    }
}

/// Holds that no row refers to a value that is gone.
pub(super) fn hold_referred(
    state: &mut MemoryState,
    parent: &Table,
    column: ColumnId,
    value: &Value,
) -> Result<(), Fault> {
    if state.data_mut(&parent.name)?.find(&[column], std::slice::from_ref(value)).is_some() {
        return Ok(());
    }
    let keys = state.catalog.references_to(&parent.name).filter_map(|(child, constraint)| match &constraint.kind {
        ConstraintKind::ForeignKey { column: from, referenced, .. } if *referenced == column => {
            Some((child.name.clone(), *from, constraint.name.clone()))
        }
        _ => None,
    });
    for (child, from, constraint) in keys.collect::<Vec<_>>() {
        if state.data_mut(&child)?.find(&[from], std::slice::from_ref(value)).is_some() {
            return Err(fault::still_referenced(parent, column, value, &child, &constraint));
        }
    }
    Ok(())
}

/// The rows of other tables that a sync inserted for this one: table, key column, key.
fn followers(state: &MemoryState, table: &Name, slot: usize) -> Vec<(Name, ColumnId, Value)> {
    let Ok(data) = state.data(table) else { return Vec::new() };
    let mut found: Vec<(Name, ColumnId, Value)> = Vec::new();
    for sync in state.catalog.syncs().filter(|sync| sync.source_table == *table) {
        let Some(join) = sync.join.as_ref().filter(|join| join.inserts) else { continue };
        if !found.iter().any(|(_, column, _)| *column == join.target_key) {
            found.push((sync.target_table.clone(), join.target_key, data.value(slot, join.source_key)));
        }
    }
    found
}
