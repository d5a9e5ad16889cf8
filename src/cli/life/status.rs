//! `miglab status`.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

use super::args::DbArgs;
use super::connection::{has_journal, open, told};
use super::gates::gate_name;
use super::ready::Ready;
use super::report::{percent, state_of};
use super::words::command;
use crate::cli::Exit;
use crate::cli::output::Output;
use crate::engine::Fault;
use crate::engine::postgres::journal::lock::{self, Holder};
use crate::engine::postgres::journal::progress::{self, Filled};
use crate::engine::postgres::journal::runs::{self, RunRow, Status, Stopped};
use crate::engine::postgres::session::{Limits, Session};
use crate::plan::Action;
use crate::report::clean;

/// Say what runs in a database, how far it is, and how to go on
#[derive(Debug, Args)]
#[command(after_help = "\
It can be asked while a migration runs.

Examples:
  miglab status --db postgres://localhost/shop
  miglab status --db postgres://localhost/shop --format json")]
pub struct StatusArgs {
    #[command(flatten)]
    db: DbArgs,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// The forms that a status can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text for people
    Human,
    /// One JSON document
    Json,
}

/// What there is to say of a database.
struct Found {
    rows: Vec<RunRow>,
    current: Option<Current>,
}

/// The run that is not finished.
struct Current {
    row: RunRow,
    holder: Option<Holder>,
    /// The statement that is next, or being done, with its place in the script.
    statement: Option<(String, String)>,
    /// What to give to `--confirm`.
    confirm: Option<String>,
    filled: Option<Filled>,
    /// Sessions that the process that runs it waits for.
    blockers: Vec<String>,
}

/// Prints the status.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &StatusArgs, out: &mut Output) -> io::Result<Exit> {
    let found = match open(&args.db, Limits::default()).and_then(|mut session| find(&mut session)) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    match args.format {
        Format::Human => write_human(&found, &args.db, out)?,
        Format::Json => writeln!(out, "{:#}", json_of(&found, &args.db))?,
    }
    Ok(Exit::Success)
}

