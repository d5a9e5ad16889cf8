//! What a run did, as text and as JSON lines.

use crate::phrase::counted;
use std::io::{self, Write};

use serde_json::json;

use super::plain::clean_line;

/// A run, as far as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// The title of the migration.
    pub title: String,
    /// Where the run stands: `COMPLETE`, `ROLLED_BACK`, `EXPANDING` …
    pub phase: &'static str,
    /// Statements executed and not rolled back, in percent of all.
    pub progress_percent: u8,
    /// What happened, each with the phase it happened in.
    pub history: Vec<(String, String)>,
}

impl RunReport {
    /// The report of a run with this title, that stands at `phase`, and in which `history` has happened.
    #[must_use]
    pub fn new<P: Into<String>>(
        title: &str,
        phase: &'static str,
        progress_percent: u8,
        history: impl Iterator<Item = (P, String)>,
    ) -> Self {
        let history = history.map(|(phase, text)| (phase.into(), text)).collect();
        Self { title: title.to_owned(), phase, progress_percent, history }
    }

    /// Writes the report for people.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write_human(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "Migration: {}", clean_line(&self.title))?;
        writeln!(out, "Phase: {}", self.phase)?;
        writeln!(out, "Progress: {}%", self.progress_percent)?;
        writeln!(out, "History ({}):", counted(self.history.len(), "entry", "entries"))?;
        for (phase, text) in &self.history {
            writeln!(out, "  [{phase}] {}", clean_line(text))?;
        }
        Ok(())
    }

    /// Writes the report as JSON lines: one `history` event per entry, then one `finished` event.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        for (phase, text) in &self.history {
            writeln!(out, "{}", json!({ "event": "history", "phase": phase, "text": text }))?;
        }
        let finished = json!({
            "event": "finished",
            "title": self.title,
            "phase": self.phase,
            "progress_percent": self.progress_percent,
        });
        writeln!(out, "{finished}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> RunReport {
        let entry = |phase: &str, text: &str| (phase.to_owned(), text.to_owned());
        RunReport {
            title: "Add display_name".into(),
            phase: "COMPLETE",
            progress_percent: 100,
            history: vec![
                entry("EXPANDING", "Add column 'display_name' ..."),
                entry("MIGRATING", "Backfill 'display_name' ..."),
                entry("COMPLETE", "Migration finished successfully"),
            ],
        }
    }

    #[test]
    fn the_shape_is_as_expected() {
        let mut out = Vec::new();
        complete().write_human(&mut out).unwrap();
        let expected = "\
Migration: Add display_name
Phase: COMPLETE
Progress: 100%
History (3 entries):
  [EXPANDING] Add column 'display_name' ...
  [MIGRATING] Backfill 'display_name' ...
  [COMPLETE] Migration finished successfully
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn every_json_line_is_an_event() {
        let mut out = Vec::new();
        complete().write_json(&mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let events: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len(), 4);
        assert_eq!(events[0]["phase"], "EXPANDING");
        assert_eq!(events[3]["event"], "finished");
        assert_eq!(events[3]["progress_percent"], 100);
    }

    #[test]
    fn one_entry_is_one() {
        let report = RunReport { history: vec![("COMPLETE".into(), "nothing\nto do".into())], ..complete() };
        let mut out = Vec::new();
        report.write_human(&mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().ends_with("History (1 entry):\n  [COMPLETE] nothing␊to do\n"));
    }
}
