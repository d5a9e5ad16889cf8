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

use std::io;

use super::Exit;

/// What a part of a command came to: a value to go on with, or the exit code to end with.
type Step<T> = Result<T, Exit>;

/// Ends a command with the code that stopped it.
fn ended(step: Step<Exit>) -> io::Result<Exit> {
    Ok(step.unwrap_or_else(|exit| exit))
}
