//! `miglab rollback`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::args::{DbArgs, GateArgs, PaceArgs};
use super::begin::name_of;
use super::connection::{has_journal, open_alone, told};
use super::drive::{Drive, Wish, in_transaction, know_gates, row_of};
use super::ready::Ready;
use super::resume::claimed;
use crate::cli::output::{Output, complain};
use crate::cli::run::RunFormat;
use crate::cli::{Exit, interrupt};
use crate::engine::postgres::journal::operations::{self, Progress};
use crate::engine::postgres::journal::runs::{self, RunRow, Status};
use crate::engine::postgres::journal::{Fence, record};
use crate::engine::postgres::session::Session;
use crate::prove::NoReturn;

/// Undo a migration in a database
#[derive(Debug, Args)]
#[command(after_help = "\
Undoes the last migration, finished or not, statement by statement in reverse. Rows that applications have changed since
stay changed. Behind the point of no return (`miglab prove` names it) that would lose writes, and is refused.

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
    /// Go back behind the point of no return: writes of applications will be lost
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
        until: None,
        rows: args.pace.rows(),
        format: args.format,
        quiet: args.quiet,
        purge: false,
    };
    Ok(Drive::new(&wish, &ready, session, fence, &row, true).go(out)?.0)
}

fn claim(args: &RollbackArgs) -> Result<(Session, Ready, Fence, RunRow), Exit> {
    let mut session = open_alone(&args.db, args.pace.limits())?;
    let row = find(&mut session, args)?;
    let ready = Ready::again(&row)?;
    ready.stand_where_it_began(&mut session)?;
    know_gates(&ready, &args.gates, row.step, true)?;
    let halfway = is_halfway(&mut session, &row)?;
    let no_return = ready.checked.proof().and_then(|proof| proof.no_return.as_ref());
    let loses = no_return.filter(|no| no.step < row.step + usize::from(halfway));
    if let Some(no_return) = loses.filter(|_| row.status != Status::RollingBack && !args.lose_writes) {
        return Err(refuse(&ready, no_return));
    }
    let fence = claimed(&mut session, &row, Status::RollingBack)?;
    if loses.is_some() {
        let written = in_transaction(&mut session, &mut |transaction| record::loses_writes(transaction, &fence));
        written.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    }
    Ok((session, ready, fence, row))
}

/// Whether something of the next statement is done.
fn is_halfway(session: &mut Session, row: &RunRow) -> Result<bool, Exit> {
    let kept = operations::of_step(session.client(), row.id, row.step);
    let kept = kept.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    Ok(kept.iter().any(|kept| kept.state != Progress::Planned))
}

fn find(session: &mut Session, args: &RollbackArgs) -> Result<RunRow, Exit> {
    let rows = if has_journal(session)? { runs::all(session.client()) } else { Ok(Vec::new()) };
    let rows = rows.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    let Some(row) = rows.iter().rfind(|row| row.status != Status::RolledBack) else {
        complain("there is nothing to undo: no migration was run in this database, or all are rolled back", None);
        return Err(Exit::CouldNotRun);
    };
    if let Some(name) = args.script.as_deref().map(name_of).filter(|name| *name != row.name) {
        let help = format!("roll `{}` back first", row.name);
        complain(&format!("`{name}` is not the last migration of this database: that is `{}`", row.name), Some(&help));
        return Err(Exit::Failed);
    }
    if let Some(purged) = &row.purged_at {
        let message = format!("`{}` cannot be undone: what was kept for that was purged at {purged}", row.name);
        complain(&message, Some("write a migration that does what is needed"));
        return Err(Exit::Failed);
    }
    row_of(session, row.id)
}

fn refuse(ready: &Ready, no_return: &NoReturn) -> Exit {
    let source = ready.checked.source();
    let span = ready.plan.steps.get(no_return.step).map(|step| step.span).unwrap_or_default();
    let (line, what) = (source.position(span.start).line, source.slice(span).lines().next().unwrap_or_default());
    let message = format!(
        "the point of no return is passed: after `{what}` (line {line}), undoing would lose what applications have written \
         to `{}`",
        no_return.lost
    );
    let help = "`miglab prove` shows how; `--lose-writes` does it all the same";
    complain(&message, Some(help));
    Exit::Failed
}
