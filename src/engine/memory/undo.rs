//! Taking actions back.
//!
//! An undo holds the state before and after its action; both share all they have in common. Where no application has
//! written since, the state before is simply put back. Otherwise the catalog of before is put back, and the data by the
//! inverse of the action, keeping what applications wrote. A constraint that comes back and no longer holds for all
//! rows comes back unvalidated; a unique one cannot, and is a fault.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::data::CHUNK_ROWS;
use crate::engine::memory::column::ColumnData;
use crate::engine::memory::freshness::FactMap;
use crate::engine::memory::mask::UNSET;
use crate::engine::memory::row::default_value;
use crate::engine::memory::state::{MemoryState, Weakened};
use crate::engine::memory::table::TableData;
use crate::engine::memory::{fault, validate};
use crate::engine::{Fault, FaultKind};
use crate::plan::{Action, Effect, Filling, FillingKind, Removal};

/// What it takes to undo an action on a [`crate::engine::memory::Memory`].
#[derive(Clone, Debug)]
pub struct MemoryUndo {
    before: MemoryState,
    after: MemoryState,
    inverse: Inverse,
}

/// What an action did to rows.
#[derive(Clone, Debug)]
enum Inverse {
    Nothing,
    RemoveColumn(Name, ColumnId),
    RemoveTable(Name),
    Unfill(Name, ColumnId),
    RemoveCopies(Name),
    PutColumn(Name, ColumnId),
    PutTable(Name),
}

impl Inverse {
    fn of(effect: &Effect<'_>) -> Self {
        match effect.removes {
            Some(Removal::Column(table, column)) => return Self::PutColumn(table.clone(), column),
            Some(Removal::Table(table)) => return Self::PutTable(table.clone()),
            None => {}
        }
        if let Some(table) = effect.adds_table {
            return Self::RemoveTable(table.name.clone());
        }
        if let Some((table, column)) = effect.adds_column() {
            return Self::RemoveColumn(table.clone(), column.id);
        }
        let Some(Filling { kind, table, column, .. }) = effect.fills.first() else { return Self::Nothing };
        match kind {
            FillingKind::Backfill | FillingKind::Seed => Self::Unfill((*table).clone(), *column),
            FillingKind::Copy => Self::RemoveCopies((*table).clone()),
            // It has filled nothing yet.
            FillingKind::Sync => Self::Nothing,
        }
    }
}

impl MemoryUndo {
    pub(super) fn new(before: MemoryState, after: MemoryState, action: &Action) -> Self {
        let inverse = Inverse::of(&action.effect(&before.catalog));
        Self { before, after, inverse }
    }

    pub(super) fn perform(self, state: &mut MemoryState, facts: &FactMap, now: i64) -> Result<(), Fault> {
        if state.version == self.after.version {
            *state = self.before;
            return Ok(());
        }
        let saved = state.clone();
        let outcome = self.keep_writes(state, facts, now);
        if outcome.is_err() {
            *state = saved;
        }
        outcome
    }

    fn keep_writes(self, state: &mut MemoryState, facts: &FactMap, now: i64) -> Result<(), Fault> {
        let weaker = state.catalog.clone();
        state.catalog = self.before.catalog.clone();
        state.pairings.clone_from(&self.before.pairings);
        state.weaken();
        for table in state.tables.values_mut() {
            if table.indexes.keys().any(|key| key.partial.is_some()) {
                Arc::make_mut(table).indexes.retain(|key, _| key.partial.is_none());
            }
        }
        self.restore_rows(state, facts, now)?;
        let tables: Vec<Arc<Table>> = state.catalog.tables().cloned().collect();
        tables.iter().try_for_each(|table| hold_again(state, weaker.table(&table.name), table, now))
    }

    fn restore_rows(&self, state: &mut MemoryState, facts: &FactMap, now: i64) -> Result<(), Fault> {
        match &self.inverse {
            Inverse::Nothing => Ok(()),
            Inverse::RemoveColumn(table, column) => {
                let data = state.data_mut(table)?;
                data.forget_indexes_of(*column);
                data.columns.remove(column);
                Ok(())
            }
            Inverse::RemoveTable(table) => {
                state.tables.remove(table);
                Ok(())
            }
            Inverse::Unfill(table, column) => {
                self.unfill(state, table, *column)?;
                hold_restored(state, table, *column, now)
            }
            Inverse::RemoveCopies(table) => self.remove_copies(state, table, now),
            Inverse::PutColumn(table, column) => self.put_column(state, facts, table, *column, now),
            Inverse::PutTable(table) => {
                let at = state.dropped.iter().rposition(|(schema, _)| schema.name == *table);
                let at = at.ok_or_else(|| fault::missing("dropped table", table))?;
                let (_, data) = state.dropped.remove(at);
                state.tables.insert(table.clone(), data);
                Ok(())
            }
        }
    }

