//! A plan under way, with applications at work between and during its statements.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use miglab::ast::{BinaryOp, ColumnRef, Expr, ExprKind, Ident, Literal, Name};
use miglab::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull};
use miglab::data::{Type, Value};
use miglab::engine::Engine;
use miglab::engine::memory::{AppState, Memory};
use miglab::expr::Expression;
use miglab::plan::{Action, AppUse, ColumnName, Plan, TableScope};
use miglab::source::Span;

use miglab::engine::postgres::{Work, quote};
use postgres::Client;

use super::pools;
use super::truth::{Known, Truth, Wrong, numbers};
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
        let start = plan.start.table(name).expect("it is there");
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
            let bound: BTreeSet<_> =
                start.columns().filter(|column| column.not_null != NotNull::No).map(|column| column.id).collect();
            let comes = |id: ColumnId| {
                bound.iter().any(|bound| plan.facts.of(*bound).iter().any(|fact| plan.facts.of(id).contains(fact)))
            };
            for (_, effect) in plan.effects() {
                heard.not_null.extend(effect.adds.iter().map(|(_, column)| column.id).filter(|id| comes(*id)));
            }
        }
        heard.no_inserts = was_there && start.columns().filter(wanted).any(|column| !given(&column));
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

/// Memory and server do not do the same.
pub const DIFFER: &str = "memory and PostgreSQL differ";

/// A plan under way in memory, and on a server where there is one.
pub struct Stage {
    pub plan: Arc<Plan>,
    table: Name,
    server: Option<Both>,
    /// The schema as it was before the statement under way.
    before: Catalog,
    pub memory: Memory,
    pub truth: Truth,
    heard: Vec<Heard>,
    random: Random,
    next_id: i32,
    /// What has happened, an event a line.
    pub events: Vec<String>,
    pub writes: usize,
}

impl Stage {
    /// A table with random rows that satisfy the start.
    pub fn new(plan: &Arc<Plan>, mut random: Random, client: Option<Client>) -> Self {
        let mut memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
        let table = plan.start.tables().next().expect("there is one").clone();
        let names: Vec<Name> = table.columns().map(|column| column.name.clone()).collect();
        let mut events = Vec::new();
        for id in 1..=4 {
            for _ in 0..12 {
                let mut row = vec![Value::Integer(id)];
                row.extend(table.columns().skip(1).map(|column| any_value(&mut random, column)));
                if memory.insert(None, &table.name, &names, std::slice::from_ref(&row)).is_ok() {
                    events.push(format!("row {}", shown(&row)));
                    break;
                }
            }
        }
        let truth = Truth::new(plan, &table.name, &memory);
        let heard = plan.apps.iter().map(|app| Heard::of(plan, &table.name, app)).collect();
        let server = client.map(|client| Both::start(Arc::clone(plan), memory.clone(), client));
        let (before, table) = (plan.start.clone(), table.name.clone());
        Self {
            plan: Arc::clone(plan),
            table,
            server,
            before,
            memory,
            truth,
            heard,
            random,
            next_id: 100,
            events,
            writes: 0,
        }
    }

    /// Plays it all.
    pub fn play(&mut self) -> Result<(), Wrong> {
        let plan = Arc::clone(&self.plan);
        for step in &plan.steps {
            let count = self.random.below(5);
            self.traffic(count)?;
            self.before = self.memory.catalog().clone();
            self.step(step.index, &step.action, &step.title)?;
            self.read()?;
        }
        self.traffic(6)
    }

    fn step(&mut self, index: usize, action: &Action, title: &str) -> Result<(), Wrong> {
        self.events.push(format!("statement: {title}"));
        if let Action::Fill { .. } = action {
            return self.fill(index, action, title);
        }
        let effect = action.effect(self.memory.catalog());
        let added: Vec<ColumnId> = effect.adds.iter().map(|(_, column)| column.id).collect();
        for column in &effect.removes_columns {
            if let Some(wrong) = self.truth.dropped(&self.memory, *column) {
                return Err(wrong);
            }
        }
        let verifies = effect.verifies.is_some();
        drop(effect);
        self.apply(action, title, verifies)?;
        self.on_server("true", (index, action), true)?;
        for column in added {
            self.truth.added(&self.memory, column);
        }
        Ok(())
    }

    fn apply(&mut self, action: &Action, title: &str, may_fail: bool) -> Result<(), Wrong> {
        match self.memory.apply(action, &mut |_| ControlFlow::Continue(())) {
            Ok(_) => Ok(()),
            Err(_) if may_fail => Ok(()),
            Err(fault) => Err(Wrong::new("failing step", format!("{title}: {}", fault.message))),
        }
    }

