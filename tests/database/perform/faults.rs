//! What the server does to those who work on it.

use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::Arc;

use miglab::engine::postgres::perform::perform;
use miglab::engine::postgres::session::{Limits, Session};
use miglab::engine::postgres::{Work, connect::Address};
use miglab::engine::{FaultKind, Happening};

use super::{FillId, TestServer, ddl, done, exclusive, until};

#[test]
fn a_server_that_stops_in_the_middle_leaves_nothing_half_done() {
    let server = Arc::new(TestServer::launch_with(&[]));
    let place = FillId::on(Arc::clone(&server), "stopped");
    let mut session = place.session();
    let stop = || server.stop();
    let ended = perform(
        &mut session,
        &ddl(&["alter table t add column x int"]),
        &exclusive("t"),
        &mut |transaction| {
            transaction.execute("insert into record values ('done')", &[]).unwrap();
            stop();
            Ok(())
        },
        &mut |_| ControlFlow::Continue(()),
    );
    let fault = ended.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection, "{fault:?}");
    assert!(fault.help.unwrap().contains("`resume` goes on"));
    let address = Address::find(Some(&place.url)).unwrap();
    assert_eq!(address.connect("miglab").err().unwrap().kind, FaultKind::Connection);
    server.start_again();
    assert_eq!(place.recorded(), "0");
    done(&mut place.session(), &ddl(&["alter table t add column x int"]), &exclusive("t"), &mut Vec::new()).unwrap();
}

#[test]
fn what_is_done_outlives_a_crash() {
    let server = Arc::new(TestServer::launch_with(&["wal_writer_delay=10000"]));
    let place = FillId::on(Arc::clone(&server), "crashed");
    done(&mut place.session(), &ddl(&["alter table t add column x int"]), &exclusive("t"), &mut Vec::new()).unwrap();
    server.stop();
    server.start_again();
    assert_eq!(place.recorded(), "1");
    assert_eq!(place.ask("select count(*) from information_schema.columns where table_name = 't'"), "4");
}

#[test]
fn a_session_that_is_ended_by_an_administrator_says_so() {
    let place = FillId::new("terminated");
    let mut session = place.session();
    let pid: i32 = session.client().query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let terminate = || place.ask(&format!("pg_terminate_backend({pid}, 5000)"));
    let scan = Work::Scan("alter table t add constraint c check (v > 0)".into());
    let ended = perform(
        &mut session,
        &scan,
        &exclusive("t"),
        &mut |_| {
            terminate();
            Ok(())
        },
        &mut |_| ControlFlow::Continue(()),
    );
    assert_eq!(ended.unwrap_err().kind, FaultKind::Connection);
    assert_eq!(place.ask("select count(*) from pg_constraint where conname = 'c'"), "0");
}

#[test]
fn a_role_without_rights_is_told() {
    let place = FillId::new("rights");
    place.client().batch_execute("create role visitor login; grant insert on record to visitor").unwrap();
    let visitor = FillId { url: place.url.replace("miglab@", "visitor@"), ..place };
    let work = ddl(&["alter table t add column x int"]);
    let fault = done(&mut visitor.session(), &work, &exclusive("t"), &mut Vec::new()).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Privilege, "must be owner of table t"));
    assert!(fault.help.is_some());
}

#[test]
fn faults_have_the_kind_of_what_is_wrong() {
    let place = FillId::new("kinds");
    place.client().batch_execute("alter table t add constraint positive check (v > 0) not valid").unwrap();
    let mut session = place.session();
    let mut fault = |statement: &str| {
        let fault = done(&mut session, &ddl(&[statement]), &exclusive("t"), &mut Vec::new()).unwrap_err();
        (fault.kind, fault.message)
    };
    let expected = [
        (
            "insert into t values (1, 1)",
            FaultKind::Unique,
            "duplicate key value violates unique constraint `t_pkey`: key (id)=(1) already exists",
        ),
        (
            "insert into t values (null, 1)",
            FaultKind::NotNull,
            "null in column `id` of table `t`: failing row contains (null, 1, null)",
        ),
        (
            "insert into t values (0, -1)",
            FaultKind::Check,
            "new row for relation `t` violates check constraint `positive`: failing row contains (0, -1, null)",
        ),
        ("insert into t values (0, 1 / 0)", FaultKind::Value, "division by zero"),
        ("select * from nowhere", FaultKind::Missing, "relation `nowhere` does not exist"),
        (
            "alter table t add foreign key (v) references record",
            FaultKind::Missing,
            "there is no primary key for referenced table `record`",
        ),
    ];
    for (statement, kind, message) in expected {
        assert_eq!(fault(statement), (kind, message.to_owned()), "{statement}");
    }
}

