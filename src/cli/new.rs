//! `miglab new`.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;

use super::Exit;
use super::output::{Output, complain};
use crate::check;
use crate::diagnostic::Severity;
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
            complain(&why, None);
            Ok(Exit::CouldNotRun)
        }
    }
}

/// The script, unless what was asked for cannot be right: a default that is not a value of the type, say.
fn sound_script(kind: &Kind) -> Result<String, String> {
    let script = scaffold::script(kind)?;
    let checked = check::findings(Source::new("new", script.as_str()));
    match checked.diagnostics.iter().find(|found| found.severity == Severity::Error) {
        Some(wrong) => Err(format!("this would write a script with an error: {}", wrong.message)),
        None => Ok(script),
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
