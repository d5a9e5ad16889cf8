//! What a live application may find: a column that is not there, unset or stale; and facts that are lost.

use crate::plan::ColumnName;
use crate::prove::compile::constraints::wrong;
use crate::prove::compile::record::Record;
use crate::prove::compile::scene::LayerScene;
use crate::prove::model::{Cause, Lost, Read, Wrong};
use crate::prove::proof::AnomalyKind;
use crate::prove::rule::Rule;
use crate::prove::word::{Pattern, Word};

/// The reads of a live application.
pub(super) fn reads<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>) -> Vec<Read<W>> {
    let mut reads = Vec::new();
    for name in &scene.shares[app].reads {
        let Some(column) = scene.named(name) else { continue };
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
        reads.push(Read {
            guard: if is_paired(scene, &name.table) {
                // A row that is missing beside the one that it belongs to reads as null.
                Pattern::ANY.and(scene.layout.tables[bits.table].gone, false)
            } else {
                Pattern::ANY.and(scene.layout.tables[bits.table].exists, true)
            },
            unset: bits.unset,
            stale: W::bits(bits.stale.iter().map(|(_, at)| *at)),
            known,
            wrongs: [one(AnomalyKind::UnsetRead), one(AnomalyKind::StaleRead)],
        });
    }
    reads
}

/// What a live application uses and does not find.
pub(super) fn broken<W: Word>(scene: LayerScene<'_>, app: usize, record: &mut Record<W>) -> Vec<usize> {
    let share = &scene.shares[app];
    let mut broken = Vec::new();
    let mut seen: Vec<&ColumnName> = Vec::new();
    for (at, name) in share.reads.iter().chain(&share.writes).copied().enumerate() {
        if scene.named(name).is_some() || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let wrong = wrong(AnomalyKind::BrokenUse, Some(app), None, None);
        let column = Some(Cause::Missing(name.clone()));
        broken.push(record.wrong(Wrong { column, reads: at < share.reads.len(), ..wrong }));
    }
    broken
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
            fact,
            wrong: record.wrong(wrong(AnomalyKind::LostWrite, None, Some(fact), None)),
        });
    }
    all
}
