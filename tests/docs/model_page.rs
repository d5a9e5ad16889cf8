//! The page on the model: its commands print what it shows, and its plans are those that they are about.
//! `TRYCMD=overwrite cargo test --test docs model_page` rewrites the output.

use std::fs;

use crate::common::{Ran, miglab};

const PAGE: &str = "docs/model.md";

#[test]
fn every_command_of_the_page_prints_what_it_shows() {
    trycmd::TestCases::new().case(PAGE).env("NO_COLOR", "1");
}

/// A script without the comment on its first line.
fn without_comment(text: &str) -> &str {
    if text.starts_with('#') { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text }
}

#[test]
fn each_plan_of_the_page_is_the_one_that_is_checked_behind_it() {
    let page = fs::read_to_string(PAGE).unwrap();
    let plans: Vec<&str> = page.split("```mig\n").skip(1).collect();
    assert_eq!(plans.len(), 3);
    for part in plans {
        let (plan, behind) = part.split_once("```").unwrap();
        let script = behind.split("$ miglab check ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        assert_eq!(plan, without_comment(&fs::read_to_string(script).unwrap()), "{script}");
    }
}

#[test]
fn the_pages_that_it_names_are_there() {
    let page = fs::read_to_string(PAGE).unwrap();
    let links: Vec<&str> = page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        let page = link.split_once('#').map_or(link, |(page, _)| page);
        assert!(fs::exists(format!("docs/{page}")).unwrap(), "{link}");
    }
}

#[test]
fn explain_shows_it() {
    let ran = Ran::of(&mut miglab(&["explain", "model"]));
    assert_eq!((ran.code, ran.out), (0, fs::read_to_string(PAGE).unwrap()));
}
