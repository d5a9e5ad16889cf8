//! Killed at any moment, a run goes on where it was, and nothing is lost or done twice.

use super::world::{RENAME, World, assert_same};

/// A plan whose last result shows what was done twice: a column that counts would be wrong.
const PLAN: &str = r"
app v1 { reads username, email  writes username, email }
app v2 { reads display_name, email  writes display_name, email }

expand add column display_name text
expand sync username <-> display_name
expand add column visits integer
expand add index users_email on users (email)
migrate seed visits from length(username) in batches of 50
migrate backfill display_name from username in batches of 40
deploy v2
retire v1
wait 50ms
contract drop column username
";

/// How many lines a run that nothing happens to prints, and what it ends with.
fn undisturbed(plan: &str) -> (usize, Vec<String>) {
    let world = World::with(plan);
    let ran = world.expect(0, &["run", "rename.mig", "--yes", "--format", "json"]);
    let events = ran.out.lines().filter(|line| !line.contains("\"event\":\"history\"")).count();
    (events, world.everything())
}

#[test]
fn a_run_killed_at_any_event_is_resumed() {
    let (events, end) = undisturbed(PLAN);
    for at in 1..events {
        let world = World::with(PLAN);
        let mut started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
        let mut seen = 0;
        started.read_until(|_| {
            seen += 1;
            seen == at
        });
        started.kill();
        if world.status()["current"].is_null() {
            // It was faster than the signal.
            assert_same(&world.everything(), &end, &format!("finished before it was killed at event {at}"));
            continue;
        }
        world.expect(0, &["resume", "--yes"]);
        assert_same(&world.everything(), &end, &format!("killed at event {at} of {events}"));
        assert_eq!(world.ask("select count(*) from miglab.event where text like 'Backfill%'"), "1");
    }
}

#[test]
fn a_run_killed_before_it_says_anything_is_run_or_resumed() {
    let (_, end) = undisturbed(RENAME);
    for delay_ms in [0, 5, 10, 20, 30, 40, 60] {
        let world = World::with(RENAME);
        let started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        started.kill();
        match &world.status()["current"] {
            current if !current.is_null() => drop(world.expect(0, &["resume", "--yes"])),
            _ => drop(world.expect(0, &["run", "rename.mig", "--yes"])),
        }
        // A run that was killed before it was written down may have spent the number that the next one would have had.
        let found: Vec<String> =
            world.everything().iter().map(|line| line.replace("miglab_dropped_2_", "miglab_dropped_1_")).collect();
        assert_same(&found, &end, &format!("killed after {delay_ms} ms"));
    }
}

#[test]
fn a_rollback_killed_at_any_event_is_gone_on_with() {
    let before = World::with(RENAME).everything();
    for at in 1..8 {
        let world = World::with(RENAME);
        world.expect(4, &["run", "rename.mig", "--confirm", "v2", "--confirm", "v2 is at 100 %"]);
        let mut started = world.start(&["rollback", "--yes", "--format", "json"]);
        let mut seen = 0;
        started.read_until(|_| {
            seen += 1;
            seen == at
        });
        started.kill();
        if !world.status()["current"].is_null() {
            world.expect(0, &["rollback", "--yes"]);
        }
        assert_same(&world.everything(), &before, &format!("killed at event {at}"));
    }
}

#[test]
fn status_tells_of_a_run_that_was_killed() {
    let world = World::with(RENAME);
    let mut started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
    started.read_until(|line| line.contains("batch"));
    started.kill();
    // The server notices soon.
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while world.status()["current"]["running"] == true {
        assert!(std::time::Instant::now() < give_up, "the killed run still holds the lock");
    }
    let ran = world.expect(0, &["status"]);
    assert!(ran.out.contains("Now: its process has ended without saying why"), "{}", ran.out);
    assert!(ran.out.contains("Next: miglab resume --db"), "{}", ran.out);
}
