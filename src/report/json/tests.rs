use serde_json::Value;

use super::*;

#[path = "../../../tests/common/schema.rs"]
mod schema;

const SCHEMA: &str = "check-output.schema.json";

fn report() -> Value {
    let source = Source::new("a.mig", "é\nab c");
    let diagnostic = Diagnostic::new(Code::InUse, "too early", Span::new(3, 5), "here")
        .label(Span::new(0, 2), "there")
        .help("later")
        .fix("drop it", Span::new(5, 7), "");
    let plain = Diagnostic::new(Code::TooManyStatements, "long", Span::new(0, 0), "");
    let mut out = Vec::new();
    let mut report = Json::new(&mut out);
    let notes = ["a note".to_owned()];
    report
        .file(FileFindings { source: &source, diagnostics: &[diagnostic, plain], headline: None, notes: &notes })
        .unwrap();
    report
        .file(FileFindings { source: &Source::new("b.mig", ""), diagnostics: &[], headline: None, notes: &[] })
        .unwrap();
    report.unreadable("c.mig", "is a folder").unwrap();
    report.finish().unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn places_count_from_one_in_characters_and_offsets_in_bytes() {
    let report = report();
    let labels = &report["files"][0]["diagnostics"][0]["labels"];
    assert_eq!(labels[0]["start"], serde_json::json!({"line": 2, "column": 1, "offset": 3}));
    assert_eq!(labels[0]["primary"], true);
    assert_eq!(labels[1]["end"], serde_json::json!({"line": 1, "column": 2, "offset": 2}));
    assert_eq!(labels[1]["primary"], false);
}

#[test]
fn the_summary_counts() {
    assert_eq!(report()["summary"], serde_json::json!({"errors": 1, "warnings": 0, "advice": 1, "files": 2}));
}

#[test]
fn a_report_of_nothing_is_whole() {
    let mut out = Vec::new();
    Json::new(&mut out).finish().unwrap();
    let report: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report["files"], serde_json::json!([]));
    schema::assert_schema(SCHEMA, &report);
}

#[test]
fn the_output_is_as_the_schema_says() {
    schema::assert_schema(SCHEMA, &report());
}

#[test]
fn the_schema_lists_every_code() {
    let schema = schema::read(SCHEMA);
    let listed: Vec<_> = schema["$defs"]["code"]["enum"].as_array().unwrap().iter().collect();
    assert_eq!(listed, Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
}

#[test]
fn the_check_of_the_schema_finds_what_is_wrong() {
    let mut wrong = report();
    wrong["files"][0]["diagnostics"][0]["severity"] = Value::from("fatal");
    let found = std::panic::catch_unwind(|| schema::assert_schema(SCHEMA, &wrong));
    assert!(found.is_err());
}
