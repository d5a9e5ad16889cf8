//! Back to the start, from every statement.

use super::world::{RENAME, World, assert_same};

/// Lines of the output after which each statement is done.
fn statements() -> usize {
    RENAME.lines().filter(|line| !line.is_empty() && !line.starts_with("app")).count()
}

#[test]
fn from_every_statement_schema_and_rows_are_restored() {
    let before = World::with(RENAME).everything();
    for at in 1..=statements() {
        let world = World::with(RENAME);
        let mut started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
        let done = format!("\"statement_finished\",\"index\":{at},");
        started.read_until(|line| line.contains(&done));
        started.kill();
        world.expect(0, &["rollback", "--yes", "--lose-writes"]);
        assert_same(&world.everything(), &before, &format!("behind statement {at}"));
        assert_eq!(world.status()["runs"][0]["phase"], "ROLLED_BACK");
    }
}

#[test]
fn what_applications_have_written_since_stays() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig", "--confirm", "v2"]);
    world.do_sql("update users set display_name = 'new name' where id = 7");
    world.do_sql("insert into users (id, display_name) values (1000, 'newcomer')");
    let ran = world.expect(4, &["rollback"]);
    assert!(ran.err.contains("stopped before `deploy v2`\n  it waits for `v2` to be gone"), "{}", ran.err);
    assert!(ran.err.contains("stop the last instance of `v2`, then: miglab rollback --db"), "{}", ran.err);
    world.expect(0, &["rollback", "--confirm", "v2"]);
    assert_eq!(world.ask("select username from users where id = 7"), "new name");
    assert_eq!(world.ask("select username from users where id = 1000"), "newcomer");
    assert_eq!(world.ask("select count(*) from users"), "201");
}

#[test]
fn behind_the_point_of_no_return_it_must_be_said() {
    let world = World::with(RENAME);
    world.expect(0, &["run", "rename.mig", "--yes"]);
    let ran = world.expect(1, &["rollback", "--yes"]);
    assert!(ran.err.contains("the point of no return is passed: after `drop column username`"), "{}", ran.err);
    assert!(ran.err.contains("--lose-writes"), "{}", ran.err);
    let ran = world.expect(4, &["rollback", "--lose-writes"]);
    assert!(ran.err.contains("stopped before `retire v1`\n  it waits for `v1` to run again"), "{}", ran.err);
    let ran = world.expect(4, &["rollback", "--confirm", "v1"]);
    assert!(ran.err.contains("stopped before `deploy v2`"), "{}", ran.err);
    let ran = world.expect(1, &["resume"]);
    assert!(ran.err.contains("`rename.mig` is being rolled back"), "{}", ran.err);
    world.expect(0, &["rollback", "--confirm", "v2"]);
    assert_eq!(world.ask("select count(username) from users"), "200");
}

#[test]
fn what_is_rolled_back_can_be_run_again() {
    let world = World::with(RENAME);
    world.expect(4, &["run", "rename.mig"]);
    world.expect(0, &["rollback", "rename.mig"]);
    let ran = world.expect(2, &["rollback"]);
    assert!(ran.err.contains("there is nothing to undo"), "{}", ran.err);
    world.expect(0, &["run", "rename.mig", "--yes"]);
}

#[test]
fn a_finished_run_can_be_undone_until_it_is_purged() {
    let plan = "expand add column display_name text\nexpand add index users_email on users (email)\n";
    let world = World::with(plan);
    let before = world.everything();
    world.expect(0, &["run", "rename.mig"]);
    let ran = world.expect(1, &["rollback"]);
    let unknown =
        "declares no `app`, so its point of no return is not known: undoing `add column display_name text` (line ";
    assert!(ran.err.contains(unknown), "{}", ran.err);
    assert!(ran.err.contains("`--lose-writes` does it"), "{}", ran.err);
    world.expect(0, &["rollback", "--lose-writes"]);
    assert_same(&world.everything(), &before, "rolled back");
    world.expect(0, &["run", "rename.mig"]);
    world.expect(0, &["purge"]);
    let ran = world.expect(1, &["rollback"]);
    assert!(ran.err.contains("cannot be undone: what was kept for that was purged"), "{}", ran.err);
    assert!(world.expect(0, &["purge"]).out.contains("there is nothing to purge"));
}

