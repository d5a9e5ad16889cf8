//! Every script in `scripts/`, and every kind of `miglab new`, is checked, formatted, run, and rolled back from every
//! statement.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::kinds::KINDS;
use crate::common::{Ran, miglab};
use miglab::diagnostic::{Code, Severity};
use miglab::engine::memory::Memory;
use miglab::execute::{Run, RunState, Silent};
use miglab::lab::{self, Lab};
use miglab::plan::Plan;
use miglab::source::Source;
use miglab::syntax;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "mig"));
    found.sort();
    assert!(found.len() >= 16, "{found:?}");
    found
}

/// The text of every script, with fewer generated rows where there are many.
fn texts() -> Vec<(String, String)> {
    let fewer = |text: String| text.replace("generate 1_000_000", "generate 5_000");
    texts_as_written().into_iter().map(|(name, text)| (name, fewer(text))).collect()
}

fn texts_as_written() -> Vec<(String, String)> {
    let of_file = |path: &PathBuf| (path.display().to_string(), fs::read_to_string(path).unwrap());
    let of_kind = |arguments: &&[&str]| {
        let ran = Ran::of(&mut miglab(&[&["new"], *arguments].concat()));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
        (arguments.join(" "), ran.out)
    };
    scripts().iter().map(of_file).chain(KINDS.iter().map(of_kind)).collect()
}

fn open(name: &str, text: &str) -> Lab {
    lab::open(Source::new(name, text), &[]).unwrap_or_else(|error| panic!("{name}: {error:?}\n{text}"))
}

fn run_of(lab: &Lab) -> Run<Memory> {
    Run::new(Arc::clone(&lab.plan), lab.memory.clone())
}

/// Everything that a person can see of a target: schema, rows, syncs, who is live.
fn picture(memory: &Memory) -> String {
    let mut parts = Vec::new();
    let catalog = memory.catalog();
    for table in catalog.tables() {
        parts.push(format!("{:?}", table.columns().collect::<Vec<_>>()));
        parts.push(format!("{:?}", table.constraints().collect::<Vec<_>>()));
        let rows = memory.select(None, &table.name, None, None, usize::MAX).unwrap();
        parts.extend(rows.rows.iter().map(|row| format!("{row:?}")));
    }
    parts.push(format!("{:?}", catalog.syncs().collect::<Vec<_>>()));
    parts.push(format!("{:?}", catalog.live().collect::<Vec<_>>()));
    parts.join("\n")
}

#[test]
fn every_script_is_free_of_findings() {
    for (name, text) in texts() {
        let checked = miglab::check::findings(Source::new(name.as_str(), text.as_str()));
        // What `new` leaves to its author to decide is said in the script.
        let told = |code: Code| text.contains(&format!("`allow {code} because"));
        let serious = checked.diagnostics.iter().filter(|found| found.severity > Severity::Advice && !told(found.code));
        let serious: Vec<_> = serious.collect();
        assert!(serious.is_empty(), "{name}: {serious:#?}\n{text}");
    }
}

#[test]
fn every_script_is_in_canonical_form() {
    for (name, text) in texts_as_written() {
        let formatted = syntax::format(&Source::new(name.as_str(), text.as_str())).unwrap();
        snapbox::assert_data_eq!(formatted, text);
    }
}

#[test]
fn every_script_runs_to_the_end() {
    for (name, text) in texts() {
        let mut run = run_of(&open(&name, &text));
        run.run(None, &mut Silent).unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        assert_eq!((run.state(), run.percent()), (RunState::Complete, 100), "{name}");
    }
}

#[test]
fn every_script_rolls_back_from_every_statement() {
    for (name, text) in texts() {
        let lab = open(&name, &text);
        let before = picture(&lab.memory);
        for statements in 0..=lab.plan.steps.len() {
            let mut run = run_of(&lab);
            (0..statements).for_each(|_| run.step(&mut Silent).unwrap());
            run.rollback(&mut Silent).unwrap_or_else(|fault| panic!("{name} after {statements}: {fault:?}"));
            assert_eq!(run.state(), RunState::RolledBack);
            assert!(picture(run.engine()) == before, "{name}: rolled back after {statements} statements");
        }
    }
}

/// The plan with a statement that fails put in at `place`.
fn sabotaged(lab: &Lab, place: usize) -> Arc<Plan> {
    let mut plan = (*lab.plan).clone();
    let table = plan.start.tables().find(|table| lab.memory.row_count(&table.name) > 0).unwrap().name.clone();
    let failing = format!("table {table} {{ id integer }}\nmigrate verify 1 = 2 on {table}");
    let failing = miglab::syntax::parse(Source::new("failing", failing)).script;
    let mut step = Plan::resolve(&failing, &[]).unwrap().steps.remove(0);
    step.index = place;
    plan.steps.insert(place, step);
    Arc::new(plan)
}

#[test]
fn a_failing_statement_restores_the_table_exactly() {
    for (name, text) in texts() {
        let lab = open(&name, &text);
        let before = picture(&lab.memory);
        let Some(_) = lab.plan.start.tables().find(|table| lab.memory.row_count(&table.name) > 0) else { continue };
        let table_goes = |index: usize| {
            lab.plan.steps[..index].iter().any(|step| matches!(step.action, miglab::plan::Action::DropTable(_)))
        };
        for place in (0..=lab.plan.steps.len()).filter(|place| !table_goes(*place)) {
            let mut run = Run::new(sabotaged(&lab, place), lab.memory.clone());
            let failure = run.run(None, &mut Silent).expect_err("the verify fails");
            assert_eq!((failure.index, failure.undo_fault.clone()), (place, None), "{name}");
            assert_eq!(run.state(), RunState::RolledBack);
            assert!(picture(run.engine()) == before, "{name}: failed at {place}");
            let history = run.history().entries();
            assert!(history.iter().any(|entry| entry.text.contains("failed")), "{name}: {history:?}");
        }
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    for (name, text) in texts() {
        let lab = open(&name, &text);
        let before = picture(&lab.memory);
        let mut run = run_of(&lab);
        run.dry_run(None);
        assert!(picture(run.engine()) == before, "{name}");
        assert_eq!((run.state(), run.percent()), (RunState::Pending, if lab.plan.steps.is_empty() { 100 } else { 0 }));
        assert_eq!(run.history().entries().len(), lab.plan.steps.len() + 1, "{name}");
    }
}
