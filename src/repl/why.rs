//! `why`: what the proof says of the plan, and where it finds something wrong, how that comes about, on the in-memory
//! table. It is played on tables of its own; those of the session stay as they are.

use std::sync::Arc;

use crate::ast::Name;
use crate::data::Value;
use crate::diagnostic::Complaint;
use crate::engine::memory::Selected;
use crate::phrase::counted;
use crate::plan::ColumnName;
use crate::prove::{AnomalyKind, EventKind, Proof, Refutation, Words};
use crate::repl::commands::Why;
use crate::repl::session::{Counterexample, Said, Session};
use crate::replay::{Played, Replay, ReplayOutcome};
use crate::report::clean;
use crate::report::selected::table_of;
use crate::report::terminal::Paint;

impl Session {
    /// Says whether the plan is safe, and if not, plays what goes wrong.
    pub(super) fn show_why(&mut self, why: Why) -> Said {
        if self.apps().is_empty() {
            let complaint = Complaint::new("no `app` is declared, so there is nobody whom the plan could harm");
            return Err(self.complain(&complaint.help("declare them: `app v1 { reads …  writes … }`")));
        }
        let plan = Arc::clone(&self.present.opened.plan);
        let going_on = self.counterexample.take().filter(|under_way| {
            let same = why.number.is_none_or(|number| number == under_way.number);
            why.next && same && Arc::ptr_eq(&under_way.plan, &plan)
        });
        if let Some(under_way) = going_on {
            return Ok(self.go_on(under_way));
        }
        let opened = Arc::clone(&self.present.opened);
        let Some(proof) = opened.checked.proof() else { return Ok(String::new()) };
        let number = why.number.unwrap_or(1);
        let Some(refutation) = proof.refutations.get(number - 1).cloned() else {
            return self.not_refuted(proof, number);
        };
        let all = proof.refutations.len();
        let replay = Replay::new(&plan, &refutation, Some(&self.present.start));
        let replay = replay.map_err(|fault| self.complain(&fault.into()))?;
        let mut text = self.heading(&refutation, number, all);
        let mut opened = Counterexample { plan, number, refutation, replay, shown: String::new() };
        text += &self.rows_if_new(&mut opened, "the row at the start");
        if why.next {
            text += &self.how_to_go_on(&opened);
            self.counterexample = Some(opened);
            return Ok(text);
        }
        while let Some(said) = self.next_event(&mut opened) {
            text += &said;
        }
        Ok(text + &self.ending(&opened))
    }

    fn go_on(&mut self, mut under_way: Counterexample) -> String {
        let mut text = self.next_event(&mut under_way).unwrap_or_default();
        if under_way.replay.outcome().is_some() {
            text += &self.ending(&under_way);
        } else {
            self.counterexample = Some(under_way);
        }
        text
    }

    fn how_to_go_on(&self, opened: &Counterexample) -> String {
        let events = counted(opened.replay.events(), "event", "events");
        self.terminal.paint(&format!("{events} to come: `why next` plays the next one"), Paint::Dim) + "\n"
    }

    fn not_refuted(&self, proof: &Proof, number: usize) -> Said {
        let all = proof.refutations.len();
        if all > 0 {
            let help = match all {
                1 => "there is one: `why` plays it".to_owned(),
                _ => format!("there are {all}: `why` plays the first, `why {all}` the last"),
            };
            return Err(self.complain(&Complaint::new(format!("there is no counterexample {number}")).help(help)));
        }
        Ok(self.verdict(proof))
    }

    /// The verdict as `check` says it, and what it hangs on.
    fn verdict(&self, proof: &Proof) -> String {
        let Some(headline) = self.present.opened.checked.headline() else { return String::new() };
        let color = if headline.is_plain { Paint::Green } else { Paint::Yellow };
        let word = self.terminal.paint(&clean(&headline.verdict), color);
        let mut text = format!("{word}: {}\n", clean(&headline.meaning));
        for (number, condition) in proof.conditions.iter().enumerate() {
            let place = place(condition.step);
            text += &format!("  {}. {place}{}\n", number + 1, clean(&condition.what));
            text += &format!("     {} {}\n", self.terminal.paint("help:", Paint::Cyan), clean(&condition.discharge));
        }
        for outside in &proof.outside {
            text += &format!("  {}{}\n", place(outside.step), clean(&outside.why));
        }
        if let Some(premise) = headline.premise() {
            text += &format!("{}\n", clean(&premise));
        }
        text + &self.way_back(proof)
    }

    fn way_back(&self, proof: &Proof) -> String {
        let Some(no_return) = &proof.no_return else { return String::new() };
        let (number, title) = (no_return.step + 1, self.title(no_return.step));
        let would = match no_return.loss() {
            Some((lost, _)) => format!("a rollback would lose what is written to {}", self.words().column(lost)),
            None => self.words().no_return(no_return, &|step| format!("statement {}", step + 1)),
        };
        format!("from statement {number} on ({title}), {}\n", clean(&would))
    }

    fn heading(&self, refutation: &Refutation, number: usize, all: usize) -> String {
        let word = self.terminal.paint("refuted", Paint::Red);
        let which = match all {
            1 => String::new(),
            _ if number < all => format!(" ({number} of {all}; `why {}` shows the next)", number + 1),
            _ => format!(" ({number} of {all})"),
        };
        format!("{word}: {}{which}\n", clean(&self.claim(refutation)))
    }

