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

use super::pools;
use super::truth::{Truth, Wrong, numbers};
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
    fn of(plan: &Plan, app: &AppUse) -> Self {
        let start = plan.start.table("t").expect("it is there");
        let was_there = plan.start.is_live(&app.name);
        let mut heard = Self { not_null: BTreeSet::new(), checks: Vec::new(), uniques: Vec::new(), no_inserts: false };
        let writes = |id: ColumnId, catalog: &Catalog| {
            let name = catalog.column_name("t", id);
            name == "id" || app.writes.iter().any(|column| &*column.column == name)
        };
        heard.take(&plan.start, &|id| was_there || writes(id, &plan.start));
        if !was_there {
            let mut catalog = plan.start.clone();
            for step in &plan.steps {
                catalog.apply(&step.action);
                heard.take(&catalog, &|id| writes(id, &catalog));
            }
        }
        let given = |column: &&Column| {
            &*column.name == "id"
                || app
                    .inserts_into("t")
                    .is_some_and(|inserts| inserts.columns.iter().any(|known| known.column == column.name))
        };
        let wanted = |column: &&Column| column.not_null != NotNull::No && column.default.is_none();
        heard.no_inserts = was_there && start.columns().filter(wanted).any(|column| !given(&column));
        heard
    }

    fn take(&mut self, catalog: &Catalog, is_its: &dyn Fn(ColumnId) -> bool) {
        let Some(table) = catalog.table("t") else { return };
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

pub struct Stage {
    pub plan: Arc<Plan>,
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
    /// A table with random rows that satisfy the start; none where there are no such.
    pub fn new(plan: &Arc<Plan>, mut random: Random) -> Self {
        let mut memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
        let table = plan.start.table("t").expect("it is there").clone();
        let names: Vec<Name> = table.columns().map(|column| column.name.clone()).collect();
        let mut events = Vec::new();
        for id in 1..=4 {
            for _ in 0..12 {
                let mut row = vec![Value::Integer(id)];
                row.extend(table.columns().skip(1).map(|column| any_value(&mut random, column)));
                if memory.insert(None, &"t".into(), &names, std::slice::from_ref(&row)).is_ok() {
                    events.push(format!("row {}", shown(&row)));
                    break;
                }
            }
        }
        let truth = Truth::new(plan, &memory);
        let heard = plan.apps.iter().map(|app| Heard::of(plan, app)).collect();
        Self { plan: Arc::clone(plan), memory, truth, heard, random, next_id: 100, events, writes: 0 }
    }

    /// Plays it all.
    pub fn play(&mut self) -> Result<(), Wrong> {
        let plan = Arc::clone(&self.plan);
        for step in &plan.steps {
            let count = self.random.below(5);
            self.traffic(count)?;
            self.step(&step.action, &step.title)?;
            self.read()?;
        }
        self.traffic(6)
    }

    fn step(&mut self, action: &Action, title: &str) -> Result<(), Wrong> {
        self.events.push(format!("statement: {title}"));
        if let Action::Fill { .. } = action {
            return self.fill(action, title);
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
    fn fill(&mut self, action: &Action, title: &str) -> Result<(), Wrong> {
        let Action::Fill { column, filter, .. } = action else { return Ok(()) };
        let mut waiting = numbers(&self.memory);
        let mut seen: Vec<usize> = Vec::new();
        while !waiting.is_empty() {
            let at = self.random.below(waiting.len());
            let number = waiting.swap_remove(at);
            self.visit(action, title, *column, filter.as_ref(), number)?;
            seen.push(number);
            if self.random.chance(10) {
                let again = *self.random.pick(&seen);
                self.visit(action, title, *column, filter.as_ref(), again)?;
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
        action: &Action,
        title: &str,
        column: ColumnId,
        filter: Option<&Expression>,
        number: usize,
    ) -> Result<(), Wrong> {
        let selected = self.memory.select(None, &"t".into(), Some(&[]), filter, usize::MAX);
        let holds = |rows: &[miglab::engine::memory::Row]| rows.iter().any(|row| row.number == number);
        if !selected.is_ok_and(|selected| holds(&selected.rows)) {
            return Ok(());
        }
        self.events.push(format!("it comes by row {number}"));
        let id = self.memory.value("t", number, "id").expect("it is there");
        let only = self.only(&id);
        self.apply(&action.clone().on_rows(Some(only)), title, false)?;
        let name = self.memory.catalog().column_name("t", column).to_owned();
        let after = self.memory.value("t", number, &name).expect("it is there");
        self.truth.filled(number, column, &after);
        Ok(())
    }

    fn only(&self, id: &Value) -> Expression {
        let at = |kind: ExprKind| Expr { kind, span: Span::default() };
        let column = Ident { name: "id".into(), span: Span::default() };
        let column = at(ExprKind::Column(Box::new(ColumnRef { table: None, column })));
        let value = at(ExprKind::Literal(Literal::Text(id.to_string().into())));
        let condition = at(ExprKind::Binary(BinaryOp::NotDistinct, Box::new((column, value))));
        let scope = TableScope { catalog: self.memory.catalog(), table: "t" };
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
        let Some(table) = self.memory.catalog().table("t") else { return Vec::new() };
        names.iter().filter_map(|name| table.column(&name.column).cloned()).collect()
    }

    fn update(&mut self, at: usize, app: &AppUse) -> Result<(), Wrong> {
        let numbers = numbers(&self.memory);
        let columns = self.columns(&app.updates);
        if numbers.is_empty() || columns.is_empty() {
            return Ok(());
        }
        let number = *self.random.pick(&numbers);
        let (mut values, mut changed) = (Vec::new(), Vec::new());
        for column in columns {
            if self.random.chance(30) {
                continue;
            }
            let there = self.memory.value("t", number, &column.name).expect("it is there");
            let value = match self.random.below(8) {
                0 => there.clone(),
                1 => default_of(&column, self.memory.now_micros()),
                _ if &*column.name == "id" => self.new_id(),
                _ => any_value(&mut self.random, &column),
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
        match self.memory.update_row(Some(&app.name), &"t".into(), number, &named) {
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
        let Some(inserts) = app.inserts_into("t").filter(|_| !self.heard[at].no_inserts) else { return Ok(()) };
        let all = self.columns(&inserts.columns);
        let id = self.new_id();
        let id_column = self.memory.catalog().column("t", "id").expect("it is there").clone();
        let mut given = vec![(id_column, id)];
        let mut written: Vec<(ColumnId, Value)> = vec![(given[0].0.id, given[0].1.clone())];
        for column in all.into_iter().filter(|column| &*column.name != "id") {
            if self.random.chance(25) {
                written.push((column.id, default_of(&column, self.memory.now_micros())));
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
        let before: BTreeSet<usize> = numbers(&self.memory).into_iter().collect();
        self.writes += 1;
        match self.memory.insert(Some(&app.name), &"t".into(), &names, &[row]) {
            Ok(_) => {
                let number =
                    numbers(&self.memory).into_iter().find(|number| !before.contains(number)).expect("a new row");
                self.truth.inserted(&self.memory, number, &written);
                Ok(())
            }
            Err(fault) => Err(Wrong::new("rejected write", fault.message)),
        }
    }

    fn delete(&mut self, app: &AppUse) -> Result<(), Wrong> {
        let numbers = numbers(&self.memory);
        if !app.deletes_from("t") || numbers.len() < 3 {
            return Ok(());
        }
        let number = *self.random.pick(&numbers);
        let id = self.memory.value("t", number, "id").expect("it is there");
        let only = self.only(&id);
        self.events.push(format!("{} deletes row {number}", app.name));
        match self.memory.delete(Some(&app.name), &"t".into(), Some(&only)) {
            Ok(_) => self.truth.deleted(number),
            Err(fault) => return Err(Wrong::new("rejected write", fault.message)),
        }
        Ok(())
    }

    /// Whether a write is one that the version would do: it breaks nothing that it has heard of.
    fn is_heard_of(&self, at: usize, number: Option<usize>, given: &[(ColumnId, Value)]) -> bool {
        let heard = &self.heard[at];
        let table = self.memory.catalog().table("t").expect("it is there").clone();
        let now = self.memory.now_micros();
        let value = |id: ColumnId| -> Option<Value> {
            if let Some((_, value)) = given.iter().find(|(of, _)| *of == id) {
                return Some(value.clone());
            }
            let column = table.column_by_id(id)?;
            match number {
                Some(number) => self.memory.value("t", number, &column.name),
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
            let others = numbers(&self.memory).into_iter().filter(|other| Some(*other) != number);
            let of = |other: usize| -> Option<Vec<Value>> {
                columns.iter().map(|id| self.memory.value("t", other, &table.column_by_id(*id)?.name)).collect()
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
    let ty = column.ty.to_string();
    let ty = match ty.as_str() {
        "character varying(5)" => "varchar(5)",
        "timestamp without time zone" => "timestamp",
        "numeric(6, 2)" => "numeric(6,2)",
        other => other,
    };
    let text = *random.pick(pools::values(ty));
    Value::parse_fitting(text, column.ty).unwrap_or_else(|error| panic!("{text} as {ty}: {error}"))
}

fn shown(row: &[Value]) -> String {
    row.iter().map(Value::literal).collect::<Vec<_>>().join(", ")
}
