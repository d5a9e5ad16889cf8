//! A plan under way, with applications at work between and during its statements.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use miglab::ast::{BinaryOp, ColumnRef, Expr, ExprKind, Ident, Literal, Name};
use miglab::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull, Table};
use miglab::data::{Type, Value};
use miglab::engine::Engine;
use miglab::engine::memory::{AppState, Memory};
use miglab::expr::{Expression, Nullness};
use miglab::plan::{Action, AppUse, Plan, TableScope};
use miglab::source::Span;

use miglab::engine::postgres::{Work, quote};
use postgres::Client;

use miglab::engine::{Fault, FaultKind};
use miglab::prove::Condition;

use super::excuse::{About, is_excused};
use super::places::{Places, key, key_name, numbers};
use super::pools;
use super::truth::{Known, Truth, Wrong};
use crate::common::both::{Both, literal};
use crate::common::random::Random;

/// What a version has heard of: it never breaks these.
struct Heard {
    not_null: BTreeSet<ColumnId>,
    checks: Vec<Expression>,
    uniques: Vec<Vec<ColumnId>>,
    /// It cannot insert: the table wanted a column from the start that it does not give.
    no_inserts: bool,
}

impl Heard {
    fn of(plan: &Plan, name: &Name, app: &AppUse) -> Self {
        let start = plan.start.table(name);
        let was_there = plan.start.is_live(&app.name);
        let mut heard = Self { not_null: BTreeSet::new(), checks: Vec::new(), uniques: Vec::new(), no_inserts: false };
        let writes = |id: ColumnId, catalog: &Catalog| {
            let column = catalog.column_name(name, id);
            column == "id" || app.writes.iter().any(|known| known.table == *name && &*known.column == column)
        };
        heard.take(&plan.start, name, &|id| was_there || writes(id, &plan.start));
        if !was_there {
            let mut catalog = plan.start.clone();
            for step in &plan.steps {
                catalog.apply(&step.action);
                heard.take(&catalog, name, &|id| writes(id, &catalog));
            }
        }
        let given = |column: &&Column| {
            &*column.name == "id"
                || app
                    .inserts_into(name)
                    .is_some_and(|inserts| inserts.columns.iter().any(|known| known.column == column.name))
        };
        let wanted = |column: &&Column| column.not_null != NotNull::No && column.default.is_none();
        // A new version knows what the old one takes for granted: what comes from a column without nulls has none.
        if !was_there {
            let columns = plan.start.tables().flat_map(|table| table.columns().map(move |column| (table, column)));
            let is_bound =
                |table: &Table, column: &Column| column.not_null != NotNull::No || refuses_null(table, column);
            let bound: BTreeSet<_> =
                columns.filter(|(table, column)| is_bound(table, column)).map(|(_, column)| column.id).collect();
            let comes = |id: ColumnId| {
                bound.iter().any(|bound| plan.facts.of(*bound).iter().any(|fact| plan.facts.of(id).contains(fact)))
            };
            for (_, effect) in plan.effects() {
                let its = effect.adds.iter().filter(|(table, _)| *table == name);
                heard.not_null.extend(its.map(|(_, column)| column.id).filter(|id| comes(*id)));
            }
        }
        heard.no_inserts =
            was_there && start.is_some_and(|start| start.columns().filter(wanted).any(|column| !given(&column)));
        heard
    }

    fn take(&mut self, catalog: &Catalog, name: &Name, is_its: &dyn Fn(ColumnId) -> bool) {
        let Some(table) = catalog.table(name) else { return };
        let bound = table.columns().filter(|column| column.not_null != NotNull::No && is_its(column.id));
        self.not_null.extend(bound.map(|column| column.id));
        for constraint in
            table.constraints().filter(|constraint| constraint.kind.columns().iter().all(|id| is_its(*id)))
        {
            match &constraint.kind {
                ConstraintKind::Check { condition, .. } => self.checks.push(condition.clone()),
                kind => self.uniques.extend(kind.unique_columns().map(<[ColumnId]>::to_vec)),
            }
        }
    }
}

/// Whether a check of this column alone is false of null.
fn refuses_null(table: &Table, column: &Column) -> bool {
    table.constraints_of(column.id).any(|constraint| match &constraint.kind {
        ConstraintKind::Check { condition, .. } => {
            condition.inputs() == [column.name.clone()] && condition.known(&|_| true) == Nullness::NotNull(Some(false))
        }
        _ => false,
    })
}

/// Memory and server do not do the same.
pub const DIFFER: &str = "memory and PostgreSQL differ";

/// A plan under way in memory, and on a server where there is one.
pub struct Stage {
    pub plan: Arc<Plan>,
    conditions: Vec<Condition>,
    server: Option<Both>,
    /// The schema as it was before the statement under way.
    before: Catalog,
    pub memory: Memory,
    pub truth: Truth,
    places: Places,
    random: Random,
    next_id: i32,
    /// What has happened, an event a line.
    pub events: Vec<String>,
    pub writes: usize,
    /// What has gone wrong as the conditions say that it may.
    pub excused: usize,
}

