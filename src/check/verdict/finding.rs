//! A refutation as a finding: its schedule in labels, and what would help.

use crate::check::verdict::{ScriptVerdict, code};
use crate::diagnostic::{Diagnostic, Label};
use crate::prove::{AnomalyKind, EventKind, Refutation, RowView, ScheduleEvent, Shown, Words};
use crate::source::Span;

impl ScriptVerdict<'_> {
    pub(super) fn finding(&self, refutation: &Refutation) -> Diagnostic {
        let words = Words::new(self.plan);
        let anomaly = &refutation.anomaly;
        let message = words.finding(anomaly);
        let mut finding = Diagnostic::new(code(anomaly.kind), message, self.place(anomaly), "");
        finding.labels = self.labels(words, refutation);
        finding.help(refutation.help.clone())
    }

    /// The schedule as labels, each event at its statement; the anomaly comes first, as the place of the finding.
    fn labels(&self, words: Words<'_>, refutation: &Refutation) -> Vec<Label> {
        let events = &refutation.schedule.events;
        let shown = refutation.shown();
        let mut at_start = Some(shown.iter().filter(|shown| shown.event.is_none()).collect::<Vec<_>>());
        let mut labels: Vec<(Span, String)> = Vec::new();
        let mut number = 0;
        for (at, event) in events.iter().enumerate() {
            let is_last = at + 1 == events.len();
            if matches!(event.kind, EventKind::Step(_)) && !is_last {
                continue;
            }
            number += 1;
            let brought: Vec<&Shown> = shown.iter().filter(|shown| shown.event == Some(at)).collect();
            let mut text = format!("{number} {}", label(words, event, &brought));
            if let Some(shown) = at_start.take().filter(|shown| !shown.is_empty()) {
                text = format!("{text}, which has {}", words.values(&shown));
            }
            let mut span = self.span_of(&events[..at], event);
            if is_last {
                text = format!("{text}: {}", words.anomaly(&refutation.anomaly));
                span = self.place(&refutation.anomaly);
            }
            match labels.iter_mut().find(|(known, _)| *known == span) {
                Some((_, known)) => *known = format!("{known}\n{text}"),
                None => labels.push((span, text)),
            }
        }
        labels.rotate_right(1);
        let label = |(span, text)| Label { span, text };
        labels.into_iter().map(label).collect()
    }

    /// The statement at which an event happens, given those before it.
    fn span_of(&self, before: &[ScheduleEvent], event: &ScheduleEvent) -> Span {
        let under_way = |step: &usize| before.iter().any(|event| is_visit(event, *step));
        let at = match &event.kind {
            EventKind::Visit { step, .. } | EventKind::Step(step) | EventKind::Undo(step) => Some(*step),
            _ => Some(event.position).filter(under_way),
        };
        let app = match &event.kind {
            EventKind::Read { app, .. }
            | EventKind::Write { app, .. }
            | EventKind::Insert { app, .. }
            | EventKind::Delete { app, .. } => Some(&**app),
            _ => None,
        };
        match at.and_then(|step| self.plan.steps.get(step)) {
            Some(step) => step.span,
            None => self.behind(event.position, app),
        }
    }

    /// What to do about it.
    pub(super) fn help(&self, refutation: &Refutation) -> String {
        let mut help = match &refutation.remedy {
            Some(remedy) => self.remedy(remedy),
            None => self.help_with_values(refutation).unwrap_or_else(|| general_help(refutation).to_owned()),
        };
        if let Some(witness) = refutation.witness.as_ref().filter(|witness| !witness.values.is_empty()) {
            help.push('\n');
            help.push_str(witness.origin.words());
        }
        for undecided in &refutation.hangs_on {
            help.push_str("\nthis depends on ");
            help.push_str(&undecided.what);
            help.push_str(", which the proof does not know");
        }
        help
    }
}

fn is_visit(event: &ScheduleEvent, step: usize) -> bool {
    matches!(event.kind, EventKind::Visit { step: visited, .. } if visited == step)
}

