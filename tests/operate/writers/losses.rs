//! What today's tools lose, run by this program under writers of both versions: nothing is lost. So that it is known that
//! a loss would be seen, the same writers work beside triggers that lose it.

use std::sync::atomic::{AtomicBool, Ordering};

use miglab::plan::Action;
use postgres::Client;

use super::program::{Program, plan_of};
use super::table::Values;
use crate::common::postgres::TestServer;

/// A loss.
struct Case {
    name: &'static str,
    script: &'static str,
    rows: i64,
    values: Values,
    /// What a tool with this loss does until the new version is deployed, and after the old one is retired.
    careless: [&'static [&'static str]; 2],
    /// How the writers notice.
    noticed_as: &'static str,
}

fn word(column: &str, number: i64) -> String {
    format!("{column} Nr{number}")
}

fn name(column: &str, number: i64) -> String {
    match column {
        "first_name" if number % 2 == 0 => format!("Mary Ann{number}"),
        "first_name" => format!("Jan{number}"),
        "last_name" => format!("van Dyk{number}"),
        "full_name" => format!("Mary{number} Ann Smith"),
        column => word(column, number),
    }
}

/// A trigger as it is often seen: it computes anew on every update, whichever column has changed.
macro_rules! recomputing {
    ($body:literal) => {
        concat!(
            "create function careless() returns trigger language plpgsql as $$ begin ",
            $body,
            " return new; end $$; create trigger careless before insert or update on t for each row \
             execute function careless()"
        )
    };
}

const UNRELATED_UPDATE: Case = Case {
    name: "an unrelated update after v2's write",
    script: "
migration \"codes\" on t allow lossy-translation because 'v1 knows names in lower case only'
table t { id integer primary key, name text not null, email text }
app v1 { uses name, email }
app v2 { uses code, email }
expand add column code text
expand sync code from upper(name)
expand sync name from lower(code)
migrate backfill code from upper(name) in batches of 20
deploy v2
retire v1
contract drop column name
",
    rows: 24,
    values: word,
    careless: [
        &[
            "alter table t add column code text",
            recomputing!(
                "if tg_op = 'INSERT' or new.code is not distinct from old.code then
                     new.code := coalesce(upper(new.name), new.code);
                 else new.name := lower(new.code); end if;
                 if new.name is null then new.name := lower(new.code); end if;"
            ),
            "update t set code = upper(name)",
        ],
        &["drop trigger careless on t; alter table t drop column name"],
    ],
    noticed_as: "they may be",
};

const SPLIT_NAME: Case = Case {
    name: "a split name touched by the other version",
    script: "
migration \"names\" on t allow lossy-translation because 'both versions trim what they write'
table t { id integer primary key, full_name text not null, email text }
app v1 { uses full_name, email }
app v2 { uses first_name, last_name, email }
expand {
    add column first_name text
    add column last_name text
    sync first_name from split_part(full_name, ' ', 1)
    sync last_name from substr(full_name, length(split_part(full_name, ' ', 1)) + 2)
    sync full_name from rtrim(concat_ws(' ', first_name, last_name))
}
migrate {
    backfill first_name from split_part(full_name, ' ', 1) in batches of 20
    backfill last_name from substr(full_name, length(split_part(full_name, ' ', 1)) + 2) in batches of 20
}
deploy v2
retire v1
contract drop column full_name
",
    rows: 24,
    values: name,
    careless: [
        &[
            "alter table t add column first_name text, add column last_name text",
            recomputing!(
                "if tg_op = 'UPDATE' and (new.first_name is distinct from old.first_name
                                          or new.last_name is distinct from old.last_name) or new.full_name is null then
                     new.full_name := rtrim(concat_ws(' ', new.first_name, new.last_name));
                 else
                     new.first_name := split_part(new.full_name, ' ', 1);
                     new.last_name := substr(new.full_name, length(split_part(new.full_name, ' ', 1)) + 2);
                 end if;"
            ),
            "update t set full_name = full_name",
        ],
        &["drop trigger careless on t; alter table t drop column full_name"],
    ],
    noticed_as: "they may be",
};

