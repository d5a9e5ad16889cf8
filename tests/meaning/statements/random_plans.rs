//! Random plans, good ones and bad ones.

use std::sync::Arc;

use miglab::ast::Name;
use miglab::data::Value;
use miglab::engine::memory::Memory;
use miglab::plan::Plan;
use miglab::source::Source;
use miglab::syntax;

use super::writes::Dice;
use crate::common::both::{Both, database};
use crate::common::plans::draft;
use crate::common::postgres::TestServer;
use crate::common::random::Random;

const PLANS: u64 = 400;

/// The plan on a table with three rows, where it can be read.
fn plan_of(text: &str) -> Option<(Arc<Plan>, Memory)> {
    let parsed = syntax::parse(Source::new("random.mig", text));
    let plan = Plan::resolve(&parsed.script, &[]).ok().filter(|_| parsed.diagnostics.is_empty())?;
    let mut memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), 0);
    let table = plan.start.tables().next()?.clone();
    let columns: Vec<Name> = table.columns().map(|column| column.name.clone()).collect();
    for id in 1..=3 {
        let text = |at: usize| Value::Text(format!("r{id} c{at}"));
        let values = (1..columns.len()).map(text);
        memory
            .insert(None, &table.name, &columns, &[std::iter::once(Value::Integer(id)).chain(values).collect()])
            .ok()?;
    }
    Some((Arc::new(plan), memory))
}

#[test]
fn random_plans_mean_the_same_on_both() {
    let server = TestServer::start();
    let mut played = 0;
    for seed in 0..PLANS {
        let draft = draft(&mut Random::new(seed));
        let Some((plan, memory)) = plan_of(&draft.text()).filter(|_| !draft.adds_a_check()) else { continue };
        let mut both = Both::start(plan, memory, database(&server, "random"));
        play(&mut both, &mut Dice(seed), &format!("seed {seed}\n{}", draft.text()));
        played += 1;
    }
    assert!(played > PLANS / 2, "only {played} of {PLANS} could be played");
}

fn play(both: &mut Both, dice: &mut Dice, name: &str) {
    for index in 0..both.plan.steps.len() {
        both.let_applications_write(dice);
        both.compare(&format!("after writes before statement {} of {name}", index + 1));
        if !both.step(index) {
            return;
        }
        both.compare(&format!("after statement {} of {name}", index + 1));
    }
    both.let_applications_write(dice);
    both.compare(&format!("at the end of {name}"));
}
