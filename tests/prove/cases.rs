//! The known verdicts: plans beside what `miglab prove` says about them. The comments at the head of each say what it must
//! find: the verdict, the anomaly, the length of the schedule, the point of no return. `SNAPSHOTS=overwrite cargo test`
//! rewrites what is printed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::schema::assert_schema;
use crate::common::{Ran, miglab};
use serde_json::Value;
use snapbox::{Assert, Data};

const FOLDER: &str = "tests/cases/prove";

/// Plans whose JSON is kept beside them as well.
const AS_JSON: [&str; 4] = ["errors_first", "no_apps", "rename_alone", "rename_two_way"];

fn cases() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = with_ending("mig");
    found.sort();
    assert!(found.len() >= 20, "{found:?}");
    found
}

fn with_ending(ending: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

fn name(script: &Path) -> &str {
    script.file_stem().unwrap().to_str().unwrap()
}

fn prove(script: &Path, arguments: &[&str]) -> Ran {
    let file = script.file_name().unwrap().to_str().unwrap();
    Ran::of(miglab(&[&["prove", file], arguments].concat()).current_dir(FOLDER))
}

fn json_of(script: &Path) -> (i32, Value) {
    let ran = prove(script, &["--format", "json"]);
    assert_eq!(ran.err, "", "{}", script.display());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out)))
}

/// What the comments at the head of a plan say of it: `# verdict: refuted, stale read, 5 events`.
fn said(script: &Path, what: &str) -> Option<String> {
    let text = fs::read_to_string(script).unwrap();
    let mut head = text.lines().take_while(|line| line.starts_with('#'));
    let line = head.find_map(|line| line.strip_prefix("# ")?.strip_prefix(what)?.strip_prefix(": "));
    line.map(str::to_owned)
}

/// The same of a proof.
fn found(file: &Value) -> String {
    let verdict = file["verdict"].as_str().unwrap().replace('-', " ");
    let each = file["proof"]["refutations"].as_array().into_iter().flatten();
    let each = each
        .map(|refutation| format!(", {}, {} events", refutation["anomaly"].as_str().unwrap(), refutation["length"]));
    verdict + &each.collect::<String>()
}

fn no_return(file: &Value) -> Option<String> {
    let proof = &file["proof"];
    proof.as_object()?;
    let Some(step) = proof["no_return"]["statement"].as_u64() else { return Some("none".to_owned()) };
    let text = proof["statements"][usize::try_from(step).unwrap()]["text"].as_str().unwrap();
    let phases = ["expand ", "migrate ", "contract "];
    Some(phases.iter().find_map(|phase| text.strip_prefix(phase)).unwrap_or(text).to_owned())
}

