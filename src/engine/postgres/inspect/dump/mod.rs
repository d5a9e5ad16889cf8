//! The text of `pg_dump --schema-only`, read without a server.
//!
//! Only statements that say something of tables are looked at. What such a statement says and this program cannot read
//! is told; it is for the caller to say whether it matters.

mod alter;
mod beside;
mod cursor;
mod index;
mod table;
pub(super) mod tokens;

use std::collections::{BTreeMap, HashMap};

use crate::ast::Name;
use crate::engine::postgres::relation::DependentKind;
use crate::engine::postgres::{Relation, Server};
use crate::engine::{Fault, FaultKind};
use cursor::Cursor;
use tokens::{Statements, Token};

/// A dump that was read.
#[derive(Debug)]
pub struct Dump {
    /// What it says: every table by the name that a script has for it. Nothing is said of sizes, and the partitions,
    /// views and constraints are those of the dump.
    pub server: Server,
    /// What could not be read of it.
    pub unread: Vec<Unread>,
}

/// A statement on a table that could not be read, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The table.
    pub table: String,
    /// The line where the statement begins, from 1.
    pub line: usize,
    /// Its first words.
    pub what: String,
}

/// Reads a dump.
///
/// # Errors
/// It is not text that `pg_dump` has written.
pub fn read(text: &str) -> Result<Dump, Fault> {
    if text.starts_with("PGDMP") {
        return Err(no_dump("the dump is not plain text", "write it with `pg_dump --schema-only --format=plain`"));
    }
    let mut reading = Reading { schema: "public".to_owned(), ..Reading::default() };
    for statement in Statements::of(text) {
        if reading.statement(&statement.tokens).is_none() {
            let Some((_, table)) = reading.about.take() else { continue };
            let words = statement.tokens.iter().take(MOST_WORDS);
            let what = words.map(|token| token.text).collect::<Vec<_>>().join(" ");
            reading.unread.push(Unread { table, line: statement.line, what });
        }
    }
    if reading.tables.is_empty() {
        return Err(no_dump("there is no `CREATE TABLE` in it", "write it with `pg_dump --schema-only`"));
    }
    Ok(reading.finish(version(text)))
}

/// How many tokens of a statement are enough to find it.
const MOST_WORDS: usize = 8;

fn no_dump(message: &str, help: &str) -> Fault {
    Fault::new(FaultKind::Server, message).with_help(help)
}

/// The version that a dump's head tells, as `server_version_num` has it.
fn version(text: &str) -> u32 {
    let told = text.lines().take(20).find_map(|line| line.strip_prefix("-- Dumped from database version "));
    let mut parts = told.unwrap_or_default().split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0_u32).min(999);
    part() * 10_000 + part()
}

/// A name with its schema.
type Qualified = (String, String);

/// A dump on the way.
#[derive(Default)]
struct Reading {
    /// Where names without a schema are looked for; in what is read, it is left out.
    schema: String,
    tables: HashMap<Qualified, Relation>,
    /// Partitions by the table that they belong to.
    attached: HashMap<Qualified, Vec<Qualified>>,
    views: BTreeMap<String, beside::View>,
    references: Vec<beside::Reference>,
    /// The table that the statement is about, as soon as that is known.
    about: Option<Qualified>,
    unread: Vec<Unread>,
}

impl Reading {
    /// Reads one statement. `None` where it cannot be read; what was read of it so far stays.
    fn statement(&mut self, tokens: &[Token<'_>]) -> Option<()> {
        self.about = None;
        let mut cursor = Cursor::of(tokens);
        if cursor.words("create") {
            cursor.words("or replace");
            return self.create(cursor);
        }
        if cursor.words("alter table") {
            return self.alter_table(cursor);
        }
        if cursor.words("alter publication") {
            return self.alter_publication(cursor);
        }
        if cursor.words("set search_path") {
            self.search_path(cursor);
        }
        Some(())
    }

    fn create(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let unique = cursor.words("unique");
        if cursor.words("index") {
            return self.create_index(cursor, unique);
        }
        if cursor.words("view") || cursor.words("recursive view") {
            return self.create_view(DependentKind::View, cursor);
        }
        if cursor.words("materialized view") {
            return self.create_view(DependentKind::MaterializedView, cursor);
        }
        if cursor.words("trigger") || cursor.words("constraint trigger") {
            return self.create_trigger(cursor);
        }
        if cursor.words("policy") {
            return self.create_policy(cursor);
        }
        let _ = cursor.words("unlogged") || cursor.words("foreign");
        if cursor.words("table") { self.create_table(cursor) } else { Some(()) }
    }

    /// `SET search_path = shop, pg_catalog`, as old dumps have it.
    fn search_path(&mut self, cursor: Cursor<'_, '_>) {
        let name = cursor.rest.iter().find_map(|token| match token.kind {
            tokens::Kind::Text => Some(token.text.trim_matches('\'').split(',').next().unwrap_or_default().to_owned()),
            _ => token.name(),
        });
        if let Some(name) = name.filter(|name| !matches!(name.as_str(), "" | "search_path" | "to")) {
            self.schema = name;
        }
    }

    /// A table's name with its schema; from here on the statement is about it.
    fn table_name(&mut self, cursor: &mut Cursor<'_, '_>) -> Option<Qualified> {
        let (schema, name) = cursor.qualified()?;
        let name = (schema.unwrap_or_else(|| self.schema.clone()), name);
        self.about = Some(name.clone());
        Some(name)
    }

    fn finish(mut self, version: u32) -> Dump {
        self.tell_partitions();
        self.tell_dependents();
        let mut server = Server { version, schema: self.schema.clone(), ..Server::default() };
        let mut names: Vec<&Qualified> = self.tables.keys().collect();
        // Of two tables of one name, that of the schema where names are looked for comes first.
        names.sort_by_key(|(schema, name)| (*schema != self.schema, schema.clone(), name.clone()));
        for qualified in names {
            let mut relation = self.tables[qualified].clone();
            super::in_order(&mut relation);
            server.relations.entry(Name::from(qualified.1.as_str())).or_insert(relation);
        }
        Dump { server, unread: self.unread }
    }
}
