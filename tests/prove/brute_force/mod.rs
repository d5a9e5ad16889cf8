//! Holds the proof against a brute-force search over concrete rows.
//!
//! The explorer here is written from the model alone and shares no code with the prover. It plays one, two or three rows
//! with real values on the real in-memory table: every statement, every visit of a `backfill`, and every read, write,
//! insert and delete of each live application is done to it, in breadth-first order.

#![allow(
    clippy::option_option,
    clippy::type_complexity,
    clippy::large_enum_variant,
    clippy::needless_pass_by_value,
    clippy::implicit_clone,
    clippy::elidable_lifetime_names,
    reason = "a test is read from top to bottom once"
)]

mod compare;
mod explorer;
mod known;
mod people;
mod subject;
#[allow(clippy::explicit_auto_deref, reason = "without it the type is not inferred")]
mod valued;
mod world;
