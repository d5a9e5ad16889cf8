//! What a script means: how it is read, what is put into it, and what its statements do to rows in memory.

#[path = "../common/mod.rs"]
mod common;

mod infer;
mod memory;
mod rows;
mod scripts;
mod sizes;
mod streaming;
