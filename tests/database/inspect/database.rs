//! A database of its own for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use miglab::ast::Name;
use miglab::engine::postgres::{Relation, Server, inspect};
use postgres::{Client, NoTls};

use crate::common::postgres::TestServer;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database, gone with its server.
pub struct Database {
    server: Arc<TestServer>,
    name: String,
    pub url: String,
    pub client: Client,
}

impl Database {
    /// An empty database in which this was done.
    pub fn with(sql: &str) -> Self {
        let server = TestServer::start();
        let name = format!("inspect_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.connect().batch_execute(&format!("create database {name}")).unwrap();
        let url = server.url().replace("dbname=postgres", &format!("dbname={name}"));
        let mut client = Client::connect(&url, NoTls).unwrap();
        client.batch_execute(sql).unwrap();
        Self { server, name, url, client }
    }

    /// What is said of these tables.
    pub fn inspect(&mut self, tables: &[&str]) -> Server {
        let names: Vec<Name> = tables.iter().map(|table| Name::from(*table)).collect();
        inspect::inspect(&mut self.client, &names).unwrap()
    }

    /// What `pg_dump` says of it.
    pub fn dump(&self) -> String {
        self.server.dump(&self.name)
    }

    /// What is said of this table.
    pub fn relation(&mut self, table: &str) -> Relation {
        self.inspect(&[table]).relations.remove(table).expect("the table is there")
    }
}
