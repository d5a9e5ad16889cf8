//! Where a foreign key asks for nothing that another one has not asked for already.

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint, ConstraintKind, NotNull, Table};
use crate::plan::Effect;
use crate::prove::compile::computed::sync_into;
use crate::prove::compile::past::{Past, past};
use crate::prove::compile::scene::LayerScene;
use crate::prove::survey::in_key;

/// What a foreign key refers to: a table, and the column there.
type Referred<'a> = (&'a Name, ColumnId);

/// Whether a column that follows by sync has the value of one that refers to the same row.
pub(super) fn is_copied(scene: LayerScene<'_>, column: ColumnId, to: Referred<'_>) -> bool {
    let mut syncs = scene.syncs.iter().filter(|sync| sync.target == column);
    syncs.any(|sync| {
        let source = sync.value.as_same_value().and_then(|name| scene.catalog.column(&sync.source_table, name));
        source.is_some_and(|source| refers_as_well(scene, source.id, to, None))
    })
}

/// Whether a column referred to such a row at the start: whoever writes it keeps to that.
pub(super) fn was_asked_for(scene: LayerScene<'_>, column: ColumnId, to: Referred<'_>) -> bool {
    let name = scene.survey.name(column);
    let keys = scene.plan.start.table(&name.table).into_iter().flat_map(|table| table.foreign_keys());
    let mut kinds = keys.map(|key| &key.kind);
    kinds.any(|kind| {
        matches!(kind, ConstraintKind::ForeignKey { column: own, table, referenced, .. }
            if *own == column && table == to.0 && *referenced == to.1)
    })
}

/// What is known of the rows that were there before a foreign key, when a step is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Old {
    /// Each refers to a row.
    Fit,
    /// Each does, unless the column lags behind.
    FitUnlessBehind,
    /// Nothing.
    Unknown,
}

/// Whether rows that were there before a step satisfy a foreign key.
pub(super) fn old(scene: LayerScene<'_>, schema: &Table, constraint: &Constraint, step: usize) -> Old {
    let ConstraintKind::ForeignKey { column, table, referenced, .. } = &constraint.kind else { return Old::Unknown };
    let to = (table, *referenced);
    if refers_as_well(scene, *column, to, Some(constraint)) {
        return Old::Fit;
    }
    match past(scene, schema, *column, step) {
        Past::Null => Old::Fit,
        Past::Copied { source, value } if value.as_same_value().is_some() => {
            if refers_as_well(scene, source, to, Some(constraint)) { Old::FitUnlessBehind } else { Old::Unknown }
        }
        Past::Copied { .. } | Past::Own | Past::Other => Old::Unknown,
    }
}

/// Whether a column refers to such a row by a foreign key; with `besides` by another one than this, that holds of all
/// rows.
fn refers_as_well(scene: LayerScene<'_>, column: ColumnId, to: Referred<'_>, besides: Option<&Constraint>) -> bool {
    let name = scene.survey.name(column);
    let keys = scene.catalog.table(&name.table).into_iter().flat_map(|table| table.foreign_keys());
    let mut same = keys.filter(|key| match &key.kind {
        ConstraintKind::ForeignKey { column: own, table, referenced, validated } => {
            let counts = besides.is_none_or(|besides| *validated && besides.name != key.name);
            let is_alike = || *referenced == to.1 || is_mirrored(scene, to, *referenced);
            *own == column && table == to.0 && counts && is_alike()
        }
        _ => false,
    });
    same.next().is_some()
}

/// Whether each row of a table has in the one column the value of the other: it follows by sync, and was filled after
/// that.
fn is_mirrored(scene: LayerScene<'_>, (table, mirror): Referred<'_>, original: ColumnId) -> bool {
    let Some(known) = scene.catalog.table(table) else { return false };
    let follows = scene.catalog.syncs_of(mirror).any(|sync| {
        let read = sync.value.as_same_value().and_then(|name| scene.catalog.column(&sync.source_table, name));
        sync.target == mirror && read.is_some_and(|read| read.id == original)
    });
    let has_values = known
        .column_by_id(mirror)
        .is_some_and(|column| matches!(column.not_null, NotNull::Validated | NotNull::Yes) || in_key(known, column.id));
    follows && has_values && is_filled_after_sync(scene, mirror)
}

fn is_filled_after_sync(scene: LayerScene<'_>, column: ColumnId) -> bool {
    let Some(synced) = sync_into(scene, column) else { return false };
    let mut fills =
        scene.plan.effects().filter(|(_, effect)| effect.fills_rows().is_some_and(|filling| filling.column == column));
    let is_after = |index: usize, effect: &Effect<'_>| index > synced && effect.filter.is_none();
    fills.next().is_some_and(|(step, effect)| is_after(step.index, &effect))
        && fills.all(|(step, effect)| is_after(step.index, &effect))
}
