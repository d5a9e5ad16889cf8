//! Rows from CSV files, generated, and listed.

use std::sync::Arc;

use miglab::catalog::{Catalog, Column, ColumnId, Constraint, ConstraintKind, NotNull, Table};
use miglab::data::{Type, Value};
use miglab::engine::Fault;
use miglab::engine::memory::Memory;
use miglab::rows::{infer_types, listed, load_csv, load_generated};

fn column(id: u32, name: &str, ty: Type) -> Column {
    Column { id: ColumnId(id), name: name.into(), ty, written_type: None, not_null: NotNull::No, default: None }
}

/// `users (id integer primary key, name text, age integer, email varchar(40) unique)` and `posts (id, author, slug)`.
fn memory() -> Memory {
    let mut users = Table::new("users".into(), true);
    users.add_column(column(1, "id", Type::Integer));
    users.add_column(column(2, "name", Type::Text));
    users.add_column(column(3, "age", Type::Integer));
    users.add_column(column(4, "email", Type::Varchar(Some(40))));
    constrain(&mut users, "users_pkey", ConstraintKind::PrimaryKey([ColumnId(1)].into()));
    constrain(&mut users, "users_email_key", ConstraintKind::Unique([ColumnId(4)].into()));
    let mut posts = Table::new("posts".into(), true);
    posts.add_column(column(5, "author", Type::Integer));
    posts.add_column(column(6, "slug", Type::Varchar(Some(3))));
    constrain(&mut posts, "posts_slug_key", ConstraintKind::Unique([ColumnId(6)].into()));
    let key = ConstraintKind::ForeignKey {
        column: ColumnId(5),
        table: "users".into(),
        referenced: ColumnId(1),
        validated: true,
    };
    constrain(&mut posts, "posts_author_fkey", key);
    let mut catalog = Catalog::default();
    catalog.put_table(users);
    catalog.put_table(posts);
    Memory::new(catalog, Arc::default(), Vec::new(), 0)
}

fn constrain(table: &mut Table, name: &str, kind: ConstraintKind) {
    table.add_constraint(Constraint { name: name.into(), kind });
}

