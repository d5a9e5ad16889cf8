//! Proofs as text for people.

use std::io::{self, Write};

use super::matrix::matrix;
use super::schedule::Drawing;
use super::statements::Statements;
use super::{Answer, Answers, ProofReport, ProveOutcome, ProvedPlan, ProvedScript};
use crate::diagnostic::{Diagnostic, Headline, Severity};
use crate::phrase::counted;
use crate::plan::{ColumnName, Plan};
use crate::prove::{EventKind, Proof, Refutation, Schedule, Words};
use crate::report::plain::{clean_line, wrapped};
use crate::report::terminal::{Paint, Terminal};
use crate::report::{clean, render};
use crate::source::Source;

/// A report for people.
pub struct Human<W> {
    out: W,
    terminal: Terminal,
    /// Only the verdicts.
    quiet: bool,
    answers: Answers,
}

impl<W: Write> Human<W> {
    /// A report to `out`; a `quiet` one has a line for each script.
    pub fn new(out: W, terminal: Terminal, quiet: bool) -> Self {
        Self { out, terminal, quiet, answers: Answers::default() }
    }
}

impl<W: Write> ProofReport for Human<W> {
    fn script(&mut self, script: &ProvedScript) -> io::Result<()> {
        let is_first = self.answers.files == 0;
        self.answers.add(script.answer());
        let path = clean_line(script.source.name());
        if self.quiet {
            return writeln!(self.out, "{path}: {}", verdict(script, self.terminal));
        }
        let gap = if is_first { "" } else { "\n" };
        writeln!(self.out, "{gap}{}", self.terminal.paint(&path, Paint::Dim))?;
        if let ProveOutcome::Errors(diagnostics) = &script.outcome {
            for diagnostic in diagnostics {
                writeln!(self.out, "{}", render(diagnostic, &script.source, self.terminal))?;
            }
        }
        writeln!(self.out, "{}", verdict(script, self.terminal))?;
        match &script.outcome {
            ProveOutcome::Errors(_) => Ok(()),
            ProveOutcome::Proof(proved) => self.out.write_all(self.whole(&script.source, proved).as_bytes()),
            ProveOutcome::NoApps { lines, assumed, .. } => {
                let text = self.advice(&script.source, lines, assumed.as_deref());
                self.out.write_all(text.as_bytes())
            }
        }
    }

    fn unreadable(&mut self, _path: &str, _why: &str) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.answers.files > 1 {
            let gap = if self.quiet { "" } else { "\n" };
            writeln!(self.out, "{gap}{}", self.answers.summary())?;
        }
        self.out.flush()
    }
}

impl<W> Human<W> {
    fn painted(&self, headline: &Headline) -> String {
        self.terminal.paint(&clean_line(&headline.verdict), paint(headline))
    }

    fn whole(&self, source: &Source, proved: &ProvedPlan) -> String {
        let ProvedPlan { plan, proof, headline, losses } = proved;
        let tell = HumanWords { plan, statements: Statements::new(source, plan), terminal: self.terminal };
        let parts = [
            tell.refutations(proof),
            tell.legend(proof),
            tell.conditions(proof),
            tell.losses(losses, source),
            tell.outside(proof),
            tell.matrix(proof),
            tell.no_return(proof),
            tell.explored(proof),
            tell.premises(headline),
        ];
        parts.concat()
    }

    fn advice(&self, source: &Source, lines: &[String], assumed: Option<&ProvedPlan>) -> String {
        let Some(proved) = assumed else { return String::new() };
        let lines: Vec<String> = lines.iter().map(|line| format!("  {}", clean(line))).collect();
        let lines = lines.join("\n");
        let help = self.terminal.paint("help:", Paint::Cyan);
        let verdict = self.painted(&proved.headline);
        let write = "`miglab check --infer-apps` writes them into the script";
        let rest = self.whole(source, proved);
        format!("{help} say who uses what; {write}:\n\n{lines}\n\nadvice: with these, the plan is {verdict}\n{rest}")
    }
}

fn paint(headline: &Headline) -> Paint {
    match headline.answer {
        Answer::Proved if headline.is_plain => Paint::Green,
        Answer::Refuted | Answer::Errors => Paint::Red,
        Answer::Proved | Answer::Conditional | Answer::NotProved => Paint::Yellow,
    }
}

/// The verdict in one line, to be quoted: `proved: "Rename …" is safe for any number of rows, clients and batches`.
fn verdict(script: &ProvedScript, terminal: Terminal) -> String {
    let (verdict, color, sentence) = match &script.outcome {
        ProveOutcome::Errors(diagnostics) => ("not proved", Paint::Red, errors(diagnostics)),
        ProveOutcome::NoApps { title, .. } => {
            let what = "declares no `app`: who reads and writes what, and when, is not known";
            ("not proved", Paint::Yellow, format!("\"{title}\" {what}"))
        }
        ProveOutcome::Proof(proved) => {
            let said = format!("\"{}\" {}", proved.plan.title, judgement(proved, &script.source));
            (proved.headline.verdict.as_str(), paint(&proved.headline), said)
        }
    };
    format!("{}: {}", terminal.paint(&clean_line(verdict), color), clean_line(&sentence))
}

