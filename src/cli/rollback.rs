//! `miglab rollback`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::args::{DbArgs, GateArgs, PaceArgs, RunFormat};
use super::connection::claim;
use super::drive::Telling;
use super::output::Output;
use super::refusal::refuse;
use super::{Exit, interrupt};
use crate::operate::{self, RunOptions, name_of};

/// Undo a migration in a database
#[derive(Debug, Args)]
#[command(after_help = "\
Undoes the last migration, finished or not, statement by statement in reverse. Rows that applications have changed since
stay changed. After the point of no return (`miglab prove` names it) that would lose writes, and is refused.

Exit codes are listed by `miglab --help`.

Examples:
  miglab rollback --db postgres://localhost/shop               undo, down to the next gate
  miglab rollback --db postgres://localhost/shop --confirm v2  v2 is gone again: undo what was before its deployment")]
pub struct RollbackArgs {
    /// The script, to make sure that it is the one that is undone
    pub script: Option<PathBuf>,
    #[command(flatten)]
    db: DbArgs,
    #[command(flatten)]
    gates: GateArgs,
    /// Go back over the point of no return: writes of applications will be lost
    #[arg(long)]
    lose_writes: bool,
    #[command(flatten)]
    pace: PaceArgs,
    /// How to report what is done
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
    /// Print no progress and no report; errors are printed
    #[arg(short, long)]
    quiet: bool,
}

/// Undoes the last run.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &RollbackArgs, out: &mut Output) -> io::Result<Exit> {
    interrupt::listen();
    let mut claim = match claim(&args.db, args.pace.limits()) {
        Ok(claim) => claim,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    let name = args.script.as_deref().map(name_of);
    match operate::rollback(&mut claim, name.as_deref(), args.options()) {
        Ok(run) => Telling { db: &args.db, format: args.format, quiet: args.quiet }.drive(run, out),
        Err(error) => Ok(refuse(&error, &args.db)),
    }
}

impl RollbackArgs {
    fn options(&self) -> RunOptions {
        RunOptions {
            gates: self.gates.gates(false),
            rows: self.pace.rows(),
            lose_writes: self.lose_writes,
            ..RunOptions::default()
        }
    }
}
