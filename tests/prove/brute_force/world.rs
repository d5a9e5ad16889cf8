//! Concrete rows on the in-memory table, and what each event does to them.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;

use miglab::ast::{ColumnRef, Expr, ExprKind, Name, StatementKind};
use miglab::catalog::{Catalog, ColumnId, ConstraintKind, NotNull};
use miglab::data::{Type, Value};
use miglab::diagnostic::Diagnostic;
use miglab::engine::memory::{CellState, Memory, Snapshot};
use miglab::engine::{Engine, Fault, FaultKind};
use miglab::expr::{Expression, Scope};
use miglab::plan::{Action, ColumnName};
use miglab::prove::AnomalyKind;
use miglab::source::Source;
use miglab::syntax;

use super::people::{self, Acting, Inserting, People, Written};
use super::subject::Subject;

/// Numbers from here on are new values; smaller ones stand in scripts.
const FIRST_NEW: i32 = 1000;

/// Constants are told apart up to this length, in bytes.
const LONGEST_CONSTANT: usize = 8;

/// One business entity: a row in each of some tables, all with the same key.
#[derive(Clone, Debug)]
pub struct Entity {
    key: i32,
    /// Its rows, by table.
    rows: Vec<(Name, usize)>,
    /// The tables that it has been in, and those from which an application has deleted it.
    been: Vec<Name>,
    gone: Vec<Name>,
    /// The statement under way has still to come by.
    awaited: bool,
    /// Its cells in the order of the layout; none where it has no row.
    cells: Vec<Option<Cell>>,
}

/// What matters of a cell. Values that applications write are always new, so that two of them are equal only where one
/// was computed from the other; a change is then seen by null, by a constant of the script, or by anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    /// 0 for null, 1 for anything an application wrote, else a constant's hash.
    class: u64,
    is_unset: bool,
    stale: u64,
}

/// Everything there is at one moment.
#[derive(Clone, Debug)]
pub struct Moment {
    pub position: usize,
    snapshot: Snapshot,
    pub entities: Vec<Entity>,
}

/// What an application writes: a value that is nowhere yet, null, or one that the script's expressions treat in a way of
/// their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    New,
    Null,
    /// To all columns of the write.
    Special,
    /// To the column at this place only.
    SpecialAt(usize),
}

/// The value that expressions and checks of valued plans make something else of.
const SPECIAL: &str = "x";

/// Something that may happen at a position; indexes are into what `People` says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Step,
    Visit {
        entity: usize,
    },
    Read {
        entity: usize,
        app: usize,
        column: usize,
    },
    Write {
        entity: usize,
        app: usize,
        component: usize,
        kind: Kind,
    },
    WriteAsIs {
        entity: usize,
        app: usize,
        component: usize,
    },
    /// The whole row as it is, but for one column.
    WriteOne {
        entity: usize,
        app: usize,
        component: usize,
        column: usize,
        kind: Kind,
    },
    Missing {
        app: usize,
        column: usize,
    },
    Insert {
        entity: usize,
        app: usize,
        table: usize,
        kind: Kind,
    },
    Delete {
        entity: usize,
        app: usize,
        table: usize,
    },
}

impl Event {
    /// The entity that it happens to, if it does to one.
    pub fn entity(self) -> Option<usize> {
        match self {
            Self::Step | Self::Missing { .. } => None,
            Self::Visit { entity }
            | Self::Read { entity, .. }
            | Self::Write { entity, .. }
            | Self::WriteAsIs { entity, .. }
            | Self::WriteOne { entity, .. }
            | Self::Insert { entity, .. }
            | Self::Delete { entity, .. } => Some(entity),
        }
    }
}

/// What comes of an event.
pub enum Outcome {
    /// It cannot happen, or changes nothing.
    Nothing,
    Anomaly(AnomalyKind),
    Next(Moment),
}

/// The columns that there are at a position, and where each fact is carried.
struct Layout {
    columns: Vec<(ColumnName, ColumnId)>,
    /// The facts that somebody may know by now.
    facts: Vec<FactHere>,
}

/// A fact at a position.
struct FactHere {
    bit: u64,
    /// The table of the column that it was first known as.
    home: Name,
    /// The places of the columns that carry it.
    places: Vec<usize>,
}

pub struct World<'s> {
    subject: &'s Subject,
    pub people: People,
    layouts: Vec<Layout>,
    memory: Memory,
    empty: Snapshot,
    next: i32,
    derived: HashMap<(usize, i32), Action>,
    /// Applications write the special value as well.
    valued: bool,
}

