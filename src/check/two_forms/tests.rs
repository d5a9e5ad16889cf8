//! What is reported really does not survive, in the in-memory table; what is known to survive is not reported.

use std::fmt::Write;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::check::Checker;
use crate::engine::memory::Memory;
use crate::execute::{Run, Silent};
use crate::plan::Plan;
use crate::source::Source;
use crate::syntax;

/// The losses of a script whose syncs are all in force at its end.
fn losses(text: &str) -> Vec<Loss> {
    let parsed = syntax::parse(Source::new("forms.mig", text));
    assert!(parsed.diagnostics.is_empty(), "{text}\n{:?}", parsed.diagnostics);
    let mut checker = Checker::start(&parsed.script, &[], usize::MAX);
    parsed.script.statements.iter().for_each(|statement| checker.statement(statement));
    let catalog = checker.planner.catalog();
    let (mut seen, mut losses) = (FxHashSet::default(), Vec::new());
    let (relaxed, added) = (FxHashSet::default(), catalog.syncs().map(|sync| sync.target).collect());
    let moment =
        Moment { catalog, apps: &[], script: &parsed.script, relaxed: &relaxed, added: &added, limit: MOST_TRIALS[0] };
    for sync in catalog.syncs() {
        let linked = round::linked(sync, catalog, &mut seen);
        let rounds = linked.iter().filter_map(|sync| Round::of(sync, catalog)).filter(Round::translates);
        if let Survey::Lossy(found) = go(rounds.collect(), &moment, &mut ScriptRows::of(catalog)) {
            losses.extend(found);
        }
    }
    losses
}

/// The table of a script, with all of its statements done.
fn table(text: &str) -> Memory {
    let parsed = syntax::parse(Source::new("forms.mig", text));
    let plan = Arc::new(Plan::resolve(&parsed.script, &[]).expect("it is resolved"));
    let memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
    let mut run = Run::new(plan, memory);
    run.run(None, &mut Silent).expect("it runs");
    run.engine().clone()
}

/// Writes what is said to be lost into the table, lets its syncs fill the other form, and computes it back from there.
fn holds_in_the_table(text: &str, loss: &Loss) -> Result<(), String> {
    let Loss { round, row, outcome } = loss;
    let name = &round.target().table;
    let mut memory = table(text);
    let written = &round.places[..round.written];
    let columns: Vec<_> = ["id".into()].into_iter().chain(written.iter().map(|p| p.column.name.clone())).collect();
    let values: Vec<Value> = [Value::Integer(1)].into_iter().chain(row.iter().cloned()).collect();
    let inserted = memory.insert(None, name, &columns, &[values]);
    if matches!(outcome, RoundOutcome::Refused { leg, .. } if *leg < round.there.len()) {
        return if inserted.is_err() { Ok(()) } else { Err("the table takes it".to_owned()) };
    }
    inserted.map_err(|fault| fault.message)?;
    match (outcome, computed_back(text, round, &memory)) {
        (RoundOutcome::Refused { .. }, Err(_)) => Ok(()),
        (RoundOutcome::Lost(expected), Ok(found)) if found == *expected && found != row[round.at] => Ok(()),
        (outcome, back) => Err(format!("{outcome:?}, but {back:?}")),
    }
}

/// What the column becomes when it is computed from the rest of its row, in a table without syncs.
fn computed_back(text: &str, round: &Round, memory: &Memory) -> Result<Value, String> {
    let (name, column) = (&round.target().table, &round.target().column.name);
    let without: Vec<&str> = text.lines().filter(|line| !line.contains(" sync ")).collect();
    let mut alone = table(&without.join("\n"));
    let columns: Vec<_> = alone.catalog().tables().flat_map(|table| table.columns()).map(|c| c.name.clone()).collect();
    let values = columns.iter().map(|column| memory.value(name, 0, column).expect("the cell")).collect();
    alone.insert(None, name, &columns, &[values]).expect("it is a row of the same table");
    let assigned = [(column.clone(), round.back.sync.value.clone())];
    alone.update(None, name, &assigned, None).map_err(|fault| fault.message)?;
    Ok(alone.value(name, 0, column).expect("the cell"))
}

