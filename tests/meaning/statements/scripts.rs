//! Every script in `scripts/` and every kind of `miglab new`.

use std::path::Path;

use super::writes::Dice;
use crate::common::both::{Both, database};
use crate::common::kinds::KINDS;
use crate::common::postgres::TestServer;
use crate::common::{Ran, miglab};

pub fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "mig"));
    files.sort();
    let fewer = |text: String| text.replace("generate 1_000_000", "generate 2_00");
    let of_file =
        |path: &std::path::PathBuf| (path.display().to_string(), fewer(std::fs::read_to_string(path).unwrap()));
    let of_kind = |arguments: &&[&str]| {
        let ran = Ran::of(&mut miglab(&[&["new"], *arguments].concat()));
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        (arguments.join(" "), ran.out)
    };
    let declares = |(_, text): &(String, String)| text.contains("\ntable ");
    files.iter().map(of_file).chain(KINDS.iter().map(of_kind)).filter(declares).collect()
}

fn both(server: &TestServer, name: &str, text: &str) -> Both {
    Both::open(name, text, database(server, "scripts"))
}

#[test]
fn every_script_means_the_same_on_both() {
    let server = TestServer::start();
    for (name, text) in &texts() {
        (0..4).for_each(|seed| run(&server, name, text, Dice(seed)));
    }
}

fn run(server: &TestServer, name: &str, text: &str, mut dice: Dice) {
    let mut both = both(server, name, text);
    for index in 0..both.plan.steps.len() {
        both.compare(&format!("before statement {} of {name}", index + 1));
        both.let_applications_write(&mut dice);
        both.compare(&format!("after writes before statement {} of {name}", index + 1));
        if !both.step(index) {
            return;
        }
    }
    both.let_applications_write(&mut dice);
    both.compare(&format!("at the end of {name}"));
}

#[test]
fn every_script_is_undone_from_every_statement() {
    let server = TestServer::start();
    for (name, text) in &texts() {
        let mut both = both(&server, name, text);
        let (before, rows) = (both.picture(), both.memory.snapshot());
        for statements in 1..=both.plan.steps.len() {
            both.memory.restore(rows.clone());
            (0..statements).for_each(|index| assert!(both.step(index), "{name}"));
            both.roll_back();
            both.memory.restore(rows.clone());
            assert_eq!(both.picture(), before, "{name} after {statements}");
            both.compare(&format!("when {name} is rolled back after {statements}"));
        }
    }
}
