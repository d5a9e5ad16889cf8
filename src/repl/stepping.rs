//! Forth and back through a plan.

use std::ops::ControlFlow;

use crate::ast::Phase;
use crate::diagnostic::Complaint;
use crate::engine::memory::AppState;
use crate::execute::{BatchEvent, Failure, Observer, RunState, STOP, StatementEvent};
use crate::phrase::{counted, listed};
use crate::plan::{Gate, Step};
use crate::prove::Words;
use crate::repl::Host;
use crate::repl::commands::Until;
use crate::repl::present::Moment;
use crate::repl::session::{Said, Session};
use crate::report::clean;
use crate::report::terminal::Paint;

/// How many moments are kept to go back to: each holds what it does not share with those around it.
const MOST_MOMENTS: usize = 500;

/// Stops a statement at the next batch when somebody asks.
struct Watch<'a>(&'a dyn Host);

impl Observer for Watch<'_> {
    fn batch(&mut self, _statement: &StatementEvent, _batch: BatchEvent) -> ControlFlow<()> {
        if self.0.interrupted() { STOP } else { ControlFlow::Continue(()) }
    }
}

impl Session {
    /// Does the next statements.
    pub(super) fn step(&mut self, count: usize) -> Said {
        let position = self.present.run.position();
        self.go_to(position.saturating_add(count).min(self.statements()))
    }

    /// Goes on to an end.
    pub(super) fn run(&mut self, until: Until) -> Said {
        let end = match until {
            Until::End => self.statements(),
            Until::Statement(number) => self.end_of_statement(number).map_err(|c| self.complain(&c))?,
            Until::Phase(phase) => self.end_of_phase(phase).map_err(|c| self.complain(&c))?,
        };
        self.go_to(end)
    }

    fn statements(&self) -> usize {
        self.present.run.plan().steps.len()
    }

    fn end_of_statement(&self, number: usize) -> Result<usize, Complaint> {
        let (done, all) = (self.present.run.position(), self.statements());
        if number > all {
            let plan = format!("the plan has {}", counted(all, "statement", "statements"));
            return Err(Complaint::new(format!("there is no statement {number}")).help(plan));
        }
        if number <= done {
            let help = format!("`back {}` goes before it", done + 1 - number);
            return Err(Complaint::new(format!("statement {number} is already done")).help(help));
        }
        Ok(number)
    }

    fn end_of_phase(&self, phase: Phase) -> Result<usize, Complaint> {
        let steps = &self.present.run.plan().steps;
        let last = steps.iter().rposition(|step| step.phase.is_some_and(|other| other <= phase));
        let end = last.map_or(0, |last| last + 1);
        if end > self.present.run.position() {
            return Ok(end);
        }
        let message = format!("nothing of {} is left to do", phase.keyword());
        Err(Complaint::new(message).help("`plan` shows what is left, `run` goes to the end"))
    }

    /// Does statements until `end`; stops where one fails.
    fn go_to(&mut self, end: usize) -> Said {
        if self.present.run.state() == RunState::Complete || self.statements() == 0 {
            return Err(self.complain(&self.nothing_ahead()));
        }
        let mut text = String::new();
        while self.present.run.position() < end {
            match self.advance() {
                Ok((said, moment)) => {
                    text += &said;
                    self.keep(moment);
                }
                Err(said) => return Err(text + &said),
            }
        }
        if self.present.run.position() == self.statements() {
            text += &self.finish()?;
        }
        Ok(text)
    }

    fn nothing_ahead(&self) -> Complaint {
        match self.statements() {
            0 => Complaint::new("there is no statement").help("type one, or `load` a script"),
            _ => Complaint::new("every statement is done").help("`back` goes back, `restart` starts over"),
        }
    }

    /// Keeps a moment to go back to, and forgets the oldest of too many.
    pub(super) fn keep(&mut self, moment: Moment) {
        if self.past.len() >= MOST_MOMENTS {
            self.past.remove(0);
        }
        self.past.push(moment);
    }

    /// Does the next statement, if there is one; gives what to say, and the moment before. A failing one leaves
    /// everything as it was.
    pub(super) fn advance(&mut self) -> Result<(String, Moment), String> {
        let position = self.present.run.position();
        let Some(step) = self.present.run.plan().steps.get(position).cloned() else {
            return Ok((String::new(), self.present.before_step(String::new())));
        };
        let before = self.app_states();
        let moment = self.present.before_step(step.title.clone());
        if let Err(failure) = self.present.run.step(&mut Watch(&*self.host)) {
            self.present.go_back(moment);
            return Err(self.failed(&failure));
        }
        let mut text = self.newest_entries(1);
        text += &self.in_production(&step);
        text += &self.changed_states(&before);
        if let Some(Gate::Deploy(app)) = step.action.gate() {
            text += &self.reads_of(app);
        }
        Ok((text, moment))
    }

    /// Completes the migration after its last statement.
    fn finish(&mut self) -> Said {
        match self.present.run.step(&mut Watch(&*self.host)) {
            Ok(()) => Ok(self.newest_entries(1)),
            Err(failure) => Err(self.failed(&failure)),
        }
    }

    /// The last entries of the history, as lines.
    fn newest_entries(&self, count: usize) -> String {
        let (run, entries) = (&self.present.run, self.present.run.history().entries());
        let (done, all) = (run.position(), self.statements());
        let line = |entry: &crate::execute::Entry| {
            let tag = self.terminal.paint(&format!("[{}]", entry.state.tag()), Paint::Cyan);
            match entry.state {
                RunState::Complete | RunState::RolledBack => format!("{tag} {}\n", entry.text),
                _ => format!("{tag} {done}/{all} {}\n", entry.text),
            }
        };
        entries[entries.len().saturating_sub(count)..].iter().map(line).collect()
    }

