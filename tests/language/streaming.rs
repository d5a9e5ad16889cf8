//! A script whose statements are read one by one beside the check is answered as one that was read whole.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use miglab::check::{check, findings};
use miglab::source::Source;
use miglab::syntax;

fn scripts_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts_below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "mig") {
            found.push(path);
        }
    }
}

fn assert_same(name: &str, text: &str) {
    let source = Source::new(name, text);
    let whole = check(syntax::parse(source.clone()), &[]).findings;
    let streamed = findings(source);
    assert_eq!(streamed.diagnostics, whole.diagnostics, "{name}");
    assert_eq!(streamed.notes, whole.notes, "{name}");
}

#[test]
fn every_script_is_answered_the_same_way() {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    scripts_below(&root.join("tests/cases"), &mut found);
    scripts_below(&root.join("scripts"), &mut found);
    assert!(found.len() > 200, "{}", found.len());
    // Short scripts are read whole anyway: a comment makes these long enough to be read in two passes.
    let filler = "# filler\n".repeat(2_000);
    for path in found {
        if let Ok(text) = fs::read_to_string(&path) {
            assert_same(&path.display().to_string(), &format!("{text}\n{filler}"));
        }
    }
}

/// Large enough for a thread of its own, with mistakes of every kind and declarations at the very end.
#[test]
fn a_large_script_is_answered_the_same_way() {
    let mut text = String::from("migration \"Large\" on users\n\n");
    for i in 0..2_500 {
        let _ = writeln!(text, "expand add column c{i} text   # comment {i}");
        let _ = writeln!(text, "expand add colum d{i} text");
        let _ = writeln!(text, "expand {{\n    add column e{i} integer default 'x'; sync e{i} from missing{i}\n}}");
    }
    text.push_str("deploy v2\ncontract drop column c7\nmigrate backfill c8 from lower(username)\n");
    text.push_str(
        "ALTER TABLE users RENAME COLUMN a TO b;\nallow phase-order because 'why'\ncontract drop column c9\n",
    );
    text.push_str("table users {\n    id integer primary key\n    username text\n}\n");
    text.push_str("app v1 { uses username }\napp v2 { uses username, c7 }\n");
    assert!(text.len() > 1 << 17);
    assert_same("large.mig", &text);
}
