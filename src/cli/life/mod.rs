//! The life of a run on a database: `run --db`, `resume`, `rollback`, `purge`, `status`, `history`.

pub mod args;
pub mod begin;
mod connection;
mod drive;
mod gates;
pub mod history;
pub mod purge;
mod ready;
mod report;
pub mod resume;
pub mod rollback;
pub mod status;
mod words;
