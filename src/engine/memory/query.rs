//! Reading rows, with what an application should know of their freshness.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{ColumnId, Table};
use crate::data::Value;
use crate::engine::Fault;
use crate::engine::memory::dml::column_id;
use crate::engine::memory::mask::CellState;
use crate::engine::memory::scan::ChunkScan;
use crate::engine::memory::{Memory, view};
use crate::expr::Expression;
use crate::plan::ColumnName;

/// One value read.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The value.
    pub value: Value,
    /// Whether it is the newest.
    pub state: CellState,
}

/// One row read.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number, which it keeps as long as it lives.
    pub number: usize,
    /// A cell for each column asked for.
    pub cells: Vec<Cell>,
}

/// What a `select` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// The names of the columns.
    pub columns: Vec<Name>,
    /// The rows, in the order in which they were inserted.
    pub rows: Vec<Row>,
    /// How many rows there are, of which `rows` may only be the first.
    pub total: usize,
}

impl Memory {
    /// The rows for which `filter` is true (all without it), at most `limit` of them. Without `columns` an application
    /// reads those that it declares to read, and anyone else all of them.
    ///
    /// # Errors
    /// A table or column that is not there, an application that is not live, a filter without a value.
    pub fn select(
        &self,
        as_app: Option<&Name>,
        table: &Name,
        columns: Option<&[Name]>,
        filter: Option<&Expression>,
        limit: usize,
    ) -> Result<Selected, Fault> {
        let schema = self.table(table)?;
        let ids = self.selected_columns(as_app, &schema, columns)?;
        let data = self.state.data(table)?;
        let (mut rows, mut total) = (Vec::new(), 0);
        for scan in ChunkScan::all(&schema, data, self.now_micros) {
            let selected = scan.select_rows(filter)?;
            total += selected.len();
            for row in selected.into_iter().take(limit.saturating_sub(rows.len())) {
                let number = scan.slot(row);
                let cell =
                    |id: &ColumnId| Cell { value: data.value(number, *id), state: data.mask(number, *id).into() };
                rows.push(Row { number, cells: ids.iter().map(cell).collect() });
            }
        }
        let name =
            |id: &ColumnId| schema.column_by_id(*id).map_or_else(|| Arc::from("?"), |column| column.name.clone());
        Ok(Selected { columns: ids.iter().map(name).collect(), rows, total })
    }

    fn selected_columns(
        &self,
        as_app: Option<&Name>,
        schema: &Table,
        columns: Option<&[Name]>,
    ) -> Result<Vec<ColumnId>, Fault> {
        let Some(app) = as_app else {
            return match columns {
                Some(names) => names.iter().map(|name| column_id(schema, name)).collect(),
                None => Ok(schema.columns().map(|column| column.id).collect()),
            };
        };
        let app = self.live_app(app)?;
        if let Some(names) = columns {
            return names.iter().map(|name| view::read_column(schema, app, name)).collect();
        }
        let is_there = |column: &&ColumnName| schema.column(&column.column).is_some();
        let own = app.reads.iter().filter(|column| column.table == schema.name);
        let own = own.filter(|column| !app.spread.contains(column) || is_there(column));
        own.map(|column| view::used_column(schema, app, column)).collect()
    }

    /// The freshness of a cell; `None` where there is no such cell.
    #[must_use]
    pub fn cell_state(&self, table: &str, row: usize, column: &str) -> Option<CellState> {
        let id = self.state.catalog.column(table, column)?.id;
        let data = self.state.tables.get(table)?;
        data.is_alive(row).then(|| data.mask(row, id).into())
    }

    /// The value of a cell; `None` where there is no such cell.
    #[must_use]
    pub fn value(&self, table: &str, row: usize, column: &str) -> Option<Value> {
        let id = self.state.catalog.column(table, column)?.id;
        let data = self.state.tables.get(table)?;
        data.is_alive(row).then(|| data.value(row, id))
    }

    /// The values of a column in all rows, in the order in which they were inserted; none if it is not there.
    #[must_use]
    pub fn column_values(&self, table: &str, column: ColumnId) -> Vec<Value> {
        let data = self.state.tables.get(table).filter(|data| data.columns.contains_key(&column));
        data.map_or_else(Vec::new, |data| data.alive().map(|slot| data.value(slot, column)).collect())
    }
}
