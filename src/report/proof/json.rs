//! Proofs as one JSON document; `docs/prove-output.schema.json` describes it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::statements::Statements;
use super::{Answers, ProofReport, ProveOutcome, ProvedPlan, ProvedScript};
use crate::plan::Plan;
use crate::prove::{
    self, Cell, CellView, Condition, Content, EventKind, Gives, Insertion, Refutation, Remedy, RowView, Schedule,
    ScheduleEvent, Shown, Words,
};
use crate::report::json::{Findings, Unreadable};

/// The version of the document's form.
const VERSION: u32 = 1;

/// A report as JSON, written file by file.
pub struct Json<W> {
    out: W,
    answers: Answers,
    unreadable: Vec<Unreadable>,
}

impl<W: Write> Json<W> {
    /// A report to `out`.
    pub fn new(out: W) -> Self {
        Self { out, answers: Answers::default(), unreadable: Vec::new() }
    }

    fn open(&mut self) -> io::Result<()> {
        if self.answers.files == 0 { write!(self.out, "{{\"version\":{VERSION},\"files\":[") } else { Ok(()) }
    }
}

impl<W: Write> ProofReport for Json<W> {
    fn script(&mut self, script: &ProvedScript) -> io::Result<()> {
        self.open()?;
        self.out.write_all(if self.answers.files == 0 { b"\n" } else { b",\n" })?;
        self.answers.add(script.answer());
        Ok(serde_json::to_writer(&mut self.out, &document(script)?)?)
    }

    fn unreadable(&mut self, path: &str, why: &str) -> io::Result<()> {
        self.unreadable.push(Unreadable { path: path.to_owned(), message: why.to_owned() });
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.open()?;
        let (unreadable, summary) = (serde_json::to_value(&self.unreadable)?, serde_json::to_value(self.answers)?);
        writeln!(self.out, "\n],\"unreadable\":{unreadable},\"summary\":{summary}}}")?;
        self.out.flush()
    }
}

fn document(script: &ProvedScript) -> io::Result<Value> {
    let diagnostics = match &script.outcome {
        ProveOutcome::Errors(diagnostics) => diagnostics.as_slice(),
        ProveOutcome::Proof(proved) => proved.losses.as_slice(),
        ProveOutcome::NoApps { .. } => &[],
    };
    let (proof, assumed) = match &script.outcome {
        ProveOutcome::Errors(_) => (None, None),
        ProveOutcome::Proof(proved) => (Some(&**proved), None),
        ProveOutcome::NoApps { assumed, .. } => (None, assumed.as_deref()),
    };
    let lines = match &script.outcome {
        ProveOutcome::NoApps { lines, .. } => lines.as_slice(),
        _ => &[],
    };
    let telling = |proved: Option<&ProvedPlan>| proved.map(|proved| of_proof(script, proved));
    Ok(json!({
        "path": script.source.name(),
        "verdict": script.answer(),
        "proof": telling(proof),
        "assumed": telling(assumed).map(|proof| json!({ "lines": lines, "proof": proof })),
        "diagnostics": serde_json::to_value(Findings { source: &script.source, diagnostics })?,
    }))
}

fn of_proof(script: &ProvedScript, proved: &ProvedPlan) -> Value {
    let ProvedPlan { plan, proof, headline, .. } = proved;
    let statements = Statements::new(&script.source, plan);
    let tell = JsonWords { plan, words: Words::new(plan) };
    let statement = |step| json!({ "line": statements.line(step), "text": statements.text(step) });
    let said = |step: Option<usize>, what: &str| json!({ "statement": step, "text": what });
    json!({
        "title": plan.title,
        "headline": headline.line(),
        "premise": headline.premise(),
        "premises": headline.all_premises(),
        "states": proof.states,
        "groups": proof.groups.iter().map(|group| json!({
            "columns": strings(&group.columns),
            "states": group.states,
            "rollback_states": group.rollback_states,
        })).collect::<Vec<_>>(),
        "statements": (0..plan.steps.len()).map(statement).collect::<Vec<_>>(),
        "matrix": json!({
            "apps": strings(&proof.matrix.apps),
            "rows": proof.matrix.rows.iter().map(|row| row.iter().copied().map(cell_name).collect()).collect::<Vec<Vec<_>>>(),
        }),
        "refutations": proof.refutations.iter().map(|refutation| tell.refutation(refutation)).collect::<Vec<_>>(),
        "no_return": proof.no_return.as_ref().map(|no_return| json!({
            "statement": no_return.step,
            "why": tell.words.no_return(no_return, &|step| statements.place(step)),
            "lost": no_return.loss().map(|(lost, _)| lost.to_string()),
            "schedule": no_return.loss().map(|(_, schedule)| tell.schedule(schedule, &[])),
        })),
        "conditions": proof.conditions.iter().map(condition).collect::<Vec<_>>(),
        "assumptions": proof.assumptions.iter().map(|a| said(a.step, &a.what)).collect::<Vec<_>>(),
        "outside": proof.outside.iter().map(|outside| said(outside.step, &outside.why)).collect::<Vec<_>>(),
    })
}

