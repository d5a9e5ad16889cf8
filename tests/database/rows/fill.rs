//! A database with a table, and fills of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use miglab::engine::postgres::connect::Address;
use miglab::engine::postgres::fill::{self, FillId, Options};
use miglab::engine::postgres::operation::{KeyColumn, RANGE, RowsWork};
use miglab::engine::postgres::session::{Limits, Session};
use miglab::engine::{BatchDone, Fault, Happening, Waiting};
use postgres::{Client, NoTls};

use crate::common::postgres::TestServer;

pub const OWNER: &str = "it's me";
pub const PLACE: FillId<'static> = FillId { run: 1, step: 2, op: 3, owner: OWNER };

const RANGES: &str = "
    create schema miglab;
    create table miglab.range (
        run_id bigint not null, step int not null, op int not null, part int not null, after text[], last text[],
        done boolean not null default false, rows bigint not null default 0, owner text,
        primary key (run_id, step, op, part)
    )";

/// A database of a test's own.
pub struct Database {
    pub url: String,
    pub client: Client,
    _server: Arc<TestServer>,
}

impl Database {
    pub fn new(name: &str, setup: &str) -> Self {
        Self::on(TestServer::start(), name, setup)
    }

    pub fn on(server: Arc<TestServer>, name: &str, setup: &str) -> Self {
        let url = server.database(&format!("rows_{name}"));
        let mut client = Client::connect(&url, NoTls).unwrap();
        client.batch_execute(setup).unwrap();
        client.batch_execute(RANGES).unwrap();
        Self { url, client, _server: server }
    }

    pub fn another(&self) -> Client {
        Client::connect(&self.url, NoTls).unwrap()
    }

    pub fn session(&self) -> Session {
        Session::open(&Address::find(Some(&self.url)).unwrap(), Limits::default()).unwrap()
    }

    pub fn number(&mut self, query: &str) -> i64 {
        self.client.query_one(query, &[]).unwrap().get(0)
    }

    pub fn fill(&self, work: &RowsWork, options: &Options) -> Told {
        self.fill_until(work, options, |_| ControlFlow::Continue(()))
    }

    /// A fill that the watcher may stop; what it was told is kept.
    pub fn fill_until(
        &self,
        work: &RowsWork,
        options: &Options,
        mut watch: impl FnMut(&Happening) -> ControlFlow<()>,
    ) -> Told {
        let mut told = Told { outcome: Ok(0), batches: Vec::new(), waits: Vec::new() };
        let mut listen = |happening: Happening| {
            let flow = watch(&happening);
            match happening {
                Happening::Batch(batch) => told.batches.push(batch),
                Happening::Waiting(waiting) => told.waits.push(waiting),
            }
            flow
        };
        let outcome = fill::run(&mut self.session(), work, PLACE, options, &mut listen);
        told.outcome = outcome;
        told
    }
}

/// What came of a fill, and what was told of it meanwhile.
pub struct Told {
    pub outcome: Result<u64, Fault>,
    pub batches: Vec<BatchDone>,
    pub waits: Vec<Waiting>,
}

impl Told {
    pub fn rows(&self) -> u64 {
        self.outcome.clone().unwrap()
    }

    pub fn fault(&self) -> Fault {
        self.outcome.clone().unwrap_err()
    }
}

pub fn jobs(jobs: u32) -> Options {
    Options { jobs, ..Options::default() }
}

pub fn key(columns: &[(&str, &str)]) -> Vec<KeyColumn> {
    columns.iter().map(|(name, ty)| KeyColumn { name: (*name).into(), ty: (*ty).into() }).collect()
}

/// `d` follows `c`, where it does not already.
pub fn work(relation: &str, key: Vec<KeyColumn>, batch_rows: Option<u32>) -> RowsWork {
    RowsWork {
        relation: relation.into(),
        key,
        statement: format!("update {relation} r set d = upper(r.c) where {RANGE} and r.d is distinct from upper(r.c)"),
        last_look: format!("update {relation} r set d = upper(r.c) where r.d is distinct from upper(r.c)"),
        batch_rows,
        pause_ms: None,
    }
}

/// A table `t` with so many rows, `id` as its key, and the work of filling `d`.
pub fn plain(name: &str, rows: u32) -> Database {
    Database::new(name, &plain_setup(rows))
}

pub fn plain_setup(rows: u32) -> String {
    format!(
        "create table t (id int primary key, c text not null, n int not null default 0, d text);
         insert into t select i, 'row ' || i from generate_series(1, {rows}) i"
    )
}

pub fn plain_work(batch_rows: Option<u32>) -> RowsWork {
    work("public.t", key(&[("\"id\"", "integer")]), batch_rows)
}

pub const WRONG: &str = "select count(*) from t where d is distinct from upper(c)";
