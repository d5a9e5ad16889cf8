//! Rows in two tables: inserted, deleted, inserted again and given other keys on either side, on both engines.

use miglab::ast::{Expr, Name, StatementKind};
use miglab::data::Value;
use miglab::engine::memory::AppState;
use miglab::expr::Expression;
use miglab::plan::TableScope;
use miglab::source::Source;
use miglab::syntax;

use crate::common::both::{Both, database};
use crate::common::postgres::TestServer;

const SPLIT: &str = "
table users { id integer primary key, name text, bio text, town text DEFAULT }
rows users { (1, 'alice', 'tea', 'Ulm') (2, 'bob', null, null) (3, 'carol', 'x', 'y') }
app v1 { uses users.id, users.name, users.bio, users.town }
app v2 { uses users.id, users.name, profiles.user_id, profiles.bio, profiles.town }
expand add table profiles { user_id integer primary key references users (id), bio text, town text DEFAULT }
expand sync profiles.bio <-> users.bio
expand sync profiles.town <-> users.town
migrate copy users to profiles (user_id from id, bio from bio, town from town)
deploy v2
";

/// What an application does; the row of a table is known by its key.
enum Write {
    Insert(&'static str, &'static [&'static str], &'static [Option<&'static str>]),
    Update(&'static str, &'static str, Option<&'static str>),
    /// Gives the row another key.
    Rekey(&'static str, i32),
    Delete(&'static str),
}

use Write::{Delete, Insert, Rekey, Update};

/// What is done after every statement by those who are live then, with a key of that round (or so much more).
const WRITES: &[(&str, i32, Write)] = &[
    ("v1", 0, Insert("users", &["name", "bio", "town"], &[Some("n"), Some("b"), Some("t")])),
    ("v2", 0, Update("profiles", "bio", Some("b2"))),
    ("v2", 0, Delete("profiles")),
    ("v1", 0, Update("users", "bio", Some("b3"))),
    ("v2", 0, Delete("profiles")),
    ("v2", 0, Insert("profiles", &["bio", "town"], &[Some("again"), None])),
    ("v1", 0, Rekey("users", 900)),
    ("v2", 0, Rekey("profiles", 901)),
    ("v1", 0, Delete("users")),
    ("v1", 0, Insert("users", &["name", "bio", "town"], &[Some("again"), None, None])),
    ("v2", 0, Insert("profiles", &["bio", "town"], &[Some("mine"), Some("here")])),
    ("v1", 1, Insert("users", &["name", "bio", "town"], &[Some("half"), None, Some("t5")])),
    ("v2", 2, Insert("users", &["name"], &[Some("none")])),
    ("v2", 2, Insert("profiles", &["bio", "town"], &[Some("hers"), None])),
    ("v1", 0, Update("users", "bio", None)),
    ("v2", 1, Delete("profiles")),
    ("v1", 1, Update("users", "town", None)),
    ("v1", 0, Delete("users")),
    ("v1", 2, Delete("users")),
];

fn key_of(table: &str) -> &'static str {
    if table == "users" { "id" } else { "user_id" }
}

fn literal(value: Option<&str>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"))
}

fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, |value| Value::Text(value.into()))
}

fn condition(sql: &str) -> Expr {
    let script = syntax::parse(Source::new("c.mig", format!("migrate verify {sql} on t"))).script;
    match script.statements.into_iter().next().map(|statement| statement.kind) {
        Some(StatementKind::Verify(verified)) => verified.0,
        other => panic!("{other:?}"),
    }
}

impl Write {
    fn sql(&self, key: i32) -> String {
        match self {
            Insert(table, columns, values) => {
                let values: Vec<String> = values.iter().map(|value| literal(*value)).collect();
                let (own, columns, values) = (key_of(table), columns.join(", "), values.join(", "));
                format!("insert into {table} ({own}, {columns}) values ({key}, {values})")
            }
            Update(table, column, value) => {
                format!("update {table} set {column} = {} where {} = {key}", literal(*value), key_of(table))
            }
            Rekey(table, other) => format!("update {table} set {0} = {other} where {0} = {key}", key_of(table)),
            Delete(table) => format!("delete from {table} where {} = {key}", key_of(table)),
        }
    }

    /// The same in memory; tells whether it was accepted.
    fn play(&self, both: &mut Both, app: &str, key: i32) -> bool {
        let (memory, app) = (&mut both.memory, Name::from(app));
        let update = |memory: &mut miglab::engine::memory::Memory, table: &str, column: &str, value: Value| {
            let row = memory.find(&table.into(), &key_of(table).into(), &Value::Integer(key)).unwrap();
            row.is_none_or(|row| memory.update_row(Some(&app), &table.into(), row, &[(column.into(), value)]).is_ok())
        };
        match self {
            Insert(table, columns, values) => {
                let mut names = vec![Name::from(key_of(table))];
                names.extend(columns.iter().map(|column| Name::from(*column)));
                let mut row = vec![Value::Integer(key)];
                row.extend(values.iter().map(|value| text(*value)));
                memory.insert(Some(&app), &(*table).into(), &names, &[row]).is_ok()
            }
            Update(table, column, value) => update(memory, table, column, text(*value)),
            Rekey(table, other) => update(memory, table, key_of(table), Value::Integer(*other)),
            Delete(table) => {
                let only = condition(&format!("{} = {key}", key_of(table)));
                let scope = TableScope { catalog: memory.catalog(), table };
                let only = Expression::resolve(&only, &scope, None).unwrap();
                memory.delete(Some(&app), &(*table).into(), Some(&only)).is_ok()
            }
        }
    }
}

fn play(server: &TestServer, default: &str) {
    let text = SPLIT.replace("DEFAULT", default);
    let mut both = Both::open("two_tables.mig", &text, database(server, "two"));
    for index in 0..both.plan.steps.len() {
        assert!(both.step(index), "statement {}", index + 1);
        let round = 10 * (i32::try_from(index).unwrap() + 1);
        for (app, more, write) in WRITES {
            if both.memory.app_state(&Name::from(*app)) != Ok(AppState::Works) {
                continue;
            }
            let sql = write.sql(round + more);
            let accepted = write.play(&mut both, app, round + more);
            let theirs = both.client.batch_execute(&sql);
            assert_eq!(theirs.is_ok(), accepted, "{sql}, statement {} ({default}): {theirs:?}", index + 1);
            both.compare(&format!("after `{sql}`, statement {} ({default})", index + 1));
        }
    }
}

#[test]
fn rows_come_and_go_the_same_on_both() {
    let server = TestServer::start();
    play(&server, "");
    play(&server, "default 'nowhere'");
}
