//! A way there and back: a column is written, syncs translate it, and one translates back.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull, Sync, SyncId};
use crate::check::few_values;
use crate::check::two_forms::is_copy;
use crate::data::{Type, Value, compare};
use crate::expr::{Expression, gives_back};
use crate::plan::AppUse;

/// More columns than this are not followed from one.
const MOST_REACHED: usize = 64;

/// A column on the way.
#[derive(Clone, Debug)]
pub(super) struct RoundColumn {
    pub(super) table: Name,
    pub(super) column: Column,
    pub(super) in_key: bool,
}

/// A sync on the way: it reads places and fills one, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) sync: Arc<Sync>,
    inputs: Vec<usize>,
    pub(super) into: usize,
}

/// A column written, with whatever else the way needs; translated; and translated back.
#[derive(Clone, Debug)]
pub(super) struct Round {
    /// The columns written, by identity, then those that the legs there fill.
    pub(super) places: Vec<RoundColumn>,
    /// How many of the places are written.
    pub(super) written: usize,
    /// The place that comes back.
    pub(super) at: usize,
    pub(super) there: Vec<Leg>,
    pub(super) back: Leg,
    /// The checks that bind these columns: name, condition, and what it reads.
    checks: Vec<(Name, Expression, Vec<usize>)>,
}

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RoundOutcome {
    /// It comes back.
    Kept,
    /// It is too long to be tried.
    Untried,
    /// This comes back.
    Lost(Value),
    /// A leg, counted from 0, has no value for its column; after the last one there it is the leg back.
    Refused { leg: usize, why: String },
}

/// The syncs that are linked with one by their columns, oldest first; those `seen` before are left out.
pub(super) fn linked(sync: &Arc<Sync>, catalog: &Catalog, seen: &mut FxHashSet<SyncId>) -> Vec<Arc<Sync>> {
    let mut found = Vec::new();
    let mut waiting = vec![Arc::clone(sync)];
    while let Some(next) = waiting.pop() {
        if seen.insert(next.id) {
            waiting.extend(next.columns().flat_map(|column| catalog.syncs_of(column)).cloned());
            found.push(next);
        }
    }
    found.sort_by_key(|sync| sync.id);
    found
}

impl Round {
    /// The round that a sync closes, if what it reads is translated from what it fills.
    pub(super) fn of(back: &Arc<Sync>, catalog: &Catalog) -> Option<Self> {
        let ways = ways_from(back.target, catalog);
        let mut sources: Vec<(usize, Vec<Arc<Sync>>)> =
            back.source_columns.iter().map(|source| way_to(*source, &ways)).map(|way| (way.len(), way)).collect();
        sources.sort_by_key(|(length, _)| *length);
        let mut there: Vec<Arc<Sync>> = Vec::new();
        for (_, way) in sources {
            lengthen(&mut there, way);
        }
        let mut read = 0;
        while read < there.len() {
            for column in there[read].source_columns.clone() {
                lengthen(&mut there, way_to(column, &ways));
            }
            read += 1;
        }
        if there.is_empty() { None } else { Self::with(back, &there, catalog) }
    }

    fn with(back: &Arc<Sync>, there: &[Arc<Sync>], catalog: &Catalog) -> Option<Self> {
        let derived: Vec<ColumnId> = there.iter().map(|sync| sync.target).collect();
        let read = there.iter().chain([back]).flat_map(|sync| {
            sync.source_columns.iter().map(|column| (*column, &sync.source_table)).collect::<Vec<_>>()
        });
        let mut written: Vec<(ColumnId, &Name)> = read.filter(|(column, _)| !derived.contains(column)).collect();
        written.push((back.target, &back.target_table));
        written.sort_by_key(|(column, _)| *column);
        written.dedup_by_key(|(column, _)| *column);
        let filled = there.iter().map(|sync| (sync.target, &sync.target_table));
        let places =
            written.iter().copied().chain(filled).map(|(column, table)| RoundColumn::of(table, column, catalog));
        let places: Vec<RoundColumn> = places.collect::<Option<_>>()?;
        let leg = |sync: &Arc<Sync>| Leg::of(sync, &places, catalog);
        let there = there.iter().map(leg).collect::<Option<Vec<_>>>()?;
        let back = leg(back)?;
        let checks = checks(&places, catalog);
        Some(Self { at: back.into, written: written.len(), places, there, back, checks })
    }

