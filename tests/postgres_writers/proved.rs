//! Random plans that are proved, run under writers of all live versions, killed at random moments and resumed.
//!
//! `MIGLAB_PROVED_SEED=n` makes other plans.

use std::time::{Duration, Instant};

use miglab::plan::Action;
use miglab::prove::{Verdict, prove};

use crate::generator::draft;
use crate::postgres_server::TestServer;
use crate::program::{Program, plan_of};
use crate::random::Random;

/// Plans are begun for so long.
const FOR: Duration = Duration::from_secs(45);
const ROWS: i64 = 40;

fn value(column: &str, number: i64) -> String {
    format!("{column}{number} w{number}")
}

#[test]
fn proved_plans_leave_no_anomaly_however_often_the_run_is_killed() {
    let server = TestServer::start();
    let begun = Instant::now();
    let (mut plans, mut kills, mut writes) = (0, 0, 0);
    let first = std::env::var("MIGLAB_PROVED_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first.. {
        if begun.elapsed() > FOR && plans >= 5 {
            break;
        }
        let mut random = Random::new(seed);
        let text = draft(&mut random).text();
        let Ok(plan) = plan_of(&text) else { continue };
        let fills = plan.steps.iter().any(|step| matches!(step.action, Action::Fill { .. } | Action::AddSyncs(_)));
        let writes_something = plan.apps.iter().any(|app| !app.writes.is_empty());
        if !fills || !writes_something || prove(&plan).verdict() != Verdict::Proved {
            continue;
        }
        let url = server.database("proved");
        let mut program = Program::new(&url, &text, &plan, ROWS, value);
        let mut kill = || (random.below(100) < 60).then(|| random.below(250) as u64);
        match program.carry_out(&mut kill) {
            Ok(killed) => kills += killed,
            Err(fault) => panic!("seed {seed}: {fault}\nwriters: {:#?}\n{text}", program.finish()),
        }
        writes += program.table.writes();
        let faults = program.finish();
        assert!(faults.is_empty(), "seed {seed}: {}\n{text}", faults.join("\n"));
        plans += 1;
    }
    println!("{plans} plans, {kills} kills, {writes} writes");
    assert!(kills > plans / 2 && writes > plans * 10, "{plans} plans, {kills} kills, {writes} writes");
}