impl<'s> World<'s> {
    pub fn new(subject: &'s Subject, valued: bool) -> Self {
        let people = People::of(subject);
        let plan = &subject.plan;
        let mut apps = plan.apps.to_vec();
        for app in &mut apps {
            for given in people::given_at_start(subject) {
                let inserts = app.inserts.iter_mut().find(|inserts| inserts.table == given.table);
                inserts.into_iter().for_each(|inserts| inserts.columns.push(given.clone()));
                app.updates.push(given.clone());
                app.writes.push(given);
            }
        }
        let memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), apps, 0);
        let layouts = (0..subject.catalogs.len()).map(|position| Layout::of(subject, position)).collect();
        let empty = memory.snapshot();
        let mut world =
            Self { subject, people, layouts, memory, empty, next: FIRST_NEW, derived: HashMap::new(), valued };
        world.leave_a_trace();
        world
    }

    /// Has each table of the start hold a row that is dead already, so that none is without any.
    fn leave_a_trace(&mut self) {
        self.put_first(0, 0).expect("a row of the start");
        for table in self.subject.plan.start.tables() {
            self.memory.delete(None, &table.name, None).expect("nothing stands in the way");
        }
        self.empty = self.memory.snapshot();
    }

    /// The rows that there may be at the start: a digit for each column, for what it holds.
    pub fn starts(&self) -> Vec<usize> {
        let start = &self.subject.plan.start;
        let columns = start.tables().flat_map(|table| table.columns().map(move |column| (table, column)));
        let mut codes = vec![0];
        let mut place = 1;
        for (table, column) in columns.filter(|(table, column)| table.primary_key() != Some(&[column.id])) {
            let digits = [(0, true), (1, people::nullable(table, column)), (2, self.valued && column.ty == Type::Text)];
            let digits: Vec<usize> = digits.iter().filter(|(_, may_be)| *may_be).map(|(digit, _)| *digit).collect();
            codes = codes.iter().flat_map(|code| digits.iter().map(move |digit| code + digit * place)).collect();
            place *= 3;
        }
        codes
    }

    /// The start with these entities: each is there, with these values, or not yet. None where the start refuses a row.
    pub fn start(&mut self, entities: &[Option<usize>]) -> Option<Moment> {
        self.memory.restore(self.empty.clone());
        let mut moment = Moment { position: 0, snapshot: self.empty.clone(), entities: Vec::new() };
        for (number, code) in entities.iter().enumerate() {
            let key = i32::try_from(number).expect("few") + 1;
            if let Some(code) = code {
                self.put_first(key, *code)?;
            }
            moment.entities.push(Entity {
                key,
                rows: Vec::new(),
                been: Vec::new(),
                gone: Vec::new(),
                awaited: false,
                cells: Vec::new(),
            });
        }
        self.look(&mut moment);
        self.await_visits(&mut moment);
        Some(moment)
    }

    fn put_first(&mut self, key: i32, mut code: usize) -> Option<()> {
        let start = self.subject.plan.start.clone();
        for table in start.tables() {
            let mut names = Vec::new();
            let mut values = Vec::new();
            for column in table.columns() {
                names.push(column.name.clone());
                if table.primary_key() == Some(&[column.id]) {
                    values.push(Value::Integer(key));
                    continue;
                }
                values.push(match code % 3 {
                    0 => self.fresh(&column.name, column.ty),
                    1 => Value::Null,
                    _ => Value::Text(SPECIAL.into()),
                });
                code /= 3;
            }
            self.memory.insert(None, &table.name, &names, &[values]).ok()?;
        }
        Some(())
    }

    /// A value that is nowhere yet. What is a whole name has two words, so that it can be split.
    fn fresh(&mut self, column: &str, ty: Type) -> Value {
        self.next += 1;
        let number = self.next;
        match ty {
            Type::Integer => Value::Integer(number),
            Type::BigInt => Value::BigInt(number.into()),
            _ if column.starts_with("full") => Value::Text(format!("w{number} x{number}")),
            _ => Value::Text(format!("w{number}")),
        }
    }

    /// Lets go of the rows of a moment from which nothing is played any more.
    pub fn forget_rows(&self, moment: &mut Moment) {
        moment.snapshot = self.empty.clone();
    }

    /// Everything that may happen at a moment.
    pub fn events(&self, moment: &Moment) -> Vec<Event> {
        let mut events = Vec::new();
        if moment.position < self.subject.plan.steps.len() {
            events.push(Event::Step);
        }
        for (app, acting) in self.people.acting[moment.position].iter().enumerate() {
            events.extend((0..acting.missing.len()).map(|column| Event::Missing { app, column }));
        }
        for entity in 0..moment.entities.len() {
            if self.subject.goes_over(moment.position).is_some_and(|table| moment.entities[entity].row(table).is_some())
            {
                events.push(Event::Visit { entity });
            }
            for (app, acting) in self.people.acting[moment.position].iter().enumerate() {
                add_events(&mut events, acting, (entity, app), self.valued);
            }
        }
        events
    }

    /// Lets an event happen. With `Nothing` as well as with an anomaly, nothing is left of it.
    pub fn perform(&mut self, moment: &Moment, event: Event) -> Outcome {
        match event {
            Event::Step => self.step(moment),
            Event::Visit { entity } => self.visit(moment, entity),
            Event::Read { entity, app, column } => self.read(moment, entity, app, column),
            // A query that names what is not there fails on an empty table as well.
            Event::Missing { .. } => Outcome::Anomaly(AnomalyKind::BrokenUse),
            Event::Write { entity, app, component, kind } => {
                let acting = self.people.acting[moment.position][app].clone();
                self.write(moment, entity, &acting, component, kind)
            }
            Event::WriteOne { entity, app, component, column, kind } => {
                let acting = self.people.acting[moment.position][app].clone();
                self.write_one(moment, entity, &acting, (component, column), kind)
            }
            Event::WriteAsIs { entity, app, component } => {
                let acting = self.people.acting[moment.position][app].clone();
                self.write_as_is(moment, entity, &acting, component)
            }
            Event::Insert { entity, app, table, kind } => {
                let acting = self.people.acting[moment.position][app].clone();
                self.insert(moment, entity, &acting, &acting.inserts[table], kind)
            }
            Event::Delete { entity, app, table } => {
                let acting = self.people.acting[moment.position][app].clone();
                self.delete(moment, entity, &acting, &acting.deletes[table])
            }
        }
    }

    fn step(&mut self, moment: &Moment) -> Outcome {
        if moment.entities.iter().any(|entity| entity.awaited) {
            return Outcome::Nothing;
        }
        let Some(action) = self.subject.action(moment.position).cloned() else { return Outcome::Nothing };
        self.memory.restore(moment.snapshot.clone());
        match &action {
            Action::Fill { .. } => {}
            // No row is left to copy, but from now on it is known which rows belong together.
            Action::Copy { .. } => {
                let nobody = self.derived(moment.position, -1);
                apply(&mut self.memory, &nobody).expect("copies no row");
            }
            _ => {
                if apply(&mut self.memory, &action).is_err() {
                    return self.failed_step(moment, &action);
                }
            }
        }
        let mut next = moment.clone();
        next.position += 1;
        self.arrive(next, true)
    }

    /// A statement has failed: because of the first entity, or of two that meet, it is an anomaly. What fails because of
    /// another alone is that one's.
    fn failed_step(&mut self, moment: &Moment, action: &Action) -> Outcome {
        for other in &moment.entities[1..] {
            self.memory.restore(moment.snapshot.clone());
            for entity in moment.entities.iter().filter(|entity| entity.key != other.key) {
                self.remove(entity);
            }
            if apply(&mut self.memory, action).is_err() {
                return Outcome::Nothing;
            }
        }
        Outcome::Anomaly(AnomalyKind::FailingStep)
    }

    fn remove(&mut self, entity: &Entity) {
        for (table, _) in entity.rows.iter().rev() {
            let filter = self.by_key(table, entity.key);
            self.memory.delete(None, table, Some(&filter)).expect("nothing stands in the way");
        }
    }

    fn visit(&mut self, moment: &Moment, entity: usize) -> Outcome {
        self.memory.restore(moment.snapshot.clone());
        let alone = moment.entities.len() == 1;
        let outcome = if alone {
            // The only row of its table: the statement as it stands treats it and nothing else.
            apply(&mut self.memory, self.subject.action(moment.position).expect("a fill"))
        } else {
            let action = self.derived(moment.position, moment.entities[entity].key);
            apply(&mut self.memory, &action)
        };
        if outcome.is_err() {
            return Outcome::Anomaly(AnomalyKind::FailingStep);
        }
        let mut next = moment.clone();
        next.entities[entity].awaited = false;
        self.arrive(next, false)
    }

    /// The statement at a position for the entity with this key alone.
    fn derived(&mut self, position: usize, key: i32) -> Action {
        if let Some(action) = self.derived.get(&(position, key)) {
            return action.clone();
        }
        let mut action = self.subject.action(position).expect("a statement").clone();
        let over = self.subject.goes_over(position).expect("a fill").to_owned();
        let catalog = &self.subject.catalogs[position];
        let own = format!("{} = {key}", key_column(catalog, &over));
        let mut condition = condition(&own);
        if let Some(written) = &self.subject.filters[position] {
            let span = condition.span;
            condition = Expr { kind: ExprKind::And([written.clone(), condition].into()), span };
        }
        let scope = Columns { catalog, table: &over };
        let resolved = Expression::resolve(&condition, &scope, None).expect("a condition");
        if let Action::Fill { filter, .. } | Action::Copy { filter, .. } = &mut action {
            *filter = Some(resolved);
        }
        self.derived.insert((position, key), action.clone());
        action
    }

    fn by_key(&self, table: &str, key: i32) -> Expression {
        let catalog = self.memory.catalog();
        let condition = condition(&format!("{} = {key}", key_column(catalog, table)));
        Expression::resolve(&condition, &Columns { catalog, table }, None).expect("a condition")
    }

    fn read(&mut self, moment: &Moment, entity: usize, app: usize, column: usize) -> Outcome {
        let acting = &self.people.acting[moment.position][app];
        let layout = &self.layouts[moment.position];
        let name = &acting.reads[column];
        let at = layout.columns.iter().position(|(other, _)| other == name).expect("a column that is there");
        let cells = &moment.entities[entity].cells;
        match cells[at] {
            Some(cell) if cell.is_unset && layout.is_known_elsewhere(cells, at, cell.stale) => {
                Outcome::Anomaly(AnomalyKind::UnsetRead)
            }
            Some(cell) if !cell.is_unset && cell.stale != 0 => Outcome::Anomaly(AnomalyKind::StaleRead),
            Some(_) if self.is_null(moment, entity, name) && people::expects_value(self.subject, &acting.app, name) => {
                Outcome::Anomaly(AnomalyKind::UnsetRead)
            }
            _ => Outcome::Nothing,
        }
    }

    fn write(&mut self, moment: &Moment, entity: usize, acting: &Acting, component: usize, kind: Kind) -> Outcome {
        let rows = moment.entities[entity].rows.clone();
        let mut next = moment.clone();
        let mut updates: Vec<(Name, usize, Vec<(Name, Value)>)> = Vec::new();
        for (place, column) in acting.components[component].iter().enumerate() {
            let Some((table, slot)) = rows.iter().find(|(table, _)| *table == column.name.table) else { continue };
            let value = self.value((place, column), kind);
            if self.is_there(moment, entity, &column.name, &value) {
                // What is written is always new to the row, and this is there already.
                return Outcome::Nothing;
            }
            if let Value::Integer(key) = value
                && self.is_key(&column.name)
            {
                next.entities[entity].key = key;
            }
            let set = (column.name.column.clone(), value);
            match updates.iter_mut().find(|(known, _, _)| known == table) {
                Some((_, _, values)) => values.push(set),
                None => updates.push((table.clone(), *slot, vec![set])),
            }
        }
        if updates.is_empty() {
            return Outcome::Nothing;
        }
        let attempt = |memory: &mut Memory| {
            updates
                .iter()
                .try_for_each(|(table, slot, values)| memory.update_row(Some(&acting.app), table, *slot, values))
        };
        let given: Vec<ColumnName> = acting.components[component].iter().map(|column| column.name.clone()).collect();
        match self.attempt(moment, &acting.app, &given, &attempt) {
            Some(refused) => refused,
            None => self.arrive(next, false),
        }
    }

    /// Writes what is there: nothing is left of it, unless it is refused. Null is written by who reads it there, or may
    /// write it anyway. The values are not the application's choice, so that it helps nothing to know a constraint.
    fn write_as_is(&mut self, moment: &Moment, entity: usize, acting: &Acting, component: usize) -> Outcome {
        let rows = &moment.entities[entity].rows;
        let mut updates: Vec<(Name, usize, Vec<(Name, Value)>)> = Vec::new();
        self.memory.restore(moment.snapshot.clone());
        for column in &acting.components[component] {
            let Some((table, slot)) = rows.iter().find(|(table, _)| *table == column.name.table) else { continue };
            let value = self.memory.value(table, *slot, &column.name.column).expect("a column that is there");
            if value.is_null() && !column.may_be_null && !acting.reads.contains(&column.name) {
                return Outcome::Nothing;
            }
            let set = (column.name.column.clone(), value);
            match updates.iter_mut().find(|(known, _, _)| known == table) {
                Some((_, _, values)) => values.push(set),
                None => updates.push((table.clone(), *slot, vec![set])),
            }
        }
        let attempt = |memory: &mut Memory| {
            updates
                .iter()
                .try_for_each(|(table, slot, values)| memory.update_row(Some(&acting.app), table, *slot, values))
        };
        self.attempt(moment, &acting.app, &[], &attempt).unwrap_or(Outcome::Nothing)
    }

    /// Writes one column of a row and all others of its table as they are.
    fn write_one(
        &mut self,
        moment: &Moment,
        entity: usize,
        acting: &Acting,
        (component, place): (usize, usize),
        kind: Kind,
    ) -> Outcome {
        let component = &acting.components[component];
        let changed = &component[place];
        let Some(slot) = moment.entities[entity].row(&changed.name.table) else { return Outcome::Nothing };
        let new = self.value((place, changed), kind);
        if self.is_there(moment, entity, &changed.name, &new) {
            return Outcome::Nothing;
        }
        self.memory.restore(moment.snapshot.clone());
        let mut values = vec![(changed.name.column.clone(), new)];
        for column in component.iter().filter(|column| column.name.table == changed.name.table) {
            if column.name == changed.name {
                continue;
            }
            let there =
                self.memory.value(&column.name.table, slot, &column.name.column).expect("a column that is there");
            if there.is_null() && !column.may_be_null && !acting.reads.contains(&column.name) {
                return Outcome::Nothing;
            }
            values.push((column.name.column.clone(), there));
        }
        let table = changed.name.table.clone();
        let attempt = |memory: &mut Memory| memory.update_row(Some(&acting.app), &table, slot, &values);
        match self.attempt(moment, &acting.app, std::slice::from_ref(&changed.name), &attempt) {
            Some(refused) => refused,
            None => self.arrive(moment.clone(), false),
        }
    }

    fn value(&mut self, (place, column): (usize, &Written), kind: Kind) -> Value {
        let special = || Value::Text(SPECIAL.into());
        match kind {
            Kind::Null if column.may_be_null => Value::Null,
            Kind::Special if column.ty == Type::Text => special(),
            Kind::SpecialAt(at) if at == place && column.ty == Type::Text => special(),
            _ => self.fresh(&column.name.column, column.ty),
        }
    }

    /// Whether a column holds a value already; of the values that there are several times.
    fn is_there(&self, moment: &Moment, entity: usize, name: &ColumnName, value: &Value) -> bool {
        let place = self.layouts[moment.position].columns.iter().position(|(other, _)| other == name);
        let cell = place.and_then(|at| moment.entities[entity].cells[at]);
        class(value) != 1 && cell.is_some_and(|cell| cell.class == class(value))
    }

    fn is_null(&self, moment: &Moment, entity: usize, name: &ColumnName) -> bool {
        let place = self.layouts[moment.position].columns.iter().position(|(other, _)| other == name);
        place.and_then(|at| moment.entities[entity].cells[at]).is_some_and(|cell| cell.class == 0)
    }

    fn is_key(&self, name: &ColumnName) -> bool {
        let table = self.memory.catalog().table(&name.table);
        table.is_some_and(|table| {
            let id = table.column(&name.column).map(|column| column.id);
            id.is_some_and(|id| table.primary_key() == Some(&[id]))
        })
    }

    fn insert(&mut self, moment: &Moment, entity: usize, acting: &Acting, insert: &Inserting, kind: Kind) -> Outcome {
        let it = &moment.entities[entity];
        let is_there = |table: &Name| it.row(table).is_some();
        if is_there(&insert.table) || acting.written_with(&insert.table).any(is_there) {
            return Outcome::Nothing;
        }
        self.memory.restore(moment.snapshot.clone());
        if insert.breaks || self.waits_for_parent(it, acting, &insert.table) {
            return Outcome::Nothing;
        }
        let key = key_column(self.memory.catalog(), &insert.table);
        let (mut names, mut values) = (vec![key.clone()], vec![Value::Integer(it.key)]);
        for (place, column) in insert.columns.iter().enumerate().filter(|(_, column)| column.name.column != key) {
            names.push(column.name.column.clone());
            values.push(self.value((place, column), kind));
        }
        for (name, ty) in &insert.given {
            names.push(name.clone());
            values.push(self.fresh(name, *ty));
        }
        let rows = [values];
        let attempt = |memory: &mut Memory| memory.insert(Some(&acting.app), &insert.table, &names, &rows).map(|_| ());
        let given: Vec<ColumnName> =
            names.iter().map(|name| ColumnName { table: insert.table.clone(), column: name.clone() }).collect();
        match self.attempt(moment, &acting.app, &given, &attempt) {
            Some(refused) => refused,
            None => self.arrive(moment.clone(), false),
        }
    }

    /// Whether the row refers to one that is not there, and that the application itself inserts first.
    fn waits_for_parent(&self, entity: &Entity, acting: &Acting, table: &str) -> bool {
        let Some(table) = self.memory.catalog().table(table) else { return false };
        let mut parents = table.foreign_keys().filter_map(|key| match &key.kind {
            ConstraintKind::ForeignKey { table, .. } => Some(table),
            _ => None,
        });
        parents.any(|parent| entity.row(parent).is_none() && acting.deletes.contains(parent))
    }

    fn delete(&mut self, moment: &Moment, entity: usize, acting: &Acting, table: &Name) -> Outcome {
        let it = &moment.entities[entity];
        if it.row(table).is_none() {
            return Outcome::Nothing;
        }
        self.memory.restore(moment.snapshot.clone());
        let filter = (moment.entities.len() > 1).then(|| self.by_key(table, it.key));
        // What says the same in another table goes with it, first what refers to it.
        let mut tables: Vec<Name> =
            acting.deleted_with(table).filter(|other| it.row(other).is_some()).cloned().collect();
        tables.push(table.clone());
        let catalog = self.memory.catalog().clone();
        let refers = |other: &Name| catalog.references_to(table).any(|(child, _)| child.name == *other);
        tables.sort_by_key(|other| (other != table) != refers(other));
        let filters: Vec<_> =
            tables.into_iter().map(|table| (filter.is_some().then(|| self.by_key(&table, it.key)), table)).collect();
        let attempt = |memory: &mut Memory| {
            filters
                .iter()
                .try_for_each(|(filter, table)| memory.delete(Some(&acting.app), table, filter.as_ref()).map(|_| ()))
        };
        // A delete gives no values: what refuses it is known to an application that writes it at all.
        let own = acting.components.iter().flatten().map(|column| column.name.clone()).collect::<Vec<_>>();
        if let Some(refused) = self.attempt(moment, &acting.app, &own, &attempt) {
            return refused;
        }
        let mut next = moment.clone();
        let had: Vec<Name> = it.rows.iter().map(|(table, _)| table.clone()).collect();
        self.look(&mut next);
        let it = &mut next.entities[entity];
        for table in had.into_iter().filter(|table| it.rows.iter().all(|(left, _)| left != table)) {
            it.gone.push(table);
        }
        if self.subject.goes_over(next.position).is_some_and(|table| it.row(table).is_none()) {
            it.awaited = false;
        }
        self.arrive(next, false)
    }

    /// Lets an application do something that gives values to these columns. What is refused because of a constraint on
    /// them that it knows does not happen; every other refusal is an anomaly. Where several constraints refuse, one is
    /// enough.
    fn attempt(
        &mut self,
        moment: &Moment,
        app: &str,
        given: &[ColumnName],
        attempt: &dyn Fn(&mut Memory) -> Result<(), Fault>,
    ) -> Option<Outcome> {
        let mut relaxed: Vec<Action> = Vec::new();
        loop {
            self.memory.restore(moment.snapshot.clone());
            for action in &relaxed {
                apply(&mut self.memory, action).expect("a not-null to drop");
            }
            let fault = match attempt(&mut self.memory) {
                Ok(()) if relaxed.is_empty() => return None,
                Ok(()) => return Some(Outcome::Nothing),
                Err(fault) => fault,
            };
            let quoted: Vec<&str> = fault.message.split('`').skip(1).step_by(2).collect();
            let known = match fault.kind {
                FaultKind::NotNull => {
                    let name = ColumnName { table: quoted[1].into(), column: quoted[0].into() };
                    let column = self.memory.catalog().column(&name.table, &name.column).expect("a column").clone();
                    let knows = given.contains(&name) && people::knows_not_null(self.subject, app, &name);
                    if knows && column.not_null != NotNull::No {
                        relaxed.push(Action::DropNotNull { table: name.table, column: column.id });
                        continue;
                    }
                    false
                }
                FaultKind::Unique | FaultKind::Check | FaultKind::ForeignKey => {
                    let behind = if fault.kind == FaultKind::Check { "fails check `" } else { "constraint `" };
                    let constraint = fault.message.split(behind).nth(1).and_then(|rest| rest.split('`').next());
                    constraint.is_some_and(|name| {
                        let tables = self.subject.catalogs.iter().flat_map(Catalog::tables);
                        let mut having = tables.filter(|table| table.constraint(name).is_some());
                        having
                            .next()
                            .is_some_and(|table| people::knows_constraint(self.subject, app, given, &table.name, name))
                    })
                }
                _ => panic!("{app}: {fault:?}"),
            };
            return Some(if known { Outcome::Nothing } else { Outcome::Anomaly(AnomalyKind::RejectedWrite) });
        }
    }

    /// The moment after an event, unless something was lost in it.
    fn arrive(&mut self, mut next: Moment, stepped: bool) -> Outcome {
        self.look(&mut next);
        if stepped {
            self.await_visits(&mut next);
        }
        let layout = &self.layouts[next.position];
        if layout.has_lost(&next.entities[0]) {
            return Outcome::Anomaly(AnomalyKind::LostWrite);
        }
        Outcome::Next(next)
    }

    fn await_visits(&self, moment: &mut Moment) {
        let over = self.subject.goes_over(moment.position);
        for entity in &mut moment.entities {
            entity.awaited = over.is_some_and(|table| entity.row(table).is_some());
        }
    }

    /// Takes in what the table holds now.
    fn look(&mut self, moment: &mut Moment) {
        let catalog = self.memory.catalog().clone();
        let layout = &self.layouts[moment.position];
        for entity in &mut moment.entities {
            entity.rows.retain(|(table, slot)| {
                catalog.table(table).is_some()
                    && self.memory.cell_state(table, *slot, &key_column(&catalog, table)).is_some()
            });
            for table in catalog.tables() {
                if entity.row(&table.name).is_none() && self.memory.row_count(&table.name) > 0 {
                    let key = key_column(&catalog, &table.name);
                    let found = self.memory.find(&table.name, &key, &Value::Integer(entity.key));
                    entity.rows.extend(found.expect("a key").map(|slot| (table.name.clone(), slot)));
                }
            }
            let new: Vec<Name> = entity.rows.iter().map(|(table, _)| table.clone()).collect();
            entity.gone.retain(|table| !new.contains(table));
            entity.been.extend(new.into_iter().filter(|table| !entity.been.contains(table)).collect::<Vec<_>>());
            let cell = |(name, _): &(ColumnName, ColumnId)| cell(&self.memory, name, entity.row(&name.table)?);
            entity.cells = layout.columns.iter().map(cell).collect();
        }
        moment.snapshot = self.memory.snapshot();
    }
}

