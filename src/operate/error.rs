//! Why a run is not begun, not gone on with, not undone, not purged: each reason with what a program needs to act on it.

use std::fmt;

use crate::check::Findings;
use crate::engine::Fault;
use crate::engine::postgres::journal::lock::Holder;
use crate::engine::postgres::journal::runs::{Course, RunRow};
use crate::source::Source;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why something was not done. All but [`Error::Halfway`] leave the database as it was.
#[derive(Clone, Debug)]
pub enum Error {
    /// The server was not reached, or refused, before anything was done.
    Fault(Fault),
    /// The server refused in the middle of the work. What is done is written down in the database.
    Halfway(Fault),
    /// Another program has claimed the database.
    Held {
        /// Its session, where this role can see it.
        holder: Option<Holder>,
        /// The run that is not finished.
        run: Option<Box<RunRow>>,
    },
    /// The script has errors, or says of the database what is not so.
    Refused(Box<Findings>),
    /// The script can be run, but the database is not ready for it.
    NotReady(Box<Findings>),
    /// This script was run to its end before.
    AlreadyComplete(Box<RunRow>),
    /// This script has begun and is not finished.
    AlreadyBegun(Box<RunRow>),
    /// Another migration is not finished, and one runs at a time.
    Unfinished(Box<RunRow>),
    /// The script is not what it was when this run began.
    Changed {
        /// The run, with the script as it was.
        run: Box<RunRow>,
        /// The script as it is now.
        now: Source,
    },
    /// No migration was ever run in this database.
    NoRun,
    /// No migration is unfinished.
    NothingToResume {
        /// The last one.
        last: Option<Box<RunRow>>,
        /// The script that was given was run to its end.
        is_complete: bool,
    },
    /// What was given is not the migration that has stopped.
    NotTheUnfinished {
        /// What was given.
        name: String,
        /// The one that has stopped.
        run: Box<RunRow>,
    },
    /// It is being rolled back, so it does not go on.
    RollingBack(Box<RunRow>),
    /// No migration was run, or all are rolled back.
    NothingToUndo,
    /// What was given is not the last migration, which is undone first.
    NotTheLast {
        /// What was given.
        name: String,
        /// The last one.
        run: Box<RunRow>,
    },
    /// What was kept for the rollback was purged.
    Purged {
        /// The migration.
        name: String,
        /// When it was purged.
        at: String,
    },
    /// Undoing would lose what applications have written.
    PointOfNoReturn {
        /// The statement after which it would, on its first line.
        statement: String,
        /// The line of the script, from 1.
        line: usize,
        /// What a rollback would lose, as a sentence.
        why: String,
    },
    /// The script declares no `app`, so nobody knows what undoing would lose.
    NoReturnUnknown {
        /// The migration.
        name: String,
        /// The first statement whose undoing drops what applications may have written, on its first line.
        statement: String,
        /// The line of the script, from 1.
        line: usize,
    },
    /// A gate was confirmed that is not ahead.
    UnknownGate {
        /// What was confirmed.
        gate: String,
        /// The gates that are ahead, as a script writes them.
        ahead: Vec<String>,
    },
    /// A table of the run is not where it was when the run began, and it was not this program that did it.
    TableMoved {
        /// The name by which the script knows it.
        table: String,
        /// Its schema and name now; none if it was dropped.
        now: Option<(String, String)>,
    },
    /// The script that the database keeps of a run can no longer be read, or no longer passes the checks.
    KeptScript {
        /// The script, and what is wrong with it.
        findings: Box<Findings>,
        /// The version of this program that ran it last.
        version: String,
    },
    /// What the database keeps of a run beside its script cannot be read.
    KeptRecord {
        /// The migration.
        name: String,
        /// Why.
        why: String,
    },
}

