//! Both versions of an application at work: single rows, read and updated at a steady pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    Update,
}

/// A statement that a client has done: when it began and how long it took.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub kind: Kind,
    pub began: Instant,
    pub took: Duration,
}

/// Two clients for each version: 150 reads and 100 updates per second of each.
const CLIENTS: &[(Kind, &str, u32)] = &[
    (Kind::Read, "select name, email from users where id = $1", 150),
    (Kind::Update, "update users set name = 'changed ' || n, n = n + 1 where id = $1", 100),
    (Kind::Read, "select name, email from users where id = $1", 150),
    (Kind::Update, "update users set email = 'mail ' || n, n = n + 1 where id = $1", 100),
];

/// Clients at work.
pub struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Vec<Done>>>,
}

impl Clients {
    pub fn start(url: &str, rows: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |(number, (kind, statement, rate)): (u32, &(Kind, &'static str, u32))| {
            let client = Client::connect(url, NoTls).expect("a client connects");
            let (stop, kind, statement, rate) = (Arc::clone(&stop), *kind, *statement, *rate);
            thread::spawn(move || work(client, &stop, kind, statement, rate, (number + 1, rows)))
        };
        let threads = (0..).zip(CLIENTS).map(start).collect();
        Self { stop, threads }
    }

    /// Stops them, and gives all they have done.
    pub fn stop(self) -> Vec<Done> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().flat_map(|thread| thread.join().expect("no statement of a client fails")).collect()
    }
}

fn work(
    mut client: Client,
    stop: &AtomicBool,
    kind: Kind,
    statement: &str,
    rate: u32,
    (seed, rows): (u32, u32),
) -> Vec<Done> {
    let mut done = Vec::new();
    let mut random = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = Instant::now();
    // With the parameter's type, but not prepared: schema changes invalidate plans, and clients see to that themselves.
    while !stop.load(Ordering::Relaxed) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let id = i32::try_from((random >> 33) % u64::from(rows)).expect("an id is small") + 1;
        let began = Instant::now();
        client.query_typed(statement, &[(&id, postgres::types::Type::INT4)]).expect("a statement of a client succeeds");
        done.push(Done { kind, began, took: began.elapsed() });
        // Who was kept waiting goes on at the pace, and does not make up for it.
        next = (next + Duration::from_secs(1) / rate).max(Instant::now());
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    done
}
