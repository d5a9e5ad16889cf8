//! Runs on a database from begin to end, while they are killed and while applications write.

#[path = "../common/mod.rs"]
mod common;

mod crash;
mod library;
mod runs;
mod writers;
