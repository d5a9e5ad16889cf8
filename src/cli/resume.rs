//! `miglab resume`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::args::{DbArgs, GateArgs, PaceArgs, PhaseArg, RunFormat};
use super::connection::claim;
use super::drive::Telling;
use super::output::Output;
use super::refusal::refuse;
use super::{Exit, input, interrupt};
use crate::ast::Phase;
use crate::operate::{self, RunOptions};

/// Go on with a migration that has stopped in a database
#[derive(Debug, Args)]
#[command(after_help = "\
The script is the one that the run began with; the database keeps it. If the file is named, it must be the same.

Exit codes are listed by `miglab --help`.

Examples:
  miglab resume --db postgres://localhost/shop               go on to the next gate
  miglab resume --db postgres://localhost/shop --confirm v2  v2 is deployed: go on after that gate
  miglab resume --db postgres://localhost/shop --yes         go on to the end; what must come first is waited for")]
pub struct ResumeArgs {
    /// The script, to make sure that it is still the same
    pub script: Option<PathBuf>,
    #[command(flatten)]
    db: DbArgs,
    #[command(flatten)]
    gates: GateArgs,
    /// Stop after this phase
    #[arg(long, value_name = "PHASE")]
    pub to: Option<PhaseArg>,
    #[command(flatten)]
    pace: PaceArgs,
    /// Remove at the end what is kept for a rollback
    #[arg(long)]
    purge: bool,
    /// How to report what is done
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
    /// Print no progress and no report; errors are printed
    #[arg(short, long)]
    quiet: bool,
}

/// Goes on with the run that is not finished.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &ResumeArgs, out: &mut Output) -> io::Result<Exit> {
    interrupt::listen();
    let mut claim = match claim(&args.db, args.pace.limits()) {
        Ok(claim) => claim,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    let given = match args.script.as_deref().map(input::read).transpose() {
        Ok(given) => given.map(|input| input.source),
        Err(error) => {
            error.complain();
            return Ok(Exit::CouldNotRun);
        }
    };
    let run = match operate::resume(&mut claim, given.as_ref(), args.options()) {
        Ok(run) => run,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    Telling { db: &args.db, format: args.format, quiet: args.quiet }.drive(run, out)
}

impl ResumeArgs {
    fn options(&self) -> RunOptions {
        RunOptions {
            gates: self.gates.gates(false),
            rows: self.pace.rows(),
            until: self.to.map(Phase::from),
            purge: self.purge,
            lose_writes: false,
        }
    }
}