/// Expressions over a column `x`, of a type to the same type.
const TEXTS: &[&str] = &[
    "x",
    "lower(x)",
    "upper(x)",
    "initcap(x)",
    "trim(x)",
    "x || '-'",
    "'@' || x",
    "split_part(x, ',', 1)",
    "split_part(x, ' ', 2)",
    "reverse(x)",
    "replace(x, ' ', '_')",
    "left(x, 3)",
    "substr(x, 2)",
    "coalesce(x, '?')",
    "nullif(x, '')",
    "lpad(x, 5, '0')",
    "case when x = 'on' then 'off' else x end",
    "x::varchar(7)",
    "concat_ws('/', x, 'z')",
];
const NUMBERS: &[&str] = &[
    "x",
    "x + 1",
    "x - 1",
    "x * 2",
    "x / 2",
    "-x",
    "abs(x)",
    "x % 10",
    "greatest(x, 0)",
    "nullif(x, 7)",
    "100 / x",
    "coalesce(x, 0)",
];
const NUMBER_TYPES: &[&str] = &["smallint", "integer", "bigint", "numeric", "numeric(6,2)", "double precision", "real"];

fn within(expressions: &'static [&'static str], column: &'static str) -> impl Strategy<Value = String> {
    let nested = proptest::collection::vec(proptest::sample::select(expressions), 1..3);
    nested.prop_map(move |parts| {
        parts.iter().fold(column.to_owned(), |inner, part| part.replace('x', &format!("({inner})")))
    })
}

fn script(types: (&str, &str), there: &str, back: &str, constraint: &str) -> String {
    format!(
        "table t {{ id integer primary key, a {} {constraint} }}\n\
         expand add column b {}\nexpand sync b from {there}\nexpand sync a from {back}\n",
        types.0, types.1
    )
}

fn text_script() -> impl Strategy<Value = String> {
    let types = proptest::sample::select(&["text", "varchar(9)"][..]);
    let constraint = proptest::sample::select(&["", "not null", "check (length(a) < 12)"][..]);
    (types.clone(), types, within(TEXTS, "a"), within(TEXTS, "b"), constraint)
        .prop_map(|(one, other, there, back, constraint)| script((one, other), &there, &back, constraint))
}

fn number_script() -> impl Strategy<Value = String> {
    let types = proptest::sample::select(NUMBER_TYPES);
    let constraint = proptest::sample::select(&["", "not null", "check (a between -5 and 70000)"][..]);
    (types.clone(), types, within(NUMBERS, "a"), within(NUMBERS, "b"), constraint)
        .prop_map(|(one, other, there, back, constraint)| script((one, other), &there, &back, constraint))
}

