//! The rows that a database has, looked at before a plan is proved.

use miglab::check::Checked;
use miglab::database;
use miglab::diagnostic::{Code, Diagnostic};
use miglab::source::Source;
use miglab::syntax;

use super::database::Database;

fn check(database: &mut Database, script: &str) -> Checked {
    let parsed = syntax::parse(Source::new("x.mig", script));
    let server = database::look(&mut database.client, &parsed.script).unwrap();
    database::check_with_rows(&mut database.client, parsed, &server).unwrap()
}

/// The findings of a code: the line, and all that is said.
fn found(checked: &Checked, code: Code) -> Vec<String> {
    let source = checked.source();
    let line = |found: &Diagnostic| {
        let labels: Vec<&str> = found.labels.iter().map(|label| label.text.as_str()).collect();
        let help = found.help.as_deref().unwrap_or_default();
        format!("{}: {} | {} | {help}", source.position(found.span().start).line, found.message, labels.join(" | "))
    };
    checked.findings.diagnostics.iter().filter(|found| found.code == code).map(line).collect()
}

fn premise(checked: &Checked) -> String {
    checked.findings.headline().and_then(|headline| headline.premise()).unwrap_or_default()
}

const SHOP: &str = "
create table users (id int primary key, email text, age int, zip text);
insert into users select i, 'u' || i, i, '1000' from generate_series(1, 3000) as i;
create table orders (id int primary key, user_id int);
insert into orders select i, i from generate_series(1, 2000) as i;
";

const HEAD: &str = "table users { id integer primary key; email text; age integer; zip text }
table orders { id integer primary key; user_id integer }
app v1 { reads users.*, orders.*; writes users.zip; deletes none }
";

/// Each plan, a row that breaks it, and how that is told.
const BROKEN: &[(&str, &str, &str)] = &[
    (
        "expand add check old_enough (age >= 0) on users\nmigrate validate check old_enough",
        "insert into users values (9000, 'x', -7, '1')",
        "which has `users.age` = -7: rejected by check `old_enough`",
    ),
    (
        "expand add unique (email) on users",
        "insert into users values (9000, 'u2999', 1, '1')",
        "4: the statement fails on unique constraint `users_email_key` | 1 this statement, which has `users.email` = 'u2999'",
    ),
    (
        "expand add unique (email, age) on users",
        "insert into users values (9000, 'u2999', 2999, '1')",
        "`users.email` = 'u2999'",
    ),
    (
        "expand add foreign key of_user (user_id) references users (id) on orders\nmigrate validate foreign key of_user",
        "insert into orders values (9000, 7777)",
        "5: the statement fails on foreign key `of_user` | 1 this statement, which has `orders.user_id` = 7777",
    ),
    (
        "expand add column users.number integer\nmigrate backfill users.number from zip::integer where age > 2",
        "insert into users values (9000, 'x', 5, 'n/a')",
        "`users.zip` = 'n/a'",
    ),
    (
        "expand add column users.short varchar(4)\nmigrate backfill users.short from zip",
        "insert into users values (9000, 'x', 5, 'too long')",
        "`users.zip` = 'too long'",
    ),
];

#[test]
fn a_row_that_breaks_a_plan_is_found_among_all_and_shown() {
    let mut database = Database::with(SHOP);
    for (plan, row, told) in BROKEN {
        database.client.batch_execute(row).unwrap();
        let checked = check(&mut database, &format!("{HEAD}{plan}\n"));
        // Where a version writes to such a row before the statement comes to it, that is what goes wrong first.
        let errors = [found(&checked, Code::FailingStatement), found(&checked, Code::RejectedWrite)].concat();
        assert!(errors.iter().any(|error| error.contains(told)), "{plan}\n{errors:#?}");
        assert!(
            errors.iter().any(|error| error.contains("a row of the database has these values")),
            "{plan}\n{errors:#?}"
        );
        database.client.batch_execute("delete from users where id = 9000; delete from orders where id = 9000").unwrap();
    }
}

#[test]
fn what_no_row_breaks_now_is_a_premise_and_no_condition() {
    let mut database = Database::with(SHOP);
    for (plan, ..) in &BROKEN[..4] {
        let script = format!("{HEAD}{plan}\n");
        let without = miglab::check::check(syntax::parse(Source::new("x.mig", script.as_str())), &[]);
        assert_eq!(found(&without, Code::Condition).len(), 1, "{plan}");
        let checked = check(&mut database, &script);
        assert_eq!(found(&checked, Code::Condition), [""; 0], "{plan}");
        assert!(
            premise(&checked).contains("(looked at on the server: no row is in the way now"),
            "{}",
            premise(&checked)
        );
    }
}