#[test]
fn purging_leaves_nothing_behind() {
    let kept =
        |world: &World| world.schema().iter().filter(|line| line.contains("miglab")).cloned().collect::<Vec<_>>();
    let world = World::with(RENAME);
    world.expect(0, &["run", "rename.mig", "--yes"]);
    assert!(!kept(&world).is_empty(), "the dropped column is kept");
    world.expect(0, &["purge"]);
    assert_eq!(kept(&world), Vec::<String>::new());
    let other = World::with(RENAME);
    other.expect(0, &["run", "rename.mig", "--yes", "--purge"]);
    assert_same(&other.everything(), &world.everything(), "purged at the end");
}

/// The table as text, by its key.
fn doors(world: &World) -> String {
    world.ask("select string_agg(concat_ws('|', id, coalesce(status, 'null'), name), ' ' order by id) from doors")
}

const DOORS: &str = "create table doors (id integer primary key, status text, name text not null);
     insert into doors select id, null, 'n' || id from generate_series(1, 7) as id";

#[test]
fn what_was_written_stays_also_where_it_is_what_the_backfill_had_written() {
    let world = World::without_script();
    world.do_sql(DOORS);
    world.file(
        "doors.mig",
        "migration \"doors\" on doors
        expand add not null status
        expand add check status_known (status in ('open', 'shut'))
        migrate backfill status from 'open' where status is null
        migrate validate not null status",
    );
    let before = (doors(&world), world.schema());
    world.expect(0, &["run", "doors.mig"]);
    world.expect(0, &["rollback"]);
    assert_eq!((doors(&world), world.schema()), before, "nobody has written");
    world.expect(0, &["run", "doors.mig"]);
    world.do_sql(
        "update doors set status = 'shut' where id = 1; update doors set status = 'open' where id = 1;
         update doors set status = 'open' where id = 2;
         update doors set name = 'N3' where id = 3;
         delete from doors where id = 4; insert into doors values (4, 'open', 'new');
         update doors set id = 50 where id = 5",
    );
    world.do_sql("begin; update doors set status = 'shut' where id = 6; rollback");
    world.expect(0, &["rollback"]);
    assert_eq!(doors(&world), "1|open|n1 2|open|n2 3|null|N3 4|open|new 6|null|n6 7|null|n7 50|null|n5");
    assert_eq!(world.schema(), before.1);
}

#[test]
fn a_row_that_was_copied_and_changed_away_and_back_stays() {
    let world = World::without_script();
    world.do_sql(DOORS);
    world.do_sql("create table names (id integer primary key, name text)");
    world.file("names.mig", "migrate copy doors to names (id from id, name from name)");
    world.expect(0, &["run", "names.mig"]);
    world.do_sql("update names set name = 'other' where id = 2; update names set name = 'n2' where id = 2");
    world.expect(0, &["rollback"]);
    assert_eq!(world.ask("select string_agg(id || name, ' ') from names"), "2n2");
}

#[test]
fn values_without_a_key_are_not_kept_and_that_is_said_before_a_rollback() {
    let world = World::without_script();
    world.do_sql("create table doors (status text, name text); insert into doors values (null, 'a')");
    world.file("doors.mig", "migration \"doors\" on doors\nmigrate backfill status from 'open' where status is null\n");
    world.expect(0, &["run", "doors.mig"]);
    let ran = world.expect(1, &["rollback"]);
    assert!(ran.err.contains("without a primary key nothing is kept of them"), "{}", ran.err);
    world.expect(0, &["rollback", "--lose-writes"]);
}

#[test]
fn a_unique_constraint_that_rows_may_break_by_now_is_the_point_of_no_return() {
    let world = World::without_script();
    world.do_sql("create table people (id integer primary key, email text unique)");
    world.file(
        "people.mig",
        "migration \"people\" on people\napp v1 { uses email }\ncontract drop unique people_email_key\n",
    );
    world.expect(0, &["run", "people.mig", "--yes"]);
    let ran = world.expect(1, &["rollback"]);
    let why = "rows that `v1` writes may break unique constraint `people_email_key`, and then undoing \
               `drop unique people";
    assert!(ran.err.contains(why), "{}", ran.err);
    world.expect(0, &["rollback", "--lose-writes"]);
}