/// The whole and its two parts.
fn parts_script() -> impl Strategy<Value = String> {
    let part = || within(TEXTS, "w");
    let whole = &["a || ' ' || b", "concat_ws(',', a, b)", "a || b", "coalesce(a, '') || '-' || b"][..];
    (part(), part(), proptest::sample::select(whole)).prop_map(|(one, other, whole)| {
        format!(
            "table t {{ id integer primary key, w text not null }}\nexpand add column a text\nexpand add column b text\n\
             expand sync a from {one}\nexpand sync b from {other}\nexpand sync w from {whole}\n"
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_reported_does_not_survive(text in prop_oneof![text_script(), number_script(), parts_script()]) {
        for loss in losses(&text) {
            let held = holds_in_the_table(&text, &loss);
            prop_assert!(held.is_ok(), "{text}\n{:?} {:?}: {held:?}", loss.row, loss.outcome);
        }
    }
}

#[test]
fn the_outcome_is_what_evaluating_again_gives() {
    let text = script(("text", "text"), "lower(a)", "b", "");
    let found = losses(&text);
    assert_eq!(found.len(), 2);
    for loss in &found {
        assert_eq!(loss.round.outcome(&loss.row), loss.outcome);
        assert_ne!(loss.outcome, RoundOutcome::Kept);
    }
}

/// What is said of a script.
fn messages(text: &str) -> Vec<String> {
    let checked = crate::check::findings(Source::new("forms.mig", text));
    let lossy = checked.diagnostics.iter().filter(|found| found.code == crate::diagnostic::Code::LossyTranslation);
    lossy.map(|found| found.message.clone()).collect()
}

#[test]
fn a_value_is_made_small() {
    let of = |types, there: &str, back: &str| messages(&script(types, there, back, ""));
    let integers = ("integer", "integer");
    assert_eq!(of(integers, "a % 1234", "b"), ["`b` 1234 comes back as 0", "`a` 1234 comes back as 0"]);
    assert_eq!(of(("bigint", "integer"), "a", "b"), ["`a` 2147483648 cannot be written: integer out of range"]);
    let long = format!("`a` '{}' cannot be written: value too long for type character varying(20)", "x".repeat(21));
    assert_eq!(of(("text", "varchar(20)"), "a", "b"), [long]);
    let of_times = of(("timestamp", "date"), "a", "b");
    assert!(
        of_times.contains(&"`a` '2000-01-01 12:00:00' comes back as '2000-01-01 00:00:00'".to_owned()),
        "{of_times:?}"
    );
    assert_eq!(of(("numeric", "numeric(10,2)"), "a", "b")[0], "`a` 0.005 comes back as 0.01");
}

/// Translations of which it is known that they undo each other, or of which every value is tried.
fn known() -> Vec<String> {
    vec![
        script(("text", "text"), "reverse(a)", "reverse(b)", ""),
        script(("text", "text"), "coalesce(a, '')", "b", "not null"),
        script(("text", "varchar(9)"), "a", "b", "check (length(a) <= 9)"),
        script(("integer", "bigint"), "a + 1", "b - 1", "check (a between 0 and 10)")
            + "expand add check s (b between 1 and 11)",
        script(("integer", "text"), "a::text", "b::integer", "not null check (a in (1, 2, 30))")
            + "expand add check n (b in ('1', '2', '30'))",
        script(("boolean", "text"), "case a when true then 'y' when false then 'n' end", "b = 'y'", "")
            + "expand add check yn (b in ('y', 'n'))",
        script(("uuid", "text"), "a::text", "b::uuid", "check (a = '00000000-0000-4000-8000-000000000000')")
            + "expand add check u (b = '00000000-0000-4000-8000-000000000000')",
    ]
}

/// Translations of which nobody knows.
fn open() -> Vec<String> {
    vec![
        script(("json", "jsonb"), "a", "b", ""),
        script(("date", "timestamp"), "a", "b", "check (a < '3000-01-01')")
            + "expand add check d (b = date_trunc('day', b) and b < '3000-01-01')",
        script(("text", "text"), "case when md5(a) = 'e4d909c290d0fb1ca068ffaddf22cbd0' then 'x' else a end", "b", ""),
    ]
}

#[test]
fn translations_that_undo_each_other_are_not_reported() {
    let is_open = |text: &str| {
        assert_eq!(messages(text), Vec::<String>::new(), "{text}");
        let notes = crate::check::findings(Source::new("forms.mig", text)).notes;
        notes.iter().any(|note| note.contains(" values was changed by the round trip"))
    };
    known().iter().for_each(|text| assert!(!is_open(text), "{text}"));
    open().iter().for_each(|text| assert!(is_open(text), "{text}"));
}

#[test]
fn where_versions_write_both_forms_what_is_not_known_is_a_condition() {
    let with_apps = |text: &str| format!("app v1 {{ uses t.a }}\napp v2 {{ uses t.b }}\n{text}\ndeploy v2\n");
    let is_condition = |text: &String| {
        let told = crate::check::findings(Source::new("forms.mig", with_apps(text)));
        told.diagnostics.iter().any(|found| found.message.ends_with("every value comes back as it was written"))
    };
    assert!(!is_condition(&known()[0]));
    open().iter().for_each(|text| assert!(is_condition(text), "{text}"));
}

#[test]
fn what_a_check_lists_is_tried() {
    let of =
        |check: &str| messages(&script(("text", "boolean"), "a = 'on'", "case when b then 'on' else 'off' end", check));
    assert_eq!(of("not null check (a in ('on', 'off'))"), Vec::<String>::new());
    for check in [
        "not null check (a in ('on', 'off', 'qzx'))",
        "not null check (a = 'on' or a = 'qzx')",
        "not null check (case a when 'qzx' then true else a = 'on' end)",
        "not null default 'qzx' check (length(a) = 3 or a = 'on')",
    ] {
        assert!(!of(check).is_empty(), "{check}");
    }
    let number =
        |check: &str| messages(&script(("integer", "boolean"), "a = 1", "case when b then 1 else 0 end", check));
    assert_eq!(number("not null check (a between 0 and 1)"), Vec::<String>::new());
    assert!(!number("not null check (a between 0 and 1 or a between 54321 and 54400)").is_empty());
}

#[test]
fn what_is_too_long_is_not_tried() {
    let text =
        script(("text", "text"), "repeat(a, 900000)", "left(b, 3)", "check (a <> '')") + "expand add check l (b <> '')";
    assert_eq!(messages(&text), Vec::<String>::new());
}

#[test]
fn a_null_is_tried_only_where_one_may_be_written() {
    let of = |constraint: &str, rest: &str| {
        messages(&(script(("text", "text"), "coalesce(a, '-')", "b", constraint) + rest)).join("; ")
    };
    assert_eq!(of("", ""), "`b` null comes back as '-'; `a` null comes back as '-'");
    assert_eq!(of("not null", ""), "");
    assert_eq!(of("not null", "expand drop not null a"), "");
}

#[test]
fn only_forms_that_are_in_force_at_once_make_a_round() {
    let text = "table t { id integer primary key, a text }\nexpand add column b text\n\
                expand sync b from lower(a)\ncontract drop sync b\nexpand sync a from upper(b)\n";
    assert_eq!(messages(text), Vec::<String>::new());
    let text = "table t { id integer primary key, a text }\nexpand add column b text\n\
                expand sync b from lower(a)\nexpand sync a from b\ncontract drop column b\n";
    assert_eq!(messages(text).len(), 2);
}

#[test]
fn applications_that_write_one_form_only_lose_nothing() {
    let with = |first: &str, second: &str| {
        let apps = format!("app v1 {{ {first} }}\napp v2 {{ {second} }}\n");
        messages(&(apps + &script(("text", "text"), "lower(a)", "b", "") + "deploy v2\n"))
    };
    assert_eq!(with("uses t.a", "uses t.b").len(), 2);
    assert_eq!(with("uses t.a", "reads t.b").len(), 0);
    assert_eq!(with("reads t.a", "uses t.b").len(), 0);
}

#[test]
fn long_plans_are_searched_in_a_moment() {
    let mut text = String::from("table t { id integer primary key");
    (0..300).for_each(|n| write!(text, ", a{n} text").unwrap());
    text.push_str(" }\n");
    for n in 0..300 {
        writeln!(text, "expand add column b{n} text").unwrap();
        writeln!(
            text,
            "expand sync b{n} from case when md5(a{n}) = '' then '' else a{n} end\nexpand sync a{n} from b{n}"
        )
        .unwrap();
    }
    let notes = crate::check::findings(Source::new("long.mig", text)).notes;
    assert_eq!(notes.iter().filter(|note| note.contains("round trip")).count(), 300);
}
