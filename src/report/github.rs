//! Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

use std::io::{self, Write};

use super::{FileFindings, Report};
use crate::diagnostic::{Diagnostic, Headline, Severity};
use crate::source::Source;

/// A report as workflow commands.
pub struct Github<W> {
    out: W,
}

impl<W: Write> Github<W> {
    /// A report to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    fn write(&mut self, source: &Source, diagnostic: &Diagnostic) -> io::Result<()> {
        let span = diagnostic.span();
        let (start, end) = (source.position(span.start), source.position(span.end));
        write!(
            self.out,
            "::{} file={},line={},endLine={},",
            command(diagnostic.severity),
            property(source.name()),
            start.line,
            end.line
        )?;
        // GitHub refuses columns on an annotation of several lines.
        if start.line == end.line {
            write!(self.out, "col={},endColumn={},", start.column, end.column)?;
        }
        writeln!(self.out, "title={}::{}", property(diagnostic.code.name()), data(&text_of(diagnostic)))
    }
}

impl<W: Write> Report for Github<W> {
    fn file(&mut self, file: FileFindings<'_>) -> io::Result<()> {
        let path = property(file.source.name());
        for note in file.headline.map(Headline::short_notes).unwrap_or_default() {
            writeln!(self.out, "::notice file={path},title=verdict::{}", data(&note))?;
        }
        file.diagnostics.iter().try_for_each(|diagnostic| self.write(file.source, diagnostic))
    }

    fn unreadable(&mut self, path: &str, why: &str) -> io::Result<()> {
        writeln!(self.out, "::error file={},title=unreadable::{}", property(path), data(why))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    }
}

fn text_of(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

/// Escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Span;

    fn annotated(name: &str, text: &str, diagnostic: Diagnostic) -> String {
        let (source, mut out) = (Source::new(name, text), Vec::new());
        let mut report = Github::new(&mut out);
        report.file(FileFindings { source: &source, diagnostics: &[diagnostic], headline: None, notes: &[] }).unwrap();
        report.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn properties_and_messages_are_escaped() {
        let diagnostic = Diagnostic::new(Code::InUse, "100% of `a,b:c`", Span::new(2, 3), "").help("one\r\ntwo");
        assert_eq!(
            annotated("a,b:c%.mig", "é c", diagnostic),
            "::error file=a%2Cb%3Ac%25.mig,line=1,endLine=1,col=2,endColumn=3,title=in-use\
             ::100%25 of `a,b:c`%0Ahelp: one%0D%0Atwo\n"
        );
    }

    #[test]
    fn advice_is_a_notice_and_several_lines_have_no_columns() {
        let diagnostic = Diagnostic::new(Code::TooManyStatements, "long", Span::new(0, 3), "");
        let expected = "::notice file=x.mig,line=1,endLine=2,title=too-many-statements::long\n";
        assert_eq!(annotated("x.mig", "a\nb", diagnostic), expected);
    }

    #[test]
    fn a_message_cannot_start_a_command_of_its_own() {
        let diagnostic = Diagnostic::new(Code::Syntax, "x\n::error::injected", Span::new(0, 1), "");
        assert_eq!(annotated("x.mig", "a", diagnostic).lines().count(), 1);
    }
}
