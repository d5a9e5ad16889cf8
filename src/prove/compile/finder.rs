//! Which groups an action of the plan changes something for.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, Constraint, ConstraintKind, NotNull};
use crate::plan::{Action, AppUse, ColumnName, Effect, FillingKind, Gate, Plan, Removal};
use crate::prove::compile::scene::Share;
use crate::prove::compile::steps;
use crate::prove::groups::Group;
use crate::prove::survey::Survey;

/// Finds the groups that an action changes something for.
pub(super) struct Finder<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    by_column: FxHashMap<ColumnId, usize>,
    by_table: FxHashMap<Name, Vec<usize>>,
    groups: usize,
}

impl<'a> Finder<'a> {
    pub(super) fn new(plan: &'a Plan, survey: &'a Survey, groups: &[Group]) -> Self {
        let mut by_column = FxHashMap::default();
        let mut by_table: FxHashMap<Name, Vec<usize>> = FxHashMap::default();
        for (at, group) in groups.iter().enumerate() {
            by_column.extend(group.columns.iter().map(|(column, _)| (*column, at)));
            for table in &group.tables {
                by_table.entry(table.clone()).or_default().push(at);
            }
        }
        Self { plan, survey, by_column, by_table, groups: groups.len() }
    }

    /// What each application uses of each group.
    pub(super) fn shares(&self) -> Vec<Vec<Share<'a>>> {
        let mut shares = vec![vec![Share::default(); self.plan.apps.len()]; self.groups];
        for (at, app) in self.plan.apps.iter().enumerate() {
            for name in &app.reads {
                self.groups_of(name).for_each(|group| shares[group][at].reads.push(name));
            }
            for name in &app.writes {
                self.groups_of(name).for_each(|group| shares[group][at].writes.push(name));
            }
            for name in &app.updates {
                self.groups_of(name).for_each(|group| shares[group][at].updates.push(name));
            }
            for name in app.inserts.iter().flat_map(|inserts| &inserts.columns) {
                self.groups_of(name).for_each(|group| shares[group][at].inserts.push(name));
            }
            for (group, conflict) in self.conflicts(app) {
                shares[group][at].conflicts.push(conflict);
            }
        }
        shares
    }

    /// What inserts name with `on conflict`, each with the first group that one of the columns is in, or any of the table.
    fn conflicts(&self, app: &'a AppUse) -> Vec<(usize, (&'a Name, &'a [Name]))> {
        let group = |(table, columns): (&'a Name, &'a [Name])| {
            let named = columns.iter().map(|column| ColumnName { table: table.clone(), column: column.clone() });
            let own = named.into_iter().find_map(|name| self.groups_of(&name).next());
            let group = own.or_else(|| self.by_table.get(table)?.first().copied())?;
            Some((group, (table, columns)))
        };
        app.conflicts().filter_map(group).collect()
    }

    /// The groups of the columns that have this name at some time.
    fn groups_of(&self, name: &ColumnName) -> impl Iterator<Item = usize> {
        let ids = self.survey.by_name.get(name).into_iter().flatten();
        let groups: BTreeSet<usize> = ids.filter_map(|column| self.by_column.get(column)).copied().collect();
        groups.into_iter()
    }

    pub(super) fn concerned(&self, action: &Action, catalog: &Catalog) -> BTreeSet<usize> {
        let effect = action.effect(catalog);
        let mut columns = steps::columns_of(&effect);
        let removed = match effect.removes {
            Some(Removal::Column(_, column)) => Some(column),
            Some(Removal::Table(_)) | None => None,
        };
        let renewed = effect.adds_column().map(|(_, column)| column.id).or(removed);
        columns.extend(renewed.into_iter().flat_map(|column| self.survey.of_same_name(column)));
        let filled = effect.fills_rows().and_then(|filling| catalog.table(filling.table));
        let unsure = filled.into_iter().flat_map(|table| table.columns());
        columns.extend(unsure.filter(|column| column.not_null == NotNull::NewWrites).map(|column| column.id));
        let mut groups: BTreeSet<usize> = columns.iter().filter_map(|id| self.by_column.get(id)).copied().collect();
        self.concerned_tables(&effect, catalog).into_iter().for_each(|table| self.add_table(table, &mut groups));
        groups
    }

    /// The tables all of whose groups it concerns.
    fn concerned_tables<'t>(&'t self, effect: &Effect<'t>, catalog: &'t Catalog) -> BTreeSet<&'t Name> {
        let mut tables: BTreeSet<&Name> = effect.adds_table.iter().map(|table| &table.name).collect();
        let goes_for_all = |removal: &Removal<'_>| match removal {
            // Until then its writers touch the row, whatever else is in it.
            Removal::Column(_, column) => self.is_written(&self.survey.name(*column), catalog),
            Removal::Table(_) => true,
        };
        tables.extend(effect.removes.filter(goes_for_all).map(Removal::table));
        let copied = effect.fills.iter().filter(|filling| filling.kind == FillingKind::Copy);
        tables.extend(copied.map(|filling| filling.table));
        // A sync that leaves with its column concerns whom the column concerns.
        let dropped = effect.removes_syncs.iter().filter(|_| effect.removes.is_none());
        let syncs = effect.adds_syncs.iter().chain(dropped.filter_map(|id| catalog.sync(*id)));
        tables.extend(syncs.filter(|sync| sync.join.is_some()).map(|sync| &sync.target_table));
        let constrained = effect.adds_constraint().map(|(table, _)| table);
        let constrained = constrained.or(effect.removes_constraint.map(|(table, _)| table));
        let is_paired =
            |table: &&Name| self.survey.pairings.iter().any(|pairing| pairing.to == **table || pairing.from == **table);
        tables.extend(constrained.filter(is_paired));
        // A check that old rows were not held against binds a row whatever is written to it.
        let is_loose =
            |constraint: &Constraint| matches!(constraint.kind, ConstraintKind::Check { validated: false, .. });
        let known = effect.validates.or(effect.removes_constraint);
        let known = known.and_then(|(table, name)| Some((table, catalog.table(table)?.constraint(name)?)));
        let loose = effect.adds_constraint().or(known).filter(|(_, constraint)| is_loose(constraint));
        tables.extend(loose.map(|(table, _)| table));
        let app = effect.gate.and_then(Gate::app);
        let app = self.plan.apps.iter().find(|usage| Some(&usage.name) == app);
        tables.extend(app.into_iter().flat_map(AppUse::tables));
        // What it does to rows that others refer to concerns those others.
        let written = |table: &Name| app.is_some_and(|app| app.writes_to(table));
        tables.extend(self.survey.references.iter().filter(|(_, to)| written(to)).map(|(from, _)| from));
        tables
    }

    /// Whether a live application writes a column.
    fn is_written(&self, column: &ColumnName, catalog: &Catalog) -> bool {
        self.plan.apps.iter().any(|app| app.writes.contains(column) && catalog.is_live(&app.name))
    }

    fn add_table(&self, table: &Name, groups: &mut BTreeSet<usize>) {
        groups.extend(self.by_table.get(table).into_iter().flatten());
    }
}
