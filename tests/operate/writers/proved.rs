//! Random plans that are proved, run under writers of all live versions, killed at random moments and resumed.
//!
//! `MIGLAB_PROVED_SEED=n` makes other plans.

use std::sync::Arc;
use std::time::{Duration, Instant};

use miglab::plan::{Action, Plan};
use miglab::prove::{Verdict, prove};

use super::program::{Program, plan_of};
use crate::common::plans::draft;
use crate::common::postgres::TestServer;
use crate::common::random::Random;

/// Plans are begun for so long.
const FOR: Duration = Duration::from_secs(40);
/// The same for those that are taken back.
const BACK_FOR: Duration = Duration::from_secs(15);
const ROWS: i64 = 40;

fn value(column: &str, number: i64) -> String {
    format!("{column}{number} w{number}")
}

fn first_seed() -> u64 {
    std::env::var("MIGLAB_PROVED_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The same with fills of several batches.
fn in_batches(text: &str) -> String {
    let fills = |line: &str| line.starts_with("migrate backfill") || line.starts_with("migrate seed");
    let pace = |line: &str| if fills(line) { " in batches of 9 pause 2ms" } else { "" };
    let line = |line: &str| format!("{line}{}\n", pace(line));
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.concat()
}

/// The next plan from this seed on that is proved and moves values, with its number.
fn proved_plan(seed: &mut u64) -> (String, Arc<Plan>, Random) {
    loop {
        let mut random = Random::new(*seed);
        *seed += 1;
        let text = in_batches(&draft(&mut random).text());
        let Ok(plan) = plan_of(&text) else { continue };
        let moves = plan.steps.iter().any(|step| matches!(step.action, Action::Fill { .. } | Action::AddSyncs(_)));
        let writes = plan.apps.iter().any(|app| !app.writes.is_empty());
        if moves && writes && prove(&plan).verdict() == Verdict::Proved {
            return (text, plan, random);
        }
    }
}

/// Fills go into columns that the plan adds. (What a fill has found in others is put back where nobody has written since;
/// which value that is hangs on when it came by.)
fn fills_new_columns(plan: &Plan) -> bool {
    let start = plan.start.tables().next().expect("there is a table");
    plan.steps.iter().all(|step| match &step.action {
        Action::Fill { column, .. } => start.column_by_id(*column).is_none(),
        _ => true,
    })
}

#[test]
fn proved_plans_are_taken_back_from_any_gate_and_nothing_is_lost() {
    let server = TestServer::start();
    let begun = Instant::now();
    let (mut seed, mut taken_back, mut refused, mut kills) = (first_seed() + 500, 0, 0, 0);
    while begun.elapsed() < BACK_FOR || taken_back < 5 {
        let number = seed;
        let (text, plan, mut random) = proved_plan(&mut seed);
        let is_gate = |at: &usize| matches!(plan.steps[*at].action, Action::Deploy(_) | Action::Retire(_));
        let gates: Vec<usize> = (0..plan.steps.len()).filter(is_gate).collect();
        if gates.is_empty() || !fills_new_columns(&plan) {
            continue;
        }
        let last = *random.pick(&gates);
        let mut program = Program::new(&server.database("taken back"), &text, &plan, ROWS, value);
        let mut kill = || (random.below(100) < 50).then(|| random.below(100) as u64);
        let done = program.carry_to(last, &mut || None).and_then(|_| program.take_back(&mut kill));
        kills += program.killed;
        let faults = program.finish();
        let when = format!("seed {number}, from statement {}: {done:?} {}\n{text}", last + 1, faults.join("\n"));
        assert!(done.is_ok() && faults.is_empty(), "{when}");
        *if done == Ok(true) { &mut taken_back } else { &mut refused } += 1;
    }
    println!("{taken_back} plans taken back, {refused} refused, {kills} kills");
    assert!(refused < taken_back, "{refused} of {taken_back} were refused");
}

#[test]
fn proved_plans_leave_no_anomaly_however_often_the_run_is_killed() {
    let server = TestServer::start();
    let begun = Instant::now();
    let (mut plans, mut kills, mut writes) = (0, 0, 0);
    let mut seed = first_seed();
    while begun.elapsed() < FOR || plans < 5 {
        let number = seed;
        let (text, plan, mut random) = proved_plan(&mut seed);
        let url = server.database("proved");
        let mut program = Program::new(&url, &text, &plan, ROWS, value);
        let mut kill = || (random.below(100) < 65).then(|| random.below(120) as u64);
        match program.carry_out(&mut kill) {
            Ok(killed) => kills += killed,
            Err(fault) => panic!("seed {number}: {fault}\nwriters: {:#?}\n{text}", program.finish()),
        }
        writes += program.table.writes();
        let faults = program.finish();
        assert!(faults.is_empty(), "seed {number}: {}\n{text}", faults.join("\n"));
        plans += 1;
    }
    println!("{plans} plans, {kills} kills, {writes} writes");
    assert!(kills > 0 && writes > plans * 10, "{plans} plans, {kills} kills, {writes} writes");
}
