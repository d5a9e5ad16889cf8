//! `miglab history`.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;

use super::Exit;
use super::args::{DbArgs, RunFormat};
use super::connection::connect;
use super::output::Output;
use super::refusal::refuse;
use crate::operate::{self, Journal, JournalEntry, Limits, RunRow};
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

/// Prints all that has happened in all runs.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &HistoryArgs, out: &mut Output) -> io::Result<Exit> {
    let journal = connect(&args.db, Limits::default()).and_then(|mut database| operate::history(&mut database));
    let Journal { runs, entries } = match journal {
        Ok(journal) => journal,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    match args.format {
        RunFormat::Json => entries.iter().try_for_each(|entry| write_json(&runs, entry, out))?,
        RunFormat::Human if runs.is_empty() => writeln!(out, "no migration was run in this database")?,
        RunFormat::Human => runs.iter().try_for_each(|run| write_run(run, &entries, out))?,
    }
    Ok(Exit::Success)
}

fn write_run(run: &RunRow, entries: &[JournalEntry], out: &mut Output) -> io::Result<()> {
    writeln!(out, "{}: {}", clean(&run.name), clean(&run.title))?;
    for entry in entries.iter().filter(|entry| entry.run == run.id) {
        writeln!(out, "  {} [{}] {}", entry.at, entry.state.tag(), clean(&entry.text).replace('\n', " "))?;
    }
    Ok(())
}

fn write_json(runs: &[RunRow], entry: &JournalEntry, out: &mut Output) -> io::Result<()> {
    let name = runs.iter().find(|run| run.id == entry.run).map_or("", |run| &run.name);
    let index = entry.step.map(|step| step + 1);
    let line = json!({ "event": "history", "run": entry.run, "script": name, "at": entry.at,
        "phase": entry.state.tag(), "index": index, "text": entry.text });
    writeln!(out, "{line}")
}
