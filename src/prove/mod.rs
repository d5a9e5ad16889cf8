//! The proof: every interleaving of application writes, backfill batches, crashes, rollout and rollback.

mod compile;
mod groups;
mod layout;
mod model;
mod proof;
mod survey;
mod word;

pub use proof::*;
