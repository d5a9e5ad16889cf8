//! What a live application may find: a column that is not there, unset or stale; and facts that are lost.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, NotNull};
use crate::plan::{ColumnName, conflict_name};
use crate::prove::compile::constraints::not_null_name;
use crate::prove::compile::record::{Record, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::model::{Cause, Lost, Read, Wrong};
use crate::prove::proof::AnomalyKind;
use crate::prove::rule::Rule;
use crate::prove::survey::in_key;
use crate::prove::word::{Pattern, Word};

/// The reads of a live application.
pub(super) fn reads<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>) -> Vec<Read<W>> {
    let mut reads = Vec::new();
    for name in &scene.shares[app].reads {
        let Some(column) = scene.named(name).filter(|_| scene.minds(app, name)) else { continue };
        let Some(bits) = scene.bits(column) else { continue };
        let holds_value = |fact| {
            let carriers = scene.columns().filter_map(move |(_, other)| Some((other, other.stale_for(fact)?)));
            let holding = |stale, null| {
                let fresh = Pattern::ANY.and(stale, false);
                if scene.has(Rule::NullMayBeTheTruth) { fresh.and(null, false) } else { fresh }
            };
            carriers.map(|(other, stale)| holding(stale, other.null)).collect()
        };
        let known = bits.stale.iter().map(|(fact, at)| (*at, holds_value(*fact))).collect();
        let mut one = |kind| {
            let wrong = wrong(kind, Some(app), Some(column), None);
            record.wrong(Wrong { reads: true, ..wrong })
        };
        let read = Read {
            guard: Pattern::ANY.and(scene.layout.tables[bits.table].exists, true),
            unset: bits.unset,
            stale: W::bits(bits.stale.iter().map(|(_, at)| *at)),
            known,
            wrongs: [one(AnomalyKind::UnsetRead), one(AnomalyKind::StaleRead)],
        };
        if is_paired(scene, &name.table) {
            reads.push(Read { guard: missing(scene, app, (column, bits.table)), ..read.clone() });
        }
        reads.push(read);
    }
    reads
}

/// Where a version finds no row of a table and reads null: beside the row that it belongs to, unless it looks for the
/// same in another table, among which rows are divided, and there is one.
fn missing<W: Word>(scene: LayerScene<'_>, app: usize, (column, table): (ColumnId, usize)) -> Pattern<W> {
    let layout = scene.layout;
    let name = &scene.group.tables[table];
    let is_read = |other: &&Name| {
        let reads = scene.shares[app].reads.iter().filter(|read| read.table == **other);
        reads.filter_map(|read| scene.named(read)).any(|read| scene.shared(column, read).next().is_some())
    };
    let divided = layout.left_out.iter().filter_map(|left| left.cover.others(name)).flatten().filter(is_read);
    let elsewhere = divided.filter_map(|other| scene.place(other));
    let missing = Pattern::ANY.and(layout.tables[table].exists, false).and(layout.tables[table].gone, false);
    elsewhere.fold(missing, |missing, other| missing.and(layout.tables[other].exists, false))
}

/// Where a live application reads null in a column that was not null when it started, though nobody lost a value.
pub(super) fn nulls<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>) -> Vec<(Pattern<W>, usize)> {
    let mut nulls = Vec::new();
    for name in scene.shares[app].reads.iter().filter(|name| scene.minds(app, name)) {
        let column = scene.catalog.column(&name.table, &name.column);
        let Some(column) = column.filter(|column| scene.survey.expects_value(app, column.id)) else { continue };
        let Some(bits) = scene.bits(column.id).filter(|bits| may_hold_null(scene, bits.table, column)) else {
            continue;
        };
        let there = Pattern::ANY.and(scene.layout.tables[bits.table].exists, true).and(bits.null, true);
        let null = bits.stale.iter().fold(there, |null, (_, stale)| null.and(*stale, false));
        let constraint = Some(not_null_name(scene, column.id));
        let wrong = wrong(AnomalyKind::UnsetRead, Some(app), Some(column.id), constraint);
        nulls.push((null, record.wrong(Wrong { reads: true, ..wrong })));
    }
    nulls
}

/// Whether rows may have come about that hold null in a column.
fn may_hold_null(scene: LayerScene<'_>, table: usize, column: &Column) -> bool {
    let bound = matches!(column.not_null, NotNull::Validated | NotNull::Yes);
    !bound && scene.table(table).is_some_and(|table| !in_key(table, column.id))
}