#[test]
fn every_plan_has_its_known_verdict() {
    let mut wrong = Vec::new();
    for script in cases() {
        let (code, report) = json_of(&script);
        let file = &report["files"][0];
        let expected = said(&script, "verdict").unwrap_or_else(|| panic!("{} says no verdict", script.display()));
        if found(file) != expected {
            wrong.push(format!("{}: expected {expected}, found {}", name(&script), found(file)));
        }
        let expected = said(&script, "no return");
        if no_return(file) != expected {
            wrong.push(format!("{}: no return expected at {expected:?}, found {:?}", name(&script), no_return(file)));
        }
        let exit = match file["verdict"].as_str().unwrap() {
            "proved" | "conditional" => 0,
            "not-proved" => 3,
            _ => 1,
        };
        assert_eq!(code, exit, "{}", script.display());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_proof_is_told_as_expected() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    for script in cases() {
        let ran = prove(&script, &[]);
        assert_eq!(ran.err, "", "{}", script.display());
        assert!(ran.out.lines().all(|line| line == line.trim_end()), "{}", ran.out);
        assert.eq(ran.out, Data::read_from(&script.with_extension("txt"), None));
    }
    for case in AS_JSON {
        let script = Path::new(FOLDER).join(case).with_extension("mig");
        let (_, report) = json_of(&script);
        let pretty = serde_json::to_string_pretty(&report).unwrap() + "\n";
        assert.eq(pretty, Data::read_from(&script.with_extension("json"), None).raw());
    }
}

#[test]
fn no_case_is_forgotten() {
    let lonely = |ending: &str| -> Vec<PathBuf> {
        with_ending(ending).into_iter().filter(|path| !path.with_extension("mig").exists()).collect()
    };
    assert_eq!((lonely("txt"), lonely("json")), (Vec::new(), Vec::new()));
}

#[test]
fn the_json_is_as_the_schema_says() {
    for script in cases() {
        let (_, report) = json_of(&script);
        assert_schema("prove-output.schema.json", &report);
    }
    let ran = Ran::of(&mut miglab(&["prove", "tests/cases/prove/nowhere.mig", "--format", "json"]));
    assert_eq!(ran.code, 2);
    assert_schema("prove-output.schema.json", &serde_json::from_str(&ran.out).unwrap());
}

#[test]
fn the_check_of_the_schema_finds_what_is_wrong() {
    let (_, mut report) = json_of(&Path::new(FOLDER).join("rename_alone.mig"));
    report["files"][0]["proof"]["refutations"][0]["schedule"]["events"][0]["kind"] = Value::from("miracle");
    let checked = std::panic::catch_unwind(|| assert_schema("prove-output.schema.json", &report));
    assert!(checked.is_err());
}

/// The groups of a plan, each with its states.
fn groups(text: &str) -> Vec<(String, u64)> {
    let ran = Ran::with_input(&mut miglab(&["prove", "-", "--format", "json"]), text.as_bytes());
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let proof = &report["files"][0]["proof"];
    let groups = proof["groups"].as_array().unwrap().iter();
    let states = |group: &Value| group["states"].as_u64().unwrap() + group["rollback_states"].as_u64().unwrap();
    let groups: Vec<_> = groups.map(|group| (group["columns"].to_string(), states(group))).collect();
    let sum: u64 = groups.iter().map(|(_, states)| states).sum();
    assert_eq!(proof["states"], sum, "{text}");
    groups
}

#[test]
fn independent_renames_are_explored_apart() {
    let both = fs::read_to_string(Path::new(FOLDER).join("two_renames.mig")).unwrap();
    // What concerns the other one becomes a statement that concerns no column, at the same place.
    let without = |words: [&str; 2]| {
        let alone = |line: &str| match line {
            line if line.contains("app ") => Some(line.to_owned()),
            line if !words.iter().any(|word| line.contains(word)) => Some(line.to_owned()),
            line if line.starts_with(' ') || line.starts_with('#') => None,
            line if line.starts_with("migration") => None,
            _ => Some("wait 1m".to_owned()),
        };
        let lines = both.lines().filter(|line| !line.contains("    (")).filter_map(alone);
        let text: String = lines.map(|line| line + "\n").collect();
        text.replace("{ uses username, email }", "{ uses USES1 }")
            .replace("{ uses display_name, address }", "{ uses USES2 }")
    };
    let one = without(["email", "address"]).replace("USES1", "username").replace("USES2", "display_name");
    let other = without(["username", "display_name"]).replace("USES1", "email").replace("USES2", "address");
    let of = |groups: Vec<(String, u64)>, column: &str| -> Vec<(String, u64)> {
        groups.into_iter().filter(|(columns, _)| columns.contains(column)).collect()
    };
    let (one, other) = (of(groups(&one), "username"), of(groups(&other), "email"));
    assert_eq!((one.len(), other.len()), (1, 1));
    assert!(one[0].1 > 10, "{one:?}");
    assert_eq!(of(groups(&both), "username"), one);
    assert_eq!(of(groups(&both), "email"), other);
}

#[test]
fn several_plans_have_a_summary_and_the_worst_exit_code() {
    let ran = Ran::of(&mut miglab(&["prove", "--quiet", FOLDER]));
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), cases().len() + 1, "{}", ran.out);
    let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    let conditional = count(": proved, provided that ");
    let proved = count(": proved") - conditional;
    let expected = format!("{proved} proved, {conditional} proved with conditions, ");
    assert!(lines[lines.len() - 1].starts_with(&expected), "{}", ran.out);
}

#[test]
fn what_is_not_proved_fails_unless_it_is_allowed() {
    for case in ["no_apps.mig", "many_to_one_copy.mig"] {
        let script = format!("{FOLDER}/{case}");
        assert_eq!(Ran::of(&mut miglab(&["prove", &script])).code, 3, "{case}");
        assert_eq!(Ran::of(&mut miglab(&["prove", &script, "--allow", "not-proved"])).code, 0, "{case}");
    }
    let refuted = format!("{FOLDER}/rename_alone.mig");
    assert_eq!(Ran::of(&mut miglab(&["prove", &refuted, "--allow", "not-proved"])).code, 1);
}

#[test]
fn strange_bytes_are_no_trouble() {
    let texts: [&[u8]; 5] = [b"", b"\0", b"expand {", b"\x1b[31mexpand\x07", b"app v1 { uses a }\nretire v1\n"];
    for text in texts {
        for format in ["human", "json"] {
            let ran = Ran::with_input(&mut miglab(&["prove", "-", "--format", format]), text);
            assert!([0, 1, 3].contains(&ran.code) && ran.err.is_empty(), "{text:?}: {} {}", ran.code, ran.err);
            assert!(!ran.out.contains('\u{1b}'), "{text:?} as {format}: {}", ran.out);
        }
    }
}

#[test]
fn colours_come_only_when_asked_for_in_a_pipe() {
    let script = format!("{FOLDER}/rename_alone.mig");
    let forced = Ran::of(miglab(&["prove", &script]).env("CLICOLOR_FORCE", "1"));
    assert!(forced.out.contains("\u{1b}[31mrefuted\u{1b}[0m: \"Rename"), "{}", forced.out);
    let plain = Ran::of(miglab(&["prove", &script]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!plain.out.contains('\u{1b}'));
}
