//! A line in, a reply out.

use std::path::PathBuf;

use crate::diagnostic::{Complaint, Diagnostic};
use crate::lab;
use crate::phrase::counted;
use crate::repl::commands::{self, Command};
use crate::repl::guide;
use crate::repl::present::Present;
use crate::repl::reading::{self, Input};
use crate::repl::session::{Said, Session};
use crate::report::render;
use crate::report::terminal::Paint;

/// What to print for a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// What to print; it ends with a line feed unless it is empty.
    pub text: String,
    /// The session is over.
    pub quit: bool,
    /// The line is the beginning of something longer; nothing was done.
    pub incomplete: bool,
    /// The line could not be done; nothing, or for a `run` only what the text says, was changed.
    pub failed: bool,
}

impl Session {
    /// What a session says first.
    #[must_use]
    pub fn greeting(&self) -> String {
        let title = if self.file.is_some() { self.present.run.plan().title.as_str() } else { "an empty session" };
        let title = self.terminal.paint(title, Paint::Bold);
        let mut text = format!("miglab: {title}. `help` lists the commands, `step` does the next statement.\n");
        if self.file.is_none() {
            text =
                format!("miglab: {title}. Type a `table` and statements, or `load FILE`; `help` lists the commands.\n");
        }
        let is_told = |found: &&Diagnostic| !found.is_about_assumed_versions();
        let findings = self.present.opened.checked.findings.diagnostics.iter().filter(is_told).count();
        if findings > 0 && self.file.is_some() {
            text += &format!("{}: `check` shows them\n", counted(findings, "finding", "findings"));
        }
        if self
            .present
            .opened
            .checked
            .findings
            .diagnostics
            .iter()
            .any(|finding| finding.code.refutes() && !finding.is_about_assumed_versions())
        {
            text += "this plan is unsafe: `why` shows how it goes wrong\n";
        }
        text
    }

    /// What stands before a line: `rename [3/6 MIGRATING]> `.
    #[must_use]
    pub fn prompt(&self) -> String {
        let name = self.file.as_ref().and_then(|file| file.file_stem()).map(|stem| stem.to_string_lossy());
        let name = name.as_deref().unwrap_or("miglab");
        let (run, all) = (&self.present.run, self.present.run.plan().steps.len());
        match all {
            0 => format!("{name}> "),
            _ => format!("{name} [{}/{all} {}]> ", run.position(), run.state().tag()),
        }
    }

    /// Does what a line says. Several lines may come at once: a block, or commands under one another.
    pub fn line(&mut self, text: &str) -> Reply {
        let first = text.trim_start().lines().next().unwrap_or_default();
        if commands::parse(first).is_none() {
            return self.unit(text);
        }
        let mut reply = Reply::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let next = self.unit(line);
            reply = Reply { text: reply.text + &next.text, ..next };
            if reply.quit || reply.failed || reply.incomplete {
                break;
            }
        }
        reply
    }

    /// The same for a line that nothing follows: what is incomplete is refused.
    pub fn last_line(&mut self, text: &str) -> Reply {
        if let Input::Incomplete(incomplete) = reading::read(text) {
            let text = self.complain(&Complaint::new(incomplete.to_string()));
            return Reply { text, failed: true, ..Reply::default() };
        }
        self.line(text)
    }

    fn unit(&mut self, text: &str) -> Reply {
        let said = match reading::read(text) {
            Input::Nothing => Ok(String::new()),
            Input::Incomplete(_) => return Reply { incomplete: true, ..Reply::default() },
            Input::Command(Command::Quit) => return Reply { quit: true, ..Reply::default() },
            Input::Command(command) => self.command(command),
            Input::Refused(complaint) => Err(self.complain(&complaint)),
            Input::Unreadable(source, diagnostics) => {
                Err(diagnostics.iter().map(|found| render(found, &source, self.terminal)).collect())
            }
            Input::Acts(act) => self.act(*act),
            Input::Typed(script) => self.typed(&script),
        };
        match said {
            Ok(text) => Reply { text, ..Reply::default() },
            Err(text) => Reply { text, failed: true, ..Reply::default() },
        }
    }

    fn command(&mut self, command: Command) -> Said {
        match command {
            Command::Step(count) => self.step(count),
            Command::Back(count) => self.back(count),
            Command::Run(until) => self.run(until),
            Command::Rollback => self.rollback(),
            Command::Restart => Ok(self.restart()),
            Command::Load(path) => self.load(path),
            Command::Save(path) => self.save(path),
            Command::Plan => Ok(self.plan_view()),
            Command::Table(name) => self.table_view(name.as_deref()),
            Command::Schema => Ok(self.schema_view()),
            Command::History => Ok(self.history_view()),
            Command::Apps => Ok(self.apps_view()),
            Command::Syncs => Ok(self.syncs_view()),
            Command::Check => Ok(self.check_view()),
            Command::Why(why) => self.show_why(why),
            Command::Explain(code) => guide::explain(code.as_deref(), self.terminal).map_err(|c| self.complain(&c)),
            Command::Help(about) => guide::help(about.as_deref(), self.terminal).map_err(|c| self.complain(&c)),
            Command::Quit => Ok(String::new()),
        }
    }

    fn load(&mut self, path: Option<PathBuf>) -> Said {
        let Some(path) = path.or_else(|| self.file.clone()) else {
            return Err(self.complain(&Complaint::new("no file is named").help("as in `load rename.mig`")));
        };
        let source = self.host.read(&path).map_err(|complaint| self.complain(&complaint))?;
        let same = self.file.as_ref() == Some(&path);
        let rows = if same { self.rows.clone() } else { Vec::new() };
        let lab =
            lab::open_to_play(source.clone(), &rows).map_err(|error| guide::refused(&error, &source, self.terminal))?;
        self.rows = rows;
        self.file = Some(path);
        self.present = Present::new(lab);
        self.past.clear();
        Ok(self.greeting())
    }

    fn save(&mut self, path: Option<PathBuf>) -> Said {
        let Some(path) = path.or_else(|| self.file.clone()) else {
            return Err(self.complain(&Complaint::new("no file is named").help("as in `save rename.mig`")));
        };
        let (text, own) = (self.present.opened.checked.source().text(), self.file.as_ref() == Some(&path));
        self.host.write(&path, text, own).map_err(|complaint| self.complain(&complaint))?;
        let said = format!("wrote {} to `{}`\n", counted(text.lines().count(), "line", "lines"), path.display());
        self.file = Some(path);
        let left_out = self.present.waiting.iter();
        let left_out = left_out.map(|(name, _)| format!("`{name}` is not in it, because it is not deployed\n"));
        Ok(said + &left_out.collect::<String>())
    }
}
