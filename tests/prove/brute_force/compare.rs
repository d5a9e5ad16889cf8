//! Random plans, proved and explored.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use miglab::catalog::{Catalog, ConstraintKind};
use miglab::prove::{AnomalyKind, EventKind, Refutation, ScheduleEvent, Verdict, prove};
use miglab::replay::{Replay, ReplayOutcome};

use super::explorer::{Found, explore};
use super::subject::Subject;
use crate::common::plans::{Draft, draft};
use crate::common::random::Random;

/// Plans that are compared.
const PLANS: usize = 20_000;
/// Every so many plans are explored with two rows as well.
const TWO_ROWS: u64 = 20;
/// Every so many plans are explored with three rows as well.
const THREE_ROWS: u64 = 200;
/// States that an exploration may take, by the number of rows.
const BUDGET: [usize; 3] = [10_000, 4_000, 6_000];

/// What both sides say of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Proved,
    Refuted { inserted: bool, length: usize, kind: AnomalyKind },
    NotProved,
    TooLarge,
}

impl From<Option<Found>> for Answer {
    fn from(found: Option<Found>) -> Self {
        match found.map(|found| found.essence()) {
            None => Self::Proved,
            Some((inserted, length, kind)) => Self::Refuted { inserted, length, kind },
        }
    }
}

/// Where a refutation comes in the order in which they are reported.
pub(super) fn rank(refutation: &Refutation) -> (bool, usize, AnomalyKind) {
    let kind = refutation.anomaly.kind;
    let visits = |kind: &EventKind| matches!(kind, EventKind::Visit { .. });
    let events: Vec<&ScheduleEvent> = refutation.schedule.events.iter().filter(|event| !event.other_row).collect();
    let inserted = events.iter().any(|event| matches!(event.kind, EventKind::Insert { .. }));
    let counted = events.iter().filter(|event| !visits(&event.kind)).count();
    let last_is_visit = events.last().is_some_and(|event| visits(&event.kind));
    (inserted, counted + usize::from(last_is_visit), kind)
}

pub(super) fn proved(subject: &Subject) -> Answer {
    let proof = prove(&subject.plan);
    match (proof.verdict(), proof.refutations.iter().map(rank).min()) {
        (Verdict::Proved | Verdict::Conditional, _) => Answer::Proved,
        (Verdict::NotProved, _) | (Verdict::Refuted, None) => Answer::NotProved,
        (Verdict::Refuted, Some((inserted, length, kind))) => Answer::Refuted { inserted, length, kind },
    }
}

fn explored(subject: &Subject, others: usize) -> Answer {
    explore(subject, others, BUDGET[others]).map_or(Answer::TooLarge, |verdict| verdict.anomaly.into())
}

/// Whether rows meet at some time: two of them cannot have the same value in a column other than the key.
fn rows_meet(subject: &Subject) -> bool {
    let tables = subject.catalogs.iter().flat_map(Catalog::tables);
    tables.flat_map(|table| table.constraints()).any(|constraint| {
        constraint.kind.unique_columns().is_some() && !matches!(constraint.kind, ConstraintKind::PrimaryKey(_))
    })
}

/// With as many rows as it takes.
fn explored_as_needed(subject: &Subject) -> Answer {
    explored(subject, usize::from(rows_meet(subject)))
}

/// Where rows meet, an application may give two of them one value, which is not played here: then the proof may know
/// of more, and need not end in the same way.
fn agree(subject: &Subject, proof: &Answer, explored: &Answer) -> bool {
    match (proof, explored) {
        (Answer::NotProved, _) | (_, Answer::TooLarge) => true,
        (Answer::Refuted { .. }, _) if rows_meet(subject) => true,
        _ => proof == explored,
    }
}

fn disagree(draft: &Draft) -> bool {
    Subject::read(&draft.text())
        .is_some_and(|subject| !agree(&subject, &proved(&subject), &explored_as_needed(&subject)))
}

/// Leaves out lines as long as the two still disagree.
pub(super) fn shrunk(draft: &Draft, disagree: &dyn Fn(&Draft) -> bool) -> Draft {
    let mut smallest = draft.clone();
    loop {
        let smaller = smallest.smaller().find(|smaller| disagree(smaller));
        let Some(smaller) = smaller else { return smallest };
        smallest = smaller;
    }
}

#[derive(Default)]
struct Counts {
    plans: usize,
    meeting: usize,
    two_rows: usize,
    three_rows: usize,
    too_large: usize,
    answers: BTreeMap<String, usize>,
    disagreements: Vec<(u64, Draft)>,
    rows_disagree: Vec<(u64, Draft)>,
}

impl Counts {
    fn count(&mut self, answer: &Answer) {
        let name = match answer {
            Answer::Proved => "proved".to_owned(),
            Answer::NotProved => "not proved".to_owned(),
            Answer::TooLarge => "too large".to_owned(),
            Answer::Refuted { inserted, kind, .. } => {
                format!("{}{}", kind.name(), if *inserted { " (of a new row)" } else { "" })
            }
        };
        *self.answers.entry(name).or_default() += 1;
    }
}

