//! Whether what a column held can still be told from the columns that are left when it is dropped.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::ColumnId;
use crate::check::kept::lineage::{Fill, Held, Lineage, Row, Values};
use crate::check::kept::sample::{self, image};
use crate::data::Value;
use crate::plan::{AppUse, ColumnName, FillingKind};

/// Of so many rows it is looked at what becomes of values that differ a little.
const MOST_VARIED: usize = 40;

/// What is left of the values of a column that is dropped.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Left {
    /// All, as far as is known; or it never went anywhere, or comes back by sync: others look at that.
    All,
    /// Two values of it became one.
    Less(Collision),
    /// Of so many rows none became like another one; that does not show that none does.
    Unknown(ColumnId),
}

/// Two rows of which nothing is left that tells them apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Collision {
    /// The columns that are gone, and in which they differ.
    pub(super) gone: Vec<ColumnId>,
    pub(super) one: Vec<Value>,
    pub(super) other: Vec<Value>,
    /// A column that was filled from them, and what it holds for both; none where no such column is left.
    pub(super) kept: Option<(ColumnId, Value)>,
}

/// What is left of a column, when so many statements have ended and these columns are gone.
pub(super) fn left(
    lineage: &Lineage,
    column: ColumnId,
    before: usize,
    gone: &FxHashSet<ColumnId>,
    (apps, limit): (&[AppUse], usize),
) -> Left {
    let fed = lineage.fed_from(column);
    let rows = |other: &ColumnId| lineage.fills(*other).iter().any(Fill::is_of_rows);
    let kept: Vec<ColumnId> = fed.iter().copied().filter(|other| !gone.contains(other) && rows(other)).collect();
    if !fed.iter().any(rows) || comes_back(lineage, column, &fed, apps) {
        return Left::All;
    }
    // A plain copy needs no search; of anything else null may make one of two.
    let is_told = |other: &ColumnId| lineage.is_told_by(*other, column, gone, false);
    let is_single = |other: &&ColumnId| lineage.bases(**other, before).len() == 1;
    let is_copied = |other: &ColumnId| is_copied(lineage, *other, column);
    // Copies from several tables make rows of their own: none goes over what another has brought.
    let is_only_copied = |other: &ColumnId| {
        let mut rows = lineage.fills(*other).iter().filter(|fill| fill.is_of_rows());
        rows.all(|fill| fill.kind == FillingKind::Copy && fill.filter.is_none())
    };
    if kept.iter().filter(is_single).any(is_told) || kept.iter().any(|kept| is_only_copied(kept) && is_copied(kept)) {
        return Left::All;
    }
    let bases: BTreeSet<ColumnId> =
        kept.iter().flat_map(|other| lineage.bases(*other, before)).chain([column]).collect();
    let fills: Vec<&Fill> = fed.iter().flat_map(|other| lineage.fills(*other)).collect();
    let sample = sample::rows(lineage, &bases, &fills, limit);
    let looking = Looking { lineage, column, before, gone, kept: &kept, bases: &bases };
    if let Some(collision) = looking.collision(&sample.rows) {
        return Left::Less(collision);
    }
    let is_told_but_for_null = |other: &ColumnId| lineage.is_told_by(*other, column, gone, true);
    match kept.first() {
        Some(_) if kept.iter().any(is_copied) => Left::All,
        // Whether null is told apart from what it becomes was tried.
        Some(_) if sample.are_all || kept.iter().any(is_told_but_for_null) => Left::All,
        Some(other) => Left::Unknown(*other),
        None => Left::All,
    }
}

/// Whether a copy takes a column over as it is. That a row does not come across because there is one already is told of
/// the copy.
fn is_copied(lineage: &Lineage, kept: ColumnId, column: ColumnId) -> bool {
    let same = |fill: &Fill| fill.value.1 == [column] && fill.value.0.injective_input().is_some();
    lineage.fills(kept).iter().filter(|fill| fill.kind == FillingKind::Copy).any(same)
}

/// Whether a sync has brought back what some version wrote to a form of the column, and some version writes the column
/// itself: then the two were held against each other. What nobody writes still stands in the rows that are there.
fn comes_back(lineage: &Lineage, column: ColumnId, fed: &[ColumnId], apps: &[AppUse]) -> bool {
    let is_written = |form: &ColumnId| {
        let Some(held) = lineage.held(*form) else { return false };
        let name = ColumnName { table: held.table.clone(), column: held.column.name.clone() };
        apps.iter().any(|app| app.writes.contains(&name))
    };
    let follows = |form: &ColumnId| lineage.fills(*form).iter().any(|fill| fill.kind == FillingKind::Sync);
    let is_form = |source: &ColumnId| fed.contains(source) && is_written(source) && follows(source);
    let back = |fill: &Fill| fill.kind == FillingKind::Sync && fill.value.1.iter().any(is_form);
    is_written(&column) && lineage.fills(column).iter().any(back)
}

struct Looking<'a> {
    lineage: &'a Lineage,
    column: ColumnId,
    before: usize,
    gone: &'a FxHashSet<ColumnId>,
    /// The columns left that were filled from it.
    kept: &'a [ColumnId],
    bases: &'a BTreeSet<ColumnId>,
}

impl Looking<'_> {
    fn collision(&self, sample: &[Row]) -> Option<Collision> {
        let mut seen: FxHashMap<String, &Row> = FxHashMap::default();
        for row in sample {
            let Some(left) = self.left_of(row) else { continue };
            match seen.get(&left) {
                Some(other) if self.differ(other, row) => return Some(self.told(other, row)),
                Some(_) => {}
                None => drop(seen.insert(left, row)),
            }
        }
        let ty = self.lineage.held(self.column).map(|held| held.column.ty)?;
        sample.iter().take(MOST_VARIED).find_map(|row| {
            let left = self.left_of(row)?;
            let same = |other: &Row| self.differ(row, other) && self.left_of(other).as_ref() == Some(&left);
            let other = sample::variants(row, self.column, ty).filter(|other| self.is_allowed(other)).find(same)?;
            Some(self.told(row, &other))
        })
    }

    /// All that is left of a row, as a text; none where something has no value.
    fn left_of(&self, row: &Row) -> Option<String> {
        let values = Values::new(self.lineage, row);
        let mut left = String::new();
        for base in self.bases.iter().filter(|base| !self.gone.contains(base)) {
            left.push_str(&image(row.get(base)?));
            left.push('\u{0}');
        }
        for kept in self.kept {
            left.push_str(&image(&values.content(*kept, self.before)?.value));
            left.push('\u{0}');
        }
        Some(left)
    }

    fn is_allowed(&self, row: &Row) -> bool {
        let checks = self.lineage.held(self.column).map(|held: &Held| &held.checks);
        checks.into_iter().flatten().all(|check| sample::may_hold(check, row))
    }

    fn differ(&self, one: &Row, other: &Row) -> bool {
        let value = |row: &Row| row.get(&self.column).map(image);
        value(one) != value(other)
    }

    fn told(&self, one: &Row, other: &Row) -> Collision {
        let differs = |column: &&ColumnId| one.get(*column).map(image) != other.get(*column).map(image);
        let gone: Vec<ColumnId> = self.bases.iter().filter(differs).copied().collect();
        let of = |row: &Row| gone.iter().filter_map(|column| row.get(column).cloned()).collect();
        let values = Values::new(self.lineage, one);
        let kept = self.kept.iter().find_map(|kept| Some((*kept, values.content(*kept, self.before)?.value)));
        Collision { one: of(one), other: of(other), gone, kept }
    }
}
