//! Writes of applications: insert, update, delete.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, Table};
use crate::data::Value;
use crate::engine::memory::row::RowImage;
use crate::engine::memory::row_write::new_row;
use crate::engine::memory::scan::ChunkScan;
use crate::engine::memory::write::Statement;
use crate::engine::memory::write_scope::Written;
use crate::engine::memory::{Memory, fault, view};
use crate::engine::{Fault, FaultKind};
use crate::expr::Expression;
use crate::plan::AppUse;

/// Columns, each with the other parts of the whole that it is a part of.
type Parts = Vec<(ColumnId, Vec<ColumnId>)>;

impl Memory {
    /// Inserts rows, all or none; gives how many. Each row has a value of the column's type, or null, for each of
    /// `columns`; other columns take their defaults and syncs fire. As an application it counts as a write of all the
    /// columns that the application inserts; it may give the primary key of a new row without declaring that.
    ///
    /// # Errors
    /// A table or column that is not there, an application that is not live or does not write a column, a constraint.
    pub fn insert(
        &mut self,
        as_app: Option<&Name>,
        table: &Name,
        columns: &[Name],
        rows: &[Vec<Value>],
    ) -> Result<usize, Fault> {
        let schema = self.table(table)?;
        let names = columns;
        let ids = names.iter().map(|name| column_id(&schema, name)).collect::<Result<Vec<_>, _>>()?;
        let mut columns = Written { given: ids.clone(), ..Written::default() };
        if let Some(app) = as_app {
            let key = schema.primary_key().unwrap_or_default();
            let declared = ids.iter().zip(names).filter(|(id, _)| !key.contains(id));
            let declared: Vec<Name> = declared.map(|(_, name)| name.clone()).collect();
            let (app, given) = self.inserting_app(app, table, &declared)?;
            for column in given {
                let Some(id) = view::found_column(&self.state.catalog, &schema, app, column)? else { continue };
                if !ids.contains(&id) && !columns.declared.contains(&id) {
                    columns.declared.push(id);
                }
            }
            columns.parts = self.parts(app, &schema);
        }
        let mut statement = Statement::new(&self.state, &self.facts, table, columns)?;
        let outcome =
            rows.iter().try_for_each(|row| self.insert_row(&mut statement, &schema, &ids, row)).map(|()| rows.len());
        self.end(statement, outcome)
    }

    fn insert_row(
        &mut self,
        statement: &mut Statement,
        schema: &Table,
        ids: &[ColumnId],
        row: &[Value],
    ) -> Result<(), Fault> {
        if row.len() != ids.len() {
            let message = format!("{} values for {} columns of `{}`", row.len(), ids.len(), schema.name);
            return Err(Fault::new(FaultKind::Value, message));
        }
        let mut image = new_row(schema, &self.state.catalog, &self.facts, statement.written(), self.now_micros)?;
        for (id, value) in ids.iter().zip(row) {
            image.set(*id, value.clone());
        }
        statement.write(&mut self.state, &self.facts, image, self.now_micros)
    }

    /// Updates the rows for which `filter` is true (all without it), all or none; gives how many. The expressions were
    /// resolved against the table, with the column's type as their target.
    ///
    /// # Errors
    /// As for [`Self::insert`], and an expression that has no value at a row.
    pub fn update(
        &mut self,
        as_app: Option<&Name>,
        table: &Name,
        assignments: &[(Name, Expression)],
        filter: Option<&Expression>,
    ) -> Result<usize, Fault> {
        let schema = self.table(table)?;
        let names: Vec<Name> = assignments.iter().map(|(name, _)| name.clone()).collect();
        let parts = self.parts_written(as_app, &schema, &names)?;
        let data = Arc::clone(self.state.data(table)?);
        let mut rows = Vec::new();
        for scan in ChunkScan::all(&schema, &data, self.now_micros) {
            let selected = scan.select_rows(filter)?;
            if selected.is_empty() {
                continue;
            }
            let values = assignments.iter().map(|(_, value)| scan.eval(value, Some(&selected)));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            let new = |row: u32| values.iter().map(|chunk| chunk.get(row as usize)).collect::<Vec<_>>();
            rows.extend(selected.iter().map(|row| (scan.slot(*row), new(*row))));
        }
        drop(data);
        self.update_rows(table, &names, parts, rows)
    }

