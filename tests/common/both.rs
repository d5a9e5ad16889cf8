//! One plan on the in-memory table and on PostgreSQL.

use std::sync::Arc;

use miglab::catalog::{Catalog, ColumnId, Table};
use miglab::data::Value;
use miglab::engine::memory::Memory;
use miglab::engine::postgres::operation::RANGE;
use miglab::engine::postgres::translate::{Scene, operations};
use miglab::engine::postgres::{Operation, Server, Work, quote};
use miglab::engine::{Engine, Fault};
use miglab::lab;
use miglab::plan::{Action, Plan};
use miglab::source::Source;
use postgres::Client;

use super::postgres::TestServer;

/// Both of them, after the same statements and writes.
pub struct Both {
    pub plan: Arc<Plan>,
    pub memory: Memory,
    pub client: Client,
    pub done: Vec<Vec<Operation>>,
}

impl Both {
    pub fn open(name: &str, text: &str, client: Client) -> Self {
        let lab = lab::open_to_play(Source::new(name, text), &[]).unwrap_or_else(|e| panic!("{name}: {e:?}\n{text}"));
        Self::start(lab.plan, lab.memory, client)
    }

    /// Makes the tables of the plan in an empty schema `public`, with the rows that the memory has.
    pub fn start(plan: Arc<Plan>, memory: Memory, client: Client) -> Self {
        let mut both = Self { plan, memory, client, done: Vec::new() };
        both.execute(
            "set client_min_messages = warning; drop schema if exists miglab, public cascade; \
             create schema miglab; create schema public; set search_path = public",
        );
        both.load();
        both
    }

    pub fn execute(&mut self, sql: &str) {
        self.client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    }

    /// Makes the tables that the plan starts from, referred ones first, with the rows that the memory has.
    fn load(&mut self) {
        let start = self.plan.start.clone();
        let mut waiting: Vec<Arc<Table>> = start.tables().cloned().collect();
        let mut made = Catalog::default();
        while !waiting.is_empty() {
            let ready = |table: &Arc<Table>| {
                table.foreign_keys().all(|key| match &key.kind {
                    miglab::catalog::ConstraintKind::ForeignKey { table: to, .. } => {
                        *to == table.name || made.table(to).is_some()
                    }
                    _ => true,
                })
            };
            let at = waiting.iter().position(ready).expect("foreign keys of declared tables do not go in circles");
            let table = waiting.remove(at);
            let action = Action::AddTable(Arc::clone(&table));
            let all = self.translated(&action, &start, 0).unwrap();
            all.iter().for_each(|operation| self.perform(&operation.work).unwrap());
            self.load_rows(&table);
            made.put_table(table);
        }
    }

    fn load_rows(&mut self, table: &Table) {
        let rows = self.memory.select(None, &table.name, None, None, usize::MAX).unwrap();
        for row in rows.rows {
            let cells = row.cells.iter().zip(table.columns());
            let values: Vec<String> =
                cells.map(|(cell, column)| literal(&cell.value, &column.ty.to_string())).collect();
            self.execute(&format!("insert into {} values ({})", quote::ident(&table.name), values.join(", ")));
        }
    }

    pub fn translated(&self, action: &Action, catalog: &Catalog, step: usize) -> Result<Vec<Operation>, Fault> {
        let server = Server::default();
        let scene = Scene {
            start: &self.plan.start,
            catalog,
            server: &server,
            apps: &self.plan.apps,
            facts: &self.plan.facts,
            step,
        };
        operations(action, scene)
    }

    /// Does a statement on both; tells whether both could, or panics where only one could.
    pub fn step(&mut self, index: usize) -> bool {
        let step = self.plan.steps[index].clone();
        let all = self.translated(&step.action, self.memory.catalog(), index).unwrap();
        let mine = self.memory.apply(&step.action, &mut |_| std::ops::ControlFlow::Continue(()));
        let is_about_people = matches!(step.action, Action::Deploy(_) | Action::Retire(_));
        if is_about_people && mine.is_err() {
            return false;
        }
        let theirs = all.iter().try_for_each(|operation| self.perform(&operation.work));
        let mine = mine.map(|_| ());
        let steps: Vec<&str> = self.plan.steps.iter().map(|step| step.title.as_str()).collect();
        let all_steps = steps.join("\n");
        assert_eq!(
            theirs.is_ok(),
            mine.is_ok(),
            "{}\nmemory: {mine:?}\nPostgreSQL: {theirs:?}\nin the plan\n{all_steps}",
            step.title
        );
        self.done.push(all);
        mine.is_ok()
    }

    /// Takes the statements back on PostgreSQL alone, the last first.
    pub fn roll_back(&mut self) {
        while let Some(all) = self.done.pop() {
            for operation in all.iter().rev() {
                for work in &operation.undo {
                    self.perform(work).unwrap_or_else(|error| panic!("undo {}: {error}", operation.title));
                }
            }
        }
    }

    fn perform(&mut self, work: &Work) -> Result<(), String> {
        self.perform_over(work, "true")
    }

