//! The proof: its verdicts, its rules, and its counterexamples, played and searched for by other means.

#[path = "../common/mod.rs"]
mod common;

mod apps;
mod brute_force;
mod cases;
mod remedies;
mod replay;
mod replay_proved;
mod rules;
mod unique;
