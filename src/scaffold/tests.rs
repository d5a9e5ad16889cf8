//! Every kind, as a command line gives it.

use std::path::Path;

use clap::Parser as _;

use super::{New, script, write};
use crate::check;
use crate::diagnostic::{Code, Severity};
use crate::source::Source;
use crate::syntax;

#[derive(clap::Parser)]
#[command(name = "new")]
struct Line {
    #[command(flatten)]
    new: New,
}

/// A call of each kind, and calls whose names and values need care.
const CALLS: &[&[&str]] = &[
    &["add-column", "users.nickname", "text"],
    &["add-column", "users.nickname"],
    &["add-column", "users.status", "text", "--default", "new", "--not-null"],
    &["add-column", "users.display_name", "text", "--from", "lower(username)"],
    &["add-column", "users.display_name", "text", "--from", "lower(username)", "--not-null"],
    &["add-column", "lines.amount", "numeric", "--from", "price * quantity", "--with", "quantity integer"],
    &["rename-column", "users.username", "display_name"],
    &["rename-column", "users.username", "display_name", "--not-null", "--batch", "500"],
    &["rename-column", "orders.payload", "body", "--type", "json"],
    &["rename-column", "Users.\"the.name\"", "Display \"Name\"", "--old-app", "api v1", "--new-app", "order"],
    &["rename-column", "tische.größe", "order"],
    &["split-column", "users.full_name", "first_name", "last_name"],
    &["split-column", "users.full_name", "first_name", "middle_name", "last_name"],
    &["split-column", "hosts.address", "name", "port", "--separator", ":"],
    &["merge-columns", "users.first_name", "users.last_name", "full_name"],
    &["merge-columns", "t.a", "t.b", "t.c", "whole", "--separator", "'"],
    &["change-type", "orders.total", "bigint"],
    &["change-type", "orders.placed", "timestamptz"],
    &["change-type", "users.age", "text", "--was", "integer"],
    &["change-type", "users.born", "timestamp", "--was", "date", "--to", "birthday"],
    &["drop-column", "users.nickname"],
    &["drop-column", "users.score", "--type", "integer", "--not-null", "--because", "it's computed"],
    &["drop-column", "users.score", "--type", "integer", "--default", "0"],
    &["add-not-null", "users.email"],
    &["add-not-null", "users.country", "--fill", "unknown"],
    &["add-not-null", "users.points", "--fill", "-1", "--type", "integer"],
    &["add-unique", "users.email"],
    &["add-unique", "members.team", "members.username", "--name", "once"],
    &["add-check", "products.price", "price > 0", "--type", "numeric"],
    &["add-foreign-key", "orders.user_id", "users.id"],
    &["add-foreign-key", "orders.user", "user.key"],
    &["add-index", "users.email"],
    &["add-index", "orders.status", "orders.city", "--where", "status = 'open'"],
    &["set-default", "users.status", "new"],
    &["set-default", "orders.placed_at", "now()", "--type", "timestamptz"],
    &["add-table", "invoices", "number text not null", "total:numeric(12, 2)"],
    &["drop-table", "audit_log"],
    &["drop-table", "audit_log", "--column", "message text", "--column", "at timestamptz"],
    &["rename-table", "users", "accounts"],
    &["rename-table", "users", "accounts", "--column", "username text", "--column", "email text"],
    &["split-table", "users", "addresses", "street", "city"],
    &["split-table", "Users", "Select", "From", "--key", "Id"],
];

fn run(call: &[&str]) -> Result<String, String> {
    let line = Line::try_parse_from(["new"].iter().chain(call)).map_err(|error| error.to_string())?;
    script(&line.new.kind)
}

#[test]
fn arguments_that_make_no_script_are_refused_with_a_reason() {
    let refused = |call: &[&str], reason: &str| {
        let error = run(call).expect_err(&call.join(" "));
        assert!(error.contains(reason), "{call:?}: {error}");
    };
    refused(&["rename-column", "users.", "b"], "a name is missing");
    refused(&["rename-column", "users", "b"], "write `table.users`");
    refused(&["rename-column", "a.b.c", "d"], "too many dots");
    refused(&["rename-column", "users.\"a", "d"], "closing double quote");
    refused(&["rename-column", "users.a\nb", "d"], "control characters");
    refused(&["rename-column", "users.a", "x.b"], "without a dot");
    refused(&["rename-column", "users.a", "a"], "is already the name of the column");
    refused(&["rename-column", "users.a", "id"], "`id`");
    refused(&["rename-column", "users.id", "key"], "--key");
    refused(&["rename-column", "users.a", "b", "--old-app", "v2"], "two names");
    refused(&["rename-column", "users.a", "b", "--batch", "0"], "0 is not in");
    refused(&["rename-column", "users.a", "b", "--force"], "--output");
    refused(&["add-column", "users.a", "text", "--not-null"], "`--default` or `--from`");
    refused(&["split-column", "users.name", "a", "a"], "named twice");
    refused(&["split-column", "users.name", "a", "b", "--separator", ""], "separator");
    refused(&["merge-columns", "users.a", "orders.b", "c"], "two tables");
    refused(&["merge-columns", "users.a", "users.b", "a"], "named twice");
    refused(&["add-unique", "users.a", "orders.b"], "two tables");
    refused(&["add-foreign-key", "users.boss_id", "users.id"], "refers to itself");
    refused(&["add-table", "invoices", "number"], "the type is missing");
    refused(&["rename-table", "users", "users"], "is already the name of the table");
}

