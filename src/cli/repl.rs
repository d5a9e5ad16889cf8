//! `miglab repl`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::run::RowsArg;

/// Step through a migration, back and forth, and act as its applications
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  miglab repl                                         an empty database
  miglab repl rename.mig --rows users=people.csv      a script to step through")]
pub struct ReplArgs {
    /// The script to step through
    pub script: Option<PathBuf>,
    /// Rows for a table, in place of the script's own; can be given for several tables
    #[arg(long, value_name = "TABLE=FILE.csv")]
    pub rows: Vec<RowsArg>,
}

/// Opens the session.
///
/// # Errors
/// Reading from or writing to the terminal failed.
pub fn execute(_args: &ReplArgs) -> io::Result<Exit> {
    super::output::complain("the session is not part of this build", None);
    Ok(Exit::CouldNotRun)
}
