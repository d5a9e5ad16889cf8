//! Actions done to the in-memory table.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::data::Value;
use crate::engine::memory::column::ColumnData;
use crate::engine::memory::row::default_value;
use crate::engine::memory::table::TableData;
use crate::engine::memory::undo::MemoryUndo;
use crate::engine::memory::{Memory, fault, validate};
use crate::engine::{Applied, Engine, Fault, FaultKind, Watch};
use crate::plan::Action;

impl Engine for Memory {
    type Undo = MemoryUndo;

    fn apply(&mut self, action: &Action, watch: Watch<'_>) -> Result<Applied<MemoryUndo>, Fault> {
        let before = self.state.clone();
        match self.perform(action, watch) {
            Ok(rows) => {
                let undo = MemoryUndo::new(before, self.state.clone(), action);
                Ok(Applied { rows, undo })
            }
            Err(fault) => {
                self.state = before;
                Err(fault)
            }
        }
    }

    fn undo(&mut self, undo: MemoryUndo, _watch: Watch<'_>) -> Result<(), Fault> {
        undo.perform(&mut self.state, &self.facts, self.now_micros)
    }
}

impl Memory {
    fn perform(&mut self, action: &Action, watch: Watch<'_>) -> Result<Option<u64>, Fault> {
        match action {
            Action::Fill { kind, table, column, value, filter, batches } => {
                return self.fill(*kind, table, *column, (value, filter.as_ref()), *batches, watch).map(Some);
            }
            Action::Copy { from, to, columns, filter, batches } => {
                return self.copy(from, to, columns, filter.as_ref(), *batches, watch).map(Some);
            }
            Action::AddColumn { table, column, constraints } => {
                return self.add_column(table, column, constraints, action);
            }
            Action::AddTable(table) => self.add_table(table)?,
            Action::AddConstraint { table, constraint } => self.add_constraint(table, constraint)?,
            Action::DropConstraint { table, name } => self.drop_constraint(table, name)?,
            Action::ValidateConstraint { table, name } => self.validate_constraint(table, name)?,
            Action::AddNotNull { table, column }
            | Action::DropNotNull { table, column }
            | Action::KeepColumn { table, column }
            | Action::SetDefault { table, column, .. } => self.need_column(table, *column)?,
            Action::SetNotNull { table, column } | Action::ValidateNotNull { table, column } => {
                self.need_column(table, *column)?;
                validate::not_null(&*self.table(table)?, self.state.data(table)?, *column)?;
            }
            Action::AddSyncs(syncs) => syncs.iter().for_each(|sync| self.state.pair_by_sync(sync)),
            Action::Verify { table, condition } => {
                validate::verify(&*self.table(table)?, self.state.data(table)?, condition, self.now_micros)?;
            }
            Action::DropColumn { table, column } => self.drop_column(table, *column)?,
            Action::DropTable(table) => self.drop_table(table)?,
            Action::Deploy(app) => self.need_live(app, false)?,
            Action::Retire(app) => self.need_live(app, true)?,
            Action::DropSyncs(_) | Action::Confirm(_) | Action::Wait(_) => {}
        }
        self.state.catalog.apply(action);
        Ok(None)
    }

    fn need_column(&self, table: &Name, column: ColumnId) -> Result<(), Fault> {
        let known = self.table(table)?.column_by_id(column).is_some();
        if known { Ok(()) } else { Err(fault::missing("column", &format!("{table}.?"))) }
    }

    fn need_live(&self, app: &Name, live: bool) -> Result<(), Fault> {
        if self.state.catalog.is_live(app) == live {
            return Ok(());
        }
        let state = if live { "not live" } else { "already live" };
        Err(Fault::new(FaultKind::Missing, format!("application `{app}` is {state}")))
    }

