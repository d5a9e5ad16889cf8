//! Columns that applications insert and that are not there, counted along the plan.

use rustc_hash::FxHashMap;

use crate::ast::Name;
use crate::catalog::Catalog;
use crate::plan::{ColumnName, Effect, Plan, Removal};

/// How many columns of each table each application misses that its inserts give.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    counts: FxHashMap<&'a str, Vec<usize>>,
    /// Who inserts a column, by the names of its table and itself.
    writers: FxHashMap<(&'a str, &'a str), Vec<usize>>,
}

impl<'a> Missing<'a> {
    /// What is missing at the start.
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut missing = Self { counts: FxHashMap::default(), writers: FxHashMap::default() };
        for (app, usage) in plan.apps.iter().enumerate() {
            let needed = usage.inserts.iter().flat_map(|inserts| &inserts.columns);
            for ColumnName { table, column } in needed.filter(|column| !usage.spread.contains(column)) {
                let writers = missing.writers.entry((table, column)).or_default();
                if writers.last() != Some(&app) {
                    writers.push(app);
                    let counts = missing.counts.entry(table).or_insert_with(|| vec![0; plan.apps.len()]);
                    counts[app] += usize::from(plan.start.column(table, column).is_none());
                }
            }
        }
        missing
    }

    /// How many columns of a table an application inserts that are not there.
    pub(super) fn count(&self, app: usize, table: &str) -> usize {
        self.counts.get(table).map_or(0, |counts| counts[app])
    }

    /// Takes in what is about to change the schema.
    pub(super) fn follow(&mut self, effect: &Effect<'_>, catalog: &Catalog) {
        effect.adds.iter().for_each(|(table, column)| self.note(catalog, table, &column.name, true));
        let Some(table) = effect.removes.map(Removal::table) else { return };
        let removed = effect.removes_columns.iter();
        removed.for_each(|column| self.note(catalog, table, catalog.column_name(table, *column), false));
    }

    fn note(&mut self, catalog: &Catalog, table: &Name, column: &str, comes: bool) {
        if catalog.column(table, column).is_none() != comes {
            return;
        }
        let writers = self.writers.get(&(&**table, column)).into_iter().flatten();
        let Some(counts) = self.counts.get_mut(&**table) else { return };
        for app in writers {
            counts[*app] = if comes { counts[*app].saturating_sub(1) } else { counts[*app] + 1 };
        }
    }
}
