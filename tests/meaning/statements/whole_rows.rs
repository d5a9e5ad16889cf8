//! Writes as ORMs and generic programs do them: whole rows, explicit nulls and defaults, upserts, merges, copies. What
//! changed decides which form of a fact is followed, and of a new row what was given; here and on the server alike.

use std::collections::BTreeMap;
use std::io::Write as _;

use miglab::ast::Name;
use miglab::catalog::Table;
use miglab::data::Value;

use crate::common::both::{Both, database, literal};
use crate::common::postgres::TestServer;
use crate::common::random::Random;

const SCRIPTS: u64 = 60;
const WRITES: usize = 8;

/// A type, values of it, and how one form of a fact is made from the other, both ways.
type Form = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const TYPES: &[Form] = &[
    ("boolean", &["true", "false"], &[("a", "d"), ("not a", "not d"), ("coalesce(not a, true)", "not d")]),
    ("integer", &["1", "2", "7"], &[("a", "d"), ("a + 1", "d - 1"), ("coalesce(a, 0)", "nullif(d, 0)")]),
    ("text", &["'z'", "'q'", "'Q'"], &[("a", "d"), ("a || '!'", "left(d, 1)"), ("coalesce(a, 'none')", "d")]),
    ("numeric", &["1.0", "1.00", "2.5"], &[("a", "d"), ("a * 1.0", "d")]),
    ("varchar(8)", &["'z'", "'qq'"], &[("a", "d"), ("upper(a)", "lower(d)")]),
    ("date", &["'2024-02-29'", "'2025-01-01'"], &[("a", "d")]),
    ("jsonb", &["'{\"n\": 1.0}'", "'{\"n\": 1.00}'"], &[("a", "d")]),
];

/// A plan that keeps two columns in step, of which each may have a default.
fn script(random: &mut Random) -> (String, &'static [&'static str]) {
    let (ty, values, translations) = random.pick(TYPES);
    let (there, back) = random.pick(translations);
    let default = |random: &mut Random| match random.below(5) {
        0 | 1 => String::new(),
        2 => format!(" not null default {}", random.pick(values)),
        _ => format!(" default {}", random.pick(values)),
    };
    let (old, new) = (default(random), default(random));
    let mut lines = vec![
        format!("table t {{\n    id integer primary key\n    a {ty}{old}\n    note text default 'n'\n}}"),
        format!("rows t {{ (1, {}, 'n') (2, {}, null) }}", random.pick(values), random.pick(values)),
        "app v1 { uses a, note }\napp v2 { uses d, note }".to_owned(),
        format!("expand add column d {ty}{new}"),
    ];
    match random.below(4) {
        0 => lines.push(format!("expand sync d from {there}")),
        1 if *there == "a" => lines.push("expand sync a <-> d".to_owned()),
        _ => lines.extend([format!("expand sync d from {there}"), format!("expand sync a from {back}")]),
    }
    match random.below(4) {
        0 => lines.push(format!("expand set default d {}", random.pick(values))),
        1 => lines.push(format!("expand set default a {}", random.pick(values))),
        _ => {}
    }
    lines.push(format!("migrate backfill d from {there}"));
    if random.chance(30) {
        lines.push("contract drop default a".to_owned());
    }
    lines.extend(["deploy v2", "retire v1", "contract drop column a"].map(str::to_owned));
    (lines.join("\n"), values)
}

/// What an insert says of a column.
#[derive(Clone, PartialEq)]
enum Said {
    Value(Value),
    Default,
}

struct Player<'a> {
    both: &'a mut Both,
    random: &'a mut Random,
    values: &'static [&'static str],
    next: i32,
    name: String,
}

