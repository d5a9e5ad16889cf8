//! Findings and notes of a script that is run: they go to standard error, as standard output is for the report of the run.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Headline};
use crate::report::terminal::Paint;
use crate::report::{Terminal, clean, render};
use crate::source::Source;

/// Writes findings.
pub(super) fn tell(diagnostics: &[Diagnostic], source: &Source) {
    let terminal = Terminal::stderr();
    // Who may be live beside the plan matters to `check`; here the plan is alone.
    let told = diagnostics.iter().filter(|diagnostic| !diagnostic.is_about_assumed_versions());
    let text: String = told.map(|diagnostic| render(diagnostic, source, terminal)).collect();
    io::stderr().write_all(text.as_bytes()).ok();
}

/// Writes the verdict, as `check` does: where few words are wanted, only one that is more than `proved`.
pub(super) fn tell_verdict(verdict: Option<&Headline>, few_words: bool) {
    let notes = verdict.map(|verdict| if few_words { verdict.short_notes() } else { verdict.notes() });
    tell_notes(&notes.unwrap_or_default());
}

/// Writes notes, as `check` does.
pub(super) fn tell_notes(notes: &[String]) {
    let word = Terminal::stderr().paint("note:", Paint::Cyan);
    let mut out = io::stderr().lock();
    notes.iter().try_for_each(|note| writeln!(out, "{word} {}", clean(note))).ok();
}
