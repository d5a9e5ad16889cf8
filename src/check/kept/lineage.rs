//! What columns hold, as far as a plan says: data of their own, and what statements have filled them with since.

use std::cell::Cell;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull};
use crate::data::Value;
use crate::expr::{Expression, Nullness};
use crate::plan::FillingKind;
use crate::source::Span;

/// So many values are computed for one row at most; a plan that needs more is not followed.
const MOST_COMPUTED: usize = 2_000;

/// More columns than this are not followed from one.
const MOST_REACHED: usize = 64;

/// The columns that statements fill or are filled from.
#[derive(Default)]
pub(super) struct Lineage {
    columns: FxHashMap<ColumnId, Held>,
    /// The columns that the plan adds.
    added: FxHashSet<ColumnId>,
    /// The columns that are filled from each.
    feeds: FxHashMap<ColumnId, Vec<ColumnId>>,
    /// A column that may hold anything, whatever has filled it.
    pub(super) free: Option<ColumnId>,
}

/// A column, and what it was filled with.
pub(super) struct Held {
    pub(super) table: Name,
    pub(super) column: Column,
    /// It may be null.
    pub(super) nullable: bool,
    /// The checks that bind it, with what they read.
    pub(super) checks: Vec<Reading>,
    pub(super) fills: Vec<Fill>,
}

/// An expression, and the columns that it reads.
pub(super) type Reading = (Expression, Vec<ColumnId>);

/// A statement that fills a column.
#[derive(Clone)]
pub(super) struct Fill {
    /// How many statements are before it.
    pub(super) at: usize,
    pub(super) kind: FillingKind,
    /// The table whose rows it reads.
    pub(super) from: Name,
    pub(super) value: Reading,
    /// Which rows, where not all.
    pub(super) filter: Option<Reading>,
    /// The statement.
    pub(super) span: Span,
    /// The expression, where it stands in the script.
    pub(super) written: Option<Span>,
}

impl Fill {
    /// Whether a row is filled by it, and not only what is written later.
    pub(super) fn is_of_rows(&self) -> bool {
        self.kind != FillingKind::Sync
    }

    /// Whether it fills in the same way.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.from == other.from && self.value == other.value
    }

    /// Whether it fills every row that holds nothing yet, but for those for which it has nothing.
    fn fills_what_is_empty(&self, target: ColumnId) -> bool {
        let Some((filter, inputs)) = &self.filter else { return true };
        let row = vec![Value::Null; inputs.len()];
        let is_of_empty =
            inputs.iter().all(|input| *input == target) && filter.eval(&row, 0) == Ok(Value::Boolean(true));
        is_of_empty || self.passes_by_null(filter, inputs)
    }

    /// Whether it passes by no row but those in which its only source is null, and null is what it would give.
    fn passes_by_null(&self, filter: &Expression, inputs: &[ColumnId]) -> bool {
        let is_source = self.value.1.len() == 1 && inputs == self.value.1;
        is_source && filter.known(&|_| false) == Nullness::NotNull(Some(true)) && !self.makes_of_null(0)
    }

    /// Whether it may make a value of null, where another one of its inputs is not.
    fn makes_of_null(&self, input: usize) -> bool {
        self.value.0.known(&|at| at == input) != Nullness::Null
    }
}

/// A row: the values of the columns that hold data of their own.
pub(super) type Row = FxHashMap<ColumnId, Value>;

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Content {
    pub(super) value: Value,
    /// It is data, and not just what a default has put there.
    pub(super) is_data: bool,
}

impl Lineage {
    /// Notes columns that the plan adds.
    pub(super) fn add(&mut self, columns: impl Iterator<Item = ColumnId>) {
        self.added.extend(columns);
    }

    /// Whether the plan adds a column.
    pub(super) fn is_added(&self, column: ColumnId) -> bool {
        self.added.contains(&column)
    }

    /// What is known of a column; nothing where no statement fills it or reads it for another.
    pub(super) fn held(&self, column: ColumnId) -> Option<&Held> {
        self.columns.get(&column)
    }

    /// The fills of a column, oldest first.
    pub(super) fn fills(&self, column: ColumnId) -> &[Fill] {
        self.columns.get(&column).map_or(&[], |held| &held.fills)
    }

