//! How a session says things.

use crate::engine::Fault;
use crate::report::terminal::Paint;
use crate::report::{Terminal, clean};

/// Why a line was refused. The message follows the rules of diagnostics: lower case, no full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Complaint {
    /// A complaint without help.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// With the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As lines of text.
    #[must_use]
    pub fn render(&self, terminal: Terminal) -> String {
        let mut text = format!("{} {}\n", terminal.paint("error:", Paint::Red), clean(&self.message));
        if let Some(help) = &self.help {
            text += &format!("{} {}\n", terminal.paint("  help:", Paint::Cyan), clean(help));
        }
        text
    }
}

impl From<Fault> for Complaint {
    fn from(fault: Fault) -> Self {
        Self { message: fault.message, help: fault.help }
    }
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
#[must_use]
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(listed::<&str>(&[]), "nothing");
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
    }

    #[test]
    fn a_complaint_has_its_help_below() {
        let complaint = Complaint::new("no").help("yes");
        assert_eq!(complaint.render(Terminal::plain()), "error: no\n  help: yes\n");
    }
}
