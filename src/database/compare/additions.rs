//! What a plan adds, and the database has already.

use super::Difference;
use crate::engine::postgres::Server;
use crate::plan::{Action, Plan};

/// The statements that cannot succeed because of it.
pub(super) fn taken(plan: &Plan, server: &Server) -> Vec<Difference> {
    let is_taken = |action: &Action| match action {
        Action::AddColumn { table, column, .. } => {
            let has = server.relation(table).and_then(|relation| relation.column(&column.name));
            has.is_some() && plan.start.column(table, &column.name).is_none()
        }
        Action::AddTable(table) => plan.start.table(&table.name).is_none() && server.relation(&table.name).is_some(),
        Action::AddConstraint { table, constraint } => {
            let is_known = plan.start.table(table).is_some_and(|table| table.constraint(&constraint.name).is_some());
            let is_there = server.relation(table).is_some_and(|relation| {
                relation.constraint(&constraint.name).is_some() || relation.index(&constraint.name).is_some()
            });
            is_there && !is_known
        }
        _ => false,
    };
    let taken = plan.steps.iter().filter(|step| is_taken(&step.action));
    taken.map(|step| Difference::Taken(step.index)).collect()
}