    /// Puts back the values of a filled column, but for those that are not what the action left.
    fn unfill(&self, state: &mut MemoryState, table: &Name, id: ColumnId) -> Result<(), Fault> {
        let column = |state: &MemoryState| -> Result<Arc<ColumnData>, Fault> {
            state.data(table)?.columns.get(&id).cloned().ok_or_else(|| fault::missing("column", table))
        };
        let (before, after) = (column(&self.before)?, column(&self.after)?);
        let data = state.data_mut(table)?;
        data.forget_indexes_of(id);
        if let Some(column) = data.columns.get_mut(&id) {
            unfill_column(Arc::make_mut(column), &before, &after);
        }
        Ok(())
    }

    /// Deletes the rows that the action inserted and no application has changed or refers to, and empties the cells that
    /// it filled.
    fn remove_copies(&self, state: &mut MemoryState, table: &Name, now: i64) -> Result<(), Fault> {
        let (before, after) = (self.before.data(table)?, self.after.data(table)?);
        let schema = state.schema(table)?;
        for column in schema.columns() {
            self.empty_cells(state, table, column.id)?;
        }
        self.touch_as_before(state, table)?;
        for slot in before.slots()..after.slots() {
            let data = state.data(table)?;
            let untouched = data.is_alive(slot) && is_as_left(data, after, slot);
            if untouched && !is_referred(state, &schema, slot)? {
                let data = state.data_mut(table)?;
                super::enforce::reindex(&schema, data, slot, None, false, now);
                data.set_dead(slot, true);
            }
        }
        Ok(())
    }

    fn touch_as_before(&self, state: &mut MemoryState, table: &Name) -> Result<(), Fault> {
        let before = Arc::clone(self.before.data(table)?);
        for (id, column) in &mut state.data_mut(table)?.columns {
            if let Some(before) = before.columns.get(id) {
                Arc::make_mut(column).touch_as(before);
            }
        }
        Ok(())
    }

    /// Empties the cells of a column that the action filled in rows that were there, and no application has changed.
    fn empty_cells(&self, state: &mut MemoryState, table: &Name, id: ColumnId) -> Result<(), Fault> {
        let column = |state: &MemoryState| Ok::<_, Fault>(state.data(table)?.columns.get(&id).cloned());
        let (Some(before), Some(after)) = (column(&self.before)?, column(&self.after)?) else { return Ok(()) };
        let rows = self.before.data(table)?.slots();
        let filled: Vec<usize> = (0..rows)
            .filter(|slot| !after.same_value(&before, *slot) || after.mask(*slot) != before.mask(*slot))
            .collect();
        let data = state.data_mut(table)?;
        if filled.is_empty() {
            return Ok(());
        }
        data.forget_indexes_of(id);
        if let Some(column) = data.columns.get_mut(&id) {
            let column = Arc::make_mut(column);
            filled.into_iter().for_each(|slot| unfill_cell(column, &before, &after, slot));
        }
        Ok(())
    }

    /// Puts back a dropped column with its values; rows inserted since have its default.
    fn put_column(
        &self,
        state: &mut MemoryState,
        facts: &FactMap,
        table: &Name,
        id: ColumnId,
        now: i64,
    ) -> Result<(), Fault> {
        let schema = state.schema(table)?;
        let value = default_value(&schema, id, now).map_err(|error| fault::valueless(&schema, "default", &error))?;
        let known = self.before.data(table)?.columns.get(&id).cloned();
        let data = state.data_mut(table)?;
        let values = data.parked.remove(&id).or(known).ok_or_else(|| fault::missing("dropped column", table))?;
        let missed = data.columns.keys().map(|other| facts.shared(id, *other)).fold(0, |all, bits| all | bits);
        let unset = if value.is_null() { UNSET } else { 0 };
        let mut values = Arc::unwrap_or_clone(values);
        values.extend_to(data.slots(), &value, if facts.tracked { missed | unset } else { 0 });
        data.forget_indexes_of(id);
        data.columns.insert(id, Arc::new(values));
        Ok(())
    }
}

fn unfill_column(column: &mut ColumnData, before: &ColumnData, after: &ColumnData) {
    for chunk in 0..after.chunks().len() {
        let untouched = !column.is_chunk_touched(chunk)
            && Arc::ptr_eq(&column.chunks()[chunk], &after.chunks()[chunk])
            && Arc::ptr_eq(&column.masks()[chunk], &after.masks()[chunk]);
        if untouched {
            column.replace_chunk(chunk, Arc::clone(&before.chunks()[chunk]), Arc::clone(&before.masks()[chunk]));
            continue;
        }
        let start = chunk * CHUNK_ROWS;
        for slot in start..(start + after.chunks()[chunk].len()) {
            unfill_cell(column, before, after, slot);
        }
    }
    column.touch_as(before);
}

