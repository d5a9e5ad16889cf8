//! What `check` says of values, held against values: random plans, random rows, random writes. Where the verdict is
//! clean, nothing happens that it says cannot happen.

mod drafts;
mod play;
mod pools;
mod truth;

use std::collections::BTreeMap;
use std::sync::Arc;

use miglab::check;
use miglab::diagnostic::Severity;
use miglab::plan::Plan;
use miglab::prove::Verdict;
use miglab::source::Source;
use miglab::syntax;

use self::drafts::{Draft, draft};
use self::play::Stage;
use self::truth::Wrong;
use crate::common::random::Random;

/// How often each plan is played.
const TIMES: u64 = 4;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What `check` says.
enum Said {
    Unreadable,
    /// Codes of errors and warnings, and whether the verdict is more than them.
    Told(Vec<&'static str>),
    Clean(Arc<Plan>),
}

fn said(text: &str) -> Said {
    let checked = check::check(syntax::parse(Source::new("random.mig", text)), &[]);
    let told: Vec<&'static str> = checked
        .findings
        .diagnostics
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .map(|finding| finding.code.name())
        .collect();
    let Some(plan) = checked.plan.clone() else { return Said::Unreadable };
    let proved = checked.proof().is_some_and(|proof| proof.verdict() == Verdict::Proved);
    match (proved, told.is_empty()) {
        (true, true) => Said::Clean(plan),
        (false, true) => Said::Told(vec!["not proved, without a finding"]),
        (_, false) => Said::Told(told),
    }
}

/// The first thing that goes wrong, where the verdict is clean, with what has happened until then.
fn disagreement(draft: &Draft, seed: u64, times: u64) -> Option<(Wrong, Vec<String>)> {
    let Said::Clean(plan) = said(&draft.text()) else { return None };
    (0..times).find_map(|time| {
        let mut stage = Stage::new(&plan, Random::new(seed * 1000 + time), None);
        let wrong = stage.play().err()?;
        Some((wrong, stage.events))
    })
}

/// The smallest plan that shows the same kind of disagreement.
fn smallest(mut draft: Draft, kind: &str, seed: u64) -> Draft {
    loop {
        let same = |less: &Draft| disagreement(less, seed, 40).is_some_and(|(wrong, _)| wrong.kind == kind);
        match draft.smaller().into_iter().find(same) {
            Some(less) => draft = less,
            None => return draft,
        }
    }
}

#[test]
fn values_go_as_the_verdict_says() {
    let (plans, first) = (number("DIFFERENTIAL_PLANS", 300), number("DIFFERENTIAL_SEED", 0));
    let (mut told, mut clean, mut writes, mut wrongs) = (BTreeMap::new(), 0, 0, Vec::new());
    for seed in first.. {
        if clean == plans {
            break;
        }
        let draft = draft(&mut Random::new(seed));
        match said(&draft.text()) {
            Said::Unreadable => *told.entry("unreadable").or_insert(0) += 1,
            Said::Told(codes) => codes.into_iter().for_each(|code| *told.entry(code).or_insert(0) += 1),
            Said::Clean(plan) => {
                clean += 1;
                for time in 0..TIMES {
                    let mut stage = Stage::new(&plan, Random::new(seed * 1000 + time), None);
                    let played = stage.play();
                    writes += stage.writes;
                    if let Err(wrong) = played {
                        let less = smallest(draft.clone(), wrong.kind, seed);
                        let (wrong, events) = disagreement(&less, seed, 40).unwrap_or((wrong, stage.events));
                        let shown = format!(
                            "seed {seed}: {}: {}\n{}\n{}",
                            wrong.kind,
                            wrong.said,
                            less.text(),
                            events.join("\n")
                        );
                        if number("DIFFERENTIAL_SHOW", 0) == 1 {
                            println!("{shown}\n");
                        }
                        wrongs.push(shown);
                        break;
                    }
                }
            }
        }
    }
    println!("{clean} clean plans, {writes} writes; others: {told:?}");
    assert!(wrongs.is_empty(), "{} disagreements\n{}", wrongs.len(), wrongs.join("\n\n"));
}
