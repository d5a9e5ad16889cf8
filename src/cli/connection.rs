//! The database that the command line names, to ask it or to work on it.

use super::args::DbArgs;
use super::runner::runner;
use crate::operate::{Claim, Database, Error, Limits};

/// Connects.
///
/// # Errors
/// There is no such address, or nobody answers there.
pub fn connect(db: &DbArgs, limits: Limits) -> Result<Database, Error> {
    Database::connect(&db.address()?, limits)
}

/// Connects, and claims the database for this process.
///
/// # Errors
/// As of [`connect`]; or another process has claimed it.
pub fn claim(db: &DbArgs, limits: Limits) -> Result<Claim, Error> {
    connect(db, limits)?.claim(runner())
}
