//! The verdict in one place: what the proof says, and what the other findings add to it. Every command asks here.

use crate::ast::Script;
use crate::check::verdict::{ScriptVerdict, Trial};
use crate::diagnostic::{Answer, Code, Diagnostic, Headline, Severity};
use crate::phrase::counted;
use crate::plan::Plan;
use crate::prove::{Condition, NoReturn, Proof, Verdict, Words};
use crate::source::{Source, Span};

/// Findings, not errors, with which a plan is not safe in each respect: the order of events is, and values are lost.
pub(crate) const LOSSES: [Code; 1] = [Code::LossyTranslation];

/// More lines than these are not listed.
const MOST_LINES: usize = 5;

/// What the proof says of a plan, with places as lines. It needs neither script nor plan to be told.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    answer: Answer,
    states: usize,
    /// The line of each condition.
    conditions: Vec<Option<usize>>,
    premises: Vec<String>,
    way_back: String,
}

impl Judgement {
    /// Nothing is proved yet: there are errors in the way.
    pub(super) fn put_off() -> Self {
        let (conditions, premises, way_back) = (Vec::new(), Vec::new(), String::new());
        Self { answer: Answer::Errors, states: 0, conditions, premises, way_back }
    }

    pub(crate) fn of(script: &Script, plan: &Plan, proof: &Proof) -> Self {
        ScriptVerdict { script, plan, trial: Trial::Model }.judgement(proof)
    }

    /// The verdict, where these are all the findings.
    pub(crate) fn headline(&self, source: &Source, diagnostics: &[Diagnostic]) -> Headline {
        let lines = |is_one: &dyn Fn(&Diagnostic) -> bool| -> Vec<Option<usize>> {
            let found = diagnostics.iter().filter(|diagnostic| is_one(diagnostic));
            found.map(|diagnostic| Some(source.position(diagnostic.span().start).line)).collect()
        };
        let errors = lines(&|diagnostic| diagnostic.severity == Severity::Error);
        let losses = lines(&|diagnostic| LOSSES.contains(&diagnostic.code));
        let answer = match self.answer {
            Answer::Refuted => Answer::Refuted,
            _ if !errors.is_empty() => Answer::Errors,
            answer => answer,
        };
        let (verdict, meaning) = self.words(answer, &errors, &losses);
        let is_plain = answer == Answer::Proved && losses.is_empty();
        let brief = match answer {
            Answer::Proved | Answer::Conditional => self.verdict(&losses, &|_| String::new()),
            Answer::Refuted | Answer::NotProved | Answer::Errors => verdict.clone(),
        };
        Headline { answer, verdict, brief, meaning, premises: self.premises.clone(), is_plain }
    }

    fn words(&self, answer: Answer, errors: &[Option<usize>], losses: &[Option<usize>]) -> (String, String) {
        let states = counted(self.states, "state", "states");
        match answer {
            Answer::Refuted => ("refuted".to_owned(), "`miglab prove` shows the schedule row by row".to_owned()),
            Answer::NotProved => {
                let meaning = format!("nothing wrong was found ({states}), but not everything could be checked");
                ("not proved".to_owned(), meaning)
            }
            Answer::Errors => {
                let come = counted(errors.len().max(1), "error comes", "errors come");
                ("not proved".to_owned(), format!("{come} first{}", in_lines(errors)))
            }
            Answer::Proved | Answer::Conditional if losses.is_empty() => {
                let safe = "safe for any number of rows, clients and batches";
                (self.verdict(losses, &in_lines), format!("{safe} ({states}); {}", self.way_back))
            }
            Answer::Proved | Answer::Conditional => {
                let safe = "every write arrives in any order of events, and not all of its value";
                (self.verdict(losses, &in_lines), format!("{safe} ({states}); {}", self.way_back))
            }
        }
    }

    /// "proved for the order of events, provided that 1 condition holds (line 9); but values are lost (line 7)".
    fn verdict(&self, losses: &[Option<usize>], places: &dyn Fn(&[Option<usize>]) -> String) -> String {
        let proved = if losses.is_empty() { "proved" } else { "proved for the order of events" };
        let provided = if self.conditions.is_empty() {
            String::new()
        } else {
            let hold = counted(self.conditions.len(), "condition holds", "conditions hold");
            format!(", provided that {hold}{}", places(&self.conditions))
        };
        let lost = if losses.is_empty() { String::new() } else { format!("; but values are lost{}", places(losses)) };
        format!("{proved}{provided}{lost}")
    }
}

/// " (lines 9, 12)", each line once; nothing where none is known.
fn in_lines(lines: &[Option<usize>]) -> String {
    let mut known: Vec<usize> = lines.iter().copied().flatten().collect();
    known.sort_unstable();
    known.dedup();
    let listed: Vec<String> = known.iter().take(MOST_LINES).map(ToString::to_string).collect();
    let more = if known.len() > MOST_LINES { ", …" } else { "" };
    match listed.as_slice() {
        [] => String::new(),
        [line] => format!(" (line {line})"),
        _ => format!(" (lines {}{more})", listed.join(", ")),
    }
}