#[test]
fn overflow_is_looked_for_in_the_rows() {
    let mut database = Database::with(SHOP);
    let script = format!("{HEAD}expand add column users.n integer\nmigrate backfill users.n from age + 2147480000\n");
    let checked = check(&mut database, &script);
    assert!(
        found(&checked, Code::Condition).is_empty() && premise(&checked).contains("no row makes the expression of")
    );
    database.client.batch_execute("insert into users values (9000, 'x', 5000, '1')").unwrap();
    let errors = found(&check(&mut database, &script), Code::FailingStatement);
    assert!(errors[0].contains("`users.age` = 5000"), "{errors:?}");
}

#[test]
fn rows_that_the_plan_changes_before_are_not_taken_as_they_are_now() {
    let mut database = Database::with(SHOP);
    database.client.batch_execute("update users set age = -1 where id = 5").unwrap();
    let plan = "expand add check old_enough (age >= 0) on users
allow overwrites-data because 'it was wrong'
migrate backfill users.age from abs(age) where age < 0
migrate validate check old_enough
";
    let checked = check(&mut database, &format!("{HEAD}{plan}"));
    let of_rows = |told: &String| told.contains("a row of the database") && told.starts_with('7');
    assert!(!found(&checked, Code::FailingStatement).iter().any(of_rows));
    assert!(!premise(&checked).contains("satisfies check `old_enough`"), "{}", premise(&checked));
}

#[test]
fn what_the_server_does_not_answer_stays_a_condition_that_says_so() {
    let mut database = Database::with(SHOP);
    database.client.batch_execute("create role reader; set role reader").unwrap();
    let script = format!("{HEAD}expand add unique (email) on users\n");
    let conditions = found(&check(&mut database, &script), Code::Condition);
    assert_eq!(conditions.len(), 1, "{conditions:?}");
    assert!(conditions[0].contains("the server was asked: permission denied for table users"), "{conditions:?}");
}

#[test]
fn nothing_is_changed_and_nothing_is_left_open() {
    let mut database = Database::with(SHOP);
    for (plan, ..) in BROKEN {
        check(&mut database, &format!("{HEAD}{plan}\n"));
    }
    let row =
        database.client.query_one("select count(*), current_setting('statement_timeout') from users", &[]).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, &str>(1)), (3000, "0"));
    database.client.batch_execute("insert into orders values (9000, 1)").unwrap();
}

const LINKED: &str = "
create table users (id int primary key, name text);
create table orders (id int primary key, user_id int references users (id), note text);
create table items (id int primary key, order_id int references orders (id));
";

#[test]
fn tables_that_foreign_keys_lead_to_are_read_along() {
    let mut database = Database::with(LINKED);
    let dump = miglab::engine::postgres::inspect::dump::read(&database.dump()).unwrap().server;
    let script = "app v1 { uses note }\nretire v1\ncontract drop table orders\n";
    let parsed = || syntax::parse(Source::new("x.mig", format!("migration \"x\" on orders\n{script}")));
    for checked in [check(&mut database, parsed().script.source.text()), database::check(parsed(), &dump)] {
        let needed = found(&checked, Code::StillNeeded);
        assert!(needed.iter().any(|told| told.contains("is still referenced by `items`")), "{needed:?}");
        let notes = &checked.findings.notes;
        assert!(notes.iter().all(|note| !note.contains("orders_user_id_fkey")), "{notes:?}");
    }
}

#[test]
fn what_is_read_along_is_no_table_of_the_script() {
    let mut database = Database::with(LINKED);
    // The one table that it names is the one that columns without a table belong to.
    let checked = check(&mut database, "expand add column orders.code text\nmigrate backfill code from note\n");
    assert!(!checked.findings.has_errors(), "{:?}", checked.findings.diagnostics);
    let assumed = found(&checked, Code::MissingApp);
    assert!(assumed.iter().all(|told| !told.contains("users.name") && !told.contains("order_id")), "{assumed:?}");
    let declared = "table orders { id integer primary key; user_id integer references users (id); note text }
app v1 { uses note }
expand add column code text
";
    assert!(found(&check(&mut database, declared), Code::Condition).is_empty());
    let without = miglab::check::check(syntax::parse(Source::new("x.mig", declared)), &[]);
    assert_eq!(found(&without, Code::Condition).len(), 1);
}

#[test]
fn what_the_database_has_besides_is_told() {
    let mut database = Database::with(
        "create table notes (id int primary key, body text default 'x', kind text, author int, unique (kind, author));",
    );
    let script = "table notes { id integer primary key; body text; kind text }\nexpand add column title text\n";
    let checked = check(&mut database, script);
    let differs = found(&checked, Code::SchemaDiffers);
    assert!(differs.len() == 1 && differs[0].contains("has the default `'x'::text` in the database"), "{differs:?}");
    assert!(differs[0].contains("declare it as it is: `body text default 'x'"), "{differs:?}");
    let told = "not looked at in table `notes`: unique constraint `notes_kind_author_key`, some of whose columns";
    assert!(checked.findings.notes.iter().any(|note| note.starts_with(told)), "{:?}", checked.findings.notes);
}