    /// The column that comes back.
    pub(super) fn target(&self) -> &RoundColumn {
        &self.places[self.at]
    }

    /// Whether some leg does more than copy.
    pub(super) fn translates(&self) -> bool {
        self.legs().any(|leg| !is_copy(&leg.sync))
    }

    /// Whether values of all its columns can be made: of other types the proof has a condition.
    pub(super) fn is_of_known_types(&self) -> bool {
        self.places.iter().all(|place| place.column.written_type.is_none())
    }

    /// What tells rounds apart: the sync back, then those there.
    pub(super) fn syncs(&self) -> Vec<SyncId> {
        [&self.back].into_iter().chain(&self.there).map(|leg| leg.sync.id).collect()
    }

    /// The legs in the order in which they are gone.
    pub(super) fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.there.iter().chain([&self.back])
    }

    /// The translated columns that the way back reads.
    pub(super) fn other_form(&self) -> Vec<&RoundColumn> {
        let inputs = self.back.inputs.iter().filter(|at| **at >= self.written);
        inputs.map(|at| &self.places[*at]).collect()
    }

    /// The columns that are written besides the one that comes back, with their values in `row`.
    pub(super) fn besides<'a>(&'a self, row: &'a [Value]) -> impl Iterator<Item = (&'a RoundColumn, &'a Value)> {
        let written = self.places.iter().zip(row).enumerate();
        written.filter(|(at, _)| *at != self.at).map(|(_, pair)| pair)
    }

    /// Whether the same columns are written in both.
    pub(super) fn writes_the_same(&self, other: &Self) -> bool {
        let columns = |round: &Self| round.places[..round.written].iter().map(|p| p.column.id).collect::<Vec<_>>();
        columns(self) == columns(other)
    }

    /// Whether some application, if any is declared, writes the column that comes back.
    pub(super) fn is_written(&self, apps: &[AppUse]) -> bool {
        apps.is_empty() || self.target().is_written(apps)
    }

    /// Whether some application, if any is declared, writes the other form, from which the column is then computed.
    pub(super) fn is_overwritten(&self, apps: &[AppUse]) -> bool {
        apps.is_empty() || self.other_form().iter().any(|place| place.is_written(apps))
    }

    /// Whether the checks of the table let applications write this row.
    pub(super) fn allows(&self, row: &[Value]) -> bool {
        let of_written = self.checks.iter().filter(|(.., inputs)| inputs.iter().all(|at| *at < self.written));
        of_written.into_iter().all(|check| holds(check, row))
    }

    /// What becomes of the column when this is written.
    pub(super) fn outcome(&self, row: &[Value]) -> RoundOutcome {
        match self.returned(row) {
            None => RoundOutcome::Untried,
            Some(Err((leg, why))) => RoundOutcome::Refused { leg, why },
            Some(Ok(back)) if same(&back, &row[self.at]) => RoundOutcome::Kept,
            Some(Ok(back)) => RoundOutcome::Lost(back),
        }
    }

    /// What comes back; or the leg that has no value, and why; none where a value is too long to be tried.
    fn returned(&self, row: &[Value]) -> Option<Result<Value, (usize, String)>> {
        let mut values = row.to_vec();
        for number in 0..self.there.len() {
            match self.through(number, &values)? {
                Ok(value) => values.push(value),
                Err(why) => return Some(Err((number, why))),
            }
        }
        Some(self.through(self.there.len(), &values)?.map_err(|why| (self.there.len(), why)))
    }

    /// The value that a leg, counted from 0, gives its column; or why it gives none.
    pub(super) fn through(&self, number: usize, values: &[Value]) -> Option<Result<Value, String>> {
        let leg = self.there.get(number).unwrap_or(&self.back);
        let value = match self.translated(leg, values)? {
            Ok(value) => value,
            Err(why) => return Some(Err(why)),
        };
        let mut values = values.to_vec();
        match values.get_mut(leg.into) {
            Some(place) => *place = value.clone(),
            None => values.push(value.clone()),
        }
        let is_known = |inputs: &[usize]| inputs.contains(&leg.into) && inputs.iter().all(|at| *at < values.len());
        Some(match self.checks.iter().find(|check| is_known(&check.2) && !holds(check, &values)) {
            Some((name, ..)) => Err(format!("check `{name}` does not hold")),
            None => Ok(value),
        })
    }

    fn translated(&self, leg: &Leg, values: &[Value]) -> Option<Result<Value, String>> {
        let inputs: Vec<Value> = leg.inputs.iter().map(|at| values[*at].clone()).collect();
        let place = &self.places[leg.into];
        Some(match leg.sync.value.tried(&inputs)? {
            Ok(value) if value.is_null() && !place.takes_null() => {
                Err(format!("`{}` would be null", place.column.name))
            }
            value => value.map_err(|error| error.message),
        })
    }

    /// All values besides null of a place, where they are few.
    pub(super) fn few_values(&self, place: usize) -> Option<Vec<Value>> {
        let checks = self.checks.iter().filter(|(.., inputs)| inputs.iter().all(|at| *at == place));
        few_values::of_column(&self.places[place].column, checks.map(|(_, check, _)| check))
    }

    /// The constants of whatever says something of these columns: what translates them, their checks, their defaults.
    pub(super) fn constants(&self) -> Vec<Value> {
        let translations = self.legs().map(|leg| &leg.sync.value);
        let defaults = self.places.iter().filter_map(|place| place.column.default.as_ref());
        let said = translations.chain(self.checks.iter().map(|(_, check, _)| check)).chain(defaults);
        said.flat_map(Expression::constants).collect()
    }

    /// Whether it is known of the expressions that every value comes back, and null if there may be one.
    pub(super) fn is_known_to_come_back(&self, never_null: bool) -> bool {
        let is_way = |leg: &Leg, from: usize| leg.inputs == [from];
        let mut at = self.at;
        let is_one_way = self.legs().all(|leg| is_way(leg, std::mem::replace(&mut at, leg.into)));
        let is_described = self.places.iter().all(|place| place.column.written_type.is_none());
        is_one_way && is_described && gives_back(self.legs().map(|leg| &leg.sync.value), never_null)
    }
}