impl Stage {
    /// Tables with random rows that satisfy the start.
    pub fn new(plan: &Arc<Plan>, conditions: &[Condition], random: Random, client: Option<Client>) -> Self {
        let memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
        let mut stage = Self {
            plan: Arc::clone(plan),
            conditions: conditions.to_vec(),
            server: None,
            before: plan.start.clone(),
            memory,
            truth: Truth::new(plan),
            places: Places::new(plan),
            random,
            next_id: 100,
            events: Vec::new(),
            writes: 0,
            excused: 0,
        };
        stage.fill_tables();
        let new = stage.places.look(&stage.memory);
        for (table, number, thing) in new {
            stage.truth.begin(&stage.memory, thing, &table, number);
        }
        stage.server = client.map(|client| Both::start(Arc::clone(plan), stage.memory.clone(), client));
        stage
    }

    /// Rows of the start, those that others refer to first.
    fn fill_tables(&mut self) {
        let mut tables: Vec<Arc<Table>> = self.plan.start.tables().cloned().collect();
        tables.sort_by_key(|table| table.foreign_keys().count());
        for table in &tables {
            let names: Vec<Name> = table.columns().map(|column| column.name.clone()).collect();
            for id in 1..=4 {
                for _ in 0..12 {
                    let row: Vec<Value> = table.columns().map(|column| self.start_value(table, column, id)).collect();
                    if self.memory.insert(None, &table.name, &names, std::slice::from_ref(&row)).is_ok() {
                        self.events.push(format!("row of {}: {}", table.name, shown(&row)));
                        break;
                    }
                }
            }
        }
    }

    fn start_value(&mut self, table: &Table, column: &Column, id: i32) -> Value {
        if table.primary_key() == Some(&[column.id]) {
            return whole(id, column);
        }
        self.value_for(table, column)
    }

    /// Plays it all.
    pub fn play(&mut self) -> Result<(), Wrong> {
        let plan = Arc::clone(&self.plan);
        for step in &plan.steps {
            let count = self.random.below(5);
            self.traffic(count)?;
            self.before = self.memory.catalog().clone();
            if self.step(step.index, &step.action, &step.title)?.is_break() {
                return Ok(());
            }
            self.read()?;
        }
        self.traffic(6)
    }

    /// Something that the verdict rules out, unless a condition speaks of it.
    fn goes_wrong(&mut self, wrong: Wrong) -> Result<(), Wrong> {
        if !is_excused(&self.plan, &self.conditions, &wrong.about) {
            return Err(wrong);
        }
        self.excused += 1;
        Ok(())
    }

