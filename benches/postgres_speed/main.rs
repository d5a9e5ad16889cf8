//! How a column is filled in a table that two versions of an application use, beside other ways of doing it, in one run.
//!
//! `cargo bench --bench postgres_speed` starts a server of its own and prints tables. `MIGLAB_BENCH_ROWS` and
//! `MIGLAB_BENCH_ROUNDS` make it shorter. A peer, reshape, is installed into `target/peers`; building it needs libclang
//! (`apt-get install libclang-dev`). Every way is done in turn, several rounds of all, and medians are printed.

mod clients;
mod measure;
#[path = "../../tests/common/postgres.rs"]
mod server;
mod ways;

use self::measure::{Measured, median};
use self::server::TestServer;
use self::ways::{TABLE, WAYS, Way};

/// What is changed of a server's defaults: `fsync` and all of durability is on.
const SETTINGS: &[&str] =
    &["fsync=on", "shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min", "autovacuum=on"];

fn main() {
    let (rows, rounds) = (number("MIGLAB_BENCH_ROWS", 1_000_000), number("MIGLAB_BENCH_ROUNDS", 5));
    let only = std::env::var("MIGLAB_BENCH_ONLY").unwrap_or_default();
    let server = TestServer::launch_with(SETTINGS);
    let version: String = server.connect().query_one("show server_version", &[]).expect("a version").get(0);
    println!("PostgreSQL {version}, {rows} rows, {rounds} rounds; {}", SETTINGS.join(", "));
    println!("{TABLE}\n");
    let ways: Vec<&Way> = WAYS.iter().filter(|way| way.name.contains(&only)).collect();
    ways.iter().for_each(|way| way.prepare());
    let mut all: Vec<Vec<Measured>> = vec![Vec::new(); ways.len()];
    for round in 0..rounds {
        for (way, measured) in ways.iter().zip(&mut all) {
            measured.push(measure::measure(&server, way, rows));
            eprintln!("round {} {}: {:.2} s", round + 1, way.name, measured[measured.len() - 1].seconds);
        }
    }
    print(&ways, &all);
}

fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn print(ways: &[&Way], all: &[Vec<Measured>]) {
    let of = |number: usize, what: fn(&Measured) -> f64| median(all[number].iter().map(what).collect());
    println!(
        "{:<36} {:>8} {:>7} {:>9} {:>7} {:>6} | {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "seconds", "ratio", "WAL MB", "ratio", "size", "upd p50", "upd p99", "upd worst", "rd worst", "stmts/s"
    );
    let base = ways.iter().position(|way| way.is_base()).unwrap_or(0);
    for (number, way) in ways.iter().enumerate() {
        println!(
            "{:<36} {:>8.2} {:>6.2}× {:>9.0} {:>6.2}× {:>5.2}× | {:>6.2} ms {:>6.2} ms {:>6.1} ms {:>6.1} ms {:>9.0}",
            way.name,
            of(number, |one| one.seconds),
            of(number, |one| one.seconds) / of(base, |one| one.seconds),
            of(number, |one| one.wal_mb),
            of(number, |one| one.wal_mb) / of(base, |one| one.wal_mb),
            of(number, |one| one.growth),
            of(number, |one| one.updates.p50),
            of(number, |one| one.updates.p99),
            of(number, |one| one.updates.worst),
            of(number, |one| one.reads.worst),
            of(number, |one| one.throughput),
        );
    }
}
