//! PostgreSQL does what the model says: expressions, statements and counterexamples, done there and in memory.

#[path = "../common/mod.rs"]
mod common;

mod differential;
mod expressions;
mod refuted;
mod statements;
