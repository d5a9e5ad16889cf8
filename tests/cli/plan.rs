//! What `miglab plan` and `miglab sql` print. `SNAPSHOTS=overwrite cargo test --test cli plan` rewrites it.

use std::path::Path;

use crate::common::{Ran, miglab, run};
use serde_json::Value;
use snapbox::{Assert, Data};

const SCRIPT: &str = "every_statement.mig";

fn in_cases(args: &[&str]) -> Ran {
    Ran::of(miglab(args).current_dir("tests/cases/plan"))
}

#[test]
fn every_statement_as_sql() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    for (format, ending) in [("human", "txt"), ("sql", "sql"), ("json", "json")] {
        let ran = in_cases(&["plan", SCRIPT, "--format", format]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let expected = Path::new("tests/cases/plan").join(format!("every_statement.{ending}"));
        assert.eq(ran.out, Data::read_from(&expected, None).raw());
    }
}

#[test]
fn sql_is_the_plan_as_a_file_for_psql() {
    let (sql, plan) = (in_cases(&["sql", SCRIPT]), in_cases(&["plan", SCRIPT, "--format", "sql"]));
    assert_eq!((sql.code, sql.out), (0, plan.out));
}

/// What each operation of a statement takes is said, and what undoes it, unless there is nothing.
#[test]
fn every_operation_tells_its_locks_and_cost() {
    let ran = in_cases(&["plan", SCRIPT, "--format", "json"]);
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    let statements = plan["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 32);
    for operation in statements.iter().flat_map(|statement| statement["operations"].as_array().unwrap()) {
        let does_something = !operation["sql"].as_array().unwrap().is_empty();
        let locks = operation["locks"].as_array().unwrap().len();
        let makes_a_table = operation["sql"][0].as_str().is_some_and(|sql| sql.starts_with("create table"));
        assert!(locks > 0 || makes_a_table || !does_something, "{operation}");
        assert!(operation["cost"].is_string(), "{operation}");
    }
}

#[test]
fn a_script_with_errors_is_not_translated() {
    let ran = in_cases(&["plan", "../check/unknown-name/bad.mig"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("the script has errors, so nothing is printed"), "{}", ran.err);
}

#[test]
fn what_cannot_be_read_is_told() {
    assert_eq!(run(&["plan", "missing.mig"]).code, 2);
    let ran = in_cases(&["plan", SCRIPT, "--schema", "missing.sql"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("cannot read `missing.sql`: it does not exist"), "{}", ran.err);
}
