//! What is said of a plan before everything else: its verdict, and what that rests on.

use serde::Serialize;

/// The answer for one script, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Safe for any number of rows, clients and batches.
    Proved,
    /// The same, provided that conditions on values hold.
    Conditional,
    /// A schedule ends in an anomaly.
    Refuted,
    /// Nothing wrong was found, and not everything could be looked at.
    NotProved,
    /// There are errors in the script, which come first.
    Errors,
}

/// The verdict on a plan. Every command says it in the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// The answer in a word.
    pub answer: Answer,
    /// The verdict: `proved, provided that 2 conditions hold (lines 9, 12)`.
    pub verdict: String,
    /// The same without lines: `proved, provided that 2 conditions hold`.
    pub brief: String,
    /// What it means, or what to do: `safe for any number of rows, clients and batches (106 states)`.
    pub meaning: String,
    /// What the verdict takes for granted of these applications, besides that they do what their `app` says.
    pub premises: Vec<String>,
    /// The plan is proved, and there is nothing to add.
    pub is_plain: bool,
}

/// What every proof takes for granted.
pub const PREMISE: &str = "each version does what its `app` says, in its models as well as in its code";

impl Headline {
    /// The verdict and what it means, in a line.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}: {}", self.verdict, self.meaning)
    }

    /// What the verdict takes for granted, in a line; none where there is nothing to take for granted.
    #[must_use]
    pub fn premise(&self) -> Option<String> {
        let all = self.all_premises();
        let word = if all.len() == 1 { "premise" } else { "premises" };
        (!all.is_empty()).then(|| format!("{word}: {}", all.join("; ")))
    }

    /// The lines of a report.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        [self.line()].into_iter().chain(self.premise()).collect()
    }

    /// Those of them that are said where few words are wanted: none of a plan that is proved, and no more.
    #[must_use]
    pub fn short_notes(&self) -> Vec<String> {
        if self.is_plain && self.premises.is_empty() {
            return Vec::new();
        }
        [self.line()].into_iter().chain(self.premise().filter(|_| !self.premises.is_empty())).collect()
    }

    /// All that the verdict takes for granted.
    #[must_use]
    pub fn all_premises(&self) -> Vec<&str> {
        let is_found = matches!(self.answer, Answer::Refuted | Answer::Errors);
        let general = (!is_found).then_some(PREMISE);
        general.into_iter().chain(self.premises.iter().map(String::as_str)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(answer: Answer, premises: &[&str]) -> Headline {
        let premises = premises.iter().map(|text| (*text).to_owned()).collect();
        let (verdict, meaning) = ("proved".to_owned(), "safe".to_owned());
        Headline { answer, brief: verdict.clone(), verdict, meaning, premises, is_plain: answer == Answer::Proved }
    }

    #[test]
    fn premises_are_said_once() {
        let plain = headline(Answer::Proved, &[]);
        assert_eq!(plain.notes(), ["proved: safe".to_owned(), format!("premise: {PREMISE}")]);
        assert!(plain.short_notes().is_empty());
        let vouched = headline(Answer::Proved, &["the author vouches for it (line 3)"]);
        let premises = format!("premises: {PREMISE}; the author vouches for it (line 3)");
        assert_eq!(vouched.notes(), ["proved: safe".to_owned(), premises.clone()]);
        assert_eq!(vouched.short_notes(), ["proved: safe".to_owned(), premises]);
    }

    #[test]
    fn what_is_found_takes_nothing_for_granted() {
        assert_eq!(headline(Answer::Refuted, &[]).premise(), None);
        assert_eq!(headline(Answer::Conditional, &[]).short_notes(), ["proved: safe"]);
    }
}
