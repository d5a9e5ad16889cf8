//! `miglab history`.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;

use super::args::DbArgs;
use super::connection::{has_journal, open, told};
use super::report::tag;
use crate::cli::Exit;
use crate::cli::output::Output;
use crate::cli::run::RunFormat;
use crate::engine::postgres::journal::runs::{self, RunEvent, RunRow};
use crate::engine::postgres::session::Limits;
use crate::report::clean;

/// Tell what was done to a database, with every time
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  miglab history --db postgres://localhost/shop
  miglab history --db postgres://localhost/shop --format json")]
pub struct HistoryArgs {
    #[command(flatten)]
    db: DbArgs,
    /// How to tell it
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
}

/// Prints all events of all runs.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &HistoryArgs, out: &mut Output) -> io::Result<Exit> {
    let (rows, events) = match read(args) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    match args.format {
        RunFormat::Json => events.iter().try_for_each(|event| write_json(&rows, event, out))?,
        RunFormat::Human if rows.is_empty() => writeln!(out, "no migration was run in this database")?,
        RunFormat::Human => rows.iter().try_for_each(|row| write_run(row, &events, out))?,
    }
    Ok(Exit::Success)
}

fn read(args: &HistoryArgs) -> Result<(Vec<RunRow>, Vec<RunEvent>), Exit> {
    let mut session = open(&args.db, Limits::default())?;
    if !has_journal(&mut session)? {
        return Ok((Vec::new(), Vec::new()));
    }
    let rows = runs::all(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    let events = runs::events(session.client(), None).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    Ok((rows, events))
}

fn write_run(row: &RunRow, events: &[RunEvent], out: &mut Output) -> io::Result<()> {
    writeln!(out, "{}: {}", clean(&row.name), clean(&row.title))?;
    for event in events.iter().filter(|event| event.run == row.id) {
        writeln!(out, "  {} [{}] {}", event.at, tag(&event.state), clean(&event.text).replace('\n', " "))?;
    }
    Ok(())
}

fn write_json(rows: &[RunRow], event: &RunEvent, out: &mut Output) -> io::Result<()> {
    let name = rows.iter().find(|row| row.id == event.run).map_or("", |row| &row.name);
    let index = event.step.map(|step| step + 1);
    let line = json!({ "event": "history", "run": event.run, "script": name, "at": event.at,
        "phase": tag(&event.state), "index": index, "text": event.text });
    writeln!(out, "{line}")
}