/// What a live application uses and does not find.
pub(super) fn broken<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>) -> Vec<usize> {
    let share = &scene.shares[app];
    let usage = &scene.plan.apps[app];
    let mut broken = Vec::new();
    let mut seen: Vec<&ColumnName> = Vec::new();
    for (at, name) in share.reads.iter().chain(&share.writes).copied().enumerate() {
        if scene.named(name).is_some() || seen.contains(&name) || usage.spread.contains(name) {
            continue;
        }
        seen.push(name);
        let wrong = wrong(AnomalyKind::BrokenUse, Some(app), None, None);
        let column = Some(Cause::Missing(name.clone()));
        broken.push(record.wrong(Wrong { column, reads: at < share.reads.len(), ..wrong }));
    }
    broken.extend(remembered(scene, app, &seen, record));
    broken.extend(unmatched(scene, app, record));
    broken
}

/// What an application found in the catalog when it started, still names, and that is gone.
fn remembered<W: Word>(scene: LayerScene<'_>, app: usize, seen: &[&ColumnName], record: &mut Record<W>) -> Vec<usize> {
    let usage = &scene.plan.apps[app];
    let gone = scene.catalog.gone_for(&usage.name).filter(|_| usage.reads_catalog);
    let own = gone.filter(|(_, column)| scene.bits(column.id).is_some());
    let names = own.map(|(table, column)| ColumnName { table: table.clone(), column: column.name.clone() });
    let mut broken = Vec::new();
    for name in names.filter(|name| !seen.contains(&name)) {
        let wrong = wrong(AnomalyKind::BrokenUse, Some(app), None, None);
        broken.push(record.wrong(Wrong { column: Some(Cause::Missing(name)), reads: true, ..wrong }));
    }
    broken
}

/// Where an insert names columns with `on conflict` that nothing keeps unique.
fn unmatched<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>) -> Vec<usize> {
    let conflicts = scene.shares[app].conflicts.iter();
    let unmatched = conflicts
        .filter(|(table, columns)| scene.catalog.table(table).is_some_and(|table| !table.takes_conflict(columns)));
    unmatched
        .map(|(table, columns)| {
            let constraint = Some(conflict_name(table, columns));
            record.wrong(wrong(AnomalyKind::BrokenUse, Some(app), None, constraint))
        })
        .collect()
}

/// Whether rows of a table belong to rows of another one.
fn is_paired(scene: LayerScene<'_>, table: &str) -> bool {
    scene.survey.pairings.iter().any(|pairing| *pairing.to == *table || *pairing.from == *table)
}

/// The facts that may be lost when `from` statements have ended.
pub(super) fn lost<W: Word>(scene: LayerScene<'_>, from: usize, record: &mut Record<W>) -> Vec<Lost<W>> {
    let mut all = Vec::new();
    for fact in scene.layout.facts().into_iter().filter(|fact| scene.survey.is_known(*fact, from)) {
        let carriers: Vec<_> = scene.columns().filter_map(|(_, bits)| Some((bits, bits.stale_for(fact)?))).collect();
        let on_purpose = scene.has(Rule::LastCarrierGoesOnPurpose) || !scene.survey.is_at_start(fact);
        if carriers.is_empty() && on_purpose {
            continue;
        }
        let row = |fact: ColumnId| scene.bits(fact).map(|bits| &scene.layout.tables[bits.table]);
        let home = row(fact).map(|row| row.exists);
        let elsewhere = |other: ColumnId| row(other).filter(|row| home != Some(row.exists));
        let whole = scene.layout.tables.iter().filter(|_| carriers.is_empty());
        let tables = || carriers.iter().map(|(bits, _)| &scene.layout.tables[bits.table]).chain(whole.clone());
        let known = |(bits, stale): &(&crate::prove::layout::ColumnBits, u32)| {
            let there = Pattern::ANY.and(scene.layout.tables[bits.table].exists, true);
            there.and(*stale, false).and(bits.unset, false)
        };
        all.push(Lost {
            stale: W::bits(carriers.iter().map(|(_, stale)| *stale)),
            exists: W::bits(tables().map(|table| table.exists)),
            gone: W::bits(tables().map(|table| table.gone)),
            written: scene.layout.written.get(&fact).copied(),
            fresh: carriers.iter().map(known).collect(),
            home,
            others: W::bits(
                carriers
                    .iter()
                    .flat_map(|(bits, _)| &bits.stale)
                    .filter_map(|(other, _)| elsewhere(*other))
                    .flat_map(|row| [row.exists, row.gone]),
            ),
            fact,
            wrong: record.wrong(wrong(AnomalyKind::LostWrite, None, Some(fact), None)),
        });
    }
    all
}
