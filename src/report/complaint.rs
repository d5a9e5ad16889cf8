//! A complaint as text.

use super::terminal::Paint;
use super::{Terminal, clean};

/// What is wrong, and below it what to do about it.
#[must_use]
pub fn complaint(message: &str, help: Option<&str>, terminal: Terminal) -> String {
    let mut text = format!("{} {}\n", terminal.paint("error:", Paint::Red), clean(message));
    if let Some(help) = help {
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
        assert_eq!(complaint("no", Some("yes"), Terminal::plain()), "error: no\n  help: yes\n");
    }
}
