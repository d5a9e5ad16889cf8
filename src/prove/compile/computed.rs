//! What computes columns: in a row that is being written, and in one that was there before.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Table};
use crate::expr::Expression;
use crate::obligations::{Answer, Computed, Scenario};
use crate::plan::FillingKind;
use crate::prove::compile::scene::LayerScene;

/// Ways in which a row may have come by the values of a constraint's columns, beyond which they are taken to be any.
const MOST_WAYS: usize = 8;

/// A column, and what computes it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) column: ColumnId,
    pub(super) table: Name,
    pub(super) value: Expression,
}

/// An expression that fails for some rows.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    /// The column that it fills.
    pub(super) column: ColumnId,
    pub(super) answer: Answer,
    /// A type on the way that the language does not know.
    pub(super) unknown: Option<Name>,
}

/// Columns that are computed, as they are asked about.
pub(super) fn as_computed(given: &[Given]) -> Vec<Computed<'_>> {
    given.iter().map(|given| Computed { column: given.column, table: &given.table, value: &given.value }).collect()
}

/// A row that is being written, or was there before.
pub(super) fn scenario<'a>(scene: LayerScene<'a>, written: bool, computed: &'a [Computed<'a>]) -> Scenario<'a> {
    let (catalog, samples) = (scene.catalog, &*scene.plan.samples);
    Scenario {
        catalog,
        samples,
        written,
        computed,
        filter: None,
        except: None,
        changed: scene.changed,
        filled: scene.filled,
        kept: None,
        seen: &[],
    }
}

/// What rows that a statement comes upon satisfy, as a `verify` has seen.
pub(super) fn seen(scene: LayerScene<'_>) -> Vec<(&str, &Expression, &[ColumnId])> {
    scene.verified.iter().map(|known| (&*known.table, &known.condition, &*known.columns)).collect()
}

/// The ways in which a row that was there when `step` was reached has come by the values of these columns: for each
/// the columns that are known to be computed. The rest may have any value.
pub(super) fn ways(scene: LayerScene<'_>, table: &Table, columns: &[ColumnId], step: usize) -> Vec<Vec<Given>> {
    let mut ways: Vec<Vec<Given>> = vec![Vec::new()];
    for column in columns.iter().filter_map(|column| table.column_by_id(*column)) {
        let options = origins(scene, table, column, step);
        if options.is_empty() || ways.len() * options.len() > MOST_WAYS {
            continue;
        }
        let with = |way: &Vec<Given>| {
            let way = way.clone();
            options.iter().map(move |option| way.iter().chain([option]).cloned().collect()).collect::<Vec<Vec<Given>>>()
        };
        ways = ways.iter().flat_map(with).collect();
    }
    ways
}

/// What a column may have got its value from before a step; nothing where it may have any.
fn origins(scene: LayerScene<'_>, table: &Table, column: &Column, step: usize) -> Vec<Given> {
    let Some(added) = scene.survey.columns.get(&column.id).and_then(|origin| origin.added) else { return Vec::new() };
    let name = scene.survey.name(column.id);
    let given = |value: Expression, table: &Name| Given { column: column.id, table: table.clone(), value };
    let null = || Expression::constant(crate::data::Value::Null, column.ty);
    let mut origins = vec![given(column.default.clone().unwrap_or_else(null), &table.name)];
    let mut catalog = scene.plan.start.clone();
    for at in &scene.plan.steps[..step.min(scene.plan.steps.len())] {
        let effect = at.action.effect(&catalog);
        if at.index >= added {
            let writes = |app: &crate::plan::AppUse| app.writes.contains(&name);
            let comes = effect.gate.and_then(crate::plan::Gate::app);
            let live = |app: &crate::plan::AppUse| catalog.is_live(&app.name) || comes == Some(&app.name);
            if scene.plan.apps.iter().any(|app| live(app) && writes(app)) {
                return Vec::new();
            }
            for filling in effect.fills.iter().filter(|filling| filling.column == column.id) {
                if filling.kind == FillingKind::Copy || *filling.from != *filling.table {
                    return Vec::new();
                }
                origins.push(given(filling.value.clone(), filling.from));
            }
        }
        catalog.apply(&at.action);
    }
    origins
}

/// The step that puts a sync into a column in force.
pub(super) fn sync_into(scene: LayerScene<'_>, column: ColumnId) -> Option<usize> {
    let fills = |effect: &crate::plan::Effect<'_>| effect.adds_syncs.iter().any(|sync| sync.target == column);
    scene.plan.effects().filter(|(_, effect)| fills(effect)).map(|(step, _)| step.index).last()
}