fn find(session: &mut Session) -> Result<Found, Exit> {
    if !has_journal(session)? {
        return Ok(Found { rows: Vec::new(), current: None });
    }
    let rows = runs::all(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    let row = rows.iter().find(|row| row.is_unfinished()).cloned();
    let current = row.map(|row| look(session, row)).transpose().map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    Ok(Found { rows, current })
}

fn look(session: &mut Session, row: RunRow) -> Result<Current, Fault> {
    let holder = lock::holder(session.client())?;
    let filled = progress::filled(session.client(), row.id, row.step)?;
    let blockers = match &holder {
        Some(holder) => progress::blockers(session.client(), holder.pid)?,
        None => Vec::new(),
    };
    let (statement, confirm) = statement_of(&row);
    Ok(Current { row, holder, statement, confirm, filled, blockers })
}

/// The statement that the run is at, and what opens its gate.
fn statement_of(row: &RunRow) -> (Option<(String, String)>, Option<String>) {
    let Ok(ready) = Ready::again(row) else { return (None, None) };
    let at = if row.status == Status::RollingBack { row.step.checked_sub(1) } else { Some(row.step) };
    let Some(step) = at.and_then(|at| ready.plan.steps.get(at)) else { return (None, None) };
    let place = ready.checked.source().position(step.span.start);
    let text = ready.checked.source().slice(step.span).lines().next().unwrap_or_default().to_owned();
    let confirm = match &step.action {
        Action::Deploy(app) | Action::Retire(app) => Some(app.to_string()),
        Action::Confirm(text) => Some(text.to_string()),
        _ => None,
    };
    let text = if text.is_empty() { gate_name(step) } else { text };
    (Some((text, format!("{}:{}:{}", row.name, place.line, place.column))), confirm)
}

impl Current {
    /// What it does, in a sentence.
    fn doing(&self) -> String {
        let reason = self.row.reason.as_deref().unwrap_or_default();
        match (&self.holder, self.row.stopped) {
            (Some(_), None) if !self.blockers.is_empty() => "it runs, and waits for a lock".to_owned(),
            (Some(_), None) => "it runs".to_owned(),
            (None, None) => "its process has ended without a word (killed, or the connection was lost)".to_owned(),
            (_, Some(Stopped::Gate)) => format!("it has stopped {reason}"),
            (_, Some(Stopped::There)) => format!("it was stopped {reason}"),
            (_, Some(Stopped::Failed)) => format!("it failed: {reason}"),
            (_, Some(Stopped::Interrupted)) => format!("it was interrupted: {reason}"),
        }
    }

    fn next(&self, db: &DbArgs) -> Option<String> {
        if self.holder.is_some() && self.row.stopped.is_none() {
            return None;
        }
        let verb = if self.row.status == Status::RollingBack { "rollback" } else { "resume" };
        let confirm = self.confirm.as_deref().filter(|_| self.row.stopped == Some(Stopped::Gate));
        Some(match confirm {
            Some(word) => command(verb, db, &["--confirm", word]),
            None => command(verb, db, &[]),
        })
    }
}

fn write_human(found: &Found, db: &DbArgs, out: &mut Output) -> io::Result<()> {
    if found.rows.is_empty() {
        return writeln!(out, "no migration was run in this database");
    }
    if let Some(current) = &found.current {
        write_current(current, db, out)?;
    }
    for row in found.rows.iter().filter(|row| !row.is_unfinished()) {
        let ended = row.ended_at.as_deref().unwrap_or_default();
        let purged = if row.purged_at.is_some() { ", purged" } else { "" };
        writeln!(out, "{}: {} at {ended}{purged}", clean(&row.name), state_of(row).tag())?;
    }
    Ok(())
}

fn write_current(current: &Current, db: &DbArgs, out: &mut Output) -> io::Result<()> {
    let row = &current.row;
    let back = if row.status == Status::RollingBack { ", being rolled back" } else { "" };
    writeln!(out, "Migration: {} ({})", clean(&row.title), clean(&row.name))?;
    writeln!(out, "Phase: {}{back}", state_of(row).tag())?;
    writeln!(out, "Progress: {}% ({} of {} statements)", percent(row), row.step, row.statements)?;
    if let Some((text, place)) = &current.statement {
        writeln!(out, "Statement: {} ({})", clean(text), clean(place))?;
    }
    if let Some(filled) = &current.filled {
        writeln!(out, "Rows: {}", filled.describe())?;
    }
    writeln!(out, "Now: {}", clean(&current.doing()))?;
    for blocker in &current.blockers {
        writeln!(out, "  {}", clean(blocker))?;
    }
    if let Some(holder) = &current.holder {
        writeln!(
            out,
            "Held by: {}; user {}, process {} on {}",
            clean(&holder.describe()),
            row.os_user,
            row.pid,
            row.host
        )?;
    }
    writeln!(out, "Started: {}", row.started_at)?;
    if let Some(next) = current.next(db) {
        writeln!(out, "Next: {next}")?;
    }
    Ok(())
}

fn json_of(found: &Found, db: &DbArgs) -> Value {
    let run = |row: &RunRow| {
        json!({ "run": row.id, "script": row.name, "title": row.title, "phase": state_of(row).tag(),
            "progress_percent": percent(row), "statements_done": row.step, "statements": row.statements,
            "started_at": row.started_at, "ended_at": row.ended_at, "purged_at": row.purged_at })
    };
    let current = found.current.as_ref().map(|current| current_json(current, db));
    json!({ "current": current, "runs": found.rows.iter().map(run).collect::<Vec<_>>() })
}

fn current_json(current: &Current, db: &DbArgs) -> Value {
    let Current { row, holder, statement, filled, blockers, .. } = current;
    let (statement, place) = statement.clone().unzip();
    json!({
        "run": row.id,
        "script": row.name,
        "title": row.title,
        "phase": state_of(row).tag(),
        "rolling_back": row.status == Status::RollingBack,
        "progress_percent": percent(row),
        "statements_done": row.step,
        "statements": row.statements,
        "statement": statement,
        "place": place,
        "rows_done": filled.as_ref().map(|filled| filled.rows),
        "rows_total": filled.as_ref().and_then(|filled| filled.estimate),
        "stopped": row.stopped.map(Stopped::word),
        "reason": row.reason,
        "running": holder.is_some() && row.stopped.is_none(),
        "held_by": holder.as_ref().map(|holder| json!({ "pid": holder.pid, "application": holder.application,
            "role": holder.role, "client": holder.client, "since": holder.since })),
        "blockers": blockers,
        "host": row.host,
        "pid": row.pid,
        "os_user": row.os_user,
        "started_at": row.started_at,
        "next": current.next(db),
    })
}
