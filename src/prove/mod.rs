//! The proof: every interleaving of application writes, backfill batches, crashes, rollout and rollback.

mod proof;

pub use proof::*;
