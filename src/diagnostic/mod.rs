//! What miglab has to say about a script: one type for syntax errors and findings alike.
//!
//! A [`Diagnostic`] is plain data without its source; `report` joins the two at the edge and renders them.

mod code;
mod complaint;
mod headline;
mod severity;

pub use code::Code;
pub use complaint::Complaint;
pub use headline::{Answer, Headline, PREMISE};
pub use severity::Severity;

use crate::phrase::did_you_mean;
use crate::source::Span;

/// A place that a diagnostic points at, with what to read there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What stands there; may be empty.
    pub text: String,
}

/// A replacement of some text that fixes what the diagnostic is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The text that goes.
    pub span: Span,
    /// The text that comes.
    pub replacement: String,
}

/// Edits that belong together and can be applied without thinking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the fix does, as an order: "write the phase `expand`".
    pub title: String,
    /// Its edits, none overlapping another.
    pub edits: Vec<Edit>,
}

/// One thing to say about a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable code, as `explain` takes it.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// The places; the first is where it is reported.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// A fix that a machine may apply.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic of the code's own severity at one place.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            labels: vec![Label { span, text: label.into() }],
            help: None,
            fix: None,
        }
    }

    /// With a further place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// With the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a fix of one edit.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        let edit = Edit { span, replacement: replacement.into() };
        self.fix.get_or_insert_with(|| Fix { title: title.into(), edits: Vec::new() }).edits.push(edit);
        self
    }

    /// Whether it is about versions of the application that nobody has declared: which are missing, and what would go
    /// wrong if they were as is assumed.
    #[must_use]
    pub fn is_about_assumed_versions(&self) -> bool {
        self.code == Code::MissingApp || self.severity == Severity::Advice && self.code.refutes()
    }

    /// Whether a plan that it is about cannot be run. What may be allowed is for `check` to refuse; but nothing runs
    /// without a statement that it has.
    #[must_use]
    pub fn keeps_from_running(&self) -> bool {
        self.severity == Severity::Error && !self.code.can_be_allowed()
    }

    /// Where it is reported.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels.first().map_or(Span::default(), |label| label.span)
    }
}

/// The help for a name that no code has: the code that reports the same now, or what was likely meant.
#[must_use]
pub fn help_for_unknown_code(name: &str) -> Option<String> {
    /// Codes that there were, each with the one that reports the same today.
    const RETIRED: [(&str, Code); 1] = [("sync-dropped-early", Code::StaleRead)];
    let retired = RETIRED.iter().find(|(retired, _)| *retired == name);
    let today = retired.map(|(_, code)| format!("the proof reports it as `{code}` now"));
    today.or_else(|| did_you_mean(name, Code::ALL.iter().map(|code| code.name())))
}
