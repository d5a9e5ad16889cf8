//! Every type of the language, with values that are not harmless, and names that are not.

use super::writes::Dice;
use crate::common::both::{Both, database};
use crate::common::postgres::TestServer;

const TYPES: &[&str] = &[
    "text",
    "varchar(20)",
    "varchar",
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(12,3)",
    "real",
    "double precision",
    "boolean",
    "date",
    "timestamp",
    "timestamptz",
    "uuid",
    "json",
    "jsonb",
    "bytea",
];

/// Values that stand at the edges of their types.
const EDGES: &[(&str, &[&str])] = &[
    ("text", &["'it''s \\ \"quoted\" $$ ü 字'", "''", "' '"]),
    ("varchar(20)", &["'\\n not a newline'", "'twenty characters!!!'"]),
    ("varchar", &["'%_'"]),
    ("smallint", &["-32768", "32767"]),
    ("integer", &["-2147483648", "2147483647"]),
    ("bigint", &["-9223372036854775808", "9223372036854775807"]),
    ("numeric", &["123456789012345678901234567890.0123456789", "-0.10"]),
    ("numeric(12,3)", &["-999999999.999", "0.0005"]),
    ("real", &["1.1", "'NaN'", "'-Infinity'", "1e-37"]),
    ("double precision", &["0.1", "'Infinity'", "1e308"]),
    ("boolean", &["true", "false"]),
    ("date", &["'infinity'", "'0001-01-01'", "'9999-12-31'"]),
    ("timestamp", &["'-infinity'", "'1999-12-31 23:59:59.999999'"]),
    ("timestamptz", &["'2024-02-29 12:00:00+02'", "'infinity'"]),
    ("uuid", &["'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'"]),
    ("json", &["'{\"a\" : [1, null], \"a\": 2}'"]),
    ("jsonb", &["'{\"b\": 1.50, \"a\": \"\\\\u00fc\"}'", "'null'"]),
    ("bytea", &["'\\xdeadbeef00'", "''"]),
];

/// A table with two columns of each type: the first goes by way of a sync and a backfill, the second by `copy`.
fn script() -> String {
    let columns: Vec<String> = TYPES.iter().enumerate().map(|(at, ty)| format!("    c{at} {ty}\n")).collect();
    let columns = columns.concat();
    let each = |line: &dyn Fn(usize, &str) -> String| -> String {
        TYPES.iter().enumerate().map(|(at, ty)| line(at, ty)).collect()
    };
    let deepest = EDGES.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let row = |row: usize| {
        let values = EDGES.iter().map(|(_, values)| values.get(row).copied().unwrap_or("null"));
        format!("    ({}, {})\n", row + 1, values.collect::<Vec<_>>().join(", "))
    };
    let rows: String = (0..=deepest).map(row).collect();
    format!(
        "table all_types {{\n    id integer primary key\n{columns}}}\nrows all_types {{\n{rows}}}\n\
         app v1 {{ uses {old} }}\napp v2 {{ uses {new} }}\n{add}{sync}\
         expand add table copies {{\n    id integer primary key\n{columns}}}\n\
         {fill}migrate copy all_types to copies (id from id{copied}) in batches of 2\n\
         deploy v2\nretire v1\n{drop}",
        old = TYPES.iter().enumerate().map(|(at, _)| format!("all_types.c{at}")).collect::<Vec<_>>().join(", "),
        new = TYPES.iter().enumerate().map(|(at, _)| format!("all_types.d{at}")).collect::<Vec<_>>().join(", "),
        add = each(&|at, ty| format!("expand add column all_types.d{at} {ty}\n")),
        sync = each(&|at, _| format!("expand sync all_types.d{at} <-> all_types.c{at}\n")),
        fill = each(&|at, _| format!("migrate backfill all_types.d{at} from all_types.c{at}\n")),
        copied = each(&|at, _| format!(", c{at} from c{at}")),
        drop = each(&|at, _| format!("contract drop column all_types.c{at}\n")),
    )
}

fn run(name: &str, script: &str) {
    let server = TestServer::start();
    let mut both = Both::open(name, script, database(&server, name));
    let before = both.picture();
    let mut dice = Dice(7);
    both.compare("at the start");
    for index in 0..both.plan.steps.len() {
        let title = both.plan.steps[index].title.clone();
        assert!(both.step(index), "{title}");
        both.compare(&format!("after {title}"));
        if index % 7 == 0 {
            both.let_applications_write(&mut dice);
            both.compare(&format!("after writes behind {title}"));
        }
    }
    both.roll_back();
    assert_eq!(both.picture(), before);
}

#[test]
fn every_type_keeps_its_values() {
    assert!(TYPES.iter().zip(EDGES).all(|(ty, (edge, _))| ty == edge));
    run("types", &script());
}

#[test]
fn names_may_contain_anything() {
    let script = r#"
table "we""ird; drop" {
    "I d" integer primary key
    "select" text not null
    "Ünï'cødé \ $$" text
    unique "K; --" ("select")
}
rows "we""ird; drop" {
    (1, 'a', 'b')
    (2, 'c', null)
}
app "v 1" { uses "we""ird; drop"."select", "we""ird; drop"."Ünï'cødé \ $$" }
app v2 { uses "we""ird; drop"."to""; drop table x; --", "we""ird; drop"."Ünï'cødé \ $$" }
expand add column "we""ird; drop"."to""; drop table x; --" text
expand sync "we""ird; drop"."to""; drop table x; --" <-> "we""ird; drop"."select"
expand add index "In dex'" on "we""ird; drop" ("Ünï'cødé \ $$") where "select" <> 'it''s'
expand add check "C heck" ("to""; drop table x; --" <> '\') on "we""ird; drop"
migrate backfill "we""ird; drop"."to""; drop table x; --" from "we""ird; drop"."select"
migrate validate check "C heck"
deploy v2
retire "v 1"
contract drop column "we""ird; drop"."select"
contract set not null "we""ird; drop"."to""; drop table x; --"
"#;
    run("names", script);
}