/// A cell that an application has written stays as it is. A write is noted, and not known by its value: that may be what
/// the action left. One that a sync refreshes, and leaves at its value, shows in that it has become fresher.
fn unfill_cell(column: &mut ColumnData, before: &ColumnData, after: &ColumnData, slot: usize) {
    let (now, filled) = (column.mask(slot), after.mask(slot));
    if !column.is_touched(slot) && filled & !now == 0 {
        column.set(slot, &before.get(slot));
        column.set_mask(slot, before.mask(slot) | (now & !filled));
    }
}

/// Holds what has come back against the rest of the table: another row may have taken a value since, and what it refers
/// to may be gone.
fn hold_restored(state: &mut MemoryState, table: &Name, column: ColumnId, now: i64) -> Result<(), Fault> {
    let table = state.schema(table)?;
    let decides = |constraint: &&Constraint| {
        let is_check = matches!(constraint.kind, ConstraintKind::Check { .. });
        constraint.kind.columns().contains(&column) && binds_all(constraint) && !is_check
    };
    for constraint in table.constraints().filter(decides) {
        validate::constraint(state, &table, constraint, now).map_err(|found| {
            let name = table.column_by_id(column).map_or("", |column| &*column.name);
            Fault { message: format!("the old values of `{name}` cannot be restored: {}", found.message), ..found }
        })?;
    }
    Ok(())
}

fn is_as_left(data: &TableData, after: &TableData, slot: usize) -> bool {
    let fresher = |column: &ColumnData, then: &ColumnData| then.mask(slot) & !column.mask(slot) != 0;
    let same = |column: &ColumnData, then: &ColumnData| !column.is_touched(slot) && !fresher(column, then);
    data.columns.iter().all(|(id, column)| after.columns.get(id).is_none_or(|then| same(column, then)))
}

fn is_referred(state: &mut MemoryState, schema: &Table, slot: usize) -> Result<bool, Fault> {
    let keys = state.catalog.references_to(&schema.name).filter_map(|(child, constraint)| match &constraint.kind {
        ConstraintKind::ForeignKey { column, referenced, .. } => Some((child.name.clone(), *column, *referenced)),
        _ => None,
    });
    for (child, column, referenced) in keys.collect::<Vec<_>>() {
        let value = state.data(&schema.name)?.value(slot, referenced);
        if state.data_mut(&child)?.find(&[column], std::slice::from_ref(&value)).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Holds the rows against everything that binds them again, and weakens what they do not satisfy.
fn hold_again(state: &mut MemoryState, weaker: Option<&Arc<Table>>, table: &Arc<Table>, now: i64) -> Result<(), Fault> {
    if weaker.is_some_and(|weaker| Arc::ptr_eq(weaker, table)) {
        return Ok(());
    }
    for column in table.columns().filter(|column| is_firmer(weaker, column)) {
        if validate::not_null(table, state.data(&table.name)?, column.id).is_err() {
            state.weakened.push(Weakened::NotNull(table.name.clone(), column.id));
        }
    }
    for constraint in table.constraints() {
        let known = weaker.and_then(|weaker| weaker.constraint(&constraint.name));
        if known.is_some_and(|known| known.kind == constraint.kind) || !binds_all(constraint) {
            continue;
        }
        if let Err(fault) = validate::constraint(state, table, constraint, now) {
            weaken(state, table, constraint, &fault)?;
        }
    }
    state.weaken();
    Ok(())
}

fn is_firmer(weaker: Option<&Arc<Table>>, column: &Column) -> bool {
    let firm = |not_null| matches!(not_null, NotNull::Validated | NotNull::Yes);
    let before = weaker.and_then(|weaker| weaker.column_by_id(column.id));
    firm(column.not_null) && !before.is_some_and(|before| firm(before.not_null))
}

fn binds_all(constraint: &Constraint) -> bool {
    match constraint.kind {
        ConstraintKind::Check { validated, .. } | ConstraintKind::ForeignKey { validated, .. } => validated,
        _ => true,
    }
}

fn weaken(state: &mut MemoryState, table: &Table, constraint: &Constraint, found: &Fault) -> Result<(), Fault> {
    if constraint.kind.unique_columns().is_some() {
        let message = format!("{} `{}` cannot be restored: {}", constraint.kind.noun(), constraint.name, found.message);
        return Err(Fault::new(FaultKind::Unique, message).with_help("change or delete one of the two rows"));
    }
    state.weakened.push(Weakened::Constraint(table.name.clone(), constraint.name.clone()));
    Ok(())
}
