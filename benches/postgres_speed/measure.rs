//! A way of filling the column, measured.

use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use crate::clients::{Clients, Done, Kind};
use crate::server::TestServer;
use crate::ways::{Scene, TABLE, Way};

/// What a way has cost.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub seconds: f64,
    pub wal_mb: f64,
    /// The size of the table, as a multiple of what it was.
    pub growth: f64,
    pub reads: Latencies,
    pub updates: Latencies,
    /// Statements of clients per second.
    pub throughput: f64,
}

/// How long statements took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Latencies {
    pub p50: f64,
    pub p99: f64,
    pub worst: f64,
}

/// Does it on a new table, under load.
pub fn measure(server: &TestServer, way: &Way, rows: u32) -> Measured {
    let url = server.database("bench");
    let mut client = Client::connect(&url, NoTls).expect("the server was reached before");
    fill(&mut client, rows);
    let clients = Clients::start(&url, rows);
    thread::sleep(Duration::from_millis(500));
    let (size, wal) = (size(&mut client), wal(&mut client));
    let begin = Instant::now();
    way.run(&Scene { server, url: &url });
    let end = Instant::now();
    let wal_mb = (self::wal(&mut client) - wal) / 1e6;
    let growth = self::size(&mut client) / size;
    let done: Vec<Done> = clients.stop().into_iter().filter(|done| overlaps(done, begin, end)).collect();
    let seconds = (end - begin).as_secs_f64();
    let of = |kind| latencies(done.iter().filter(|done| done.kind == kind).map(|done| done.took.as_secs_f64() * 1e3));
    Measured {
        seconds,
        wal_mb,
        growth,
        reads: of(Kind::Read),
        updates: of(Kind::Update),
        throughput: f64::from(u32::try_from(done.len()).expect("a benchmark is short")) / seconds,
    }
}

fn overlaps(done: &Done, begin: Instant, end: Instant) -> bool {
    done.began <= end && done.began + done.took >= begin
}

fn fill(client: &mut Client, rows: u32) {
    client.batch_execute(TABLE).expect("the table is made");
    let insert = format!(
        "insert into users select i, 'name of ' || md5(i::text), i || '@example.com', 0 from generate_series(1, {rows}) i"
    );
    client.batch_execute(&insert).expect("it is filled");
    client.batch_execute("vacuum analyze users").expect("it is vacuumed");
    client.batch_execute("checkpoint").expect("a checkpoint is made");
}

fn size(client: &mut Client) -> f64 {
    client.query_one("select pg_table_size('users')::float8", &[]).expect("a size").get(0)
}

fn wal(client: &mut Client) -> f64 {
    let query = "select (pg_current_wal_insert_lsn() - '0/0')::float8";
    client.query_one(query, &[]).expect("a position").get(0)
}

fn latencies(milliseconds: impl Iterator<Item = f64>) -> Latencies {
    let mut sorted: Vec<f64> = milliseconds.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |part: usize| sorted.get((sorted.len() * part / 1_000).min(sorted.len().saturating_sub(1)));
    let at = |part: usize| at(part).copied().unwrap_or(f64::NAN);
    Latencies { p50: at(500), p99: at(990), worst: at(1_000) }
}

pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
