//! miglab: a language for zero-downtime database migration plans, and the tool that checks them, plays them and runs
//! them. The README shows the commands; ARCHITECTURE.md has the picture of these modules.

pub mod ast;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod data;
pub mod database;
pub mod diagnostic;
pub mod engine;
pub mod execute;
pub mod expr;
pub mod fix;
pub mod infer;
pub mod lab;
pub mod obligations;
pub mod operate;
mod phrase;
pub mod plan;
pub mod prove;
pub mod repl;
pub mod replay;
pub mod report;
pub mod rows;
mod scaffold;
pub mod source;
pub mod syntax;
#[cfg(test)]
mod tally;
