//! From what the author wrote to what will be done: names resolved, types known, facts followed.
//!
//! [`Planner`] walks the statements in order beside a catalog that it moves along; `check` looks at each step as it
//! passes, and [`PlanBuilder`] keeps them for the proof and the executor.

mod action;
mod app_clauses;
mod app_uses;
mod apply;
mod apps;
pub mod assumed;
mod builder;
mod column_type;
mod columns;
mod constraints;
mod describe;
mod effect;
mod facts;
mod lifespans;
mod moves;
mod names;
mod planner;
mod questions;
mod refused;
mod removal;
mod samples;
mod start;
mod syncs;
mod together;
mod types;
mod uses;

use std::sync::Arc;

pub use action::{Action, FillKind};
pub use apps::{AppUse, ColumnName, Inserts, Whole, conflict_name};
pub use builder::PlanBuilder;
pub use columns::left_out;
pub use effect::{Effect, Filling, FillingKind, Gate, Removal};
pub use facts::{FactId, Facts, FactsBuilder};
pub use names::TableScope;
pub use planner::{KnownTable, Planner};
pub use questions::{Question, Seen};
pub use samples::{Origin, Sample, Samples};
pub use uses::Uses;

use crate::ast::{Name, Phase, Script};
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
pub use crate::syntax::quote_ident;

/// One statement, resolved.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// The phase it is written in; none for rollout and gates.
    pub phase: Option<Phase>,
    /// Where it stands in the script.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// What it does in words: `Add column 'display_name' (text) to users`.
    pub title: String,
}

/// A script that can be proved and run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its title.
    pub title: String,
    /// The schema it starts from, with the applications live at the start.
    pub start: Catalog,
    /// The table that unqualified columns belong to.
    pub default_table: Option<Name>,
    /// The versions of the application.
    pub apps: Arc<[AppUse]>,
    /// Which columns carry which facts.
    pub facts: Arc<Facts>,
    /// What it does.
    pub steps: Vec<Step>,
    /// Rows that are known to be there at the start.
    pub samples: Arc<Samples>,
}

impl Plan {
    /// Whether some statement adds a table with this name.
    #[must_use]
    pub fn adds_table(&self, name: &str) -> bool {
        self.effects().any(|(_, effect)| effect.adds_table.is_some_and(|table| *table.name == *name))
    }

    /// A column as the script writes it: with its table where that is not the one of the header.
    #[must_use]
    pub fn written_column(&self, table: &str, column: &str) -> String {
        let column = quote_ident(column);
        match &self.default_table {
            Some(default) if **default == *table => column.into_owned(),
            _ => format!("{}.{column}", quote_ident(table)),
        }
    }

    /// Each step with what it is about.
    pub fn effects(&self) -> impl Iterator<Item = (&Step, Effect<'_>)> {
        let mut catalog = self.start.clone();
        self.steps.iter().map(move |step| {
            let effect = step.action.effect(&catalog);
            catalog.apply(&step.action);
            (step, effect)
        })
    }

    /// The same plan with other steps, which are numbered again; what carries which facts is found out again.
    #[must_use]
    pub fn with_steps(&self, mut steps: Vec<Step>) -> Self {
        let mut facts = FactsBuilder::default();
        let mut catalog = self.start.clone();
        for (index, step) in steps.iter_mut().enumerate() {
            step.index = index;
            facts.follow(&step.action.effect(&catalog));
            catalog.apply(&step.action);
        }
        Self { facts: Arc::new(facts.build(&self.start)), steps, ..self.clone() }
    }

    /// Resolves a script. `known` describes tables that the script does not declare, for example from the header of a
    /// CSV file.
    ///
    /// # Errors
    /// Statements that cannot be resolved, all of them.
    pub fn resolve(script: &Script, known: &[KnownTable]) -> Result<Self, Vec<Diagnostic>> {
        let mut planner = Planner::start(script, known);
        let (mut plan, mut is_whole) = (PlanBuilder::start(&planner), true);
        for statement in &script.statements {
            match planner.resolve(statement) {
                Some(action) => plan.take(&mut planner, statement, action),
                None => is_whole = false,
            }
        }
        let found = planner.take_diagnostics();
        if is_whole && !found.iter().any(Diagnostic::keeps_from_running) {
            Ok(plan.finish(&planner))
        } else {
            Err(found)
        }
    }
}
