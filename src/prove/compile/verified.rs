//! What a `verify` has seen of all rows, as long as nobody has touched them since.

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, ConstraintKind};
use crate::expr::Expression;
use crate::plan::{AppUse, Effect, Plan};

/// A condition that every row of a table makes true.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) table: Name,
    pub(super) condition: Expression,
    /// The columns that it reads.
    pub(super) columns: Vec<ColumnId>,
    /// It is a check of the start, to which the versions keep that are live from there.
    is_kept: bool,
}

/// The checks of the start that the plan drops: until a version comes that does not know them, all rows satisfy them.
pub(super) fn at_start(plan: &Plan) -> Vec<Verified> {
    let dropped = plan.effects().filter_map(|(_, effect)| effect.removes_constraint);
    let checks = dropped.filter_map(|(table, name)| match &plan.start.table(table)?.constraint(name)?.kind {
        ConstraintKind::Check { condition, columns, validated: true } => {
            let (table, condition, columns) = (table.clone(), condition.clone(), columns.to_vec());
            Some(Verified { table, condition, columns, is_kept: true })
        }
        _ => None,
    });
    checks.collect()
}

/// Takes in a statement that has ended: what it has verified, and what it has made uncertain again. `catalog` is the schema
/// after it, `changed` are the columns that it has filled.
pub(super) fn follow(
    verified: &mut Vec<Verified>,
    plan: &Plan,
    (effect, changed): (&Effect<'_>, &[ColumnId]),
    catalog: &Catalog,
) {
    if let Some((table, condition)) = effect.verifies.filter(|(_, condition)| condition.is_immutable()) {
        let columns = catalog.inputs(table, condition).collect();
        verified.push(Verified { table: table.clone(), condition: condition.clone(), columns, is_kept: false });
    }
    verified.retain(|known| {
        let is_there =
            |column: &ColumnId| catalog.table(&known.table).is_some_and(|table| table.column_by_id(*column).is_some());
        let follows = |column: &ColumnId| catalog.syncs_of(*column).any(|sync| sync.target == *column);
        known.columns.iter().all(|column| is_there(column) && !follows(column) && !changed.contains(column))
            && !is_written(plan, known, catalog)
    });
}

/// Whether a live application may write one of the columns, or bring rows.
fn is_written(plan: &Plan, known: &Verified, catalog: &Catalog) -> bool {
    let is_own = |column: ColumnId| known.columns.contains(&column);
    let keeps = |app: &AppUse| known.is_kept && plan.start.is_live(&app.name);
    plan.apps.iter().filter(|app| catalog.is_live(&app.name) && !keeps(app)).any(|app| {
        let mut writes = app.writes.iter().filter_map(|name| catalog.column(&name.table, &name.column));
        app.inserts_into(&known.table).is_some() || writes.any(|column| is_own(column.id))
    })
}