/// Where no change of the plan was found that helps.
fn general_help(refutation: &Refutation) -> &'static str {
    match refutation.anomaly.kind {
        AnomalyKind::BrokenUse => "deploy a version after what it needs, and retire it before that is removed",
        AnomalyKind::UnsetRead if refutation.anomaly.constraint.is_some() => {
            "give the column a default (`expand set default`) until every version that expects a value is retired"
        }
        AnomalyKind::UnsetRead => {
            "fill the column before the version that reads it is deployed, and let a `sync` carry over what is written \
             from then on"
        }
        AnomalyKind::LostWrite if refutation.anomaly.app.is_some() => {
            "an update finds no row that was never inserted: let the version insert it where it is missing, and say so \
             (`inserts … on conflict`), or give the column that the `sync` follows a value in every row"
        }
        _ if follows_a_move(refutation) => {
            "a row that is given another key leaves the one that it belonged to, and a `sync` does not follow it there: let \
             no version change the key while the other form is used, and say so: `updates` names what it changes"
        }
        AnomalyKind::StaleRead | AnomalyKind::LostWrite if follows_a_delete(refutation) => {
            "a `sync` carries values, and no deletes of the row that refers to the other: let the version give its columns \
             null in place of deleting it while the other form is used, and say so: `deletes none`"
        }
        AnomalyKind::StaleRead => {
            "let a `sync` carry every write to the column, from before the backfill until the last version that writes \
             the other form is retired"
        }
        AnomalyKind::LostWrite => "carry the value over before it is overwritten or dropped: with a `sync`, or later",
        AnomalyKind::RejectedWrite => help_against_rejection(refutation),
        AnomalyKind::FailingStep => "fill the rows before it, and keep every live version from leaving new gaps",
    }
}

const DELETES_WHAT_IS_REFERRED_TO: &str = "a version that never deletes such rows says so: `deletes none`; one that the plan deploys and that deletes what \
     refers to them first, says that it deletes from that table; otherwise add the foreign key once the version is retired";

/// Whether a foreign key that is called by its name refuses the write.
fn is_of_the_plan(refutation: &Refutation) -> bool {
    let constraint = refutation.anomaly.constraint.as_deref();
    constraint.is_some_and(|constraint| constraint.starts_with("foreign key `"))
}

/// Whether the last thing that an application does before it goes wrong takes the row out of a table: it is given another
/// key.
fn follows_a_move(refutation: &Refutation) -> bool {
    let events = &refutation.schedule.events;
    let is_write = |event: &ScheduleEvent| {
        matches!(event.kind, EventKind::Write { .. } | EventKind::Insert { .. } | EventKind::Delete { .. })
    };
    let Some(last) = events.iter().rposition(is_write) else { return false };
    let EventKind::Write { columns, .. } = &events[last].kind else { return false };
    let before = last.checked_sub(1).map_or(&refutation.schedule.start, |at| &events[at].row);
    let is_there = |view: &RowView, table: &str| view.cells.iter().any(|cell| *cell.column.table == *table);
    columns.iter().any(|column| is_there(before, &column.table) && !is_there(&events[last].row, &column.table))
}

/// Whether a delete is the last thing that an application does before it goes wrong.
fn follows_a_delete(refutation: &Refutation) -> bool {
    let kinds = refutation.schedule.events.iter().map(|event| &event.kind);
    let last = kinds
        .rev()
        .find(|kind| matches!(kind, EventKind::Write { .. } | EventKind::Insert { .. } | EventKind::Delete { .. }));
    matches!(last, Some(EventKind::Delete { .. }))
}

fn help_against_rejection(refutation: &Refutation) -> &'static str {
    let last = refutation.schedule.events.last().map(|event| &event.kind);
    match (last, &refutation.anomaly.column) {
        (Some(EventKind::Delete { .. }), _) => DELETES_WHAT_IS_REFERRED_TO,
        (_, None) if is_of_the_plan(refutation) => {
            "a version that never gives such rows another key says so: `updates` names what it changes; otherwise add the \
             foreign key once the version is retired"
        }
        (_, None) => {
            "the row that it must refer to may be missing: if the version inserts that one first, say that it writes \
             that table"
        }
        _ if refutation.hangs_on.is_empty() => {
            "relax the constraint until every live version knows of it, or give the column a default or a `sync`"
        }
        _ => {
            "add the constraint once the last version that does not know of it is retired; or, if it never writes such \
             a value, say so: `allow rejected-write because '…'`"
        }
    }
}

fn label(words: Words<'_>, event: &ScheduleEvent, brought: &[&Shown]) -> String {
    match event.kind {
        EventKind::Step(_) => "this statement".to_owned(),
        _ => words.event_with(event, brought),
    }
}