    fn add_column(
        &mut self,
        table: &Name,
        column: &Column,
        constraints: &[Constraint],
        action: &Action,
    ) -> Result<Option<u64>, Fault> {
        let schema = self.table(table)?;
        if schema.column(&column.name).is_some() {
            return Err(present("column", &format!("{table}.{}", column.name)));
        }
        let mask = self.facts.added(column.id, column.default.is_some());
        self.state.catalog.apply(action);
        let schema = self.table(table)?;
        let value = default_value(&schema, column.id, self.now_micros)
            .map_err(|error| fault::valueless(&schema, "default", &error))?;
        let data = self.state.data_mut(table)?;
        let cells = ColumnData::repeat(column.ty, &value, mask, data.slots());
        data.columns.insert(column.id, Arc::new(cells));
        if column.not_null != NotNull::No && value.is_null() {
            validate::not_null(&schema, data, column.id)?;
        }
        let rows = u64::try_from(data.rows()).unwrap_or(u64::MAX);
        self.hold(&schema, constraints)?;
        Ok((!value.is_null()).then_some(rows))
    }

    /// Checks that new constraints are true of all rows, except those that are added without being validated.
    fn hold(&mut self, schema: &Table, constraints: &[Constraint]) -> Result<(), Fault> {
        let later = |constraint: &&Constraint| {
            let validated = matches!(
                constraint.kind,
                ConstraintKind::Check { validated: false, .. } | ConstraintKind::ForeignKey { validated: false, .. }
            );
            !validated
        };
        let now = self.now_micros;
        let held = constraints.iter().filter(later);
        held.into_iter().try_for_each(|constraint| validate::constraint(&mut self.state, schema, constraint, now))
    }

    fn add_table(&mut self, table: &Arc<Table>) -> Result<(), Fault> {
        if self.state.catalog.table(&table.name).is_some() {
            return Err(present("table", &table.name));
        }
        self.state.tables.insert(table.name.clone(), Arc::new(empty_table(table)));
        Ok(())
    }

    fn add_constraint(&mut self, table: &Name, constraint: &Constraint) -> Result<(), Fault> {
        let schema = self.table(table)?;
        if schema.constraint(&constraint.name).is_some() {
            return Err(present(constraint.kind.noun(), &constraint.name));
        }
        self.hold(&schema, std::slice::from_ref(constraint))
    }

    fn drop_constraint(&mut self, table: &Name, name: &Name) -> Result<(), Fault> {
        if self.table(table)?.constraint(name).is_none() {
            return Err(fault::missing("constraint", name));
        }
        self.state.data_mut(table)?.indexes.retain(|key, _| key.partial.as_ref() != Some(name));
        Ok(())
    }

    fn validate_constraint(&mut self, table: &Name, name: &Name) -> Result<(), Fault> {
        let schema = self.table(table)?;
        let constraint = schema.constraint(name).ok_or_else(|| fault::missing("constraint", name))?;
        validate::constraint(&mut self.state, &schema, constraint, self.now_micros)
    }

    fn drop_column(&mut self, table: &Name, column: ColumnId) -> Result<(), Fault> {
        self.need_column(table, column)?;
        let tracked = self.facts.tracked;
        let data = self.state.data_mut(table)?;
        data.forget_indexes_of(column);
        if let Some(values) = data.columns.remove(&column).filter(|_| tracked) {
            data.parked.insert(column, values);
        }
        Ok(())
    }

    fn drop_table(&mut self, table: &Name) -> Result<(), Fault> {
        let schema = self.table(table)?;
        if let Some((child, key)) = self.state.catalog.references_to(table).find(|(child, _)| child.name != *table) {
            let message = format!("`{table}` is still referenced by `{}`, constraint `{}`", child.name, key.name);
            return Err(Fault::new(FaultKind::ForeignKey, message));
        }
        if let Some(data) = self.state.tables.remove(table) {
            self.state.dropped.push((schema, data));
        }
        Ok(())
    }
}

fn present(what: &str, name: &str) -> Fault {
    Fault::new(FaultKind::Missing, format!("{what} `{name}` already exists"))
}

/// The columns of a table without rows.
pub(super) fn empty_table(table: &Table) -> TableData {
    let mut data = TableData::default();
    for column in table.columns() {
        data.columns.insert(column.id, Arc::new(ColumnData::repeat(column.ty, &Value::Null, 0, 0)));
    }
    data
}
