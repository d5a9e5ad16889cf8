//! Expressions over a whole chunk of a table at a time.

use std::sync::Arc;

use crate::catalog::Table;
use crate::data::CHUNK_ROWS;
use crate::data::{Chunk, Value};
use crate::engine::Fault;
use crate::engine::memory::column::ColumnData;
use crate::engine::memory::fault;
use crate::engine::memory::row::input_column;
use crate::engine::memory::table::TableData;
use crate::expr::{Batch, Expression};

/// One chunk of a table, to compute over.
#[derive(Clone, Copy)]
pub(super) struct ChunkScan<'a> {
    pub(super) table: &'a Table,
    pub(super) data: &'a TableData,
    pub(super) chunk: usize,
    pub(super) now_micros: i64,
}

impl<'a> ChunkScan<'a> {
    /// Each chunk of a table.
    pub(super) fn all(table: &'a Table, data: &'a TableData, now_micros: i64) -> impl Iterator<Item = Self> {
        (0..data.chunk_count()).map(move |chunk| Self { table, data, chunk, now_micros })
    }

    pub(super) fn slot(&self, row: u32) -> usize {
        self.chunk * CHUNK_ROWS + row as usize
    }

    /// What a person calls a row of the chunk.
    pub(super) fn row_name(&self, row: u32) -> String {
        fault::stored_row_name(self.table, self.data, self.slot(row))
    }

    /// The stored columns that an expression reads.
    pub(super) fn inputs(&self, expression: &Expression) -> Result<Vec<&'a ColumnData>, Fault> {
        let input = |name| {
            let column = input_column(self.table, name).and_then(|id| self.data.columns.get(&id));
            column.map(Arc::as_ref).ok_or_else(|| fault::missing("column", &format!("{}.{name}", self.table.name)))
        };
        expression.inputs().iter().map(|name| input(name)).collect()
    }

    /// The values of an expression at the selected rows; `None` selects every slot, dead ones included.
    pub(super) fn eval(&self, expression: &Expression, selected: Option<&[u32]>) -> Result<Arc<Chunk>, Fault> {
        let inputs = self.inputs(expression)?;
        let columns: Vec<&Arc<Chunk>> = inputs.iter().map(|column| &column.chunks()[self.chunk]).collect();
        let batch = Batch { columns: &columns, rows: self.data.chunk_len(self.chunk), selected };
        expression.eval_chunk(batch, self.now_micros).map_err(|failed| {
            let row = u32::try_from(failed.row).unwrap_or(u32::MAX);
            fault::valueless(self.table, &self.row_name(row), &failed.error)
        })
    }

    /// The living rows for which the filter is true; `None` where that is every slot of the chunk.
    pub(super) fn select(&self, filter: Option<&Expression>) -> Result<Option<Vec<u32>>, Fault> {
        let alive = (!self.data.is_whole(self.chunk)).then(|| self.data.alive_in(self.chunk));
        let Some(filter) = filter else { return Ok(alive) };
        let truth = self.eval(filter, alive.as_deref())?;
        let is_true = |row: &u32| truth.get(*row as usize) == Value::Boolean(true);
        let rows = alive.unwrap_or_else(|| self.data.alive_in(self.chunk));
        Ok(Some(rows.into_iter().filter(is_true).collect()))
    }

    /// The same, as a list in any case.
    pub(super) fn select_rows(&self, filter: Option<&Expression>) -> Result<Vec<u32>, Fault> {
        Ok(self.select(filter)?.unwrap_or_else(|| self.data.alive_in(self.chunk)))
    }
}
