//! Scripts beside what `miglab run` says about them. The first line of a script, `# args: …`, gives the further arguments.
//! `SNAPSHOTS=overwrite cargo test` rewrites what it should say.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Ran, miglab};
use snapbox::{Assert, Data};

const FOLDER: &str = "tests/cases/run";

fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn with_ending(ending: &str) -> Vec<PathBuf> {
    files().into_iter().filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The arguments in the first line of a script.
fn arguments(script: &Path) -> Vec<String> {
    let text = fs::read_to_string(script).unwrap();
    let line = text.lines().next().and_then(|line| line.strip_prefix("# args:"));
    let line = line.unwrap_or_else(|| panic!("{} does not begin with `# args:`", script.display()));
    line.split_whitespace().map(str::to_owned).collect()
}

fn run(script: &Path) -> Ran {
    let (file, further) = (name(script), arguments(script));
    let arguments: Vec<&str> = ["run", &file].into_iter().chain(further.iter().map(String::as_str)).collect();
    Ran::of(miglab(&arguments).current_dir(FOLDER))
}

#[test]
fn every_script_is_run_as_expected() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    for script in with_ending("mig") {
        let ran = run(&script);
        assert!(!ran.err.contains("panicked"), "{}: {}", script.display(), ran.err);
        let told = format!("{}── standard error\n{}── exit code {}\n", ran.out, ran.err, ran.code);
        assert.eq(told, Data::read_from(&script.with_extension("out"), None));
    }
}

#[test]
fn every_script_that_should_fail_does() {
    for script in with_ending("mig").iter().filter(|script| name(script).starts_with("fails_")) {
        let ran = run(script);
        assert_eq!(ran.code, 1, "{}: {}", script.display(), ran.err);
        // Before the error stands what the verdict rests on.
        let error = ran.err.lines().find(|line| !line.starts_with("note: "));
        let says = error.is_some_and(|line| line.starts_with(&format!("error: {}:", name(script))));
        assert!(says, "{}: {}", script.display(), ran.err);
        assert!(ran.out.contains("\nPhase: ROLLED_BACK\nProgress: 0%\n"), "{}: {}", script.display(), ran.out);
    }
}

#[test]
fn json_is_one_event_a_line() {
    for script in with_ending("mig").iter().filter(|script| arguments(script).contains(&"json".to_owned())) {
        for line in run(script).out.lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(event["event"].is_string(), "{}: {line}", script.display());
        }
    }
}

#[test]
fn no_case_is_forgotten() {
    let stems = |ending| -> Vec<PathBuf> { with_ending(ending).iter().map(|path| path.with_extension("")).collect() };
    assert_eq!(stems("mig"), stems("out"), "a script without output, or output without its script");
    let scripts: String = with_ending("mig").iter().map(|script| fs::read_to_string(script).unwrap()).collect();
    for file in files() {
        let known = ["mig", "out"].iter().any(|ending| file.extension().is_some_and(|found| found == *ending));
        assert!(known || scripts.contains(&name(&file)), "no script speaks of {}", file.display());
    }
}
