//! The rows before the first event.

use crate::ast::Name;
use crate::catalog::{Column, NotNull, Table};
use crate::data::{Chunk, Value};
use crate::engine::Fault;
use crate::engine::memory::Memory;
use crate::plan::ColumnName;
use crate::prove::{CellView, Content, EventKind, RowView, Schedule};
use crate::replay::stage::{Collide, Owner, Stage};
use crate::replay::values::new_value;
use crate::rows::{GenerateSpec, generate};

/// How many rows of the script are looked at for one that fits.
const MOST_LOOKED_AT: usize = 1_000;
/// How many tables one row may need others in, one referring to the next.
const DEEPEST: usize = 8;

impl Stage {
    /// Puts the row of a view into the tables; `script` holds the rows that a script gives, to take one from.
    pub(super) fn set_out(&mut self, owner: Owner, schedule: &Schedule, script: Option<&Memory>) -> Result<(), Fault> {
        let view = &schedule.start;
        for table in self.parents_first(self.started(schedule)) {
            let taken = script.filter(|_| self.manner.own_rows && owner == Owner::Row);
            let taken = taken.and_then(|script| self.fitting_row(script, &table, view));
            self.set_row(owner, &table, view, taken, script)?;
        }
        Ok(())
    }

    /// The tables that have the row from the start: it is in the first view, or is there later without having come. (A
    /// view speaks of linked columns only, and none of them may be there yet.)
    fn started(&self, schedule: &Schedule) -> Vec<Name> {
        let (mut started, mut come): (Vec<Name>, Vec<Name>) = (Vec::new(), Vec::new());
        let mut note = |table: &Name, come: &[Name]| {
            let is_there = self.memory.catalog().table(table).is_some();
            if is_there && !come.contains(table) && !started.contains(table) {
                started.push(table.clone());
            }
        };
        schedule.start.cells.iter().for_each(|cell| note(&cell.column.table, &come));
        for event in schedule.events.iter().filter(|event| !event.other_row) {
            match &event.kind {
                EventKind::Insert { table, .. } => come.push(table.clone()),
                EventKind::Write { columns, .. } => columns.iter().for_each(|column| note(&column.table, &come)),
                EventKind::Read { column, .. } => note(&column.table, &come),
                EventKind::Delete { table, .. } => note(table, &come),
                EventKind::Step(_) => event.row.cells.iter().for_each(|cell| note(&cell.column.table, &come)),
                EventKind::Visit { step, .. } => {
                    let over = self.plan.steps.get(*step).and_then(|step| step.action.over());
                    over.into_iter().for_each(|table| note(table, &come));
                }
                EventKind::Undo(_) => {}
            }
            come.extend(event.row.cells.iter().map(|cell| cell.column.table.clone()));
        }
        started
    }

    /// Tables in an order in which those referred to come before those that refer.
    fn parents_first(&self, mut tables: Vec<Name>) -> Vec<Name> {
        let catalog = self.memory.catalog();
        let will_refer = |from: &Name, to: &Name| {
            let columns = catalog.table(from).into_iter().flat_map(|table| table.columns());
            columns.flat_map(|column| self.known.referred(column.id)).any(|name| name.table == *to)
        };
        let refers = |from: &Name, to: &Name| {
            catalog.references_to(to).any(|(child, _)| child.name == *from) || will_refer(from, to)
        };
        let mut ordered: Vec<Name> = Vec::new();
        while !tables.is_empty() {
            let free = |table: &Name| !tables.iter().any(|other| other != table && refers(table, other));
            let next = tables.iter().position(free).unwrap_or(0);
            ordered.push(tables.remove(next));
        }
        ordered
    }

    /// A row of the script that is null where the view says so, and nowhere else.
    fn fitting_row(&self, script: &Memory, table: &Name, view: &RowView) -> Option<Vec<Value>> {
        let selected = script.select(None, table, None, None, MOST_LOOKED_AT).ok()?;
        let fits = |row: &&crate::engine::memory::Row| {
            selected.columns.iter().zip(&row.cells).all(|(name, cell)| match content(view, table, name) {
                None => true,
                Some(content) => cell.value.is_null() == (content != Content::Value),
            })
        };
        let is_witness = |row: &&&crate::engine::memory::Row| {
            selected
                .columns
                .iter()
                .zip(&row.cells)
                .all(|(name, cell)| self.brought(Owner::Row, table, name).is_none_or(|value| *value == cell.value))
        };
        let fitting: Vec<_> = selected.rows.iter().filter(fits).collect();
        let witnesses = fitting.iter().find(is_witness).filter(|_| self.has_witness());
        let row = witnesses.or_else(|| fitting.get(self.manner.kind % fitting.len().max(1)))?;
        Some(row.cells.iter().map(|cell| cell.value.clone()).collect())
    }

