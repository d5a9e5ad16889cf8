//! Proofs, as text for people and as JSON. They are written file by file, as findings are.

mod human;
mod json;
mod matrix;
mod schedule;
mod statements;

use std::io;
use std::sync::Arc;

use serde::Serialize;

pub use human::Human;
pub use json::Json;

pub use crate::diagnostic::Answer;
use crate::diagnostic::{Diagnostic, Headline};
use crate::plan::Plan;
use crate::prove::Proof;
use crate::source::Source;

/// A script, and what came of proving it.
#[derive(Debug)]
pub struct ProvedScript {
    /// Its text.
    pub source: Source,
    /// What came of it.
    pub outcome: ProveOutcome,
}

/// What came of proving a script.
#[derive(Debug)]
pub enum ProveOutcome {
    /// There are errors in the script, which come first; warnings are here as well.
    Errors(Vec<Diagnostic>),
    /// The plan and its proof.
    Proof(Box<ProvedPlan>),
    /// No application is declared.
    NoApps {
        /// The title of the plan.
        title: String,
        /// The lines that declare the applications taken to be there, and deploy and retire them.
        lines: Vec<String>,
        /// The plan with these lines, and its proof; none where there is no column that an application could use.
        assumed: Option<Box<ProvedPlan>>,
    },
}

/// A plan and what is proved of it.
#[derive(Debug)]
pub struct ProvedPlan {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Its proof.
    pub proof: Proof,
    /// The verdict; it may be less than the proof says, where other findings take something away.
    pub headline: Headline,
    /// What takes something away: values that are lost in any order of events.
    pub losses: Vec<Diagnostic>,
}

impl ProvedScript {
    /// Whether values are lost in it in any order of events.
    #[must_use]
    pub fn loses_values(&self) -> bool {
        matches!(&self.outcome, ProveOutcome::Proof(proved) if !proved.losses.is_empty())
    }

    /// The answer in a word.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match &self.outcome {
            ProveOutcome::Errors(_) => Answer::Errors,
            ProveOutcome::NoApps { .. } => Answer::NotProved,
            ProveOutcome::Proof(proved) => proved.headline.answer,
        }
    }
}

/// How many scripts had which answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// Proved.
    pub proved: usize,
    /// Proved, provided that conditions hold.
    pub conditional: usize,
    /// Refuted.
    pub refuted: usize,
    /// Not proved.
    pub not_proved: usize,
    /// With errors.
    pub errors: usize,
    /// All of them.
    pub files: usize,
}

impl Answers {
    /// Counts one more.
    pub fn add(&mut self, answer: Answer) {
        self.files += 1;
        match answer {
            Answer::Proved => self.proved += 1,
            Answer::Conditional => self.conditional += 1,
            Answer::Refuted => self.refuted += 1,
            Answer::NotProved => self.not_proved += 1,
            Answer::Errors => self.errors += 1,
        }
    }

    /// One line: "3 proved, 1 refuted in 4 files".
    #[must_use]
    pub fn summary(&self) -> String {
        let parts = [
            (self.proved, "proved"),
            (self.conditional, "proved with conditions"),
            (self.refuted, "refuted"),
            (self.not_proved, "not proved"),
            (self.errors, "with errors"),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|part| part.0 > 0).map(|part| format!("{} {}", part.0, part.1)).collect();
        format!("{} of {}", parts.join(", "), crate::phrase::counted(self.files, "plan", "plans"))
    }
}

/// A report of proofs in one of the formats.
pub trait ProofReport {
    /// Adds the answer for one script.
    ///
    /// # Errors
    /// The report could not be written.
    fn script(&mut self, script: &ProvedScript) -> io::Result<()>;

    /// Adds a file that could not be read, and why.
    ///
    /// # Errors
    /// The report could not be written.
    fn unreadable(&mut self, path: &str, why: &str) -> io::Result<()>;

    /// Ends the report. Nothing may be added afterwards.
    ///
    /// # Errors
    /// The report could not be written.
    fn finish(&mut self) -> io::Result<()>;
}
