//! `miglab run`.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::Exit;
use super::output::Output;
use crate::ast::Phase;

/// Run a migration on an in-memory table
#[derive(Debug, Args)]
#[command(after_help = "\
A script with errors is refused. A statement that fails rolls back everything before it.

Examples:
  miglab run rename.mig                                       with the script's own rows
  miglab run rename.mig --rows users=people.csv --show users  with rows from a file
  miglab run rename.mig --to migrate                          stop before the contract phase
  miglab run rename.mig --dry-run                             say what would be done")]
pub struct RunArgs {
    /// The script, or `-` for standard input
    pub script: PathBuf,
    /// Say what each statement would do, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Stop after this phase
    #[arg(long, value_name = "PHASE")]
    pub to: Option<PhaseArg>,
    /// Print this table when the run has ended; can be given for several tables
    #[arg(long, value_name = "TABLE")]
    pub show: Vec<String>,
    /// Rows for a table, in place of the script's own; can be given for several tables
    #[arg(long, value_name = "TABLE=FILE.csv")]
    pub rows: Vec<RowsArg>,
    /// How to report what is done
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    pub format: RunFormat,
    /// Print no progress and no report; errors and tables asked for are printed
    #[arg(short, long)]
    pub quiet: bool,
}

/// The forms that the report of a run can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// Text for people
    Human,
    /// Events as JSON lines
    Json,
}

/// A phase to stop after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PhaseArg {
    /// Only add what is new
    Expand,
    /// Move the data as well
    Migrate,
    /// Everything
    Contract,
}

impl From<PhaseArg> for Phase {
    fn from(phase: PhaseArg) -> Self {
        match phase {
            PhaseArg::Expand => Self::Expand,
            PhaseArg::Migrate => Self::Migrate,
            PhaseArg::Contract => Self::Contract,
        }
    }
}

/// `TABLE=FILE.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsArg {
    /// The table, as written.
    pub table: String,
    /// The file that holds its rows.
    pub file: PathBuf,
}

impl FromStr for RowsArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((table, file)) if !table.is_empty() && !file.is_empty() => {
                Ok(Self { table: table.to_owned(), file: file.into() })
            }
            _ => Err("write the table and its file as in `users=people.csv`".to_owned()),
        }
    }
}

/// Runs the script.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(_args: &RunArgs, _out: &mut Output) -> io::Result<Exit> {
    super::output::complain("running is not part of this build", None);
    Ok(Exit::CouldNotRun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_a_table_and_a_file() {
        let rows: RowsArg = "users=a=b.csv".parse().unwrap();
        assert_eq!(rows, RowsArg { table: "users".into(), file: "a=b.csv".into() });
        assert!("users".parse::<RowsArg>().is_err());
        assert!("=x.csv".parse::<RowsArg>().is_err());
    }
}
