//! Statements that fail, and Ctrl-C: the database is left in a state that has a name, and a way on.

use crate::world::{RENAME, World};

#[test]
fn a_statement_that_fails_leaves_the_run_where_it_is() {
    let world = World::with("expand add column display_name text\nmigrate verify email is not null\n");
    world.do_sql("update users set email = null where id = 3");
    let ran = world.expect(1, &["run", "rename.mig"]);
    assert!(ran.err.contains("rename.mig:11:9: `verify email is not null` failed: "), "{}", ran.err);
    assert!(ran.err.contains("the statement before it is done and stays, 1 of 2"), "{}", ran.err);
    assert!(ran.err.contains("go on with `miglab resume --db"), "{}", ran.err);
    let current = &world.status()["current"];
    assert_eq!((&current["stopped"], &current["statements_done"]), (&"failed".into(), &1.into()));
    world.expect(1, &["resume"]);
    world.do_sql("update users set email = 'x' where id = 3");
    world.expect(0, &["resume"]);
}

#[test]
fn a_script_with_errors_is_not_begun() {
    let world = World::with("expand add column username text\n");
    let ran = world.expect(1, &["run", "rename.mig"]);
    assert!(ran.err.contains("the script has errors, so nothing was run"), "{}", ran.err);
    assert_eq!(world.status()["runs"], serde_json::json!([]));
}

#[test]
fn a_run_that_was_taken_over_writes_nothing_more() {
    let plan = "expand add column display_name text\n\
                migrate backfill display_name from username in batches of 10 pause 300ms\nexpand add column nick text\n";
    let world = World::with(plan);
    let mut started = world.start(&["run", "rename.mig", "--format", "json"]);
    started.read_until(|line| line.contains("\"batch\""));
    world.do_sql("update miglab.run set owner = 'another'; update miglab.range set owner = 'another'");
    let ran = started.finish();
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("taken over by another"), "{}", ran.err);
    assert_eq!(world.status()["current"]["statements_done"], 1);
}

#[test]
fn ctrl_c_stops_at_the_next_safe_place() {
    let plan = RENAME.replace("in batches of 40", "in batches of 10 pause 300ms");
    let world = World::with(&plan);
    let mut started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
    started.read_until(|line| line.contains("\"batch\""));
    started.interrupt();
    let ran = started.finish();
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(ran.err.contains("stopped by Ctrl-C at `backfill display_name from username"), "{}", ran.err);
    assert!(ran.err.contains("go on with `miglab resume --db"), "{}", ran.err);
    assert_eq!(world.status()["current"]["stopped"], "interrupted");
    world.expect(0, &["resume", "--yes"]);
    assert_eq!(world.ask("select count(*) from users where display_name = 'user ' || id"), "200");
}

#[test]
fn a_database_that_is_not_there_is_told() {
    let world = World::with(RENAME);
    let mut command = crate::common::miglab(&["run", "rename.mig", "--db", "postgres://127.0.0.1:1/nowhere"]);
    let ran = crate::common::Ran::of(command.current_dir(world.path()));
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
}
