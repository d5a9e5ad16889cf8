//! Answers to command lines that cannot be understood.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Error};

use super::output::complain;
use super::{Cli, Exit};

/// Writes what `clap` has to say: help, the version, or what is wrong.
pub(super) fn report(error: &Error) -> Exit {
    if let Some(script) = script_without_command(error) {
        let help = format!("miglab check {script}\nmiglab run {script}\nmiglab repl {script}");
        complain(&format!("`{script}` is a script; say what to do with it"), Some(&help));
        return Exit::CouldNotRun;
    }
    // A closed pipe is no reason for another exit code.
    error.print().ok();
    if error.use_stderr() { Exit::CouldNotRun } else { Exit::Success }
}

/// Writes the help to standard error: there is nothing to do, and no terminal to ask.
pub(super) fn no_command() -> Exit {
    let help = Cli::command().render_help();
    std::io::Write::write_all(&mut std::io::stderr(), help.to_string().as_bytes()).ok();
    Exit::CouldNotRun
}

fn script_without_command(error: &Error) -> Option<&str> {
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) => is_script(word).then_some(word),
        _ => None,
    }
}

fn is_script(word: &str) -> bool {
    let path = Path::new(word);
    path.extension().is_some_and(|extension| extension == "mig") || path.is_file()
}
