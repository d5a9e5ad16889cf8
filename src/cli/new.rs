//! `miglab new`.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;

use super::Exit;
use super::output::{Output, complain};
use crate::check;
use crate::diagnostic::{Diagnostic, Severity};
use crate::phrase::reason;
use crate::scaffold::{self, Kind, New};
use crate::source::Source;

/// Write a complete, commented, safe script
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  miglab new rename-column users.username display_name > rename.mig
  miglab new add-column users.nickname text --output nickname.mig
  miglab new rename-column --help")]
pub struct NewArgs {
    #[command(flatten)]
    new: New,
}

/// Writes the script to `out` or its file.
///
/// # Errors
/// Writing to `out` failed.
pub fn execute(args: &NewArgs, out: &mut Output) -> io::Result<Exit> {
    let New { kind, output, force } = &args.new;
    match (sound_script(kind), output) {
        (Ok(script), None) => out.write_all(script.as_bytes()).map(|()| Exit::Success),
        (Ok(script), Some(path)) => Ok(write_file(&script, path, *force)),
        (Err(why), _) => {
            complain(&why.message, why.help.as_deref());
            Ok(Exit::CouldNotRun)
        }
    }
}

/// Why there is no script, and what to do.
struct Unsound {
    message: String,
    help: Option<String>,
}

/// The script, unless what was asked for cannot be right: a default that is not a value of the type, say.
fn sound_script(kind: &Kind) -> Result<String, Unsound> {
    let script = scaffold::script(kind).map_err(|message| Unsound { message, help: None })?;
    let checked = check::findings(Source::new("new", script.as_str()));
    match checked.diagnostics.iter().find(|found| found.severity == Severity::Error) {
        Some(wrong) => Err(Unsound {
            message: format!("this would write a script with an error: {}", wrong.message),
            help: help_for(kind, wrong),
        }),
        None => Ok(script),
    }
}

/// What to give besides, where values do not fit; otherwise what helps with the finding.
fn help_for(kind: &Kind, wrong: &Diagnostic) -> Option<String> {
    match kind {
        Kind::ChangeType(_) if wrong.code.refutes() => {
            let how = "say how each value is carried over, for example `--using \"case when … then … else … end\"`, and \
                       `--back` for the other way; a value that has no counterpart needs a decision: keep it out with a \
                       check before, or keep the old column";
            Some(how.to_owned())
        }
        _ => wrong.help.as_ref().and_then(|help| Some(help.lines().next()?.to_owned())),
    }
}

fn write_file(script: &str, path: &Path, force: bool) -> Exit {
    let Err(error) = scaffold::write(script, path, force) else {
        return Exit::Success;
    };
    let path = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        complain(&format!("`{path}` already exists"), Some("`--force` replaces it"));
    } else {
        complain(&format!("cannot write `{path}`: {}", reason(&error)), None);
    }
    Exit::CouldNotRun
}