fn errors(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let (is, them) = if errors == 1 { ("comes", "it is") } else { ("come", "they are") };
    format!("{} {is} first; the proof begins once {them} fixed", counted(errors, "error", "errors"))
}

/// What is proved of a plan.
fn judgement(proved: &ProvedPlan, source: &Source) -> String {
    let ProvedPlan { plan, proof, headline, losses } = proved;
    let statements = Statements::new(source, plan);
    match (headline.answer, proof.refutations.as_slice()) {
        (Answer::Proved | Answer::Conditional, _) if losses.is_empty() => {
            "is safe for any number of rows, clients and batches".to_owned()
        }
        (Answer::Proved | Answer::Conditional, _) => {
            "carries over every write in any order of events, and not all of its value".to_owned()
        }
        (Answer::Refuted, [only]) => {
            let finding = Words::new(plan).finding(&only.anomaly);
            format!("is not safe: {}: {finding}", only.anomaly.kind.name())
        }
        (Answer::Refuted, several) => {
            let kinds: Vec<_> = several.iter().map(|refutation| refutation.anomaly.kind.name()).collect();
            format!("is not safe, for {} reasons: {}", several.len(), kinds.join(", "))
        }
        (Answer::NotProved | Answer::Errors, _) => {
            let lines: Vec<_> = proof.outside.iter().filter_map(|outside| statements.line(outside.step?)).collect();
            let lines: Vec<_> = lines.iter().map(|line| format!("line {line}")).collect();
            let what = if lines.is_empty() { "something".to_owned() } else { lines.join(", ") };
            format!("shows no fault, but {what} is outside the model")
        }
    }
}

/// What it takes to tell of one proof.
#[derive(Clone, Copy)]
struct HumanWords<'a> {
    plan: &'a Plan,
    statements: Statements<'a>,
    terminal: Terminal,
}