impl RoundColumn {
    pub(super) fn of(table: &Name, column: ColumnId, catalog: &Catalog) -> Option<Self> {
        let schema = catalog.table(table)?;
        let in_key = schema.primary_key().is_some_and(|key| key.contains(&column));
        Some(Self { table: table.clone(), column: schema.column_by_id(column)?.clone(), in_key })
    }

    /// Whether its constraints let it be null.
    pub(super) fn takes_null(&self) -> bool {
        self.column.not_null == NotNull::No && !self.in_key
    }

    fn is_written(&self, apps: &[AppUse]) -> bool {
        let mut written = apps.iter().flat_map(|app| &app.writes);
        written.any(|column| column.table == self.table && column.column == self.column.name)
    }
}

impl Leg {
    fn of(sync: &Arc<Sync>, places: &[RoundColumn], catalog: &Catalog) -> Option<Self> {
        let at = |column: ColumnId| places.iter().position(|place| place.column.id == column);
        let inputs = sync.value.inputs().iter().map(|name| at(catalog.column(&sync.source_table, name)?.id));
        Some(Self { sync: Arc::clone(sync), inputs: inputs.collect::<Option<_>>()?, into: at(sync.target)? })
    }
}

/// The columns that a write of `start` reaches through syncs, each with the sync that reaches it first.
fn ways_from(start: ColumnId, catalog: &Catalog) -> FxHashMap<ColumnId, (ColumnId, Arc<Sync>)> {
    let mut ways: FxHashMap<ColumnId, (ColumnId, Arc<Sync>)> = FxHashMap::default();
    let mut reached = vec![start];
    let mut next = 0;
    while next < reached.len() && reached.len() < MOST_REACHED {
        let from = reached[next];
        next += 1;
        for sync in catalog.syncs_of(from).filter(|sync| sync.source_columns.contains(&from)) {
            if !reached.contains(&sync.target) {
                reached.push(sync.target);
                ways.insert(sync.target, (from, Arc::clone(sync)));
            }
        }
    }
    ways
}

