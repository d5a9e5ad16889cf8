//! What `check` says of values, held against values: random plans, random rows, random writes. Where the verdict is
//! clean, nothing happens that it says cannot happen; where it has conditions, only what they name. In memory and on
//! PostgreSQL, which hold the same rows after each event.

#[allow(clippy::explicit_auto_deref, reason = "without it the type is not inferred")]
mod drafts;
mod excuse;
mod kinds;
#[allow(clippy::explicit_auto_deref, reason = "without it the type is not inferred")]
mod pairs;
mod places;
mod play;
mod pools;
mod truth;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use miglab::catalog::ColumnId;
use miglab::check;
use miglab::diagnostic::Severity;
use miglab::plan::{Action, Plan};
use miglab::prove::{Condition, Verdict};
use miglab::source::Source;
use miglab::syntax;
use postgres::Client;

use self::drafts::{Draft, draft};
use self::play::Stage;
use self::truth::Wrong;
use crate::common::both::database;
use crate::common::postgres::TestServer;
use crate::common::random::Random;

/// How often each plan is played in memory.
const TIMES: u64 = 3;
/// How often, to find a smaller plan that shows the same.
const MOST_TIMES: u64 = 40;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What `check` says.
enum Said {
    Unreadable,
    /// Codes of errors and warnings.
    Told(Vec<&'static str>),
    /// Nothing can happen but what the conditions name.
    Proved(Arc<Plan>, Vec<Condition>),
}

fn said(text: &str) -> Said {
    let checked = check::check(syntax::parse(Source::new("random.mig", text)), &[]);
    let has_key = |plan: &Arc<Plan>| {
        let tables = || plan.start.tables();
        tables().next().is_some() && tables().all(|table| table.primary_key().is_some_and(|key| key.len() == 1))
    };
    let Some(plan) = checked.plan.clone().filter(has_key) else { return Said::Unreadable };
    let findings = checked.findings.diagnostics.iter();
    let told: Vec<&'static str> = findings
        .filter(|finding| finding.severity >= Severity::Warning)
        .map(|finding| finding.code.name())
        .filter(|code| *code != "condition")
        .collect();
    let Some(proof) = checked.proof().filter(|_| told.is_empty()) else { return Said::Told(told) };
    if writes_two_forms_untranslated(&plan) {
        return Said::Told(vec!["a version writes two forms that nothing translates: what it means is its own"]);
    }
    match proof.verdict() {
        Verdict::Proved | Verdict::Conditional => Said::Proved(plan, proof.conditions.clone()),
        Verdict::Refuted | Verdict::NotProved => Said::Told(vec!["refuted or not proved, and nothing is told"]),
    }
}

/// Whether a version writes two columns of the start that a backfill takes for one fact, and no sync says what the one makes
/// of the other.
fn writes_two_forms_untranslated(plan: &Plan) -> bool {
    let follows = |id: ColumnId| {
        let mut actions = plan.steps.iter().map(|step| &step.action);
        actions.any(|action| matches!(action, Action::AddSyncs(syncs) if syncs.iter().any(|sync| sync.target == id)))
    };
    let shares = |one: ColumnId, other: ColumnId| {
        one != other && plan.facts.of(one).iter().any(|fact| plan.facts.of(other).contains(fact))
    };
    plan.apps.iter().any(|app| {
        let written = app.writes.iter().filter_map(|name| plan.start.column(&name.table, &name.column));
        let written: Vec<ColumnId> = written.map(|column| column.id).filter(|id| !follows(*id)).collect();
        written.iter().any(|one| written.iter().any(|other| shares(*one, *other)))
    })
}

/// A connection to a database that has `citext`, where the server has it.
fn client(server: &TestServer) -> Client {
    let mut client = database(server, "differential");
    drop(client.batch_execute("create extension if not exists citext with schema pg_catalog"));
    client
}

/// Random events, the same for a seed.
fn dice(seed: u64, time: u64) -> Random {
    Random::new(seed * 1_000 + time)
}

/// The first thing that goes wrong, with what has happened until then.
fn disagreement(text: &str, seed: u64, times: u64, server: Option<&TestServer>) -> Option<(Wrong, Vec<String>)> {
    let Said::Proved(plan, conditions) = said(text) else { return None };
    (0..times).find_map(|time| {
        let client = server.map(client);
        let mut stage = Stage::new(&plan, &conditions, dice(seed, time), client);
        let wrong = stage.play().err()?;
        Some((wrong, stage.events))
    })
}

/// The smallest plan that shows the same kind of disagreement.
fn smallest(mut draft: Draft, kind: &str, seed: u64, server: Option<&TestServer>) -> Draft {
    loop {
        let times = if server.is_some() { TIMES } else { MOST_TIMES };
        let same =
            |less: &Draft| disagreement(&less.text(), seed, times, server).is_some_and(|(wrong, _)| wrong.kind == kind);
        match draft.smaller().into_iter().find(same) {
            Some(less) => draft = less,
            None => return draft,
        }
    }
}

/// What came of all plans.
#[derive(Default)]
struct Tally {
    clean: u64,
    conditional: u64,
    writes: usize,
    /// What went wrong as a condition says that it may.
    excused: usize,
    told: BTreeMap<&'static str, usize>,
    wrongs: Vec<String>,
}

impl Tally {
    fn play(&mut self, seed: u64, server: Option<&TestServer>) {
        let draft = draft(&mut Random::new(seed));
        match said(&draft.text()) {
            Said::Unreadable => *self.told.entry("unreadable").or_insert(0) += 1,
            Said::Told(codes) => codes.into_iter().for_each(|code| *self.told.entry(code).or_insert(0) += 1),
            Said::Proved(plan, conditions) => {
                *(if conditions.is_empty() { &mut self.clean } else { &mut self.conditional }) += 1;
                for time in 0..TIMES {
                    let server = server.filter(|_| time == 0);
                    let client = server.map(client);
                    let mut stage = Stage::new(&plan, &conditions, dice(seed, time), client);
                    let wrong = stage.play().err();
                    self.writes += stage.writes;
                    self.excused += stage.excused;
                    if let Some(wrong) = wrong {
                        return self.note(draft, seed, (wrong, stage.events), server);
                    }
                }
            }
        }
    }

    fn note(&mut self, draft: Draft, seed: u64, found: (Wrong, Vec<String>), server: Option<&TestServer>) {
        let server = server.filter(|_| found.0.kind == play::DIFFER);
        let less = smallest(draft, found.0.kind, seed, server);
        let shown = disagreement(&less.text(), seed, MOST_TIMES, server);
        let (wrong, events) = shown.unwrap_or(found);
        let mut text = format!("seed {seed}: {}: {}\n{}\n", wrong.kind, wrong.said, less.text());
        writeln!(text, "{}", events.join("\n")).unwrap();
        println!("{text}");
        self.wrongs.push(text);
    }
}

#[test]
fn values_go_as_the_verdict_says() {
    let (plans, first) = (number("DIFFERENTIAL_PLANS", 300), number("DIFFERENTIAL_SEED", 0));
    let server = (number("DIFFERENTIAL_SERVER", 1) == 1).then(TestServer::start);
    let mut tally = Tally::default();
    let mut seed = first;
    while tally.clean < plans {
        tally.play(seed, server.as_deref());
        seed += 1;
    }
    let Tally { clean, conditional, writes, excused, told, wrongs } = tally;
    println!(
        "{clean} clean plans, {conditional} with conditions ({excused} times as they say), {writes} writes; others: {told:?}"
    );
    assert!(wrongs.is_empty(), "{} disagreements\n{}", wrongs.len(), wrongs.join("\n"));
}
