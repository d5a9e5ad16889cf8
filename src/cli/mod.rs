//! The command line. One file per command; what they share is beside them.

mod args;
mod check;
mod connection;
mod database;
mod diff;
mod drive;
mod explain;
mod files;
mod findings;
mod fmt;
mod history;
mod inferences;
mod input;
mod interrupt;
mod new;
mod next_command;
mod output;
mod parallel;
mod plan;
mod progress;
mod prove;
mod purge;
mod refusal;
mod repl;
mod resume;
mod rollback;
mod run;
mod runner;
mod schema;
mod status;
#[cfg(test)]
mod tests;
mod topic;
mod usage;
mod write;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::{Output, complain};

/// What the exit code of a command says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// No errors, or the run came to its end.
    Success,
    /// Nothing was refuted, and not everything was proved.
    NotProved,
    /// A run stopped at a gate: somebody has to do something.
    Waiting,
    /// Errors were found, a plan was refuted, or the run was rolled back.
    Failed,
    /// The command could not do its work: wrong usage, an unreadable file.
    CouldNotRun,
    /// Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::CouldNotRun => 2,
            Exit::NotProved => 3,
            Exit::Waiting => 4,
            Exit::Interrupted => 130,
        })
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    no errors; the plan is proved; it was run to its end
  1    errors were found; the plan is refuted; it failed and was rolled back, or in a database can be resumed
  2    the command could not do its work: wrong usage, an unreadable file
  3    the plan is neither proved nor refuted
  4    the run in a database waits at a gate: `deploy`, `retire`, `confirm` or `wait`
  130  interrupted by Ctrl-C

Examples:
  miglab new rename-column users.username display_name > rename.mig
  miglab check rename.mig
  miglab prove rename.mig
  miglab run rename.mig --rows users=people.csv --show users
  miglab repl rename.mig";

#[derive(Debug, Parser)]
#[command(name = "miglab", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::RunArgs>),
    Resume(Box<resume::ResumeArgs>),
    Rollback(Box<rollback::RollbackArgs>),
    Status(status::StatusArgs),
    History(history::HistoryArgs),
    Purge(purge::PurgeArgs),
    Check(check::CheckArgs),
    Prove(prove::ProveArgs),
    Plan(plan::PlanArgs),
    Sql(plan::SqlArgs),
    Repl(repl::ReplArgs),
    Schema(schema::SchemaArgs),
    New(Box<new::NewArgs>),
    Fmt(fmt::FmtArgs),
    Explain(explain::ExplainArgs),
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => conclude(dispatch(cli)).into(),
        Err(error) => usage::report(&error).into(),
    }
}

fn dispatch(cli: Cli) -> io::Result<Exit> {
    let mut out = Output::stdout();
    let exit = match cli.command {
        Some(Command::Run(args)) => run::execute(&args, &mut out),
        Some(Command::Resume(args)) => resume::execute(&args, &mut out),
        Some(Command::Rollback(args)) => rollback::execute(&args, &mut out),
        Some(Command::Status(args)) => status::execute(&args, &mut out),
        Some(Command::History(args)) => history::execute(&args, &mut out),
        Some(Command::Purge(args)) => purge::execute(&args, &mut out),
        Some(Command::Check(args)) => check::execute(&args, &mut out),
        Some(Command::Prove(args)) => prove::execute(&args, &mut out),
        Some(Command::Plan(args)) => plan::execute(&args, &mut out),
        Some(Command::Sql(args)) => plan::execute(&plan::PlanArgs::from(&args), &mut out),
        Some(Command::Repl(args)) => repl::execute(&args),
        Some(Command::Schema(args)) => schema::execute(&args, &mut out),
        Some(Command::New(args)) => new::execute(&args, &mut out),
        Some(Command::Fmt(args)) => fmt::execute(&args, &mut out),
        Some(Command::Explain(args)) => explain::execute(&args, &mut out),
        None if io::stdin().is_terminal() && io::stdout().is_terminal() => repl::execute(&repl::ReplArgs::default()),
        None => Ok(usage::no_command()),
    }?;
    io::Write::flush(&mut out)?;
    Ok(exit)
}

fn conclude(result: io::Result<Exit>) -> Exit {
    result.unwrap_or_else(|error| {
        complain(&format!("cannot write to standard output: {}", crate::phrase::reason(&error)), None);
        Exit::CouldNotRun
    })
}
