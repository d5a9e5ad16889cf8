//! `miglab prove`.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, ValueEnum};

use super::files::ScriptPaths;
use super::input::{self, InputError};
use super::output::Output;
use super::{Exit, parallel};
use crate::check::{self, AssumedProof, Checked};
use crate::diagnostic::Severity;
use crate::plan::Plan;
use crate::plan::assumed::Assumed;
use crate::report::Terminal;
use crate::report::proof::{Answer, Human, Json, ProofReport, ProveOutcome, ProvedPlan, ProvedScript};
use crate::source::Source;
use crate::syntax;

/// Prove that a plan loses no write, whatever happens in between
///
/// Looks at every order in which statements, batches, crashes, rollbacks and the reads and writes of all live
/// applications can meet. A plan is proved for any number of rows, clients and batches, or refuted by the shortest
/// schedule that ends in an anomaly, or not proved, where a statement is outside the model. Where the proof depends on
/// values that nobody can know, it says on which: proved, provided that these conditions hold.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  every plan is proved, perhaps provided that conditions hold (`--deny conditions` makes these 1)
  1  a plan is refuted, or has errors
  2  a file could not be read
  3  no plan is refuted, and one is not proved: a statement is outside the model, or no `app` is declared
     (`--allow not-proved` makes this 0)

Examples:
  miglab prove rename.mig                       the verdict and what it rests on
  miglab prove --quiet migrations/              one line for each plan
  miglab prove --quiet --allow not-proved       in CI: fail on what is refuted only
  miglab prove --quiet --deny conditions        … and on what depends on values
  miglab prove --format json rename.mig         for programs
  miglab prove - < rename.mig                   standard input")]
pub struct ProveArgs {
    /// Scripts, folders with scripts in or below them, or `-` for standard input
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How to report the proofs
    #[arg(long, value_enum, default_value_t = ProofFormat::Human)]
    format: ProofFormat,
    /// Exit with 0 anyway
    #[arg(long, value_enum, value_name = "WHAT")]
    allow: Option<Allow>,
    /// Fail on this as well
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Print one line for each plan: its verdict
    #[arg(short, long)]
    quiet: bool,
}

/// How to report proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProofFormat {
    /// Text for people
    Human,
    /// One JSON document, described by `docs/prove-output.schema.json`
    Json,
}

/// What does not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allow {
    /// Plans that are neither proved nor refuted
    NotProved,
}

/// What else fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Values that are lost, and conditions
    Warnings,
    /// Plans that are proved, provided that conditions hold
    Conditions,
}

/// Proves the scripts and reports what came of it.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &ProveArgs, out: &mut Output) -> io::Result<Exit> {
    let found = ScriptPaths::in_paths(&args.paths);
    let closed = out.closed();
    let report: Box<dyn ProofReport + '_> = match args.format {
        ProofFormat::Human => Box::new(Human::new(out, Terminal::stdout(), args.quiet)),
        ProofFormat::Json => Box::new(Json::new(out)),
    };
    let mut session = ProveRun { args, report, closed, exit: Exit::Success };
    found.errors.iter().try_for_each(|error| session.unreadable(error))?;
    parallel::in_order(&found.scripts, |path| prove_file(path), |outcome| session.take(outcome))?;
    session.report.finish()?;
    Ok(session.exit)
}

/// One command on its way, and what its exit code will be.
struct ProveRun<'a> {
    args: &'a ProveArgs,
    report: Box<dyn ProofReport + 'a>,
    closed: Rc<Cell<bool>>,
    exit: Exit,
}

impl ProveRun<'_> {
    fn take(&mut self, outcome: Result<ProvedScript, InputError>) -> io::Result<ControlFlow<()>> {
        match outcome {
            Ok(script) => {
                self.exit = self.exit.max(self.exit_for(&script));
                self.report.script(&script)?;
            }
            Err(error) => self.unreadable(&error)?,
        }
        Ok(if self.closed.get() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn exit_for(&self, script: &ProvedScript) -> Exit {
        match script.answer() {
            Answer::Conditional if self.args.deny.is_some() => Exit::Failed,
            Answer::Proved | Answer::Conditional | Answer::NotProved
                if script.loses_values() && self.args.deny == Some(Deny::Warnings) =>
            {
                Exit::Failed
            }
            Answer::Proved | Answer::Conditional => Exit::Success,
            Answer::NotProved if self.args.allow == Some(Allow::NotProved) => Exit::Success,
            Answer::NotProved => Exit::NotProved,
            Answer::Refuted | Answer::Errors => Exit::Failed,
        }
    }

    fn unreadable(&mut self, error: &InputError) -> io::Result<()> {
        error.complain();
        self.exit = self.exit.max(Exit::CouldNotRun);
        self.report.unreadable(&error.path, &error.why)
    }
}

fn prove_file(path: &Path) -> Result<ProvedScript, InputError> {
    let source = input::read(path)?.source;
    let outcome = outcome(source.clone());
    Ok(ProvedScript { source, outcome })
}

pub(super) fn outcome(source: Source) -> ProveOutcome {
    let parsed = syntax::parse(source);
    let unread = parsed.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let checked = check::check(parsed, &[]);
    let has_errors = checked.findings.has_errors();
    let has_apps = !checked.script.apps.is_empty();
    if unread || has_errors && !has_apps {
        return ProveOutcome::Errors(checked.findings.diagnostics);
    }
    if !has_apps {
        return without_apps(checked);
    }
    // Rules see what the model does not, such as a backfill that gives another result when it is repeated.
    let is_refuted = checked.findings.headline().is_some_and(|headline| headline.answer == Answer::Refuted);
    if has_errors && !is_refuted {
        return ProveOutcome::Errors(checked.findings.diagnostics);
    }
    let (headline, losses) = (checked.headline(), checked.findings.losses());
    let Some(headline) = headline else { return ProveOutcome::Errors(checked.findings.diagnostics) };
    match checked.into_proof() {
        Ok((plan, proof)) => ProveOutcome::Proof(Box::new(ProvedPlan { plan, proof, headline, losses })),
        Err(findings) => ProveOutcome::Errors(findings.diagnostics),
    }
}

fn without_apps(checked: Checked) -> ProveOutcome {
    let Some(plan) = checked.plan.clone() else { return ProveOutcome::Errors(checked.findings.diagnostics) };
    let (title, source) = (plan.title.clone(), checked.source().clone());
    let losses = checked.findings.losses();
    let Some(AssumedProof { assumed, plan: with_apps, proof, headline }) = checked.into_assumed_proof() else {
        return ProveOutcome::NoApps { title, lines: Vec::new(), assumed: None };
    };
    let lines = lines_of(&source, &plan, &assumed);
    let assumed = Some(Box::new(ProvedPlan { plan: with_apps, proof, headline, losses }));
    ProveOutcome::NoApps { title, lines, assumed }
}

fn lines_of(source: &Source, plan: &Plan, taken: &Assumed) -> Vec<String> {
    let apps = taken.apps.iter().map(|app| app.declaration(plan.default_table.as_ref()));
    let apps: Vec<String> = apps.flat_map(|app| app.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let rollout = taken.rollout.iter().map(|statement| {
        let behind = statement.place.checked_sub(1).and_then(|step| plan.steps.get(step));
        let line = behind.map(|step| source.position(step.span.start).line);
        let place = line.map_or_else(|| "before the first statement".to_owned(), |line| format!("after line {line}"));
        format!("{}  # {place}", statement.text())
    });
    apps.into_iter().chain(rollout).collect()
}
