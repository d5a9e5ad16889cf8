//! A connection to the database that a command works on, and the lock that lets one work at a time.

use std::process::Command;

use super::args::DbArgs;
use super::words::command;
use crate::cli::Exit;
use crate::cli::output::complain;
use crate::engine::postgres::connect::Address;
use crate::engine::postgres::journal::lock::{self, Holder};
use crate::engine::postgres::journal::{Runner, runs, schema};
use crate::engine::postgres::session::{Limits, Session};
use crate::engine::{Fault, FaultKind};

/// Connects; complains where that fails.
///
/// # Errors
/// The exit code to end with.
pub fn open(db: &DbArgs, limits: Limits) -> Result<Session, Exit> {
    if !db.is_address() {
        return Err(Exit::CouldNotRun);
    }
    let session = Address::find(db.given()).and_then(|address| Session::open(&address, limits));
    session.map_err(|fault| told(&fault, Exit::CouldNotRun))
}

/// Connects, and takes the lock of runs; complains where that fails.
///
/// # Errors
/// The exit code to end with.
pub fn open_alone(db: &DbArgs, limits: Limits) -> Result<Session, Exit> {
    let mut session = open(db, limits)?;
    match lock::take(session.client()) {
        Ok(Ok(())) => Ok(session),
        Ok(Err(holder)) => Err(occupied(&mut session, db, holder.as_ref())),
        Err(fault) => Err(told(&fault, Exit::CouldNotRun)),
    }
}

/// Says who else is at work.
fn occupied(session: &mut Session, db: &DbArgs, holder: Option<&Holder>) -> Exit {
    let who = holder.map_or_else(|| "a session that this role cannot see".to_owned(), Holder::describe);
    let what = match schema::version(session.client()) {
        Ok(Some(_)) => runs::unfinished(session.client()).ok().flatten(),
        _ => None,
    };
    let what = what.map_or_else(String::new, |run| {
        format!("; it runs `{}`, as user {} in process {} on {}", run.name, run.os_user, run.pid, run.host)
    });
    let help = format!(
        "`{}` says how far it is; if nothing of it runs any more, end its session with \
         `select pg_terminate_backend(pid)`",
        command("status", db, &[])
    );
    complain(&format!("another miglab works on this database: {who}{what}"), Some(&help));
    Exit::CouldNotRun
}

/// Complains of a fault; Ctrl-C is none.
pub fn told(fault: &Fault, exit: Exit) -> Exit {
    complain(&fault.message, fault.help.as_deref());
    if fault.kind == FaultKind::Interrupted { Exit::Interrupted } else { exit }
}

/// Whether a miglab has run in this database; complains where that cannot be told.
///
/// # Errors
/// The exit code to end with.
pub fn has_journal(session: &mut Session) -> Result<bool, Exit> {
    let version = schema::version(session.client());
    version.map(|version| version.is_some()).map_err(|fault| told(&fault, Exit::CouldNotRun))
}

/// Who runs this program.
#[must_use]
pub fn runner() -> Runner {
    let variable =
        |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    let host_file = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    Runner {
        host: host_file().or_else(|| variable(&["HOSTNAME", "COMPUTERNAME"])).unwrap_or_else(|| "unknown".to_owned()),
        pid: std::process::id(),
        os_user: variable(&["USER", "LOGNAME", "USERNAME"]).or_else(own_name).unwrap_or_else(|| "unknown".to_owned()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The name of the user, as the system knows it where the environment does not.
fn own_name() -> Option<String> {
    let output = Command::new("id").arg("-un").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|name| !name.is_empty())
}
