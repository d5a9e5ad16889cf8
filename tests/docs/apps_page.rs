//! The page on how to write `app`: each example is accepted, and each mapper has one.

use std::fs;

use crate::common::{Ran, miglab};
use crate::language::{examples, script_of};

const PAGE: &str = "docs/apps.md";

#[test]
fn the_examples_are_accepted_without_a_warning() {
    let page = fs::read_to_string(PAGE).unwrap();
    let examples = examples(&page);
    assert!(examples.len() > 15, "{}", examples.len());
    for example in &examples {
        let folder = script_of(example, examples[0].script);
        let ran = Ran::of(miglab(&["check", "--quiet", "example.mig"]).current_dir(folder.path()));
        let warned = ran.out.replace("warning[no-statements]", "").contains("warning[");
        assert!(ran.code == 0 && !warned, "{}\n{}{}", example.script, ran.out, ran.err);
    }
}

#[test]
fn each_section_after_the_questions_has_an_example() {
    let page = fs::read_to_string(PAGE).unwrap();
    let sections: Vec<&str> = page.split("\n## ").skip(2).collect();
    assert!(sections.len() > 12, "{}", sections.len());
    for section in sections {
        assert!(section.contains("\n```mig\napp "), "{section}");
    }
}
