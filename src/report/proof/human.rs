//! Proofs as text for people.

use std::io::{self, Write};
use std::sync::Arc;

use super::matrix::matrix;
use super::schedule::Drawing;
use super::statements::Statements;
use super::{Answer, Answers, ProofReport, ProveOutcome, ProvedScript};
use crate::diagnostic::{Diagnostic, Severity};
use crate::phrase::counted;
use crate::plan::Plan;
use crate::prove::{EventKind, Insertion, NoReturn, Proof, Refutation, Remedy, Verdict, Words};
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
            ProveOutcome::Proof(proved) => {
                self.out.write_all(self.whole(&script.source, &proved.0, &proved.1).as_bytes())
            }
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
    fn whole(&self, source: &Source, plan: &Plan, proof: &Proof) -> String {
        let tell = HumanWords { plan, statements: Statements::new(source, plan), terminal: self.terminal };
        let parts = [
            tell.refutations(proof),
            tell.legend(proof),
            tell.outside(proof),
            tell.matrix(proof),
            tell.no_return(proof),
            tell.explored(proof),
            tell.assumptions(proof),
        ];
        parts.concat()
    }

    fn advice(&self, source: &Source, lines: &[String], assumed: Option<&(Arc<Plan>, Proof)>) -> String {
        let Some((plan, proof)) = assumed else { return String::new() };
        let lines: Vec<String> = lines.iter().map(|line| format!("  {}", clean(line))).collect();
        let lines = lines.join("\n");
        let help = self.terminal.paint("help:", Paint::Cyan);
        let verdict = self.terminal.paint(proof_verdict(proof), paint(answer_of(proof)));
        let write = "`miglab check --infer-apps` writes them into the script";
        let rest = self.whole(source, plan, proof);
        format!("{help} say who uses what; {write}:\n\n{lines}\n\nadvice: with these, the plan is {verdict}\n{rest}")
    }
}

fn answer_of(proof: &Proof) -> Answer {
    match proof.verdict() {
        Verdict::Proved => Answer::Proved,
        Verdict::Conditional => Answer::Conditional,
        Verdict::Refuted => Answer::Refuted,
        Verdict::NotProved => Answer::NotProved,
    }
}

fn proof_verdict(proof: &Proof) -> &'static str {
    answer_of(proof).words()
}

fn paint(answer: Answer) -> Paint {
    match answer {
        Answer::Proved => Paint::Green,
        Answer::Refuted | Answer::Errors => Paint::Red,
        Answer::Conditional | Answer::NotProved => Paint::Yellow,
    }
}

/// The verdict in one line, to be quoted: `proved: "Rename …" is safe for any number of rows, clients and batches`.
fn verdict(script: &ProvedScript, terminal: Terminal) -> String {
    let answer = script.answer();
    format!("{}: {}", terminal.paint(answer.words(), paint(answer)), clean_line(&sentence(script)))
}

fn sentence(script: &ProvedScript) -> String {
    match &script.outcome {
        ProveOutcome::Errors(diagnostics) => errors(diagnostics),
        ProveOutcome::NoApps { title, .. } => {
            format!("\"{title}\" declares no `app`: who reads and writes what, and when, is not known")
        }
        ProveOutcome::Proof(proved) => {
            let (plan, proof) = &**proved;
            let statements = Statements::new(&script.source, plan);
            format!("\"{}\" {}", plan.title, judgement(plan, proof, statements))
        }
    }
}

fn errors(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let (is, them) = if errors == 1 { ("comes", "it is") } else { ("come", "they are") };
    format!("{} {is} first; the proof begins once {them} fixed", counted(errors, "error", "errors"))
}

/// What is proved of a plan.
const SAFE: &str = "is safe for any number of rows, clients and batches";

fn judgement(plan: &Plan, proof: &Proof, statements: Statements<'_>) -> String {
    match (proof.verdict(), proof.refutations.as_slice()) {
        (Verdict::Proved, _) if proof.assumptions.is_empty() => SAFE.to_owned(),
        (Verdict::Proved, _) => format!("{SAFE}, given what it takes for granted"),
        (Verdict::Conditional, _) => {
            let conditions = counted(proof.conditions.len(), "condition", "conditions");
            format!("{SAFE}, provided that {conditions} hold")
        }
        (Verdict::Refuted, [only]) => {
            let finding = Words::new(plan).finding(&only.anomaly);
            format!("is not safe: {}: {finding}", only.anomaly.kind.name())
        }
        (Verdict::Refuted, several) => {
            let kinds: Vec<_> = several.iter().map(|refutation| refutation.anomaly.kind.name()).collect();
            format!("is not safe, for {} reasons: {}", several.len(), kinds.join(", "))
        }
        (Verdict::NotProved, _) => {
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
        let drawn = drawing.schedule(&refutation.schedule, &words.anomaly(anomaly));
        let hangs = refutation.hangs_on.iter().map(|undecided| {
            let place = self.statements.suffix(undecided.step);
            self.paragraph(("note:", Paint::Cyan), &format!(" this depends on {}{place}", undecided.what))
        });
        let remedy = refutation.remedy.as_ref().map_or_else(String::new, |remedy| self.remedy(remedy));
        format!("\n{heading}{drawn}{}{remedy}", hangs.collect::<String>())
    }

    fn remedy(self, remedy: &Remedy) -> String {
        let place = match remedy.place {
            Some(Insertion::Before(step)) => format!(" before {}", self.statements.place(step)),
            Some(Insertion::After(step)) => format!(" after {}", self.statements.place(step)),
            None => String::new(),
        };
        let then = if remedy.proves { "; then these columns are proved" } else { "" };
        self.paragraph(("help:", Paint::Cyan), &format!(" {}{place}{then}", remedy.text))
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
            None => format!("{heading}none: a rollback loses no write, whenever it begins\n"),
            Some(no_return) => {
                let place = self.statements.place(no_return.step);
                let before =
                    self.paragraph(("", Paint::Bold), &format!("{place}: before it, a rollback loses no write"));
                let after = format!(" it, one can: {}", self.loss(no_return));
                format!("{heading}{before}{}", self.paragraph(("after", Paint::Yellow), &after))
            }
        }
    }

    /// How a rollback loses a write: what applications do, and the statement whose undoing loses it.
    fn loss(self, no_return: &NoReturn) -> String {
        let words = Words::new(self.plan);
        let events = &no_return.schedule.events;
        let acts = events
            .iter()
            .filter(|event| !matches!(event.kind, EventKind::Step(_) | EventKind::Undo(_) | EventKind::Visit { .. }));
        let mut parts: Vec<String> = acts.map(|act| words.event(act)).collect();
        let undone = events.iter().rev().find_map(|event| match event.kind {
            EventKind::Undo(step) => Some(step),
            _ => None,
        });
        parts.extend(undone.map(|step| format!("the rollback undoes {}", self.statements.place(step))));
        format!("{}, and the newest value of {} is lost", parts.join(", "), words.column(&no_return.lost))
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

    fn assumptions(self, proof: &Proof) -> String {
        let items = proof.assumptions.iter();
        let items = items.map(|assumption| (assumption.what.as_str(), assumption.step));
        self.list("Taken for granted", items)
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
