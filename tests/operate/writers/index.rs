//! An index that is built concurrently waits for every snapshot that is older, whatever table it is of. Who cancels it
//! leaves an invalid index behind, in whose way the next attempt is.

use std::time::{Duration, Instant};

use miglab::engine::postgres::session::APPLICATION_NAME;
use postgres::{Client, NoTls};

use super::program::{Program, plan_of};
use crate::common::postgres::TestServer;

const SCRIPT: &str = "
migration \"index\" on t
table t { id integer primary key, email text not null }
app v1 { uses email }
expand add index t_email on t (email)
";

const VALID: &str =
    "select coalesce(bool_and(indisvalid), false) from pg_index where indexrelid = to_regclass('t_email')";

fn value(_: &str, number: i64) -> String {
    format!("{number}@example.com")
}

/// A session with a snapshot of nothing that concerns the table.
fn snapshot(url: &str) -> Client {
    let mut client = Client::connect(url, NoTls).expect("the server is there");
    client.batch_execute("begin isolation level repeatable read; select count(*) from pg_class").expect("it may read");
    client
}

/// Cancels the statement that builds the index, once it waits; tells whether there was one.
fn cancel(url: &str) {
    let mut client = Client::connect(url, NoTls).expect("the server is there");
    let sql = "select count(pg_cancel_backend(p.pid)) from pg_stat_progress_create_index p join pg_stat_activity a using (pid)
               where p.datname = current_database() and p.phase like 'waiting for%' and a.wait_event_type = 'Lock' and a.application_name like $1";
    let give_up = Instant::now() + Duration::from_secs(60);
    while client.query_one(sql, &[&format!("{APPLICATION_NAME}%")]).expect("it is asked").get::<_, i64>(0) == 0 {
        assert!(Instant::now() < give_up, "the index is not built, or does not wait for the snapshot");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_index_that_a_snapshot_holds_up_and_somebody_cancels_is_built_all_the_same() {
    let server = TestServer::start();
    let url = server.database("index");
    let plan = plan_of(SCRIPT).expect("it may be run");
    let mut program = Program::new(&url, SCRIPT, &plan, 60, value);
    let mut holder = snapshot(&url);
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            cancel(&url);
            cancel(&url);
            holder.batch_execute("commit").expect("it may end");
        });
        program.carry_out(&mut || None)
    });
    let valid: bool = program.table.connect().query_one(VALID, &[]).expect("it is asked").get(0);
    let faults = program.finish();
    assert!(ran.is_ok() && faults.is_empty() && valid, "{ran:?} {faults:#?} valid: {valid}");
}

/// So goes the same by hand.
#[test]
fn an_index_that_is_cancelled_is_there_already_for_who_is_careless() {
    let server = TestServer::start();
    let url = server.database("index by hand");
    let mut client = Client::connect(&url, NoTls).expect("the server is there");
    client.batch_execute("create table t (id integer primary key, email text)").expect("it may be made");
    let mut holder = snapshot(&url);
    client.batch_execute("set statement_timeout to '200ms'").expect("anybody may");
    let create = "create index concurrently t_email on t (email)";
    let mut code = || client.batch_execute(create).expect_err("it waits for the snapshot").code().cloned();
    assert_eq!(code().map(|code| code.code().to_owned()).as_deref(), Some("57014"));
    assert_eq!(code().map(|code| code.code().to_owned()).as_deref(), Some("42P07"));
    holder.batch_execute("commit").expect("it may end");
    assert!(!client.query_one(VALID, &[]).expect("it is asked").get::<_, bool>(0));
}
