//! Locks that somebody else holds.

use std::ops::ControlFlow;
use std::time::Duration;

use miglab::engine::postgres::connect::Address;
use miglab::engine::postgres::perform::perform;
use miglab::engine::postgres::session::{Limits, Session};
use miglab::engine::postgres::{Lock, LockMode, Work};
use miglab::engine::{FaultKind, Happening};

use super::{FillId, Reader, ddl, done, exclusive, until};

#[test]
fn a_long_reader_holds_nobody_up() {
    let place = FillId::new("long_reader");
    let mut long = place.client_called("report");
    long.batch_execute("begin; select count(*) from t").unwrap();
    let reader = Reader::start(&place, "select v from t where id = 7");
    let holding = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        long.batch_execute("commit").unwrap();
    });
    let told = &mut Vec::new();
    let work = ddl(&["alter table t add column x int", "alter table t alter column x set default 1"]);
    done(&mut place.session(), &work, &exclusive("t"), told).unwrap();
    assert!(holding.is_finished() || holding.join().is_ok(), "it was done behind the reader");
    let (reads, worst) = reader.end();
    assert!(reads > 100 && worst < Duration::from_millis(250), "{reads} reads, the worst in {worst:?}");
    assert!(told.len() >= 2, "{told:?}");
    assert_eq!(told[0].what, "a lock on table `t`");
    let first = &told[0].blockers;
    assert!(first.iter().any(|line| line.contains("(report), idle in a transaction for")), "{first:?}");
    assert!(first.iter().any(|line| line.ends_with("last query: `begin; select count(*) from t`")), "{first:?}");
    assert_eq!(place.recorded(), "1");
}

#[test]
fn a_busy_table_is_changed_at_once() {
    let place = FillId::new("busy");
    let readers: Vec<Reader> =
        (0..4).map(|_| Reader::start(&place, "select v from t where id = 7 and pg_sleep(0.001) is not null")).collect();
    until(
        &place,
        "select count(*) >= 4 from pg_stat_activity
                   where datname = current_database() and application_name = 'reader' and state = 'active'",
    );
    let mut session = place.session();
    for number in 0..20 {
        let add = ddl(&[&format!("alter table t add column x{number} int")]);
        done(&mut session, &add, &exclusive("t"), &mut Vec::new()).unwrap();
    }
    for reader in readers {
        let (reads, worst) = reader.end();
        assert!(reads > 0 && worst < Duration::from_millis(500), "{reads} reads, the worst in {worst:?}");
    }
    assert_eq!(place.recorded(), "20");
}

#[test]
fn a_table_locked_for_ever_is_told_of_and_given_up() {
    let place = FillId::new("for_ever");
    let mut other = place.client_called("stuck-job");
    other.batch_execute("begin; lock table t in access exclusive mode").unwrap();
    let pid: i32 = other.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let mut session = place.session_that_waits(Duration::from_millis(300));
    let works =
        [ddl(&["alter table t add column x int"]), Work::Scan("alter table t add constraint c check (v > 0)".into())];
    for work in works {
        let fault = done(&mut session, &work, &exclusive("t"), &mut Vec::new()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Locked);
        assert!(fault.message.starts_with("could not get a lock on table `t` within"), "{fault:?}");
        assert!(
            fault.message.contains(&format!("in the way: pid {pid} (stuck-job), idle in a transaction")),
            "{fault:?}"
        );
        assert!(fault.help.unwrap().contains(&format!("`select pg_terminate_backend({pid})`")));
    }
    assert_eq!(place.recorded(), "0");
    other.batch_execute("commit").unwrap();
    done(&mut session, &ddl(&["alter table t add column x int"]), &exclusive("t"), &mut Vec::new()).unwrap();
}

#[test]
fn a_wait_can_be_broken_off() {
    let place = FillId::new("broken_off");
    let mut other = place.client();
    other.batch_execute("begin; select 1 from t").unwrap();
    let mut session = place.session();
    let work = ddl(&["alter table t add column x int"]);
    let fault = perform(&mut session, &work, &exclusive("t"), &mut |_| Ok(()), &mut |happening| match happening {
        Happening::Waiting(_) => ControlFlow::Break(()),
        Happening::Batch(_) => ControlFlow::Continue(()),
    });
    assert_eq!(fault.unwrap_err().kind, FaultKind::Interrupted);
    assert_eq!(
        place.ask(
            "select count(*) from pg_locks join pg_database on pg_database.oid = database
                          where datname = current_database() and not granted"
        ),
        "0"
    );
}