impl Entity {
    pub fn row(&self, table: &str) -> Option<usize> {
        self.rows.iter().find(|(name, _)| **name == *table).map(|(_, slot)| *slot)
    }
}

impl Moment {
    /// What makes one moment differ from another, for everything that may happen later.
    pub fn identity(&self) -> u128 {
        let hash = |seed: u64| {
            let mut hasher = DefaultHasher::new();
            (seed, self.position).hash(&mut hasher);
            for entity in &self.entities {
                (&entity.been, &entity.gone, entity.awaited, &entity.cells).hash(&mut hasher);
            }
            hasher.finish()
        };
        u128::from(hash(1)) << 64 | u128::from(hash(2))
    }

    /// The cells of the first entity, for messages.
    pub fn show(&self) -> String {
        let cell = |cell: &Option<Cell>| match cell {
            None => "-".to_owned(),
            Some(cell) => {
                let content = if cell.class == 0 { "null" } else { "value" };
                let unset = if cell.is_unset { "?" } else { "" };
                let stale = if cell.stale == 0 { String::new() } else { format!("~{:b}", cell.stale) };
                format!("{content}{unset}{stale}")
            }
        };
        self.entities[0].cells.iter().map(cell).collect::<Vec<_>>().join(" | ")
    }
}

impl Layout {
    fn of(subject: &Subject, position: usize) -> Self {
        let facts = &subject.plan.facts;
        let mut columns = Vec::new();
        for table in subject.catalogs[position].tables() {
            for column in table.columns() {
                let name = ColumnName { table: table.name.clone(), column: column.name.clone() };
                columns.push((name, column.id));
            }
        }
        let until_now = subject.catalogs[..=position].iter().flat_map(Catalog::tables);
        let known = until_now.flat_map(|table| table.columns().map(|column| (column.id, table.name.clone())));
        let known: BTreeMap<ColumnId, Name> = known.collect();
        let places = |fact: &ColumnId| -> Vec<usize> {
            (0..columns.len()).filter(|at| facts.of(columns[*at].1).contains(fact)).collect()
        };
        let here = |(fact, home): (&ColumnId, &Name)| {
            let bit = facts.bit(*fact);
            (bit != 0).then(|| FactHere { bit, home: home.clone(), places: places(fact) })
        };
        Self { facts: known.iter().filter_map(here).collect(), columns }
    }

