//! Where two rows meet in a unique constraint: where no two rows agree on its columns anyway, it refuses nothing.

use crate::catalog::{ColumnId, Constraint, ConstraintKind, Table};
use crate::expr::{Expression, Nullness};
use crate::prove::compile::past::{Past, past};
use crate::prove::compile::scene::LayerScene;

/// Copies of copies beyond which a chain is not followed.
const MOST_LINKS: usize = 8;

/// How a column comes by the value that it has when two rows are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comes {
    /// By itself.
    AsIs,
    /// Different values of this column give different ones.
    Copied(ColumnId),
    /// Two rows may come to one value though what they read differs.
    Computed,
    /// It has none.
    Null,
}

/// Whether two rows may agree on the columns of a unique constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// No two rows do, or another constraint refuses them first.
    Never,
    /// Only where one of these columns lags behind in one of them.
    Behind(Vec<ColumnId>),
    /// Nothing keeps them apart; `computed` says that it hangs on what an expression makes of two values.
    Free { computed: bool },
}

/// Whether rows whose columns come by their values like this may meet. With `since_start`, what was unique before the
/// plan counts as well: whoever breaks it could not do so before.
pub(super) fn meeting(
    scene: LayerScene<'_>,
    schema: &Table,
    constraint: &Constraint,
    comes: &dyn Fn(ColumnId) -> Comes,
    since_start: bool,
) -> Meeting {
    let Some(columns) = constraint.kind.unique_columns() else { return Meeting::Never };
    let mut agreed = columns.to_vec();
    let mut copied = Vec::new();
    let mut computed = false;
    let mut next = 0;
    while let Some(column) = agreed.get(next).copied().filter(|_| next < MOST_LINKS * columns.len()) {
        match comes(column) {
            Comes::Null => return Meeting::Never,
            Comes::Copied(source) => {
                copied.extend([column, source]);
                if !agreed.contains(&source) {
                    agreed.push(source);
                }
            }
            Comes::Computed => computed = true,
            Comes::AsIs => {}
        }
        next += 1;
    }
    let apart = Apart { scene, schema, constraint, columns, since_start };
    if apart.keeps(columns) {
        return Meeting::Never;
    }
    if apart.keeps(&agreed) { Meeting::Behind(copied) } else { Meeting::Free { computed } }
}

/// Whether rows that were there before a step may meet.
pub(super) fn old_meeting(scene: LayerScene<'_>, schema: &Table, constraint: &Constraint, step: usize) -> Meeting {
    let comes = |column: ColumnId| match past(scene, schema, column, step) {
        Past::Null => Comes::Null,
        Past::Copied { source, .. } => Comes::Copied(source),
        Past::Own => Comes::AsIs,
        Past::Other => Comes::Computed,
    };
    meeting(scene, schema, constraint, &comes, false)
}

fn is_within(constraint: &Constraint, columns: &[ColumnId]) -> bool {
    constraint.kind.unique_columns().is_some_and(|own| own.iter().all(|column| columns.contains(column)))
}

/// What else keeps the rows of a unique constraint apart.
struct Apart<'a> {
    scene: LayerScene<'a>,
    schema: &'a Table,
    constraint: &'a Constraint,
    columns: &'a [ColumnId],
    since_start: bool,
}

impl Apart<'_> {
    /// Whether no two rows agree on these columns, the constraint itself left aside.
    fn keeps(&self, agreed: &[ColumnId]) -> bool {
        let mut tables: Vec<_> = agreed.iter().map(|column| self.scene.survey.name(*column).table).collect();
        tables.dedup();
        let started = |name| self.scene.plan.start.table(name).filter(|_| self.since_start);
        let known = tables.iter().flat_map(|name| self.scene.catalog.table(name).into_iter().chain(started(name)));
        let mut others = known.flat_map(|table| table.constraints().map(move |other| (table, other)));
        others.any(|(table, other)| {
            let is_itself = table.name == self.schema.name && other.name == self.constraint.name;
            !is_itself && is_within(other, agreed) && self.covers(table, other, agreed) && !self.is_after(table, other)
        })
    }

    /// Whether it is another one on the same columns that was added later: of such two the first one refuses, and neither may
    /// be left aside for the other.
    fn is_after(&self, table: &Table, other: &Constraint) -> bool {
        let is_same = table.name == self.schema.name
            && is_within(self.constraint, other.kind.unique_columns().unwrap_or_default());
        let at = |name: &str| self.schema.constraints().position(|constraint| *constraint.name == *name);
        is_same && at(&self.constraint.name).zip(at(&other.name)).is_some_and(|(own, other)| other > own)
    }

    /// Whether the rows that meet are all among those that a unique index is about.
    fn covers(&self, table: &Table, other: &Constraint, agreed: &[ColumnId]) -> bool {
        let ConstraintKind::Index { filter: Some(filter), .. } = &other.kind else { return true };
        let own = match &self.constraint.kind {
            ConstraintKind::Index { filter, .. } => filter.as_ref(),
            _ => None,
        };
        own.is_some_and(|own| self.is_same(table, own, filter)) || holds_of_values(table, filter, agreed)
    }

    /// Whether the two filters say the same, of a column and of its copy.
    fn is_same(&self, table: &Table, own: &Expression, other: &Expression) -> bool {
        if own == other {
            return true;
        }
        let copy_of = |name: &crate::ast::Name| {
            let column = self.schema.column(name)?;
            let sync = self.scene.catalog.syncs_of(column.id).find(|sync| sync.target == column.id)?;
            (sync.source_table == table.name && self.columns.contains(&column.id)).then_some(&sync.value)
        };
        let bindings: Vec<_> =
            own.inputs().iter().filter_map(|name| Some((name.clone(), copy_of(name)?.clone()))).collect();
        own.compose(&bindings).is_some_and(|own| own == *other)
    }
}

/// Whether a filter holds wherever these columns have values.
fn holds_of_values(table: &Table, filter: &Expression, columns: &[ColumnId]) -> bool {
    let has_value = |name: &crate::ast::Name| table.column(name).is_some_and(|column| columns.contains(&column.id));
    filter.inputs().iter().all(has_value) && filter.known(&|_| false) == Nullness::NotNull(Some(true))
}
