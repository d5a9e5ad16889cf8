//! What the reading of whole scripts gives.

use super::*;

fn read(text: &str) -> Parsed {
    parse(Source::new("test.mig", text))
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/syntax").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "mig"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn told(parsed: &Parsed) -> String {
    let text = parsed.script.source.text();
    let one = |d: &Diagnostic| {
        let at = parsed.script.source.position(d.span().start);
        let slice = &text[d.span().range()];
        format!("{}:{} {} | {} | {:?} | {:?}\n", at.line, at.column, d.code, d.message, slice, d.help)
    };
    parsed.diagnostics.iter().map(one).collect()
}

#[test]
fn good_scripts_have_no_diagnostics() {
    for (name, text) in files("good") {
        let parsed = read(&text);
        assert!(parsed.diagnostics.is_empty(), "{name}\n{}", told(&parsed));
    }
}

#[test]
fn bad_scripts_have_some() {
    for (name, text) in files("bad") {
        let parsed = read(&text);
        if std::env::var("SHOW").is_ok() {
            println!("== {name}\n{}", told(&parsed));
        }
        assert!(!parsed.diagnostics.is_empty(), "{name}");
    }
}