    /// Looks whether an application may write these columns, and gives the parts of wholes among its own: its write of a
    /// last name is one of the first name as well, which stays as it is.
    fn parts_written(&self, as_app: Option<&Name>, schema: &Table, names: &[Name]) -> Result<Parts, Fault> {
        let Some(app) = as_app else { return Ok(Vec::new()) };
        Ok(self.parts(self.updating_app(app, &schema.name, names)?, schema))
    }

    fn parts(&self, app: &AppUse, schema: &Table) -> Parts {
        let own = app.updates.iter().filter(|column| column.table == schema.name);
        let own: Vec<ColumnId> = own.filter_map(|column| Some(schema.column(&column.column)?.id)).collect();
        let others = |one: &ColumnId| -> Vec<ColumnId> {
            own.iter().copied().filter(|other| other != one && self.facts.facts.are_parts(*one, *other)).collect()
        };
        own.iter().map(|column| (*column, others(column))).filter(|(_, others)| !others.is_empty()).collect()
    }

    fn update_rows(
        &mut self,
        table: &Name,
        names: &[Name],
        parts: Parts,
        rows: Vec<(usize, Vec<Value>)>,
    ) -> Result<usize, Fault> {
        let schema = self.table(table)?;
        let ids = names.iter().map(|name| column_id(&schema, name)).collect::<Result<Vec<_>, _>>()?;
        let written = Written { given: ids.clone(), parts, ..Written::default() };
        let mut statement = Statement::new(&self.state, &self.facts, table, written)?;
        let count = rows.len();
        let outcome = rows.into_iter().try_for_each(|(slot, values)| {
            let mut image = RowImage::of(slot);
            ids.iter().zip(values).for_each(|(id, value)| image.set(*id, value));
            statement.write(&mut self.state, &self.facts, image, self.now_micros)
        });
        self.end(statement, outcome.map(|()| count))
    }

    /// Updates one row, known by its number (as [`Self::find`] gives it), without looking at the others.
    ///
    /// # Errors
    /// As for [`Self::update`], and [`FaultKind::Missing`] where no row has this number.
    pub fn update_row(
        &mut self,
        as_app: Option<&Name>,
        table: &Name,
        row: usize,
        values: &[(Name, Value)],
    ) -> Result<(), Fault> {
        let names: Vec<Name> = values.iter().map(|(name, _)| name.clone()).collect();
        let parts = self.parts_written(as_app, &*self.table(table)?, &names)?;
        if !self.state.data(table)?.is_alive(row) {
            return Err(Fault::new(FaultKind::Missing, format!("`{table}` has no row number {}", row + 1)));
        }
        let values = values.iter().map(|(_, value)| value.clone()).collect();
        self.update_rows(table, &names, parts, vec![(row, values)]).map(|_| ())
    }

    /// Deletes the rows for which `filter` is true (all without it), all or none; gives how many.
    ///
    /// # Errors
    /// A table that is not there, an application that is not live or does not delete from it, a row still referred to.
    pub fn delete(&mut self, as_app: Option<&Name>, table: &Name, filter: Option<&Expression>) -> Result<usize, Fault> {
        let schema = self.table(table)?;
        if let Some(app) = as_app {
            self.deleting_app(app, table)?;
        }
        let data = Arc::clone(self.state.data(table)?);
        let mut slots = Vec::new();
        for scan in ChunkScan::all(&schema, &data, self.now_micros) {
            slots.extend(scan.select_rows(filter)?.into_iter().map(|row| scan.slot(row)));
        }
        drop(data);
        let mut statement = Statement::new(&self.state, &self.facts, table, Written::default())?;
        let now = self.now_micros;
        let outcome =
            slots.iter().try_for_each(|slot| statement.delete(&mut self.state, &self.facts, table, *slot, now));
        self.end(statement, outcome.map(|()| slots.len()))
    }

    /// The number of the first row whose column has this value.
    ///
    /// # Errors
    /// A table or column that is not there.
    pub fn find(&mut self, table: &Name, column: &Name, value: &Value) -> Result<Option<usize>, Fault> {
        let id = column_id(&*self.table(table)?, column)?;
        Ok(self.state.data_mut(table)?.find(&[id], std::slice::from_ref(value)))
    }

    fn end(&mut self, statement: Statement, outcome: Result<usize, Fault>) -> Result<usize, Fault> {
        let outcome = statement.finish(&mut self.state, outcome, self.now_micros)?;
        self.written();
        Ok(outcome)
    }
}

pub(super) fn column_id(table: &Table, name: &str) -> Result<ColumnId, Fault> {
    table
        .column(name)
        .map(|column| column.id)
        .ok_or_else(|| fault::missing("column", &format!("{}.{name}", table.name)))
}
