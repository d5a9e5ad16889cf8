//! Scripts compared with a database.

use miglab::check::Checked;
use miglab::database::{self, PreflightLimits};
use miglab::diagnostic::{Diagnostic, Severity};
use miglab::plan::Plan;
use miglab::source::Source;
use miglab::syntax;

use super::database::Database;

/// What there is to say, a line each: the code, the text at the place, and the message.
fn lines(source: &Source, diagnostics: &[Diagnostic]) -> Vec<String> {
    let line = |found: &Diagnostic| format!("{} at `{}`: {}", found.code, source.slice(found.span()), found.message);
    diagnostics.iter().filter(|found| found.severity > Severity::Advice).map(line).collect()
}

fn look(database: &mut Database, script: &str) -> (Vec<String>, Checked) {
    let parsed = syntax::parse(Source::new("x.mig", script));
    let server = database::look(&mut database.client, &parsed.script).unwrap();
    let checked = database::check(parsed, &server);
    (lines(&checked.findings.source, &checked.findings.diagnostics), checked)
}

const RENAME: &str = "migration \"Rename\" on users
app v1 { uses username }
app v2 { uses display_name }
expand  add column display_name
expand  sync username <-> display_name
migrate backfill display_name from username
deploy  v2
retire  v1
contract drop column username
";

#[test]
fn tables_that_a_script_does_not_declare_are_as_the_database_has_them() {
    let mut database = Database::with(
        "create table users (id uuid primary key, username varchar(30) not null, age int check (age > 0));",
    );
    let parsed = syntax::parse(Source::new("x.mig", RENAME));
    let server = database::look(&mut database.client, &parsed.script).unwrap();
    let opened = database::open(parsed, &server).unwrap();
    let table = opened.plan.start.table("users").unwrap();
    assert!(table.declared && table.primary_key().is_some());
    let miglab::plan::Action::AddColumn { column, .. } = &opened.plan.steps[0].action else { panic!() };
    assert_eq!(column.ty, miglab::data::Type::Varchar(Some(30)));
    assert!(
        opened.checked.findings.notes.iter().all(|note| !note.contains("no `table` is declared")),
        "{:?}",
        opened.checked.findings.notes
    );
}

#[test]
fn a_table_or_column_that_is_not_there_is_told_at_its_place() {
    let mut database = Database::with("create table users (id int primary key, username text);");
    let script = RENAME.replace("username", "user_name");
    let (found, looked) = look(&mut database, &script);
    assert_eq!(found[0], "unknown-name at `user_name`: table `users` has no column `user_name`");
    assert!(looked.findings.diagnostics[0].help.as_ref().unwrap().contains("username"));
    let (found, _) = look(&mut database, &RENAME.replace("on users", "on people"));
    assert_eq!(found[0], "schema-differs at `people`: the database has no table `people`");
}

