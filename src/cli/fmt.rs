//! `miglab fmt`.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;

use super::files::ScriptPaths;
use super::input::{self, InputError, STDIN};
use super::output::{Output, complain};
use super::{Exit, diff, parallel, write};
use crate::diagnostic::Diagnostic;
use crate::phrase::{counted, reason};
use crate::report::{Terminal, clean, render};
use crate::source::Source;

/// Format scripts
#[derive(Debug, Args)]
#[command(after_help = "\
There is one form and nothing to configure. Comments are kept. A script with syntax errors is left as it is.

Exit codes: 0 done, 1 `--check` or `--diff` found something to change, 2 a script could not be read or written.

Examples:
  miglab fmt migrations/          rewrite every *.mig in and below a folder
  miglab fmt --check migrations/  only say which would change, for CI
  miglab fmt - < rename.mig       standard input to standard output")]
pub struct FmtArgs {
    /// Scripts, folders with scripts in or below them, or `-` for standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// List the scripts that would change, and change nothing
    #[arg(long, conflicts_with = "diff")]
    check: bool,
    /// Print what would change as a unified diff, and change nothing
    #[arg(long)]
    diff: bool,
}

/// What came of one script.
enum Formatted {
    Same(Source),
    Changed { path: PathBuf, source: Source, text: String },
    Broken { source: Source, diagnostics: Vec<Diagnostic> },
    Unreadable(InputError),
}

/// Formats the scripts.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &FmtArgs, out: &mut Output) -> io::Result<Exit> {
    let found = ScriptPaths::in_paths(&args.paths);
    found.errors.iter().for_each(InputError::complain);
    let mut exit = if found.errors.is_empty() { Exit::Success } else { Exit::CouldNotRun };
    let mut changed = 0;
    parallel::in_order(
        &found.scripts,
        |path| format(path),
        |outcome| {
            changed += usize::from(matches!(outcome, Formatted::Changed { .. }));
            exit = exit.max(args.conclude(outcome, out)?);
            Ok(if out.closed().get() && !args.writes() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        },
    )?;
    if args.check && changed > 0 {
        writeln!(io::stderr(), "{} would change; `miglab fmt` does it", counted(changed, "file", "files")).ok();
    }
    Ok(exit)
}

fn format(path: &Path) -> Formatted {
    let source = match input::read(path) {
        Ok(input) => input.source,
        Err(error) => return Formatted::Unreadable(error),
    };
    match crate::syntax::format(&source) {
        Ok(text) if text == source.text() => Formatted::Same(source),
        Ok(text) => Formatted::Changed { path: path.to_owned(), source, text },
        Err(diagnostics) => Formatted::Broken { source, diagnostics },
    }
}

impl FmtArgs {
    fn writes(&self) -> bool {
        !self.check && !self.diff
    }

    fn conclude(&self, outcome: Formatted, out: &mut Output) -> io::Result<Exit> {
        match outcome {
            Formatted::Same(source) => self.conclude_same(&source, out),
            Formatted::Changed { path, source, text } => self.conclude_changed(&path, &source, &text, out),
            Formatted::Broken { source, diagnostics } => {
                complain_about(&source, &diagnostics);
                Ok(Exit::CouldNotRun)
            }
            Formatted::Unreadable(error) => {
                error.complain();
                Ok(Exit::CouldNotRun)
            }
        }
    }

    fn conclude_same(&self, source: &Source, out: &mut Output) -> io::Result<Exit> {
        if self.writes() && source.name() == input::STDIN_NAME {
            out.write_all(source.text().as_bytes())?;
        }
        Ok(Exit::Success)
    }

    fn conclude_changed(&self, path: &Path, source: &Source, text: &str, out: &mut Output) -> io::Result<Exit> {
        if self.diff {
            out.write_all(diff::unified(source.name(), source.text(), text, Terminal::stdout()).as_bytes())?;
            return Ok(Exit::Failed);
        }
        if self.check {
            writeln!(out, "{}", clean(source.name()))?;
            return Ok(Exit::Failed);
        }
        if path.as_os_str() == STDIN {
            out.write_all(text.as_bytes())?;
            return Ok(Exit::Success);
        }
        Ok(rewrite(path, text))
    }
}

fn rewrite(path: &Path, text: &str) -> Exit {
    match write::replace(path, text) {
        Ok(()) => Exit::Success,
        Err(error) => {
            complain(&format!("cannot write `{}`: {}", path.display(), reason(&error)), None);
            Exit::CouldNotRun
        }
    }
}

/// Syntax errors go to standard error: standard output may be the formatted script.
fn complain_about(source: &Source, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let text = render(diagnostic, source, Terminal::stderr());
        if writeln!(io::stderr(), "{text}").is_err() {
            return;
        }
    }
}
