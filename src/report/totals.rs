//! How many findings there were, in words.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::phrase::counted;

/// Counts of findings over files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Errors found.
    pub errors: usize,
    /// Warnings found.
    pub warnings: usize,
    /// Pieces of advice found.
    pub advice: usize,
    /// Files checked.
    pub files: usize,
    /// Files with a finding of any severity.
    #[serde(skip)]
    pub files_with_findings: usize,
    /// Findings with a fix.
    #[serde(skip)]
    pub fixable: usize,
}

impl Totals {
    /// Counts one file and its findings.
    pub fn add(&mut self, diagnostics: &[Diagnostic]) {
        self.files += 1;
        self.files_with_findings += usize::from(!diagnostics.is_empty());
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Advice => self.advice += 1,
            }
            self.fixable += usize::from(diagnostic.fix.is_some());
        }
    }

    /// One line: "3 errors, 1 warning in 2 of 5 files".
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = [(self.errors, "error", "errors"), (self.warnings, "warning", "warnings")];
        let mut parts: Vec<_> = counts.iter().filter(|c| c.0 > 0).map(|c| counted(c.0, c.1, c.2)).collect();
        if self.advice > 0 {
            parts.push(format!("{} advice", self.advice));
        }
        if parts.is_empty() {
            return format!("no findings in {}", counted(self.files, "file", "files"));
        }
        format!("{} in {}", parts.join(", "), self.places())
    }

    fn places(&self) -> String {
        let files = counted(self.files, "file", "files");
        if self.files_with_findings == self.files { files } else { format!("{} of {files}", self.files_with_findings) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroes_are_left_out() {
        let totals = Totals { errors: 3, warnings: 1, files: 2, files_with_findings: 2, ..Totals::default() };
        assert_eq!(totals.summary(), "3 errors, 1 warning in 2 files");
        let totals = Totals { advice: 1, files: 5, files_with_findings: 1, ..Totals::default() };
        assert_eq!(totals.summary(), "1 advice in 1 of 5 files");
        assert_eq!(Totals { files: 5, ..Totals::default() }.summary(), "no findings in 5 files");
    }
}
