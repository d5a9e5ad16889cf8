//! The program as it is called: its commands, what they print, their exit codes, and its session.

#[path = "../common/mod.rs"]
mod common;

mod cases;
mod check;
mod plan;
mod repl;
mod repl_terminal;
mod robustness;
mod run;
mod usage;
