//! Random plans in which values matter, proved and explored: expressions that are null or fail for some value, checks
//! that refuse it, defaults.

use std::fmt::Write as _;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use miglab::prove::{Verdict, prove};

use super::compare::{Answer, cells, proved, rank, shrunk};
use super::explorer::{Found, explore_with};
use super::subject::Subject;
use super::world::World;
use crate::common::plans::{self, Draft};
use crate::common::random::Random;

/// Plans that are compared.
const PLANS: usize = 200;
/// States that an exploration may take.
const BUDGET: usize = 5_000;

/// Expressions of a text that make something of `'x'`, or fail for it.
const FORMS: &[&str] = &[
    "nullif({}, 'x')",
    "case when {} <> 'x' then {} end",
    "{} || (4 / (length({}) - 1))::text",
    "coalesce(nullif({}, 'x'), 'z')",
    "case {} when 'x' then 'y' else {} end",
    "case when {} = 'x' then null else {} end",
    "left({}, 5 / (length({}) - 1) + 9)",
];

/// Checks that refuse `'x'`, null or both, or nothing.
const CHECKS: &[&str] = &[
    "{} <> 'x'",
    "coalesce({}, 'x') <> 'x'",
    "length({}) > 1",
    "{} is not null",
    "{} <> 'x' or {} is null",
    "{} <> 'x' and {} is not null",
];

fn filled(form: &str, column: &str) -> String {
    form.replace("{}", column)
}

/// A plan of the others, with values in it.
fn draft(random: &mut Random) -> Draft {
    let mut draft = plans::draft(random);
    let form = *random.pick(FORMS);
    for line in &mut draft.statements {
        if let Some((before, after)) = line.clone().split_once(" from ")
            && random.chance(60)
        {
            let (value, filter) =
                after.split_once(" where ").map_or((after, None), |(value, rest)| (value, Some(rest)));
            if value.len() == 1 {
                let filter = filter.map(|filter| format!(" where {filter}")).unwrap_or_default();
                *line = format!("{before} from {}{filter}", filled(form, value));
            }
        }
        if line.contains("add check given_") && random.chance(70) {
            let column = line.split("given_").nth(1).and_then(|rest| rest.get(..1)).unwrap_or("a").to_owned();
            *line = format!("expand add check given_{column} ({})", filled(*random.pick(CHECKS), &column));
        }
        let default = line.split_once(" default ").filter(|_| line.ends_with('\'') && random.chance(30));
        if let Some((before, after)) = default {
            let column = after.split_once(' ').map(|(column, _)| format!("{column} ")).unwrap_or_default();
            *line = format!("{before} default {column}'x'");
        }
    }
    if random.chance(25) {
        let column = *random.pick(&["a", "b", "d"]);
        let at = random.below(draft.statements.len() + 1);
        let check = format!("expand add check k ({})", filled(*random.pick(CHECKS), column));
        draft.statements.insert(at, check);
        if random.chance(50) {
            let at = at + 1 + random.below(draft.statements.len() - at);
            draft.statements.insert(at, "migrate validate check k".to_owned());
        }
    }
    for line in &mut draft.columns {
        if random.chance(15) {
            let column = line.split(' ').next().unwrap_or_default().to_owned();
            write!(line, " check ({})", filled(*random.pick(CHECKS), &column)).unwrap();
        }
    }
    draft.statements.truncate(plans::MOST_STATEMENTS);
    draft
}

fn answer(subject: &Subject) -> Answer {
    // What hangs on a condition is neither here nor there.
    if prove(&subject.plan).verdict() == Verdict::Conditional { Answer::NotProved } else { proved(subject) }
}

fn found(subject: &Subject) -> Option<Option<Found>> {
    Some(explore_with(World::new(subject, true), 0, BUDGET)?.anomaly)
}

fn explored(subject: &Subject) -> Answer {
    found(subject).map_or(Answer::TooLarge, Answer::from)
}

fn agree(proof: &Answer, explored: &Answer) -> bool {
    *proof == Answer::NotProved || *explored == Answer::TooLarge || proof == explored
}

fn disagree(draft: &Draft) -> bool {
    Subject::read(&draft.text()).is_some_and(|subject| !agree(&answer(&subject), &explored(&subject)))
}

fn report(seed: u64, draft: &Draft) -> String {
    let subject = Subject::read(&draft.text()).expect("it was read before");
    let events = found(&subject).flatten().map(|found| found.events.join("\n  ")).unwrap_or_default();
    let proof = prove(&subject.plan);
    let best = proof.refutations.iter().min_by_key(|refutation| rank(refutation));
    let schedule = best.map(|best| {
        let events = best.schedule.events.iter();
        let events: Vec<String> =
            events.map(|event| format!("{}: {:?} [{:?}]", event.position, event.kind, cells(&event.row))).collect();
        format!("{:?}\n  from {:?}\n  {}", best.anomaly, cells(&best.schedule.start), events.join("\n  "))
    });
    format!(
        "seed {seed}:\n{}prover: {:?}\nexplorer: {:?}\n  {events}\nprover's schedule: {}\n",
        draft.text(),
        answer(&subject),
        explored(&subject),
        schedule.unwrap_or_default()
    )
}

#[test]
#[ignore = "run on few plans so far: `cargo test --test prove random_plans_with_values -- --ignored`"]
fn random_plans_with_values_are_proved_as_they_are_explored() {
    let number =
        |name: &str, otherwise: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (first, plans) = (number("VALUED_SEED", 1), number("VALUED_PLANS", PLANS as u64));
    let answers: Mutex<BTreeMap<String, usize>> = Mutex::default();
    let wrong: Mutex<Vec<(u64, Draft)>> = Mutex::default();
    let next = AtomicU64::new(first);
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                while done.load(Ordering::Relaxed) < plans {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let draft = draft(&mut Random::new(seed));
                    let Some(subject) = Subject::read(&draft.text()) else { continue };
                    done.fetch_add(1, Ordering::Relaxed);
                    let (proof, explored) = (answer(&subject), explored(&subject));
                    let name = if proof == Answer::NotProved { &proof } else { &explored };
                    let name = format!("{name:?}").chars().filter(|c| !c.is_ascii_digit()).collect();
                    *answers.lock().expect("no comparison panics").entry(name).or_default() += 1;
                    if !agree(&proof, &explored) {
                        wrong.lock().expect("no comparison panics").push((seed, draft));
                    }
                }
            });
        }
    });
    println!("{:#?}", answers.into_inner().expect("no comparison panics"));
    let wrong = wrong.into_inner().expect("no comparison panics");
    let mut reports: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for (seed, draft) in wrong.iter().take(25) {
        let small = shrunk(draft, &disagree);
        if !seen.contains(&small.text()) {
            reports.push(report(*seed, &small));
            seen.push(small.text());
        }
    }
    assert!(wrong.is_empty(), "{} of {plans} disagree\n\n{}", wrong.len(), reports.join("\n"));
}
