//! Findings as text for people, drawn by `miette`.

use std::fmt;
use std::io::{self, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};

use super::excerpt::Excerpt;
use super::plain::clean;
use super::terminal::{Paint, Terminal};
use super::{FileFindings, Report, Totals};
use crate::diagnostic::{Diagnostic, Headline, Severity};
use crate::source::Source;

/// The columns that line numbers and frames take from a line of source.
const FRAME: usize = 12;

/// A report for people: each finding with an excerpt, notes, and a summary.
pub struct Human<W> {
    out: W,
    terminal: Terminal,
    quiet: bool,
    totals: Totals,
    notes: Vec<Note>,
}

/// A note, and the files it was made for.
struct Note {
    text: String,
    first_path: String,
    files: usize,
}

impl Note {
    fn of(path: &str, text: String) -> Self {
        Self { text, first_path: path.to_owned(), files: 1 }
    }
}

impl<W: Write> Human<W> {
    /// A report to `out`; a `quiet` one has findings and the verdicts that need a look, and no summary.
    pub fn new(out: W, terminal: Terminal, quiet: bool) -> Self {
        Self { out, terminal, quiet, totals: Totals::default(), notes: Vec::new() }
    }

    /// Notes that many files share are written once, with the number of files.
    fn remember(&mut self, path: &str, notes: &[String]) {
        for text in notes {
            match self.notes.iter_mut().find(|known| known.text == *text) {
                Some(known) => known.files += 1,
                None => self.notes.push(Note::of(path, text.clone())),
            }
        }
    }

    fn write_notes(&mut self) -> io::Result<()> {
        let word = self.terminal.paint("note:", Paint::Cyan);
        for note in &self.notes {
            let text = clean(&note.text);
            match (self.totals.files, note.files) {
                (1, _) => writeln!(self.out, "{word} {text}")?,
                (_, 1) => writeln!(self.out, "{word} {}: {text}", clean(&note.first_path))?,
                (_, files) => writeln!(self.out, "{word} {text} (in {files} files)")?,
            }
        }
        Ok(())
    }

    fn write_summary(&mut self) -> io::Result<()> {
        let paint = match self.totals {
            Totals { errors: 1.., .. } => Paint::Red,
            Totals { warnings: 1.., .. } => Paint::Yellow,
            _ => Paint::Green,
        };
        writeln!(self.out, "{}", self.terminal.paint(&self.totals.summary(), paint))?;
        match self.totals.fixable {
            0 => Ok(()),
            1 => writeln!(self.out, "1 can be fixed with `miglab check --fix`; `--diff` shows the change"),
            n => writeln!(self.out, "{n} can be fixed with `miglab check --fix`; `--diff` shows the changes"),
        }
    }
}

impl<W: Write> Report for Human<W> {
    fn file(&mut self, file: FileFindings<'_>) -> io::Result<()> {
        self.totals.add(file.diagnostics);
        if self.quiet {
            let verdict = file.headline.map(Headline::short_notes).unwrap_or_default();
            self.notes.extend(verdict.into_iter().map(|text| Note::of(file.source.name(), text)));
        } else {
            self.remember(file.source.name(), &file.headline.map(Headline::notes).unwrap_or_default());
            self.remember(file.source.name(), file.notes);
        }
        for diagnostic in file.diagnostics {
            writeln!(self.out, "{}", render(diagnostic, file.source, self.terminal))?;
        }
        Ok(())
    }

    fn unreadable(&mut self, _path: &str, _why: &str) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_notes()?;
        if !self.quiet && self.totals.files > 0 {
            self.write_summary()?;
        }
        self.out.flush()
    }
}

/// One diagnostic, drawn with an excerpt of its source. Takes time that depends on the diagnostic, not on the source.
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: &Source, terminal: Terminal) -> String {
    let excerpt = Excerpt::new(source, &diagnostic.labels, terminal.width.saturating_sub(FRAME));
    let mut text = String::new();
    let drawn = canvas(terminal).render_report(&mut text, &Placed { diagnostic, excerpt });
    if drawn.is_err() {
        text = format!("{}: {}\n", diagnostic.code, clean(&diagnostic.message));
    }
    strip_line_ends(&text)
}

fn canvas(terminal: Terminal) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if terminal.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if terminal.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme).with_width(terminal.width).with_links(false)
}

/// `miette` leaves spaces at the ends of lines.
fn strip_line_ends(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    for line in text.lines() {
        stripped.push_str(line.trim_end());
        stripped.push('\n');
    }
    stripped
}

/// A diagnostic with the part of its source that it is about, as `miette` wants it.
#[derive(Debug)]
struct Placed<'a> {
    diagnostic: &'a Diagnostic,
    excerpt: Excerpt,
}

impl fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clean(&self.diagnostic.message))
    }
}

impl std::error::Error for Placed<'_> {}

impl miette::Diagnostic for Placed<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let word = match self.diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
        };
        Some(Box::new(format!("{word}[{}]", self.diagnostic.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Advice => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_deref().map(|help| Box::new(clean(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels()))
    }
}

#[cfg(test)]
mod tests;
