//! Many rows at once, before a plan starts: constraints are held once for all of them.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::data::{CHUNK_ROWS, Chunk};
use crate::engine::memory::mask::MaskChunk;
use crate::engine::memory::row::default_value;
use crate::engine::memory::table::TableData;
use crate::engine::memory::{Memory, enforce, fault, validate};
use crate::engine::{Fault, FaultKind};

/// Rows to load: a chunk for each column given, all of one length.
pub type Columns = Vec<Chunk>;

impl Memory {
    /// Appends rows, all or none; gives how many. Columns not given take their defaults, and everything counts as
    /// fresh. All constraints are held but foreign keys, whose rows may come later: see [`Self::hold_references`].
    ///
    /// # Errors
    /// A table or column that is not there, rows that break a constraint, or what `parts` itself says.
    pub fn load(
        &mut self,
        table: &Name,
        columns: &[Name],
        parts: &mut dyn Iterator<Item = Result<Columns, Fault>>,
    ) -> Result<u64, Fault> {
        let before = self.state.clone();
        let loaded = self.append(table, columns, parts).and_then(|rows| self.hold_loaded(table).map(|()| rows));
        if loaded.is_err() {
            self.state = before;
        }
        loaded
    }

    fn append(
        &mut self,
        table: &Name,
        columns: &[Name],
        parts: &mut dyn Iterator<Item = Result<Columns, Fault>>,
    ) -> Result<u64, Fault> {
        let schema = self.table(table)?;
        let ids = columns.iter().map(|name| super::dml::column_id(&schema, name)).collect::<Result<Vec<_>, _>>()?;
        let now = self.now_micros;
        let data = self.state.data_mut(table)?;
        data.indexes.clear();
        let mut rows = 0;
        for part in parts {
            rows += append_part(&schema, data, &ids, part?, now)?;
        }
        Ok(rows)
    }

    fn hold_loaded(&mut self, table: &Name) -> Result<(), Fault> {
        let schema = self.table(table)?;
        let data = self.state.data(table)?;
        for column in enforce::not_null_columns(&schema) {
            validate::not_null(&schema, data, column)?;
        }
        let foreign = |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey { .. });
        let own = schema.constraints().filter(|constraint| !foreign(&constraint.kind));
        own.into_iter()
            .try_for_each(|constraint| validate::constraint(&mut self.state, &schema, constraint, self.now_micros))
    }

    /// Holds all foreign keys of all tables, when everything is loaded.
    ///
    /// # Errors
    /// The first row that refers to nothing.
    pub fn hold_references(&mut self) -> Result<(), Fault> {
        let tables: Vec<Arc<Table>> = self.state.catalog.tables().cloned().collect();
        for table in &tables {
            for key in table.foreign_keys() {
                validate::constraint(&mut self.state, table, key, self.now_micros)?;
            }
        }
        Ok(())
    }
}

fn append_part(schema: &Table, data: &mut TableData, ids: &[ColumnId], part: Columns, now: i64) -> Result<u64, Fault> {
    let rows = part.first().map_or(0, Chunk::len);
    if part.len() != ids.len() || part.iter().any(|chunk| chunk.len() != rows) {
        return Err(Fault::new(FaultKind::Value, "columns of different lengths"));
    }
    let fits = data.slots().is_multiple_of(CHUNK_ROWS) && rows <= CHUNK_ROWS;
    let mut given: Vec<Option<Chunk>> = part.into_iter().map(Some).collect();
    for column in schema.columns() {
        let Some(values) = data.columns.get_mut(&column.id).map(Arc::make_mut) else { continue };
        let chunk = ids.iter().position(|id| *id == column.id).and_then(|at| given[at].take());
        match chunk {
            Some(chunk) if fits && rows > 0 => values.push_chunk(Arc::new(chunk), Arc::new(MaskChunk::Same(0))),
            Some(chunk) => (0..rows).for_each(|row| values.push(&chunk.get(row), 0)),
            None => {
                let value = default_value(schema, column.id, now)
                    .map_err(|error| fault::valueless(schema, "default", &error))?;
                let end = values.rows() + rows;
                values.extend_to(end, &value, 0);
            }
        }
    }
    data.grew(rows);
    Ok(u64::try_from(rows).unwrap_or(u64::MAX))
}
