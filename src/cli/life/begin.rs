//! `miglab run --db`: scripts, in the order of their names, each once.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::args::DbArgs;
use super::connection::{has_journal, open, open_alone, runner, told};
use super::drive::{Drive, Wish, in_transaction, know_gates, row_of};
use super::ready::Ready;
use super::report::percent;
use super::words::command;
use crate::ast::Phase;
use crate::cli::files::ScriptPaths;
use crate::cli::output::{Output, complain};
use crate::cli::run::{RunArgs, RunFormat};
use crate::cli::{Exit, input, interrupt};
use crate::engine::memory::Memory;
use crate::engine::postgres::journal::record::{self, NewRun};
use crate::engine::postgres::journal::runs::{self, RunRow, Status, Stopped};
use crate::engine::postgres::journal::{Fence, schema};
use crate::engine::postgres::session::Session;
use crate::execute::{Entry, Run};
use crate::report::run::RunReport;
use crate::source::Source;

/// Runs the scripts on the database.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &RunArgs, out: &mut Output) -> io::Result<Exit> {
    let db = &args.db;
    if !db.is_address() {
        return Ok(Exit::CouldNotRun);
    }
    let sources = match read_all(&args.scripts) {
        Ok(sources) => sources,
        Err(exit) => return Ok(exit),
    };
    if args.dry_run {
        return dry_run(args, &sources, out);
    }
    if let Err(error) = interrupt::install() {
        complain(&format!("Ctrl-C cannot be handled: {error}"), None);
    }
    let mut session = match open_alone(db, args.pace.limits()) {
        Ok(session) => session,
        Err(exit) => return Ok(exit),
    };
    for source in &sources {
        let (exit, back) = one(args, source, session, out)?;
        if exit != Exit::Success || is_partial(args) {
            return Ok(exit);
        }
        session = back;
    }
    Ok(Exit::Success)
}

/// Behind a run that was to stop early, no other may begin.
fn is_partial(args: &RunArgs) -> bool {
    args.to.is_some_and(|to| Phase::from(to) != Phase::Contract)
}

/// The scripts by the names of their files.
fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>, Exit> {
    let found = ScriptPaths::in_paths(paths);
    found.errors.iter().for_each(input::InputError::complain);
    if !found.errors.is_empty() {
        return Err(Exit::CouldNotRun);
    }
    let mut named: Vec<(String, PathBuf)> = found.scripts.into_iter().map(|path| (name_of(&path), path)).collect();
    named.sort();
    if let Some(pair) = named.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let message =
            format!("two scripts are called `{}`: {} and {}", pair[0].0, pair[0].1.display(), pair[1].1.display());
        complain(&message, Some("a migration is known by the name of its file: give one of them another"));
        return Err(Exit::CouldNotRun);
    }
    let read = |(_, path): &(String, PathBuf)| {
        input::read(path).map(|input| input.source).map_err(|error| {
            error.complain();
            Exit::CouldNotRun
        })
    };
    named.iter().map(read).collect()
}

/// What a migration is known by: the name of its file, wherever the file lies.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn one(args: &RunArgs, source: &Source, mut session: Session, out: &mut Output) -> io::Result<(Exit, Session)> {
    let name = name_of(Path::new(source.name()));
    let known = has_journal(&mut session).and_then(|there| {
        if !there {
            return Ok(None);
        }
        install(&mut session)?;
        known_already(&mut session, &args.db, &name, source)
    });
    let begun = known.and_then(|exit| match exit {
        Some(exit) => Err(exit),
        None => begin(&mut session, args, &name, source),
    });
    let (ready, fence, row) = match begun {
        Ok(begun) => begun,
        Err(exit) => return Ok((exit, session)),
    };
    let wish = wish(args);
    Drive::new(&wish, &ready, session, fence, &row, false).go(out)
}

/// Makes the schema in which runs are kept, or brings it up to date.
fn install(session: &mut Session) -> Result<(), Exit> {
    schema::install(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))
}

fn wish(args: &RunArgs) -> Wish<'_> {
    Wish {
        db: &args.db,
        gates: &args.gates,
        until: args.to.map(Phase::from),
        rows: args.pace.rows(),
        format: args.format,
        quiet: args.quiet,
        purge: args.purge,
    }
}

fn begin(session: &mut Session, args: &RunArgs, name: &str, source: &Source) -> Result<(Ready, Fence, RunRow), Exit> {
    let ready = Ready::open(session, source.clone())?;
    // Of several scripts each has gates of its own.
    if ScriptPaths::in_paths(&args.scripts).scripts.len() == 1 {
        know_gates(&ready, &args.gates, 0, false)?;
    }
    install(session)?;
    let options = format!("{:?} {:?}", args.pace, args.gates);
    let new = NewRun {
        name,
        title: &ready.plan.title,
        script: source.text(),
        known: &ready.known,
        options: &options,
        statements: ready.plan.steps.len(),
    };
    let mut fence = None;
    let begun = in_transaction(session, &mut |transaction| {
        fence = Some(record::begin(transaction, &new, &runner())?);
        Ok(())
    });
    begun.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    let fence = fence.ok_or(Exit::CouldNotRun)?;
    let row = row_of(session, fence.run)?;
    Ok((ready, fence, row))
}

