//! A script ready to be explored.

use miglab::ast::{Expr, Script, StatementKind};
use miglab::catalog::Catalog;
use miglab::plan::{Action, Plan};
use miglab::source::Source;
use miglab::syntax;

/// A plan, with the schema after each number of statements and the conditions as they were written.
pub struct Subject {
    pub plan: Plan,
    /// `catalogs[p]` is the schema when `p` statements have ended.
    pub catalogs: Vec<Catalog>,
    /// The condition of each `backfill`, `seed` and `copy`.
    pub filters: Vec<Option<Expr>>,
}

impl Subject {
    /// Reads a script; `None` where it has mistakes, or deploys and retires in an order that cannot be.
    pub fn read(text: &str) -> Option<Self> {
        let parsed = syntax::parse(Source::new("random.mig", text));
        if !parsed.diagnostics.is_empty() {
            return None;
        }
        let plan = Plan::resolve(&parsed.script, &[]).ok()?;
        let mut catalogs = vec![plan.start.clone()];
        for step in &plan.steps {
            let mut catalog = catalogs.last()?.clone();
            match &step.action {
                Action::Deploy(app) if catalog.is_live(app) => return None,
                Action::Retire(app) if !catalog.is_live(app) => return None,
                action => catalog.apply(action),
            }
            catalogs.push(catalog);
        }
        Some(Self { catalogs, filters: filters(&parsed.script), plan })
    }

    pub fn action(&self, position: usize) -> Option<&Action> {
        self.plan.steps.get(position).map(|step| &step.action)
    }

    /// The table that the statement at a position goes over row by row, if it does.
    pub fn goes_over(&self, position: usize) -> Option<&str> {
        match self.action(position)? {
            Action::Fill { table, .. } => Some(table),
            Action::Copy { from, .. } => Some(from),
            _ => None,
        }
    }
}

fn filters(script: &Script) -> Vec<Option<Expr>> {
    let filter = |kind: &StatementKind| match kind {
        StatementKind::Backfill(fill) | StatementKind::Seed(fill) => fill.filter.as_deref().cloned(),
        StatementKind::Copy(copy) => copy.filter.clone(),
        _ => None,
    };
    script.statements.iter().map(|statement| filter(&statement.kind)).collect()
}