    /// A fill comes by row after row, in any order, by some twice, and applications go on writing.
    fn fill(&mut self, index: usize, action: &Action, title: &str) -> Result<(), Wrong> {
        let Action::Fill { column, filter, .. } = action else { return Ok(()) };
        // What it needs besides the rows is made first.
        self.on_server("false", (index, action), true)?;
        let mut waiting = numbers(&self.memory, &self.table);
        let mut seen: Vec<usize> = Vec::new();
        while !waiting.is_empty() {
            let at = self.random.below(waiting.len());
            let number = waiting.swap_remove(at);
            self.visit((index, action), title, *column, filter.as_ref(), number)?;
            seen.push(number);
            if self.random.chance(10) {
                let again = *self.random.pick(&seen);
                self.visit((index, action), title, *column, filter.as_ref(), again)?;
            }
            self.read()?;
            let count = self.random.below(2);
            self.traffic(count)?;
        }
        let never = Expression::constant(Value::Boolean(false), Type::Boolean);
        self.apply(&action.clone().on_rows(Some(never)), title, false)
    }

    fn visit(
        &mut self,
        (index, action): (usize, &Action),
        title: &str,
        column: ColumnId,
        filter: Option<&Expression>,
        number: usize,
    ) -> Result<(), Wrong> {
        let selected = self.memory.select(None, &self.table, Some(&[]), filter, usize::MAX);
        let holds = |rows: &[miglab::engine::memory::Row]| rows.iter().any(|row| row.number == number);
        if !selected.is_ok_and(|selected| holds(&selected.rows)) {
            return Ok(());
        }
        self.events.push(format!("it comes by row {number}"));
        let id = self.memory.value(&self.table, number, "id").expect("it is there");
        let only = self.only(&id);
        self.apply(&action.clone().on_rows(Some(only)), title, false)?;
        let name = self.memory.catalog().column_name(&self.table, column).to_owned();
        let after = self.memory.value(&self.table, number, &name).expect("it is there");
        self.truth.filled(number, column, &after);
        self.on_server(&format!("r.id = {id}"), (index, action), false)
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
    fn written_on_server(&mut self, sql: &str, refused: Option<&str>) -> Result<(), Wrong> {
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
        let Some(table) = self.memory.catalog().table(&self.table).cloned() else { return Ok(()) };
        server.memory = self.memory.clone();
        let (mine, theirs) = (server.rows_in_memory(&table), server.rows_in_postgres(&table));
        if mine == theirs { Ok(()) } else { Err(differs(format!("memory has {mine:?}\nPostgreSQL has {theirs:?}"))) }
    }

    fn only(&self, id: &Value) -> Expression {
        let at = |kind: ExprKind| Expr { kind, span: Span::default() };
        let column = Ident { name: "id".into(), span: Span::default() };
        let column = at(ExprKind::Column(Box::new(ColumnRef { table: None, column })));
        let value = at(ExprKind::Literal(Literal::Text(id.to_string().into())));
        let condition = at(ExprKind::Binary(BinaryOp::NotDistinct, Box::new((column, value))));
        let scope = TableScope { catalog: self.memory.catalog(), table: &self.table };
        Expression::resolve(&condition, &scope, Some(Type::Boolean)).unwrap()
    }

    /// Every live version looks at every row.
    fn read(&mut self) -> Result<(), Wrong> {
        let plan = Arc::clone(&self.plan);
        for app in plan.apps.iter() {
            match self.memory.app_state(&app.name) {
                Ok(AppState::Works) => {
                    if let Some(wrong) = self.truth.read(&self.memory, app) {
                        return Err(wrong);
                    }
                }
                Ok(AppState::Breaks(why)) => {
                    return Err(Wrong::new("broken use", format!("{} {}", app.name, why.join(", "))));
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
            let live: Vec<usize> =
                (0..plan.apps.len()).filter(|at| self.memory.catalog().is_live(&plan.apps[*at].name)).collect();
            if live.is_empty() {
                return Ok(());
            }
            let at = *self.random.pick(&live);
            let app = &plan.apps[at];
            match self.random.below(10) {
                0..3 => self.insert(at, app)?,
                3 => self.delete(app)?,
                _ => self.update(at, app)?,
            }
            self.read()?;
        }
        Ok(())
    }

    fn columns(&self, names: &[ColumnName]) -> Vec<Column> {
        let Some(table) = self.memory.catalog().table(&self.table) else { return Vec::new() };
        names.iter().filter_map(|name| table.column(&name.column).cloned()).collect()
    }

    fn update(&mut self, at: usize, app: &AppUse) -> Result<(), Wrong> {
        let numbers = numbers(&self.memory, &self.table);
        let columns = self.columns(&app.updates);
        if numbers.is_empty() || columns.is_empty() {
            return Ok(());
        }
        let number = *self.random.pick(&numbers);
        let writes: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
        let now = self.memory.now_micros();
        let mut values: Vec<(Column, Value)> = Vec::new();
        let mut changed: Vec<(ColumnId, Value)> = Vec::new();
        for column in columns {
            let there = self.memory.value(&self.table, number, &column.name).expect("it is there");
            let value_of = |id: ColumnId| {
                let given = values.iter().find(|(column, _)| column.id == id).map(|(_, value)| value.clone());
                let name = self.memory.catalog().column_name(&self.table, id);
                given.or_else(|| self.memory.value(&self.table, number, name))
            };
            let translated = self.truth.translated(column.id, &writes, &value_of, now);
            if translated.is_none() && self.random.chance(30) {
                continue;
            }
            let value = match (translated, self.random.below(8)) {
                (Some(Known::Value(value)), _) => value,
                (Some(_), _) => return Ok(()),
                (None, 0) => there.clone(),
                (None, 1) => default_of(&column, self.memory.now_micros()),
                (None, _) if &*column.name == "id" => self.new_id(),
                (None, _) => any_value(&mut self.random, &column),
            };
            if value.is_null() != there.is_null() || value.to_string() != there.to_string() {
                changed.push((column.id, value.clone()));
            }
            values.push((column, value));
        }
        let given: Vec<(ColumnId, Value)> = values.iter().map(|(column, value)| (column.id, value.clone())).collect();
        if values.is_empty() || !self.is_heard_of(at, Some(number), &given) {
            return Ok(());
        }
        let said: Vec<String> =
            values.iter().map(|(column, value)| format!("{} = {}", column.name, value.literal())).collect();
        self.events.push(format!("{} updates row {number}: {}", app.name, said.join(", ")));
        let named: Vec<(Name, Value)> =
            values.iter().map(|(column, value)| (column.name.clone(), value.clone())).collect();
        self.writes += 1;
        let set =
            |(column, value): &(Column, Value)| format!("{} = {}", quote::ident(&column.name), sql(column, value));
        let sets: Vec<String> = values.iter().map(set).collect();
        let id = self.memory.value(&self.table, number, "id").expect("it is there");
        let sql = format!("update {} set {} where id = {id}", quote::ident(&self.table), sets.join(", "));
        let done = self.memory.update_row(Some(&app.name), &self.table, number, &named);
        self.written_on_server(&sql, done.as_ref().err().map(|fault| fault.message.as_str()))?;
        match done {
            Ok(()) => self.truth.updated(number, &changed, self.memory.now_micros()),
            Err(fault) => return Err(Wrong::new("rejected write", fault.message)),
        }
        Ok(())
    }

    fn new_id(&mut self) -> Value {
        self.next_id += 1;
        Value::Integer(self.next_id)
    }

    fn insert(&mut self, at: usize, app: &AppUse) -> Result<(), Wrong> {
        let Some(inserts) = app.inserts_into(&self.table).filter(|_| !self.heard[at].no_inserts) else { return Ok(()) };
        let all = self.columns(&inserts.columns);
        let id = self.new_id();
        let id_column = self.memory.catalog().column(&self.table, "id").expect("it is there").clone();
        let mut given = vec![(id_column, id)];
        let mut defaults = Vec::new();
        let mut written: Vec<(ColumnId, Value)> = vec![(given[0].0.id, given[0].1.clone())];
        let (writes, now): (Vec<ColumnId>, _) =
            (all.iter().map(|column| column.id).collect(), self.memory.now_micros());
        let is_translated = |column: &Column| self.truth.translated(column.id, &writes, &|_| None, now).is_some();
        let translates = all.iter().any(is_translated);
        for column in all.into_iter().filter(|column| &*column.name != "id") {
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
            } else if !translates && self.random.chance(25) {
                written.push((column.id, default_of(&column, self.memory.now_micros())));
                if self.random.chance(50) {
                    defaults.push(quote::ident(&column.name));
                }
            } else {
                let value = any_value(&mut self.random, &column);
                written.push((column.id, value.clone()));
                given.push((column, value));
            }
        }
        if !self.is_heard_of(at, None, &written) {
            return Ok(());
        }
        let said: Vec<String> =
            given.iter().map(|(column, value)| format!("{} = {}", column.name, value.literal())).collect();
        self.events.push(format!("{} inserts {}", app.name, said.join(", ")));
        let names: Vec<Name> = given.iter().map(|(column, _)| column.name.clone()).collect();
        let row: Vec<Value> = given.iter().map(|(_, value)| value.clone()).collect();
        let before: BTreeSet<usize> = numbers(&self.memory, &self.table).into_iter().collect();
        self.writes += 1;
        let idents = given.iter().map(|(column, _)| quote::ident(&column.name)).chain(defaults.iter().cloned());
        let literals = given.iter().map(|(column, value)| sql(column, value));
        let literals = literals.chain(defaults.iter().map(|_| "default".to_owned()));
        let sql = format!(
            "insert into {} ({}) values ({})",
            quote::ident(&self.table),
            idents.collect::<Vec<_>>().join(", "),
            literals.collect::<Vec<_>>().join(", ")
        );
        let done = self.memory.insert(Some(&app.name), &self.table, &names, &[row]);
        self.written_on_server(&sql, done.as_ref().err().map(|fault| fault.message.as_str()))?;
        match done {
            Ok(_) => {
                let number = numbers(&self.memory, &self.table)
                    .into_iter()
                    .find(|number| !before.contains(number))
                    .expect("a new row");
                let given: Vec<(ColumnId, Value)> =
                    given.iter().map(|(column, value)| (column.id, value.clone())).collect();
                self.truth.inserted(&self.memory, number, &given);
                Ok(())
            }
            Err(fault) => Err(Wrong::new("rejected write", fault.message)),
        }
    }

    fn delete(&mut self, app: &AppUse) -> Result<(), Wrong> {
        let numbers = numbers(&self.memory, &self.table);
        if !app.deletes_from(&self.table) || numbers.len() < 3 {
            return Ok(());
        }
        let number = *self.random.pick(&numbers);
        let id = self.memory.value(&self.table, number, "id").expect("it is there");
        let only = self.only(&id);
        self.events.push(format!("{} deletes row {number}", app.name));
        let done = self.memory.delete(Some(&app.name), &self.table, Some(&only));
        let sql = format!("delete from {} where id = {id}", quote::ident(&self.table));
        self.written_on_server(&sql, done.as_ref().err().map(|fault| fault.message.as_str()))?;
        match done {
            Ok(_) => self.truth.deleted(number),
            Err(fault) => return Err(Wrong::new("rejected write", fault.message)),
        }
        Ok(())
    }

    /// Whether a write is one that the version would do: it breaks nothing that it has heard of.
    fn is_heard_of(&self, at: usize, number: Option<usize>, given: &[(ColumnId, Value)]) -> bool {
        let heard = &self.heard[at];
        let table = self.memory.catalog().table(&self.table).expect("it is there").clone();
        let now = self.memory.now_micros();
        let value = |id: ColumnId| -> Option<Value> {
            if let Some((_, value)) = given.iter().find(|(of, _)| *of == id) {
                return Some(value.clone());
            }
            let column = table.column_by_id(id)?;
            match number {
                Some(number) => self.memory.value(&self.table, number, &column.name),
                None => Some(default_of(column, now)),
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
            let others = numbers(&self.memory, &self.table).into_iter().filter(|other| Some(*other) != number);
            let of = |other: usize| -> Option<Vec<Value>> {
                columns.iter().map(|id| self.memory.value(&self.table, other, &table.column_by_id(*id)?.name)).collect()
            };
            others.filter_map(of).any(|other| other == own)
        };
        !heard.uniques.iter().any(collides)
    }
}

fn default_of(column: &Column, now: i64) -> Value {
    column.default.as_ref().and_then(|default| default.eval(&[], now).ok()).unwrap_or(Value::Null)
}

fn any_value(random: &mut Random, column: &Column) -> Value {
    if &*column.name != "id" && random.chance(15) {
        return Value::Null;
    }
    let ty = match column.ty.to_string().as_str() {
        "numeric(6, 2)" => "numeric(6,2)".to_owned(),
        "timestamp without time zone" => "timestamp".to_owned(),
        other => other.replace("character varying", "varchar"),
    };
    let text = *random.pick(pools::values(&ty));
    Value::parse_fitting(text, column.ty).unwrap_or_else(|error| panic!("{text} as {ty}: {error}"))
}

fn differs(said: String) -> Wrong {
    Wrong::new(DIFFER, said)
}

/// A value as SQL writes it.
fn sql(column: &Column, value: &Value) -> String {
    literal(value, &column.ty.to_string())
}

fn shown(row: &[Value]) -> String {
    row.iter().map(Value::literal).collect::<Vec<_>>().join(", ")
}
