//! The reference of the language: every statement has its section, its examples are checked, and what is done for them on
//! PostgreSQL is what `miglab plan` prints. `SNAPSHOTS=overwrite cargo test --test docs language` rewrites that.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use miglab::repl::{Completion, Vocabulary, complete};
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::common::{Ran, miglab};

const LANGUAGE: &str = "docs/language.md";

/// What the alternatives of a rule of the grammar are, in lower case.
fn alternatives(grammar: &str, rule: &str) -> Vec<String> {
    let (_, rest) = grammar.split_once(&format!("\n{rule} = ")).unwrap();
    let body = rest.split_once('{').and_then(|(_, body)| body.split_once('}')).unwrap().0;
    let words = body.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned).collect()
}

/// The names of statements as the grammar has them: `add column`.
fn statements() -> BTreeSet<String> {
    let grammar = fs::read_to_string("grammar/mig.pest").unwrap();
    let groups = ["added", "dropped"];
    let rules = ["stmt"].into_iter().chain(groups).flat_map(|rule| alternatives(&grammar, rule));
    let statements = rules.filter(|name| !groups.contains(&name.as_str()) && !name.starts_with("slip_"));
    // `add table` has a block, and a rule for its head.
    statements.map(|name| name.replace('_', " ")).chain(["add table".to_owned()]).collect()
}

#[test]
fn every_statement_of_the_grammar_has_its_section_with_an_example() {
    let page = fs::read_to_string(LANGUAGE).unwrap();
    let sections: Vec<(&str, &str)> =
        page.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    let named: BTreeSet<String> = sections.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> = statements().difference(&named).cloned().collect();
    assert!(missing.is_empty() && statements().len() > 30, "{missing:?} of {}", statements().len());
    for (name, section) in sections {
        let text = section.split("\n## ").next().unwrap();
        assert!(text.contains("\n```mig"), "{name}");
    }
}

/// Understood, and refused with what to write instead.
const REFUSED: [&str; 3] = ["alter type", "rename column", "rename table"];

fn accepted() -> Vec<String> {
    statements().into_iter().filter(|name| !REFUSED.contains(&name.as_str())).collect()
}

#[test]
fn every_statement_of_the_grammar_is_in_the_case_of_what_is_done_on_postgresql() {
    let case = fs::read_to_string("tests/cases/plan/every_statement.mig").unwrap();
    let stands = |name: &String| case.lines().any(|line| line.trim_start().starts_with(&format!("{name} ")));
    let missing: Vec<String> = accepted().into_iter().filter(|name| !stands(name)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// Whether TAB leads to the words of `rest` after `text`.
fn is_offered(text: &str, rest: &str) -> bool {
    let Completion::Words(_, words) = complete(text, text.len(), &Vocabulary::default()) else { return false };
    rest.is_empty()
        || words.iter().any(|word| {
            let left = rest.strip_prefix(word.as_str()).filter(|left| left.is_empty() || left.starts_with(' '));
            left.is_some_and(|left| is_offered(&format!("{text}{word} "), left.trim_start()))
        })
}

#[test]
fn tab_leads_to_every_statement_of_the_grammar() {
    let phases = ["", "expand ", "migrate ", "contract "];
    let is_reached = |name: &String| phases.iter().any(|phase| is_offered(phase, name));
    let missing: Vec<String> = accepted().into_iter().filter(|name| !is_reached(name)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// A fenced block of the reference.
pub struct Example<'p> {
    /// Whether it stands there to be refused.
    refused: bool,
    /// The statements, or the whole script.
    pub script: &'p str,
    /// What follows it at once: what is done for its last statement.
    done: Option<&'p str>,
}

pub fn examples(page: &str) -> Vec<Example<'_>> {
    page.split("\n```mig").skip(1).map(example).collect()
}

fn example(part: &str) -> Example<'_> {
    let (info, rest) = part.split_once('\n').unwrap();
    let (script, rest) = rest.split_once("```\n").unwrap();
    let done = rest.strip_prefix("\n```text\n").map(|done| done.split("```").next().unwrap());
    Example { refused: info == " refused", script, done }
}

/// A folder with an example in it, after the tables that all of them are on, and the rows that one is about.
pub fn script_of(example: &Example<'_>, tables: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let whole = example.script.contains("migration \"");
    let text = if whole { example.script.to_owned() } else { format!("{tables}\n{}", example.script) };
    fs::write(folder.path().join("example.mig"), text).unwrap();
    fs::copy("scripts/people.csv", folder.path().join("people.csv")).unwrap();
    folder
}

#[test]
fn the_examples_of_the_reference_are_accepted_or_refused() {
    let page = fs::read_to_string(LANGUAGE).unwrap();
    let examples = examples(&page);
    assert!(examples.len() > 40, "{}", examples.len());
    for example in &examples {
        let folder = script_of(example, examples[0].script);
        let ran = Ran::of(miglab(&["check", "--quiet", "example.mig"]).current_dir(folder.path()));
        assert_eq!(ran.code, i32::from(example.refused), "{}\n{}{}", example.script, ran.out, ran.err);
        // An example of a declaration does nothing.
        let warned = ran.out.replace("warning[no-statements]", "").contains("warning[");
        assert!(!warned, "{}\n{}", example.script, ran.out);
    }
}

/// What `miglab plan` prints for the last statement of a script, without its number and line. Bodies of functions and
/// the ends of long lines are left out.
fn done_for(folder: &Path) -> String {
    let ran = Ran::of(miglab(&["plan", "example.mig"]).current_dir(folder));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let last = ran.out.trim_end().rsplit("\n\n").next().unwrap();
    let mut in_function = false;
    let mut shown = String::new();
    for line in last.lines().skip(1) {
        if line.trim() == "$$;" {
            in_function = false;
        }
        if !in_function {
            shown.push_str(&shortened(line.strip_prefix("   ").unwrap_or(line)));
            shown.push('\n');
        }
        if line.ends_with("as $$") {
            in_function = true;
            shown.push_str("    …\n");
        }
    }
    shown
}

fn shortened(line: &str) -> String {
    const LONGEST: usize = 150;
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST).chain(" …".chars()).collect()
}

#[test]
fn the_reference_shows_what_is_done_on_postgresql() {
    let page = fs::read_to_string(LANGUAGE).unwrap();
    let examples = examples(&page);
    let mut expected = page.clone();
    let mut shown = 0;
    for example in &examples {
        let Some(done) = example.done else { continue };
        let folder = script_of(example, examples[0].script);
        let block = |done: &str| format!("{}```\n\n```text\n{done}```", example.script);
        expected = expected.replace(&block(done), &block(&done_for(folder.path())));
        shown += 1;
    }
    assert!(shown > 25, "{shown}");
    Assert::new().action_env("SNAPSHOTS").eq(expected, Data::read_from(Path::new(LANGUAGE), Some(DataFormat::Text)));
}

#[test]
fn the_reference_lists_the_functions() {
    let page = fs::read_to_string(LANGUAGE).unwrap();
    let listed = page.split("\nFunctions: ").nth(1).expect("a list").split("\n\n").next().unwrap();
    let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = miglab::expr::function_names().collect();
    listed.sort_unstable();
    known.sort_unstable();
    known.dedup();
    assert_eq!(listed, known);
}
