//! Scripts beside what `miglab check` says about them. `SNAPSHOTS=overwrite cargo test` rewrites what it should say.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Ran, miglab};
use snapbox::{Assert, Data};

/// Folders in which every script has its output beside it.
const FOLDERS: &[&str] = &["tests/cases/syntax/bad"];

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
fn every_script_is_answered_as_expected() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    for folder in FOLDERS.iter().map(Path::new) {
        for script in with_ending(folder, "mig") {
            let name = script.file_name().unwrap().to_str().unwrap();
            let ran = Ran::of(miglab(&["check", name]).current_dir(folder));
            assert_eq!(ran.err, "", "{name}");
            assert_eq!(ran.code, 1, "{name} is in a folder of bad scripts: {}", ran.out);
            assert.eq(ran.out, Data::read_from(&script.with_extension("out"), None));
        }
    }
}

#[test]
fn no_case_is_forgotten() {
    let mut files = Vec::new();
    below(Path::new("tests/cases"), &mut files);
    let lonely = |path: &&PathBuf| match path.extension().and_then(|ending| ending.to_str()) {
        Some("out") => !path.with_extension("mig").exists(),
        Some("mig") => {
            FOLDERS.iter().any(|f| path.parent() == Some(Path::new(f))) && !path.with_extension("out").exists()
        }
        _ => false,
    };
    let lonely: Vec<_> = files.iter().filter(lonely).collect();
    assert!(lonely.is_empty(), "a script without its output, or the reverse: {lonely:?}");
}
