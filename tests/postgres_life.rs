//! The life of a run on a database, from the command line: gates, kills, rollbacks, and what is said of them.

#[path = "common/postgres.rs"]
mod postgres_server;

#[path = "common/mod.rs"]
mod common;

#[path = "postgres_life/connected.rs"]
mod connected;
#[path = "postgres_life/faults.rs"]
mod faults;
#[path = "postgres_life/gates.rs"]
mod gates;
#[path = "postgres_life/kills.rs"]
mod kills;
#[path = "postgres_life/rollbacks.rs"]
mod rollbacks;
#[path = "postgres_life/several.rs"]
mod several;
#[path = "postgres_life/told.rs"]
mod told;
#[path = "postgres_life/world.rs"]
mod world;
