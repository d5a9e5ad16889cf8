//! Deletes and changes of keys that a foreign key of the plan refuses, where the application does not know of it.

use crate::ast::Name;
use crate::catalog::{ColumnId, ConstraintKind, Table};
use crate::plan::ColumnName;
use crate::prove::compile::apps::is_at_start;
use crate::prove::compile::known_references::was_asked_for;
use crate::prove::compile::record::{Record, push_act, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::model::{ModelEvent, Transition};
use crate::prove::proof::AnomalyKind;
use crate::prove::rule::Rule;
use crate::prove::word::{Pattern, Program, Word};

/// A foreign key of a table of the group.
struct Reference<'a> {
    child: usize,
    name: &'a Name,
    column: ColumnId,
    parent: &'a Name,
    referenced: ColumnId,
}

/// Adds what an application may do to rows that others refer to, and that is refused.
pub(super) fn acts<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>, acts: &mut Vec<Transition<W>>) {
    if scene.survey.is_deployed(app) || !scene.has(Rule::ReferencesHold) {
        return;
    }
    let usage = &scene.plan.apps[app];
    for reference in references(scene) {
        let Some(guard) = referring(scene, &reference) else { continue };
        let Reference { name, parent, referenced, .. } = &reference;
        let mut refused = |event: ModelEvent, record: &mut Record<W>| {
            let constraint = format!("foreign key `{name}`");
            let wrong = record.wrong(wrong(AnomalyKind::RejectedWrite, Some(app), None, Some(constraint)));
            let happening = record.happening(event);
            let refused = vec![(Pattern::ANY, wrong)];
            push_act(acts, Transition { refused, ..Transition::new(guard, Program::new(), happening) });
        };
        // The rows of a pair are deleted as one.
        let is_pair = scene.survey.is_pairing_key(reference.column);
        if !is_pair && usage.deletes_from(parent) {
            refused(ModelEvent::Delete { app, table: (*parent).clone() }, record);
        }
        if usage.updates.iter().any(|column| is_column(scene, column, *referenced)) {
            let (columns, null, as_is) = (vec![*referenced], Vec::new(), false);
            refused(ModelEvent::Write { app, columns, null, as_is }, record);
        }
    }
}

fn is_column(scene: LayerScene<'_>, name: &ColumnName, column: ColumnId) -> bool {
    scene.catalog.column(&name.table, &name.column).is_some_and(|found| found.id == column)
}

/// The foreign keys that the plan has added to tables of the group, and that refer to another table.
fn references<'a>(scene: LayerScene<'a>) -> Vec<Reference<'a>> {
    let tables = 0..scene.group.tables.len();
    let schemas = tables.filter_map(|child| Some((child, scene.table(child)?)));
    let of_table = |(child, schema): (usize, &'a Table)| {
        schema.foreign_keys().filter_map(move |key| match &key.kind {
            ConstraintKind::ForeignKey { column, table: parent, referenced, .. }
                if *parent != schema.name
                    && !is_at_start(scene, &schema.name, &key.name)
                    && !was_asked_for(scene, *column, (parent, *referenced)) =>
            {
                Some(Reference { child, name: &key.name, column: *column, parent, referenced: *referenced })
            }
            _ => None,
        })
    };
    schemas.flat_map(of_table).collect()
}

/// Where there is a row that refers; none where that is looked at in another group.
fn referring<W: Word>(scene: LayerScene<'_>, reference: &Reference<'_>) -> Option<Pattern<W>> {
    let there = Pattern::ANY.and(scene.layout.tables[reference.child].exists, true);
    if scene.survey.is_pairing_key(reference.column) {
        let parent = scene.place(reference.parent)?;
        return Some(there.and(scene.layout.tables[parent].exists, true));
    }
    Some(there.and(scene.bits(reference.column)?.null, false))
}
