//! `miglab repl`.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Output, complain};
use super::run::RowsArg;
use super::{Exit, input, interrupt, write};
use crate::diagnostic::Complaint;
use crate::lab::{OpenError, RowsFile};
use crate::phrase::reason;
use crate::repl::{Host, Session, editor, pipe};
use crate::report::{Terminal, render};
use crate::source::Source;

/// Step through a migration, back and forth, and act as its applications
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Type `help` in the session for its commands. Without a terminal, lines are read from standard input, and the exit code
is 1 if one of them failed.

MIGLAB_HISTORY names the file that keeps what was typed.

Examples:
  miglab repl                                         an empty database
  miglab repl rename.mig --rows users=people.csv      a script to step through
  echo 'run migrate' | miglab repl rename.mig         without a terminal")]
pub struct ReplArgs {
    /// The script to step through
    pub script: Option<PathBuf>,
    /// Rows for a table, instead of the script's own; can be given for several tables
    #[arg(long, value_name = "TABLE=FILE.csv")]
    pub rows: Vec<RowsArg>,
}

/// Opens the session.
///
/// # Errors
/// Reading from or writing to the terminal failed.
pub fn execute(args: &ReplArgs) -> io::Result<Exit> {
    let source = match args.script.as_deref().map(input::read).transpose() {
        Ok(read) => read.map(|input| input.source),
        Err(error) => {
            error.complain();
            return Ok(Exit::CouldNotRun);
        }
    };
    let terminal = Terminal::stdout();
    let rows: Vec<RowsFile> = args.rows.iter().map(RowsArg::to_rows_file).collect();
    let opened = match &source {
        Some(source) => Session::open(Box::new(Machine), terminal, source.clone(), rows),
        None => Session::empty(Box::new(Machine), terminal, rows),
    };
    match opened {
        Ok(session) => drive(session, terminal),
        Err(error) => Ok(refuse(&error, source.as_ref())),
    }
}

fn drive(mut session: Session, terminal: Terminal) -> io::Result<Exit> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        interrupt::listen();
        editor::run(&mut session, terminal, &interrupt::reset)?;
        return Ok(Exit::Success);
    }
    let mut out = Output::stdout();
    let all_done = pipe::run(&mut session, io::stdin().lock(), &mut out)?;
    Ok(if all_done { Exit::Success } else { Exit::Failed })
}

fn refuse(error: &OpenError, source: Option<&Source>) -> Exit {
    match (error, source) {
        (OpenError::Refused(diagnostics), Some(source)) => {
            let terminal = Terminal::stderr();
            let text: Vec<String> = diagnostics.iter().map(|found| render(found, source, terminal)).collect();
            io::stderr().write_all(text.concat().as_bytes()).ok();
            complain("the script has errors, so it was not opened", Some("`miglab explain CODE` says more about each"));
            Exit::Failed
        }
        (OpenError::Rows(complaint), _) => {
            complain(&complaint.message, complaint.help.as_deref());
            Exit::CouldNotRun
        }
        (OpenError::Refused(_), None) => Exit::CouldNotRun,
    }
}

/// This computer.
struct Machine;

impl Host for Machine {
    fn read(&self, path: &Path) -> Result<Source, Complaint> {
        input::read(path).map(|input| input.source).map_err(|error| error.complaint())
    }

    fn write(&self, path: &Path, text: &str, may_replace: bool) -> Result<(), Complaint> {
        let there = path.exists();
        if there && !may_replace {
            let complaint = Complaint::new(format!("`{}` already exists", path.display()));
            return Err(complaint.help("save under another name"));
        }
        let written = if there { write::replace(path, text) } else { std::fs::write(path, text) };
        written.map_err(|error| Complaint::new(format!("cannot write `{}`: {}", path.display(), reason(&error))))
    }

    fn interrupted(&self) -> bool {
        interrupt::interrupted()
    }
}
