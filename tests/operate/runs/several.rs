//! One run at a time, each script once, and none that has changed.

use super::world::{RENAME, World};

#[test]
fn a_second_run_is_told_who_holds_the_database() {
    let world = World::with(RENAME);
    let mut holder = world.connect();
    holder.batch_execute("select pg_advisory_lock(1835624300, 24930); set application_name = 'somebody'").unwrap();
    let ran = world.expect(2, &["run", "rename.mig"]);
    let pid: i32 = holder.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let expected = format!("another miglab works on this database: pid {pid} (somebody, role `miglab`");
    assert!(ran.err.contains(&expected), "{}", ran.err);
    assert!(ran.err.contains("connected since"), "{}", ran.err);
    drop(holder);
    world.expect(4, &["run", "rename.mig"]);
}

#[test]
fn a_script_that_has_begun_is_not_begun_again() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig"]);
    let ran = world.expect(4, &["run", "rename.mig"]);
    assert!(ran.err.contains("`rename.mig` has begun already, 4 of 9 statements are done"), "{}", ran.err);
    assert!(ran.err.contains("`miglab resume --db"), "{}", ran.err);
    world.script("other.mig", "expand add column nick text\n");
    let ran = world.expect(1, &["run", "other.mig"]);
    assert!(ran.err.contains("migration `rename.mig` is not finished (44%), and one runs at a time"), "{}", ran.err);
}

#[test]
fn a_changed_script_is_refused_with_the_difference() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig"]);
    world.script("rename.mig", &RENAME.replace("in batches of 40", "in batches of 4000"));
    for args in [["run", "rename.mig"], ["resume", "rename.mig"]] {
        let ran = world.expect(1, &args);
        assert!(ran.err.contains("`rename.mig` was changed since it began"), "{}", ran.err);
        assert!(
            ran.err.contains("\n-migrate backfill display_name from username in batches of 40\n+migrate"),
            "{}",
            ran.err
        );
    }
    world.expect(0, &["resume", "--yes"]);
    let ran = world.expect(1, &["run", "rename.mig"]);
    assert!(ran.err.contains("`rename.mig` was changed since it was run"), "{}", ran.err);
    world.script("rename.mig", RENAME);
    let ran = world.expect(0, &["run", "rename.mig"]);
    assert!(ran.err.contains("rename.mig: already complete since"), "{}", ran.err);
}

#[test]
fn a_folder_is_run_in_the_order_of_names() {
    let world = World::without_script();
    world.file(
        "all/002_b.mig",
        "migration \"b\" on users\napp v1 { uses users.email }\napp v2 { uses users.email }\n\
         deploy v2\nexpand add column b text\n",
    );
    world.file("all/001_a.mig", "migration \"a\" on users\nexpand add column a text\n");
    world.file("all/more/003_c.mig", "migration \"c\" on users\nexpand add column c text\n");
    let columns = || {
        world.ask(
            "select string_agg(attname, ',' order by attnum) from pg_attribute
         where attrelid = 'users'::regclass and attnum > 3 and not attisdropped",
        )
    };
    let ran = world.expect(4, &["run", "all"]);
    assert!(ran.err.contains("stopped before `deploy v2`"), "{}", ran.err);
    assert_eq!(columns(), "a");
    world.expect(0, &["resume", "--confirm", "v2"]);
    assert_eq!(columns(), "a,b");
    let ran = world.expect(0, &["run", "all"]);
    assert!(ran.err.contains("001_a.mig: already complete") && ran.err.contains("002_b.mig: already"), "{}", ran.err);
    assert_eq!(columns(), "a,b,c");
    world.expect(0, &["run", "all"]);

    let ran = world.expect(1, &["rollback", "all/001_a.mig"]);
    assert!(ran.err.contains("is not the last migration of this database: that is `003_c.mig`"), "{}", ran.err);
    // It declares no `app`, so nobody can say whether something was written since.
    world.expect(1, &["rollback"]);
    assert_eq!(columns(), "a,b,c");
    world.expect(0, &["rollback", "--lose-writes"]);
    assert_eq!(columns(), "a,b");
}

#[test]
fn two_scripts_of_one_name_are_told_apart_by_nobody() {
    let world = World::without_script();
    world.script("a/x.mig", "");
    world.script("b/x.mig", "");
    let ran = world.expect(2, &["run", "a", "b"]);
    assert!(ran.err.contains("two scripts are called `x.mig`"), "{}", ran.err);
}
