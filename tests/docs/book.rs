//! The book in `docs/`: its summary is complete, its links lead somewhere, and the README before it is short.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use miglab::diagnostic::Code;

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

/// Commands are tested where they are written as `tests/docs/readme.rs` finds them; the pages of codes show scripts only.
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