    fn set_row(
        &mut self,
        owner: Owner,
        table: &Name,
        view: &RowView,
        taken: Option<Vec<Value>>,
        script: Option<&Memory>,
    ) -> Result<(), Fault> {
        let schema = self.table(table)?;
        let mut keys: Vec<Option<Value>> = Vec::new();
        for (at, column) in schema.columns().enumerate() {
            let is_null = content(view, table, &column.name).is_some_and(|content| content != Content::Value);
            let wanted = taken.as_ref().and_then(|values| values.get(at));
            keys.push(if is_null {
                Some(Value::Null)
            } else {
                self.start_key(owner, &schema, column, wanted, script)?
            });
        }
        let base = match taken {
            Some(values) => values,
            None => self.generated(table)?,
        };
        let mut row: Vec<Value> = base.into_iter().zip(keys).map(|(base, key)| key.unwrap_or(base)).collect();
        for (column, value) in schema.columns().zip(&mut row) {
            self.suit(owner, &schema, column, view, value);
            if let Some(brought) = self.brought(owner, table, &column.name) {
                *value = brought.clone();
            }
        }
        self.load(&schema, &row)?;
        self.claim(owner);
        if owner == Owner::Row {
            let name = |column: &Column| ColumnName { table: table.clone(), column: column.name.clone() };
            self.started_with.extend(schema.columns().map(name).zip(row));
        }
        Ok(())
    }

    /// The key that a row must have in a column, and the row beside it that it refers to.
    fn start_key(
        &mut self,
        owner: Owner,
        schema: &Table,
        column: &Column,
        wanted: Option<&Value>,
        script: Option<&Memory>,
    ) -> Result<Option<Value>, Fault> {
        let Some(wanted) = wanted else {
            return Ok(self.key(owner, schema, column)?.or_else(|| self.key_to_come(owner, schema, column)));
        };
        let reference = schema.foreign_keys().find(|key| key.kind.columns() == [column.id]);
        if let Some(crate::catalog::ConstraintKind::ForeignKey { table, referenced, .. }) =
            reference.map(|key| &key.kind)
            && !wanted.is_null()
            && *table != schema.name
        {
            let name: Name = self.memory.catalog().column_name(table, *referenced).into();
            let is_there = self.memory.find(table, &name, wanted)?.is_some();
            if !is_there && self.row_of(owner, table).is_none() {
                let known = script.and_then(|script| script_row(script, table, &name, wanted));
                self.beside_like(table, known, &[(name, wanted.clone())], script, 0)?;
            }
        }
        Ok(self.taken_key(owner, column))
    }

    /// The value that a column will have to refer to by a foreign key that the plan adds, where that row is there.
    fn key_to_come(&self, owner: Owner, schema: &Table, column: &Column) -> Option<Value> {
        let mut others = self.known.referred(column.id).filter(|name| name.table != schema.name);
        others.find_map(|name| self.value(owner, &name.table, &name.column))
    }

    /// The key of a row that was taken from the script, where another of its rows already exists.
    fn taken_key(&mut self, owner: Owner, column: &Column) -> Option<Value> {
        let class = self.known.class(column.id)?;
        let tables: Vec<_> = self.memory.catalog().tables().cloned().collect();
        let members = tables.iter().flat_map(|table| table.columns().map(move |member| (table, member)));
        let of_class = members.filter(|(_, member)| self.known.class(member.id) == Some(class));
        of_class.into_iter().find_map(|(table, member)| self.value(owner, &table.name, &member.name))
    }

    /// Values for a row that satisfy the constraints of its table.
    fn generated(&self, table: &Name) -> Result<Vec<Value>, Fault> {
        let kind = u64::try_from(self.manner.kind).unwrap_or(0);
        let (_, mut parts) = generate(&self.memory, table, GenerateSpec { count: 1, seed: 42 + kind })?;
        let part = parts.next().transpose()?.unwrap_or_default();
        Ok(part.iter().map(|chunk| chunk.get(0)).collect())
    }

