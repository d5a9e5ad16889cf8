//! What `status`, `history`, `--dry-run` and mistakes on the command line say.

use super::world::{RENAME, World};
use crate::common::{Ran, miglab};

#[test]
fn a_database_without_migrations_says_so() {
    let world = World::with(RENAME);
    for args in [["status"], ["history"]] {
        assert_eq!(world.expect(0, &args).out, "no migration was run in this database\n");
    }
    assert!(world.expect(2, &["resume"]).err.contains("no migration was run in this database"));
    assert!(world.expect(2, &["rollback"]).err.contains("there is nothing to undo"));
    assert!(world.expect(0, &["purge"]).out.contains("there is nothing to purge"));
    assert_eq!(world.ask("select to_regnamespace('miglab')"), "null", "to ask changes nothing");
}

#[test]
fn status_says_where_a_run_is_and_how_to_go_on() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig"]);
    let ran = world.expect(0, &["status"]);
    assert!(
        ran.out.starts_with("Migration: Rename username to display_name (rename.mig)\nPhase: MIGRATING\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("Progress: 44% (4 of 9 statements)\nStatement: deploy v2 (rename.mig:17:1)\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("Next: miglab resume --db") && ran.out.contains("--confirm v2\n"), "{}", ran.out);
    let current = &world.status()["current"];
    assert_eq!((&current["stopped"], &current["running"]), (&"gate".into(), &false.into()));
    assert_eq!((&current["statement"], &current["place"]), (&"deploy v2".into(), &"rename.mig:17:1".into()));
    world.expect(0, &["resume", "--yes"]);
    assert!(world.expect(0, &["status"]).out.starts_with("rename.mig: COMPLETE at "));
}

#[test]
fn status_is_told_while_another_process_runs() {
    let world = World::with(
        "expand add column display_name text\nmigrate backfill display_name from username in batches of 10 pause 500ms\n",
    );
    let mut started = world.start(&["run", "rename.mig", "--format", "json"]);
    started.read_until(|line| line.contains("\"batch\""));
    let current = &world.status()["current"];
    assert_eq!(current["running"], true, "{current}");
    assert!(current["rows_done"].as_i64().unwrap() >= 10, "{current}");
    assert_eq!(current["rows_total"], 200);
    assert_eq!(current["held_by"]["application"], "miglab");
    assert!(world.expect(0, &["status"]).out.contains("Now: it runs\nHeld by: pid "));
    started.kill();
}

#[test]
fn history_has_every_event_with_its_time() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig"]);
    world.expect(0, &["rollback"]);
    let ran = world.expect(0, &["history"]);
    let expected = [
        "Started by",
        "[EXPANDING] Add column 'display_name' (text) to users",
        "(200 rows)",
        "Waiting: before",
        "Rollback started",
        "[ROLLED_BACK] Undo Backfill",
        "[ROLLED_BACK] Migration rolled back",
    ];
    expected.iter().for_each(|text| assert!(ran.out.contains(text), "{text}\n{}", ran.out));
    let ran = world.expect(0, &["history", "--format", "json"]);
    let events: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times: Vec<&str> = events.iter().map(|event| event["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && times.len() > 10, "{times:?}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = World::with(RENAME);
    let before = world.everything();
    let ran = world.expect(0, &["run", "rename.mig", "--dry-run"]);
    assert!(ran.out.contains("Would add column 'display_name' (text) to users"), "{}", ran.out);
    assert_eq!(world.everything(), before);
    assert_eq!(world.ask("select to_regnamespace('miglab')"), "null");
}

#[test]
fn a_script_behind_db_is_explained() {
    for args in
        [&["run", "--db", "rename.mig"][..], &["resume", "--db", "rename.mig"], &["status", "--db", "rename.mig"]]
    {
        let ran = Ran::of(&mut miglab(args));
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("`--db` takes the address of a database, and `rename.mig` is a file"), "{}", ran.err);
    }
    let ran = Ran::of(&mut miglab(&["run", "scripts/rename.mig", "--confirm", "v2"]));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("add `--db`"), "{}", ran.err);
}

#[test]
fn the_address_comes_from_the_environment() {
    let world = World::with(RENAME);
    let mut command = miglab(&["status", "--db"]);
    let ran = Ran::of(command.env("DATABASE_URL", &world.url));
    assert_eq!((ran.code, ran.out.as_str()), (0, "no migration was run in this database\n"), "{}", ran.err);
}

#[test]
fn a_run_tells_the_notes_that_a_check_tells() {
    let world = World::with(RENAME);
    world.do_sql("alter table users alter email set default current_setting('shop.email', true)");
    let notes = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("note: ")).map(str::to_owned).collect()
    };
    let checked = notes(&world.expect(0, &["check", "rename.mig"]).out);
    let differs = "not looked at in table `users`: default of `email`";
    assert!(checked.iter().any(|note| note.contains(differs)), "{checked:?}");
    assert_eq!(notes(&world.expect(0, &["run", "rename.mig", "--dry-run"]).err), checked);
    assert_eq!(notes(&world.expect(4, &["run", "rename.mig"]).err), checked);
    // They were told when the run began.
    assert!(notes(&world.expect(4, &["resume"]).err).is_empty());
}

#[test]
fn a_kept_script_that_can_no_longer_be_read_is_told_as_what_it_is() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig"]);
    world.do_sql("update miglab.run set script = 'expand teleport users', version = '9.9.9'");
    let ran = world.expect(1, &["status"]);
    assert!(
        ran.out.contains("Phase: MIGRATING\nProgress: 44% (4 of 9 statements)\nNow: it has stopped"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("Next: "), "{}", ran.out);
    let version = env!("CARGO_PKG_VERSION");
    let told = format!("the script that the database keeps of `rename.mig` can no longer be read by miglab {version}");
    assert!(ran.err.contains(&told) && ran.err.contains("use miglab 9.9.9, which ran it last"), "{}", ran.err);
    assert!(!ran.err.contains("nothing was run"), "{}", ran.err);
    let ran = world.expect(1, &["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&status["current"]["stopped"], &status["current"]["next"]), (&"gate".into(), &serde_json::Value::Null));
    for verb in ["resume", "rollback"] {
        assert!(world.expect(1, &[verb]).err.contains(&told));
    }
    world.do_sql("update miglab.run set known = 'not json'");
    let ran = world.expect(2, &["status"]);
    assert!(ran.err.contains("what is kept of the run of `rename.mig` cannot be read: "), "{}", ran.err);
    assert!(ran.out.contains("Progress: 44%"), "{}", ran.out);
}
