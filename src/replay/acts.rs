//! What applications do: updates, inserts, deletes and reads of the schedule's row, with values that tell who wrote them.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, ConstraintKind, NotNull, Table};
use crate::data::Value;
use crate::engine::Fault;
use crate::plan::{AppUse, ColumnName};
use crate::replay::stage::{Collide, Owner, Stage, Values, hangs_on_values, is_constraint, missing};
use crate::replay::values::{KINDS, new_value};

/// What an application writes to.
#[derive(Clone, Copy)]
pub(super) struct Write<'a> {
    pub(super) app: &'a Name,
    /// The table that a row is inserted into; otherwise the row that is there is updated.
    pub(super) into: Option<&'a Name>,
    pub(super) columns: &'a [ColumnName],
    pub(super) null: &'a [ColumnName],
    /// A constraint should refuse it.
    pub(super) to_be_refused: bool,
    /// It takes the values of the other row where a unique constraint wants them different.
    pub(super) collides: bool,
}

impl Stage {
    /// Does a write with the first values that do: those that are taken, or refused where they should be.
    pub(super) fn write(&mut self, owner: Owner, write: Write<'_>) -> (Values, Result<(), Fault>) {
        self.made += 1;
        let columns = self.columns_written(&write);
        let mut first = None;
        for kinds in attempts(self.manner.kind, columns.len()) {
            let before = self.clone();
            let (values, outcome) = self.attempt(owner, &write, &columns, &kinds);
            let suits = match &outcome {
                Ok(()) => !write.to_be_refused,
                Err(fault) if write.to_be_refused => is_constraint(fault) || self.has_witness(),
                Err(fault) => !hangs_on_values(fault),
            };
            if suits {
                return (values, outcome);
            }
            let after = std::mem::replace(self, before);
            first.get_or_insert((values, outcome, after));
        }
        let Some((values, outcome, after)) = first else { return (Vec::new(), Ok(())) };
        *self = after;
        (values, outcome)
    }

    /// Does the write that is to be refused to the other row before, where the two are to meet by that.
    pub(super) fn write_before(&mut self, write: Write<'_>) {
        if write.to_be_refused && write.collides && self.manner.collide == Some(Collide::SameWrite) {
            // Whether it is taken shows in the end.
            let _ = self.write(Owner::Other, Write { to_be_refused: false, collides: false, ..write });
        }
    }

    /// Writes the values that are there.
    pub(super) fn write_as_is(
        &mut self,
        owner: Owner,
        app: &Name,
        columns: &[ColumnName],
    ) -> (Values, Result<(), Fault>) {
        let there = |column: &ColumnName| Some((column.clone(), self.value(owner, &column.table, &column.column)?));
        let values: Values = columns.iter().filter_map(there).collect();
        let before = self.memory.clone();
        let outcome = self.update(owner, app, &values);
        if outcome.is_err() {
            self.memory = before;
        }
        (values, outcome)
    }

    fn attempt(
        &mut self,
        owner: Owner,
        write: &Write<'_>,
        columns: &[ColumnName],
        kinds: &[usize],
    ) -> (Values, Result<(), Fault>) {
        let before = self.memory.clone();
        let values = match self.values(owner, write, columns, kinds) {
            Ok(values) => values,
            Err(fault) => return (Vec::new(), Err(fault)),
        };
        let outcome = match write.into {
            Some(table) => self.insert(owner, write.app, table, &values),
            None => self.update(owner, write.app, &values),
        };
        if outcome.is_err() {
            self.memory = before;
        }
        self.claim(owner);
        (values, outcome)
    }

    /// The columns that get a value: of an insert also the key, and what nobody else could give.
    fn columns_written(&self, write: &Write<'_>) -> Vec<ColumnName> {
        let mut columns = write.columns.to_vec();
        let Some(table) = write.into else { return columns };
        let mut add = |column: ColumnName| {
            if !columns.contains(&column) {
                columns.push(column);
            }
        };
        let app = self.plan.apps.iter().find(|app| app.name == *write.app);
        let inserts = app.and_then(|app| app.inserts_into(table));
        let given = inserts.into_iter().flat_map(|inserts| &inserts.columns);
        given.filter(|column| self.minds(write.app, column)).cloned().for_each(&mut add);
        if let Ok(schema) = self.table(table) {
            let key = schema.primary_key().unwrap_or_default();
            let given = |column: &&Column| key.contains(&column.id) || self.is_given(table, column);
            let given = schema.columns().filter(given);
            given.for_each(|column| add(ColumnName { table: table.clone(), column: column.name.clone() }));
        }
        columns
    }

