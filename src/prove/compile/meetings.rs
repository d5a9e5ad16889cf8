//! Where a write brings what another row holds, or is about to hold.

use crate::catalog::ColumnId;
use crate::prove::compile::constraints::Write;
use crate::prove::compile::record::{Record, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::compile::unique::{Comes, Meeting, meeting};
use crate::prove::model::{Collision, Wrong};
use crate::prove::proof::{AnomalyKind, Beside};
use crate::prove::word::{Pattern, Word};

impl Write<'_> {
    /// Whether two rows may meet in it after the write, if it is a unique constraint.
    pub(super) fn meeting(&self) -> Option<Meeting> {
        self.constraint.kind.unique_columns()?;
        Some(meeting(self.scene, self.schema, self.constraint, &|column| self.comes(column), true))
    }

    /// How a column comes by the value that it has after the write.
    fn comes(&self, column: ColumnId) -> Comes {
        let copied = |source: Option<ColumnId>| source.map_or(Comes::Computed, Comes::Copied);
        if let Some((_, source)) = self.synced.iter().find(|(target, _)| *target == column) {
            return copied(*source);
        }
        let sync = self.scene.syncs.iter().find(|sync| sync.target == column);
        let Some(sync) = sync.filter(|_| !self.written.contains(&column)) else { return Comes::AsIs };
        copied(self.scene.told_apart(column, &sync.value, &sync.source_table))
    }

    pub(super) fn judge_unique<W: Word>(
        &self,
        columns: &[ColumnId],
        met: Option<Meeting>,
        record: &mut Record<W>,
        refused: &mut Vec<(Pattern<W>, usize)>,
    ) {
        let hangs = match met {
            Some(Meeting::Behind(behind)) => return self.note_collision(columns, &behind, record),
            Some(Meeting::Free { computed: true }) => {
                Some(format!("whether two rows end up with the same value in {}", self.name()))
            }
            Some(Meeting::Free { .. }) => None,
            Some(Meeting::Never) | None => return,
        };
        let nulls = columns.iter().filter_map(|column| self.scene.bits(*column));
        let pattern = nulls.fold(Pattern::ANY, |pattern, bits| pattern.and(bits.null, false));
        self.refuse(pattern, columns.first().copied(), (hangs, Some(Beside::HasThem)), record, refused);
    }

    /// A row in which one of the columns lags behind may hold what this write brings.
    fn note_collision<W: Word>(&self, columns: &[ColumnId], behind: &[ColumnId], record: &mut Record<W>) {
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), columns.first().copied(), Some(self.name()));
        let collision = collision(self.scene, (columns, behind), (self.happening, false), wrong, record);
        record.collisions.extend(collision);
    }
}

/// Where a row that holds values in these columns, and in which one of those that are `behind` is stale, is in the way
/// of another one.
pub(super) fn collision<W: Word>(
    scene: LayerScene<'_>,
    (columns, behind): (&[ColumnId], &[ColumnId]),
    (happening, in_step): (usize, bool),
    wrong: Wrong,
    record: &mut Record<W>,
) -> Option<Collision<W>> {
    let held = held_in(scene, columns)?;
    let lag = behind.iter().filter_map(|column| scene.bits(*column));
    let stale = W::bits(lag.flat_map(|bits| bits.stale.iter().map(|(_, at)| *at)));
    let wrong = Wrong { other_row: true, beside: Some(Beside::StillHasThem), ..wrong };
    (stale != W::ZERO).then(|| Collision { held, stale, happening, in_step, wrong: record.wrong(wrong) })
}

/// Where a row that holds values in these columns is in the way of another one, whatever they are: it was visited.
pub(super) fn collision_of_any_value<W: Word>(
    scene: LayerScene<'_>,
    columns: &[ColumnId],
    visited: u32,
    (happening, in_step): (usize, bool),
    wrong: Wrong,
    record: &mut Record<W>,
) -> Option<Collision<W>> {
    let held = held_in(scene, columns)?.and(visited, true);
    let wrong = record.wrong(Wrong { other_row: true, beside: Some(Beside::ComesToThem), ..wrong });
    Some(Collision { held, stale: W::ZERO, happening, in_step, wrong })
}

/// The row is there, and has values in these columns.
fn held_in<W: Word>(scene: LayerScene<'_>, columns: &[ColumnId]) -> Option<Pattern<W>> {
    let bits: Vec<_> = columns.iter().filter_map(|column| scene.bits(*column)).collect();
    let there = Pattern::ANY.and(scene.layout.tables[bits.first()?.table].exists, true);
    Some(bits.iter().fold(there, |held, bits| held.and(bits.null, false)))
}