impl ScriptVerdict<'_> {
    /// What there is to say of a proof.
    pub(super) fn judgement(&self, proof: &Proof) -> Judgement {
        let answer = match proof.verdict() {
            Verdict::Proved => Answer::Proved,
            Verdict::Conditional => Answer::Conditional,
            Verdict::Refuted => Answer::Refuted,
            Verdict::NotProved => Answer::NotProved,
        };
        let mut premises: Vec<(&str, Vec<Option<usize>>)> = Vec::new();
        for assumption in &proof.assumptions {
            let line = assumption.step.and_then(|step| self.line_of(step));
            match premises.iter_mut().find(|(what, _)| *what == assumption.what) {
                Some((_, lines)) => lines.push(line),
                None => premises.push((&assumption.what, vec![line])),
            }
        }
        let premises = premises.into_iter().map(|(what, lines)| format!("{what}{}", in_lines(&lines)));
        Judgement {
            answer,
            states: proof.states,
            conditions: proof.conditions.iter().map(|condition| self.line_of_condition(condition)).collect(),
            premises: premises.collect(),
            way_back: self.way_back(proof.no_return.as_ref()),
        }
    }

    fn line_of_condition(&self, condition: &Condition) -> Option<usize> {
        let declared = |span: Span| self.script.source.position(span.start).line;
        match condition.step {
            Some(step) => self.line_of(step),
            None => self.declared_at(condition).map(declared),
        }
    }

    /// The line of a statement; none of one that is only assumed.
    fn line_of(&self, step: usize) -> Option<usize> {
        let span = self.plan.steps.get(step)?.span;
        (!span.is_empty()).then(|| self.script.source.position(span.start).line)
    }

    fn way_back(&self, no_return: Option<&NoReturn>) -> String {
        let Some(point) = no_return else { return "a rollback loses no write, wherever it starts".to_owned() };
        let statement = self.script.source.slice(self.plan.steps[point.step].span);
        let line = self.line(point.step);
        let known =
            format!("`{statement}` (line {line}) is the point of no return: before it a rollback loses no write");
        if point.loss().is_some() {
            return known;
        }
        let why = Words::new(self.plan).no_return(point, &|step| format!("line {}", self.line(step)));
        format!("{known}; after it {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn judgement(answer: Answer, conditions: &[usize]) -> Judgement {
        let conditions = conditions.iter().map(|line| Some(*line)).collect();
        Judgement { answer, states: 7, conditions, premises: Vec::new(), way_back: "back".to_owned() }
    }

    fn verdict(judgement: &Judgement, codes: &[(Code, usize)]) -> (Answer, String) {
        let found = codes.iter().map(|(code, at)| Diagnostic::new(*code, "", Span::new(*at, *at + 1), ""));
        let headline = judgement.headline(&Source::new("a.mig", "a\nb\nc"), &found.collect::<Vec<_>>());
        (headline.answer, headline.verdict)
    }

    #[test]
    fn conditions_and_losses_are_in_the_verdict() {
        let plain = judgement(Answer::Proved, &[]);
        assert_eq!(verdict(&plain, &[]), (Answer::Proved, "proved".to_owned()));
        let loss = [(Code::LossyTranslation, 2)];
        let said = "proved for the order of events; but values are lost (line 2)";
        assert_eq!(verdict(&plain, &loss), (Answer::Proved, said.to_owned()));
        let two = judgement(Answer::Conditional, &[12, 9]);
        let said = "proved, provided that 2 conditions hold (lines 9, 12)";
        assert_eq!(verdict(&two, &[]), (Answer::Conditional, said.to_owned()));
        let said = "proved for the order of events, provided that 2 conditions hold (lines 9, 12); but values are lost \
                    (line 2)";
        assert_eq!(verdict(&two, &loss), (Answer::Conditional, said.to_owned()));
    }

    #[test]
    fn nothing_is_proved_beside_an_error() {
        let error = [(Code::SchemaDiffers, 4)];
        for answer in [Answer::Proved, Answer::Conditional, Answer::NotProved] {
            let headline = judgement(answer, &[])
                .headline(&Source::new("a.mig", "a\nb\nc"), &[Diagnostic::new(error[0].0, "", Span::new(4, 5), "")]);
            assert_eq!((headline.answer, headline.is_plain), (Answer::Errors, false));
            assert_eq!(headline.line(), "not proved: 1 error comes first (line 3)");
        }
        assert_eq!(verdict(&judgement(Answer::Refuted, &[]), &error).0, Answer::Refuted);
    }

    #[test]
    fn many_lines_are_cut() {
        assert_eq!(in_lines(&[Some(1), Some(1)]), " (line 1)");
        let many: Vec<Option<usize>> = (1..9).map(Some).collect();
        assert_eq!(in_lines(&many), " (lines 1, 2, 3, 4, 5, …)");
    }
}
