//! Complaints as lines of text.

use crate::diagnostic::Complaint;
use crate::report::terminal::Paint;
use crate::report::{Terminal, clean};

/// What is wrong, and below it what to do.
#[must_use]
pub fn complaint(complaint: &Complaint, terminal: Terminal) -> String {
    let mut text = format!("{} {}\n", terminal.paint("error:", Paint::Red), clean(&complaint.message));
    if let Some(help) = &complaint.help {
        let lines = clean(help).replace('\n', "\n        ");
        text += &[&terminal.paint("  help:", Paint::Cyan), " ", &lines, "\n"].concat();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_has_its_help_below() {
        let told = |help: &str| complaint(&Complaint::new("no").help(help), Terminal::plain());
        assert_eq!(told("yes"), "error: no\n  help: yes\n");
        assert_eq!(told("one\nother"), "error: no\n  help: one\n        other\n");
    }
}