/// The exit code, where the database knows something that keeps the script from being begun.
fn known_already(session: &mut Session, db: &DbArgs, name: &str, source: &Source) -> Result<Option<Exit>, Exit> {
    let rows = runs::all(session.client()).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
    if let Some(row) = rows.iter().find(|row| row.is_unfinished()) {
        return Ok(Some(unfinished(row, db, name, source)));
    }
    let last = rows.iter().rfind(|row| row.name == name && row.status == Status::Complete);
    Ok(last.map(|row| {
        if differs(row, source) {
            return changed(row, source, "give the new migration a file of its own");
        }
        let ended = row.ended_at.as_deref().unwrap_or("before");
        io::stderr().write_all(format!("{name}: already complete since {ended}, nothing to do\n").as_bytes()).ok();
        Exit::Success
    }))
}

fn unfinished(row: &RunRow, db: &DbArgs, name: &str, source: &Source) -> Exit {
    if row.name != name {
        let message = format!("migration `{}` is not finished ({}%), and one runs at a time", row.name, percent(row));
        complain(&message, Some(&ways_on(row, db)));
        return Exit::Failed;
    }
    if differs(row, source) {
        let help = format!("put it back as it was, or undo what is done first: `{}`", command("rollback", db, &[]));
        return changed(row, source, &help);
    }
    let reason = row.reason.as_deref().unwrap_or("its process has ended");
    let message =
        format!("`{name}` has begun already, {} of {} statements are done: {reason}", row.step, row.statements);
    complain(&message, Some(&ways_on(row, db)));
    if row.stopped == Some(Stopped::Gate) { Exit::Waiting } else { Exit::Failed }
}

/// How an unfinished run can be ended.
pub(super) fn ways_on(row: &RunRow, db: &DbArgs) -> String {
    let rollback = command("rollback", db, &[]);
    if row.status == Status::RollingBack {
        return format!("it is being rolled back: `{rollback}` goes on");
    }
    format!(
        "`{}` goes on, `{rollback}` undoes it, `{}` says more",
        command("resume", db, &[]),
        command("status", db, &[])
    )
}

pub(super) fn differs(row: &RunRow, source: &Source) -> bool {
    row.script != source.text()
}

/// Refuses a script that is not what it was when it began.
pub(super) fn changed(row: &RunRow, source: &Source, help: &str) -> Exit {
    let name = &row.name;
    let began = if row.status == Status::Complete { "it was run" } else { "it began" };
    complain(&format!("`{}` was changed since {began} ({})", source.name(), row.started_at), Some(help));
    let (old, new) = (format!("{name} (as it began)"), format!("{} (now)", source.name()));
    let diff = TextDiff::from_lines(row.script.as_str(), source.text());
    let diff = diff.unified_diff().context_radius(3).header(&old, &new).to_string();
    io::stderr().write_all(crate::report::clean(&diff).as_bytes()).ok();
    Exit::Failed
}

/// Says what would be done, and leaves the database alone.
fn dry_run(args: &RunArgs, sources: &[Source], out: &mut Output) -> io::Result<Exit> {
    let mut session = match open(&args.db, args.pace.limits()) {
        Ok(session) => session,
        Err(exit) => return Ok(exit),
    };
    for source in sources {
        let name = name_of(Path::new(source.name()));
        let known = match has_journal(&mut session) {
            Ok(true) => known_already(&mut session, &args.db, &name, source),
            Ok(false) => Ok(None),
            Err(exit) => Err(exit),
        };
        match known {
            Ok(None) => {}
            Ok(Some(Exit::Success)) => continue,
            Ok(Some(exit)) | Err(exit) => return Ok(exit),
        }
        let ready = match Ready::open(&mut session, source.clone()) {
            Ok(ready) => ready,
            Err(exit) => return Ok(exit),
        };
        told_dry(args, &ready, out)?;
    }
    Ok(Exit::Success)
}

fn told_dry(args: &RunArgs, ready: &Ready, out: &mut Output) -> io::Result<()> {
    let mut run = Run::new(std::sync::Arc::clone(&ready.plan), Memory::default());
    run.dry_run(args.to.map(Phase::from));
    let entry = |entry: &Entry| (entry.state.tag().to_owned(), entry.text.clone());
    let report = RunReport {
        title: ready.plan.title.clone(),
        phase: run.state().tag(),
        progress_percent: 0,
        history: run.history().entries().iter().map(entry).collect(),
    };
    match args.format {
        _ if args.quiet => Ok(()),
        RunFormat::Human => report.write_human(out),
        RunFormat::Json => report.write_json(out),
    }
}
