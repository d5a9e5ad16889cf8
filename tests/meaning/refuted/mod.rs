//! What the proof says goes wrong goes wrong on PostgreSQL: its counterexamples, played there event by event as they are
//! on the in-memory table, with the same values, leave the same rows and end in the same anomaly.

mod played;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miglab::plan::Plan;
use miglab::prove::{AnomalyKind, Verdict, prove};
use miglab::replay::Replay;
use miglab::source::Source;
use miglab::syntax;

use self::played::{Ended, play};
use crate::common::both::database;
use crate::common::plans::draft;
use crate::common::postgres::TestServer;
use crate::common::random::Random;

/// How many refuted plans are played.
const PLANS: usize = 300;
/// How many rollbacks behind a point of no return.
const ROLLBACKS: usize = 60;

fn plan_of(text: &str) -> Option<Arc<Plan>> {
    let parsed = syntax::parse(Source::new("random.mig", text));
    Plan::resolve(&parsed.script, &[]).ok().filter(|_| parsed.diagnostics.is_empty()).map(Arc::new)
}

#[test]
fn what_a_refutation_says_happens_on_postgresql() {
    let server = TestServer::start();
    let (mut plans, mut shown, mut apart) = (0, BTreeMap::new(), BTreeMap::new());
    for seed in 0.. {
        if plans == PLANS {
            break;
        }
        let draft = draft(&mut Random::new(seed));
        let Some(plan) = plan_of(&draft.text()).filter(|_| !draft.adds_a_check()) else { continue };
        let proof = prove(&plan);
        if proof.verdict() != Verdict::Refuted {
            continue;
        }
        plans += 1;
        let failing = proof.refutations.iter().map(|refutation| &refutation.anomaly);
        let failing = failing.filter(|anomaly| anomaly.kind == AnomalyKind::FailingStep);
        let failing: BTreeSet<usize> = failing.map(|anomaly| anomaly.position).collect();
        for refutation in &proof.refutations {
            let kind = refutation.anomaly.kind;
            let name = format!("seed {seed}: {:?}\n{}", refutation.anomaly, draft.text());
            let replay = Replay::new(&plan, refutation, None).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            match play(&plan, replay, &refutation.schedule, &failing, database(&server, "refuted"), &name) {
                Ended::Shown => *shown.entry(kind).or_insert(0) += 1,
                Ended::Apart(why) => *apart.entry(why).or_insert(0) += 1,
            }
        }
    }
    println!("{plans} plans: {shown:?}, apart: {apart:?}");
    for kind in AnomalyKind::ALL {
        assert!(shown.get(&kind).is_some_and(|count| *count > 0), "no {} was shown: {shown:?}", kind.name());
    }
    let (shown, apart): (usize, usize) = (shown.values().sum(), apart.values().sum());
    assert!(apart * 10 < shown, "{apart} were not played to the end, {shown} were");
}

#[test]
fn what_is_lost_behind_the_point_of_no_return_is_lost_on_postgresql() {
    let server = TestServer::start();
    let (mut shown, mut apart) = (0, BTreeMap::new());
    for seed in 0.. {
        if shown == ROLLBACKS {
            break;
        }
        let draft = draft(&mut Random::new(seed));
        let Some(plan) = plan_of(&draft.text()).filter(|_| !draft.adds_a_check()) else { continue };
        let proof = prove(&plan);
        let Some(no_return) = proof.no_return.as_ref().filter(|_| proof.verdict() == Verdict::Proved) else { continue };
        let Some((lost, schedule)) = no_return.loss() else { continue };
        let name = format!("seed {seed}: rolling back from {} loses {lost}\n{}", no_return.step, draft.text());
        let Some(replay) = Replay::of_no_return(&plan, no_return, None) else { continue };
        let replay = replay.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        match play(&plan, replay, schedule, &BTreeSet::new(), database(&server, "no_return"), &name) {
            Ended::Shown => shown += 1,
            Ended::Apart(why) => *apart.entry(why).or_insert(0) += 1,
        }
    }
    println!("{shown} rollbacks, apart: {apart:?}");
    assert!(apart.values().sum::<usize>() * 5 < shown, "{apart:?} were not played to the end, {shown} were");
}
