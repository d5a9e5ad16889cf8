//! A statement means what the in-memory table does with it: here the same statements, and the same writes of the same
//! applications between them, are done there and on PostgreSQL, and all rows are compared after each.

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

#[path = "postgres_meaning/both.rs"]
mod both;
#[path = "postgres_meaning/psql.rs"]
mod psql;
#[path = "postgres_meaning/random_plans.rs"]
mod random_plans;
#[path = "postgres_meaning/scripts.rs"]
mod scripts;
#[path = "postgres_meaning/types.rs"]
mod types;
#[path = "postgres_meaning/writes.rs"]
mod writes;