fn condition(condition: &Condition) -> Value {
    json!({ "statement": condition.step, "text": condition.what, "discharge": condition.discharge })
}

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn cell_name(cell: Cell) -> &'static str {
    match cell {
        Cell::NotLive => "not live",
        Cell::Works => "works",
        Cell::Breaks(kind) => kind.name(),
    }
}

/// What it takes to tell of one plan.
struct JsonWords<'a> {
    plan: &'a Plan,
    words: Words<'a>,
}

impl JsonWords<'_> {
    fn refutation(&self, refutation: &Refutation) -> Value {
        let anomaly = &refutation.anomaly;
        let hangs_on = refutation.hangs_on.iter();
        json!({
            "anomaly": anomaly.kind.name(),
            "text": self.words.finding(anomaly),
            "app": anomaly.app.as_ref().map(ToString::to_string),
            "column": anomaly.column.as_ref().map(ToString::to_string),
            "constraint": anomaly.constraint,
            "length": refutation.schedule.length(),
            "schedule": self.schedule(&refutation.schedule, &refutation.shown()),
            "witness": refutation.witness.as_ref().map(|witness| json!({
                "table": witness.table.to_string(),
                "values": witness.values.iter().map(|(column, value)| json!({
                    "column": column.to_string(),
                    "value": value.literal(),
                })).collect::<Vec<_>>(),
                "origin": witness.origin.name(),
                "outcome": witness.outcome,
            })),
            "hangs_on": hangs_on.map(|u| json!({ "statement": u.step, "text": u.what })).collect::<Vec<_>>(),
            "remedy": refutation.remedy.as_ref().map(remedy),
            "help": refutation.help,
        })
    }

    fn schedule(&self, schedule: &Schedule, shown: &[Shown]) -> Value {
        let letters = prove::letters_with(self.plan, schedule, shown);
        let none = prove::Letters::new();
        let letters = |at: usize| letters.get(at).unwrap_or(&none);
        let events = schedule.events.iter().enumerate();
        json!({
            "start": row(&schedule.start, letters(0)),
            "events": events.map(|(at, event)| {
                let brought: Vec<&Shown> = shown.iter().filter(|shown| shown.event == Some(at)).collect();
                self.event(event, &brought, letters(at + 1))
            }).collect::<Vec<_>>(),
        })
    }

    fn event(&self, event: &ScheduleEvent, brought: &[&Shown], letters: &prove::Letters) -> Value {
        let (kind, statement) = kind(&event.kind);
        let mut told = json!({
            "kind": kind,
            "text": self.words.event_with(event, brought),
            "ended": event.position,
            "statement": statement,
        });
        if let Some(told) = told.as_object_mut() {
            details(&event.kind, &mut |key, value| {
                told.insert(key.to_owned(), value);
            });
            told.insert("row".to_owned(), row(&event.row, letters));
        }
        told
    }
}

fn remedy(remedy: &Remedy) -> Value {
    let (relation, statement) = match remedy.place {
        Some(Insertion::Before(step)) => (Some("before"), Some(step)),
        Some(Insertion::After(step)) => (Some("behind"), Some(step)),
        Some(Insertion::At(step)) => (Some("in"), Some(step)),
        None => (None, None),
    };
    json!({ "text": remedy.text, "relation": relation, "statement": statement, "proves": remedy.gives == Gives::Proved })
}

/// The kind of an event, and the statement that it belongs to.
fn kind(event: &EventKind) -> (&'static str, Option<usize>) {
    match event {
        EventKind::Step(step) => ("statement", Some(*step)),
        EventKind::Visit { step, .. } => ("visit", Some(*step)),
        EventKind::Undo(step) => ("undo", Some(*step)),
        EventKind::Read { .. } => ("read", None),
        EventKind::Write { .. } => ("write", None),
        EventKind::Insert { .. } => ("insert", None),
        EventKind::Delete { .. } => ("delete", None),
    }
}

/// What else there is to say of an event of its kind.
fn details(event: &EventKind, say: &mut dyn FnMut(&str, Value)) {
    match event {
        EventKind::Step(_) | EventKind::Undo(_) => {}
        EventKind::Visit { again, treats, .. } => {
            say("again", json!(again));
            say("treats", json!(treats));
        }
        EventKind::Read { app, column } => {
            say("app", json!(app.to_string()));
            say("columns", json!([column.to_string()]));
        }
        EventKind::Write { app, columns, null, as_is } => {
            say("app", json!(app.to_string()));
            say("columns", json!(strings(columns)));
            say("null", json!(strings(null)));
            say("as_is", json!(as_is));
        }
        EventKind::Insert { app, table, columns, null } => {
            say("app", json!(app.to_string()));
            say("table", json!(table.to_string()));
            say("columns", json!(strings(columns)));
            say("null", json!(strings(null)));
        }
        EventKind::Delete { app, table } => {
            say("app", json!(app.to_string()));
            say("table", json!(table.to_string()));
        }
    }
}

fn row(row: &RowView, letters: &prove::Letters) -> Value {
    let cell = |(cell, letter): (&CellView, &String)| {
        json!({
            "column": cell.column.to_string(),
            "content": match cell.content {
                Content::Unset => "unset",
                Content::Null => "null",
                Content::Value => "value",
            },
            "value": (cell.content == Content::Value).then_some(letter),
            "stale": strings(&cell.stale),
        })
    };
    row.cells.iter().zip(letters).map(cell).collect()
}
