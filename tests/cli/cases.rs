//! Scripts beside what `miglab check` says about them. `SNAPSHOTS=overwrite cargo test` rewrites what it should say.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Ran, miglab};
use snapbox::{Assert, Data};

/// Folders of scripts that have their output beside them: those below it, and the scripts in it that do.
const SYNTAX: &str = "tests/cases/syntax/bad";
const CHECK: &str = "tests/cases/check";

/// Every script that has its output beside it, and the code that its findings should have, if only one may.
fn cases() -> Vec<(PathBuf, Option<String>)> {
    let syntax = with_ending(Path::new(SYNTAX), "mig").into_iter().map(|script| (script, None));
    let mut folders: Vec<PathBuf> = fs::read_dir(CHECK).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let check = folders.iter().flat_map(|folder| {
        let code = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let bad = with_ending(folder, "mig").into_iter().filter(|script| is_bad(script));
        bad.map(move |script| (script, Some(code.clone()))).collect::<Vec<_>>()
    });
    syntax.chain(check).collect()
}

/// The option for the database that a script is held against, where there is one beside it.
fn schema_of(script: &Path) -> impl Iterator<Item = String> + use<> {
    let dump = script.with_extension("sql");
    let name = dump.file_name().unwrap().to_str().unwrap().to_owned();
    dump.exists().then(|| ["--schema".to_owned(), name]).into_iter().flatten()
}

fn is_bad(script: &Path) -> bool {
    script.file_name().unwrap().to_str().unwrap().starts_with("bad")
}

fn with_ending(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    paths.sort();
    paths
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { below(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_bad_script_is_answered_as_expected() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    for (script, code) in cases() {
        let (folder, name) = (script.parent().unwrap(), script.file_name().unwrap().to_str().unwrap());
        let ran = Ran::of(miglab(&["check", name]).args(schema_of(&script)).current_dir(folder));
        assert_eq!(ran.err, "", "{}", script.display());
        if let Some(code) = code {
            let heads = ran.out.lines().filter_map(|line| line.strip_suffix(']')?.split_once('['));
            let heads = heads.filter(|(word, _)| ["error", "warning", "advice"].contains(word));
            let mut codes: Vec<_> = heads.map(|(_, found)| found).collect();
            codes.dedup();
            assert_eq!(codes, [code], "one root cause, one finding: {}\n{}", script.display(), ran.out);
        } else {
            assert_eq!(ran.code, 1, "{}: {}", script.display(), ran.out);
        }
        assert.eq(ran.out, Data::read_from(&script.with_extension("out"), None));
    }
}

/// What may be said of a script that is good to show something else: that it declares no applications.
const ADVICE: &str = "advice[missing-app]";

#[test]
fn every_good_script_is_free_of_findings() {
    let folders = fs::read_dir(CHECK).unwrap().map(|entry| entry.unwrap().path());
    let scripts = folders.flat_map(|folder| with_ending(&folder, "mig")).filter(|script| !is_bad(script));
    for script in scripts {
        let arguments = ["check", script.to_str().unwrap(), "--deny", "warnings"];
        let folder = script.parent().unwrap();
        let schema = schema_of(&script).map(|argument| match argument.as_str() {
            "--schema" => argument,
            _ => folder.join(argument).display().to_string(),
        });
        let ran = Ran::of(miglab(&arguments).args(schema));
        assert_eq!(ran.code, 0, "{}\n{}", script.display(), ran.out);
        let code = script.parent().and_then(Path::file_name).unwrap().to_str().unwrap();
        assert!(!ran.out.contains(&format!("[{code}]")), "{}\n{}", script.display(), ran.out);
        // What follows from an assumption about who is live is advice as well.
        let is_good = ran.out.contains("no findings in") || ran.out.contains(ADVICE);
        assert!(is_good, "{}\n{}", script.display(), ran.out);
    }
}

#[test]
fn no_case_is_forgotten() {
    let expected: Vec<PathBuf> = cases().into_iter().map(|(script, _)| script.with_extension("out")).collect();
    let mut files = Vec::new();
    for folder in ["tests/cases/syntax", CHECK] {
        below(Path::new(folder), &mut files);
    }
    let outputs = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "out"));
    let lonely: Vec<_> = outputs.filter(|path| !expected.contains(path)).collect();
    let missing: Vec<_> = expected.iter().filter(|path| !path.exists()).collect();
    assert!(lonely.is_empty() && missing.is_empty(), "without its script: {lonely:?}, without output: {missing:?}");
}
