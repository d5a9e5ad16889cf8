//! `backfill` and `seed`: a column computed chunk by chunk. No sync fires.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::ast::{Batches, Name};
use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::data::Chunk;
use crate::engine::memory::column::ColumnData;
use crate::engine::memory::enforce::Unique;
use crate::engine::memory::freshness::{FactMap, Source};
use crate::engine::memory::mask::{MaskChunk, UNSET};
use crate::engine::memory::row::input_column;
use crate::engine::memory::scan::ChunkScan;
use crate::engine::memory::table::TableData;
use crate::engine::memory::write::hold_referred;
use crate::engine::memory::{Memory, fault, validate};
use crate::engine::{BatchDone, Fault, Happening, Watch};
use crate::expr::Expression;
use crate::plan::FillKind;

/// Rows in a batch where the statement does not say.
const BATCH_ROWS: u32 = 10_000;

/// How far an action over rows has come, told at the end of each batch.
pub(super) struct BatchProgress<'a> {
    watch: Watch<'a>,
    batch: u64,
    seen: u64,
    told: u64,
    total: u64,
}

impl<'a> BatchProgress<'a> {
    pub(super) fn new(batches: Batches, total: usize, watch: Watch<'a>) -> Self {
        let batch = u64::from(batches.rows.unwrap_or(BATCH_ROWS).max(1));
        Self { watch, batch, seen: 0, told: 0, total: u64::try_from(total).unwrap_or(u64::MAX) }
    }

    /// So many more rows were looked at.
    pub(super) fn advance(&mut self, rows: usize) -> Result<(), Fault> {
        self.seen += u64::try_from(rows).unwrap_or(u64::MAX);
        while self.told + self.batch <= self.seen {
            self.tell(self.told + self.batch)?;
        }
        if self.seen == self.total && self.told < self.total { self.tell(self.total) } else { Ok(()) }
    }

    fn tell(&mut self, rows_done: u64) -> Result<(), Fault> {
        self.told = rows_done;
        match (self.watch)(Happening::Batch(BatchDone { rows_done, rows_total: self.total })) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(fault::interrupted()),
        }
    }
}

/// Which column is filled with what.
struct Filling<'a> {
    kind: FillKind,
    table: &'a Table,
    column: ColumnId,
    value: &'a Expression,
    filter: Option<&'a Expression>,
    facts: &'a FactMap,
}

impl Memory {
    /// Fills a column; gives how many rows it treated.
    pub(super) fn fill(
        &mut self,
        kind: FillKind,
        table: &Name,
        column: ColumnId,
        (value, filter): (&Expression, Option<&Expression>),
        batches: Batches,
        watch: Watch<'_>,
    ) -> Result<u64, Fault> {
        let schema = self.table(table)?;
        let now = self.now_micros;
        let filling = Filling { kind, table: &schema, column, value, filter, facts: &self.facts };
        let data = self.state.data_mut(table)?;
        let before = data.columns.get(&column).cloned().ok_or_else(|| fault::missing("column", table))?;
        let mut progress = BatchProgress::new(batches, data.rows(), watch);
        let mut treated = 0;
        for chunk in 0..data.chunk_count() {
            treated += filling.fill_chunk(data, chunk, now)?;
            progress.advance(data.alive_in(chunk).len())?;
        }
        data.forget_indexes_of(column);
        if let Some(filled) = data.columns.get_mut(&column) {
            Arc::make_mut(filled).forget_touched();
        }
        for rule in Unique::all(&schema).filter(|rule| rule.columns.contains(&column) || rule.filter.is_some()) {
            rule.build(&schema, data, now)?;
        }
        self.hold_filled(&schema, column, &before)?;
        Ok(treated)
    }

    /// Holds the references from and to a column for the rows whose value changed.
    fn hold_filled(&mut self, schema: &Table, column: ColumnId, before: &ColumnData) -> Result<(), Fault> {
        for constraint in schema.foreign_keys().filter(|key| key.kind.columns() == [column]) {
            let ConstraintKind::ForeignKey { table: parent, referenced, .. } = &constraint.kind else { continue };
            let data = Arc::clone(self.state.data(&schema.name)?);
            for slot in changed_slots(&data, column, before) {
                let value = data.value(slot, column);
                let parent_data = self.state.data_mut(parent)?;
                if !value.is_null() && parent_data.find(&[*referenced], std::slice::from_ref(&value)).is_none() {
                    let row = fault::stored_row_name(schema, &data, slot);
                    return Err(fault::dangling(schema, &constraint.name, (column, &value), parent, &row));
                }
            }
        }
        let refers = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey { referenced, .. } => *referenced == column,
            _ => false,
        };
        if self.state.catalog.references_to(&schema.name).any(|(_, key)| refers(&key.kind)) {
            let data = Arc::clone(self.state.data(&schema.name)?);
            for slot in changed_slots(&data, column, before) {
                hold_referred(&mut self.state, schema, column, &before.get(slot))?;
            }
        }
        Ok(())
    }
}

