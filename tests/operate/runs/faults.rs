//! Statements that fail, and Ctrl-C: the database is left in a state that has a name, and a way on.

use super::world::{RENAME, World};
use crate::common::{Ran, miglab};

#[test]
fn a_statement_that_fails_leaves_the_run_where_it_is() {
    let world = World::with("expand add column display_name text\nmigrate verify email is not null\n");
    world.do_sql("update users set email = null where id = 3");
    let ran = world.expect(1, &["run", "rename.mig"]);
    assert!(ran.err.contains("rename.mig:10:9: `verify email is not null` failed: "), "{}", ran.err);
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
    let world = World::with("contract drop column nowhere\n");
    let ran = world.expect(1, &["run", "rename.mig"]);
    assert!(ran.err.contains("the script has errors, so nothing was run"), "{}", ran.err);
    assert_eq!(world.ask("select to_regnamespace('miglab')"), "null", "nothing happens");
}

#[test]
fn a_run_that_was_taken_over_writes_nothing_more() {
    let plan = "expand add column display_name text\n\
                migrate backfill display_name from username in batches of 10 pause 300ms\n";
    let world = World::with(plan);
    let mut started = world.start(&["run", "rename.mig", "--format", "json"]);
    started.read_until(|line| line.contains("\"batch\""));
    world.do_sql("update miglab.run set owner = 'another'; update miglab.range set owner = 'another'");
    let ran = started.finish();
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("taken this one over") || ran.err.contains("taken over by another"), "{}", ran.err);
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
    let mut command = miglab(&["run", "rename.mig", "--db", "postgres://127.0.0.1:1/nowhere"]);
    let ran = Ran::of(command.current_dir(world.path()));
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
}

#[test]
fn a_connection_that_is_lost_leaves_a_run_that_can_be_resumed() {
    let plan = RENAME.replace("in batches of 40", "in batches of 10 pause 100ms");
    let world = World::with(&plan);
    let mut started = world.start(&["run", "rename.mig", "--yes", "--format", "json"]);
    started.read_until(|line| line.contains("\"batch\""));
    world.do_sql(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where application_name like 'miglab%' and datname = current_database()",
    );
    let ran = started.finish();
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("rename.mig:16:9: `backfill display_name"), "{}", ran.err);
    assert!(ran.err.contains("go on with `miglab resume --db"), "{}", ran.err);
    world.expect(0, &["resume", "--yes"]);
    assert_eq!(world.ask("select count(*) from users where display_name = 'user ' || id"), "200");
}

#[test]
fn a_role_that_owns_the_table_and_may_create_a_schema_is_enough() {
    let world = World::with(RENAME);
    let role = format!("deployer_{}", world.ask("select oid from pg_database where datname = current_database()"));
    world.do_sql(&format!(
        "create role {role} login; alter table users owner to {role}; grant create on schema public to {role}"
    ));
    let url = world.url.replace("://miglab@", &format!("://{role}@"));
    let run = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["--db", &url]);
        Ran::of(miglab(&all).current_dir(world.path()))
    };
    let ran = run(&["run", "rename.mig", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("may not create schema `miglab`, where runs are kept"), "{}", ran.err);
    assert!(ran.err.contains("the database is not ready, so nothing was run"), "{}", ran.err);
    let database = world.ask("select quote_ident(current_database())");
    world.do_sql(&format!("grant create on database {database} to {role}"));
    let ran = run(&["run", "rename.mig", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = run(&["rollback", "--yes", "--lose-writes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn a_statement_that_waits_for_a_lock_names_who_holds_it() {
    let world = World::with("expand add column display_name text default 'x'\n");
    let mut holder = world.connect_as("reporting");
    holder.batch_execute("begin; select * from users limit 1").unwrap();
    let mut started = world.start(&["run", "rename.mig", "--format", "json"]);
    let mut said = String::new();
    started.read_until(|line| {
        said = line.to_owned();
        line.contains("\"event\":\"waiting\"") && line.contains("reporting")
    });
    assert!(said.contains("users"), "{said}");
    holder.batch_execute("commit").unwrap();
    let ran = started.finish();
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn a_lock_that_is_never_to_be_had_is_given_up() {
    let world = World::with("expand add column display_name text default 'x'\n");
    let mut holder = world.connect_as("reporting");
    holder.batch_execute("begin; lock table users in access share mode").unwrap();
    let ran = world.expect(1, &["run", "rename.mig", "--lock-wait", "300ms"]);
    assert!(ran.err.contains("rename.mig:9:8: `add column display_name"), "{}", ran.err);
    assert!(ran.err.contains("reporting"), "{}", ran.err);
    drop(holder);
    world.expect(0, &["resume"]);
}