/// The syncs that lead to a column; none where it is not reached.
fn way_to(mut column: ColumnId, ways: &FxHashMap<ColumnId, (ColumnId, Arc<Sync>)>) -> Vec<Arc<Sync>> {
    let mut way = Vec::new();
    while let Some((from, sync)) = ways.get(&column) {
        way.push(Arc::clone(sync));
        column = *from;
    }
    way
}

/// Adds the syncs of a way, unless then some would read each other.
fn lengthen(there: &mut Vec<Arc<Sync>>, way: Vec<Arc<Sync>>) {
    let new: Vec<Arc<Sync>> = way.into_iter().filter(|sync| there.iter().all(|other| other.id != sync.id)).collect();
    if new.is_empty() {
        return;
    }
    if let Some(ordered) = in_order(there.iter().cloned().chain(new).collect()) {
        *there = ordered;
    }
}

/// Syncs in an order in which each finds what it reads; none where they read each other.
fn in_order(mut syncs: Vec<Arc<Sync>>) -> Option<Vec<Arc<Sync>>> {
    let mut ordered = Vec::with_capacity(syncs.len());
    while !syncs.is_empty() {
        let waits = |sync: &Sync| syncs.iter().any(|other| sync.source_columns.contains(&other.target));
        let ready = syncs.iter().position(|sync| !waits(sync))?;
        ordered.push(syncs.remove(ready));
    }
    Some(ordered)
}

/// The checks all of whose columns are among the places.
fn checks(places: &[RoundColumn], catalog: &Catalog) -> Vec<(Name, Expression, Vec<usize>)> {
    let mut found: Vec<(Name, Expression, Vec<usize>)> = Vec::new();
    for place in places {
        let Some(table) = catalog.table(&place.table) else { continue };
        for constraint in table.constraints_of(place.column.id) {
            let ConstraintKind::Check { condition, .. } = &constraint.kind else { continue };
            let at = |name: &Name| places.iter().position(|p| p.table == place.table && p.column.name == *name);
            let inputs: Option<Vec<usize>> = condition.inputs().iter().map(at).collect();
            if let Some(inputs) = inputs.filter(|_| found.iter().all(|(name, ..)| *name != constraint.name)) {
                found.push((constraint.name.clone(), condition.clone(), inputs));
            }
        }
    }
    found
}

/// Whether a check is not false; one that has no value refuses the write as well.
fn holds((_, condition, inputs): &(Name, Expression, Vec<usize>), values: &[Value]) -> bool {
    let row: Vec<Value> = inputs.iter().map(|at| values[*at].clone()).collect();
    matches!(condition.tried(&row), Some(Ok(Value::Boolean(true) | Value::Null)))
}

/// Whether two values say the same. `json`, which keeps how it was written, is compared by what it means.
fn same(one: &Value, other: &Value) -> bool {
    if let (Value::Json(one), Value::Json(other)) = (one, other)
        && let (Ok(one), Ok(other)) = (Value::parse(one, Type::Jsonb), Value::parse(other, Type::Jsonb))
    {
        return compare(&one, &other).is_eq();
    }
    compare(one, other).is_eq()
}