fn rows_of(memory: &Memory, table: &str) -> Vec<Vec<Value>> {
    let selected = memory.select(None, &table.into(), None, None, usize::MAX).unwrap();
    selected.rows.into_iter().map(|row| row.cells.into_iter().map(|cell| cell.value).collect()).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn load(csv: &[u8]) -> Result<Vec<Vec<Value>>, String> {
    let mut memory = memory();
    let loaded = load_csv(&mut memory, &"users".into(), "people.csv", csv);
    let with_help =
        |fault: Fault| fault.help.map_or(fault.message.clone(), |help| format!("{}; {help}", fault.message));
    loaded.map(|_| rows_of(&memory, "users")).map_err(with_help)
}

#[test]
fn csv_columns_go_by_the_header() {
    let rows = load(b"NAME,id\nalice,1\nbob,2\n").unwrap();
    assert_eq!(rows[0], [Value::Integer(1), text("alice"), Value::Null, Value::Null]);
    assert_eq!(rows[1], [Value::Integer(2), text("bob"), Value::Null, Value::Null]);
}

#[test]
fn csv_quotes_and_newlines() {
    let rows = load(b"id,name\r\n1,\"a \"\"b\"\", c\r\nd\"\r\n\r\n2,\"x\ny\"\r\n").unwrap();
    assert_eq!(rows[0][1], text("a \"b\", c\r\nd"));
    assert_eq!(rows[1][1], text("x\ny"));
}

#[test]
fn csv_empty_is_null_and_quoted_empty_is_text() {
    let rows = load("\u{feff}id,name,email\r\n1,,\"\"\r\n2,\"\",\r\n".as_bytes()).unwrap();
    assert_eq!(rows[0][1..], [Value::Null, Value::Null, text("")]);
    assert_eq!(rows[1][1..], [text(""), Value::Null, Value::Null]);
    assert_eq!(load(b"id,name,email\n1,\"a,\"\"\",\"\"").unwrap()[0][3], text(""));
    assert_eq!(load(b"id,name\n1,\"a,\"\"\"\n").unwrap()[0][1], text("a,\""));
}

#[test]
fn csv_faults_name_the_line() {
    let cases: [(&[u8], &str); 11] = [
        (b"", "people.csv is empty; its first line should name the columns"),
        (b"id,nam\n", "people.csv, line 1: table `users` has no column `nam`; did you mean `name`?"),
        (
            b"id,zzzzzzzz\n",
            "people.csv, line 1: table `users` has no column `zzzzzzzz`; it has `id`, `name`, `age`, `email`",
        ),
        (b"id,ID\n", "people.csv, line 1: the header names `id` twice"),
        (b"id,age\n1,30\n2,x\n", "people.csv, line 3: column `age`: invalid input syntax for type integer: \"x\""),
        (
            b"id,name,age\r\n1,\"a\r\nb\",30\r\n\r\n2,c,x\r\n",
            "people.csv, line 5: column `age`: invalid input syntax for type integer: \"x\"",
        ),
        (b"id,age\n1\n", "people.csv, line 2: 1 value, but the header names 2 columns"),
        (b"id,name\n1,\"a\n2,b\n", "people.csv, line 2: a quote is not closed"),
        (b"id,name\n1,\xff\n", "people.csv, line 2: value 2 is not UTF-8"),
        (b"id\n1\n1\n", "people.csv: duplicate key in `users`: (id) = (1) already exists, constraint `users_pkey`"),
        (b"name\nalice\n", "people.csv: null in column `id` of table `users` (row id = null)"),
    ];
    for (csv, message) in cases {
        assert_eq!(load(csv).unwrap_err(), message, "{}", String::from_utf8_lossy(csv));
    }
}

#[test]
fn a_failed_load_leaves_nothing() {
    let mut memory = memory();
    assert!(load_csv(&mut memory, &"users".into(), "a.csv", b"id\n1\n2\n1\n").is_err());
    assert_eq!(memory.row_count("users"), 0);
    assert_eq!(load_csv(&mut memory, &"users".into(), "a.csv", b"id\n1\n2\n"), Ok(2));
    assert!(load_csv(&mut memory, &"users".into(), "a.csv", b"id\n3\n2\n").is_err());
    assert_eq!(rows_of(&memory, "users").len(), 2);
}

#[test]
fn csv_types_are_the_narrowest() {
    let csv = b"I,b,n,f,d,t,s,zip,none\n\
        1,3000000000,1.5,true,2024-02-29,2024-02-29 10:00:00,x,00123,\n\
        -2,1,2,FALSE,2023-01-01,2023-01-01,7,1,\n";
    let types = infer_types("a.csv", csv).unwrap();
    let expected = [
        ("i", Type::Integer),
        ("b", Type::BigInt),
        ("n", Type::Numeric(None)),
        ("f", Type::Boolean),
        ("d", Type::Date),
        ("t", Type::Timestamp),
        ("s", Type::Text),
        ("zip", Type::Text),
        ("none", Type::Text),
    ];
    assert_eq!(types, expected.map(|(name, ty)| (name.into(), ty)));
}

#[test]
fn generated_rows_fit_and_repeat() {
    let generated = |seed| {
        let mut memory = memory();
        load_generated(&mut memory, &"users".into(), 10_000, seed).unwrap();
        load_generated(&mut memory, &"posts".into(), 9_000, seed).unwrap();
        memory.hold_references().unwrap();
        (rows_of(&memory, "users"), rows_of(&memory, "posts"))
    };
    let (first, second) = (generated(42), generated(42));
    assert_eq!(first, second);
    assert_ne!(first, generated(43));
    assert_eq!((first.0.len(), first.1.len()), (10_000, 9_000));
}

#[test]
fn generated_rows_follow_those_that_are_there() {
    let mut memory = memory();
    load_csv(&mut memory, &"users".into(), "a.csv", b"id\n100\n").unwrap();
    load_generated(&mut memory, &"users".into(), 3, 1).unwrap();
    let ids: Vec<Value> = rows_of(&memory, "users").iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids, [100, 101, 102, 103].map(Value::Integer));
}

