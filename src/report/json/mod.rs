//! Findings as one JSON document; `docs/check-output.schema.json` describes it.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{FileFindings, Report, Totals};
use crate::diagnostic::{Answer, Code, Diagnostic, Fix, Headline, Label, Severity};
use crate::source::{Source, Span};

/// The version of the document's form.
const VERSION: u32 = 1;

/// A report as JSON, written file by file.
pub struct Json<W> {
    out: W,
    totals: Totals,
    unreadable: Vec<Unreadable>,
}

impl<W: Write> Json<W> {
    /// A report to `out`.
    pub fn new(out: W) -> Self {
        Self { out, totals: Totals::default(), unreadable: Vec::new() }
    }

    fn open(&mut self) -> io::Result<()> {
        if self.totals.files == 0 { write!(self.out, "{{\"version\":{VERSION},\"files\":[") } else { Ok(()) }
    }
}

impl<W: Write> Report for Json<W> {
    fn file(&mut self, file: FileFindings<'_>) -> io::Result<()> {
        self.open()?;
        self.out.write_all(if self.totals.files == 0 { b"\n" } else { b",\n" })?;
        self.totals.add(file.diagnostics);
        let diagnostics = Findings { source: file.source, diagnostics: file.diagnostics };
        let verdict = file.headline.map(|headline| headline.answer);
        let said = file.headline.map(Headline::notes).unwrap_or_default();
        let notes = said.iter().chain(file.notes).map(String::as_str).collect();
        let premises = file.headline.map(Headline::all_premises).unwrap_or_default();
        let document = File { path: file.source.name(), verdict, premises, diagnostics, notes };
        Ok(serde_json::to_writer(&mut self.out, &document)?)
    }

    fn unreadable(&mut self, path: &str, why: &str) -> io::Result<()> {
        self.unreadable.push(Unreadable { path: path.to_owned(), message: why.to_owned() });
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.open()?;
        self.out.write_all(b"\n],\"unreadable\":")?;
        serde_json::to_writer(&mut self.out, &self.unreadable)?;
        self.out.write_all(b",\"summary\":")?;
        serde_json::to_writer(&mut self.out, &self.totals)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

/// A file that could not be read, and why.
#[derive(Serialize)]
pub(super) struct Unreadable {
    pub(super) path: String,
    pub(super) message: String,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    verdict: Option<Answer>,
    premises: Vec<&'a str>,
    diagnostics: Findings<'a>,
    notes: Vec<&'a str>,
}

/// The findings of a file, each made when it is written: there may be a hundred thousand.
pub(super) struct Findings<'a> {
    pub(super) source: &'a Source,
    pub(super) diagnostics: &'a [Diagnostic],
}

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.diagnostics.iter().map(|diagnostic| Finding::new(diagnostic, self.source)))
    }
}

#[derive(Serialize)]
struct Finding<'a> {
    code: Code,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    labels: Vec<LabelJson<'a>>,
    fix: Option<Mending<'a>>,
}

impl<'a> Finding<'a> {
    fn new(diagnostic: &'a Diagnostic, source: &Source) -> Self {
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            labels: diagnostic.labels.iter().enumerate().map(|(i, label)| LabelJson::new(i, label, source)).collect(),
            fix: diagnostic.fix.as_ref().map(|fix| Mending::new(fix, source)),
        }
    }
}

#[derive(Serialize)]
struct LabelJson<'a> {
    text: &'a str,
    primary: bool,
    #[serde(flatten)]
    range: Range,
}

impl<'a> LabelJson<'a> {
    fn new(index: usize, label: &'a Label, source: &Source) -> Self {
        Self { text: &label.text, primary: index == 0, range: Range::new(label.span, source) }
    }
}

#[derive(Serialize)]
struct Mending<'a> {
    title: &'a str,
    edits: Vec<Replacement<'a>>,
}

impl<'a> Mending<'a> {
    fn new(fix: &'a Fix, source: &Source) -> Self {
        let edits = fix.edits.iter();
        let edits = edits.map(|e| Replacement { range: Range::new(e.span, source), replacement: &e.replacement });
        Self { title: &fix.title, edits: edits.collect() }
    }
}

#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    range: Range,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Range {
    start: Point,
    end: Point,
}

impl Range {
    fn new(span: Span, source: &Source) -> Self {
        Self { start: Point::new(span.start, source), end: Point::new(span.end, source) }
    }
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    offset: u32,
}

impl Point {
    fn new(offset: u32, source: &Source) -> Self {
        let position = source.position(offset);
        Self { line: position.line, column: position.column, offset }
    }
}

#[cfg(test)]
mod tests;
