//! `miglab resume`.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{DbArgs, GateArgs, PaceArgs};
use super::begin::{changed, differs, name_of, ways_on};
use super::connection::{has_journal, open_alone, runner, told};
use super::drive::{Drive, Wish, in_transaction, know_gates, row_of};
use super::ready::Ready;
use super::words::command;
use crate::ast::Phase;
use crate::cli::output::{Output, complain};
use crate::cli::run::{PhaseArg, RunFormat};
use crate::cli::{Exit, input, interrupt};
use crate::engine::postgres::journal::runs::{self, RunRow, Status};
use crate::engine::postgres::journal::{Fence, record, schema};
use crate::engine::postgres::session::Session;

/// Go on with a migration that has stopped in a database
#[derive(Debug, Args)]
#[command(after_help = "\
The script is the one that the run began with; the database keeps it. If the file is named, it must be the same.

Examples:
  miglab resume --db postgres://localhost/shop               go on to the next gate
  miglab resume --db postgres://localhost/shop --confirm v2  v2 is deployed: go on behind that gate
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
    if let Err(error) = interrupt::install() {
        complain(&format!("Ctrl-C cannot be handled: {error}"), None);
    }
    let (session, ready, fence, row) = match claim(args) {
        Ok(claimed) => claimed,
        Err(exit) => return Ok(exit),
    };
    let wish = Wish {
        db: &args.db,
        gates: &args.gates,
        until: args.to.map(Phase::from),
        rows: args.pace.rows(),
        format: args.format,
        quiet: args.quiet,
        purge: args.purge,
    };
    Ok(Drive::new(&wish, &ready, session, fence, &row, false).go(out)?.0)
}

fn claim(args: &ResumeArgs) -> Result<(Session, Ready, Fence, RunRow), Exit> {
    let mut session = open_alone(&args.db, args.pace.limits())?;
    let row = find(&mut session, args)?;
    let ready = Ready::again(&row)?;
    ready.stand_where_it_began(&mut session)?;
    know_gates(&ready, &args.gates, row.step, false)?;
    schema::install(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    let fence = claimed(&mut session, &row, Status::Running)?;
    Ok((session, ready, fence, row))
}

/// Takes a run over.
///
/// # Errors
/// The exit code to end with.
pub(super) fn claimed(session: &mut Session, row: &RunRow, status: Status) -> Result<Fence, Exit> {
    let mut fence = None;
    let claimed = in_transaction(session, &mut |transaction| {
        fence = Some(record::claim(transaction, row.id, &runner(), status)?);
        Ok(())
    });
    claimed.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    fence.ok_or(Exit::CouldNotRun)
}

fn find(session: &mut Session, args: &ResumeArgs) -> Result<RunRow, Exit> {
    if !has_journal(session)? {
        complain("no migration was run in this database", Some(&command("run SCRIPT", &args.db, &[])));
        return Err(Exit::CouldNotRun);
    }
    let rows = runs::all(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    let given = args.script.as_deref().map(read).transpose()?;
    let Some(row) = rows.iter().find(|row| row.is_unfinished()) else { return Err(nothing_left(&rows, args)) };
    if let Some((name, _)) = given.as_ref().filter(|(name, _)| *name != row.name) {
        let message = format!("`{name}` is not what has stopped here: that is `{}`", row.name);
        complain(&message, Some(&ways_on(row, &args.db)));
        return Err(Exit::Failed);
    }
    if let Some((_, source)) = given.as_ref().filter(|(_, source)| differs(row, source)) {
        let help = "put it back as it was; `resume` without the file goes on with the script as it began";
        return Err(changed(row, source, help));
    }
    if row.status == Status::RollingBack {
        complain(&format!("`{}` is being rolled back", row.name), Some(&ways_on(row, &args.db)));
        return Err(Exit::Failed);
    }
    row_of(session, row.id)
}

fn read(path: &Path) -> Result<(String, crate::source::Source), Exit> {
    let read = input::read(path).map_err(|error| {
        error.complain();
        Exit::CouldNotRun
    })?;
    Ok((name_of(path), read.source))
}

fn nothing_left(rows: &[RunRow], args: &ResumeArgs) -> Exit {
    let last = rows.last().map_or_else(String::new, |row| {
        let how = if row.status == Status::Complete { "complete" } else { "rolled back" };
        format!("; `{}`, the last one, is {how}", row.name)
    });
    complain(&format!("there is nothing to go on with: no migration is unfinished{last}"), None);
    let complete = args.script.as_deref().map(name_of).is_some_and(|name| {
        rows.iter().rfind(|row| row.name == name).is_some_and(|row| row.status == Status::Complete)
    });
    if complete { Exit::Success } else { Exit::CouldNotRun }
}
