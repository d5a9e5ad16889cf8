//! A program that uses the library: it begins, goes on with, undoes, purges and asks, and gets every answer as data.

use miglab::execute::{Observer, Silent, StatementEvent};
use miglab::operate::{
    self, Address, Claim, Course, Database, Doing, Error, Gates, Halt, Limits, NextStep, RunOptions, Runner, Stopped,
};
use miglab::source::Source;

use crate::runs::world::{HEADER, RENAME, World, assert_same};

#[allow(dead_code, reason = "`main` is for `cargo run --example whole_run`")]
#[path = "../../examples/whole_run.rs"]
mod whole_run;

fn address(world: &World) -> Address {
    Address::find(Some(&world.url)).unwrap()
}

fn connect(world: &World) -> Database {
    Database::connect(&address(world), Limits::default()).unwrap()
}

fn claim(world: &World) -> Claim {
    connect(world).claim(Runner::new("here", "somebody")).unwrap()
}

fn script() -> Source {
    Source::new("rename.mig", format!("{HEADER}{RENAME}"))
}

fn confirming(gates: &[&str]) -> RunOptions {
    let confirmed = gates.iter().map(|&gate| gate.to_owned()).collect();
    RunOptions { gates: Gates { confirmed, ..Gates::default() }, ..RunOptions::default() }
}

fn over_all_gates() -> RunOptions {
    RunOptions { gates: Gates { all: true, ..Gates::default() }, ..RunOptions::default() }
}

#[test]
fn the_example_of_the_docs_does_a_whole_run() {
    let world = World::without_script();
    let told = whole_run::whole_run(&address(&world)).unwrap();
    let expected = [
        "deploy v2 waits for `v2` to be deployed",
        "retire v1 waits for `v1` to be gone",
        "it is complete: true",
        "rename.mig: 100%",
    ];
    assert!(told.windows(expected.len()).any(|lines| lines == expected), "{told:#?}");
    assert!(told[0].starts_with("proved: "), "{told:#?}");
    assert!(told.last().unwrap().ends_with(" removed"), "{told:#?}");
    assert_eq!(world.ask("select count(display_name) from users"), "200");
}

#[test]
fn a_run_goes_to_each_gate_and_back() {
    let world = World::without_script();
    let before = world.everything();
    let mut claim = claim(&world);
    let mut run = operate::begin(&mut claim, script(), confirming(&["v2"])).unwrap();
    let Halt::Gate(gate) = run.go(&mut Silent).unwrap() else { panic!("it stops at the next gate") };
    assert_eq!((gate.gate.as_str(), gate.confirm.as_deref()), ("confirm \"v2 is at 100 %\"", Some("v2 is at 100 %")));
    assert_eq!(run.next(&gate), NextStep::Resume { confirm: Some("v2 is at 100 %".into()) });

    let status = operate::status(&mut connect(&world)).unwrap();
    let current = status.current.unwrap();
    assert_eq!((current.doing(), current.run.course), (Doing::Stopped(Stopped::Gate), Course::Running));
    assert_eq!(current.next, Some(NextStep::Resume { confirm: Some("v2 is at 100 %".into()) }));
    assert_eq!(current.statement.unwrap().text, "confirm \"v2 is at 100 %\"");

    let mut run = operate::rollback(&mut claim, Some("rename.mig"), confirming(&["v2"])).unwrap();
    assert_eq!(run.go(&mut Silent).unwrap(), Halt::RolledBack);
    assert!(run.journal().unwrap().entries.last().unwrap().text.contains("rolled back"));
    assert_same(&world.everything(), &before, "rolled back");
    assert_eq!(operate::history(&mut connect(&world)).unwrap().runs[0].course, Course::RolledBack);
}