#[test]
fn a_scan_can_be_broken_off() {
    let place = FillId::new("scan_break");
    place
        .client()
        .batch_execute(
            "create function slow(int) returns bool language sql as 'select pg_sleep(1) is not null';
        alter table t add constraint c check (slow(v)) not valid",
        )
        .unwrap();
    let mut session = place.session();
    let scan = Work::Scan("alter table t validate constraint c".into());
    let mut told = 0;
    let ended = perform(&mut session, &scan, &exclusive("t"), &mut |_| Ok(()), &mut |happening| {
        told += u32::from(matches!(happening, Happening::Waiting(_)));
        ControlFlow::Break(())
    });
    assert_eq!(ended.unwrap_err().kind, FaultKind::Interrupted);
    assert_eq!(told, 1);
    assert_eq!(place.ask("select convalidated from pg_constraint where conname = 'c'"), "false");
}

#[test]
fn a_session_relies_on_no_setting_of_the_role() {
    let place = FillId::new("settings");
    place
        .client()
        .batch_execute(
            "create role odd login; alter role odd set datestyle = 'German';
        alter role odd set intervalstyle = 'iso_8601'; alter role odd set timezone = 'Asia/Tokyo';
        alter role odd set bytea_output = 'escape'; alter role odd set standard_conforming_strings = off;
        alter role odd set statement_timeout = 7; alter role odd set default_transaction_read_only = on",
        )
        .unwrap();
    let odd = FillId { url: place.url.replace("miglab@", "odd@"), ..place };
    let mut session = odd.session();
    let query = "select concat_ws(' ', timestamptz '2026-01-02 03:04:05+00', interval '1 day 2 hours', '\\x01'::bytea,
         current_setting('statement_timeout'), current_setting('transaction_read_only'))";
    let got: String = session.client().query_one(query, &[]).unwrap().get(0);
    assert_eq!(got, "2026-01-02 03:04:05+00 1 day 02:00:00 \\x01 0 off");
    let mut other = session.another().unwrap();
    let got: String = other.client().query_one(query, &[]).unwrap().get(0);
    assert!(got.starts_with("2026-01-02"));
}

#[test]
fn what_a_killed_client_had_begun_ends_soon() {
    let place = FillId::new("killed");
    let mut old = place.client();
    old.batch_execute("begin; update t set w = 'x' where id = 1").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["perform::faults::a_client_that_is_killed", "--exact", "--ignored"])
        .env("DATABASE_URL", &place.url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(
        &place,
        "select exists (select from pg_stat_progress_create_index
                                   where datname = current_database() and phase like 'waiting for%')",
    );
    child.kill().unwrap();
    child.wait().unwrap();
    until(&place, "select not exists (select from pg_stat_progress_create_index where datname = current_database())");
    old.batch_execute("commit").unwrap();
    let index = Work::BuildIndex { index: "t_v".into(), create: "create index concurrently t_v on t (v)".into() };
    done(&mut place.session(), &index, &exclusive("t"), &mut Vec::new()).unwrap();
    assert_eq!(place.recorded(), "1");
}

/// Run by the test above, which kills it.
#[test]
#[ignore = "it is run by another test, which kills it"]
fn a_client_that_is_killed() {
    let mut session = Session::open(&Address::find(None).unwrap(), Limits::default()).unwrap();
    let index = Work::BuildIndex { index: "t_v".into(), create: "create index concurrently t_v on t (v)".into() };
    done(&mut session, &index, &exclusive("t"), &mut Vec::new()).unwrap();
}
