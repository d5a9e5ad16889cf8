//! `copy`: a row of one table for each row of another, or what is null in the one that is there. No sync fires.

use std::sync::Arc;

use crate::ast::{Batches, Name};
use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::data::Chunk;
use crate::engine::memory::enforce::{self, Unique};
use crate::engine::memory::fill::BatchProgress;
use crate::engine::memory::freshness::Source;
use crate::engine::memory::row::{RowImage, input_column, input_columns};
use crate::engine::memory::row_write::new_partner;
use crate::engine::memory::scan::ChunkScan;
use crate::engine::memory::state::Pairing;
use crate::engine::memory::write_log::WriteLog;
use crate::engine::memory::{Memory, fault};
use crate::engine::{Fault, Watch};
use crate::expr::Expression;

impl Memory {
    /// Copies rows; gives how many it inserted or filled.
    pub(super) fn copy(
        &mut self,
        from: &Name,
        to: &Name,
        columns: &[(ColumnId, Expression)],
        filter: Option<&Expression>,
        batches: Batches,
        watch: Watch<'_>,
    ) -> Result<u64, Fault> {
        let (source, target) = (self.table(from)?, self.table(to)?);
        self.pair_by_copy(&source, &target, columns);
        for column in self.state.data_mut(to)?.columns.values_mut() {
            Arc::make_mut(column).forget_touched();
        }
        let data = Arc::clone(self.state.data(from)?);
        let mut progress = BatchProgress::new(batches, data.rows(), watch);
        let mut treated = 0;
        let given: Vec<ColumnId> = columns.iter().map(|(column, _)| *column).collect();
        for scan in ChunkScan::all(&source, &data, self.now_micros) {
            let rows = scan.select_rows(filter)?;
            let values = columns.iter().map(|(_, value)| scan.eval(value, Some(&rows)));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            for row in &rows {
                let image = self.copied(&target, columns, &values, scan, *row)?;
                treated += u64::from(self.put_copy(&target, &image, &given)?);
            }
            progress.advance(data.alive_in(scan.chunk).len())?;
        }
        Ok(treated)
    }

    /// The row of the target table that comes from one of the source.
    fn copied(
        &self,
        target: &Table,
        columns: &[(ColumnId, Expression)],
        values: &[Arc<Chunk>],
        scan: ChunkScan<'_>,
        row: u32,
    ) -> Result<RowImage, Fault> {
        let mut image = new_partner(target, &self.state.catalog, &self.facts, self.now_micros)?;
        for ((column, value), chunk) in columns.iter().zip(values) {
            let given = chunk.get(row as usize);
            let is_value = !given.is_null();
            image.set(*column, given);
            let sources = input_columns(scan.table, value);
            let slot = scan.slot(row);
            let sources = sources.iter().map(|source| Source {
                column: *source,
                mask: scan.data.mask(slot, *source),
                is_null: scan.data.value(slot, *source).is_null(),
            });
            image.set_mask(*column, self.facts.derived(*column, (is_value, value.may_be_absent()), sources));
        }
        Ok(image)
    }

    /// Inserts a row, or fills the `given` columns where they are null in the one that is there; tells whether it did
    /// either.
    fn put_copy(&mut self, target: &Arc<Table>, image: &RowImage, given: &[ColumnId]) -> Result<bool, Fault> {
        let now = self.now_micros;
        let data = self.state.data_mut(&target.name)?;
        for rule in identities(target, image) {
            if rule.is_taken(target, data, image, now)? {
                let there = data.find(rule.columns, &image.key(data, rule.columns));
                return there.map_or(Ok(false), |slot| self.complete(target, image, given, slot));
            }
        }
        enforce::row(target, data, image, now)?;
        for constraint in target.foreign_keys() {
            let ConstraintKind::ForeignKey { column, table: parent, referenced, .. } = &constraint.kind else {
                continue;
            };
            let value = image.value(self.state.data(&target.name)?, *column);
            let parent_data = self.state.data_mut(parent)?;
            if !value.is_null() && parent_data.find(&[*referenced], std::slice::from_ref(&value)).is_none() {
                let row = enforce::row_name(target, self.state.data(&target.name)?, image);
                return Err(fault::dangling(target, &constraint.name, (*column, &value), parent, &row));
            }
        }
        let data = self.state.data_mut(&target.name)?;
        let cells: Vec<_> =
            image.values.iter().map(|(id, value)| (*id, value.clone(), image.mask(data, *id))).collect();
        let slot = data.push(&cells);
        enforce::reindex(target, data, slot, None, true, now);
        Ok(true)
    }

    /// Fills what is null in a row that is there.
    fn complete(
        &mut self,
        target: &Arc<Table>,
        image: &RowImage,
        given: &[ColumnId],
        slot: usize,
    ) -> Result<bool, Fault> {
        let data = self.state.data_mut(&target.name)?;
        let mut completed = RowImage::of(slot);
        for column in given.iter().filter(|column| data.value(slot, **column).is_null()) {
            completed.set(*column, image.value(data, *column));
            completed.set_mask(*column, image.mask(data, *column));
        }
        let fills = completed.values.iter().any(|(_, value)| !value.is_null());
        if fills {
            enforce::row(target, data, &completed, self.now_micros)?;
        }
        WriteLog::default().store(&mut self.state, &target.name, &completed, self.now_micros);
        Ok(fills)
    }

    /// Remembers which rows belong together, where a unique column is copied to a unique column.
    fn pair_by_copy(&mut self, from: &Table, to: &Table, columns: &[(ColumnId, Expression)]) {
        for (column, value) in columns {
            let Some(source) = value.as_plain_column().and_then(|name| input_column(from, name)) else { continue };
            if to.is_unique(*column) && from.is_unique(source) {
                let tables = [from.name.clone(), to.name.clone()];
                self.state.pair(Pairing { tables, keys: [source, *column] });
            }
        }
    }
}

/// The keys that tell whether a row was copied before: the primary key where the copy gives one, else all that are unique.
fn identities<'t>(target: &'t Table, image: &RowImage) -> Vec<Unique<'t>> {
    let given = |columns: &[ColumnId]| {
        columns.iter().all(|id| image.values.iter().any(|(set, value)| set == id && !value.is_null()))
    };
    let key = target.primary_key().filter(|key| given(key));
    Unique::all(target).filter(|rule| key.is_none_or(|key| rule.columns == key && rule.filter.is_none())).collect()
}
