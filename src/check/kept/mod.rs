//! `overwrites-data`, and what `lossy-translation` says of one direction: data that the plan itself does away with.
//!
//! `lineage` remembers what each column holds and from what it was filled; `sample` makes rows of values; with them
//! `overwritten` looks at each fill, and `lossy` at each column that is dropped. `report` puts it into words.

mod lineage;
mod lossy;
mod overwritten;
mod report;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::ast::{Name, Script, StatementKind, SyncKind};
use crate::catalog::ColumnId;
use crate::check::{At, Rule};
use crate::diagnostic::Diagnostic;
use crate::plan::{AppUse, ColumnName, Filling, FillingKind, Gate, Planner};
use crate::source::Span;

use lineage::{Fill, Lineage, inputs};
use lossy::Left;
use overwritten::Outcome;
use report::{Overwriting, Telling};

/// So many searches try as many rows as they can; those after them try fewer, so that long plans are checked quickly.
const THOROUGH_SEARCHES: usize = 64;
/// The rows of one search, where it is thorough and where it is not.
const MOST_ROWS: [usize; 2] = [400, 60];

/// What became of the data so far.
#[derive(Default)]
pub(super) struct Kept {
    lineage: Lineage,
    /// How many statements have passed.
    statements: usize,
    searches: usize,
    /// The columns that are gone.
    gone: FxHashSet<ColumnId>,
    /// Those of them of which it was said what is lost.
    told: BTreeSet<ColumnId>,
    /// The versions that have been live.
    live: BTreeSet<Name>,
}

impl Rule for Kept {
    fn start(&mut self, planner: &mut Planner<'_>, _script: &Script, _findings: &mut Vec<Diagnostic>) {
        self.live.extend(planner.catalog().live().cloned());
    }

    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        self.lineage.add(at.effect.adds.iter().map(|(_, column)| column.id));
        if let Some(Gate::Deploy(app)) = at.effect.gate {
            self.live.insert(app.clone());
        }
        for filling in &at.effect.fills {
            self.follow(filling, at, findings);
        }
        if !at.effect.removes_columns.is_empty() {
            self.remove(at, findings);
        }
        self.statements += 1;
    }
}

impl Kept {
    /// Looks at what a filling does to what is there, and remembers it.
    fn follow(&mut self, filling: &Filling<'_>, at: &At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let fill = self.fill(filling, at);
        let catalog = at.catalog();
        self.lineage.know(catalog, filling.table, [filling.column]);
        let filtered = fill.filter.iter().flat_map(|(_, inputs)| inputs);
        let read: Vec<ColumnId> = fill.value.1.iter().chain(filtered).copied().collect();
        self.lineage.know(catalog, filling.from, read);
        let found = if fill.is_of_rows() {
            self.unlike_sync(filling.column, &fill, at).or_else(|| self.overwritten(filling, &fill, at))
        } else {
            self.unlike_fill(filling.column, &fill)
        };
        if let Some(found) = found {
            findings.push(Telling::new(&self.lineage, at).overwriting(filling.column, &fill, &found));
        }
        self.lineage.fill(filling.column, fill);
    }

    fn fill(&self, filling: &Filling<'_>, at: &At<'_, '_>) -> Fill {
        let catalog = at.catalog();
        let filter = at.effect.filter.filter(|_| filling.kind != FillingKind::Sync);
        Fill {
            at: self.statements,
            kind: filling.kind,
            from: filling.from.clone(),
            value: (filling.value.clone(), filling.sources.clone()),
            filter: filter.map(|(table, filter)| (filter.clone(), inputs(catalog, table, filter))),
            span: at.statement.span,
            written: written(&at.statement.kind, catalog.column_name(filling.table, filling.column)),
        }
    }

    /// The rows of a search.
    fn limit(&mut self) -> usize {
        self.searches += 1;
        MOST_ROWS[usize::from(self.searches > THOROUGH_SEARCHES)]
    }

    /// Whether rows are filled with something else than a sync in force gives those that are written.
    fn unlike_sync(&mut self, target: ColumnId, fill: &Fill, at: &At<'_, '_>) -> Option<Overwriting> {
        let syncs = self.lineage.fills(target).iter().filter(|other| !other.is_of_rows() && other.from == fill.from);
        let in_force = |sync: &&Fill| {
            at.catalog().syncs_of(target).any(|known| known.target == target && known.value == sync.value.0)
        };
        let syncs: Vec<Fill> = syncs.filter(in_force).cloned().collect();
        if syncs.iter().any(|sync| sync.is_like(fill)) {
            return None;
        }
        self.first_unlike(target, syncs.into_iter().map(|sync| (fill.clone(), sync)))
    }

    /// The same of a sync that comes after the rows were filled.
    fn unlike_fill(&mut self, target: ColumnId, sync: &Fill) -> Option<Overwriting> {
        let fills = self.lineage.fills(target).iter().filter(|fill| fill.is_of_rows() && fill.from == sync.from);
        let fills: Vec<Fill> = fills.cloned().collect();
        self.first_unlike(target, fills.into_iter().map(|fill| (fill, sync.clone())))
    }

