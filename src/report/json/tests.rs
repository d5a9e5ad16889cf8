use serde_json::Value;

use super::*;

const SCHEMA: &str = include_str!("../../../docs/check-output.schema.json");

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
    report.file(FileFindings { source: &source, diagnostics: &[diagnostic, plain], notes: &notes }).unwrap();
    report.file(FileFindings { source: &Source::new("b.mig", ""), diagnostics: &[], notes: &[] }).unwrap();
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
    assert_schema(&schema(), &report, "report");
}

#[test]
fn the_output_is_as_the_schema_says() {
    assert_schema(&schema(), &report(), "report");
}

#[test]
fn the_schema_lists_every_code() {
    let schema = schema();
    let listed: Vec<_> = schema["$defs"]["code"]["enum"].as_array().unwrap().iter().collect();
    assert_eq!(listed, Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
}

#[test]
fn the_check_of_the_schema_finds_what_is_wrong() {
    let mut wrong = report();
    wrong["files"][0]["diagnostics"][0]["severity"] = Value::from("fatal");
    let found = std::panic::catch_unwind(|| assert_schema(&schema(), &wrong, "report"));
    assert!(found.is_err());
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// Holds a value against the part of JSON Schema that our schema uses.
fn assert_schema(schema: &Value, value: &Value, at: &str) {
    let root = self::schema();
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect(reference),
        None => schema,
    };
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        let option = options.iter().find(|option| (option["type"] == "null") == value.is_null());
        return assert_schema(option.expect(at), value, at);
    }
    if let Some(constant) = schema.get("const") {
        assert_eq!(constant, value, "{at}");
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        assert!(options.contains(value), "{at}: {value}");
    }
    match schema["type"].as_str() {
        Some("object") => assert_object(schema, value, at),
        Some("array") => {
            for (i, item) in value.as_array().expect(at).iter().enumerate() {
                assert_schema(&schema["items"], item, &format!("{at}[{i}]"));
            }
        }
        Some("integer") => assert!(value.as_u64() >= schema["minimum"].as_u64(), "{at}: {value}"),
        Some("string") => assert!(value.is_string(), "{at}: {value}"),
        Some("boolean") => assert!(value.is_boolean(), "{at}: {value}"),
        Some("null") => assert!(value.is_null(), "{at}: {value}"),
        other => assert!(schema.get("const").or(schema.get("enum")).is_some(), "{at}: no check for type {other:?}"),
    }
}

fn assert_object(schema: &Value, value: &Value, at: &str) {
    let (properties, value) = (schema["properties"].as_object().expect(at), value.as_object().expect(at));
    for key in schema["required"].as_array().expect(at) {
        assert!(value.contains_key(key.as_str().unwrap()), "{at} has no {key}");
    }
    for (key, value) in value {
        let schema = properties.get(key).unwrap_or_else(|| panic!("{at}.{key} is not in the schema"));
        assert_schema(schema, value, &format!("{at}.{key}"));
    }
}
