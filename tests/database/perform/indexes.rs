//! Indexes that are built while others use the table.

use std::ops::ControlFlow;
use std::time::Duration;

use miglab::engine::postgres::Work;
use miglab::engine::postgres::perform::perform;
use miglab::engine::{FaultKind, Happening};

use super::{FillId, done, exclusive, until};

fn build() -> Work {
    Work::BuildIndex { index: "public.t_v".into(), create: "create index concurrently t_v on t (v)".into() }
}

fn build_unique() -> Work {
    Work::BuildIndex { index: "public.t_v".into(), create: "create unique index concurrently t_v on t (v)".into() }
}

const VALID: &str = "select indisvalid from pg_index where indexrelid = to_regclass('t_v')";

#[test]
fn an_index_is_built_once() {
    let place = FillId::new("index_once");
    let mut session = place.session();
    done(&mut session, &build(), &exclusive("t"), &mut Vec::new()).unwrap();
    let before = place.ask("select 't_v'::regclass::oid");
    done(&mut session, &build(), &exclusive("t"), &mut Vec::new()).unwrap();
    assert_eq!(place.ask("select 't_v'::regclass::oid"), before);
    assert_eq!(place.ask(VALID), "true");
    let remove = Work::DropIndex { index: "public.t_v".into() };
    done(&mut session, &remove, &exclusive("t"), &mut Vec::new()).unwrap();
    done(&mut session, &remove, &exclusive("t"), &mut Vec::new()).unwrap();
    assert_eq!(place.ask(VALID), "");
    assert_eq!(place.recorded(), "4");
}

#[test]
fn an_invalid_index_is_built_again() {
    let place = FillId::new("index_invalid");
    let mut old = place.client();
    old.batch_execute("begin isolation level repeatable read; select * from record").unwrap();
    let mut builder = place.client();
    let token = builder.cancel_token();
    let building = std::thread::spawn(move || builder.batch_execute("create index concurrently t_v on t (v)"));
    until(
        &place,
        "select exists (select from pg_stat_progress_create_index
                                   where datname = current_database() and phase like 'waiting for old snap%')",
    );
    token.cancel_query(postgres::NoTls).unwrap();
    assert!(building.join().unwrap().is_err());
    assert_eq!(place.ask(VALID), "false");
    old.batch_execute("commit").unwrap();
    done(&mut place.session(), &build(), &exclusive("t"), &mut Vec::new()).unwrap();
    assert_eq!(place.ask(VALID), "true");
}

#[test]
fn a_build_that_somebody_cancels_is_begun_again() {
    let place = FillId::new("index_cancelled");
    let mut old = place.client();
    old.batch_execute("begin isolation level repeatable read; select * from record").unwrap();
    let mut session = place.session();
    let pid: i32 = session.client().query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let mut other = place.client();
    let waiting = format!(
        "select exists (select from pg_stat_progress_create_index
         where pid = {pid} and phase like 'waiting for old snap%')"
    );
    let place = &place;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            until(place, &waiting);
            other.execute("select pg_cancel_backend($1)", &[&pid]).unwrap();
            old.batch_execute("commit").unwrap();
        });
        done(&mut session, &build(), &exclusive("t"), &mut Vec::new()).unwrap();
    });
    assert_eq!(place.ask(VALID), "true");
    assert_eq!(place.recorded(), "1");
}

#[test]
fn duplicates_are_named_and_nothing_is_left() {
    let place = FillId::new("index_duplicates");
    place.client().batch_execute("update t set v = 5 where id = 6").unwrap();
    let fault = done(&mut place.session(), &build_unique(), &exclusive("t"), &mut Vec::new()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unique);
    assert_eq!(fault.message, "could not create unique index `t_v`: key (v)=(5) is duplicated");
    assert_eq!(place.ask(VALID), "");
    assert_eq!(place.recorded(), "0");
}

#[test]
fn an_index_of_another_table_is_left_alone() {
    let place = FillId::new("index_elsewhere");
    place.client().batch_execute("create index t_v on record (what)").unwrap();
    let fault = done(&mut place.session(), &build(), &exclusive("t"), &mut Vec::new()).unwrap_err();
    assert_eq!(fault.message, "there is already an index `public.t_v`, on table `record`");
}

#[test]
fn a_build_behind_a_long_transaction_tells_of_it_and_can_be_broken_off() {
    let place = FillId::new("index_break");
    let mut old = place.client_called("report");
    old.batch_execute("begin; update t set w = 'x' where id = 1").unwrap();
    let mut session = place.session();
    let mut told = Vec::new();
    let mut stop_at_second_word = |happening| {
        if let Happening::Waiting(waiting) = happening {
            told.push(waiting);
        }
        if told.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let ended = perform(&mut session, &build(), &exclusive("t"), &mut |_| Ok(()), &mut stop_at_second_word);
    let fault = ended.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Interrupted);
    assert_eq!(told[0].what, "the index `public.t_v`");
    assert!(told[0].blockers[0].contains("(report), idle in a transaction"), "{told:?}");
    old.batch_execute("commit").unwrap();
    done(&mut session, &build(), &exclusive("t"), &mut Vec::new()).unwrap();
    assert_eq!(place.ask(VALID), "true");
}

#[test]
fn a_build_waits_for_others_no_longer_than_it_may() {
    let place = FillId::new("index_limit");
    let mut old = place.client_called("report");
    old.batch_execute("begin; update t set w = 'x' where id = 1").unwrap();
    let mut session = place.session_that_waits(Duration::from_millis(500));
    let fault = done(&mut session, &build(), &exclusive("t"), &mut Vec::new()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Locked);
    assert!(fault.message.contains("(report), idle in a transaction"), "{fault:?}");
    old.batch_execute("commit").unwrap();
}

#[test]
fn a_statement_timeout_of_the_role_does_not_end_a_build() {
    let place = FillId::new("index_timeout");
    place
        .client()
        .batch_execute("create role hurried login superuser; alter role hurried set statement_timeout = '100ms'")
        .unwrap();
    let place = FillId { url: place.url.replace("miglab@", "hurried@"), ..place };
    let mut old = place.client();
    old.batch_execute("begin; update t set w = 'x' where id = 1").unwrap();
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        old.batch_execute("commit").unwrap();
    });
    done(&mut place.session(), &build(), &exclusive("t"), &mut Vec::new()).unwrap();
    ending.join().unwrap();
    assert_eq!(place.ask(VALID), "true");
}

#[test]
fn an_index_that_another_session_builds_is_waited_for() {
    let place = FillId::new("index_in_work");
    let mut old = place.client();
    old.batch_execute("begin; update t set w = 'x' where id = 1").unwrap();
    let mut builder = place.client();
    let building = std::thread::spawn(move || builder.batch_execute("create index concurrently t_v on t (v)"));
    until(&place, "select exists (select from pg_index where indexrelid = to_regclass('t_v'))");
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        old.batch_execute("commit").unwrap();
    });
    let oid = place.ask("select 't_v'::regclass::oid");
    let told = &mut Vec::new();
    done(&mut place.session(), &build(), &exclusive("t"), told).unwrap();
    building.join().unwrap().unwrap();
    ending.join().unwrap();
    assert_eq!(place.ask("select 't_v'::regclass::oid"), oid);
    assert!(told[0].what.contains("which builds index `public.t_v`"), "{told:?}");
}
