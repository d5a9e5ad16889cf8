//! Findings as SARIF 2.1.0, the exchange format of static analysis that code scanning services read.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{FileFindings, Report};
use crate::diagnostic::{Code, Diagnostic, Fix, Headline, Label, Severity};
use crate::source::{Source, Span};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A report as SARIF, written result by result.
pub struct Sarif<W> {
    out: W,
    state: RunProgress,
    /// Every file could be read.
    is_successful: bool,
    /// What was said of files, and not of places in them.
    notifications: Vec<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RunProgress {
    Unopened,
    NoResult,
    Results,
}

impl<W: Write> Sarif<W> {
    /// A report to `out`.
    pub fn new(out: W) -> Self {
        Self { out, state: RunProgress::Unopened, is_successful: true, notifications: Vec::new() }
    }

    fn open(&mut self) -> io::Result<()> {
        if self.state != RunProgress::Unopened {
            return Ok(());
        }
        self.state = RunProgress::NoResult;
        write!(self.out, "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":")?;
        serde_json::to_writer(&mut self.out, &tool())?;
        self.out.write_all(b",\"columnKind\":\"unicodeCodePoints\",\"results\":[")
    }

    fn result(&mut self, result: &Value) -> io::Result<()> {
        self.out.write_all(if self.state == RunProgress::Results { b",\n" } else { b"\n" })?;
        self.state = RunProgress::Results;
        Ok(serde_json::to_writer(&mut self.out, result)?)
    }
}

impl<W: Write> Report for Sarif<W> {
    fn file(&mut self, file: FileFindings<'_>) -> io::Result<()> {
        self.open()?;
        let verdict = file.headline.map(Headline::short_notes).unwrap_or_default();
        self.notifications.extend(verdict.iter().map(|note| notification("note", file.source.name(), note)));
        file.diagnostics.iter().try_for_each(|diagnostic| self.result(&result(diagnostic, file.source)))
    }

    fn unreadable(&mut self, path: &str, why: &str) -> io::Result<()> {
        self.is_successful = false;
        self.notifications.push(notification("error", path, why));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.open()?;
        let invocation = json!([{
            "executionSuccessful": self.is_successful,
            "toolExecutionNotifications": self.notifications,
        }]);
        write!(self.out, "\n],\"invocations\":{invocation}}}]}}\n")?;
        self.out.flush()
    }
}

fn notification(level: &str, path: &str, text: &str) -> Value {
    let location = json!([{ "physicalLocation": { "artifactLocation": { "uri": uri(path) } } }]);
    json!({ "level": level, "message": { "text": text }, "locations": location })
}

fn tool() -> Value {
    let rules: Vec<_> = Code::ALL.iter().map(|code| rule(*code)).collect();
    json!({ "driver": { "name": "miglab", "version": env!("CARGO_PKG_VERSION"), "rules": rules } })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.summary() },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn result(diagnostic: &Diagnostic, source: &Source) -> Value {
    let mut result = json!({
        "ruleId": diagnostic.code.name(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == diagnostic.code),
        "level": level(diagnostic.severity),
        "message": { "text": message(diagnostic) },
        "locations": diagnostic.labels.iter().take(1).map(|l| location(l, source)).collect::<Vec<_>>(),
    });
    let related: Vec<_> = diagnostic.labels.iter().skip(1).map(|l| location(l, source)).collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([mending(fix, source)]);
    }
    result
}

fn message(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

fn location(label: &Label, source: &Source) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(source.name()) },
            "region": region(label.span, source),
        },
    });
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    location
}

fn region(span: Span, source: &Source) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn mending(fix: &Fix, source: &Source) -> Value {
    let replacement = |edit: &crate::diagnostic::Edit| json!({ "deletedRegion": region(edit.span, source), "insertedContent": { "text": edit.replacement } });
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(source.name()) },
            "replacements": fix.edits.iter().map(replacement).collect::<Vec<_>>(),
        }],
    })
}

/// A path as a URI: relative as it is, absolute with the scheme `file`.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => write!(uri, "%{byte:02X}").expect("a string takes what is written to it"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(files: &[(&Source, Vec<Diagnostic>)]) -> Value {
        let mut out = Vec::new();
        let mut report = Sarif::new(&mut out);
        for (source, diagnostics) in files {
            report.file(FileFindings { source, diagnostics, headline: None, notes: &[] }).unwrap();
        }
        report.finish().unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn an_empty_report_is_whole() {
        let log = report(&[]);
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(log["runs"][0]["results"], json!([]));
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().len(), Code::ALL.len());
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    }

    #[test]
    fn a_result_has_its_rule_places_and_fix() {
        let source = Source::new("a b.mig", "expand\nmigrate");
        let diagnostic = Diagnostic::new(Code::PhaseOrder, "wrong way round", Span::new(7, 14), "here")
            .label(Span::new(0, 6), "after this")
            .fix("swap them", Span::new(0, 6), "x");
        let log = report(&[(&source, vec![diagnostic.clone(), diagnostic])]);
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        let result = &results[0];
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][rule]["id"], "phase-order");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.mig");
        assert_eq!(place["region"], json!({"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 8}));
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "after this");
        assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "x");
    }

    #[test]
    fn unreadable_files_make_the_run_unsuccessful() {
        let mut out = Vec::new();
        let mut report = Sarif::new(&mut out);
        report.unreadable("x.mig", "is a folder").unwrap();
        report.finish().unwrap();
        let log: Value = serde_json::from_slice(&out).unwrap();
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "is a folder");
    }

    #[test]
    fn absolute_paths_get_a_scheme() {
        assert_eq!(uri("/tmp/ü.mig"), "file:///tmp/%C3%BC.mig");
        assert_eq!(uri("./a.mig"), "a.mig");
    }
}