    /// Makes columns of a table known.
    pub(super) fn know(&mut self, catalog: &Catalog, table: &str, columns: impl IntoIterator<Item = ColumnId>) {
        for id in columns {
            let Some(schema) = catalog.table(table).filter(|_| !self.columns.contains_key(&id)) else { continue };
            let Some(column) = schema.column_by_id(id) else { continue };
            let in_key = schema.primary_key().is_some_and(|key| key.contains(&id));
            let checks = schema.constraints_of(id).filter_map(|constraint| match &constraint.kind {
                ConstraintKind::Check { condition, .. } => Some((condition.clone(), inputs(catalog, table, condition))),
                _ => None,
            });
            let nullable = column.not_null == NotNull::No && !in_key;
            let held = Held {
                table: schema.name.clone(),
                column: column.clone(),
                nullable,
                checks: checks.collect(),
                fills: Vec::new(),
            };
            self.columns.insert(id, held);
        }
    }

    /// Takes in a fill of a column that is known.
    pub(super) fn fill(&mut self, target: ColumnId, fill: Fill) {
        for source in fill.value.1.iter().filter(|source| **source != target) {
            let fed = self.feeds.entry(*source).or_default();
            if !fed.contains(&target) {
                fed.push(target);
            }
        }
        if let Some(held) = self.columns.get_mut(&target) {
            held.fills.push(fill);
        }
    }

    /// Whether a column that the plan adds holds nothing but what a statement would give it: its syncs do so, or have
    /// nothing to give. `is_written` says which columns versions write.
    pub(super) fn is_empty_for(&self, target: ColumnId, fill: &Fill, is_written: &dyn Fn(ColumnId) -> bool) -> bool {
        let mut seen = vec![target];
        let mut next = 0;
        while let Some(column) = seen.get(next).copied().filter(|_| next < MOST_REACHED) {
            next += 1;
            let fills = self.fills(column).iter().filter(|other| column != target || !other.is_like(fill));
            if !self.is_added(column) || is_written(column) || fills.clone().any(Fill::is_of_rows) {
                return false;
            }
            let sources = fills.flat_map(|fill| &fill.value.1).filter(|source| !seen.contains(source));
            let sources: BTreeSet<ColumnId> = sources.copied().collect();
            seen.extend(sources);
        }
        next < MOST_REACHED
    }

    /// The columns that are filled from one, directly or through others.
    pub(super) fn fed_from(&self, column: ColumnId) -> Vec<ColumnId> {
        let mut found = vec![column];
        let mut next = 0;
        while next < found.len() && found.len() < MOST_REACHED {
            let fed = self.feeds.get(&found[next]).into_iter().flatten();
            let new: Vec<ColumnId> = fed.filter(|target| !found.contains(target)).copied().collect();
            found.extend(new);
            next += 1;
        }
        found.split_off(1)
    }

    /// Whether a column holds, when so many statements have ended, data that no statement of the plan gave it.
    pub(super) fn is_own(&self, column: ColumnId, before: usize) -> bool {
        self.free == Some(column) || !self.is_added(column) || !self.fills(column).iter().any(|fill| fill.at < before)
    }

    /// The columns with data of their own from which what a column holds comes.
    pub(super) fn bases(&self, column: ColumnId, before: usize) -> BTreeSet<ColumnId> {
        let mut found = BTreeSet::new();
        let mut seen = FxHashSet::default();
        let mut waiting = vec![(column, before)];
        while let Some((column, before)) = waiting.pop() {
            if seen.len() >= MOST_REACHED || !seen.insert((column, before)) {
                continue;
            }
            if self.is_own(column, before) {
                found.insert(column);
            }
            if self.free == Some(column) {
                continue;
            }
            for fill in self.fills(column).iter().filter(|fill| fill.at < before) {
                let filter = fill.filter.iter().flat_map(|(_, inputs)| inputs);
                let read = fill.value.1.iter().chain(filter).filter(|read| **read != column);
                waiting.extend(read.map(|read| (*read, fill.at)));
            }
        }
        found
    }

