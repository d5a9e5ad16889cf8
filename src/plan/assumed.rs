//! Who is taken to be live where a script declares no application: the old version uses every column of the starting
//! schema until the first contract statement, the new one every column of the final schema from the end of migrate.
//! Primary keys are left out: they are given once and never written.

use std::sync::Arc;

use crate::ast::{Name, Phase};
use crate::catalog::{Catalog, ColumnId, Table};
use crate::plan::{Action, AppUse, ColumnName, Gate, Plan, Step, describe};
use crate::source::Span;

/// The applications that a plan without any is assumed to have.
#[derive(Clone, Debug)]
pub struct Assumed {
    /// The old version, live from the start, and the new one. The old one is missing where it finds no column; the new
    /// one where it finds none either, or the same columns.
    pub apps: Vec<AppUse>,
    /// The statements that bring the new one and take the old one away, in order.
    pub rollout: Vec<Rollout>,
}

/// A `deploy` or `retire` that the plan does not have.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// How many statements of the plan stand before it.
    pub place: usize,
    /// The statement.
    pub action: Action,
}

impl Rollout {
    /// As a script writes it: `deploy v2`.
    #[must_use]
    pub fn text(&self) -> String {
        self.action.gate().map_or_else(String::new, |gate| gate.to_string())
    }
}

/// Where in a plan the versions change, found statement by statement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    statements: usize,
    moved: usize,
    removing: Option<usize>,
}

impl Places {
    /// Passes the next statement.
    pub fn pass(&mut self, phase: Option<Phase>) {
        match phase {
            Some(Phase::Expand | Phase::Migrate) => self.moved = self.statements + 1,
            Some(Phase::Contract) => {
                self.removing.get_or_insert(self.statements);
            }
            None => {}
        }
        self.statements += 1;
    }
}

/// The applications that a plan without any is assumed to have; none where it declares some, or there is no column.
#[must_use]
pub fn assumed(plan: &Plan) -> Option<Assumed> {
    if !plan.apps.is_empty() || plan.steps.is_empty() {
        return None;
    }
    let (mut end, mut places) = (plan.start.clone(), Places::default());
    for step in &plan.steps {
        end.apply(&step.action);
        places.pass(step.phase);
    }
    between(&plan.start, &end, places)
}

/// The same for a plan that leads from one schema to another.
#[must_use]
pub fn between(start: &Catalog, end: &Catalog, places: Places) -> Option<Assumed> {
    let (before, after) = (usable(start, start), usable(end, start));
    let ids = |columns: &[(&Table, ColumnId)]| columns.iter().map(|(_, id)| *id).collect::<Vec<_>>();
    let (same, version) = (ids(&before) == ids(&after), |name: &str, columns: &[(&Table, ColumnId)]| {
        (!columns.is_empty()).then(|| app_over(name.into(), columns))
    });
    let old = version("v1", &before);
    let new = version("v2", &after).filter(|_| !same);
    let deploy = new.as_ref().map(|app| Rollout { place: places.moved, action: Action::Deploy(app.name.clone()) });
    let retire = old.as_ref().filter(|_| !same).map(|app| Rollout {
        place: places.removing.unwrap_or(places.statements),
        action: Action::Retire(app.name.clone()),
    });
    let apps: Vec<AppUse> = old.into_iter().chain(new).collect();
    let mut rollout: Vec<Rollout> = deploy.into_iter().chain(retire).collect();
    rollout.sort_by_key(|statement| statement.place);
    (!apps.is_empty()).then_some(Assumed { apps, rollout })
}

/// How many columns of a schema an application can use.
#[must_use]
pub fn usable_count(catalog: &Catalog) -> usize {
    let keys = |table: &Table| table.primary_key().map_or(0, <[ColumnId]>::len);
    catalog.tables().filter(|table| !table.beside).map(|table| table.width().saturating_sub(keys(table))).sum()
}

/// The columns of a schema without the primary keys, table by table in the order of their first columns; in each, those
/// that `start` has come first.
fn usable<'a>(catalog: &'a Catalog, start: &Catalog) -> Vec<(&'a Table, ColumnId)> {
    let mut tables: Vec<&Table> = catalog.tables().map(Arc::as_ref).filter(|table| !table.beside).collect();
    tables.sort_by_key(|table| table.columns().next().map(|column| column.id));
    let of = |table: &'a Table| {
        let (key, old) = (table.primary_key().unwrap_or_default(), start.table(&table.name));
        let ids = table.columns().map(|column| column.id).filter(|id| !key.contains(id));
        let mut ids: Vec<ColumnId> = ids.collect();
        ids.sort_by_key(|id| (old.is_none_or(|old| old.column_by_id(*id).is_none()), *id));
        ids.into_iter().map(move |id| (table, id))
    };
    tables.into_iter().flat_map(of).collect()
}

fn app_over(name: Name, columns: &[(&Table, ColumnId)]) -> AppUse {
    let named = columns.iter().filter_map(|(table, id)| {
        let column = table.column_by_id(*id)?.name.clone();
        Some(ColumnName { table: table.name.clone(), column })
    });
    let reads: Vec<ColumnName> = named.collect();
    AppUse::new(name, reads.clone(), reads)
}

/// A plan with the applications that it is assumed to have.
#[derive(Clone, Debug)]
pub struct AssumedPlan {
    /// The plan. The statements that were put in have empty spans where they would stand.
    pub plan: Plan,
    /// For each of its statements the one of the plan without; none for those that were put in.
    pub origin: Vec<Option<usize>>,
}

/// Puts the applications into the plan that they were assumed for.
#[must_use]
pub fn plan_with(plan: &Plan, assumed: &Assumed) -> AssumedPlan {
    let (mut steps, mut origin) = (Vec::new(), Vec::new());
    let mut rollout = assumed.rollout.iter().peekable();
    for place in 0..=plan.steps.len() {
        while let Some(statement) = rollout.next_if(|statement| statement.place <= place) {
            steps.push(step_of(plan, statement));
            origin.push(None);
        }
        if let Some(step) = plan.steps.get(place) {
            steps.push(step.clone());
            origin.push(Some(place));
        }
    }
    for (index, step) in steps.iter_mut().enumerate() {
        step.index = index;
    }
    let deployed =
        |app: &Name| assumed.rollout.iter().any(|statement| statement.action.gate() == Some(Gate::Deploy(app)));
    let mut start = plan.start.clone();
    for app in assumed.apps.iter().filter(|app| !deployed(&app.name)) {
        start.set_live(&app.name, true);
    }
    let plan = Plan { start, apps: assumed.apps.clone().into(), steps, ..plan.clone() };
    AssumedPlan { plan, origin }
}

fn step_of(plan: &Plan, statement: &Rollout) -> Step {
    let action = statement.action.clone();
    let next = plan.steps.get(statement.place).map(|step| step.span.start);
    let at = next.or_else(|| plan.steps.last().map(|step| step.span.end)).unwrap_or_default();
    let title = describe::title(&action, &plan.start);
    Step { index: statement.place, phase: None, span: Span { start: at, end: at }, action, title }
}