const ZERO: Case = Case {
    name: "a value translated by 0",
    script: "
migration \"visits\" on t
table t { id integer primary key, name text not null }
app v1 { uses name }
app v2 { uses name, visits }
expand add column visits integer
expand set default visits 0
migrate backfill visits from 0 where visits is null in batches of 20
deploy v2
retire v1
",
    rows: 60,
    values: word,
    careless: [
        &[
            "alter table t add column visits integer default 0",
            recomputing!(
                "if tg_op = 'UPDATE' and new.visits is not distinct from old.visits then new.visits := 0; end if;"
            ),
            "update t set visits = 0 where visits is null",
        ],
        &["drop trigger careless on t"],
    ],
    noticed_as: "they may be",
};

const RENAME: &str = "
migration \"rename\" on t
table t { id integer primary key, username text not null }
app v1 { uses username }
app v2 { uses display_name }
expand add column display_name text
expand sync username <-> display_name
migrate backfill display_name from username in batches of 10 pause 3ms
deploy v2
retire v1
contract drop column username
";

const OVERWRITTEN: Case = Case {
    name: "a write during the backfill, overwritten by it",
    script: RENAME,
    rows: 300,
    values: word,
    careless: [
        &[
            "alter table t add column display_name text",
            recomputing!(
                "if new.username is null or tg_op = 'UPDATE' and new.display_name is distinct from old.display_name
                     and current_setting('careless.fills', true) is distinct from 'on' then
                     new.username := new.display_name;
                 elsif tg_op = 'INSERT' or new.username is distinct from old.username then
                     new.display_name := new.username;
                 end if;"
            ),
            "create table seen as select id, username from t",
            "set careless.fills to on;
             update t set display_name = seen.username from seen where seen.id = t.id",
        ],
        &["drop trigger careless on t; alter table t drop column username"],
    ],
    noticed_as: "they may be",
};

const LATE_TRIGGER: Case = Case {
    name: "a not-null column whose filling trigger comes late",
    script: "
migration \"rename\" on t
table t { id integer primary key, username text not null }
app v1 { uses username }
app v2 { uses display_name }
expand add column display_name text
expand sync username <-> display_name
migrate backfill display_name from username in batches of 10 pause 3ms
deploy v2
contract set not null display_name
retire v1
contract drop column username
",
    rows: 100,
    values: word,
    careless: [
        &[
            "alter table t add column display_name text",
            "begin; lock table t; update t set display_name = username;
             alter table t alter column display_name set not null; commit",
            recomputing!("new.display_name := new.username;"),
        ],
        &[],
    ],
    noticed_as: "null value in column \\\"display_name\\\"",
};

const LATE_DROP: Case = Case {
    name: "a column dropped before its trigger",
    script: RENAME,
    rows: 100,
    values: word,
    careless: [
        &[
            "alter table t add column display_name text",
            recomputing!(
                "if new.username is null or tg_op = 'UPDATE' and new.display_name is distinct from old.display_name then
                     new.username := new.display_name;
                 else new.display_name := new.username; end if;"
            ),
            "update t set username = username",
        ],
        &["alter table t drop column username", "drop trigger careless on t"],
    ],
    noticed_as: "has no field \\\"username\\\"",
};

/// The program loses nothing; who is careless does, and the writers notice.
fn hold(case: &Case) {
    let server = TestServer::start();
    let plan = plan_of(case.script).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let database = format!("loss {}", case.name);
    let mut program = Program::new(&server.database(&database), case.script, &plan, case.rows, case.values);
    program.writers.let_work(20);
    let ran = program.carry_out(&mut || None);
    program.writers.let_work(20);
    let faults = program.finish();
    assert!(ran.is_ok() && faults.is_empty(), "{}: {ran:?} {faults:#?}", case.name);

    let program = Program::new(&server.database(&database), case.script, &plan, case.rows, case.values);
    let faults = carelessly(program, case);
    assert!(faults.iter().any(|fault| fault.contains(case.noticed_as)), "{} goes unnoticed: {faults:#?}", case.name);
}