    fn failed(&self, failure: &Failure) -> String {
        let number = failure.index + 1;
        if failure.is_interrupt() {
            let complaint = Complaint::new(format!("statement {number} was interrupted and undone"));
            return self.complain(&complaint.help("`step` does it again"));
        }
        let source = self.present.opened.checked.source();
        let (place, first_line) = (source.place(failure.span), source.first_line(failure.span));
        let complaint = Complaint::new(format!("statement {number} failed and was undone: {}", failure.fault.message));
        let place = format!("  at {place}: {first_line}\n");
        let text = self.complain(&complaint) + &clean(&place);
        match &failure.fault.help {
            Some(help) => text + &format!("{} {help}\n", self.terminal.paint("  help:", Paint::Cyan)),
            None => text,
        }
    }

    /// What a gate or a rollout means where real applications run.
    fn in_production(&self, step: &Step) -> String {
        let live: Vec<_> = self.present.memory().catalog().live().collect();
        let said = match step.action.gate() {
            Some(Gate::Deploy(app)) => format!("`{app}` is rolled out now; live from here: {}", listed(&live)),
            Some(Gate::Retire(app)) => {
                format!("no instance of `{app}` may be left now; live from here: {}", listed(&live))
            }
            Some(Gate::Confirm(text)) => format!("the run stops here until somebody confirms \"{text}\""),
            Some(Gate::Wait(_)) => "the run stops here for that time".to_owned(),
            None => return String::new(),
        };
        self.terminal.paint(&format!("  in production: {said}"), Paint::Dim) + "\n"
    }

    pub(super) fn app_states(&self) -> Vec<Option<AppState>> {
        self.apps().iter().map(|app| self.present.memory().app_state(&app.name).ok()).collect()
    }

    /// A line for each application that breaks now and did not before, or works again.
    fn changed_states(&self, before: &[Option<AppState>]) -> String {
        let mut text = String::new();
        for ((app, before), now) in self.apps().iter().zip(before).zip(self.app_states()) {
            match (&now, before) {
                (same, before) if same == before => {}
                (Some(AppState::Breaks(why)), _) => {
                    let said = format!("  `{}` breaks: it {}", app.name, why.join("; it "));
                    text += &(self.terminal.paint(&said, Paint::Red) + "\n");
                }
                (Some(AppState::Works), Some(AppState::Breaks(_))) => {
                    text += &format!("  `{}` works again\n", app.name);
                }
                _ => {}
            }
        }
        text
    }

    /// Travels back before the last things that were done.
    pub(super) fn back(&mut self, count: usize) -> Said {
        if self.past.is_empty() {
            let help = if self.present.writes > 0 { "`restart` undoes what was written" } else { "this is the start" };
            return Err(self.complain(&Complaint::new("there is no statement to go back to").help(help)));
        }
        let (mut text, writes) = (String::new(), self.present.writes);
        for _ in 0..count {
            let Some(moment) = self.past.pop() else { break };
            text += &format!("back before: {}\n", moment.title);
            self.present.go_back(moment);
        }
        match writes - self.present.writes.min(writes) {
            0 => {}
            1 => text += "the write since then is undone with it\n",
            more => text += &format!("the {more} writes since then are undone with it\n"),
        }
        Ok(text)
    }

    /// Undoes everything by inverse statements; what was written stays.
    pub(super) fn rollback(&mut self) -> Said {
        if self.present.run.position() == 0 {
            return Err(self.complain(&Complaint::new("there is nothing to roll back").help("no statement is done")));
        }
        let moment = self.present.before("Roll back".to_owned());
        let known = self.present.run.history().entries().len();
        let warning = self.behind_no_return();
        if let Err(fault) = self.present.run.rollback(&mut Watch(&*self.host)) {
            self.present.go_back(moment);
            let complaint = Complaint::from(fault);
            let message = format!("it cannot be rolled back, and nothing was changed: {}", complaint.message);
            return Err(self.complain(&Complaint { message, ..complaint }));
        }
        self.keep(moment);
        let entries = self.present.run.history().entries().len();
        Ok(warning + &self.newest_entries(entries.saturating_sub(known)))
    }

    /// What a rollback from here may lose of what was written, as a line; nothing where nobody has written.
    fn behind_no_return(&self) -> String {
        let (checked, plan) = (&self.present.opened.checked, self.present.run.plan());
        let why = if self.present.writes == 0 {
            None
        } else if plan.apps.is_empty() {
            Some("no `app` is declared, so the point of no return is not known".to_owned())
        } else {
            let passed = checked.proof().and_then(|proof| proof.no_return.as_ref());
            let passed = passed.filter(|no_return| no_return.step < self.present.run.position());
            passed.map(|no_return| {
                let words = Words::new(plan);
                let why = words.no_return(no_return, &|step| format!("statement {}", step + 1));
                format!("the point of no return is passed: {why}")
            })
        };
        let line =
            |why: String| self.terminal.paint(&format!("{}; `back` takes it back", clean(&why)), Paint::Yellow) + "\n";
        why.map_or_else(String::new, line)
    }

    /// Back to the start, with the script as it is now.
    pub(super) fn restart(&mut self) -> String {
        self.present.restart();
        self.past.clear();
        let all = counted(self.statements(), "statement", "statements");
        format!("at the start, with {all} to do\n")
    }
}
