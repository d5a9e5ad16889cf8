//! The applications that a script without any is taken to have: what is written into the script is what the proof puts
//! into the plan. `SNAPSHOTS=overwrite cargo test --test language infer` rewrites what the cases should become.

use std::fs;
use std::path::{Path, PathBuf};

use miglab::check::{check, findings};
use miglab::diagnostic::Code;
use miglab::fix;
use miglab::infer::{self, Inferred};
use miglab::plan::assumed::{assumed, plan_with};
use miglab::plan::{AppUse, Plan};
use miglab::source::Source;
use miglab::syntax;
use snapbox::{Assert, Data};

const CASES: &str = "tests/cases/infer";

fn scripts_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts_below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "mig") {
            found.push(path);
        }
    }
    found.sort();
}

fn texts_below(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    scripts_below(Path::new(folder), &mut found);
    found.into_iter().filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).collect()
}

/// The script with its applications; none where nothing can be written.
fn inferred(text: &str) -> Option<String> {
    match infer::apps(&check(syntax::parse(Source::new("case.mig", text)), &[])) {
        Inferred::Apps(fix) => {
            assert!(fix.edits.iter().all(|edit| edit.span.is_empty()), "something goes:\n{text}");
            Some(fix::apply_one(text, &fix))
        }
        Inferred::Declared | Inferred::Errors | Inferred::NoColumns => None,
    }
}

fn plan(text: &str) -> Plan {
    let parsed = syntax::parse(Source::new("case.mig", text));
    Plan::resolve(&parsed.script, &[]).unwrap_or_else(|found| panic!("{text}\n{found:#?}"))
}

fn picture(plan: &Plan) -> String {
    let uses = |app: &AppUse| format!("{} reads {:?} writes {:?}", app.name, app.reads, app.writes);
    let apps: Vec<String> = plan.apps.iter().map(uses).collect();
    let step = |step: &miglab::plan::Step| format!("{} {:?} {}", step.index, step.phase, step.title);
    let steps: Vec<String> = plan.steps.iter().map(step).collect();
    format!("{}\nlive {:?}\n{}", apps.join("\n"), plan.start.live().collect::<Vec<_>>(), steps.join("\n"))
}

/// Holds the written script against the plan that the applications are put into.
fn assert_same_plan(name: &str, text: &str, written: &str) {
    let without = plan(text);
    let assumed = assumed(&without).unwrap_or_else(|| panic!("{name}"));
    let with = plan_with(&without, &assumed);
    assert_eq!(picture(&with.plan), picture(&plan(written)), "{name}\n{written}");
    assert_eq!(with.origin.len(), with.plan.steps.len(), "{name}");
    let old: Vec<usize> = with.origin.iter().flatten().copied().collect();
    assert_eq!(old, (0..without.steps.len()).collect::<Vec<_>>(), "{name}");
    for (step, origin) in with.plan.steps.iter().zip(&with.origin) {
        match origin {
            Some(old) => assert_eq!((&step.title, step.span), (&without.steps[*old].title, without.steps[*old].span)),
            None => assert!(step.span.is_empty(), "{name}"),
        }
    }
}

#[test]
fn each_case_becomes_what_stands_beside_it() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    let cases = texts_below(CASES);
    assert!(cases.len() >= 9, "{}", cases.len());
    for (path, text) in cases {
        let written = inferred(&text).unwrap_or_else(|| panic!("{}", path.display()));
        assert.eq(&written, Data::read_from(&path.with_extension("out"), None).raw());
        let crlf = inferred(&text.replace('\n', "\r\n")).unwrap_or_else(|| panic!("{}", path.display()));
        let ends = if text.contains('\n') { "\r\n" } else { "\n" };
        assert_eq!(crlf, written.replace('\n', ends), "{}", path.display());
    }
}

#[test]
fn what_is_written_is_what_is_assumed() {
    let mut written_to = 0;
    for (path, text) in [texts_below("tests/cases"), texts_below("scripts")].concat() {
        let name = path.display().to_string();
        let Some(written) = inferred(&text) else { continue };
        written_to += 1;
        assert_same_plan(&name, &text, &written);
        let again = infer::apps(&check(syntax::parse(Source::new("case.mig", written.as_str())), &[]));
        assert_eq!(again, Inferred::Declared, "{name}");
        if syntax::format(&Source::new("case.mig", text.as_str())).is_ok_and(|canonical| canonical == text) {
            let formatted = syntax::format(&Source::new("case.mig", written.as_str())).unwrap();
            snapbox::assert_data_eq!(written, formatted);
        }
    }
    assert!(written_to > 40, "{written_to}");
}

#[test]
fn the_examples_without_applications_get_the_same_plan() {
    for name in ["scripts/smallest.mig", "scripts/add_display_name.mig"] {
        let text = fs::read_to_string(name).unwrap();
        let written = inferred(&text).unwrap();
        assert_same_plan(name, &text, &written);
        // Now that it is said who is live, it is wrong that there is no sync.
        let found = findings(Source::new(name, written)).diagnostics;
        let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::StaleRead], "{name}: {found:?}");
    }
}

#[test]
fn nothing_is_assumed_where_it_is_said_or_unknown() {
    let of = |text: &str| infer::apps(&check(syntax::parse(Source::new("case.mig", text)), &[]));
    let table = "table t {\n    id integer primary key\n    a text\n}\n";
    assert_eq!(of(&format!("{table}app v1 {{ uses t.a }}\nexpand add column t.b text\n")), Inferred::Declared);
    assert_eq!(of(&format!("{table}expand add colum t.b text\n")), Inferred::Errors);
    assert_eq!(of(&format!("{table}contract drop column t.a\nexpand add column t.b text\n")), Inferred::Errors);
    assert_eq!(of(table), Inferred::NoColumns);
    assert_eq!(of("wait 10m\n"), Inferred::NoColumns);
    assert_eq!(of(""), Inferred::NoColumns);
}

#[test]
fn versions_change_where_the_assumption_says() {
    let table = "table t {\n    id integer primary key\n    a text\n}\n";
    let places = |statements: &str| {
        let assumed = assumed(&plan(&format!("migration \"x\" on t\n{table}{statements}"))).unwrap();
        let rollout = assumed.rollout.iter().map(|statement| format!("{} {}", statement.place, statement.text()));
        rollout.collect::<Vec<_>>().join(", ")
    };
    let expand = "expand add column b text\n";
    let migrate = "migrate backfill b from a\n";
    let contract = "contract drop column a\n";
    assert_eq!(places(&[expand, migrate, contract].concat()), "2 deploy v2, 2 retire v1");
    assert_eq!(places(&[expand, migrate, "wait 1h\n", contract].concat()), "2 deploy v2, 3 retire v1");
    assert_eq!(places(&[expand, "wait 1h\n"].concat()), "1 deploy v2, 2 retire v1");
    assert_eq!(places(&["wait 1h\n", contract, "wait 1h\n"].concat()), "1 retire v1");
    assert_eq!(places("expand add index on t (a)\n"), "");
    assert_eq!(places("contract drop table t\n"), "0 retire v1");
}