#[test]
fn every_kind_makes_a_script_that_can_be_read() {
    for call in CALLS {
        let text = run(call).unwrap_or_else(|reason| panic!("{call:?}: {reason}"));
        let script = syntax::parse(Source::new("new.mig", text.as_str())).script;
        let is_long = text.contains("# To be decided: it has many steps");
        assert!(!script.statements.is_empty() && (script.statements.len() > 10) == is_long, "{call:?}");
        assert_eq!(syntax::format(&Source::new("new.mig", text.as_str())).as_deref(), Ok(text.as_str()), "{call:?}");
        let findings = check::findings(Source::new("new.mig", text.as_str())).diagnostics;
        let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{call:?}: {errors:?}");
        let comments = text.lines().filter(|line| line.starts_with("# ")).count();
        assert!(comments > 3, "{text}");
    }
}

#[test]
fn nothing_is_allowed_on_somebodys_behalf() {
    let mut decisions = 0;
    for call in CALLS {
        let text = run(call).expect("a script");
        let script = syntax::parse(Source::new("new.mig", text.as_str())).script;
        let reason = call.iter().position(|arg| *arg == "--because").map(|at| call[at + 1]);
        let allowed: Vec<&str> = script.allows.iter().map(|allow| &*allow.because).collect();
        assert_eq!(allowed, Vec::from_iter(reason), "{call:?}");
        let answerable =
            [Code::LossyTranslation, Code::Condition, Code::TooManyStatements, Code::ContractWithoutExpand];
        let findings = check::findings(Source::new("new.mig", text.as_str())).diagnostics;
        for finding in findings.iter().filter(|finding| answerable.contains(&finding.code)) {
            assert!(text.contains(&format!("`allow {} because", finding.code)), "{call:?}: {}", finding.message);
            decisions += 1;
        }
    }
    assert!(decisions > 5, "{decisions}");
}

#[test]
fn expressions_that_are_none_are_refused() {
    for call in [
        &["add-column", "users.a", "text", "--from", "lower("][..],
        &["add-column", "users.a", "text", "--from", "b) drop column c"],
        &["add-column", "users.a", "text; drop column b"],
        &["add-column", "users.a", "text", "--from", "lower(a)"],
        &["add-check", "users.a", "a >"],
        &["add-index", "users.a", "--where", "a = "],
        &["set-default", "users.a", "'it"],
    ] {
        assert!(run(call).is_err(), "{call:?}: {}", run(call).unwrap_or_default());
    }
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path: &Path = &folder.path().join("plan.mig");
    write("first\n", path, false).expect("the file is new");
    assert!(write("second\n", path, false).is_err());
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), "first\n");
    write("third\n", path, true).expect("by force");
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), "third\n");
}

#[test]
fn the_steps_of_a_rename_stand_in_the_safe_order() {
    let script = run(&["rename-column", "users.username", "display_name", "--not-null"]).expect("a script");
    let steps: Vec<&str> = script.lines().filter(|line| is_step(line)).collect();
    let verbs = ["add column", "sync", "backfill", "verify", "deploy", "retire", "set not null", "drop column"];
    assert_eq!(steps.len(), verbs.len(), "{script}");
    for (step, verb) in steps.iter().zip(verbs) {
        assert!(step.contains(verb), "{step}");
    }
}

fn is_step(line: &str) -> bool {
    ["expand", "migrate", "contract", "deploy", "retire"].iter().any(|word| line.starts_with(word))
}

#[test]
fn every_kind_has_help_with_an_example() {
    use clap::CommandFactory as _;
    Line::command().debug_assert();
    for kind in Line::command().get_subcommands() {
        assert!(kind.get_about().is_some_and(|about| !about.to_string().contains("Options of")), "{}", kind.get_name());
        let help = kind.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains(&format!("miglab new {}", kind.get_name())), "{}", kind.get_name());
        assert!(CALLS.iter().any(|call| call[0] == kind.get_name()), "{}", kind.get_name());
    }
}
