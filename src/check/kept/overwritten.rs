//! Whether a statement overwrites what a column holds, or fills it with something else than its sync gives it.

use std::collections::BTreeSet;

use crate::catalog::ColumnId;
use crate::check::kept::lineage::{Content, Fill, Lineage, Values};
use crate::check::kept::sample::{self, image};
use crate::data::Value;
use crate::expr::Nullness;
use crate::plan::FillingKind;

/// Inputs of a condition beyond which it is not looked into.
const MOST_INPUTS: usize = 8;

/// What a statement does to what is there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Nothing, with any value that was tried.
    Kept,
    /// This becomes that.
    Changed(Change),
    /// It is not known: no value could be tried.
    Untried,
}

/// Two values where there should be one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// The values of what both are computed from.
    pub(super) from: Vec<(ColumnId, Value)>,
    pub(super) one: Value,
    pub(super) other: Value,
}

/// What a fill does to the data that its column holds. (The fill is not yet among those of the lineage.)
pub(super) fn overwritten(lineage: &Lineage, target: ColumnId, fill: &Fill, limit: usize) -> Outcome {
    if is_only_of_empty(target, fill) {
        return Outcome::Kept;
    }
    let bases = bases(lineage, target, &[fill]);
    let earlier = lineage.fills(target).iter();
    let fills: Vec<&Fill> = earlier.chain([fill]).collect();
    let (mut holds_data, mut passes) = (false, false);
    for row in sample::rows(lineage, &bases, &fills, limit).rows {
        let values = Values::new(lineage, &row);
        let Some(held) = values.content(target, fill.at) else { continue };
        let (is_data, is_filled) =
            (held.is_data && !held.value.is_null(), values.passes(target, fill, &held.value) == Some(true));
        holds_data |= is_data;
        passes |= is_filled;
        if !(is_data && is_filled) {
            continue;
        }
        let Some(new) = values.computed(target, fill, &held.value) else { continue };
        if image(&new) != image(&held.value) {
            let own = |column: &ColumnId| *column != target || !lineage.is_own(target, fill.at);
            let from = bases.iter().filter(|column| own(column));
            let from = from.filter_map(|column| Some((*column, row.get(column)?.clone()))).collect();
            return Outcome::Changed(Change { from, one: held.value, other: new });
        }
    }
    if holds_data && passes { Outcome::Kept } else { Outcome::Untried }
}

/// What the rows hold that `fill` fills, and what `sync` gives those that are written: the same, or not.
pub(super) fn unlike(lineage: &Lineage, target: ColumnId, fill: &Fill, sync: &Fill, limit: usize) -> Outcome {
    if fill.is_like(sync) {
        return Outcome::Kept;
    }
    let at = fill.at.max(sync.at);
    let mut bases = bases(lineage, target, &[fill, sync]);
    // What the column holds itself is of no account: it is empty where it is filled.
    if lineage.is_added(target) {
        bases.remove(&target);
    }
    let mut outcome = Outcome::Untried;
    for row in sample::rows(lineage, &bases, &[fill, sync], limit).rows {
        let values = Values::new(lineage, &row);
        let own = row.get(&target).cloned().unwrap_or(Value::Null);
        let empty = Content { value: own, is_data: false };
        // What the fills before it have filled it may leave as it is.
        let mut before = lineage.fills(target).iter().filter(|other| other.is_of_rows() && other.at < fill.at);
        let Some(empty) = before.try_fold(empty, |held, other| values.filled(target, other, held)) else { continue };
        if values.passes(target, fill, &empty.value) != Some(true) {
            continue;
        }
        let (fill, sync) = (Fill { at, ..fill.clone() }, Fill { at, ..sync.clone() });
        let filled = values.computed(target, &fill, &empty.value);
        let (Some(one), Some(other)) = (filled, values.computed(target, &sync, &empty.value)) else { continue };
        if image(&one) != image(&other) {
            let from = bases.iter().filter_map(|column| Some((*column, row.get(column)?.clone()))).collect();
            return Outcome::Changed(Change { from, one, other });
        }
        outcome = Outcome::Kept;
    }
    outcome
}

/// The columns with data of their own that matter for what fills compute and for what their column holds.
fn bases(lineage: &Lineage, target: ColumnId, fills: &[&Fill]) -> BTreeSet<ColumnId> {
    let at = fills.iter().map(|fill| fill.at).max().unwrap_or(0);
    let read = fills.iter().flat_map(|fill| fill.value.1.iter().chain(fill.filter.iter().flat_map(|(_, read)| read)));
    read.chain([&target]).flat_map(|column| lineage.bases(*column, at)).collect()
}

/// Whether a fill passes by every row in which its column is not null.
fn is_only_of_empty(target: ColumnId, fill: &Fill) -> bool {
    if fill.kind == FillingKind::Seed {
        return true;
    }
    let Some((filter, inputs)) = &fill.filter else { return false };
    let Some(own) = inputs.iter().position(|input| *input == target).filter(|_| inputs.len() <= MOST_INPUTS) else {
        return false;
    };
    let is_null = |pattern: u32, at: usize| pattern >> at & 1 == 1;
    let mut patterns = (0..1_u32 << inputs.len()).filter(|pattern| !is_null(*pattern, own));
    patterns.all(|pattern| {
        matches!(filter.known(&|at| is_null(pattern, at)), Nullness::Null | Nullness::NotNull(Some(false)))
    })
}