    /// Whether an application makes something of a column: it names it, or found it when it started.
    fn minds(&self, app: &Name, column: &ColumnName) -> bool {
        let catalog = self.memory.catalog();
        let spread = self.plan.apps.iter().any(|usage| usage.name == *app && usage.spread.contains(column));
        let found = || catalog.column_found_by(app, &column.table, &column.column).map(|column| column.id);
        !spread || catalog.column(&column.table, &column.column).is_some_and(|column| found() == Some(column.id))
    }

    /// A column that must have a value, and that neither an application nor a statement speaks of.
    fn is_given(&self, table: &Name, column: &Column) -> bool {
        let name = ColumnName { table: table.clone(), column: column.name.clone() };
        let written = |app: &AppUse| app.writes.contains(&name);
        column.not_null != NotNull::No
            && column.default.is_none()
            && !self.known.is_touched(column.id)
            && !self.plan.apps.iter().any(written)
    }

    /// A value for each column. What is made from others that are written gets the value that it is made into.
    fn values(
        &mut self,
        owner: Owner,
        write: &Write<'_>,
        columns: &[ColumnName],
        kinds: &[usize],
    ) -> Result<Values, Fault> {
        let mut values: Values = Vec::new();
        for (column, kind) in columns.iter().zip(kinds) {
            let brought = self.brought(owner, &column.table, &column.column).cloned();
            let value = match brought.or_else(|| self.derived(owner, column, &values)) {
                _ if write.null.contains(column) => Value::Null,
                Some(value) => value,
                None => self.made_up(owner, write, column, *kind)?,
            };
            values.push((column.clone(), value));
        }
        Ok(values)
    }

    /// The value of a column that is made from others in this write.
    fn derived(&self, owner: Owner, column: &ColumnName, values: &Values) -> Option<Value> {
        let of_column = self.known.derivations.iter().filter(|derivation| derivation.target == *column);
        let current = self.value(owner, &column.table, &column.column);
        of_column.into_iter().find_map(|derivation| {
            let input = |name: &Name| {
                let source = ColumnName { table: derivation.source.clone(), column: name.clone() };
                values.iter().find(|(written, _)| *written == source).map(|(_, value)| value.clone())
            };
            let inputs: Vec<Value> = derivation.value.inputs().iter().map(input).collect::<Option<_>>()?;
            let value = derivation.value.eval(&inputs, self.memory.now_micros()).ok()?;
            let ty = self.memory.catalog().column(&column.table, &column.column)?.ty;
            let value = value.fitted(ty).ok().filter(|value| value.ty().is_some_and(|of| of.same_storage(ty)))?;
            (!inputs.is_empty() && Some(&value) != current.as_ref()).then_some(value)
        })
    }