impl HumanWords<'_> {
    fn heading(self, text: &str) -> String {
        format!("\n{}\n", self.terminal.paint(text, Paint::Bold))
    }

    fn refutations(self, proof: &Proof) -> String {
        // The verdict has said what the only one is.
        let is_only = proof.refutations.len() == 1;
        proof.refutations.iter().map(|refutation| self.refutation(refutation, is_only)).collect()
    }

    fn refutation(self, refutation: &Refutation, is_only: bool) -> String {
        let words = Words::new(self.plan);
        let anomaly = &refutation.anomaly;
        let heading = if is_only {
            String::new()
        } else {
            self.paragraph((anomaly.kind.name(), Paint::Red), &format!(": {}", words.finding(anomaly)))
        };
        let drawing = Drawing { plan: self.plan, statements: self.statements, terminal: self.terminal };
        let drawn = drawing.schedule(refutation, &words.anomaly(anomaly));
        let hangs = refutation.hangs_on.iter().map(|undecided| {
            let place = self.statements.suffix(undecided.step);
            self.paragraph(("note:", Paint::Cyan), &format!(" this depends on {}{place}", undecided.what))
        });
        let values = refutation.witness.as_ref().filter(|witness| !witness.values.is_empty()).map(|witness| {
            self.paragraph(("note:", Paint::Cyan), &format!(" {}: {}", witness.origin.words(), witness.row()))
        });
        let values = values.unwrap_or_default();
        format!("\n{heading}{drawn}{values}{}{}", hangs.collect::<String>(), self.help(refutation))
    }

    /// The first line of the help: what follows it there are notes, which stand above.
    fn help(self, refutation: &Refutation) -> String {
        match refutation.help.lines().next() {
            Some(help) => self.paragraph(("help:", Paint::Cyan), &format!(" {help}")),
            None => String::new(),
        }
    }

    /// A text in lines that fit, its first words painted.
    fn paragraph(self, (lead, paint): (&str, Paint), text: &str) -> String {
        let lines = wrapped(&clean(&format!("{lead}{text}")), self.terminal.width).join("\n");
        match lines.strip_prefix(lead) {
            Some(rest) => format!("{}{rest}\n", self.terminal.paint(lead, paint)),
            None => lines + "\n",
        }
    }

    /// How to read the rows of a schedule.
    fn legend(self, proof: &Proof) -> String {
        let has_rows =
            |refutation: &Refutation| refutation.schedule.events.iter().any(|event| !event.row.cells.is_empty());
        if !proof.refutations.iter().any(has_rows) {
            return String::new();
        }
        let text = "Each new value takes the next letter and keeps it wherever it is carried; (stale) marks an older \
                    one.";
        format!("\n{}\n", self.terminal.paint(text, Paint::Dim))
    }

    fn matrix(self, proof: &Proof) -> String {
        if proof.matrix.apps.is_empty() {
            return String::new();
        }
        let heading = self.heading("What each application may do once a statement has ended");
        heading + &matrix(proof, self.statements, self.terminal)
    }

    fn no_return(self, proof: &Proof) -> String {
        let heading = self.heading("Point of no return");
        match &proof.no_return {
            None if proof.outside.is_empty() => {
                format!("{heading}none: a rollback loses no write, whenever it begins\n")
            }
            None => format!("{heading}none found; what is outside the model is not looked at\n"),
            Some(no_return) => {
                let place = self.statements.place(no_return.step);
                let before =
                    self.paragraph(("", Paint::Bold), &format!("{place}: before it, a rollback loses no write"));
                let after = if let Some((lost, schedule)) = no_return.loss() {
                    format!(" it, one can: {}", self.loss(lost, schedule))
                } else {
                    let place = |step| self.statements.place(step);
                    format!(" it, {}", Words::new(self.plan).no_return(no_return, &place))
                };
                format!("{heading}{before}{}", self.paragraph(("after", Paint::Yellow), &after))
            }
        }
    }

    /// How a rollback loses a write: what applications do, and the statement whose undoing loses it.
    fn loss(self, lost: &ColumnName, schedule: &Schedule) -> String {
        let words = Words::new(self.plan);
        let events = &schedule.events;
        let acts = events
            .iter()
            .filter(|event| !matches!(event.kind, EventKind::Step(_) | EventKind::Undo(_) | EventKind::Visit { .. }));
        let mut parts: Vec<String> = acts.map(|act| words.event(act)).collect();
        let undone = events.iter().rev().find_map(|event| match event.kind {
            EventKind::Undo(step) => Some(step),
            _ => None,
        });
        parts.extend(undone.map(|step| format!("the rollback undoes {}", self.statements.place(step))));
        format!("{}, and the newest value of {} is lost", parts.join(", "), words.column(lost))
    }

    fn explored(self, proof: &Proof) -> String {
        let (words, groups) = (Words::new(self.plan), &proof.groups);
        let of = counted(groups.len(), "group of linked columns", "groups of linked columns, one by one");
        let heading = self.heading("Explored");
        let head = format!("{heading}{} in {of}\n", counted(proof.states, "state", "states"));
        if groups.len() < 2 && groups.iter().all(|group| group.columns.len() < 2) {
            return head;
        }
        let lines = groups.iter().map(|group| {
            let states = counted(group.states + group.rollback_states, "state", "states");
            format!("  {}: {states}, {} of rollbacks\n", clean(&words.columns(&group.columns)), group.rollback_states)
        });
        head + &lines.collect::<String>()
    }

    /// What the proof hangs on, numbered as `check` numbers it, each with what would discharge it.
    fn conditions(self, proof: &Proof) -> String {
        if proof.conditions.is_empty() {
            return String::new();
        }
        let told = proof.conditions.iter().enumerate().map(|(at, condition)| {
            let place = self.statements.suffix(condition.step);
            let help = self.terminal.paint("help:", Paint::Cyan);
            let (what, discharge) = (clean(&condition.what), clean(&condition.discharge));
            format!("  {}. {what}{place}\n     {help} {discharge}\n", at + 1)
        });
        format!("{}{}", self.heading("Provided that"), told.collect::<String>())
    }

    /// Values that are lost whatever the order of events.
    fn losses(self, losses: &[Diagnostic], source: &Source) -> String {
        if losses.is_empty() {
            return String::new();
        }
        let told = losses.iter().map(|loss| {
            let line = source.position(loss.span().start).line;
            format!("  {} (line {line})\n", clean(&loss.message))
        });
        format!("{}{}", self.heading("Values that are lost"), told.collect::<String>())
    }

    fn premises(self, headline: &Headline) -> String {
        let Some(premise) = headline.premise() else { return String::new() };
        let text = premise.split_once(": ").map_or(premise.as_str(), |(_, text)| text);
        let items = text.split("; ").map(|text| format!("  {}\n", clean(text)));
        format!("{}{}", self.heading("Premises"), items.collect::<String>())
    }

    fn outside(self, proof: &Proof) -> String {
        self.list("Outside the model", proof.outside.iter().map(|outside| (outside.why.as_str(), outside.step)))
    }

    fn list<'s>(self, heading: &str, items: impl Iterator<Item = (&'s str, Option<usize>)>) -> String {
        let lines: Vec<String> =
            items.map(|(text, step)| format!("  {}{}", clean(text), self.statements.suffix(step))).collect();
        if lines.is_empty() { String::new() } else { format!("{}{}\n", self.heading(heading), lines.join("\n")) }
    }
}
