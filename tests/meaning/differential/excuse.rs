//! What the conditions of a verdict excuse: what they name, and nothing else.

use miglab::catalog::{Catalog, ColumnId};
use miglab::plan::Plan;
use miglab::prove::Condition;

/// What went wrong, in the terms of conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing that a condition could speak of.
    Order,
    /// A statement of the plan fails.
    Step(usize),
    /// A write fails, because an expression has no value.
    Failing,
    /// A write is refused by a constraint, or by a column that may not be null.
    Refusal(String),
    /// A column has no value, and should have one.
    Null(ColumnId),
    /// A column has another value than it should have.
    Value(ColumnId),
}

/// Whether one of the conditions speaks of it.
pub fn is_excused(plan: &Plan, conditions: &[Condition], about: &About) -> bool {
    conditions.iter().any(|condition| {
        let names = |column: &ColumnId| carriers(plan, *column).iter().any(|name| condition.what.contains(name));
        let refuses = condition.what.contains("that type `");
        let fails = refuses || condition.what.contains(" fail");
        match about {
            About::Order => false,
            About::Step(step) => condition.step == Some(*step),
            About::Failing => fails,
            About::Refusal(name) => !fails && condition.what.contains(&format!("`{name}`")),
            About::Null(column) => condition.what.contains("null") && names(column),
            About::Value(column) => condition.what.contains("apart") && names(column),
        }
    })
}

/// The columns that carry a fact of a column, as conditions name them.
fn carriers(plan: &Plan, column: ColumnId) -> Vec<String> {
    let facts = &plan.facts;
    let shares = |id: ColumnId| facts.of(id).iter().any(|fact| facts.of(column).contains(fact));
    let mut catalog = plan.start.clone();
    let mut names = Vec::new();
    let mut note = |catalog: &Catalog| {
        for table in catalog.tables() {
            let columns = table.columns().filter(|other| other.id == column || shares(other.id));
            names.extend(columns.map(|column| format!("{}.{}`", table.name, column.name)));
            let columns = table.columns().filter(|other| other.id == column || shares(other.id));
            names.extend(columns.map(|column| format!("`{}`", column.name)));
        }
    };
    note(&catalog);
    for step in &plan.steps {
        catalog.apply(&step.action);
        note(&catalog);
    }
    names
}
