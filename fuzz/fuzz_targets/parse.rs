//! Any text parses without a panic, and what has no syntax errors formats to a text that formats to itself.
//! `cargo +nightly fuzz run parse tests/cases/syntax/good` from the package's folder starts from the good cases.
#![no_main]

use libfuzzer_sys::fuzz_target;
use miglab::source::Source;
use miglab::syntax::{format, highlight, parse, parse_dml, read_statements};

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.mig", text);
    let _ = parse(source.clone());
    let _ = highlight(text);
    let _ = parse_dml(text);
    let _ = read_statements(&source);
    if let Ok(once) = format(&source) {
        let again = format(&Source::new("fuzz.mig", once.clone())).expect("a formatted script has no syntax errors");
        assert_eq!(once, again, "formatting is stable");
    }
});