    /// Whether it is known that what a column has held can be told from another one, which was filled from it and from
    /// columns that are left; also that it held null, or but for that.
    pub(super) fn is_told_by(
        &self,
        column: ColumnId,
        of: ColumnId,
        gone: &FxHashSet<ColumnId>,
        but_for_null: bool,
    ) -> bool {
        let is_nullable = !but_for_null && self.held(of).is_none_or(|held| held.nullable);
        let mut at = column;
        for _ in 0..MOST_REACHED {
            let fills = || self.fills(at).iter().filter(|fill| fill.is_of_rows());
            let Some(fill) = fills().next() else { return false };
            // What a copy leaves as it was in rows that are there, the proof tells.
            if !self.is_added(at) && fill.kind != FillingKind::Copy {
                return false;
            }
            let are_all = fills().all(|other| other.is_like(fill)) && fills().any(|fill| fill.fills_what_is_empty(at));
            let sources = &fill.value.1;
            let is_way = |source: &ColumnId| *source == of || self.bases(*source, fill.at).contains(&of);
            let mut ways = sources.iter().enumerate().filter(|(_, source)| is_way(source));
            let (Some((number, source)), None) = (ways.next(), ways.next()) else { return false };
            let are_left = sources.iter().all(|other| other == source || !gone.contains(other));
            let is_null_lost = is_nullable && fill.makes_of_null(number);
            if !are_all || !are_left || is_null_lost || !fill.value.0.keeps(number) {
                return false;
            }
            if *source == of {
                return true;
            }
            at = *source;
        }
        false
    }
}

/// Computes what columns hold in one row.
pub(super) struct Values<'a> {
    lineage: &'a Lineage,
    row: &'a Row,
    left: Cell<usize>,
}

impl<'a> Values<'a> {
    pub(super) fn new(lineage: &'a Lineage, row: &'a Row) -> Self {
        Self { lineage, row, left: Cell::new(MOST_COMPUTED) }
    }

    /// What a column holds when so many statements have ended; none where some expression has no value.
    pub(super) fn content(&self, column: ColumnId, before: usize) -> Option<Content> {
        self.left.set(self.left.get().checked_sub(1)?);
        let is_own = self.lineage.is_own(column, before);
        let value = if is_own { self.row.get(&column)?.clone() } else { self.default(column)? };
        let mut content = Content { value, is_data: is_own };
        if self.lineage.free == Some(column) {
            return Some(content);
        }
        let fills = || self.lineage.fills(column).iter().filter(|fill| fill.at < before);
        let is_filled = !self.lineage.is_added(column) || fills().any(Fill::is_of_rows);
        for fill in fills().filter(|fill| fill.is_of_rows() || !is_filled) {
            content = self.filled(column, fill, content)?;
        }
        Some(content)
    }

    fn default(&self, column: ColumnId) -> Option<Value> {
        let default = self.lineage.held(column).and_then(|held| held.column.default.as_ref());
        default.map_or(Some(Value::Null), |default| default.eval(&[], 0).ok())
    }

    /// What a column holds once a statement has filled it.
    pub(super) fn filled(&self, column: ColumnId, fill: &Fill, held: Content) -> Option<Content> {
        let is_left = fill.kind == FillingKind::Seed && !held.value.is_null();
        if is_left || !self.passes(column, fill, &held.value)? {
            return Some(held);
        }
        let value = self.computed(column, fill, &held.value)?;
        let is_data = !value.is_null();
        Some(Content { value, is_data })
    }

    /// Whether a row in which the column holds this passes the filter of a fill.
    pub(super) fn passes(&self, column: ColumnId, fill: &Fill, held: &Value) -> Option<bool> {
        let Some(filter) = &fill.filter else { return Some(true) };
        Some(self.eval(filter, (column, held), fill.at)? == Value::Boolean(true))
    }

    /// What a fill computes for a row in which the column holds this.
    pub(super) fn computed(&self, column: ColumnId, fill: &Fill, held: &Value) -> Option<Value> {
        self.eval(&fill.value, (column, held), fill.at)
    }

    fn eval(&self, reading: &Reading, (column, held): (ColumnId, &Value), before: usize) -> Option<Value> {
        let input = |read: &ColumnId| {
            if *read == column { Some(held.clone()) } else { Some(self.content(*read, before)?.value) }
        };
        let inputs = reading.1.iter().map(input).collect::<Option<Vec<Value>>>()?;
        reading.0.tried(&inputs)?.ok()
    }
}

/// The columns that an expression reads, in the order of its inputs.
pub(super) fn inputs(catalog: &Catalog, table: &str, value: &Expression) -> Vec<ColumnId> {
    catalog.inputs(table, value).collect()
}
