//! How long reads are kept waiting by a schema change that cannot have its lock at once, and how soon it is done then:
//! miglab's way beside lock timeouts of 1 s (reshape's) and 500 ms (pgroll's), in one run.
//!
//! `cargo bench --bench postgres_locks` starts a server of its own. `MIGLAB_BENCH_READER_MS` says how long the reader in
//! the way reads (8,000), `MIGLAB_BENCH_ROUNDS` how often each case is done (3); the worst is printed.

#[path = "../../tests/common/postgres.rs"]
mod server;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use miglab::engine::postgres::connect::Address;
use miglab::engine::postgres::perform::perform;
use miglab::engine::postgres::session::{Limits, Session};
use miglab::engine::postgres::{Lock, LockMode, Work};
use postgres::{Client, NoTls};

use self::server::TestServer;

const SETTINGS: &[&str] = &["fsync=on", "autovacuum_naptime=1s"];
const ALTER: &str = "alter table t add column if not exists d text";
/// Between two tries of those who have a lock timeout.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
enum Way {
    Miglab,
    Timeout(&'static str, u32),
}

#[derive(Clone, Copy)]
enum Blocker {
    Reader,
    Autovacuum,
}

const WAYS: &[Way] = &[Way::Miglab, Way::Timeout("reshape", 1_000), Way::Timeout("pgroll", 500)];

fn main() {
    let (reader_ms, rounds) = (number("MIGLAB_BENCH_READER_MS", 8_000), number("MIGLAB_BENCH_ROUNDS", 3));
    let server = TestServer::launch_with(SETTINGS);
    println!("a reader of {reader_ms} ms, {rounds} rounds, the worst of them; {}", SETTINGS.join(", "));
    println!("{:<52} {:>12} {:>24}", "", "worst read", "done after the blocker");
    for blocker in [Blocker::Reader, Blocker::Autovacuum] {
        for way in WAYS {
            let all: Vec<Measured> = (0..rounds).map(|_| measure(&server, *way, blocker, reader_ms)).collect();
            let worst = |what: fn(&Measured) -> f64| all.iter().map(what).fold(f64::MIN, f64::max);
            let (read, after) = (worst(|one| one.worst_read_ms), worst(|one| one.after_ms));
            println!("{:<52} {read:>9.1} ms {after:>21.0} ms", title(*way, blocker));
        }
    }
}

fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn title(way: Way, blocker: Blocker) -> String {
    let way = match way {
        Way::Miglab => "miglab".to_owned(),
        Way::Timeout(who, timeout) => format!("lock timeout of {timeout} ms, as {who}"),
    };
    match blocker {
        Blocker::Reader => format!("{way}, behind a reader"),
        Blocker::Autovacuum => format!("{way}, behind autovacuum (since its begin)"),
    }
}

#[derive(Clone, Copy)]
struct Measured {
    worst_read_ms: f64,
    after_ms: f64,
}

fn measure(server: &TestServer, way: Way, blocker: Blocker, reader_ms: u32) -> Measured {
    let url = server.database("locks");
    let mut client = Client::connect(&url, NoTls).expect("the server was reached before");
    client.batch_execute("create table t (id integer primary key, c text)").expect("a table");
    client.batch_execute("insert into t select i, md5(i::text) from generate_series(1, 200000) i").expect("rows");
    client.batch_execute("vacuum analyze t").expect("a vacuum");
    let blocking = block(&mut client, &url, blocker, reader_ms);
    let (stop, reader) = read(&url);
    thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    alter(&url, way);
    let done = Instant::now();
    stop.store(true, Ordering::Relaxed);
    let worst = reader.join().expect("no read fails");
    let since = match blocking {
        Some(ended) => ended.join().expect("the reader reads"),
        None => asked,
    };
    Measured {
        worst_read_ms: worst.as_secs_f64() * 1e3,
        after_ms: done.saturating_duration_since(since).as_secs_f64() * 1e3,
    }
}

/// Puts something in the way: a reader, whose end is told; or an autovacuum, which would take minutes.
fn block(client: &mut Client, url: &str, blocker: Blocker, reader_ms: u32) -> Option<JoinHandle<Instant>> {
    match blocker {
        Blocker::Reader => {
            let mut reader = Client::connect(url, NoTls).expect("a connection");
            Some(thread::spawn(move || {
                let seconds = f64::from(reader_ms) / 1e3;
                reader
                    .batch_execute(&format!("begin; select count(*) from t; select pg_sleep({seconds}); commit"))
                    .expect("it reads");
                Instant::now()
            }))
        }
        Blocker::Autovacuum => {
            let slowly = "alter table t set (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
                                             autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)";
            client.batch_execute(slowly).expect("settings of a table");
            client.batch_execute("update t set c = c || 'x' where id % 10 = 0").expect("dead rows");
            let runs = "select count(*) from pg_stat_progress_vacuum where relid = 't'::regclass";
            while client.query_one(runs, &[]).expect("the progress").get::<_, i64>(0) == 0 {
                thread::sleep(Duration::from_millis(20));
            }
            None
        }
    }
}

/// An application that reads one row after another; gives the worst time of one.
fn read(url: &str) -> (Arc<AtomicBool>, JoinHandle<Duration>) {
    let mut client = Client::connect(url, NoTls).expect("a connection");
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let thread = thread::spawn(move || {
        let mut worst = Duration::ZERO;
        while !told.load(Ordering::Relaxed) {
            let began = Instant::now();
            client.batch_execute("select c from t where id = 4711").expect("a read");
            worst = worst.max(began.elapsed());
            thread::sleep(Duration::from_micros(500));
        }
        worst
    });
    (stop, thread)
}

fn alter(url: &str, way: Way) {
    match way {
        Way::Miglab => {
            let address = Address::find(Some(url)).expect("an address");
            let mut session = Session::open(&address, Limits::default()).expect("a session");
            let locks = [Lock { relation: "public.t".into(), mode: LockMode::AccessExclusive }];
            let work = Work::Ddl(vec![ALTER.to_owned()]);
            perform(&mut session, &work, &locks, &mut |_| Ok(()), &mut |_| ControlFlow::Continue(()))
                .expect("it is done");
        }
        Way::Timeout(_, milliseconds) => {
            let mut client = Client::connect(url, NoTls).expect("a connection");
            client.batch_execute(&format!("set lock_timeout = {milliseconds}")).expect("a setting");
            while client.batch_execute(ALTER).is_err() {
                thread::sleep(PAUSE);
            }
        }
    }
}
