//! `miglab run --db`: scripts, in the order of their names, each once.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::RunArgs;
use super::report_of;
use crate::ast::Phase;
use crate::check::Findings;
use crate::cli::connection::{claim, connect};
use crate::cli::drive::Telling;
use crate::cli::files::ScriptPaths;
use crate::cli::findings::{tell, tell_notes, tell_verdict};
use crate::cli::output::{Output, complain};
use crate::cli::refusal::refuse;
use crate::cli::{Exit, input, interrupt};
use crate::engine::memory::Memory;
use crate::execute::Run;
use crate::operate::{self, Claim, Error, Prepared, RunOptions, name_of};
use crate::source::Source;

/// Runs the scripts on the database.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &RunArgs, out: &mut Output) -> io::Result<Exit> {
    if let Err(fault) = args.db.is_address() {
        return Ok(refuse(&fault.into(), &args.db));
    }
    let sources = match read_all(&args.scripts) {
        Ok(sources) => sources,
        Err(exit) => return Ok(exit),
    };
    if args.dry_run {
        return dry_run(args, sources, out);
    }
    interrupt::listen();
    let mut claim = match claim(&args.db, args.pace.limits()) {
        Ok(claim) => claim,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    let of_several = sources.len() > 1;
    for source in sources {
        let exit = one(args, &mut claim, source, of_several, out)?;
        if exit != Exit::Success || is_partial(args) {
            return Ok(exit);
        }
    }
    Ok(Exit::Success)
}

/// After a run that was to stop early, no other may begin.
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

fn one(args: &RunArgs, claim: &mut Claim, source: Source, of_several: bool, out: &mut Output) -> io::Result<Exit> {
    let options = RunOptions {
        gates: args.gates.gates(of_several),
        rows: args.pace.rows(),
        until: args.to.map(Phase::from),
        purge: args.purge,
        lose_writes: false,
    };
    let run = match operate::begin(claim, source, options) {
        Ok(run) => run,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    tell_all(args, run.findings());
    Telling { db: &args.db, format: args.format, quiet: args.quiet }.drive(run, out)
}

fn tell_all(args: &RunArgs, findings: &Findings) {
    tell(&findings.diagnostics, &findings.source);
    tell_verdict(findings.headline().as_ref(), args.quiet);
    if !args.quiet {
        tell_notes(&findings.notes);
    }
}

/// Says what would be done, and leaves the database alone.
fn dry_run(args: &RunArgs, sources: Vec<Source>, out: &mut Output) -> io::Result<Exit> {
    let mut database = match connect(&args.db, args.pace.limits()) {
        Ok(database) => database,
        Err(error) => return Ok(refuse(&error, &args.db)),
    };
    for source in sources {
        match operate::preview(&mut database, source) {
            Ok(prepared) => told_dry(args, &prepared, out)?,
            Err(error @ Error::AlreadyComplete(_)) => drop(refuse(&error, &args.db)),
            Err(error) => return Ok(refuse(&error, &args.db)),
        }
    }
    Ok(Exit::Success)
}

fn told_dry(args: &RunArgs, prepared: &Prepared, out: &mut Output) -> io::Result<()> {
    tell_all(args, prepared.findings());
    if args.quiet {
        return Ok(());
    }
    let mut run = Run::new(Arc::clone(&prepared.plan), Memory::default());
    run.dry_run(args.to.map(Phase::from));
    args.format.write(&report_of(&run), out)
}