    fn made_up(&mut self, owner: Owner, write: &Write<'_>, name: &ColumnName, kind: usize) -> Result<Value, Fault> {
        let catalog = self.memory.catalog();
        let (Some(schema), Some(column)) =
            (catalog.table(&name.table).cloned(), catalog.column(&name.table, &name.column).cloned())
        else {
            return Ok(Value::Null);
        };
        let colliding = write.collides.then(|| self.colliding(owner, name, column.id)).flatten();
        if let Some(value) = colliding {
            return Ok(value);
        }
        let is_new = write.into.is_some();
        if !is_new && self.known.class(column.id).is_some() {
            return self.other_key(owner, write, &schema, &column, kind);
        }
        let is_left_dangling = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey { table, .. } => write.to_be_refused && self.missing.as_ref() == Some(table),
            _ => false,
        };
        let keys = || schema.foreign_keys().filter(|key| key.kind.columns() == [column.id]);
        let (refers, dangles) = (keys().next().is_some(), keys().any(|key| is_left_dangling(&key.kind)));
        if (is_new || refers)
            && !dangles
            && let Some(key) = self.key(owner, &schema, &column)?
        {
            return Ok(key);
        }
        let who = &**write.app;
        let current = self.value(owner, &name.table, &name.column).unwrap_or(Value::Null);
        Ok(new_value(&column, who, self.made, kind, self.known.hints(column.id), &current))
    }

    /// Another key for a row that belongs to rows of other tables: it leaves them.
    fn other_key(
        &mut self,
        owner: Owner,
        write: &Write<'_>,
        schema: &Table,
        column: &Column,
        kind: usize,
    ) -> Result<Value, Fault> {
        let reference = schema.foreign_keys().find_map(|key| match &key.kind {
            ConstraintKind::ForeignKey { column: own, table, referenced, .. } if *own == column.id => {
                Some((table.clone(), *referenced))
            }
            _ => None,
        });
        if let Some((parent, referenced)) = reference {
            let name: Name = self.memory.catalog().column_name(&parent, referenced).into();
            return self.beside(&parent, &name, None);
        }
        let current = self.value(owner, &schema.name, &column.name).unwrap_or(Value::Null);
        Ok(new_value(column, write.app, self.made, kind, self.known.hints(column.id), &current))
    }

    /// The value of the other row, where the two are to meet.
    fn colliding(&self, owner: Owner, name: &ColumnName, column: ColumnId) -> Option<Value> {
        if !self.known.is_ever_unique(column) {
            return None;
        }
        let schema = self.memory.catalog().table(&name.table)?;
        if schema.primary_key().is_some_and(|key| key.contains(&column)) {
            return None;
        }
        let other = if owner == Owner::Row { Owner::Other } else { Owner::Row };
        self.value(other, &name.table, &name.column).filter(|value| !value.is_null())
    }

    fn insert(&mut self, owner: Owner, app: &Name, table: &Name, values: &Values) -> Result<(), Fault> {
        if let Some(number) = self.row_of(owner, table) {
            return Err(missing(format!("the row is already in `{table}`, as number {}", number + 1)));
        }
        let usage = self.plan.apps.iter().find(|usage| usage.name == *app);
        let schema = self.table(table)?;
        let declared = |column: &ColumnName| {
            let key = schema.primary_key().unwrap_or_default();
            let id = schema.column(&column.column).map(|column| column.id);
            let inserts = usage.and_then(|usage| usage.inserts_into(table));
            inserts.is_some_and(|inserts| inserts.columns.contains(column)) || id.is_some_and(|id| key.contains(&id))
        };
        let as_itself = values.iter().all(|(column, _)| declared(column));
        let names: Vec<Name> = values.iter().map(|(column, _)| column.column.clone()).collect();
        let row: Vec<Value> = values.iter().map(|(_, value)| value.clone()).collect();
        self.memory.insert(as_itself.then_some(app), table, &names, &[row]).map(|_| ())
    }

    fn update(&mut self, owner: Owner, app: &Name, values: &Values) -> Result<(), Fault> {
        let mut tables: Vec<&Name> = values.iter().map(|(column, _)| &column.table).collect();
        tables.dedup();
        for table in tables {
            let own = values.iter().filter(|(column, _)| column.table == *table);
            let own: Vec<(Name, Value)> = own.map(|(column, value)| (column.column.clone(), value.clone())).collect();
            let schema = self.table(table)?;
            let row = self.row_of(owner, table).ok_or_else(|| missing(format!("the row is not in `{table}`")))?;
            let is_key = |(name, value): &(Name, Value)| {
                let id = schema.column(name).map(|column| column.id);
                id.is_some_and(|id| self.known.class(id).is_some())
                    && self.memory.value(table, row, name).as_ref() != Some(value)
            };
            let moves = own.iter().any(is_key);
            self.memory.update_row(Some(app), table, row, &own)?;
            if moves {
                self.give_away(table, row);
            }
        }
        Ok(())
    }

    /// Deletes the row of a table.
    pub(super) fn delete(&mut self, owner: Owner, app: &Name, table: &Name) -> Result<(), Fault> {
        self.table(table)?;
        let row = self.row_of(owner, table).ok_or_else(|| missing(format!("the row is not in `{table}`")))?;
        let only = self.only(table, row)?;
        self.memory.delete(Some(app), table, only.as_ref()).map(|_| ())
    }

    /// What an application reads in a column.
    pub(super) fn read(&self, owner: Owner, app: &Name, column: &ColumnName) -> Result<Value, Fault> {
        let (table, name) = (&column.table, std::slice::from_ref(&column.column));
        let selected = self.memory.select(Some(app), table, Some(name), None, usize::MAX)?;
        let number = self.row_of(owner, table);
        let row = selected.rows.iter().find(|row| Some(row.number) == number);
        let cell = row.and_then(|row| row.cells.first());
        cell.map(|cell| cell.value.clone()).ok_or_else(|| missing(format!("the row is not in `{table}`")))
    }
}

/// Which kind of value each column gets, attempt by attempt: first all of one kind, then one of another.
fn attempts(first: usize, columns: usize) -> impl Iterator<Item = Vec<usize>> {
    let together = (0..KINDS).map(move |kind| vec![first + kind; columns]);
    let apart = (0..columns.min(8)).flat_map(move |at| {
        (1..KINDS).map(move |kind| (0..columns).map(|other| first + if other == at { kind } else { 0 }).collect())
    });
    together.chain(apart.filter(move |_| columns > 1))
}
