//! A table that several versions of an application write to, and what they know of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use miglab::ast::Name;
use miglab::catalog::{Column, NotNull, Table as Schema};
use miglab::data::{Type, Value};
use miglab::engine::postgres::quote;
use miglab::plan::{Action, AppUse, ColumnName, Plan};
use postgres::Client;

use super::tracker::{Bounds, Tracker};

/// The value of a new cell: whose number it is, and how many were made.
pub type Values = fn(column: &str, number: i64) -> String;

pub struct Table {
    pub plan: Arc<Plan>,
    pub schema: Arc<Schema>,
    pub url: String,
    values: Values,
    rows: Mutex<Vec<Arc<Mutex<Row>>>>,
    live: Mutex<BTreeSet<Name>>,
    least: AtomicUsize,
    most: AtomicUsize,
    made: AtomicI64,
    writes: AtomicUsize,
    stopped: AtomicBool,
    back: AtomicBool,
    faults: Mutex<Vec<String>>,
}

/// A row: nobody else writes to it while one does.
pub struct Row {
    id: i64,
    tracker: Tracker,
}

/// Locks it, whatever has happened to others who did.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// Makes the table with rows.
    pub fn create(plan: &Arc<Plan>, url: &str, rows: i64, values: Values) -> Self {
        let schema = plan.start.tables().next().expect("the plan has a table").clone();
        let table = Self {
            plan: Arc::clone(plan),
            schema,
            url: url.to_owned(),
            values,
            rows: Mutex::new(Vec::new()),
            live: Mutex::new(BTreeSet::new()),
            least: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            made: AtomicI64::new(rows),
            writes: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            back: AtomicBool::new(false),
            faults: Mutex::new(Vec::new()),
        };
        let mut sql = table.creation();
        for id in 1..=rows {
            let (names, row) = table.first_row(id);
            let tracker = Tracker::with_row(plan, &table.schema.name, &names, row.clone());
            let written: Vec<(Name, Value)> = names.into_iter().zip(row).collect();
            sql += &table.insertion(&written);
            lock(&table.rows).push(Arc::new(Mutex::new(Row { id, tracker })));
        }
        table.connect().batch_execute(&sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        table
    }

    fn creation(&self) -> String {
        let column = |column: &Column| {
            let not_null = if column.not_null == NotNull::No { "" } else { " not null" };
            let default = column
                .default
                .as_ref()
                .map(|default| format!(" default {}", default.to_sql(&|name| quote::ident(name))));
            let key = if &*column.name == "id" { " primary key" } else { "" };
            let ty = column.ty;
            format!("{} {ty}{}{not_null}{key}", quote::ident(&column.name), default.unwrap_or_default())
        };
        let columns: Vec<String> = self.schema.columns().map(column).collect();
        format!("create table {} ({});", quote::ident(&self.schema.name), columns.join(", "))
    }

    fn first_row(&self, id: i64) -> (Vec<Name>, Vec<Value>) {
        let value = |column: &Column| match &*column.name {
            "id" => Value::Integer(i32::try_from(id).expect("a small number")),
            name => self.value(name, id),
        };
        (self.schema.columns().map(|column| column.name.clone()).collect(), self.schema.columns().map(value).collect())
    }

    fn insertion(&self, written: &[(Name, Value)]) -> String {
        let names = written.iter().map(|(name, _)| &**name);
        let values: Vec<String> = written.iter().map(|(_, value)| literal(value)).collect();
        let table = quote::ident(&self.schema.name);
        format!("insert into {table} ({}) values ({});", quote::idents(names), values.join(", "))
    }

    pub fn connect(&self) -> Client {
        Client::connect(&self.url, postgres::NoTls).expect("the server is there")
    }

    fn least(&self) -> usize {
        self.least.load(Ordering::SeqCst)
    }

    /// The end of the bounds from which the run goes away.
    fn asked(&self) -> usize {
        if self.back.load(Ordering::SeqCst) { self.most.load(Ordering::SeqCst) } else { self.least() }
    }

    /// Where the run may have been while something was done. It was asked before that, from where it went away.
    fn since(&self, asked: usize) -> Bounds {
        if self.back.load(Ordering::SeqCst) {
            // Here it is the other way round: how far back the run may be is asked now, how far ahead was asked before.
            return Bounds { least: self.least(), most: asked, back: true };
        }
        Bounds { least: asked, most: self.most.load(Ordering::SeqCst), back: false }
    }

    /// So many statements are done.
    pub fn is_at(&self, step: usize) {
        self.most.fetch_max(step, Ordering::SeqCst);
        self.least.store(step, Ordering::SeqCst);
    }

    /// The run may do statements up to this one.
    pub fn may_go_to(&self, step: usize) {
        self.most.store(step, Ordering::SeqCst);
    }

    /// From here on the run goes back; nobody writes at this moment.
    pub fn turns(&self) {
        let rows = lock(&self.rows).clone();
        let mut held: Vec<_> = rows.iter().map(|row| lock(row)).collect();
        if lock(&self.rows).len() != rows.len() {
            drop(held);
            return self.turns();
        }
        let at = self.least();
        held.iter_mut().for_each(|row| row.tracker.spread(Bounds { least: at, most: at, back: false }));
        self.most.store(at, Ordering::SeqCst);
        self.back.store(true, Ordering::SeqCst);
    }

    /// The run may undo statements down to this one.
    pub fn may_go_back_to(&self, step: usize) {
        self.least.store(step, Ordering::SeqCst);
    }

    /// It has come back so far.
    pub fn is_back_at(&self, step: usize) {
        self.most.store(step, Ordering::SeqCst);
    }

    pub fn app(&self, name: &Name) -> AppUse {
        self.plan.apps.iter().find(|app| app.name == *name).expect("it is in the plan").clone()
    }

    pub fn is_live(&self, app: &Name) -> bool {
        lock(&self.live).contains(app)
    }

    pub fn begins(&self, app: &Name) {
        lock(&self.live).insert(app.clone());
    }

    /// It ends; when this is over nobody uses its columns any more.
    pub fn ends(&self, app: &Name) {
        lock(&self.live).remove(app);
        let rows = lock(&self.rows).clone();
        rows.iter().for_each(|row| drop(lock(row)));
    }

    /// Nobody writes from now on.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    pub fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    fn fault(&self, what: String) {
        lock(&self.faults).push(what);
    }

    /// An application writes to some row, reads it back as every live version does, and notes what is wrong. Tells
    /// whether it shall go on.
    pub fn use_some_row(&self, app: &AppUse, client: &mut Client, dice: &mut dyn FnMut(usize) -> usize) -> bool {
        let rows = lock(&self.rows).clone();
        let row = &rows[dice(rows.len())];
        let mut row = lock(row);
        if !self.is_live(&app.name) {
            return false;
        }
        let used =
            if dice(8) == 0 { self.insert(app, client, rows.len()) } else { self.update(&mut row, app, client, dice) };
        let used = used.and_then(|()| self.read_back(&mut row, client));
        self.writes.fetch_add(1, Ordering::Relaxed);
        used.map_err(|fault| self.fault(format!("{} in row {}: {fault}", app.name, row.id))).is_ok()
    }

    fn columns_of(app: &AppUse) -> Vec<Name> {
        app.updates.iter().filter(|column| &*column.column != "id").map(|column| column.column.clone()).collect()
    }

    fn inserted_by(app: &AppUse) -> Vec<Name> {
        let columns = app.inserts.iter().flat_map(|inserts| &inserts.columns);
        columns.map(|column| column.column.clone()).filter(|column| &**column != "id").collect()
    }

    /// Some columns with all that the application must write together with them, as they carry the same facts.
    fn with_linked(&self, app: &AppUse, chosen: &[Name]) -> Vec<Name> {
        let (mut columns, all) = (chosen.to_vec(), Self::columns_of(app));
        loop {
            let linked = |name: &&Name| !columns.contains(name) && columns.iter().any(|one| self.are_linked(one, name));
            let Some(found) = all.iter().find(linked).cloned() else { return columns };
            columns.push(found);
        }
    }

    /// Two columns are the same data in two forms. (Parts of one thing are written apart.)
    fn are_linked(&self, one: &Name, other: &Name) -> bool {
        let id = |name: &Name| self.schema.columns().chain(self.added()).find(|column| column.name == *name);
        let (Some(one), Some(other)) = (id(one), id(other)) else { return false };
        let facts = &self.plan.facts;
        let shared = facts.of(one.id).iter().any(|fact| facts.of(other.id).contains(fact));
        shared && one.id != other.id && !facts.are_parts(one.id, other.id)
    }

    /// The columns that the plan adds.
    fn added(&self) -> impl Iterator<Item = &Column> {
        self.plan.steps.iter().filter_map(|step| match &step.action {
            Action::AddColumn { column, .. } => Some(column),
            _ => None,
        })
    }

    fn type_of(&self, column: &str) -> Type {
        let mut all = self.schema.columns().chain(self.added());
        all.find(|known| &*known.name == column).map_or(Type::Text, |column| column.ty)
    }

    fn value(&self, column: &str, number: i64) -> Value {
        let ty = self.type_of(column);
        let text = if ty.is_numeric() { number.to_string() } else { (self.values)(column, number) };
        value_of(&text, ty)
    }

    fn new_value(&self, column: &str) -> Value {
        self.value(column, self.made.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A new value for some columns; one time in four, the one that is there.
    fn update(
        &self,
        row: &mut Row,
        app: &AppUse,
        client: &mut Client,
        dice: &mut dyn FnMut(usize) -> usize,
    ) -> Result<(), String> {
        let chosen: Vec<Name> = Self::columns_of(app).into_iter().filter(|_| dice(3) > 0).collect();
        let columns = self.with_linked(app, &chosen);
        if columns.is_empty() {
            return Ok(());
        }
        let names: Vec<ColumnName> = columns.iter().map(|column| self.named(column)).collect();
        let held = self.select(row.id, &names, client)?;
        let mut values = Vec::new();
        for (column, held) in columns.into_iter().zip(held) {
            let value = match held {
                Some(held) if self.may_rewrite(app, &column) && dice(4) == 0 => value_of(&held, self.type_of(&column)),
                _ => self.new_value(&column),
            };
            values.push((column, value));
        }
        let asked = self.asked();
        let sets: Vec<String> =
            values.iter().map(|(name, value)| format!("{} = {}", quote::ident(name), literal(value))).collect();
        let table = quote::ident(&self.schema.name);
        Self::execute(client, &format!("update {table} set {} where id = {}", sets.join(", "), row.id))?;
        let written = row.tracker.write(&app.name, &values, false, self.since(asked));
        written.map_err(|fault| format!("the model refuses {values:?}: {}", fault.message))
    }

    /// Whether an application may write a value that already exists: it knows it from reading it, and writes it in one
    /// form only. The proof takes a write for a change, and where `not null` comes before the backfill it hangs on that: the
    /// sync fires, and the row satisfies the check.
    fn may_rewrite(&self, app: &AppUse, column: &Name) -> bool {
        let binds = self.plan.steps.iter().any(|step| matches!(step.action, Action::AddNotNull { .. }));
        let is_read = app.reads.iter().any(|read| read.column == *column);
        !binds && is_read && !app.writes.iter().any(|other| self.are_linked(column, &other.column))
    }

    /// Inserts a row where the model takes it in whatever state the run is.
    fn insert(&self, app: &AppUse, client: &mut Client, rows: usize) -> Result<(), String> {
        let columns = Self::inserted_by(app);
        if app.inserts.is_empty() || rows > 400 || self.back.load(Ordering::SeqCst) || self.leaves_a_default(&columns) {
            return Ok(());
        }
        let id = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let mut values: Vec<(Name, Value)> =
            vec![("id".into(), Value::Integer(i32::try_from(id).expect("a small number")))];
        values.extend(columns.into_iter().map(|column| (column.clone(), self.new_value(&column))));
        let mut tracker = Tracker::new(&self.plan, &self.schema.name);
        let asked = self.asked();
        if !tracker.takes(&app.name, &values, Bounds { least: 0, most: self.plan.steps.len(), back: false }) {
            return Ok(());
        }
        Self::execute(client, &self.insertion(&values))?;
        tracker.write(&app.name, &values, true, self.since(asked)).map_err(|fault| fault.message)?;
        let mut row = Row { id, tracker };
        self.read_back(&mut row, client)?;
        lock(&self.rows).push(Arc::new(Mutex::new(row)));
        Ok(())
    }

    /// A trigger cannot tell a default that was left to stand from one that was given.
    fn leaves_a_default(&self, columns: &[Name]) -> bool {
        let mut all = self.schema.columns().chain(self.added());
        all.any(|column| column.default.is_some() && !columns.contains(&column.name))
    }

    fn execute(client: &mut Client, sql: &str) -> Result<(), String> {
        client.batch_execute(sql).map_err(|error| format!("rejected: {sql}: {error:?}"))
    }

    fn named(&self, column: &Name) -> ColumnName {
        ColumnName { table: self.schema.name.clone(), column: column.clone() }
    }

    fn select(&self, id: i64, columns: &[ColumnName], client: &mut Client) -> Result<Vec<Option<String>>, String> {
        let texts: Vec<String> =
            columns.iter().map(|column| format!("{}::text", quote::ident(&column.column))).collect();
        let table = quote::ident(&self.schema.name);
        let sql = format!("select {} from {table} where id = {id}", texts.join(", "));
        let row = client.query_one(&sql, &[]).map_err(|error| format!("cannot be read: {sql}: {error:?}"))?;
        Ok((0..columns.len()).map(|at| row.get(at)).collect())
    }

    /// Reads what every live version reads.
    fn read_back(&self, row: &mut Row, client: &mut Client) -> Result<(), String> {
        let live = lock(&self.live).clone();
        let apps = self.plan.apps.iter().filter(|app| live.contains(&app.name));
        let columns: BTreeSet<ColumnName> = apps.flat_map(|app| app.reads.iter().cloned()).collect();
        let columns: Vec<ColumnName> = columns.into_iter().filter(|column| &*column.column != "id").collect();
        if columns.is_empty() {
            return Ok(());
        }
        let asked = self.asked();
        let found = self.select(row.id, &columns, client)?;
        row.tracker.read(&columns, &found, self.since(asked))
    }

    /// Every row is read by every live version once more.
    pub fn read_all(&self) {
        let mut client = self.connect();
        for row in lock(&self.rows).iter() {
            let mut row = lock(row);
            if let Err(fault) = self.read_back(&mut row, &mut client) {
                self.fault(format!("row {} in the end: {fault}", row.id));
            }
        }
        let count: i64 = client
            .query_one(&format!("select count(*) from {}", quote::ident(&self.schema.name)), &[])
            .expect("the table is there")
            .get(0);
        let known = lock(&self.rows).len();
        if usize::try_from(count) != Ok(known) {
            self.fault(format!("there are {count} rows in the end, and {known} are known"));
        }
    }
}

fn value_of(text: &str, ty: Type) -> Value {
    Value::parse(text, ty).unwrap_or_else(|error| panic!("{text} as {ty}: {error:?}"))
}

fn literal(value: &Value) -> String {
    if value.is_null() { "null".to_owned() } else { quote::text(&value.to_string()) }
}