    /// Whether one of the facts that a column carries, of these bits, has a value in some column that is fresh for it.
    fn is_known_elsewhere(&self, cells: &[Option<Cell>], column: usize, bits: u64) -> bool {
        let knows = |at: &usize, bit: u64| cells[*at].is_some_and(|cell| cell.stale & bit == 0 && cell.class != 0);
        let mut missed = self.facts.iter().filter(|fact| bits & fact.bit != 0 && fact.places.contains(&column));
        missed.any(|fact| fact.places.iter().any(|at| knows(at, fact.bit)))
    }

    /// Whether some fact of an entity has columns, but is in none of them fresh. What it was deleted from is not looked at.
    fn has_lost(&self, entity: &Entity) -> bool {
        let gone = |at: &usize| entity.gone.contains(&self.columns[*at].0.table);
        let fresh = |at: &usize, bit: u64| entity.cells[*at].is_some_and(|cell| cell.stale & bit == 0);
        self.facts.iter().any(|fact| {
            entity.been.contains(&fact.home)
                && !entity.gone.contains(&fact.home)
                && !fact.places.is_empty()
                && !fact.places.iter().any(|at| gone(at) || fresh(at, fact.bit))
        })
    }
}

/// What may be written to some columns, of which some may be null.
fn kinds(may_be_null: bool, columns: usize, valued: bool) -> Vec<Kind> {
    let mut kinds = vec![Kind::New];
    kinds.extend(may_be_null.then_some(Kind::Null));
    if valued {
        kinds.push(Kind::Special);
        kinds.extend((0..columns).filter(|_| columns > 1).map(Kind::SpecialAt));
    }
    kinds
}