impl Player<'_> {
    fn table(&self) -> Table {
        self.both.memory.catalog().table("t").unwrap().as_ref().clone()
    }

    fn write(&mut self) {
        match self.random.below(7) {
            0..3 => self.insert(),
            3 => self.copy(),
            4 => self.upsert(),
            _ => self.update(),
        }
        let when = format!("after a write of {}", self.name);
        self.both.compare(&when);
    }

    fn value(&mut self, table: &Table, column: &str) -> Value {
        let ty = table.column(column).unwrap().ty;
        let text = if column == "note" { "n" } else { self.random.pick(self.values).trim_matches('\'') };
        if self.random.chance(20) { Value::Null } else { Value::parse(text, ty).unwrap() }
    }

    /// Some columns besides the key, each with what is said of it.
    fn said(&mut self, table: &Table) -> Vec<(Name, Said)> {
        let mut said = Vec::new();
        for column in table.columns().filter(|column| &*column.name != "id") {
            match self.random.below(5) {
                0 | 1 => {}
                2 => said.push((column.name.clone(), Said::Default)),
                _ => said.push((column.name.clone(), Said::Value(self.value(table, &column.name)))),
            }
        }
        said
    }

    fn values_of(table: &Table, id: i32, said: &[(Name, Said)]) -> (Vec<Name>, Vec<Value>, String) {
        let (mut names, mut values) = (vec![Name::from("id")], vec![Value::Integer(id)]);
        let (mut all, mut literals) = (vec!["id".to_owned()], vec![id.to_string()]);
        for (name, said) in said {
            all.push(name.to_string());
            match said {
                Said::Default => literals.push("default".to_owned()),
                Said::Value(value) => {
                    names.push(name.clone());
                    values.push(value.clone());
                    literals.push(literal(value, &table.column(name).unwrap().ty.to_string()));
                }
            }
        }
        (names, values, format!("({}) values ({})", all.join(", "), literals.join(", ")))
    }

    fn insert(&mut self) {
        let table = self.table();
        let said = self.said(&table);
        let id = self.id();
        let (names, values, mut sql) = Self::values_of(&table, id, &said);
        let mut rows = vec![values];
        if self.random.chance(30) {
            let id = self.id();
            let again: Vec<(Name, Said)> = said
                .iter()
                .map(|(name, said)| match said {
                    Said::Default => (name.clone(), Said::Default),
                    Said::Value(_) => (name.clone(), Said::Value(self.value(&table, name))),
                })
                .collect();
            let (_, values, more) = Self::values_of(&table, id, &again);
            sql = format!("{sql}, {}", more.split_once("values ").unwrap().1);
            rows.push(values);
        }
        let mine = self.both.memory.insert(None, &"t".into(), &names, &rows);
        self.same(mine.is_ok(), &format!("insert into t {sql}"), &format!("{mine:?}"));
    }

    /// All columns of a row, by `copy`.
    fn copy(&mut self) {
        let table = self.table();
        let id = self.id();
        let said: Vec<(Name, Value)> = table
            .columns()
            .filter(|column| &*column.name != "id")
            .map(|column| column.name.clone())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|name| (name.clone(), self.value(&table, &name)))
            .collect();
        let names: Vec<Name> = std::iter::once("id".into()).chain(said.iter().map(|(name, _)| name.clone())).collect();
        let values: Vec<Value> =
            std::iter::once(Value::Integer(id)).chain(said.iter().map(|(_, value)| value.clone())).collect();
        let text = |value: &Value| if value.is_null() { "\\N".to_owned() } else { value.to_string() };
        let line = values.iter().map(text).collect::<Vec<_>>().join("\t");
        let columns = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mine = self.both.memory.insert(None, &"t".into(), &names, &[values]);
        let sql = format!("copy t ({columns}) from stdin");
        let mut writer = self.both.client.copy_in(sql.as_str()).unwrap();
        writeln!(writer, "{line}").unwrap();
        let theirs = writer.finish();
        assert_eq!(
            theirs.is_ok(),
            mine.is_ok(),
            "{sql}: {line}\nmemory: {mine:?}\nPostgreSQL: {theirs:?}\n{}",
            self.name
        );
    }

    /// `insert … on conflict do update` of a row that is there, or not.
    fn upsert(&mut self) {
        let table = self.table();
        let mut said = self.said(&table);
        said.retain(|(_, said)| *said != Said::Default);
        let id = if self.random.chance(70) { i32::try_from(self.random.below(2)).unwrap() + 1 } else { self.id() };
        let (names, values, sql) = Self::values_of(&table, id, &said);
        if names.len() < 2 {
            return;
        }
        let sets: Vec<String> = names[1..].iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let sql = format!("insert into t {sql} on conflict (id) do update set {}", sets.join(", "));
        let mine = self.upsert_in_memory(id, &names, values);
        self.same(mine.is_ok(), &sql, &format!("{mine:?}"));
    }

    /// What is to be inserted is a row first, and the update takes its values.
    fn upsert_in_memory(&mut self, id: i32, names: &[Name], mut values: Vec<Value>) -> Result<(), String> {
        let memory = &mut self.both.memory;
        let table = Name::from("t");
        let found = memory.find(&table, &"id".into(), &Value::Integer(id)).unwrap();
        let Some(row) = found else {
            return memory.insert(None, &table, names, &[values]).map(|_| ()).map_err(|fault| fault.message);
        };
        let before = memory.snapshot();
        values[0] = Value::Integer(-1);
        let made = memory.insert(None, &table, names, &[values]).map_err(|fault| fault.message);
        let made = made.map(|_| {
            let row = memory.find(&table, &"id".into(), &Value::Integer(-1)).unwrap().unwrap();
            names[1..].iter().map(|name| (name.clone(), memory.value(&table, row, name).unwrap())).collect::<Vec<_>>()
        });
        memory.restore(before);
        memory.update_row(None, &table, row, &made?).map_err(|fault| fault.message)
    }

    /// The whole row as it is but for some columns, by `update` or by `merge`.
    fn update(&mut self) {
        let table = self.table();
        let rows = self.both.memory.select(None, &"t".into(), None, None, usize::MAX).unwrap().rows;
        if rows.is_empty() {
            return;
        }
        let row = self.random.pick(&rows).clone();
        let mut values: BTreeMap<Name, Value> =
            table.columns().zip(&row.cells).map(|(column, cell)| (column.name.clone(), cell.value.clone())).collect();
        let Some(Value::Integer(id)) = values.remove("id") else { panic!("a key") };
        let names: Vec<Name> = values.keys().cloned().collect();
        for _ in 0..self.random.below(3) {
            let name = self.random.pick(&names).clone();
            let new = self.value(&table, &name);
            values.insert(name, new);
        }
        let typed = |(name, value): (&Name, &Value)| {
            let text = literal(value, &table.column(name).unwrap().ty.to_string());
            if value.is_null() { format!("{text}::{}", table.column(name).unwrap().ty) } else { text }
        };
        let sql = if self.random.chance(30) {
            let sources: Vec<String> = values.iter().map(|one| format!("{} as {}", typed(one), one.0)).collect();
            let sets: Vec<String> = names.iter().map(|name| format!("{name} = s.{name}")).collect();
            format!(
                "merge into t using (select {id} as id, {}) as s on t.id = s.id when matched then update set {}",
                sources.join(", "),
                sets.join(", ")
            )
        } else {
            let sets: Vec<String> = values.iter().map(|one| format!("{} = {}", one.0, typed(one))).collect();
            format!("update t set {} where id = {id}", sets.join(", "))
        };
        let values: Vec<(Name, Value)> = values.into_iter().collect();
        let mine = self.both.memory.update_row(None, &"t".into(), row.number, &values);
        self.same(mine.is_ok(), &sql, &format!("{mine:?}"));
    }

    fn id(&mut self) -> i32 {
        self.next += 1;
        self.next
    }

    fn same(&mut self, accepted: bool, sql: &str, mine: &str) {
        self.name = format!("{}\nlast: {sql}", self.name.split("\nlast: ").next().unwrap());
        let theirs = self.both.client.batch_execute(sql);
        assert_eq!(theirs.is_ok(), accepted, "memory: {mine}\nPostgreSQL: {theirs:?}\n{}", self.name);
    }
}

