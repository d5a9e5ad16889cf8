//! Work on a real PostgreSQL: reaching it, asking what it holds, and changing it while others use it.

#[path = "../common/mod.rs"]
mod common;

mod connect;
mod inspect;
mod perform;
mod rows;
mod tables;