fn add_events(events: &mut Vec<Event>, acting: &Acting, (entity, app): (usize, usize), valued: bool) {
    events.extend((0..acting.reads.len()).map(|column| Event::Read { entity, app, column }));
    for (component, columns) in acting.components.iter().enumerate() {
        let may_be_null = columns.iter().any(|column| column.may_be_null);
        let kinds = kinds(may_be_null, columns.len(), valued).into_iter();
        events.extend(kinds.map(|kind| Event::Write { entity, app, component, kind }));
        events.push(Event::WriteAsIs { entity, app, component });
    }
    for (component, column, may_be_null) in &acting.alone {
        let (component, column) = (*component, *column);
        let kinds = kinds(*may_be_null, 1, valued).into_iter();
        events.extend(kinds.map(|kind| Event::WriteOne { entity, app, component, column, kind }));
    }
    for (table, insert) in acting.inserts.iter().enumerate() {
        let may_be_null = insert.columns.iter().any(|column| column.may_be_null);
        let kinds = kinds(may_be_null, insert.columns.len(), valued).into_iter();
        events.extend(kinds.map(|kind| Event::Insert { entity, app, table, kind }));
    }
    events.extend((0..acting.deletes.len()).map(|table| Event::Delete { entity, app, table }));
}

fn apply(memory: &mut Memory, action: &Action) -> Result<(), Fault> {
    memory.apply(action, &mut |_| ControlFlow::Continue(())).map(|_| ())
}

