//! The arguments of `miglab run`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::cli::args::{DbArgs, GateArgs, PaceArgs, PhaseArg, RunFormat};
use crate::lab::RowsFile;
use crate::syntax::fold;

/// Run a migration, on an in-memory table or on a database
#[derive(Debug, Args)]
#[command(after_help = "\
A script with errors is refused. In memory, a statement that fails rolls back everything before it. In a database the run
stays where it is, and `miglab resume` goes on. It stops before `deploy`, `retire`, `confirm` and `wait`, with exit code 4.

Examples:
  miglab run rename.mig                                       with the script's own rows
  miglab run rename.mig --rows users=people.csv --show users  with rows from a file
  miglab run rename.mig --to migrate                          stop before the contract phase
  miglab run rename.mig --dry-run                             say what would be done
  miglab run rename.mig --db postgres://localhost/shop        on a database, to the first gate
  miglab run migrations --db                                  all scripts of a folder, on DATABASE_URL")]
pub struct RunArgs {
    /// The script, or `-` for standard input; with `--db` also several scripts and folders, run in the order of their
    /// names, each once
    #[arg(value_name = "SCRIPT")]
    pub scripts: Vec<PathBuf>,
    /// The database, where it is not the in-memory table.
    #[command(flatten)]
    pub db: DbArgs,
    /// Say what each statement would do, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Stop after this phase
    #[arg(long, value_name = "PHASE")]
    pub to: Option<PhaseArg>,
    /// Print this table when the run has ended; can be given for several tables
    #[arg(long, value_name = "TABLE", conflicts_with = "db")]
    pub show: Vec<String>,
    /// Rows for a table, instead of the script's own; can be given for several tables
    #[arg(long, value_name = "TABLE=FILE.csv", conflicts_with = "db")]
    pub rows: Vec<RowsArg>,
    /// How a run in a database passes its gates.
    #[command(flatten)]
    pub gates: GateArgs,
    /// Remove at the end what is kept for a rollback
    #[arg(long, requires = "db")]
    pub purge: bool,
    /// How hard a run in a database works.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How to report what is done
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    pub format: RunFormat,
    /// Print no progress and no report, only errors and the tables asked for
    #[arg(short, long)]
    pub quiet: bool,
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

impl RowsArg {
    /// What the lab takes, the name folded as a script folds it.
    #[must_use]
    pub fn to_rows_file(&self) -> RowsFile {
        RowsFile { table: fold(&self.table).into(), path: self.file.clone() }
    }
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
