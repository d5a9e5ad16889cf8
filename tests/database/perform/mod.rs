//! Work on a real PostgreSQL while others use the tables: who waits for whom, what is told, and what is left.

mod faults;
mod indexes;
mod locks;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use miglab::engine::postgres::connect::Address;
use miglab::engine::postgres::perform::perform;
use miglab::engine::postgres::session::{Limits, Session};
use miglab::engine::postgres::{Lock, LockMode, Work};
use miglab::engine::{Fault, Happening, Waiting};
use postgres::{Client, NoTls};

use crate::common::postgres::TestServer;

/// A database with a table `t` of some rows, and a table `record`, where what is done is written down.
struct FillId {
    _server: Arc<TestServer>,
    url: String,
}

impl FillId {
    fn new(name: &str) -> Self {
        Self::on(TestServer::start(), name)
    }

    fn on(server: Arc<TestServer>, name: &str) -> Self {
        let url = server.database(&format!("perform_{name}"));
        let place = Self { _server: server, url };
        place.client().batch_execute(TABLES).unwrap();
        place
    }

    fn client(&self) -> Client {
        Client::connect(&self.url, NoTls).unwrap()
    }

    fn client_called(&self, name: &str) -> Client {
        let mut config: postgres::Config = self.url.parse().unwrap();
        config.application_name(name).connect(NoTls).unwrap()
    }

    fn session(&self) -> Session {
        self.session_that_waits(Duration::from_secs(60))
    }

    fn session_that_waits(&self, longest: Duration) -> Session {
        let lock_wait_ms = u64::try_from(longest.as_millis()).unwrap();
        Session::open(&Address::find(Some(&self.url)).unwrap(), Limits { lock_wait_ms, ..Limits::default() }).unwrap()
    }

    fn ask(&self, query: &str) -> String {
        self.client()
            .query_one(&format!("select ({query})::text"), &[])
            .unwrap()
            .get::<_, Option<String>>(0)
            .unwrap_or_default()
    }

    fn recorded(&self) -> String {
        self.ask("select count(*) from record")
    }
}

const TABLES: &str = "create table t (id int primary key, v int, w text);
     insert into t select i, i, 'row ' || i from generate_series(1, 1000) i;
     create table record (what text)";

/// Does work, records it, and keeps what was told of waits.
fn done(session: &mut Session, work: &Work, locks: &[Lock], told: &mut Vec<Waiting>) -> Result<Option<u64>, Fault> {
    let mut watch = |happening| {
        if let Happening::Waiting(waiting) = happening {
            told.push(waiting);
        }
        ControlFlow::Continue(())
    };
    let mut record = |transaction: &mut postgres::Transaction<'_>| {
        transaction.execute("insert into record values ('done')", &[]).unwrap();
        Ok(())
    };
    perform(session, work, locks, &mut record, &mut watch)
}

fn exclusive(table: &str) -> Vec<Lock> {
    vec![Lock { relation: table.into(), mode: LockMode::AccessExclusive }]
}

fn ddl(statements: &[&str]) -> Work {
    Work::Ddl(statements.iter().map(|statement| (*statement).to_owned()).collect())
}

/// Reads a single row again and again until it is dropped, and knows the longest that it took.
struct Reader {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(u64, Duration)>,
}

impl Reader {
    fn start(place: &FillId, query: &'static str) -> Self {
        let (stop, mut client) = (Arc::new(AtomicBool::new(false)), place.client_called("reader"));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut reads, mut worst) = (0, Duration::ZERO);
            while !stopped.load(Ordering::Relaxed) {
                let began = Instant::now();
                client.simple_query(query).unwrap();
                (reads, worst) = (reads + 1, worst.max(began.elapsed()));
            }
            (reads, worst)
        });
        Self { stop, thread }
    }

    fn end(self) -> (u64, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Waits until a query gives true.
fn until(place: &FillId, query: &str) {
    let give_up = Instant::now() + Duration::from_secs(60);
    let mut client = place.client();
    while !client.query_one(query, &[]).unwrap().get::<_, bool>(0) {
        assert!(Instant::now() < give_up, "never true: {query}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn work_and_its_record_are_one() {
    let place = FillId::new("one");
    let mut session = place.session();
    let told = &mut Vec::new();
    done(&mut session, &Work::Nothing, &[], told).unwrap();
    done(&mut session, &ddl(&["alter table t add column x int"]), &exclusive("public.t"), told).unwrap();
    assert_eq!(place.recorded(), "2");
    let wrong = ddl(&["alter table t add column y int", "alter table t add column x int"]);
    let fault = done(&mut session, &wrong, &exclusive("t"), told).unwrap_err();
    assert_eq!(fault.message, "column `x` of relation `t` already exists");
    assert_eq!(place.recorded(), "2");
    assert_eq!(place.ask("select count(*) from information_schema.columns where table_name = 't'"), "4");
    assert_eq!(session.client().query_one("select 1", &[]).unwrap().get::<_, i32>(0), 1);
    assert_eq!(place.ask("select count(*) from pg_locks where relation = 't'::regclass"), "0");
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let place = FillId::new("unrecorded");
    let mut session = place.session();
    let refuse = || Fault::new(miglab::engine::FaultKind::Server, "no");
    let works = [
        ddl(&["alter table t add column x int"]),
        Work::Scan("alter table t add constraint c check (v > 0)".into()),
        Work::Nothing,
    ];
    for work in works {
        let fault =
            perform(&mut session, &work, &exclusive("t"), &mut |_| Err(refuse()), &mut |_| ControlFlow::Continue(()));
        assert_eq!(fault, Err(refuse()));
    }
    assert_eq!(place.ask("select count(*) from information_schema.columns where table_name = 't'"), "3");
    assert_eq!(place.ask("select count(*) from pg_constraint where conname = 'c'"), "0");
}

#[test]
fn a_table_may_be_called_anything() {
    let place = FillId::new("weird \"name\"; drop");
    place.client().batch_execute("create schema \"a.b\"; create table \"a.b\".\"we\"\"ird; drop\" (id int)").unwrap();
    let locks = exclusive("\"a.b\".\"we\"\"ird; drop\"");
    let work = ddl(&["alter table \"a.b\".\"we\"\"ird; drop\" add column \"c'\" int"]);
    done(&mut place.session(), &work, &locks, &mut Vec::new()).unwrap();
    // A table that is only made by the statements cannot be locked before them.
    let making = ddl(&["create table made (id int)", "alter table made add column v int"]);
    done(&mut place.session(), &making, &exclusive("public.made"), &mut Vec::new()).unwrap();
    assert_eq!(place.recorded(), "2");
}

#[test]
fn a_gate_lets_through_what_has_no_row() {
    let place = FillId::new("gate");
    let mut session = place.session();
    let gate = |query: &str| Work::Verify { query: query.into(), message: "`verify` fails for row".into() };
    let told = &mut Vec::new();
    done(&mut session, &gate("select 'id = ' || id from t where v < 0"), &[], told).unwrap();
    let fault =
        done(&mut session, &gate("select 'id = ' || id from t where v < 5 order by id"), &[], told).unwrap_err();
    assert_eq!(fault.kind, miglab::engine::FaultKind::Check);
    assert_eq!(fault.message, "`verify` fails for row id = 1");
    assert_eq!(place.recorded(), "1");
}