fn compare(seed: u64, counts: &Mutex<Counts>) {
    let draft = draft(&mut Random::new(seed));
    let Some(subject) = Subject::read(&draft.text()) else { return };
    let (proof, one) = (proved(&subject), explored_as_needed(&subject));
    let meet = rows_meet(&subject);
    let with = |others: usize, every: u64| (seed.is_multiple_of(every) && !meet).then(|| explored(&subject, others));
    let (two, three) = (with(1, TWO_ROWS), with(2, THREE_ROWS));
    let mut counts = counts.lock().expect("no comparison panics");
    counts.plans += 1;
    counts.meeting += usize::from(meet && one != Answer::TooLarge);
    counts.count(&one);
    counts.too_large += usize::from(one == Answer::TooLarge);
    if proof == Answer::NotProved {
        counts.count(&proof);
    } else if !agree(&subject, &proof, &one) {
        counts.disagreements.push((seed, draft.clone()));
    }
    let fits = |answer: &&Answer| **answer != Answer::TooLarge;
    counts.two_rows += two.iter().filter(fits).count();
    counts.three_rows += three.iter().filter(fits).count();
    if two.iter().chain(&three).filter(fits).any(|more| *more != one) {
        counts.rows_disagree.push((seed, draft));
    }
}

fn report(seed: u64, draft: &Draft) -> String {
    let text = draft.text();
    let subject = Subject::read(&text).expect("it was read before");
    let others = usize::from(rows_meet(&subject));
    let found = explore(&subject, others, BUDGET[others]).and_then(|verdict| verdict.anomaly);
    let events = found.map(|found| found.events.join("\n  ")).unwrap_or_default();
    let proof = prove(&subject.plan);
    let best = proof.refutations.iter().min_by_key(|refutation| rank(refutation));
    let schedule = best.map(|best| {
        let events: Vec<String> = best
            .schedule
            .events
            .iter()
            .map(|event| format!("{}: {:?}   [after: {:?}]", event.position, event.kind, cells(&event.row)))
            .collect();
        format!("{:?}\n  from {:?}\n  {}", best.anomaly, cells(&best.schedule.start), events.join("\n  "))
    });
    format!(
        "seed {seed}:\n{text}prover: {:?}\nexplorer: {:?}\n  {events}\nprover's schedule: {}\n",
        proved(&subject),
        explored_as_needed(&subject),
        schedule.unwrap_or_default(),
    )
}

pub(super) fn cells(row: &miglab::prove::RowView) -> Vec<String> {
    let cell = |cell: &miglab::prove::CellView| {
        let stale: Vec<String> = cell.stale.iter().map(|fact| fact.column.to_string()).collect();
        format!("{}={:?}~{}", cell.column.column, cell.content, stale.join("+"))
    };
    row.cells.iter().map(cell).collect()
}

#[test]
fn random_plans_are_proved_as_they_are_explored() {
    let first: u64 = std::env::var("BRUTE_FORCE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let plans = std::env::var("BRUTE_FORCE_PLANS").ok().and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    let counts = Mutex::new(Counts::default());
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                while counts.lock().expect("no comparison panics").plans < plans {
                    compare(next.fetch_add(1, Ordering::Relaxed), &counts);
                }
            });
        }
    });
    let counts = counts.into_inner().expect("no comparison panics");
    println!(
        "{} plans, {} in which rows meet; {} with a second row beside, {} with a third",
        counts.plans, counts.meeting, counts.two_rows, counts.three_rows
    );
    println!("{:#?}", counts.answers);
    let mut reports = String::new();
    let mut reported = Vec::new();
    for (seed, draft) in counts.disagreements.iter().take(40) {
        let small = shrunk(draft, &disagree);
        if !reported.contains(&small.text()) {
            reports.push_str(&report(*seed, &small));
            reports.push('\n');
            reported.push(small.text());
        }
    }
    let (wrong, other) = (counts.disagreements.len(), counts.rows_disagree.len());
    for (seed, draft) in counts.rows_disagree.iter().take(3) {
        writeln!(reports, "more rows than one, seed {seed}:\n{}", draft.text()).unwrap();
    }
    assert!(wrong + other == 0, "{wrong} disagreements, {other} between numbers of rows\n\n{reports}");
    let not_proved = counts.answers.get("not proved").copied().unwrap_or(0);
    assert!(not_proved * 50 <= counts.plans, "{not_proved} of {} are not proved", counts.plans);
    assert!(counts.too_large * 100 <= counts.plans, "{} of {} are too large", counts.too_large, counts.plans);
}

/// Refuted plans whose schedules are played on the in-memory table with real values.
const REPLAYED: usize = 2_000;

/// What is wrong with the replay of a plan's first refutation; none where there is nothing to replay.
fn replayed(seed: u64) -> Option<Result<(), String>> {
    let draft = draft(&mut Random::new(seed));
    let subject = Subject::read(&draft.text())?;
    let proof = prove(&subject.plan);
    let best = proof.refutations.iter().min_by_key(|refutation| rank(refutation))?;
    let plan = Arc::new(subject.plan);
    let outcome = Replay::new(&plan, best, None).map_err(|fault| fault.message).and_then(|mut replay| {
        while let Some(played) = replay.step() {
            played.map_err(|fault| fault.message)?;
        }
        match replay.outcome() {
            Some(ReplayOutcome::Confirmed { .. }) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    Some(outcome.map_err(|why| format!("seed {seed}: {why}\n{}\n{:?}", draft.text(), best.anomaly)))
}

#[test]
fn counterexamples_of_random_plans_are_true() {
    let mut wrong = Vec::new();
    let outcomes = (1..).filter_map(replayed).take(REPLAYED);
    outcomes.for_each(|outcome| wrong.extend(outcome.err()));
    assert!(wrong.is_empty(), "{} of {REPLAYED}:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}
