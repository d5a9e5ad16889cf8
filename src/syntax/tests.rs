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

/// The tree without places.
fn shape(parsed: &Parsed) -> String {
    let script = &parsed.script;
    let shown = format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        script.header, script.tables, script.rows, script.views, script.apps, script.statements, script.allows
    );
    let mut out = String::new();
    for part in shown.split(' ') {
        let digits = part.trim_end_matches([',', ')', '}', ']']).trim_start_matches(|c: char| !c.is_ascii_digit());
        let is_span = digits.contains("..") && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        out.push_str(&if is_span { part.replace(digits, "_") } else { part.to_owned() });
        out.push(' ');
    }
    out
}

#[track_caller]
fn formats_well(name: &str, text: &str) {
    let source = Source::new("test.mig", text);
    let once = format(&source).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    let again =
        format(&Source::new("test.mig", once.clone())).unwrap_or_else(|errors| panic!("{name}: {errors:?}\n{once}"));
    assert_eq!(once, again, "{name}");
    assert_eq!(shape(&read(text)), shape(&read(&once)), "{name}\n{once}");
}

#[test]
fn formatting_keeps_the_tree_and_is_stable() {
    for (name, text) in files("good") {
        formats_well(&name, &text);
    }
}