#[test]
fn what_cannot_be_generated_is_said() {
    let mut memory = memory();
    load_generated(&mut memory, &"users".into(), 10, 1).unwrap();
    let fault = load_generated(&mut memory, &"posts".into(), 50_000, 1).unwrap_err();
    assert_eq!(fault.message, "`posts.slug` must be unique, and `varchar(3)` has too few values for 50000 rows");
    assert_eq!(memory.row_count("posts"), 0);
}

fn memory_of(script: &str) -> Memory {
    let parsed = miglab::syntax::parse(miglab::source::Source::new("t.mig", script));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let plan = miglab::plan::Plan::resolve(&parsed.script, &[]).unwrap();
    Memory::new(plan.start.clone(), Arc::clone(&plan.facts), Vec::new(), 0)
}

#[test]
fn generated_rows_satisfy_checks() {
    let mut memory = memory_of(
        "table t {
            id     integer primary key
            status text not null check (status in ('draft', 'sent', 'paid'))
            size   integer not null check (size between 20 and 30)
            price  numeric(10, 2) not null check (price > 0)
            code   varchar(4) not null check (length(code) = 4)
            low    integer not null
            high   integer not null
            check ordered (low < high)
        }
        expand add column t.x text",
    );
    load_generated(&mut memory, &"t".into(), 5_000, 7).unwrap();
    assert_eq!(memory.row_count("t"), 5_000);
    let drafts = rows_of(&memory, "t").iter().filter(|row| row[1] == text("draft")).count();
    assert!((1_000..3_000).contains(&drafts), "{drafts}");
}

#[test]
fn a_check_that_nothing_satisfies_is_said() {
    let mut memory = memory_of(
        "table t { id integer primary key, a text not null check (a = a || '!') }\nexpand add column t.x text",
    );
    assert_eq!(
        load_generated(&mut memory, &"t".into(), 10, 7).unwrap_err().message,
        "no generated row of `t` satisfies check `t_a_check` in 1000 attempts"
    );
}

#[test]
fn keys_of_several_columns_are_distinct() {
    let mut memory = memory_of(
        "table a { id integer primary key }
        table b { a_id integer references a (id), c_id integer references a (id), primary key (a_id, c_id) }
        expand add column a.x text",
    );
    load_generated(&mut memory, &"a".into(), 10, 7).unwrap();
    assert_eq!(load_generated(&mut memory, &"b".into(), 100, 7), Ok(100));
    let fault = load_generated(&mut memory, &"b".into(), 101, 7).unwrap_err();
    assert_eq!(fault.message, "`b` can have 100 rows, not 101: constraint `b_pkey`");
}

#[test]
fn listed_rows_are_held_to_their_columns() {
    let parsed = miglab::syntax::parse(miglab::source::Source::new(
        "t.mig",
        "table t { id integer primary key, a varchar(3) }
        rows t { (1, 'abc') (2) (1 / 0, 'x') }
        expand add column t.x text",
    ));
    let plan = miglab::plan::Plan::resolve(&parsed.script, &[]).unwrap();
    let miglab::ast::RowsFrom::Listed(values) = &parsed.script.rows[0].from else { panic!() };
    let wrong = listed(values, plan.start.table("t").unwrap(), 0).unwrap_err();
    let messages: Vec<&str> = wrong.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(messages, ["1 value for 2 columns of `t`", "no value for column `id`: division by zero"]);
}
