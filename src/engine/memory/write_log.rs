//! What a write of an application has changed so far, so that a fault leaves nothing of it.

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::data::Value;
use crate::engine::memory::enforce::reindex;
use crate::engine::memory::row::RowImage;
use crate::engine::memory::state::MemoryState;

enum Change {
    Inserted,
    Deleted,
    Changed { values: Vec<(ColumnId, Value)>, masks: Vec<(ColumnId, u64)> },
}

/// The changes of one statement, in order.
#[derive(Default)]
pub(super) struct WriteLog {
    changes: Vec<(Name, usize, Change)>,
}

impl WriteLog {
    /// Stores a row, with its indexes; gives its slot.
    pub(super) fn store(&mut self, state: &mut MemoryState, table: &Name, row: &RowImage, now: i64) -> usize {
        let Some(schema) = state.catalog.table(table).cloned() else { return 0 };
        let Ok(data) = state.data_mut(table) else { return 0 };
        let Some(slot) = row.slot else {
            let cells: Vec<_> =
                row.values.iter().map(|(id, value)| (*id, value.clone(), row.mask(data, *id))).collect();
            let slot = data.push(&cells);
            reindex(&schema, data, slot, None, true, now);
            self.changes.push((table.clone(), slot, Change::Inserted));
            return slot;
        };
        let values = row.values.iter().map(|(id, _)| (*id, data.value(slot, *id))).collect();
        let masks = row.masks.iter().map(|(id, _)| (*id, data.mask(slot, *id))).collect();
        write(&schema, data, slot, &row.values, &row.masks, now);
        self.changes.push((table.clone(), slot, Change::Changed { values, masks }));
        slot
    }

    /// Deletes a row.
    pub(super) fn delete(&mut self, state: &mut MemoryState, table: &Name, slot: usize, now: i64) {
        let Some(schema) = state.catalog.table(table).cloned() else { return };
        let Ok(data) = state.data_mut(table) else { return };
        reindex(&schema, data, slot, None, false, now);
        data.set_dead(slot, true);
        self.changes.push((table.clone(), slot, Change::Deleted));
    }

    /// Takes everything back.
    pub(super) fn take_back(self, state: &mut MemoryState, now: i64) {
        for (table, slot, change) in self.changes.into_iter().rev() {
            let Some(schema) = state.catalog.table(&table).cloned() else { continue };
            let Ok(data) = state.data_mut(&table) else { continue };
            match change {
                Change::Inserted => {
                    reindex(&schema, data, slot, None, false, now);
                    data.set_dead(slot, true);
                }
                Change::Deleted => {
                    data.set_dead(slot, false);
                    reindex(&schema, data, slot, None, true, now);
                }
                Change::Changed { values, masks } => write(&schema, data, slot, &values, &masks, now),
            }
        }
    }
}

fn write(
    schema: &crate::catalog::Table,
    data: &mut crate::engine::memory::table::TableData,
    slot: usize,
    values: &[(ColumnId, Value)],
    masks: &[(ColumnId, u64)],
    now: i64,
) {
    if !values.is_empty() {
        let changed: Vec<ColumnId> = values.iter().map(|(id, _)| *id).collect();
        reindex(schema, data, slot, Some(&changed), false, now);
        for (id, value) in values {
            data.set(slot, *id, value);
        }
        reindex(schema, data, slot, Some(&changed), true, now);
    }
    for (id, mask) in masks {
        data.set_mask(slot, *id, *mask);
    }
}
