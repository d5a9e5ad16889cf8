//! A run stops where a human is needed, and goes on when one says so.

use super::world::{RENAME, World};

#[test]
fn a_run_stops_at_each_gate_and_goes_on_behind_it() {
    let world = World::with(RENAME);
    let ran = world.expect(4, &["run", "rename.mig"]);
    assert!(ran.out.contains("Phase: MIGRATING\n"), "{}", ran.out);
    assert!(ran.err.contains("rename.mig:17:1: stopped before `deploy v2`"), "{}", ran.err);
    assert!(ran.err.contains("deploy `v2`, then: miglab resume --db 'postgresql://"), "{}", ran.err);
    assert!(ran.err.trim_end().ends_with("--confirm v2"), "{}", ran.err);
    assert_eq!(world.ask("select count(*) from users where display_name = username"), "200");

    let ran = world.expect(4, &["resume"]);
    assert!(ran.err.contains("stopped before `deploy v2`"), "it does not go on by itself: {}", ran.err);
    let ran = world.expect(4, &["resume", "--confirm", "v2"]);
    assert!(ran.err.contains("stopped before `confirm \"v2 is at 100 %\"`"), "{}", ran.err);
    assert!(ran.err.trim_end().ends_with("--confirm 'v2 is at 100 %'"), "{}", ran.err);
    let ran = world.expect(4, &["resume", "--confirm", "v2 is at 100 %"]);
    assert!(ran.err.contains("stopped before `retire v1`"), "{}", ran.err);
    std::thread::sleep(std::time::Duration::from_millis(200));
    let ran = world.run(&["resume", "--confirm", "retire v1"]);
    let ran = if ran.code == 4 { wait_and_resume(&world, &ran.err) } else { ran };
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("Phase: COMPLETE\nProgress: 100%\n"), "{}", ran.out);
    assert!(world.connect().simple_query("select username from users").is_err());
}

#[test]
fn a_gate_that_is_not_there_begins_nothing() {
    let world = World::with(RENAME);
    let ran = world.expect(2, &["run", "rename.mig", "--confirm", "v3"]);
    assert!(ran.err.contains("`v3` is not a gate that is ahead"), "{}", ran.err);
    assert_eq!(world.ask("select to_regnamespace('miglab')"), "null");
}

fn wait_and_resume(world: &World, said: &str) -> crate::common::Ran {
    assert!(said.contains("stopped before `wait 100ms`"), "{said}");
    std::thread::sleep(std::time::Duration::from_millis(200));
    world.run(&["resume"])
}

#[test]
fn several_gates_can_be_passed_at_once_and_each_is_named_once() {
    let world = World::with(RENAME);
    let ran = world.expect(4, &["run", "rename.mig", "--confirm", "v2", "--confirm", "v2 is at 100 %"]);
    assert!(ran.err.contains("stopped before `retire v1`"), "{}", ran.err);
    let ran = world.expect(2, &["resume", "--confirm", "v2"]);
    assert!(ran.err.contains("`v2` is not a gate that is ahead"), "{}", ran.err);
    assert!(ran.err.contains("ahead are `retire v1`"), "{}", ran.err);
    assert_eq!(world.status()["current"]["stopped"], "gate", "nothing has changed");
    world.expect(0, &["resume", "--yes"]);
}

#[test]
fn a_wait_counts_from_the_statement_before_it() {
    let world = World::with("expand add column display_name text\nwait 1h\nexpand add column nick text\n");
    let ran = world.expect(4, &["run", "rename.mig"]);
    assert!(ran.err.contains("it waits for") && ran.err.contains("more to pass"), "{}", ran.err);
    let ran = world.expect(4, &["resume"]);
    assert!(ran.err.contains("59 min"), "{}", ran.err);
    world.do_sql("update miglab.run set step_at = step_at - interval '61 minutes'");
    world.expect(0, &["resume"]);
}

#[test]
fn with_yes_nothing_is_asked() {
    let world = World::with(RENAME);
    let ran = world.expect(0, &["run", "rename.mig", "--yes", "--format", "json"]);
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["phase"]), (&"finished".into(), &"COMPLETE".into()));
}

#[test]
fn a_run_can_be_stopped_behind_a_phase() {
    let world = World::with(RENAME);
    let ran = world.expect(0, &["run", "rename.mig", "--to", "expand"]);
    assert!(ran.err.contains("stopped after expand; go on with `miglab resume --db"), "{}", ran.err);
    assert_eq!(world.ask("select count(display_name) from users"), "0");
    world.expect(0, &["resume", "--yes"]);
}

#[test]
fn a_gate_is_an_event_of_the_json_report() {
    let world = World::with(RENAME);
    let ran = world.expect(4, &["run", "rename.mig", "--format", "json"]);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let gate = lines.iter().find(|line| line["event"] == "gate").unwrap();
    assert_eq!((&gate["gate"], &gate["index"]), (&"deploy v2".into(), &5.into()));
    assert!(gate["next"].as_str().unwrap().ends_with("--confirm v2"), "{gate}");
}