#[test]
fn whoever_comes_second_is_told_who_is_there() {
    let world = World::without_script();
    let mut first = claim(&world);
    let begun = operate::begin(&mut first, script(), RunOptions::default()).unwrap();
    drop(begun);
    match connect(&world).claim(Runner::new("there", "another")) {
        Err(Error::Held { holder: Some(holder), run: Some(run) }) => {
            assert_eq!(
                (holder.application.as_str(), run.host.as_str(), run.os_user.as_str()),
                ("miglab", "here", "somebody")
            );
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("two work at a time"),
    }
    drop(first);
    claim(&world);
}

#[test]
fn every_refusal_says_what_stands_against_it() {
    let world = World::without_script();
    let mut claim = claim(&world);
    let claim = &mut claim;
    let changed = || Source::new("rename.mig", format!("{HEADER}{RENAME}-- more\n"));
    let other = || Source::new("other.mig", format!("{HEADER}expand add column other text\n"));
    let options = RunOptions::default;

    assert!(matches!(operate::resume(claim, None, options()).err(), Some(Error::NoRun)));
    assert!(matches!(operate::rollback(claim, None, options()).err(), Some(Error::NothingToUndo)));
    let wrong = Source::new("wrong.mig", format!("{HEADER}contract drop column nowhere\n"));
    let refused = operate::begin(claim, wrong, options()).err().unwrap();
    assert_eq!(refused.findings().unwrap().diagnostics[0].code.name(), "unknown-name");
    match operate::begin(claim, script(), confirming(&["v3"])).err() {
        Some(Error::UnknownGate { gate, ahead }) => {
            assert_eq!(
                (gate.as_str(), ahead.join("; ")),
                ("v3", "deploy v2; confirm \"v2 is at 100 %\"; retire v1".into())
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.ask("select to_regnamespace('miglab')"), "null", "nothing was begun so far");

    operate::begin(claim, script(), options()).unwrap().go(&mut Silent).unwrap();
    assert!(
        matches!(operate::begin(claim, script(), options()).err(), Some(Error::AlreadyBegun(run)) if run.step == 4)
    );
    assert!(matches!(operate::begin(claim, other(), options()).err(), Some(Error::Unfinished(_))));
    match operate::resume(claim, Some(&changed()), options()).err() {
        Some(Error::Changed { run, now }) => assert_ne!(run.script, now.text()),
        other => panic!("{other:?}"),
    }
    let not_it = operate::resume(claim, Some(&other()), options()).err();
    assert!(matches!(not_it, Some(Error::NotTheUnfinished { name, .. }) if name == "other.mig"));

    assert_eq!(operate::resume(claim, None, over_all_gates()).unwrap().go(&mut Silent).unwrap(), Halt::Complete);
    assert!(matches!(operate::begin(claim, script(), options()).err(), Some(Error::AlreadyComplete(_))));
    let nothing = operate::resume(claim, Some(&script()), options()).err();
    assert!(matches!(nothing, Some(Error::NothingToResume { is_complete: true, .. })));
    match operate::rollback(claim, None, options()).err() {
        Some(Error::PointOfNoReturn { statement, line, why }) => {
            assert_eq!((statement.as_str(), line), ("drop column username", 21));
            assert_eq!(why, "undoing would lose what applications have written to `username`");
        }
        other => panic!("{other:?}"),
    }
    let not_last = operate::rollback(claim, Some("other.mig"), options()).err();
    assert!(matches!(not_last, Some(Error::NotTheLast { run, .. }) if run.name == "rename.mig"));
    for run in operate::to_purge(claim).unwrap() {
        operate::purge(claim, &run, &mut Silent).unwrap();
    }
    assert!(matches!(operate::rollback(claim, None, options()).err(), Some(Error::Purged { .. })));
    assert!(operate::to_purge(claim).unwrap().is_empty());
}

/// Stops after so many statements.
struct After(usize);

impl Observer for After {
    fn stops(&mut self) -> bool {
        self.0 == 0
    }

    fn finished(&mut self, _statement: &StatementEvent, _rows: Option<u64>) {
        self.0 -= 1;
    }
}

#[test]
fn an_observer_stops_a_run_which_then_goes_on() {
    let world = World::without_script();
    let mut claim = claim(&world);
    let mut run = operate::begin(&mut claim, script(), over_all_gates()).unwrap();
    assert!(matches!(run.go(&mut After(2)), Ok(Halt::Interrupted(failure)) if failure.index == 2));
    let current = operate::status(claim.database()).unwrap().current.unwrap();
    assert_eq!((current.run.step, current.doing()), (2, Doing::Stopped(Stopped::Interrupted)));
    assert_eq!(operate::resume(&mut claim, None, over_all_gates()).unwrap().go(&mut Silent).unwrap(), Halt::Complete);
}

#[test]
fn a_statement_that_fails_is_named_and_can_be_done_later() {
    let world = World::without_script();
    world.do_sql("update users set email = null where id = 3");
    let plan = Source::new("verify.mig", format!("{HEADER}migrate verify email is not null\n"));
    let mut claim = claim(&world);
    let mut run = operate::begin(&mut claim, plan, RunOptions::default()).unwrap();
    match run.go(&mut Silent) {
        Ok(Halt::Failed(failure)) => assert_eq!(run.findings().source.slice(failure.span), "verify email is not null"),
        other => panic!("{other:?}"),
    }
    world.do_sql("update users set email = 'x' where id = 3");
    assert_eq!(
        operate::resume(&mut claim, None, RunOptions::default()).unwrap().go(&mut Silent).unwrap(),
        Halt::Complete
    );
}
