//! The book in `docs/`: its parts are complete, its examples are checked, and what it shows was printed by the program.
//! `SNAPSHOTS=overwrite cargo test --test book` rewrites the pictures and the SQL of the language reference.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::miglab;
use miglab::explain::Code;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

const LANGUAGE: &str = "docs/language.md";

/// The pages of a folder, by their paths.
fn pages(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    pages.sort();
    pages
}

/// Where the links of a page lead, but for those to other sites and to parts of pages.
fn links(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = targets.filter(|target| !target.contains("://")).filter_map(|target| target.split('#').next());
    paths.filter(|path| !path.is_empty()).collect()
}

/// A picture of what the program prints, with the command above it.
fn picture(file: &str, folder: &str, args: &[&str]) {
    let output = miglab(args).current_dir(folder).env("FORCE_COLOR", "1").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let shown = format!("\u{1b}[2m$\u{1b}[0m \u{1b}[1mmiglab {}\u{1b}[0m\n\n{}", args.join(" "), printed.trim_end());
    let svg = anstyle_svg::Term::new().palette(anstyle_svg::WIN10_CONSOLE).render_svg(&shown);
    let expected = Data::read_from(&Path::new("docs").join(file), Some(DataFormat::Text));
    Assert::new().action_env("SNAPSHOTS").eq(svg, expected);
}

#[test]
fn the_pictures_show_what_the_program_prints() {
    picture("counterexample.svg", "tests/cases/prove", &["check", "rename_alone.mig"]);
    picture("proved.svg", "scripts", &["prove", "rename.mig"]);
}

#[test]
fn the_summary_lists_every_page() {
    let summary = fs::read_to_string("docs/SUMMARY.md").unwrap();
    let listed: BTreeSet<PathBuf> = links(&summary).into_iter().map(|link| Path::new("docs").join(link)).collect();
    let mut there: BTreeSet<PathBuf> = pages("docs").into_iter().chain(pages("docs/codes")).collect();
    there.remove(Path::new("docs/SUMMARY.md"));
    assert_eq!(listed, there);
}

#[test]
fn the_summary_lists_every_code_in_the_order_of_explain() {
    let summary = fs::read_to_string("docs/SUMMARY.md").unwrap();
    let listed: Vec<&str> = links(&summary).into_iter().filter_map(|link| link.strip_prefix("codes/")).collect();
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    assert_eq!(listed, codes);
}

#[test]
fn every_link_leads_to_a_file() {
    let outside = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(PathBuf::from);
    for path in pages("docs").into_iter().chain(pages("docs/codes")).chain(outside) {
        let page = fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap();
        for link in links(&page) {
            assert!(folder.join(link).exists(), "{}: {link}", path.display());
        }
    }
}

/// Commands are tested where they are written as `tests/readme.rs` finds them; the pages of codes show scripts only.
#[test]
fn the_pages_of_codes_have_no_commands() {
    for path in pages("docs/codes") {
        assert!(!fs::read_to_string(&path).unwrap().contains("```console"), "{}", path.display());
    }
}

#[test]
fn the_readme_is_short_and_without_marks_of_the_tests() {
    let readme = fs::read_to_string("README.md").unwrap();
    let count = readme.lines().count();
    assert!(count <= 250, "{count} lines");
    let marked = |line: &&str| line.contains("[..]") || line.starts_with("? ");
    assert_eq!(readme.lines().find(marked), None);
}

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

/// A fenced block of the reference.
struct Example<'p> {
    /// Whether it stands there to be refused.
    refused: bool,
    /// The statements, or the whole script.
    script: &'p str,
    /// What follows it at once: what is done for its last statement.
    done: Option<&'p str>,
}

fn examples(page: &str) -> Vec<Example<'_>> {
    page.split("\n```mig").skip(1).map(example).collect()
}

fn example(part: &str) -> Example<'_> {
    let (info, rest) = part.split_once('\n').unwrap();
    let (script, rest) = rest.split_once("```\n").unwrap();
    let done = rest.strip_prefix("\n```text\n").map(|done| done.split("```").next().unwrap());
    Example { refused: info == " refused", script, done }
}

/// A folder with an example in it, after the tables that all of them are on, and the rows that one is about.
fn script_of(example: &Example<'_>, tables: &str) -> tempfile::TempDir {
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
        let ran = common::Ran::of(miglab(&["check", "--quiet", "example.mig"]).current_dir(folder.path()));
        assert_eq!(ran.code, i32::from(example.refused), "{}\n{}{}", example.script, ran.out, ran.err);
        // An example of a declaration does nothing.
        let warned = ran.out.replace("warning[no-statements]", "").contains("warning[");
        assert!(!warned, "{}\n{}", example.script, ran.out);
    }
}

/// What `miglab plan` prints for the last statement of a script, without its number and line. Bodies of functions and
/// the ends of long lines are left out.
fn done_for(folder: &Path) -> String {
    let ran = common::Ran::of(miglab(&["plan", "example.mig"]).current_dir(folder));
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