    /// Does it; of rows, those that are in a range.
    pub fn perform_over(&mut self, work: &Work, range: &str) -> Result<(), String> {
        let mut run = |sql: &str| {
            let done = self.client.batch_execute(sql).map_err(|error| format!("{sql}\n{error:?}"));
            if done.is_err() {
                self.client.batch_execute("rollback").unwrap();
            }
            done
        };
        match work {
            Work::Nothing => Ok(()),
            Work::Ddl(statements) => run(&format!("begin; {}; commit", statements.join("; "))),
            Work::Scan(sql) => run(sql),
            Work::ScanIfItHolds { scan, then } => match run(scan) {
                Ok(()) => then.iter().try_for_each(|sql| run(sql)),
                Err(error) if error.contains("23514") || error.contains("23503") => Ok(()),
                Err(error) => Err(error),
            },
            Work::BuildIndex { create, .. } => run(create),
            Work::DropIndex { index } => run(&format!("drop index concurrently if exists {index}")),
            Work::Verify { query, message } => {
                let rows = self.client.query(query, &[]).map_err(|error| format!("{query}\n{error:?}"))?;
                if rows.is_empty() { Ok(()) } else { Err(format!("{message}{}", rows[0].get::<_, String>(0))) }
            }
            Work::Rows(rows) => {
                let sql = rows.statement.replace(RANGE, range);
                run(&format!("begin; set local miglab.backfill = 'on'; {sql}; commit"))
            }
        }
    }

    /// All rows of PostgreSQL and of the memory are the same.
    pub fn compare(&mut self, when: &str) {
        let tables: Vec<Arc<Table>> = self.memory.catalog().tables().cloned().collect();
        for table in tables {
            let expected = self.rows_in_memory(&table);
            let found = self.rows_in_postgres(&table);
            assert_eq!(found, expected, "PostgreSQL (left) and memory differ in `{}` {when}", table.name);
        }
    }

    pub fn rows_in_memory(&self, table: &Table) -> Vec<Vec<Option<String>>> {
        let rows = self.memory.select(None, &table.name, None, None, usize::MAX).unwrap().rows;
        let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
        let mut rows: Vec<Vec<_>> =
            rows.iter().map(|row| row.cells.iter().map(|cell| text(&cell.value)).collect()).collect();
        rows.sort();
        rows
    }

    pub fn rows_in_postgres(&mut self, table: &Table) -> Vec<Vec<Option<String>>> {
        let column = |name: &str| match name {
            name if table.column(name).is_some_and(|column| column.ty == miglab::data::Type::Boolean) => {
                format!("case when {0} then 'true' when not {0} then 'false' end", quote::ident(name))
            }
            name => format!("{}::text", quote::ident(name)),
        };
        let columns: Vec<String> = table.columns().map(|found| column(&found.name)).collect();
        let sql = format!("select {} from {}", columns.join(", "), quote::ident(&table.name));
        let rows = self.client.query(&sql, &[]).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        let mut rows: Vec<Vec<_>> =
            rows.iter().map(|row| (0..row.len()).map(|at| row.get::<_, Option<String>>(at)).collect()).collect();
        rows.sort();
        rows
    }

    /// The schema as PostgreSQL describes it, miglab's own things aside.
    pub fn picture(&mut self) -> Vec<String> {
        let sql = "select format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
                          pg_get_expr(d.adbin, d.adrelid)) \
                   from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d \
                        on d.adrelid = a.attrelid and d.adnum = a.attnum \
                   where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped and c.relkind = 'r' \
                   union all \
                   select format('%s: %s %s', c.relname, k.conname, pg_get_constraintdef(k.oid)) \
                   from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = 'public'::regnamespace \
                   union all \
                   select indexdef from pg_indexes where schemaname = 'public' \
                   union all \
                   select format('%s: %s', c.relname, t.tgname) from pg_trigger t join pg_class c on c.oid = t.tgrelid \
                   where not t.tgisinternal and c.relnamespace = 'public'::regnamespace \
                   order by 1";
        self.client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }
}

pub fn key_of(table: &Table) -> Option<ColumnId> {
    table.primary_key().and_then(|key| key.first().copied())
}

pub fn literal(value: &Value, ty: &str) -> String {
    if value.is_null() { "null".to_owned() } else { format!("{}::{ty}", quote::text(&value.to_string())) }
}

/// A connection to a database of this thread's own.
pub fn database(server: &TestServer, kind: &str) -> Client {
    let name = name_of(kind);
    let mut client = server.connect();
    let known = client.query("select 1 from pg_database where datname = $1", &[&name]).unwrap();
    if known.is_empty() {
        client.batch_execute(&format!("create database {name}")).unwrap();
    }
    Client::connect(&url_of(server, kind), postgres::NoTls).unwrap()
}

/// Where that database is reached, with its tables in `public` whatever the role is called.
pub fn url_of(server: &TestServer, kind: &str) -> String {
    let url = server.url().replace("dbname=postgres", &format!("dbname={}", name_of(kind)));
    format!("{url} options='-c search_path=public'")
}

fn name_of(kind: &str) -> String {
    let number: String = format!("{:?}", std::thread::current().id()).chars().filter(char::is_ascii_digit).collect();
    format!("meaning_{kind}_{number}")
}