impl Error {
    /// What to do about it, where that does not depend on how the program is used.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Fault(fault) | Self::Halfway(fault) => return fault.help.clone().map(String::from),
            Self::NotTheLast { run, .. } => return Some(format!("roll `{}` back first", run.name)),
            Self::UnknownGate { ahead, .. } if ahead.is_empty() => "no gate is ahead",
            Self::UnknownGate { ahead, .. } => {
                let ahead: Vec<String> = ahead.iter().map(|gate| format!("`{gate}`")).collect();
                return Some(format!("ahead are {}", ahead.join(", ")));
            }
            Self::Changed { run, .. } if run.course == Course::Complete => "give the new migration a file of its own",
            Self::Purged { .. } => "write a migration that does what is needed",
            Self::TableMoved { .. } => "restore its name and schema, then go on",
            Self::KeptScript { version, .. } if version != VERSION => {
                return Some(format!("use miglab {version}, which ran it last"));
            }
            Self::KeptScript { .. } | Self::KeptRecord { .. } => "was schema `miglab` changed by hand?",
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// The findings in the script, where they are the reason.
    #[must_use]
    pub fn findings(&self) -> Option<&Findings> {
        match self {
            Self::Refused(findings) | Self::NotReady(findings) | Self::KeptScript { findings, .. } => Some(findings),
            _ => None,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) | Self::Halfway(fault) => f.write_str(&fault.message),
            Self::Held { holder, run } => held(f, holder.as_ref(), run.as_deref()),
            Self::Refused(_) => f.write_str("the script has errors, so nothing was run"),
            Self::NotReady(_) => f.write_str("the database is not ready, so nothing was run"),
            Self::AlreadyComplete(run) => {
                let ended = run.ended_at.as_deref().unwrap_or("before");
                write!(f, "{}: already complete since {ended}, nothing to do", run.name)
            }
            Self::AlreadyBegun(run) => {
                let RunRow { name, step, statements, .. } = &**run;
                let reason = run.reason.as_deref().unwrap_or("its process has ended");
                write!(f, "`{name}` has begun already, {step} of {statements} statements are done: {reason}")
            }
            Self::Unfinished(run) => {
                let (name, percent) = (&run.name, run.percent());
                write!(f, "migration `{name}` is not finished ({percent}%), and one runs at a time")
            }
            Self::Changed { run, now } => {
                let began = if run.course == Course::Complete { "it was run" } else { "it began" };
                write!(f, "`{}` was changed since {began} ({})", now.name(), run.started_at)
            }
            Self::NoRun => f.write_str("no migration was run in this database"),
            Self::NothingToResume { last, .. } => {
                f.write_str("there is nothing to resume: no migration is unfinished")?;
                let Some(run) = last else { return Ok(()) };
                let how = if run.course == Course::Complete { "complete" } else { "rolled back" };
                write!(f, "; `{}`, the last one, is {how}", run.name)
            }
            Self::NotTheUnfinished { name, run } => {
                write!(f, "`{name}` is not the unfinished migration: that is `{}`", run.name)
            }
            Self::RollingBack(run) => write!(f, "`{}` is being rolled back", run.name),
            Self::NothingToUndo => {
                f.write_str("there is nothing to undo: no migration was run in this database, or all are rolled back")
            }
            Self::NotTheLast { name, run } => {
                write!(f, "`{name}` is not the last migration of this database: that is `{}`", run.name)
            }
            Self::Purged { name, at } => {
                write!(f, "`{name}` cannot be undone: what was kept for that was purged at {at}")
            }
            Self::PointOfNoReturn { statement, line, why } => {
                write!(f, "the point of no return is passed: after `{statement}` (line {line}), {why}")
            }
            Self::NoReturnUnknown { name, statement, line } => write!(
                f,
                "`{name}` declares no `app`, so its point of no return is not known: undoing `{statement}` (line {line}) \
                 drops what applications have written to it"
            ),
            Self::UnknownGate { gate, .. } => write!(f, "`{gate}` is not a gate that is ahead"),
            Self::TableMoved { table, now } => {
                let what = match now {
                    Some((schema, name)) => format!("is now `{schema}.{name}`"),
                    None => "was dropped".to_owned(),
                };
                write!(f, "table `{table}` {what}, not by miglab, since the run began")
            }
            Self::KeptScript { findings, .. } => {
                let name = findings.source.name();
                write!(f, "the script that the database keeps of `{name}` can no longer be read by miglab {VERSION}")
            }
            Self::KeptRecord { name, why } => write!(f, "what is kept of the run of `{name}` cannot be read: {why}"),
        }
    }
}

fn held(f: &mut fmt::Formatter<'_>, holder: Option<&Holder>, run: Option<&RunRow>) -> fmt::Result {
    let who = holder.map_or_else(|| "a session that this role cannot see".to_owned(), Holder::describe);
    write!(f, "another miglab works on this database: {who}")?;
    let Some(run) = run else { return Ok(()) };
    write!(f, "; it runs `{}`, as user {} in process {} on {}", run.name, run.os_user, run.pid, run.host)
}