fn cell(memory: &Memory, name: &ColumnName, row: usize) -> Option<Cell> {
    let value = memory.value(&name.table, row, &name.column)?;
    let (is_unset, stale) = match memory.cell_state(&name.table, row, &name.column)? {
        CellState::Fresh => (false, 0),
        CellState::Stale(bits) => (false, bits),
        CellState::Unset(bits) => (true, bits),
    };
    Some(Cell { class: class(&value), is_unset, stale })
}

fn class(value: &Value) -> u64 {
    // A constant that is joined to itself again and again is the same from some length on, so that there is an end.
    let constant = |text: &str| {
        let mut hasher = DefaultHasher::new();
        text.get(..LONGEST_CONSTANT).unwrap_or(text).hash(&mut hasher);
        hasher.finish() | 2
    };
    match value {
        Value::Null => 0,
        Value::Text(text) if !text.contains(|c: char| c.is_ascii_digit()) => constant(text),
        Value::Integer(number) if *number < FIRST_NEW => constant(&number.to_string()),
        _ => 1,
    }
}

fn key_column(catalog: &Catalog, table: &str) -> Name {
    let table = catalog.table(table).expect("a table");
    let key = table.primary_key().expect("every table has a key");
    table.column_by_id(key[0]).expect("a column of the key").name.clone()
}

fn condition(text: &str) -> Expr {
    let script = syntax::parse(Source::new("condition.mig", format!("migrate verify {text} on t"))).script;
    match script.statements.into_iter().next().map(|statement| statement.kind) {
        Some(StatementKind::Verify(verified)) => verified.0,
        other => panic!("`{text}` is no condition: {other:?}"),
    }
}

struct Columns<'a> {
    catalog: &'a Catalog,
    table: &'a str,
}

impl Scope for Columns<'_> {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let found = self.catalog.column(self.table, &column.column.name).expect("a column that is there");
        Ok((found.name.clone(), found.ty))
    }
}
