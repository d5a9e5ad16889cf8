//! What is said where something is not done to a database, and the exit code that goes with it.

use std::io::{self, Write};

use super::Exit;
use super::args::DbArgs;
use super::diff::unified_between;
use super::findings::tell;
use super::next_command::{command, help_of, ways_on};
use super::output::complain;
use crate::engine::{Fault, FaultKind};
use crate::operate::{Course, Error, RunRow, Stopped};
use crate::report::clean;

/// Says why, and what to do.
pub fn refuse(error: &Error, db: &DbArgs) -> Exit {
    if let Some(findings) = error.findings() {
        tell(&findings.diagnostics, &findings.source);
    }
    if let Error::AlreadyComplete(_) = error {
        io::stderr().write_all(format!("{error}\n").as_bytes()).ok();
        return Exit::Success;
    }
    complain(&error.to_string(), help(error, db).as_deref());
    if let Error::Changed { run, now } = error {
        let (old, new) = (format!("{} (as it began)", run.name), format!("{} (now)", now.name()));
        let diff = unified_between((&old, &run.script), (&new, now.text()));
        io::stderr().write_all(clean(&diff).as_bytes()).ok();
    }
    exit_of(error)
}

/// What to do, with the commands that do it.
fn help(error: &Error, db: &DbArgs) -> Option<String> {
    let rollback = || command("rollback", db, &[]);
    Some(match error {
        Error::Held { .. } => format!(
            "`{}` says how far it is; if nothing of it runs any more, end its session with \
             `select pg_terminate_backend(pid)`",
            command("status", db, &[])
        ),
        Error::Refused(_) => "`miglab explain CODE` says more about each".to_owned(),
        Error::NotReady(_) => "`miglab explain preflight` says more".to_owned(),
        Error::AlreadyBegun(run)
        | Error::Unfinished(run)
        | Error::RollingBack(run)
        | Error::NotTheUnfinished { run, .. } => ways_on(run, db),
        Error::Changed { run, .. } if run.is_unfinished() => format!(
            "put it back as it was, or undo what is done first: `{}`; `{}` without the file goes on with the script as it \
             began",
            rollback(),
            command("resume", db, &[])
        ),
        Error::NoRun => command("run SCRIPT", db, &[]),
        Error::PointOfNoReturn { .. } => "`miglab prove` shows how; `--lose-writes` does it all the same".to_owned(),
        Error::NoReturnUnknown { .. } => {
            "if nothing was written since, or it may go, `--lose-writes` does it; with an `app` for each version `miglab \
             prove` names the point of no return before a run"
                .to_owned()
        }
        Error::Fault(fault) | Error::Halfway(fault) => return help_of(fault),
        other => return other.help(),
    })
}

fn exit_of(error: &Error) -> Exit {
    match error {
        Error::Fault(fault) => exit_of_fault(fault, Exit::CouldNotRun),
        Error::Halfway(fault) => exit_of_fault(fault, Exit::Failed),
        Error::AlreadyComplete(_) | Error::NothingToResume { is_complete: true, .. } => Exit::Success,
        Error::AlreadyBegun(run) if waits(run) => Exit::Waiting,
        Error::Held { .. }
        | Error::NoRun
        | Error::NothingToResume { .. }
        | Error::NothingToUndo
        | Error::UnknownGate { .. }
        | Error::KeptRecord { .. } => Exit::CouldNotRun,
        Error::Refused(_)
        | Error::NotReady(_)
        | Error::AlreadyBegun(_)
        | Error::Unfinished(_)
        | Error::Changed { .. }
        | Error::NotTheUnfinished { .. }
        | Error::RollingBack(_)
        | Error::NotTheLast { .. }
        | Error::Purged { .. }
        | Error::PointOfNoReturn { .. }
        | Error::NoReturnUnknown { .. }
        | Error::TableMoved { .. }
        | Error::KeptScript { .. } => Exit::Failed,
    }
}

fn waits(run: &RunRow) -> bool {
    run.course == Course::Running && run.stopped == Some(Stopped::Gate)
}

fn exit_of_fault(fault: &Fault, otherwise: Exit) -> Exit {
    if fault.kind == FaultKind::Interrupted { Exit::Interrupted } else { otherwise }
}