/// The same by hand, as a careless tool does it.
fn carelessly(mut program: Program, case: &Case) -> Vec<String> {
    let mut client = program.table.connect();
    let execute = |program: &Program, client: &mut Client, statements: &[&str]| {
        for sql in statements {
            program.writers.let_work(40);
            client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
        program.writers.let_work(40);
    };
    let steps = program.table.plan.steps.clone();
    let position = |wanted: &dyn Fn(&Action) -> bool| steps.iter().position(|step| wanted(&step.action));
    let deploys = position(&|action| matches!(action, Action::Deploy(_))).expect("v2 is deployed");
    program.table.may_go_to(deploys);
    execute(&program, &mut client, case.careless[0]);
    program.switch(deploys);
    program.writers.let_work(300);
    program.table.is_at(deploys + 1);
    let retires = position(&|action| matches!(action, Action::Retire(_))).expect("v1 is retired");
    program.switch(retires);
    program.table.may_go_to(steps.len());
    execute(&program, &mut client, case.careless[1]);
    program.writers.let_work(60);
    program.finish()
}

#[test]
fn an_unrelated_update_after_a_write_of_v2() {
    hold(&UNRELATED_UPDATE);
}

#[test]
fn a_split_name_touched_by_the_other_version() {
    hold(&SPLIT_NAME);
}

#[test]
fn a_value_translated_by_zero() {
    hold(&ZERO);
}

#[test]
fn a_write_during_the_backfill() {
    hold(&OVERWRITTEN);
}

#[test]
fn a_not_null_column_whose_filling_trigger_comes_late() {
    hold(&LATE_TRIGGER);
}

#[test]
fn a_column_dropped_before_its_trigger() {
    hold(&LATE_DROP);
}

/// Both versions write the same few rows, and nobody waits for anybody: which write is the last only the database knows.
/// The two forms never differ in any snapshot from the deployment on.
#[test]
fn two_versions_that_write_the_same_rows_at_the_same_time_always_agree() {
    let server = TestServer::start();
    let plan = plan_of(RENAME).expect("it may be run");
    let mut program = Program::new(&server.database("same rows"), RENAME, &plan, 4, word);
    let retires = plan.steps.iter().position(|step| matches!(step.action, Action::Retire(_))).expect("v1 is retired");
    program.carry_to(retires, &mut || None).expect("nothing is in its way");
    program.table.stop();
    let stop = AtomicBool::new(false);
    let (url, stop) = (program.table.url.clone(), &stop);
    let writer = |column: &'static str| {
        let mut client = program.table.connect();
        move || {
            let mut count = 0;
            while !stop.load(Ordering::SeqCst) {
                count += 1;
                let sql = format!("update t set {column} = '{column} {count}' where id = {}", count % 4 + 1);
                client.batch_execute(&sql).expect("no write is refused");
            }
            count
        }
    };
    let mut reader = Client::connect(&url, postgres::NoTls).expect("the server is there");
    let writes: i64 = std::thread::scope(|scope| {
        let threads: Vec<_> = ["username", "display_name", "username", "display_name"]
            .into_iter()
            .map(|column| scope.spawn(writer(column)))
            .collect();
        let differing = "select count(*) from t where username is distinct from display_name";
        let seen: Vec<i64> = (0..300).map(|_| reader.query_one(differing, &[]).expect("it is read").get(0)).collect();
        stop.store(true, Ordering::SeqCst);
        let writes = threads.into_iter().map(|thread| thread.join().expect("no write is refused")).sum();
        assert_eq!(seen, vec![0; 300]);
        writes
    });
    assert!(writes > 100, "{writes} writes");
}
