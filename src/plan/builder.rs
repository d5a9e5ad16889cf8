//! A plan as it is put together, statement by statement.

use std::sync::Arc;

use crate::ast::Statement;
use crate::catalog::Catalog;
use crate::plan::{Action, FactsBuilder, Plan, Planner, Step};

/// What the statements passed so far make up.
#[derive(Debug)]
pub struct PlanBuilder {
    start: Catalog,
    steps: Vec<Step>,
    facts: FactsBuilder,
}

impl PlanBuilder {
    /// Before the first statement.
    #[must_use]
    pub fn start(planner: &Planner<'_>) -> Self {
        Self { start: planner.catalog().clone(), steps: Vec::new(), facts: FactsBuilder::default() }
    }

    /// Takes in what the next statement does, and moves the planner past it.
    pub fn take(&mut self, planner: &mut Planner<'_>, statement: &Statement, action: Action) {
        self.facts.follow(&action.effect(planner.catalog()));
        let title = planner.describe(&action);
        planner.advance(&action, statement.span);
        let index = self.steps.len();
        self.steps.push(Step { index, phase: statement.phase, span: statement.span, action, title });
    }

    /// The plan, once the planner has passed every statement.
    #[must_use]
    pub fn finish(mut self, planner: &Planner<'_>) -> Plan {
        planner.imply_in(&mut self.start);
        Plan {
            title: planner.script.title().to_owned(),
            default_table: planner.default_table.clone(),
            apps: Arc::clone(&planner.apps),
            facts: Arc::new(self.facts.build(&self.start)),
            start: self.start,
            steps: self.steps,
            samples: Arc::default(),
        }
    }
}
