//! Rows that a sync brings about when an application inserts the one that they belong to, and that it inserts itself too.

use crate::ast::Name;
use crate::prove::compile::computed;
use crate::prove::compile::image::Image;
use crate::prove::compile::record::Record;
use crate::prove::compile::scene::LayerScene;
use crate::prove::word::Word;

/// Notes that the second row of a pair is there already when an application comes to insert it, unless its `app` says what
/// it does then.
pub(super) fn require_upserts<W: Word>(
    scene: LayerScene<'_>,
    (app, table): (usize, usize),
    image: &Image<'_, W>,
    record: &mut Record<W>,
) {
    let usage = &scene.plan.apps[app];
    for (place, other) in scene.group.tables.iter().enumerate().filter(|(place, _)| *place != table) {
        let Some(inserts) = usage.inserts_into(other).filter(|_| image.is_inserted(place)) else { continue };
        let from = |source: &Name| *source == scene.group.tables[table];
        let brings = scene.syncs.iter().filter(|sync| sync.target_table == *other && from(&sync.source_table));
        let mut joins = brings.filter_map(|sync| Some((sync, sync.join.as_ref().filter(|join| join.inserts)?)));
        let Some((sync, join)) = joins.next() else { continue };
        let key = scene.catalog.column_name(other, join.target_key);
        if inserts.conflicts.iter().any(|columns| columns.iter().any(|column| **column == *key)) {
            continue;
        }
        let what = format!(
            "`{}` does not insert a row into `{other}` that the sync has inserted already, with the one of `{}`",
            usage.name, scene.group.tables[table]
        );
        let discharge =
            format!("let it insert `on conflict ({key}) do update`, and say so: `inserts … on conflict ({key})`");
        record.require(computed::sync_into(scene, sync.target), what, discharge);
    }
}