    /// Makes a value suit the view, and the second row's meet the first's.
    fn suit(&mut self, owner: Owner, schema: &Table, column: &Column, view: &RowView, value: &mut Value) {
        let content = content(view, &schema.name, &column.name);
        let plain = self.known.class(column.id).is_none() && !schema.is_unique(column.id);
        if owner == Owner::Other
            && self.manner.collide == Some(Collide::Start)
            && plain
            && self.known.is_ever_unique(column.id)
        {
            *value = self.value(Owner::Row, &schema.name, &column.name).unwrap_or(Value::Null);
            return;
        }
        let meets_later =
            owner == Owner::Other && matches!(self.manner.collide, Some(Collide::LastWrite | Collide::SameWrite));
        if meets_later && plain && self.known.is_beside(column.id, &self.last_written) {
            *value = self.value(Owner::Row, &schema.name, &column.name).unwrap_or(Value::Null);
            return;
        }
        let is_free =
            column.not_null == NotNull::No && schema.primary_key().is_none_or(|key| !key.contains(&column.id));
        let is_filled = owner == Owner::Other && self.manner.collide == Some(Collide::Fill);
        if is_filled && is_free && self.known.is_ever_unique(column.id) {
            *value = Value::Null;
            return;
        }
        if self.manner.bare && content.is_none() && is_free && plain {
            *value = Value::Null;
            return;
        }
        let wants_one = content.is_none_or(|content| content == Content::Value);
        let other_kind = self.manner.kind > 0 && !self.manner.own_rows;
        let mut constraints = schema.constraints_of(column.id);
        let is_free_to_choose = if plain {
            constraints.next().is_none()
        } else {
            // What the plan gives another row, this one may have already.
            let is_apart = self.known.class(column.id).is_none() && owner == Owner::Row;
            let has_hint = other_kind && !self.known.hints(column.id).is_empty();
            is_apart && has_hint && constraints.all(|constraint| constraint.kind.unique_columns().is_some())
        };
        let is_bound = !value.is_null() && !is_free_to_choose;
        if wants_one && !is_bound && (value.is_null() || other_kind) {
            self.made += 1;
            let kind = self.manner.kind;
            *value = new_value(column, "old", self.made, kind, self.known.hints(column.id), &Value::Null);
        }
    }

    fn load(&mut self, schema: &Table, row: &[Value]) -> Result<(), Fault> {
        let names: Vec<Name> = schema.columns().map(|column| column.name.clone()).collect();
        let chunks = schema.columns().zip(row).map(|(column, value)| {
            let mut chunk = Chunk::new(column.ty);
            chunk.push(value);
            chunk
        });
        let part = chunks.collect();
        self.memory.load(&schema.name, &names, &mut std::iter::once(Ok(part))).map(|_| ())
    }

    /// A row beside those of the schedule, which one of them refers to by this column; gives the value that it has there.
    pub(super) fn beside(&mut self, table: &Name, column: &Name, value: Option<Value>) -> Result<Value, Fault> {
        if let (None, Some(number)) = (&value, self.row_of(Owner::Beside, table)) {
            return Ok(self.memory.value(table, number, column).unwrap_or(Value::Null));
        }
        let fixed: Vec<(Name, Value)> = value.into_iter().map(|value| (column.clone(), value)).collect();
        self.beside_like(table, None, &fixed, None, 0)?;
        let number = self.row_of(Owner::Beside, table);
        Ok(number.and_then(|number| self.memory.value(table, number, column)).unwrap_or(Value::Null))
    }

    fn beside_like(
        &mut self,
        table: &Name,
        known: Option<Vec<Value>>,
        fixed: &[(Name, Value)],
        script: Option<&Memory>,
        depth: usize,
    ) -> Result<(), Fault> {
        let schema = self.table(table)?;
        for key in schema.foreign_keys() {
            let crate::catalog::ConstraintKind::ForeignKey { column, table: parent, referenced, .. } = &key.kind else {
                continue;
            };
            if parent == table || depth >= DEEPEST {
                continue;
            }
            let at = schema.columns().position(|other| other.id == *column);
            let wanted = known.as_ref().zip(at).and_then(|(values, at)| values.get(at)).cloned();
            let name: Name = self.memory.catalog().column_name(parent, *referenced).into();
            let fixed: Vec<(Name, Value)> =
                wanted.iter().filter(|value| !value.is_null()).map(|value| (name.clone(), value.clone())).collect();
            let row = wanted.zip(script).and_then(|(value, script)| script_row(script, parent, &name, &value));
            if fixed.iter().all(|(name, value)| self.memory.find(parent, name, value).ok().flatten().is_none()) {
                self.beside_like(parent, row, &fixed, script, depth + 1)?;
            }
        }
        let mut row = match known {
            Some(values) => values,
            None => self.generated(table)?,
        };
        for (column, value) in schema.columns().zip(&mut row) {
            if let Some((_, fixed)) = fixed.iter().find(|(name, _)| *name == column.name) {
                *value = fixed.clone();
            }
        }
        self.load(&schema, &row)?;
        self.claim(Owner::Beside);
        Ok(())
    }
}

/// What a view says of a column; none where it does not speak of it.
pub(super) fn content(view: &RowView, table: &Name, column: &str) -> Option<Content> {
    cell(view, table, column).map(|cell| cell.content)
}

fn cell<'v>(view: &'v RowView, table: &Name, column: &str) -> Option<&'v CellView> {
    let is_it = |name: &ColumnName| name.table == *table && *name.column == *column;
    view.cells.iter().find(|cell| is_it(&cell.column))
}

/// The row of a script whose column has this value.
fn script_row(script: &Memory, table: &Name, column: &Name, value: &Value) -> Option<Vec<Value>> {
    let mut script = script.clone();
    let number = script.find(table, column, value).ok()??;
    let names: Vec<Name> = script.catalog().table(table)?.columns().map(|column| column.name.clone()).collect();
    names.iter().map(|name| script.value(table, number, name)).collect()
}
