//! `sync-dropped-early`: without the sync, a live application writes what another one no longer sees.

use crate::catalog::{Catalog, NotNull, Sync};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{AppUse, ColumnName};

pub(super) struct SyncDroppedEarly;

impl Rule for SyncDroppedEarly {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        if at.effect.removes.is_some() {
            return; // a sync that leaves with its column
        }
        let needs = |sync: &Sync| needed_by(sync, at.catalog(), at.planner.apps());
        let needed =
            at.effect.removes_syncs.iter().filter_map(|id| at.catalog().sync(*id)).find_map(|sync| needs(sync));
        let Some((app, reason)) = needed else { return };
        let declared = at.script.apps.iter().find(|declared| declared.name.name == app.name);
        let mut finding = Diagnostic::new(
            Code::SyncDroppedEarly,
            format!("`{}` is live and still needs this sync", app.name),
            at.statement.span,
            format!("… {reason}"),
        );
        if let Some(declared) = declared {
            finding = finding.label(declared.name.span, format!("`{}` is live …", app.name));
        }
        findings.push(finding.help(format!(
            "`retire {}` before it; or leave the statement out: a sync goes with its column, at the same moment",
            app.name
        )));
    }
}

/// A live application that a sync serves, and what would happen to it.
fn needed_by<'a>(sync: &Sync, catalog: &Catalog, apps: &'a [AppUse]) -> Option<(&'a AppUse, String)> {
    let live = || apps.iter().filter(|app| catalog.is_live(&app.name));
    let target = catalog.table(&sync.target_table)?.column_by_id(sync.target)?;
    let is_target = |column: &&ColumnName| column.table == sync.target_table && column.column == target.name;
    let source = catalog.table(&sync.source_table)?;
    let is_source = |column: &&ColumnName| {
        column.table == sync.source_table
            && source.column(&column.column).is_some_and(|column| sync.source_columns.contains(&column.id))
    };
    let one_sided =
        live().find(|app| app.writes.iter().any(|c| is_source(&c)) && !app.writes.iter().any(|c| is_target(&c)))?;
    if let Some(reader) = live().find(|app| app.reads.iter().any(|c| is_target(&c))) {
        let reason = format!(
            "what `{}` writes no longer reaches `{}`, which `{}` reads",
            one_sided.name, target.name, reader.name
        );
        return Some((one_sided, reason));
    }
    let rejects = target.not_null != NotNull::No && target.default.is_none();
    rejects.then(|| (one_sided, format!("its writes leave `{}` null, and it may not be", target.name)))
}
