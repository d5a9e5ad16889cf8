//! `miglab check`.

use std::cell::Cell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, ValueEnum};

use super::database::DatabaseArgs;
use super::files::ScriptPaths;
use super::inferences::{Inference, Inferences};
use super::input::{self, BYTE_ORDER_MARK, Input, InputError, STDIN};
use super::output::{Output, complain};
use super::{Exit, diff, parallel, write};
use crate::check::{self, Findings};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::fix;
use crate::infer::{self, Inferred};
use crate::phrase::{counted, reason};
use crate::report::{FileFindings, Format, Report, Terminal};
use crate::source::Source;
use crate::syntax;

/// Prove that scripts are safe, or say what is wrong with them, without running them
#[derive(Debug, Args)]
#[command(after_help = "\
Whatever the versions of the application write while the plan runs, and wherever it
crashes and resumes: no version reads an old value, no write is lost or rejected, no
statement fails. That is proved for any number of rows and clients, or refuted by the
shortest schedule that ends badly; what cannot be proved is named. `miglab explain model`
says how, `miglab explain CODE` says more about a finding.

Exit codes:
  0  no errors: the plans are proved, perhaps provided that conditions hold (`condition`, a
     warning), or nothing wrong was found (`not-proved`, a warning)
  1  errors were found: a plan is refuted, or cannot be read or run as it stands
  2  a file could not be read

Examples:
  miglab check                            every *.mig in and below this folder
  miglab check rename.mig migrations/     a file and a folder
  miglab check --deny warnings            warnings fail as well
  miglab check --deny conditions          of the warnings, only what a proof depends on fails
  miglab check --fix                      apply the fixes that need no thinking
  miglab check --infer-apps rename.mig    write down who is assumed to be live
  miglab check --infer-apps --diff        only show what that would write
  miglab check --db postgres://localhost/shop rename.mig   compared with a database
  miglab check --schema dump.sql rename.mig                … or a dump of its schema
  miglab check --format sarif > out.sarif for code scanning
  miglab check - < rename.mig             standard input")]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct CheckArgs {
    /// Scripts, folders with scripts in or below them, or `-` for standard input
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How to report what is found
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Fail on these warnings as well
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Apply the fixes and report what is left
    #[arg(long, conflicts_with_all = ["diff", "db", "schema"])]
    fix: bool,
    /// Write the assumed applications into a script that declares none: their `app` lines, and where they are
    /// deployed and retired
    #[arg(long, conflicts_with_all = ["db", "schema"])]
    infer_apps: bool,
    /// Print what `--fix` (or `--infer-apps`, where that is given) would change, as a unified diff, and change nothing
    #[arg(long, conflicts_with_all = ["db", "schema"])]
    diff: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print findings, and verdicts that are more than `proved`: no other notes, no summary
    #[arg(short, long)]
    quiet: bool,
}

/// What else fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings, conditions among them
    Warnings,
    /// Conditions: what is not known of values, and what the proof depends on
    Conditions,
}

impl Deny {
    fn covers(self, warning: &Diagnostic) -> bool {
        match self {
            Self::Warnings => true,
            Self::Conditions => warning.code == Code::Condition,
        }
    }
}

/// What there is to tell of one script.
pub(super) struct FileOutcome {
    findings: Findings,
    diff: String,
    fixed: usize,
    inferred: Option<Inference>,
}

impl FileOutcome {
    fn as_it_is(findings: Findings) -> Self {
        Self { findings, diff: String::new(), fixed: 0, inferred: None }
    }
}

/// A script after what was asked for.
struct Changed {
    /// What was found in it as it was.
    before: Findings,
    after: Findings,
    fixed: usize,
    inferred: Option<Inference>,
}

/// Checks the scripts and reports what was found.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &CheckArgs, out: &mut Output) -> io::Result<Exit> {
    if let Some(option) = args.writing().filter(|_| args.paths.iter().any(|path| path.as_os_str() == STDIN)) {
        let message = format!("`{option}` cannot change standard input");
        complain(&message, Some("use `--diff` to see what it would change"));
        return Ok(Exit::CouldNotRun);
    }
    let mut database = match args.database.is_given().then(|| args.database.open()) {
        Some(None) => return Ok(Exit::CouldNotRun),
        other => other.flatten(),
    };
    let found = ScriptPaths::in_paths(&args.paths);
    let mut session = CheckRun::new(args, out);
    found.errors.iter().try_for_each(|error| session.unreadable(error))?;
    if let Some(database) = &mut database {
        for path in &found.scripts {
            let checked = database.check(path).map(FileOutcome::as_it_is);
            if session.take(checked)?.is_break() {
                break;
            }
        }
        return session.finish();
    }
    let check = |path: &PathBuf| args.check(path);
    parallel::in_order(&found.scripts, check, |outcome| session.take(outcome))?;
    session.finish()
}