#[test]
fn every_difference_is_told() {
    let mut database = Database::with(
        "create type mood as enum ('sad'); create domain mail as text;
         create table other (id int primary key);
         create table t (
             id int primary key, a int not null, b text, c text default 'x', d mood, e text[], f mail, g numeric(8,2),
             h int references other, i text unique, j int check (j > 0), k timestamptz, l varchar(10), m char(2)
         );
         create unique index part on t (b) where a > 0;",
    );
    let same = "table other { id int primary key }
table t {
    id int primary key
    a integer not null
    b text
    c text default 'x'
    d mood
    e text[]
    f mail
    g numeric(8, 2)
    h int references other (id)
    i text unique
    j int check (j > 0)
    k timestamptz
    l varchar(10)
    m char(2)
    index part (b) unique where a > 0
}
expand add column t.n text
";
    assert_eq!(look(&mut database, same).0, Vec::<String>::new());
    let changed = same
        .replace("a integer not null", "a integer")
        .replace("b text", "b text not null")
        .replace("'x'", "'y'")
        .replace("d mood", "d \"humour\"")
        .replace("text[]", "integer[]")
        .replace("numeric(8, 2)", "numeric(8, 3)")
        .replace(" references other (id)", "")
        .replace("i text unique", "i text")
        .replace(" check (j > 0)", " unique")
        .replace("timestamptz", "timestamp")
        .replace("column t.n", "column t.gone")
        .replace("m char(2)", "z int");
    database.client.batch_execute("alter table t add gone int").unwrap();
    let (found, _) = look(&mut database, &changed);
    assert_eq!(
        found,
        [
            "schema-differs at `t`: table `t` of the database has a foreign key on `h` that the script does not declare",
            "schema-differs at `t`: table `t` of the database has a unique constraint on `i` that the script does not declare",
            "schema-differs at `t`: table `t` of the database has a check on `j` that the script does not declare",
            "schema-differs at `t`: table `t` of the database has no unique constraint on `j`",
            "schema-differs at `a`: `t.a` is not null in the database",
            "schema-differs at `b`: `t.b` may be null in the database",
            "schema-differs at `c`: `t.c` has another default in the database: `'x'::text`",
            "schema-differs at `\"humour\"`: `t.d` is `mood` in the database",
            "schema-differs at `integer[]`: `t.e` is `text[]` in the database",
            "schema-differs at `numeric(8, 3)`: `t.g` is numeric(8,2) in the database",
            "schema-differs at `timestamp`: `t.k` is timestamptz in the database",
            "schema-differs at `z`: table `t` of the database has no column `z`",
            "schema-differs at `add column t.gone text`: table `t` of the database has a column `gone` already",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn what_only_the_database_knows_to_need_a_column_keeps_it() {
    for (sql, message) in [
        ("create view names as select username from users", "view `names` of the database needs column `username`"),
        (
            "create materialized view \"All names\" as select username from users",
            "materialized view `\"All names\"` of the database needs column `username`",
        ),
        (
            "alter table users add big text generated always as (upper(username)) stored",
            "generated column `big` of the database needs column `username`",
        ),
        (
            "create policy own on users using (username = current_user)",
            "policy `users.own` of the database needs column `username`",
        ),
    ] {
        let mut database = Database::with("create table users (id int primary key, username text);");
        database.client.batch_execute(sql).unwrap();
        let (found, _) = look(&mut database, RENAME);
        let expected = format!("still-needed at `drop column username`: {message}");
        assert_eq!(found.last(), Some(&expected), "{sql}");
    }
    // A table that refers to it is read along.
    let mut database = Database::with(
        "create table users (id int primary key, username text unique);
         create table others (name text references users (username));",
    );
    let (found, _) = look(&mut database, RENAME);
    let expected = "still-needed at `username`: column `username` is still referenced by `others`";
    assert_eq!(found.last().map(String::as_str), Some(expected));
}

#[test]
fn a_column_of_a_type_that_the_language_does_not_know_is_renamed() {
    let mut database = Database::with(
        "create type mood as enum ('sad', 'ok');
         create table users (id int primary key, username mood not null default 'ok', tags text[]);",
    );
    let (found, looked) = look(&mut database, RENAME);
    assert_eq!(found, Vec::<String>::new());
    let plan = looked.plan.unwrap();
    let steps = &plan.steps;
    assert_eq!(steps[0].title, "Add column 'display_name' (mood) to users");
}

#[test]
fn what_the_language_cannot_say_is_noted() {
    let mut database = Database::with(
        "create table users (id bigserial primary key, username text, during int4range, check (username ~ '^a'),
                             exclude using gist (during with &&));
         create index on users (lower(username));",
    );
    let (_, looked) = look(&mut database, RENAME);
    let notes: Vec<_> =
        looked.findings.notes.iter().filter_map(|note| note.strip_prefix("not looked at in table `users`: ")).collect();
    assert_eq!(
        notes,
        [
            "default of `id`: `nextval('users_id_seq'::regclass)`",
            "constraint `users_during_excl`: `EXCLUDE USING gist (during WITH &&)`",
            "constraint `users_username_check`: `CHECK ((username ~ '^a'::text))`",
            "index `users_lower_idx`: `CREATE INDEX users_lower_idx ON public.users USING btree (lower(username))`",
        ]
    );
}

#[test]
fn declarations_of_any_database_can_be_read_back() {
    let mut database = Database::with(include_str!("everything.sql"));
    let names = miglab::engine::postgres::inspect::names(&mut database.client).unwrap();
    let server = miglab::engine::postgres::inspect::inspect(&mut database.client, &names).unwrap();
    let mut text = String::new();
    for (name, relation) in &server.relations {
        text += &database::declaration(name, relation, &server).text;
    }
    text += &database::view_declarations(&server);
    let parsed = syntax::parse(Source::new("x.mig", text.as_str()));
    assert_eq!(parsed.diagnostics, [], "{text}");
    Plan::resolve(&parsed.script, &[]).unwrap();
    snapbox::assert_data_eq!(text, snapbox::file!["everything.mig"]);
}

/// What is not ready for the plan, errors first.
fn unready(database: &mut Database, script: &str) -> Vec<String> {
    let parsed = syntax::parse(Source::new("x.mig", script));
    let server = database::look(&mut database.client, &parsed.script).unwrap();
    let plan = database::check(parsed, &server).plan.unwrap();
    let limits = PreflightLimits { long_transaction_ms: 0 };
    let found = database::preflight(&mut database.client, &plan, &server, limits).unwrap();
    let mut lines: Vec<_> = found.into_iter().map(|found| format!("{:?}: {}", found.severity, found.message)).collect();
    lines.retain(|line| !line.contains("connections left") && !line.contains("has been in a transaction"));
    lines
}

#[test]
fn a_role_of_few_rights_is_told_what_it_needs() {
    let mut database = Database::with(
        "create table users (id int primary key, username text);
         revoke create on schema public from public;",
    );
    let role = format!("few_{}", std::process::id());
    let name = database.client.query_one("select current_database()::text", &[]).unwrap().get::<_, String>(0);
    database.client.batch_execute(&format!("create role {role}; set role {role}")).unwrap();
    assert_eq!(
        unready(&mut database, RENAME),
        [
            format!("Error: role `{role}` does not own table `users`: only its owner `miglab` may change it"),
            format!("Error: role `{role}` may not create anything in schema `public`"),
            format!("Error: role `{role}` may not create schema `miglab`, where runs are kept"),
        ]
    );
    let grants = format!(
        "reset role; alter table users owner to {role}; grant create on schema public to {role};
         grant create on database {name} to {role}; set role {role}"
    );
    database.client.batch_execute(&grants).unwrap();
    assert_eq!(unready(&mut database, RENAME), Vec::<String>::new());
    database.client.batch_execute("alter table users enable row level security").unwrap();
    assert_eq!(unready(&mut database, RENAME), Vec::<String>::new());
    database.client.batch_execute("alter table users force row level security").unwrap();
    let hidden = format!(
        "Error: row-level security of table `users` hides rows from role `{role}`: they would be left as they are"
    );
    assert_eq!(unready(&mut database, RENAME), [hidden]);
    database.client.batch_execute(&format!("reset role; alter role {role} bypassrls; set role {role}")).unwrap();
    assert_eq!(unready(&mut database, RENAME), Vec::<String>::new());
    database.client.batch_execute(&format!("reset role; drop owned by {role}; drop role {role}")).unwrap();
}

#[test]
fn what_would_disturb_a_run_is_told() {
    let mut database = Database::with(
        "create table users (id int primary key, username text);
         create publication everything for all tables;
         create function f() returns event_trigger language plpgsql as 'begin end';
         create event trigger watching on ddl_command_end execute function f();",
    );
    assert_eq!(
        unready(&mut database, RENAME),
        [
            "Warning: event trigger `watching` runs on `ddl_command_end`",
            "Warning: table `users` is published (`everything`), and the plan adds columns to it",
        ]
    );
    let mut other = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    other.batch_execute("set application_name = 'slow'; begin; select 1").unwrap();
    let parsed = syntax::parse(Source::new("x.mig", RENAME));
    let server = database::look(&mut database.client, &parsed.script).unwrap();
    let plan = database::check(parsed, &server).plan.unwrap();
    let limits = PreflightLimits { long_transaction_ms: 0 };
    let found = database::preflight(&mut database.client, &plan, &server, limits).unwrap();
    let told = found.iter().find(|found| found.message.contains("(slow) has been in a transaction for ")).unwrap();
    assert!(told.severity == Severity::Warning && told.message.contains("(idle in transaction): `"), "{told:?}");
}

#[test]
fn partitions_and_inheritance_are_told() {
    let part = "create table whole (id int, username text) partition by hash (id);
                create table users partition of whole for values with (modulus 1, remainder 0);";
    let found = unready(&mut Database::with(part), RENAME);
    assert_eq!(found, ["Error: table `users` is a partition of `whole`: its columns come from there"]);
    let heir = "create table users (id int primary key, username text); create table heir () inherits (users);";
    let found = unready(&mut Database::with(heir), RENAME);
    assert_eq!(found, ["Error: tables `users` and `heir` inherit from one another: statements for one change both"]);
    let mut database = Database::with(
        "create table users (id int, username text, primary key (id, username)) partition by list (username);",
    );
    let (found, _) = look(&mut database, RENAME);
    assert!(found[0].starts_with("still-needed"), "{found:?}");
}
