//! `miglab purge`.

use std::io::{self, Write};

use clap::Args;

use super::args::{DbArgs, PaceArgs};
use super::connection::claim;
use super::output::Output;
use super::progress::Quiet;
use super::refusal::refuse;
use super::{Exit, interrupt};
use crate::operate::{self, Claim, Error, RunRow};

/// Remove what finished migrations keep in a database for their rollback
#[derive(Debug, Args)]
#[command(after_help = "\
Dropped columns and tables are kept under other names until they are purged; then the migration cannot be undone any more.

Examples:
  miglab purge --db postgres://localhost/shop")]
pub struct PurgeArgs {
    #[command(flatten)]
    db: DbArgs,
    #[command(flatten)]
    pace: PaceArgs,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Removes what all finished runs keep.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &PurgeArgs, out: &mut Output) -> io::Result<Exit> {
    interrupt::listen();
    let (mut claim, runs) = match claimed(args) {
        Ok(claimed) => claimed,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    if runs.is_empty() && !args.quiet {
        writeln!(out, "there is nothing to purge")?;
    }
    for run in runs {
        match operate::purge(&mut claim, &run, &mut Quiet) {
            Ok(_) if !args.quiet => writeln!(out, "{}: purged, what it kept for a rollback is gone", run.name)?,
            Ok(_) => {}
            Err(error) => return Ok(refuse(&error, &args.db)),
        }
    }
    Ok(Exit::Success)
}

fn claimed(args: &PurgeArgs) -> Result<(Claim, Vec<RunRow>), Error> {
    let mut claim = claim(&args.db, args.pace.limits())?;
    let runs = operate::to_purge(&mut claim)?;
    Ok((claim, runs))
}