impl CheckArgs {
    /// The option for which scripts are rewritten.
    fn writing(&self) -> Option<&'static str> {
        match (self.diff, self.fix, self.infer_apps) {
            (false, true, _) => Some("--fix"),
            (false, _, true) => Some("--infer-apps"),
            _ => None,
        }
    }

    pub(super) fn check(&self, path: &Path) -> Result<FileOutcome, InputError> {
        let input = input::read(path)?;
        let changed = self.changed(input.source.clone());
        let mut told = if self.diff { differing(changed) } else { rewritten(path, &input, changed)? };
        if told.findings.diagnostics.is_empty() {
            // Nobody will look into it again, and there may be thousands.
            told.findings.source = Source::new(told.findings.source.name(), "");
        }
        Ok(told)
    }

    /// The script with its fixes, or its applications, or both.
    fn changed(&self, source: Source) -> Changed {
        if self.infer_apps {
            return self.with_apps(source);
        }
        let before = check::findings(source);
        let (after, fixed) = if self.fix || self.diff {
            let fixed = fix::fix_all(before.clone(), check::findings);
            (fixed.checked, fixed.applied)
        } else {
            (before.clone(), 0)
        };
        Changed { before, after, fixed, inferred: None }
    }

    /// The script with its applications, and with its fixes where they are asked for.
    fn with_apps(&self, source: Source) -> Changed {
        let whole = |source| check::check(syntax::parse(source), &[]);
        let (mut checked, mut fixed) = (whole(source), 0);
        let before = checked.findings.clone();
        if self.fix {
            let after = fix::fix_all(checked, whole);
            (checked, fixed) = (after.checked, after.applied);
        }
        let inferred = infer::apps(&checked);
        let after = match &inferred {
            Inferred::Apps(fix) => {
                let text = fix::apply_one(checked.source().text(), fix);
                check::findings(Source::new(checked.source().name(), text))
            }
            _ => checked.findings,
        };
        Changed { before, after, fixed, inferred: Some(Inference::from(&inferred)) }
    }

    fn fails_on(&self, diagnostic: &Diagnostic) -> bool {
        match diagnostic.severity {
            Severity::Error => true,
            Severity::Warning => self.deny.is_some_and(|deny| deny.covers(diagnostic)),
            Severity::Advice => false,
        }
    }
}

/// Writes the script back where it was changed.
fn rewritten(path: &Path, input: &Input, changed: Changed) -> Result<FileOutcome, InputError> {
    let Changed { after: findings, fixed, inferred, .. } = changed;
    if findings.source.text() != input.source.text() {
        let mark = if input.byte_order_mark { BYTE_ORDER_MARK } else { "" };
        let text = format!("{mark}{}", findings.source.text());
        let unwritten = |error| InputError { verb: "write", ..InputError::new(path, reason(&error)) };
        write::replace(path, &text).map_err(unwritten)?;
    }
    Ok(FileOutcome { findings, diff: String::new(), fixed, inferred })
}

/// The findings in the script as it is, with the diff to what it would become.
fn differing(changed: Changed) -> FileOutcome {
    let Changed { before: findings, after, inferred, .. } = changed;
    let (old, new) = (findings.source.text(), after.source.text());
    let diff =
        if old == new { String::new() } else { diff::unified(findings.source.name(), old, new, Terminal::stdout()) };
    let inferred = inferred.filter(|inference| *inference != Inference::Written);
    FileOutcome { findings, diff, fixed: 0, inferred }
}

/// Where results go.
enum Sink<'a> {
    Report(Box<dyn Report + 'a>),
    Diffs(&'a mut Output),
}

/// One command on its way, and what its exit code will be.
struct CheckRun<'a> {
    args: &'a CheckArgs,
    sink: Sink<'a>,
    closed: Rc<Cell<bool>>,
    exit: Exit,
    fixed: usize,
    inferences: Inferences,
}

impl<'a> CheckRun<'a> {
    fn new(args: &'a CheckArgs, out: &'a mut Output) -> Self {
        let closed = out.closed();
        let sink = if args.diff {
            Sink::Diffs(out)
        } else {
            Sink::Report(args.format.report(out, Terminal::stdout(), args.quiet))
        };
        Self { args, sink, closed, exit: Exit::Success, fixed: 0, inferences: Inferences::default() }
    }

    fn take(&mut self, outcome: Result<FileOutcome, InputError>) -> io::Result<ControlFlow<()>> {
        match outcome {
            Ok(told) => self.told(&told)?,
            Err(error) => self.unreadable(&error)?,
        }
        Ok(if self.closed.get() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn told(&mut self, FileOutcome { findings, diff, fixed, inferred }: &FileOutcome) -> io::Result<()> {
        self.fixed += fixed;
        if let Some(inference) = inferred {
            self.inferences.count(*inference, findings.source.name());
        }
        if findings.diagnostics.iter().any(|diagnostic| self.args.fails_on(diagnostic)) {
            self.exit = self.exit.max(Exit::Failed);
        }
        let Findings { source, diagnostics, notes, .. } = findings;
        let headline = findings.headline();
        let headline = headline.as_ref();
        match &mut self.sink {
            Sink::Report(report) => report.file(FileFindings { source, diagnostics, headline, notes }),
            Sink::Diffs(out) => out.write_all(diff.as_bytes()),
        }
    }

    fn unreadable(&mut self, error: &InputError) -> io::Result<()> {
        error.complain();
        self.exit = self.exit.max(Exit::CouldNotRun);
        match &mut self.sink {
            Sink::Report(report) => report.unreadable(&error.path, &error.why),
            Sink::Diffs(_) => Ok(()),
        }
    }

    fn finish(mut self) -> io::Result<Exit> {
        if let Sink::Report(report) = &mut self.sink {
            report.finish()?;
        }
        if self.fixed > 0 && !self.args.quiet {
            let fixed = counted(self.fixed, "finding", "findings");
            writeln!(io::stderr(), "fixed {fixed}").ok();
        }
        if !self.args.quiet {
            io::stderr().write_all(self.inferences.summary().as_bytes()).ok();
        }
        Ok(self.exit)
    }
}
