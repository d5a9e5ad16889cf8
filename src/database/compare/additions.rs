//! What a plan adds, and the database has already.

use super::{Addition, Difference};
use crate::engine::postgres::Server;
use crate::plan::{Action, ColumnName, Plan};

/// The statements that cannot succeed because of it.
pub(super) fn taken(plan: &Plan, server: &Server) -> Vec<Difference> {
    let taken = plan.steps.iter().filter_map(|step| {
        let addition = added(&step.action, plan).filter(|addition| is_taken(addition, plan, server))?;
        Some(Difference::Taken(step.index, addition))
    });
    taken.collect()
}

/// What a statement adds; of a table or column with constraints, the table or column.
fn added(action: &Action, plan: &Plan) -> Option<Addition> {
    let effect = action.effect(&plan.start);
    if let Some(table) = effect.adds_table {
        return Some(Addition::Table(table.name.clone()));
    }
    if let Some((table, column)) = effect.adds.first() {
        return Some(Addition::Column(ColumnName { table: (*table).clone(), column: column.name.clone() }));
    }
    let (table, constraint) = effect.adds_constraints.first()?;
    Some(Addition::Constraint { table: (*table).clone(), name: constraint.name.clone() })
}

fn is_taken(addition: &Addition, plan: &Plan, server: &Server) -> bool {
    match addition {
        Addition::Table(name) => plan.start.table(name).is_none() && server.relation(name).is_some(),
        Addition::Column(ColumnName { table, column }) => {
            let is_there = server.relation(table).is_some_and(|relation| relation.column(column).is_some());
            is_there && plan.start.column(table, column).is_none()
        }
        Addition::Constraint { table, name } => {
            let is_known = plan.start.table(table).is_some_and(|table| table.constraint(name).is_some());
            let is_there = server
                .relation(table)
                .is_some_and(|relation| relation.constraint(name).is_some() || relation.index(name).is_some());
            is_there && !is_known
        }
    }
}
