//! `miglab status`.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::args::DbArgs;
use super::connection::connect;
use super::next_command::next_command;
use super::output::Output;
use super::refusal::refuse;
use crate::operate::{self, Course, Current, CurrentStatement, Doing, Limits, RunRow, Status, Stopped, state_of};
use crate::report::clean;

/// Say what runs in a database, how far it is, and how to go on
#[derive(Debug, Args)]
#[command(after_help = "\
It can be asked while a migration runs.

Exit codes are listed by `miglab --help`.

Examples:
  miglab status --db postgres://localhost/shop
  miglab status --db postgres://localhost/shop --format json")]
pub struct StatusArgs {
    #[command(flatten)]
    db: DbArgs,
    /// How to say it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    format: StatusFormat,
}

/// The forms that a status can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StatusFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
}

/// Prints the status.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &StatusArgs, out: &mut Output) -> io::Result<Exit> {
    let status = connect(&args.db, Limits::default()).and_then(|mut database| operate::status(&mut database));
    let status = match status {
        Ok(status) => status,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    match args.format {
        StatusFormat::Human => write_human(&status, &args.db, out)?,
        StatusFormat::Json => writeln!(out, "{:#}", json_of(&status, &args.db))?,
    }
    let unreadable = status.current.as_ref().and_then(|current| current.unreadable.as_ref());
    Ok(unreadable.map_or(Exit::Success, |error| refuse(error, &args.db)))
}

/// What a run does, in a sentence.
fn doing(current: &Current) -> String {
    let reason = current.run.reason.as_deref().unwrap_or_default();
    match current.doing() {
        Doing::Runs => "it runs".to_owned(),
        Doing::Waits => "it runs, and waits for a lock".to_owned(),
        Doing::Died => "its process has ended without saying why (killed, or the connection was lost)".to_owned(),
        Doing::Stopped(Stopped::Gate) => format!("it has stopped {reason}"),
        Doing::Stopped(Stopped::There) => format!("it was stopped {reason}"),
        Doing::Stopped(Stopped::Failed) => format!("it failed: {reason}"),
        Doing::Stopped(Stopped::Interrupted) => format!("it was interrupted: {reason}"),
    }
}

fn place(run: &RunRow, statement: &CurrentStatement) -> String {
    format!("{}:{}:{}", run.name, statement.line, statement.column)
}

fn write_human(status: &Status, db: &DbArgs, out: &mut Output) -> io::Result<()> {
    if status.runs.is_empty() {
        return writeln!(out, "no migration was run in this database");
    }
    if let Some(current) = &status.current {
        write_current(current, db, out)?;
    }
    for run in status.runs.iter().filter(|run| !run.is_unfinished()) {
        let ended = run.ended_at.as_deref().unwrap_or_default();
        let purged = if run.purged_at.is_some() { ", purged" } else { "" };
        writeln!(out, "{}: {} at {ended}{purged}", clean(&run.name), state_of(run).tag())?;
    }
    Ok(())
}

fn write_current(current: &Current, db: &DbArgs, out: &mut Output) -> io::Result<()> {
    let run = &current.run;
    let back = if run.course == Course::RollingBack { ", being rolled back" } else { "" };
    writeln!(out, "Migration: {} ({})", clean(&run.title), clean(&run.name))?;
    writeln!(out, "Phase: {}{back}", state_of(run).tag())?;
    writeln!(out, "Progress: {}% ({} of {} statements)", run.percent(), run.step, run.statements)?;
    if let Some(statement) = &current.statement {
        writeln!(out, "Statement: {} ({})", clean(&statement.text), clean(&place(run, statement)))?;
    }
    if let Some(filled) = &current.filled {
        writeln!(out, "Rows: {}", filled.describe())?;
    }
    writeln!(out, "Now: {}", clean(&doing(current)))?;
    for blocker in &current.blockers {
        writeln!(out, "  {}", clean(blocker))?;
    }
    if let Some(holder) = &current.holder {
        writeln!(
            out,
            "Held by: {}; user {}, process {} on {}",
            clean(&holder.describe()),
            run.os_user,
            run.pid,
            run.host
        )?;
    }
    writeln!(out, "Started: {}", run.started_at)?;
    if let Some(next) = &current.next {
        writeln!(out, "Next: {}", next_command(next, db))?;
    }
    Ok(())
}

fn json_of(status: &Status, db: &DbArgs) -> Value {
    let run = |run: &RunRow| {
        json!({ "run": run.id, "script": run.name, "title": run.title, "phase": state_of(run).tag(),
            "progress_percent": run.percent(), "statements_done": run.step, "statements": run.statements,
            "started_at": run.started_at, "ended_at": run.ended_at, "purged_at": run.purged_at })
    };
    let current = status.current.as_ref().map(|current| current_json(current, db));
    json!({ "current": current, "runs": status.runs.iter().map(run).collect::<Vec<_>>() })
}

fn current_json(current: &Current, db: &DbArgs) -> Value {
    let Current { run, holder, statement, filled, blockers, .. } = current;
    let place = statement.as_ref().map(|statement| place(run, statement));
    let statement = statement.as_ref().map(|statement| &statement.text);
    json!({
        "run": run.id,
        "script": run.name,
        "title": run.title,
        "phase": state_of(run).tag(),
        "rolling_back": run.course == Course::RollingBack,
        "progress_percent": run.percent(),
        "statements_done": run.step,
        "statements": run.statements,
        "statement": statement,
        "place": place,
        "rows_done": filled.as_ref().map(|filled| filled.rows),
        "rows_total": filled.as_ref().and_then(|filled| filled.estimate),
        "stopped": run.stopped.map(Stopped::word),
        "reason": run.reason,
        "running": matches!(current.doing(), Doing::Runs | Doing::Waits),
        "held_by": holder.as_ref().map(|holder| json!({ "pid": holder.pid, "application": holder.application,
            "role": holder.role, "client": holder.client, "since": holder.since })),
        "blockers": blockers,
        "host": run.host,
        "pid": run.pid,
        "os_user": run.os_user,
        "started_at": run.started_at,
        "next": current.next.as_ref().map(|next| next_command(next, db)),
    })
}
