//! Drives a run, forwards or back, and says where it stopped.

use std::io::{self, Write};

use serde_json::json;

use super::Exit;
use super::args::{DbArgs, RunFormat};
use super::next_command::{command, help_of, next_command};
use super::output::{Output, complain};
use super::progress::{Bar, JsonLines};
use super::refusal::refuse;
use crate::ast::Phase;
use crate::execute::Failure;
use crate::operate::{ClosedGate, Halt, Journal, NextStep, Run, Todo, state_of};
use crate::report::run::RunReport;

/// How a run is reported.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The database, for the commands that messages name.
    pub db: &'a DbArgs,
    /// How to report.
    pub format: RunFormat,
    /// Report nothing but errors.
    pub quiet: bool,
}

impl Telling<'_> {
    /// Goes on as far as the run goes, and reports.
    ///
    /// # Errors
    /// Writing to `out` failed.
    pub fn drive(self, mut run: Run<'_>, out: &mut Output) -> io::Result<Exit> {
        let halt = match self.format {
            RunFormat::Json => run.go(&mut JsonLines::new(out)),
            RunFormat::Human => run.go(&mut Bar::new(!self.quiet)),
        };
        let exit = match halt {
            Ok(halt) => self.tell(&run, &halt, out)?,
            Err(error) => refuse(&error, self.db),
        };
        self.report(&mut run, exit, out)
    }

    fn tell(self, run: &Run<'_>, halt: &Halt, out: &mut Output) -> io::Result<Exit> {
        match halt {
            Halt::Complete | Halt::RolledBack => Ok(Exit::Success),
            Halt::Phase(phase) => Ok(self.stopped_after(*phase)),
            Halt::Gate(gate) => self.closed(run, gate, out),
            Halt::Interrupted(failure) => Ok(self.interrupted(run, failure)),
            Halt::Failed(failure) => Ok(self.failed(run, failure)),
        }
    }

    fn stopped_after(self, phase: Phase) -> Exit {
        let next = command("resume", self.db, &[]);
        self.say(&format!("stopped after {}; go on with `{next}`", phase.keyword()));
        Exit::Success
    }

    fn closed(self, run: &Run<'_>, closed: &ClosedGate, out: &mut Output) -> io::Result<Exit> {
        let next = next_command(&run.next(closed), self.db);
        let ClosedGate { index, gate, why, who, .. } = closed;
        if self.format == RunFormat::Json {
            let line = json!({ "event": "gate", "index": index + 1, "gate": gate, "waits_for": why, "sessions": who,
                "next": next });
            writeln!(out, "{line}")?;
        } else {
            let who = who.iter().fold(String::new(), |text, who| text + "\n    " + who);
            let (place, todo) = (place(run, *index), in_words(&closed.todo));
            self.say(&format!("{place}: stopped before `{gate}`\n  it waits for {why}{who}\n  {todo}: {next}"));
        }
        Ok(Exit::Waiting)
    }

    fn interrupted(self, run: &Run<'_>, failure: &Failure) -> Exit {
        let (place, what, left) = (place(run, failure.index), statement(run, failure), left(run, failure.index));
        complain(&format!("{place}: stopped by Ctrl-C at `{what}`; {left}"), Some(&self.ways_on(run)));
        Exit::Interrupted
    }

    fn failed(self, run: &Run<'_>, failure: &Failure) -> Exit {
        let (place, what, left) = (place(run, failure.index), statement(run, failure), left(run, failure.index));
        let verb = if run.is_rollback() { "cannot be undone" } else { "failed" };
        let ways_on = format!("{left}\n{}", self.ways_on(run));
        let help = help_of(&failure.fault).into_iter().chain([ways_on]).collect::<Vec<_>>().join("\n");
        complain(&format!("{place}: `{what}` {verb}: {}", failure.fault.message), Some(&help));
        Exit::Failed
    }

    fn ways_on(self, run: &Run<'_>) -> String {
        let rollback = next_command(&NextStep::Rollback { confirm: None }, self.db);
        if run.is_rollback() {
            return format!("go on with `{rollback}`");
        }
        let resume = next_command(&NextStep::Resume { confirm: None }, self.db);
        format!("go on with `{resume}`, or undo it with `{rollback}`")
    }

    fn say(self, text: &str) {
        if !self.quiet {
            io::stderr().write_all(format!("{text}\n").as_bytes()).ok();
        }
    }

    fn report(self, run: &mut Run<'_>, exit: Exit, out: &mut Output) -> io::Result<Exit> {
        if self.quiet {
            return Ok(exit);
        }
        match run.journal() {
            Ok(journal) => {
                report_of(&journal).map_or(Ok(()), |report| self.format.write(&report, out))?;
                Ok(exit)
            }
            Err(error) if exit == Exit::Success => Ok(refuse(&error, self.db)),
            // What went wrong was said before.
            Err(_) => Ok(exit),
        }
    }
}

/// What is done before the command that goes on.
fn in_words(todo: &Todo) -> String {
    match todo {
        Todo::Deploy(app) => format!("deploy `{app}`, then"),
        Todo::Stop(app) => format!("stop the last instance of `{app}`, then"),
        Todo::MakeSure => "when that is true".to_owned(),
        Todo::Wait => "when the time has passed".to_owned(),
        Todo::StopSessions => "stop the sessions that are still connected, then".to_owned(),
    }
}

/// The report of the run of a journal.
fn report_of(journal: &Journal) -> Option<RunReport> {
    let run = journal.runs.first()?;
    let history = journal.entries.iter().map(|entry| (entry.state.tag(), entry.text.clone()));
    Some(RunReport::new(&run.title, state_of(run).tag(), run.percent(), history))
}

/// The first line of the statement that failed or was stopped.
fn statement<'r>(run: &'r Run<'_>, failure: &Failure) -> &'r str {
    run.findings().source.first_line(failure.span)
}

/// In which state the database is left.
fn left(run: &Run<'_>, index: usize) -> String {
    let all = run.plan().steps.len();
    match (run.is_rollback(), index) {
        (true, _) => format!("statements 1 to {} of {all} are still in place", index + 1),
        (false, 0) => "nothing before it was done".to_owned(),
        (false, 1) => format!("the statement before it is done and stays, 1 of {all}"),
        (false, _) => format!("the {index} statements before it are done and stay, of {all}"),
    }
}

fn place(run: &Run<'_>, index: usize) -> String {
    let source = &run.findings().source;
    let Some(step) = run.plan().steps.get(index) else { return source.name().to_owned() };
    source.place(step.span)
}