#[test]
fn whole_rows_nulls_and_defaults_mean_the_same_on_both() {
    let server = TestServer::start();
    let first = std::env::var("WHOLE_ROWS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let scripts = std::env::var("WHOLE_ROWS").ok().and_then(|count| count.parse().ok()).unwrap_or(SCRIPTS);
    for seed in first..first + scripts {
        let mut random = Random::new(seed);
        let (text, values) = script(&mut random);
        let mut both = Both::open("whole_rows.mig", &text, database(&server, "whole"));
        let before = both.picture();
        let name = format!("seed {seed}\n{text}");
        let stop = random.below(both.plan.steps.len()) + 1;
        let mut next = 10;
        for index in 0..stop {
            for _ in 0..WRITES {
                let mut player = Player { both: &mut both, random: &mut random, values, next, name: name.clone() };
                player.write();
                next = player.next;
            }
            if !both.step(index) {
                break;
            }
            both.compare(&format!("after statement {} of {name}", index + 1));
        }
        if stop == both.plan.steps.len() {
            let left: Vec<String> = both.picture().into_iter().filter(|line| line.contains("set_config")).collect();
            assert!(left.is_empty(), "{left:?} at the end of {name}");
        }
        both.roll_back();
        assert_eq!(both.picture(), before, "{name}");
    }
}

/// The forms of one fact have defaults that contradict each other, and a row is right whoever inserts it.
#[test]
fn a_default_beside_a_sync_does_not_stand_for_a_value_that_was_given() {
    let text = "table pages {\n    id integer primary key\n    visible boolean not null default true\n}\n\
                app v1 { uses visible }\napp v2 { uses hidden }\n\
                expand add column hidden boolean default true\n\
                expand sync hidden from not visible\nexpand sync visible from not hidden\ndeploy v2\n";
    let server = TestServer::start();
    let mut both = Both::open("defaults.mig", text, database(&server, "defaults"));
    (0..3).for_each(|index| assert!(both.step(index)));
    both.execute(
        "insert into pages (id, visible) values (5, true); insert into pages (id, hidden) values (6, true); \
         insert into pages (id, visible) values (7, false); insert into pages (id) values (8); \
         insert into pages values (9, true, default), (10, default, true), (11, true, null), (12, default, false)",
    );
    let rows = both.client.query("select id, visible, hidden from pages order by id", &[]).unwrap();
    let rows: Vec<(i32, bool, bool)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let expected = [
        (5, true, false),
        (6, false, true),
        (7, false, true),
        (8, true, false),
        (9, true, false),
        (10, false, true),
        (11, true, false),
        (12, true, false),
    ];
    assert_eq!(rows, expected);
}
