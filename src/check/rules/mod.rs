//! The rules, one to a file.

mod added_then_dropped;
mod app_breaks;
mod backfill_before_sync;
mod contract_without_expand;
mod downtime;
mod in_use;
mod missing_app;
mod not_idempotent;
mod phase_order;
mod plan_size;
mod rollout_order;
mod too_few_apps;
mod validate_before_backfill;
mod wrong_phase;

use crate::check::{Rule, kept, two_forms};

/// A fresh instance of every rule.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(phase_order::PhaseOrder::default()),
        Box::new(wrong_phase::WrongPhase),
        Box::new(added_then_dropped::AddedThenDropped::default()),
        Box::new(backfill_before_sync::BackfillBeforeSync::default()),
        Box::new(validate_before_backfill::ValidateBeforeBackfill::default()),
        Box::new(not_idempotent::NotIdempotent),
        Box::new(contract_without_expand::ContractWithoutExpand::default()),
        Box::new(in_use::InUse::default()),
        Box::new(app_breaks::AppBreaks),
        Box::new(rollout_order::RolloutOrder::default()),
        Box::new(two_forms::TwoForms::default()),
        Box::new(kept::Kept::default()),
        Box::new(plan_size::PlanSize::default()),
        Box::new(downtime::Downtime::default()),
        // Advice for plans without errors comes last.
        Box::new(missing_app::MissingApp::default()),
        Box::new(too_few_apps::TooFewApps::default()),
    ]
}
