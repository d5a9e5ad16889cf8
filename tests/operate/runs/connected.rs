//! `connects as`: what is said of a deployment is held against the sessions of the server.

use super::world::World;

const PLAN: &str = r"
app v1 { reads username, email  writes username, email  connects as 'shop-v1' }
app v2 { reads display_name, email  writes display_name, email  connects as 'shop-v2' }

expand add column display_name text
expand sync username <-> display_name
migrate backfill display_name from username
deploy v2
retire v1
contract drop column username
";

#[test]
fn deployments_and_retirements_are_verified() {
    let world = World::with(PLAN);
    let old = world.connect_as("shop-v1");
    world.expect(4, &["run", "rename.mig"]);
    let ran = world.expect(4, &["resume", "--confirm", "v2"]);
    assert!(
        ran.err.contains("it waits for a session of `v2` (it connects as 'shop-v2'); there is none"),
        "{}",
        ran.err
    );

    let new = world.connect_as("shop-v2");
    let ran = world.expect(4, &["resume", "--confirm", "v2"]);
    assert!(ran.err.contains("stopped before `retire v1`"), "{}", ran.err);
    let ran = world.expect(4, &["resume", "--confirm", "v1"]);
    assert!(ran.err.contains("`v1` (it connects as 'shop-v1') to be gone; it is still connected"), "{}", ran.err);
    assert!(ran.err.contains("pid ") && ran.err.contains("(shop-v1, role `miglab`) from"), "{}", ran.err);

    drop(old);
    world.expect(0, &["resume", "--confirm", "v1"]);
    drop(new);
}

#[test]
fn what_is_not_seen_can_be_said_all_the_same() {
    let world = World::with(PLAN);
    let ran = world.expect(4, &["run", "rename.mig", "--confirm", "v2", "--unverified"]);
    assert!(ran.err.contains("stopped before `retire v1`"), "{}", ran.err);
}

#[test]
fn nothing_is_removed_while_a_retired_version_is_connected() {
    let world = World::with(PLAN);
    let ran = world.expect(4, &["run", "rename.mig", "--confirm", "v2", "--unverified"]);
    assert!(ran.err.contains("stopped before `retire v1`"), "{}", ran.err);
    // It is gone when that is said, and comes back before the column is dropped.
    world.expect(0, &["resume", "--confirm", "v1", "--to", "migrate"]);
    world.do_sql("update miglab.run set step = 5, phase = 'migrate'");
    let old = world.connect_as("shop-v1");
    let ran = world.expect(4, &["resume"]);
    assert!(ran.err.contains("`v1` (it connects as 'shop-v1') to be gone"), "{}", ran.err);
    assert_eq!(world.ask("select count(username) from users"), "200");
    drop(old);
    world.expect(0, &["resume"]);
}

#[test]
fn with_yes_what_must_come_first_is_waited_for() {
    let world = World::with(PLAN);
    let old = world.connect_as("shop-v1");
    let mut started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
    started.read_until(|line| line.contains("\"event\":\"waiting\"") && line.contains("a session of `v2`"));
    let new = world.connect_as("shop-v2");
    started.read_until(|line| line.contains("\"event\":\"waiting\"") && line.contains("`v1`"));
    drop(old);
    let ran = started.finish();
    assert_eq!(ran.code, 0, "{}", ran.err);
    drop(new);
}

#[test]
fn on_the_way_back_it_is_verified_too() {
    let world = World::with(PLAN);
    let new = world.connect_as("shop-v2");
    let ran = world.expect(4, &["run", "rename.mig", "--confirm", "v2"]);
    assert!(ran.err.contains("stopped before `retire v1`"), "{}", ran.err);
    let ran = world.expect(4, &["rollback", "--confirm", "v2"]);
    assert!(ran.err.contains("`v2` (it connects as 'shop-v2') to be gone; it is still connected"), "{}", ran.err);
    drop(new);
    world.expect(0, &["rollback", "--confirm", "v2"]);
}