fn changed_slots(data: &TableData, column: ColumnId, before: &ColumnData) -> Vec<usize> {
    let Some(now) = data.columns.get(&column) else { return Vec::new() };
    data.alive().filter(|slot| !now.same_value(before, *slot)).collect()
}

impl Filling<'_> {
    fn fill_chunk(&self, data: &mut TableData, chunk: usize, now_micros: i64) -> Result<u64, Fault> {
        let scan = ChunkScan { table: self.table, data, chunk, now_micros };
        let selected = self.select(scan)?;
        if selected.as_ref().is_some_and(Vec::is_empty) {
            return Ok(0);
        }
        let values = scan.eval(self.value, selected.as_deref())?;
        let mask = self.mask(scan, selected.as_deref(), &values);
        let Some(column) = data.columns.get_mut(&self.column) else { return Ok(0) };
        let values = match &selected {
            None => values,
            Some(rows) => Arc::new(merge(&column.chunks()[chunk], &values, rows)),
        };
        Arc::make_mut(column).replace_chunk(chunk, values, mask);
        let scan = ChunkScan { table: self.table, data, chunk, now_micros };
        let rows = selected.unwrap_or_else(|| data.alive_in(chunk));
        validate::changed_rows(scan, &rows, self.column)?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    /// The rows to process; `None` for every slot of the chunk.
    fn select(&self, scan: ChunkScan<'_>) -> Result<Option<Vec<u32>>, Fault> {
        let selected = scan.select(self.filter)?;
        let Some(column) = scan.data.columns.get(&self.column) else { return Ok(selected) };
        let old = &column.chunks()[scan.chunk];
        if self.kind == FillKind::Backfill || old.null_count() == old.len() {
            return Ok(selected);
        }
        let mut rows = selected.unwrap_or_else(|| scan.data.alive_in(scan.chunk));
        rows.retain(|row| old.is_null(*row as usize));
        Ok(Some(rows))
    }

    /// The freshness of the chunk when the selected rows are filled with these values.
    fn mask(&self, scan: ChunkScan<'_>, selected: Option<&[u32]>, values: &Chunk) -> Arc<MaskChunk> {
        let sources = self.sources(scan);
        let absent = self.value.may_be_absent();
        let Some(before) = scan.data.columns.get(&self.column) else { return Arc::new(MaskChunk::Same(0)) };
        let old = &before.masks()[scan.chunk];
        let at = |row: usize| match self.kind {
            // Of other columns it knows no more than before.
            FillKind::Seed => match old.get(row) {
                mask if values.is_null(row) => mask,
                mask => mask & !UNSET,
            },
            FillKind::Backfill => {
                let sources = sources.iter().map(|(column, mask, chunk)| Source {
                    column: *column,
                    mask: mask.get(row),
                    is_null: chunk.is_null(row),
                });
                self.facts.derived(self.column, (!values.is_null(row), absent), sources)
            }
        };
        let of_one_kind = |chunk: &Chunk| chunk.null_count() == 0 || chunk.null_count() == chunk.len();
        let are_of_one_kind =
            values.null_count() == 0 || of_one_kind(values) && sources.iter().all(|(.., chunk)| of_one_kind(chunk));
        let was_uniform = self.kind == FillKind::Backfill || matches!(**old, MaskChunk::Same(_));
        let uniform =
            are_of_one_kind && was_uniform && sources.iter().all(|(_, mask, _)| matches!(***mask, MaskChunk::Same(_)));
        let rows = scan.data.chunk_len(scan.chunk);
        let Some(selected) = selected else {
            let all = if uniform { MaskChunk::Same(at(0)) } else { MaskChunk::PerRow((0..rows).map(at).collect()) };
            return Arc::new(all);
        };
        let mut mask = Arc::clone(old);
        for row in selected {
            let new = at(*row as usize);
            if mask.get(*row as usize) != new {
                Arc::make_mut(&mut mask).set(*row as usize, rows, new);
            }
        }
        mask
    }

    fn sources<'b>(&self, scan: ChunkScan<'b>) -> Vec<(ColumnId, &'b Arc<MaskChunk>, &'b Arc<Chunk>)> {
        let ids = self.value.inputs().iter().filter_map(|name| input_column(self.table, name));
        let of = |id| {
            let column = scan.data.columns.get(&id)?;
            Some((id, &column.masks()[scan.chunk], &column.chunks()[scan.chunk]))
        };
        ids.filter_map(of).collect()
    }
}

fn merge(old: &Chunk, new: &Chunk, rows: &[u32]) -> Chunk {
    let mut choose = vec![false; old.len()];
    for row in rows {
        choose[*row as usize] = true;
    }
    old.merged(new, &choose)
}
