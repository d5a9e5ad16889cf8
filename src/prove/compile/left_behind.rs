//! Rows of a table that goes which have no row in the table that follows it, because all that was in them was null.

use crate::ast::Name;
use crate::catalog::{Sync, Table};
use crate::expr::Nullness;
use crate::plan::{Action, AppUse, Plan};
use crate::prove::compile::constraints::is_not_null;
use crate::prove::compile::record::Record;
use crate::prove::compile::scene::LayerScene;
use crate::prove::survey::Survey;
use crate::prove::word::Word;

/// Notes, for a table that a statement drops, what a version must have written for its rows to be elsewhere: a sync brings
/// a row about for a value, and not for null.
pub(super) fn require<W: Word>(scene: LayerScene<'_>, step: usize, record: &mut Record<W>) {
    let Action::DropTable(dropped) = &scene.plan.steps[step].action else { return };
    for pairing in &scene.survey.pairings {
        let other = if pairing.from == *dropped { &pairing.to } else { &pairing.from };
        let is_pair = [&pairing.from, &pairing.to].contains(&dropped) && scene.catalog.table(other).is_some();
        let Some(copied) = is_pair.then(|| last_copy(scene.plan, step, (dropped, other))).flatten() else { continue };
        for (app, targets) in leaving(scene.plan, scene.survey, (copied, step), (dropped, other)) {
            let what = format!(
                "each row that `{}` inserts into `{dropped}` gives a sync a value for {}: otherwise no row comes about in \
                 `{other}`, and it is gone with `{dropped}`",
                app.name,
                targets.join(" or ")
            );
            let discharge = format!(
                "copy once more after the `retire` of `{}`, or make a column that is carried over `not null`",
                app.name
            );
            record.require(Some(step), what, discharge);
        }
    }
}

/// The last statement before a step that copies all rows of one table to another.
fn last_copy(plan: &Plan, step: usize, (from, to): (&Name, &Name)) -> Option<usize> {
    plan.steps[..step].iter().rposition(|step| match &step.action {
        Action::Copy { from: source, to: target, filter: None, .. } => source == from && target == to,
        _ => false,
    })
}

/// The versions that insert into the table after the copy, and not into the other one, and may give nothing that a sync
/// carries over; with the columns that these fill.
fn leaving<'p>(
    plan: &'p Plan,
    survey: &Survey,
    (copied, step): (usize, usize),
    (from, to): (&Name, &Name),
) -> Vec<(&'p AppUse, Vec<String>)> {
    let mut found: Vec<(&AppUse, Vec<String>)> = Vec::new();
    let mut catalog = plan.start.clone();
    for (at, one) in plan.steps[..step].iter().enumerate() {
        if at >= copied
            && let Some(table) = catalog.table(from)
        {
            let syncs = catalog.syncs().filter(|sync| brings_about(sync, from, to));
            let syncs: Vec<&Sync> = syncs.map(|sync| &**sync).collect();
            let inserting = plan.apps.iter().enumerate().filter(|(_, app)| {
                catalog.is_live(&app.name) && app.inserts_into(from).is_some() && app.inserts_into(to).is_none()
            });
            for (index, app) in inserting {
                let known = found.iter().any(|(other, _)| other.name == app.name);
                let is_carried = |sync: &&Sync| gives((plan, survey), index, table, sync);
                if !known && !syncs.is_empty() && !syncs.iter().any(is_carried) {
                    found.push((app, syncs.iter().map(|sync| format!("`{}`", survey.name(sync.target))).collect()));
                }
            }
        }
        catalog.apply(&one.action);
    }
    found
}

fn brings_about(sync: &Sync, from: &Name, to: &Name) -> bool {
    sync.source_table == *from && sync.target_table == *to && sync.join.as_ref().is_some_and(|join| join.inserts)
}

/// Whether a sync surely has a value to carry over from a row that a version inserts.
fn gives((plan, survey): (&Plan, &Survey), app: usize, table: &Table, sync: &Sync) -> bool {
    let may_be_null = |input: usize| {
        let column = sync.value.inputs().get(input).and_then(|name| table.column(name));
        column.is_none_or(|column| {
            let bound = is_not_null(table, column);
            let is_null = if survey.inserts(app, column.id) {
                survey.may_write_null(plan, app, column.id)
            } else {
                column.default.is_none()
            };
            !bound && is_null
        })
    };
    matches!(sync.value.known(&may_be_null), Nullness::NotNull(_))
}