    fn first_unlike(&mut self, target: ColumnId, mut pairs: impl Iterator<Item = (Fill, Fill)>) -> Option<Overwriting> {
        pairs.find_map(|(fill, sync)| {
            let limit = self.limit();
            let change = match overwritten::unlike(&self.lineage, target, &fill, &sync, limit) {
                Outcome::Kept => return None,
                Outcome::Changed(change) => Some(change),
                Outcome::Untried => None,
            };
            let other = if sync.at > fill.at { fill } else { sync };
            Some(Overwriting::UnlikeSync { other, change })
        })
    }

    /// Whether a column loses what it holds.
    fn overwritten(&mut self, filling: &Filling<'_>, fill: &Fill, at: &At<'_, '_>) -> Option<Overwriting> {
        let target = filling.column;
        let earlier = self.lineage.fills(target);
        let writer = self.writer(filling, at);
        // What its syncs have put there is what this gives it.
        let is_empty = writer.is_none()
            && self.lineage.is_empty_for(target, fill, &|column| column != target && self.is_written(column, at));
        let is_repeated = earlier.iter().rfind(|fill| fill.is_of_rows()).is_some_and(|last| last.is_like(fill));
        if is_empty || is_repeated || filling.kind == FillingKind::Copy {
            return None;
        }
        let limit = self.limit();
        let change = match overwritten::overwritten(&self.lineage, target, fill, limit) {
            Outcome::Kept => return None,
            Outcome::Changed(change) => Some(change),
            Outcome::Untried => None,
        };
        let before = self.lineage.fills(target).iter().rfind(|fill| fill.is_of_rows()).cloned();
        Some(Overwriting::Data { before, writer, change })
    }

    /// The version that writes a column that the plan adds and nothing has filled, where the fill does not only pass on
    /// what is written elsewhere: that the proof follows.
    fn writer(&self, filling: &Filling<'_>, at: &At<'_, '_>) -> Option<Name> {
        let is_passed_on = filling.sources.iter().any(|source| *source != filling.column);
        if is_passed_on || !self.lineage.is_added(filling.column) || !self.lineage.fills(filling.column).is_empty() {
            return None;
        }
        let column = at.catalog().column_name(filling.table, filling.column).into();
        let name = ColumnName { table: filling.table.clone(), column };
        let writes = |app: &&AppUse| self.live.contains(&app.name) && app.writes.contains(&name);
        at.planner.apps().iter().find(writes).map(|app| app.name.clone())
    }

    /// Whether a version that has been live writes a column.
    fn is_written(&self, column: ColumnId, at: &At<'_, '_>) -> bool {
        let Some(held) = self.lineage.held(column) else { return false };
        let name = ColumnName { table: held.table.clone(), column: held.column.name.clone() };
        at.planner.apps().iter().any(|app| self.live.contains(&app.name) && app.writes.contains(&name))
    }

    /// Looks at what is left of columns that are dropped, and of those that only lived on in them.
    fn remove(&mut self, at: &At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let before = findings.len();
        let removed = &at.effect.removes_columns;
        self.gone.extend(removed.iter().copied());
        let known = removed.iter().filter(|column| self.lineage.held(**column).is_some());
        let bases: BTreeSet<ColumnId> = known.flat_map(|column| self.lineage.bases(*column, self.statements)).collect();
        for base in bases {
            if !self.gone.contains(&base) || self.lineage.is_added(base) || !self.told.insert(base) {
                continue;
            }
            let limit = self.limit();
            let apps = at.planner.apps();
            let left = lossy::left(&self.lineage, base, self.statements, &self.gone, (apps, limit));
            if left == Left::All {
                // What is left may go later.
                self.told.remove(&base);
            }
            findings.extend(Telling::new(&self.lineage, at).left(base, &left));
        }
        if findings.len() == before {
            removed.iter().for_each(|column| self.remove_written(*column, at, findings));
        }
    }

    /// Looks at what is left of a column that the plan adds and some version writes: it held more than it was filled with.
    fn remove_written(&mut self, column: ColumnId, at: &At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        if !self.lineage.is_added(column) || !self.is_written(column, at) || self.passes_on(column) {
            return;
        }
        let limit = self.limit();
        self.lineage.free = Some(column);
        let left = lossy::left(&self.lineage, column, self.statements, &self.gone, (at.planner.apps(), limit));
        findings.extend(Telling::new(&self.lineage, at).left(column, &left));
        self.lineage.free = None;
    }

    /// Whether syncs pass on what is written to a column to one that is not the plan's own: the proof follows that.
    fn passes_on(&self, column: ColumnId) -> bool {
        let is_left = |other: &ColumnId| !self.lineage.is_added(*other) && !self.gone.contains(other);
        let follows = |other: &ColumnId| self.lineage.fills(*other).iter().any(|fill| !fill.is_of_rows());
        self.lineage.fed_from(column).iter().any(|other| is_left(other) && follows(other))
    }
}

/// Where the expression of a statement stands that fills a column; nowhere where that is a column alone.
fn written(statement: &StatementKind, column: &str) -> Option<Span> {
    match statement {
        StatementKind::Backfill(fill) | StatementKind::Seed(fill) => Some(fill.value.span),
        StatementKind::Sync(sync) => match &sync.kind {
            SyncKind::From(value) => Some(value.span),
            SyncKind::Both(_) => None,
        },
        StatementKind::Copy(copy) => {
            copy.columns.iter().find(|(name, _)| *name.name == *column).map(|(_, value)| value.span)
        }
        _ => None,
    }
}