    fn step(&mut self, index: usize, action: &Action, title: &str) -> Result<ControlFlow<()>, Wrong> {
        self.events.push(format!("statement: {title}"));
        if let Action::Fill { .. } | Action::Copy { .. } = action {
            return self.fill(index, action, title);
        }
        let effect = action.effect(self.memory.catalog());
        let added: Vec<ColumnId> = effect.adds.iter().map(|(_, column)| column.id).collect();
        let removed = effect.removes_columns.clone();
        let verifies = effect.verifies.is_some();
        drop(effect);
        // A row that has nothing but null is not brought to another table: it reads the same there.
        for column in &removed {
            if self.places.are_linked() && self.is_key(*column) {
                continue;
            }
            if let Some(wrong) = self.truth.dropped(&self.memory, &self.places, *column, &removed) {
                self.goes_wrong(wrong)?;
            }
        }
        if self.apply((index, action), title, verifies)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.on_server("true", (index, action), true)?;
        self.look();
        for (table, number, thing) in self.rows() {
            for column in &added {
                self.truth.added(&self.memory, (thing, &table, number), *column);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn is_key(&self, column: ColumnId) -> bool {
        self.memory.catalog().tables().any(|table| table.primary_key() == Some(&[column]))
    }

    /// All rows, with what they are of.
    fn rows(&self) -> Vec<(Name, usize, usize)> {
        let tables: Vec<Name> = self.memory.catalog().tables().map(|table| table.name.clone()).collect();
        let rows =
            tables.iter().flat_map(|table| numbers(&self.memory, table).into_iter().map(|row| (table.clone(), row)));
        rows.map(|(table, row)| (table.clone(), row, self.places.thing(&table, row))).collect()
    }

    /// Takes in the rows that are new.
    fn look(&mut self) {
        for (table, number, thing) in self.places.look(&self.memory) {
            let schema = self.memory.catalog().table(&table).expect("it is there").clone();
            for column in schema.columns() {
                self.truth.added(&self.memory, (thing, &table, number), column.id);
            }
        }
    }

    fn apply(
        &mut self,
        (index, action): (usize, &Action),
        title: &str,
        may_fail: bool,
    ) -> Result<ControlFlow<()>, Wrong> {
        match self.memory.apply(action, &mut |_| ControlFlow::Continue(())) {
            Ok(_) => Ok(ControlFlow::Continue(())),
            Err(_) if may_fail => Ok(ControlFlow::Continue(())),
            Err(fault) => {
                let said = format!("{title}: {}", fault.message);
                self.goes_wrong(Wrong::new("failing step", About::Step(index), said))?;
                Ok(ControlFlow::Break(()))
            }
        }
    }

    /// A fill comes by row after row, in any order, by some twice, and applications go on writing.
    fn fill(&mut self, index: usize, action: &Action, title: &str) -> Result<ControlFlow<()>, Wrong> {
        let (Action::Fill { table, .. } | Action::Copy { from: table, .. }) = action else {
            return Ok(ControlFlow::Continue(()));
        };
        // What it needs besides the rows is made first.
        self.on_server("false", (index, action), true)?;
        let mut waiting = numbers(&self.memory, table);
        let mut seen: Vec<usize> = Vec::new();
        while !waiting.is_empty() {
            let at = self.random.below(waiting.len());
            let number = waiting.swap_remove(at);
            seen.push(number);
            let again = *self.random.pick(&seen);
            for number in [number].into_iter().chain(self.random.chance(10).then_some(again)) {
                if self.visit((index, action), title, table, number)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            self.read()?;
            let count = self.random.below(2);
            self.traffic(count)?;
        }
        let never = Expression::constant(Value::Boolean(false), Type::Boolean);
        self.apply((index, &action.clone().on_rows(Some(never))), title, false)
    }

    fn visit(
        &mut self,
        (index, action): (usize, &Action),
        title: &str,
        table: &Name,
        number: usize,
    ) -> Result<ControlFlow<()>, Wrong> {
        let (Action::Fill { filter, .. } | Action::Copy { filter, .. }) = action else {
            return Ok(ControlFlow::Continue(()));
        };
        let selected = self.memory.select(None, table, Some(&[]), filter.as_ref(), usize::MAX);
        let holds = |rows: &[miglab::engine::memory::Row]| rows.iter().any(|row| row.number == number);
        if !selected.is_ok_and(|selected| holds(&selected.rows)) {
            return Ok(ControlFlow::Continue(()));
        }
        self.events.push(format!("it comes by row {number}"));
        let id = key(&self.memory, table, number).expect("it has a key");
        let only = self.only(table, &id);
        if self.apply((index, &action.clone().on_rows(Some(only))), title, false)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let thing = self.places.thing(table, number);
        self.look();
        self.filled(action, thing);
        let own = quote::ident(&key_name(&self.memory, table).expect("a key"));
        self.on_server(&format!("r.{own} = {id}"), (index, action), false)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Tells the truth what a statement has filled of a thing.
    fn filled(&mut self, action: &Action, thing: usize) {
        let columns: Vec<(Name, ColumnId)> = match action {
            Action::Fill { table, column, .. } => vec![(table.clone(), *column)],
            Action::Copy { to, columns, .. } => columns.iter().map(|(column, _)| (to.clone(), *column)).collect(),
            _ => Vec::new(),
        };
        for (table, column) in columns {
            let Some(number) = self.places.row(thing, &table) else { continue };
            let name = self.memory.catalog().column_name(&table, column).to_owned();
            let after = self.memory.value(&table, number, &name).expect("it is there");
            self.truth.filled(thing, column, &after);
        }
    }

    /// Does a statement on the server: of one that goes through rows, those of a range, and the rest with its end.
    fn on_server(&mut self, range: &str, (index, action): (usize, &Action), all: bool) -> Result<(), Wrong> {
        let Some(server) = &mut self.server else { return Ok(()) };
        let operations = server.translated(action, &self.before, index).map_err(|fault| differs(fault.message))?;
        for operation in operations.iter().filter(|operation| all || matches!(operation.work, Work::Rows(_))) {
            let done = server.perform_over(&operation.work, range);
            if done.is_err() && !matches!(action, Action::Verify { .. }) {
                return Err(differs(format!("PostgreSQL refuses a statement: {done:?}")));
            }
        }
        self.compare()
    }

    /// Does a write on the server, which memory took or refused.
    fn written_on_server(&mut self, sql: &str, refused: Option<&Fault>) -> Result<(), Wrong> {
        let Some(server) = &mut self.server else { return Ok(()) };
        let done = server.client.batch_execute(sql);
        if done.is_ok() != refused.is_none() {
            return Err(differs(format!("{sql}\nmemory: {refused:?}\nPostgreSQL: {done:?}")));
        }
        self.compare()
    }

    /// Memory and server hold the same rows.
    fn compare(&mut self) -> Result<(), Wrong> {
        let Some(server) = &mut self.server else { return Ok(()) };
        let tables: Vec<Arc<Table>> = self.memory.catalog().tables().cloned().collect();
        server.memory = self.memory.clone();
        for table in tables {
            let (mine, theirs) = (server.rows_in_memory(&table), server.rows_in_postgres(&table));
            if mine != theirs {
                let name = &table.name;
                return Err(differs(format!("{name}: memory has {mine:?}\nPostgreSQL has {theirs:?}")));
            }
        }
        Ok(())
    }

    fn only(&self, table: &Name, id: &Value) -> Expression {
        let at = |kind: ExprKind| Expr { kind, span: Span::default() };
        let column = Ident { name: key_name(&self.memory, table).expect("a key"), span: Span::default() };
        let column = at(ExprKind::Column(Box::new(ColumnRef { table: None, column })));
        let value = at(ExprKind::Literal(Literal::Text(id.to_string().into())));
        let condition = at(ExprKind::Binary(BinaryOp::NotDistinct, Box::new((column, value))));
        let scope = TableScope { catalog: self.memory.catalog(), table };
        Expression::resolve(&condition, &scope, Some(Type::Boolean)).unwrap()
    }

    /// Every live version looks at every row.
    fn read(&mut self) -> Result<(), Wrong> {
        let plan = Arc::clone(&self.plan);
        for app in plan.apps.iter() {
            match self.memory.app_state(&app.name) {
                Ok(AppState::Works) => {
                    if let Some(wrong) = self.truth.read(&self.memory, app, &self.places) {
                        self.goes_wrong(wrong)?;
                    }
                }
                Ok(AppState::Breaks(why)) => {
                    let said = format!("{} {}", app.name, why.join(", "));
                    return Err(Wrong::new("broken use", About::Order, said));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Random live versions do random things.
    fn traffic(&mut self, count: usize) -> Result<(), Wrong> {
        for _ in 0..count {
            let plan = Arc::clone(&self.plan);
            let is_live = |app: &&AppUse| self.memory.catalog().is_live(&app.name);
            let live: Vec<&AppUse> = plan.apps.iter().filter(is_live).collect();
            let tables: Vec<Name> = self.memory.catalog().tables().map(|table| table.name.clone()).collect();
            if live.is_empty() || tables.is_empty() {
                return Ok(());
            }
            let app = *self.random.pick(&live);
            let table = self.random.pick(&tables).clone();
            if self.writes_elsewhere(app, &table) {
                continue;
            }
            match self.random.below(10) {
                0..3 => self.insert(app, &table)?,
                3 => self.delete(app, &table)?,
                _ => self.update(app, &table)?,
            }
            self.read()?;
        }
        Ok(())
    }

    /// Whether a version writes what it writes in one table in another one, too: that is one transaction, which is not
    /// played.
    fn writes_elsewhere(&self, app: &AppUse, table: &Name) -> bool {
        let catalog = self.memory.catalog();
        let ids = |is_here: bool| -> Vec<ColumnId> {
            let names = app.writes.iter().filter(|name| (name.table == *table) == is_here);
            names.filter_map(|name| Some(catalog.column(&name.table, &name.column)?.id)).collect()
        };
        let facts = &self.plan.facts;
        let shares = |one: ColumnId, other: ColumnId| facts.of(one).iter().any(|fact| facts.of(other).contains(fact));
        let (here, there) = (ids(true), ids(false));
        here.iter().any(|one| there.iter().any(|other| shares(*one, *other)))
    }

    fn heard(&self, app: &AppUse, table: &Name) -> Heard {
        Heard::of(&self.plan, table, app)
    }

    /// Columns of `*` that a version was there before: those it gives back as they are.
    fn came_later(&self, app: &AppUse, table: &Name, column: &Column) -> bool {
        let is_spread = app.spread.iter().any(|known| known.table == *table && known.column == column.name);
        is_spread && self.memory.catalog().column_found_by(&app.name, table, &column.name).is_none()
    }

    fn update(&mut self, app: &AppUse, table: &Name) -> Result<(), Wrong> {
        let numbers = numbers(&self.memory, table);
        let Some(schema) = self.memory.catalog().table(table).cloned() else { return Ok(()) };
        let of_it = app.updates.iter().filter(|name| name.table == *table);
        let columns: Vec<Column> = of_it.filter_map(|name| schema.column(&name.column).cloned()).collect();
        if numbers.is_empty() || columns.is_empty() {
            return Ok(());
        }
        let number = *self.random.pick(&numbers);
        let values = self.values_to_set(app, (table, number), &schema, columns);
        if values.is_empty() || !self.is_heard_of(app, (table, Some(number)), &ids(&values)) {
            return Ok(());
        }
        self.set(app, (table, number), &values, None)
    }

    /// What a version sets in a row; nothing where it does not write after all.
    fn values_to_set(
        &mut self,
        app: &AppUse,
        (table, number): (&Name, usize),
        schema: &Table,
        columns: Vec<Column>,
    ) -> Vec<(Column, Value)> {
        let writes: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
        let now = self.memory.now_micros();
        let is_spread =
            |column: &Column| app.spread.iter().any(|known| known.table == *table && known.column == column.name);
        let spread: Vec<ColumnId> = columns.iter().filter(|column| is_spread(column)).map(|column| column.id).collect();
        let changed = (!spread.is_empty()).then(|| *self.random.pick(&spread));
        let facts = Arc::clone(&self.plan.facts);
        let mut skipped: Vec<ColumnId> = Vec::new();
        let mut values: Vec<(Column, Value)> = Vec::new();
        for column in columns {
            let there = self.memory.value(table, number, &column.name).expect("it is there");
            if is_spread(&column) && (changed != Some(column.id) || self.came_later(app, table, &column)) {
                values.push((column, there));
                continue;
            }
            let value_of = |id: ColumnId| {
                let given = values.iter().find(|(column, _)| column.id == id).map(|(_, value)| value.clone());
                given.or_else(|| self.memory.value(table, number, self.memory.catalog().column_name(table, id)))
            };
            let translated = self.truth.translated(column.id, &writes, &value_of, now).filter(|_| !is_spread(&column));
            let is_linked = writes
                .iter()
                .any(|id| *id != column.id && facts.of(*id).iter().any(|fact| facts.of(column.id).contains(fact)));
            if translated.is_none() && !is_linked && self.random.chance(30) {
                skipped.push(column.id);
                continue;
            }
            let is_key = schema.primary_key() == Some(&[column.id]);
            let value = match (translated, self.random.below(8)) {
                (Some(Known::Value(value)), _) => value,
                (Some(_), _) => return Vec::new(),
                (None, 0) => there.clone(),
                (None, _) if is_key && self.places.are_linked() => there.clone(),
                (None, 1) if !is_key => default_of(&column, now),
                (None, _) if is_key => self.new_id(&column),
                (None, _) => self.value_for(schema, &column),
            };
            values.push((column, value));
        }
        // Who writes two forms that the plan does not translate gives both anew, or leaves both as they are.
        let changes = |(column, value): &(Column, Value)| {
            let there = self.memory.value(table, number, &column.name).expect("it is there");
            value.is_null() != there.is_null() || value.to_string() != there.to_string()
        };
        let shares = |one: ColumnId, other: ColumnId| facts.of(one).iter().any(|fact| facts.of(other).contains(fact));
        let apart = |one: &(Column, Value)| {
            !is_spread(&one.0)
                && values
                    .iter()
                    .any(|two| !is_spread(&two.0) && shares(one.0.id, two.0.id) && changes(one) && !changes(two))
        };
        if values.iter().any(apart) {
            return Vec::new();
        }
        values
    }

    /// Sets columns of a row; `sql` does it on the server in another way than by an update.
    fn set(
        &mut self,
        app: &AppUse,
        (table, number): (&Name, usize),
        values: &[(Column, Value)],
        sql_of_insert: Option<String>,
    ) -> Result<(), Wrong> {
        let said: Vec<String> =
            values.iter().map(|(column, value)| format!("{} = {}", column.name, value.literal())).collect();
        self.events.push(format!("{} updates row {number} of {table}: {}", app.name, said.join(", ")));
        let mut changed: Vec<(ColumnId, Value)> = Vec::new();
        for (column, value) in values {
            let there = self.memory.value(table, number, &column.name).expect("it is there");
            if value.is_null() != there.is_null() || value.to_string() != there.to_string() {
                changed.push((column.id, value.clone()));
            }
        }
        let named: Vec<(Name, Value)> =
            values.iter().map(|(column, value)| (column.name.clone(), value.clone())).collect();
        self.writes += 1;
        let set =
            |(column, value): &(Column, Value)| format!("{} = {}", quote::ident(&column.name), sql(column, value));
        let sets: Vec<String> = values.iter().map(set).collect();
        let (own, id) = (key_name(&self.memory, table), key(&self.memory, table, number));
        let (own, id) = (own.expect("it has a key"), id.expect("it has a key"));
        let (relation, own) = (quote::ident(table), quote::ident(&own));
        let update = format!("update {relation} set {} where {own} = {id}", sets.join(", "));
        let done = self.memory.update_row(Some(&app.name), table, number, &named);
        let thing = self.places.thing(table, number);
        self.written_on_server(&sql_of_insert.unwrap_or(update), done.as_ref().err())?;
        match done {
            Ok(()) => {
                self.look();
                self.truth.updated(thing, &changed, self.memory.now_micros());
                Ok(())
            }
            Err(fault) => self.refused(app, &fault),
        }
    }

    /// A write was refused: that is wrong, unless the version knew that it would be.
    fn refused(&mut self, app: &AppUse, fault: &Fault) -> Result<(), Wrong> {
        self.events.push(format!("that is refused: {}", fault.message));
        let quoted: Vec<&str> = fault.message.split('`').skip(1).step_by(2).collect();
        let behind = |word: &str| fault.message.split(word).nth(1).and_then(|rest| rest.split('`').next());
        let name = match fault.kind {
            FaultKind::NotNull => quoted.first().copied(),
            FaultKind::Check => behind("check `"),
            FaultKind::Unique | FaultKind::ForeignKey => behind("constraint `"),
            _ => None,
        };
        if fault.kind == FaultKind::ForeignKey {
            let was_there = self.plan.start.is_live(&app.name);
            let kind_of = |name: &str| {
                self.memory.catalog().tables().find_map(|table| table.constraint(name)).map(|found| found.kind.clone())
            };
            // The same key may stand there under another name.
            let is_old = |name: &str| {
                let mut all = self.plan.start.tables().flat_map(|table| table.constraints());
                let kind = kind_of(name);
                let is_same = |old: &ConstraintKind| {
                    matches!(old, ConstraintKind::ForeignKey { .. })
                        && kind.as_ref().is_some_and(|kind| kind.columns() == old.columns())
                };
                all.any(|old| *old.name == *name || is_same(&old.kind))
            };
            if !was_there || name.is_some_and(is_old) {
                return Ok(());
            }
        }
        let about = name.map_or(About::Failing, |name| About::Refusal(name.to_owned()));
        self.goes_wrong(Wrong::new("rejected write", about, format!("{}: {}", app.name, fault.message)))
    }

    fn new_id(&mut self, column: &Column) -> Value {
        self.next_id += 1;
        whole(self.next_id, column)
    }

    /// The key of a new row: of a thing that has no row in this table, where there is one.
    fn key_of_new(&mut self, schema: &Table, column: &Column) -> Value {
        if self.places.are_linked() {
            let has_none = |(_, _, thing): &(Name, usize, usize)| self.places.row(*thing, &schema.name).is_none();
            let rows: Vec<(Name, usize, usize)> = self.rows().into_iter().filter(has_none).collect();
            let refers = schema.foreign_keys().any(|key| key.kind.columns() == [column.id]);
            if !rows.is_empty() && (refers || self.random.chance(30)) {
                let (table, number, _) = self.random.pick(&rows).clone();
                return key(&self.memory, &table, number).expect("it has a key");
            }
        }
        self.new_id(column)
    }

    fn insert(&mut self, app: &AppUse, table: &Name) -> Result<(), Wrong> {
        let Some(schema) = self.memory.catalog().table(table).cloned() else { return Ok(()) };
        let Some(inserts) = app.inserts_into(table).filter(|_| !self.heard(app, table).no_inserts) else {
            return Ok(());
        };
        let all: Vec<Column> = inserts.columns.iter().filter_map(|name| schema.column(&name.column).cloned()).collect();
        let own = schema.primary_key().and_then(|key| schema.column_by_id(key[0])).expect("a key").clone();
        let id = self.key_of_new(&schema, &own);
        let mut given = vec![(own.clone(), id)];
        let mut defaults = Vec::new();
        let mut written: Vec<(ColumnId, Value)> = vec![(given[0].0.id, given[0].1.clone())];
        let (writes, now): (Vec<ColumnId>, _) =
            (all.iter().map(|column| column.id).collect(), self.memory.now_micros());
        let is_translated = |column: &Column| self.truth.translated(column.id, &writes, &|_| None, now).is_some();
        let all_given = all.iter().any(is_translated) || self.places.are_linked();
        for column in all.into_iter().filter(|column| column.id != own.id) {
            if self.came_later(app, table, &column) {
                continue;
            }
            let value_of = |id: ColumnId| written.iter().find(|(of, _)| *of == id).map(|(_, value)| value.clone());
            if let Some(translated) = self.truth.translated(column.id, &writes, &value_of, now) {
                // A value made of nothing but nulls would count alone.
                let from_something = written[1..].iter().any(|(_, value)| !value.is_null());
                let Known::Value(value) = translated else { return Ok(()) };
                if !value.is_null() && !from_something {
                    return Ok(());
                }
                written.push((column.id, value.clone()));
                given.push((column, value));
            } else if !all_given && self.random.chance(25) {
                written.push((column.id, default_of(&column, self.memory.now_micros())));
                if self.random.chance(50) {
                    defaults.push(quote::ident(&column.name));
                }
            } else {
                let value = self.value_for(&schema, &column);
                written.push((column.id, value.clone()));
                given.push((column, value));
            }
        }
        if let Some(conflict) = inserts.conflicts.first()
            && self.random.chance(50)
        {
            let conflict = conflict.clone();
            return self.upsert(app, &schema, given, &conflict);
        }
        if !self.is_heard_of(app, (table, None), &written) {
            return Ok(());
        }
        self.add(app, table, &given, &defaults)
    }

    fn add(&mut self, app: &AppUse, table: &Name, given: &[(Column, Value)], defaults: &[String]) -> Result<(), Wrong> {
        let said: Vec<String> =
            given.iter().map(|(column, value)| format!("{} = {}", column.name, value.literal())).collect();
        self.events.push(format!("{} inserts into {table} {}", app.name, said.join(", ")));
        let names: Vec<Name> = given.iter().map(|(column, _)| column.name.clone()).collect();
        let row: Vec<Value> = given.iter().map(|(_, value)| value.clone()).collect();
        let before: BTreeSet<usize> = numbers(&self.memory, table).into_iter().collect();
        self.writes += 1;
        let sql = insertion(table, given, defaults);
        let done = self.memory.insert(Some(&app.name), table, &names, &[row]);
        self.written_on_server(&sql, done.as_ref().err())?;
        if let Err(fault) = done {
            return self.refused(app, &fault);
        }
        let mut new = numbers(&self.memory, table).into_iter().filter(|number| !before.contains(number));
        let number = new.next().expect("a new row");
        let rows = self.places.look(&self.memory);
        let thing = self.places.thing(table, number);
        self.truth.inserted(&self.memory, (thing, table), &ids(given));
        for (table, number, thing) in rows {
            let schema = self.memory.catalog().table(&table).expect("it is there").clone();
            for column in schema.columns() {
                self.truth.added(&self.memory, (thing, &table, number), column.id);
            }
        }
        Ok(())
    }

    /// An insert `on conflict (…) do update` of what a row has that is there.
    fn upsert(
        &mut self,
        app: &AppUse,
        schema: &Table,
        mut given: Vec<(Column, Value)>,
        conflict: &[Name],
    ) -> Result<(), Wrong> {
        let table = &schema.name;
        let rows = numbers(&self.memory, table);
        if rows.is_empty() {
            return Ok(());
        }
        let number = *self.random.pick(&rows);
        for (column, value) in given.iter_mut().filter(|(column, _)| conflict.contains(&column.name)) {
            *value = self.memory.value(table, number, &column.name).expect("it is there");
            if value.is_null() {
                return Ok(());
            }
        }
        let is_named = |name: &Name| given.iter().any(|(column, _)| column.name == *name);
        if !conflict.iter().all(is_named) {
            return Ok(());
        }
        // The server looks at `not null` and checks of the row that is not inserted, too.
        if !self.is_heard_of(app, (table, Some(usize::MAX)), &ids(&given)) {
            return Ok(());
        }
        let updated =
            |column: &Column| app.updates.iter().any(|name| name.table == *table && name.column == column.name);
        let sets: Vec<(Column, Value)> = given
            .iter()
            .filter(|(column, _)| updated(column) && !conflict.contains(&column.name))
            .filter(|(column, _)| schema.primary_key() != Some(&[column.id]))
            .cloned()
            .collect();
        if sets.is_empty() || !self.is_heard_of(app, (table, Some(number)), &ids(&sets)) {
            return Ok(());
        }
        let set = |(column, _): &(Column, Value)| {
            let name = quote::ident(&column.name);
            format!("{name} = excluded.{name}")
        };
        let target = conflict.iter().map(|name| quote::ident(name)).collect::<Vec<_>>().join(", ");
        let assignments = sets.iter().map(set).collect::<Vec<_>>().join(", ");
        let insertion = insertion(table, &given, &[]);
        self.set(
            app,
            (table, number),
            &sets,
            Some(format!("{insertion} on conflict ({target}) do update set {assignments}")),
        )
    }

    fn delete(&mut self, app: &AppUse, table: &Name) -> Result<(), Wrong> {
        let rows = numbers(&self.memory, table);
        if !app.deletes_from(table) || rows.len() < 3 {
            return Ok(());
        }
        let number = *self.random.pick(&rows);
        let id = key(&self.memory, table, number).expect("it has a key");
        let only = self.only(table, &id);
        self.events.push(format!("{} deletes row {number} of {table}", app.name));
        let thing = self.places.thing(table, number);
        let before: Vec<(Name, usize, usize)> = self.rows().into_iter().filter(|(_, _, of)| *of == thing).collect();
        let done = self.memory.delete(Some(&app.name), table, Some(&only));
        let own = quote::ident(&key_name(&self.memory, table).expect("it has a key"));
        let sql = format!("delete from {} where {own} = {id}", quote::ident(table));
        self.written_on_server(&sql, done.as_ref().err())?;
        if let Err(fault) = done {
            return self.refused(app, &fault);
        }
        self.look();
        let mut columns = Vec::new();
        for (table, _, _) in before.iter().filter(|(table, _, _)| self.places.row(thing, table).is_none()) {
            let schema = self.memory.catalog().table(table).expect("it is there");
            columns.extend(schema.columns().map(|column| column.id));
        }
        self.truth.deleted(thing, &columns, self.places.is_there(thing));
        Ok(())
    }

    /// A value for a column: of one that refers to another table, mostly one that is there.
    fn value_for(&mut self, table: &Table, column: &Column) -> Value {
        let referred = table.foreign_keys().find_map(|key| match &key.kind {
            ConstraintKind::ForeignKey { column: own, table, referenced, .. } if *own == column.id => {
                Some((table.clone(), *referenced))
            }
            _ => None,
        });
        if let Some((parent, referenced)) = referred
            && self.random.chance(80)
        {
            let rows = numbers(&self.memory, &parent);
            if !rows.is_empty() {
                let row = *self.random.pick(&rows);
                let name = self.memory.catalog().column_name(&parent, referenced).to_owned();
                return self.memory.value(&parent, row, &name).unwrap_or(Value::Null);
            }
        }
        any_value(&mut self.random, column)
    }

    /// Whether a write is one that the version would do: it breaks nothing that it has heard of. With a number that no
    /// row has, unique columns are not looked at.
    fn is_heard_of(&self, app: &AppUse, (name, number): (&Name, Option<usize>), given: &[(ColumnId, Value)]) -> bool {
        let heard = self.heard(app, name);
        let table = self.memory.catalog().table(name).expect("it is there").clone();
        let now = self.memory.now_micros();
        let value = |id: ColumnId| -> Option<Value> {
            if let Some((_, value)) = given.iter().find(|(of, _)| *of == id) {
                return Some(value.clone());
            }
            let column = table.column_by_id(id)?;
            match number {
                Some(number) if number < usize::MAX => self.memory.value(name, number, &column.name),
                _ => Some(default_of(column, now)),
            }
        };
        if given.iter().any(|(id, value)| value.is_null() && heard.not_null.contains(id)) {
            return false;
        }
        let fails = |check: &Expression| {
            let row: Option<Vec<Value>> = check.inputs().iter().map(|name| value(table.column(name)?.id)).collect();
            row.is_some_and(|row| !matches!(check.eval(&row, now), Ok(Value::Boolean(true) | Value::Null)))
        };
        if heard.checks.iter().any(fails) {
            return false;
        }
        let collides = |columns: &Vec<ColumnId>| {
            let own: Option<Vec<Value>> = columns.iter().map(|id| value(*id)).collect();
            let Some(own) = own.filter(|own| own.iter().all(|value| !value.is_null())) else { return false };
            let others = numbers(&self.memory, name).into_iter().filter(|other| Some(*other) != number);
            let of = |other: usize| -> Option<Vec<Value>> {
                columns.iter().map(|id| self.memory.value(name, other, &table.column_by_id(*id)?.name)).collect()
            };
            others.filter_map(of).any(|other| other == own)
        };
        number == Some(usize::MAX) || !heard.uniques.iter().any(collides)
    }
}

fn insertion(table: &Name, given: &[(Column, Value)], defaults: &[String]) -> String {
    let idents = given.iter().map(|(column, _)| quote::ident(&column.name)).chain(defaults.iter().cloned());
    let literals = given.iter().map(|(column, value)| sql(column, value));
    let literals = literals.chain(defaults.iter().map(|_| "default".to_owned()));
    format!(
        "insert into {} ({}) values ({})",
        quote::ident(table),
        idents.collect::<Vec<_>>().join(", "),
        literals.collect::<Vec<_>>().join(", ")
    )
}

fn ids(values: &[(Column, Value)]) -> Vec<(ColumnId, Value)> {
    values.iter().map(|(column, value)| (column.id, value.clone())).collect()
}

fn whole(number: i32, column: &Column) -> Value {
    Value::parse_fitting(&number.to_string(), column.ty).unwrap_or(Value::Integer(number))
}

fn default_of(column: &Column, now: i64) -> Value {
    column.default.as_ref().and_then(|default| default.eval(&[], now).ok()).unwrap_or(Value::Null)
}

fn any_value(random: &mut Random, column: &Column) -> Value {
    if random.chance(15) {
        return Value::Null;
    }
    let ty = column.written_type.as_deref().map_or_else(|| column.ty.to_string(), str::to_owned);
    let ty = match ty.as_str() {
        "numeric(6, 2)" => "numeric(6,2)".to_owned(),
        "timestamp without time zone" => "timestamp".to_owned(),
        "timestamp with time zone" => "timestamptz".to_owned(),
        other => other.replace("character varying", "varchar"),
    };
    let text = *random.pick(pools::values(&ty));
    Value::parse_fitting(text, column.ty).unwrap_or_else(|error| panic!("{text} as {ty}: {error}"))
}

fn differs(said: String) -> Wrong {
    Wrong::new(DIFFER, About::Order, said)
}

/// A value as SQL writes it.
fn sql(column: &Column, value: &Value) -> String {
    literal(value, column.written_type.as_deref().unwrap_or(&column.ty.to_string()))
}

fn shown(row: &[Value]) -> String {
    row.iter().map(Value::literal).collect::<Vec<_>>().join(", ")
}
