//! How a column came by the values that are there when a step is reached.

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, Table};
use crate::expr::Expression;
use crate::plan::{AppUse, Effect, FillingKind, Gate};
use crate::prove::compile::scene::{LayerScene, is_value};

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Past {
    /// There are none.
    Null,
    /// It is filled from one column, whose different values give different ones, and from nothing else.
    Copied { source: ColumnId, value: Expression },
    /// From applications, as those of any column.
    Own,
    /// From several places.
    Other,
}

/// What filled a column before a step.
#[derive(Default)]
struct Filled {
    values: Vec<(Option<ColumnId>, Expression)>,
    /// A live application writes it.
    is_written: bool,
    /// From somewhere that is not followed.
    other: bool,
}

/// Statements beyond which what came before is not looked into.
const MOST_STEPS: usize = 500;

/// Where the values of a column come from that are there when a step is reached.
pub(super) fn past(scene: LayerScene<'_>, table: &Table, column: ColumnId, step: usize) -> Past {
    if step > MOST_STEPS {
        return Past::Other;
    }
    let added = scene.survey.columns.get(&column).and_then(|origin| origin.added);
    let filled = filled(scene, table, column, (added, step));
    let default = table.column_by_id(column).and_then(|column| column.default.as_ref());
    let has_default = default.is_some_and(is_value);
    match filled.values.split_first() {
        _ if filled.other => Past::Other,
        None if added.is_none() || filled.is_written => Past::Own,
        None if has_default => Past::Other,
        None => Past::Null,
        Some(_) if added.is_none() || has_default => Past::Other,
        Some(((Some(source), value), rest)) if rest.iter().all(|(other, _)| *other == Some(*source)) => {
            let is_kept = !filled.is_written || goes_back(scene, table, (*source, column), value);
            if is_kept { Past::Copied { source: *source, value: value.clone() } } else { Past::Other }
        }
        Some(_) => Past::Other,
    }
}

/// Whether what an application writes into a copy comes back to its source as it is.
fn goes_back(scene: LayerScene<'_>, table: &Table, (source, copy): (ColumnId, ColumnId), value: &Expression) -> bool {
    let syncs = scene.catalog.syncs_of(copy).filter(|sync| sync.target == source && sync.source_columns == [copy]);
    let mut back = syncs.filter(|sync| sync.source_table == table.name);
    value.as_same_value().is_some() && back.any(|sync| sync.value.as_same_value().is_some())
}

fn filled(scene: LayerScene<'_>, table: &Table, column: ColumnId, (added, step): (Option<usize>, usize)) -> Filled {
    let mut filled = Filled::default();
    let name = scene.survey.name(column);
    each_before(scene, step, |index, effect, catalog| {
        if added.is_some_and(|added| index < added) {
            return;
        }
        let writes = |app: &AppUse| app.writes.contains(&name) && is_about(app, effect, catalog);
        filled.is_written |= scene.plan.apps.iter().any(writes);
        for filling in effect.fills.iter().filter(|filling| filling.column == column) {
            let merges =
                |source: &&Column| table.column_by_id(column).is_some_and(|column| column.merges_values_of(source));
            let source = filling.value.injective_input().and_then(|input| catalog.column(filling.from, input));
            let source = source.filter(|source| !merges(source));
            let is_seed = filling.kind == FillingKind::Seed;
            filled.other |= is_seed || filling.kind == FillingKind::Copy || *filling.from != table.name;
            filled.values.push((source.map(|column| column.id), filling.value.clone()));
        }
    });
    filled
}

/// Whether an application is live at a statement, or comes with it.
fn is_about(app: &AppUse, effect: &Effect<'_>, catalog: &Catalog) -> bool {
    catalog.is_live(&app.name) || effect.gate.and_then(Gate::app) == Some(&app.name)
}

/// The statements before a step, each with the schema before it.
fn each_before(scene: LayerScene<'_>, step: usize, mut see: impl FnMut(usize, &Effect<'_>, &Catalog)) {
    let mut catalog = scene.plan.start.clone();
    for before in &scene.plan.steps[..step.min(scene.plan.steps.len())] {
        let effect = before.action.effect(&catalog);
        see(before.index, &effect, &catalog);
        catalog.apply(&before.action);
    }
}

/// Whether a table has no row yet when a step is reached: the plan adds it, and nobody has put one in.
pub(super) fn is_empty(scene: LayerScene<'_>, table: &Name, step: usize) -> bool {
    if step > MOST_STEPS || scene.plan.start.table(table).is_some() {
        return false;
    }
    let mut empty = true;
    each_before(scene, step, |_, effect, catalog| {
        let copied = effect.fills.iter().any(|filling| filling.kind == FillingKind::Copy && filling.table == table);
        let inserted = |sync: &crate::catalog::Sync| {
            sync.target_table == *table && sync.join.as_ref().is_some_and(|join| join.inserts)
        };
        let writes = |app: &AppUse| app.writes.iter().any(|column| column.table == *table);
        let written = scene.plan.apps.iter().any(|app| writes(app) && is_about(app, effect, catalog));
        empty &= !copied && !written && !effect.adds_syncs.iter().any(|sync| inserted(sync));
    });
    empty
}
