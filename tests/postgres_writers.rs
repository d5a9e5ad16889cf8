//! Plans run by the program on tables that applications of every live version write to all the time: nothing that they
//! read is stale, nothing that they write is refused or lost, whatever happens to the run.

#[path = "common/postgres.rs"]
mod postgres_server;

#[path = "common/mod.rs"]
mod common;

#[path = "prove_brute_force/generator.rs"]
#[allow(dead_code, reason = "the brute force makes plans smaller, too")]
mod generator;
#[path = "prove_brute_force/random.rs"]
#[allow(dead_code, reason = "each test uses a part of this")]
mod random;

#[path = "postgres_writers/index.rs"]
mod index;
#[path = "postgres_writers/losses.rs"]
mod losses;
#[path = "postgres_writers/program.rs"]
mod program;
#[path = "postgres_writers/proved.rs"]
mod proved;
#[path = "postgres_writers/table.rs"]
mod table;
#[path = "postgres_writers/tracker.rs"]
mod tracker;
#[path = "postgres_writers/writers.rs"]
mod writers;
