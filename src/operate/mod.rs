//! Runs on PostgreSQL, for programs: a run is begun, goes on to gates and over them, is undone, is purged, and can be
//! asked about by anybody. What it does is written down in the database itself (schema `miglab`), so that it can be gone
//! on with by another process, wherever the first one has ended.
//!
//! Nothing here prints, reads a file, or ends the program. Why something is not done is an [`Error`], where a run came to
//! stand a [`Halt`]: both are data, from which a program says what it wants.
//!
//! | | |
//! |---|---|
//! | [`Database::connect`] | a connection that can ask: [`status`], [`history`], [`preview`] |
//! | [`Database::claim`] | the claim to work: [`begin`], [`resume`], [`rollback`], [`purge`]; one program has it at a time |
//! | [`Run::go`] | does statement after statement, and tells an [`Observer`](crate::execute::Observer) |
//!
//! # A whole run
//! ```no_run
#![doc = include_str!("../../examples/whole_run.rs")]
//! ```

mod begin;
mod claim;
mod error;
mod gates;
mod journal;
mod prepared;
mod purge;
mod resume;
mod rollback;
mod run;
mod status;

pub use begin::{begin, name_of, preview};
pub use claim::{Claim, Database};
pub use error::Error;
pub use gates::{ClosedGate, Gates, Todo};
pub use journal::{Journal, JournalEntry, history, state_of};
pub use prepared::Prepared;
pub use purge::{purge, to_purge};
pub use resume::resume;
pub use rollback::rollback;
pub use run::{Halt, NextStep, Run, RunOptions};
pub use status::{Current, CurrentStatement, Doing, Status, status};

pub use crate::engine::postgres::connect::Address;
pub use crate::engine::postgres::fill::Options as FillOptions;
pub use crate::engine::postgres::journal::Runner;
pub use crate::engine::postgres::journal::lock::Holder;
pub use crate::engine::postgres::journal::progress::Filled;
pub use crate::engine::postgres::journal::runs::{Course, RunRow, Stopped};
pub use crate::engine::postgres::session::Limits;