#[test]
fn several_tables_are_locked_before_anything_is_done() {
    let place = FillId::new("several");
    place.client().batch_execute("create table u (id int primary key)").unwrap();
    let mut other = place.client();
    other.batch_execute("begin; select 1 from t").unwrap();
    let reader = Reader::start(&place, "select 1 from u");
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        other.batch_execute("commit").unwrap();
    });
    let lock = |relation: &str, mode| Lock { relation: relation.into(), mode };
    let locks = [lock("t", LockMode::AccessExclusive), lock("u", LockMode::ShareRowExclusive)];
    let work = ddl(&["alter table t add constraint fk foreign key (v) references u not valid"]);
    done(&mut place.session(), &work, &locks, &mut Vec::new()).unwrap();
    ending.join().unwrap();
    let (_, worst) = reader.end();
    assert!(worst < Duration::from_millis(250), "{worst:?}");
}

/// Keeps an autovacuum busy for minutes.
const SLOW_VACUUM: &str = "
    create table big (id int, v text);
    alter table big set (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
        autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);
    insert into big select i, repeat('x', 100) from generate_series(1, 100000) i;
    delete from big where id % 2 = 0;";

#[test]
fn an_autovacuum_gives_way() {
    let server = super::TestServer::launch_with(&["autovacuum_naptime=1", "autovacuum_max_workers=1"]);
    let place = FillId::on(std::sync::Arc::new(server), "vacuumed");
    place.client().batch_execute(SLOW_VACUUM).unwrap();
    place.client().batch_execute("create role plain login; alter table big owner to plain").unwrap();
    let running = "select exists (select from pg_stat_progress_vacuum p join pg_stat_activity a using (pid)
         where p.relid = 'big'::regclass and a.backend_type = 'autovacuum worker')";
    until(&place, running);
    let reader = Reader::start(&place, "select 1 from big limit 1");
    let told = &mut Vec::new();
    done(&mut place.session(), &ddl(&["alter table big add column x int"]), &exclusive("big"), told).unwrap();
    let (_, worst) = reader.end();
    assert!(worst < Duration::from_millis(500), "{worst:?}");
    assert!(told.iter().all(|waiting| waiting.waited_ms < 20_000), "{told:?}");

    // A role that may not send it away is told that it is one.
    until(&place, running);
    let url = place.url.replace("miglab@", "plain@");
    let address = Address::find(Some(&url)).unwrap();
    let limits = Limits { lock_wait_ms: 200, ..Default::default() };
    let mut session = Session::open(&address, limits).unwrap();
    assert!(!session.sends_autovacuum_away());
    let work = ddl(&["alter table big add column y int"]);
    let ended = perform(&mut session, &work, &exclusive("big"), &mut |_| Ok(()), &mut |_| ControlFlow::Continue(()));
    let fault = ended.unwrap_err();
    assert!(fault.message.contains("(autovacuum), vacuuming"), "{fault:?}");
    assert!(fault.help.unwrap().contains("deadlock_timeout"));
    place.client().batch_execute("grant set on parameter deadlock_timeout to plain").unwrap();
    let mut session = session.another().unwrap();
    assert!(session.sends_autovacuum_away());
    let limits = Limits { lock_wait_ms: 60_000, ..limits };
    session = Session::open(session.address(), limits).unwrap();
    until(&place, running);
    let ended = perform(&mut session, &work, &exclusive("big"), &mut |_| Ok(()), &mut |_| ControlFlow::Continue(()));
    ended.unwrap();
}

#[test]
fn applications_that_lock_the_other_way_round_never_fail() {
    let place = FillId::new("other_way_round");
    place.client().batch_execute("create table u (id int primary key, v int); insert into u values (1, 0)").unwrap();
    let reader = || Reader::start(&place, "begin; select v from t where id = 7; update u set v = v + 1; commit");
    let readers = [reader(), reader()];
    let lock = |relation: &str, mode| Lock { relation: relation.into(), mode };
    let locks = [lock("t", LockMode::AccessExclusive), lock("u", LockMode::ShareRowExclusive)];
    let mut session = place.session();
    for number in 0..10 {
        let work = ddl(&[
            &format!(
                "create trigger g{number} before update on u for each row execute function suppress_redundant_updates_trigger()"
            ),
            &format!("alter table t add column x{number} int"),
        ]);
        done(&mut session, &work, &locks, &mut Vec::new()).unwrap();
    }
    for reader in readers {
        let (rounds, worst) = reader.end();
        assert!(rounds > 0 && worst < Duration::from_millis(900), "{rounds} rounds, the worst in {worst:?}");
    }
    assert_eq!(place.recorded(), "10");
}