    /// "`v2` reads a stale `display_name`".
    fn claim(&self, refutation: &Refutation) -> String {
        let anomaly = &refutation.anomaly;
        let app = anomaly.app.as_ref().map_or("an application".to_owned(), |app| format!("`{app}`"));
        let column = anomaly.column.as_ref().map_or("a column".to_owned(), |column| self.words().column(column));
        let constraint = anomaly.constraint.clone().unwrap_or_else(|| "a constraint".to_owned());
        match anomaly.kind {
            AnomalyKind::BrokenUse => format!("{app} uses {column}, which does not exist"),
            AnomalyKind::UnsetRead => format!("{app} reads an unset {column}"),
            AnomalyKind::StaleRead => format!("{app} reads a stale {column}"),
            AnomalyKind::LostWrite if anomaly.app.is_some() => {
                format!("{app} updates {column} where there is no {constraint}")
            }
            AnomalyKind::LostWrite => format!("a write of {column} is lost"),
            AnomalyKind::RejectedWrite => format!("a write of {app} is refused by {constraint}"),
            AnomalyKind::FailingStep => {
                let step = anomaly.position;
                format!("statement {} can fail ({})", step + 1, self.title(step))
            }
        }
    }

    fn next_event(&self, under_way: &mut Counterexample) -> Option<String> {
        let number = under_way.replay.played() + 1;
        let width = under_way.replay.events().to_string().len();
        Some(match under_way.replay.step()? {
            Err(_) => format!("{number:>width$}  the table refuses what comes next\n"),
            Ok(played) => {
                let line = format!("{number:>width$}  {}", clean(&self.event(&played)));
                self.terminal.paint(&line, Paint::Bold) + "\n" + &self.rows_if_new(under_way, "")
            }
        })
    }

    fn event(&self, played: &Played) -> String {
        let refused = if played.refused.is_some() { ": refused" } else { "" };
        let event = match &played.event.kind {
            EventKind::Step(step) if self.is_fill(*step) => {
                format!("statement {} has gone through every row: {}", step + 1, self.title(*step))
            }
            EventKind::Step(step) => format!("statement {}: {}", step + 1, self.title(*step)),
            EventKind::Read { app, column } => match played.values.first() {
                Some((_, value)) => format!("`{app}` reads {}: {}", self.words().column(column), value.literal()),
                None => format!("`{app}` reads {}", self.words().column(column)),
            },
            EventKind::Write { app, as_is, .. } => {
                let stay = if *as_is { ", as before" } else { "" };
                format!("`{app}` writes {}{stay}", self.assigned(&played.values))
            }
            EventKind::Insert { app, table, .. } => {
                format!("`{app}` inserts the row into `{table}`: {}", self.assigned(&played.values))
            }
            EventKind::Visit { step, .. } => {
                format!("statement {}: {}", step + 1, self.words().event(&played.event))
            }
            EventKind::Delete { .. } | EventKind::Undo(_) => self.words().event(&played.event),
        };
        let written = matches!(played.event.kind, EventKind::Write { .. } | EventKind::Insert { .. });
        let other = if played.event.other_row && written { "in another row, " } else { "" };
        format!("{other}{event}{refused}")
    }

    /// "`username` = 'v1 #1', `email` = null".
    fn assigned(&self, values: &[(ColumnName, Value)]) -> String {
        let one =
            |(column, value): &(ColumnName, Value)| format!("{} = {}", self.words().column(column), value.literal());
        values.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The rows, where they are not as they were shown last.
    fn rows_if_new(&self, under_way: &mut Counterexample, title: &str) -> String {
        let tables = under_way.replay.rows();
        let several = tables.len() > 1;
        let shown: String = tables.iter().map(|(table, rows)| self.indented(table, rows, several)).collect();
        if shown == under_way.shown {
            return String::new();
        }
        let title = if title.is_empty() { String::new() } else { format!("{title}:\n") };
        let text = if shown.is_empty() { "    (the row does not exist)\n".to_owned() } else { shown.clone() };
        under_way.shown = shown;
        title + &text
    }

    fn indented(&self, table: &Name, selected: &Selected, several: bool) -> String {
        let mut text = if several { format!("{}\n", clean(table)) } else { String::new() };
        text += &table_of(selected).render(self.terminal.color);
        text.lines().map(|line| format!("    {line}\n")).collect()
    }

    fn ending(&self, ended: &Counterexample) -> String {
        let kind = self.terminal.paint(ended.refutation.anomaly.kind.name(), Paint::Red);
        let mut text = match ended.replay.outcome() {
            Some(ReplayOutcome::Confirmed { said, .. }) => format!("{kind}: {}\n", clean(said)),
            Some(ReplayOutcome::Differs { said }) => {
                format!("{kind}: with these values that does not happen: {}\n", clean(said))
            }
            None => String::new(),
        };
        let mut say = |head: &str, said: &str| {
            text += &format!("{} {}\n", self.terminal.paint(head, Paint::Cyan), clean(said));
        };
        if let Some(witness) = ended.refutation.witness.as_ref().filter(|witness| !witness.values.is_empty()) {
            say("  note:", &format!("{}: {}", witness.origin.words(), witness.row()));
        }
        for undecided in &ended.refutation.hangs_on {
            say("  note:", &format!("it depends on {}", undecided.what));
        }
        if let Some(help) = ended.refutation.help.lines().next() {
            say("  help:", help);
        }
        text
    }

    fn is_fill(&self, step: usize) -> bool {
        let steps = &self.present.opened.plan.steps;
        steps.get(step).is_some_and(|step| step.action.over().is_some())
    }

    fn title(&self, step: usize) -> &str {
        self.present.opened.plan.steps.get(step).map_or("?", |step| &step.title)
    }

    fn words(&self) -> Words<'_> {
        Words::new(&self.present.opened.plan)
    }
}

fn place(step: Option<usize>) -> String {
    step.map_or_else(String::new, |step| format!("statement {}: ", step + 1))
}
