//! What the events of one stretch of the plan are compiled from.

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, Sync, Table};
use crate::expr::{Expression, Nullness};
use crate::plan::{ColumnName, FactId, Plan};
use crate::prove::compile::missing::Missing;
use crate::prove::compile::verified::Verified;
use crate::prove::groups::Group;
use crate::prove::layout::{ColumnBits, Layout};
use crate::prove::rule::Rule;
use crate::prove::survey::Survey;
use crate::prove::word::{Pattern, Word};

/// What an application uses of a group's columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Share<'a> {
    pub(super) reads: Vec<&'a ColumnName>,
    /// All that it inserts or updates.
    pub(super) writes: Vec<&'a ColumnName>,
    pub(super) updates: Vec<&'a ColumnName>,
    pub(super) inserts: Vec<&'a ColumnName>,
    /// The unique columns that its inserts name with `on conflict`, each with their table.
    pub(super) conflicts: Vec<(&'a Name, &'a [Name])>,
}

/// A group at one place of the plan.
#[derive(Clone, Copy)]
pub(super) struct LayerScene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) survey: &'a Survey,
    pub(super) group: &'a Group,
    pub(super) layout: &'a Layout,
    /// What each application uses of the group.
    pub(super) shares: &'a [Share<'a>],
    /// The schema as it is there.
    pub(super) catalog: &'a Catalog,
    /// Columns that are written and are not there.
    pub(super) missing: &'a Missing<'a>,
    /// The syncs in force that may concern the group.
    pub(super) syncs: &'a [&'a Sync],
    /// Columns whose rows may not be what they were at the start, because the plan has filled them.
    pub(super) changed: &'a [ColumnId],
    /// What all rows satisfy when the layer ends, as a `verify` has seen.
    pub(super) verified: &'a [Verified],
    /// Those of them that no row has as it was: a sync leaves those that nobody writes.
    pub(super) filled: &'a [ColumnId],
}

/// The syncs in force that may concern a group, oldest first.
pub(super) fn syncs<'a>(group: &Group, survey: &Survey, catalog: &'a Catalog) -> Vec<&'a Sync> {
    // Syncs link their columns. Only those that bring rows of other tables about reach beyond a group.
    if group.tables.len() > 1 || !survey.pairings.is_empty() {
        return catalog.syncs().map(|sync| &**sync).collect();
    }
    let syncs = group.columns.iter().flat_map(|(column, _)| catalog.syncs_of(*column));
    let mut syncs: Vec<&Sync> = syncs.map(|sync| &**sync).collect();
    syncs.sort_unstable_by_key(|sync| sync.id);
    syncs.dedup_by_key(|sync| sync.id);
    syncs
}

impl<'a> LayerScene<'a> {
    /// Whether the model has a rule.
    pub(super) fn has(&self, rule: Rule) -> bool {
        self.survey.has(rule)
    }

    /// A table of the group, if it is there.
    pub(super) fn table(&self, table: usize) -> Option<&'a Table> {
        self.catalog.table(&self.group.tables[table]).map(|table| &**table)
    }

    /// The place of a table among the group's.
    pub(super) fn place(&self, table: &str) -> Option<usize> {
        self.group.tables.iter().position(|name| **name == *table)
    }

    /// Whether a row of one table belongs to a row of another, perhaps by that of a third.
    pub(super) fn are_paired(&self, one: usize, other: usize) -> bool {
        let names = &self.group.tables;
        let mut reached = vec![&names[one]];
        let mut next = 0;
        while let Some(table) = reached.get(next).copied() {
            for pairing in &self.survey.pairings {
                for (from, to) in [(&pairing.from, &pairing.to), (&pairing.to, &pairing.from)] {
                    if from == table && !reached.contains(&to) {
                        reached.push(to);
                    }
                }
            }
            next += 1;
        }
        reached.contains(&&names[other])
    }

    /// The bits of a column.
    pub(super) fn bits(&self, column: ColumnId) -> Option<&'a ColumnBits> {
        self.layout.columns.get(&column)
    }

    /// The group's columns of a table that are there.
    pub(super) fn columns_of(&self, table: usize) -> impl Iterator<Item = (&'a Column, &'a ColumnBits)> + use<'a> {
        let schema = self.table(table);
        let own = self.layout.columns.iter().filter(move |(_, bits)| bits.table == table);
        own.filter_map(move |(column, bits)| Some((schema?.column_by_id(*column)?, bits)))
    }

    /// The group's columns that are there.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'a Column, &'a ColumnBits)> + use<'a> {
        let scene = *self;
        (0..self.group.tables.len()).flat_map(move |table| scene.columns_of(table))
    }

    /// The column that a name means here, if it is there.
    pub(super) fn named(&self, name: &ColumnName) -> Option<ColumnId> {
        self.catalog.column(&name.table, &name.column).map(|column| column.id)
    }

    /// Whether an application makes anything of a column. Who uses whatever columns there are hands on what has come
    /// since it started, as it is.
    pub(super) fn minds(&self, app: usize, name: &ColumnName) -> bool {
        let usage = &self.plan.apps[app];
        let found = || self.catalog.column_found_by(&usage.name, &name.table, &name.column);
        !usage.spread.contains(name) || found().map(|column| column.id) == self.named(name)
    }

    /// Those of the names that an application makes something of, as columns of the group that are there.
    pub(super) fn own(&self, app: usize, names: &[&ColumnName]) -> Vec<ColumnId> {
        let minded = names.iter().filter(|name| self.minds(app, name)).filter_map(|name| self.named(name));
        let mut ids: Vec<ColumnId> = minded.filter(|column| self.bits(*column).is_some()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether every column of a table that an application inserts is there.
    pub(super) fn is_whole(&self, app: usize, table: usize) -> bool {
        self.missing.count(app, &self.group.tables[table]) == 0
    }

    /// The facts that both columns carry.
    pub(super) fn shared(&self, one: ColumnId, other: ColumnId) -> impl Iterator<Item = FactId> + use<'a> {
        let others = self.plan.facts.of(other);
        self.plan.facts.of(one).iter().copied().filter(move |fact| others.contains(fact))
    }

    /// Whether a column has a value where nobody has given it one.
    pub(super) fn has_default(&self, column: &Column) -> bool {
        column.default.as_ref().is_some_and(is_value) && self.has(Rule::DefaultIsAValue)
    }

    /// The column whose different values surely give a column different ones, where an expression over `table` fills it.
    pub(super) fn told_apart(&self, target: ColumnId, value: &Expression, table: &str) -> Option<ColumnId> {
        let source = self.catalog.column(table, value.injective_input()?)?;
        let name = self.survey.name(target);
        let target = self.catalog.column(&name.table, &name.column);
        target.is_none_or(|target| !target.merges_values_of(source)).then_some(source.id)
    }

    /// The same, of a column that is known by its identity.
    pub(super) fn is_defaulted(&self, column: ColumnId) -> bool {
        let name = self.survey.name(column);
        self.catalog.column(&name.table, &name.column).is_some_and(|column| self.has_default(column))
    }

    /// Whether a column is the same data as another column in another form.
    pub(super) fn is_carried(&self, column: ColumnId) -> bool {
        self.plan.facts.of(column) != [column]
    }

    /// Every way in which rows may be there or not, as a pattern of states.
    pub(super) fn rows<W: Word>(&self) -> Vec<(Pattern<W>, Vec<bool>)> {
        let tables = 0..self.group.tables.len();
        let there: Vec<usize> = tables.filter(|table| self.table(*table).is_some()).collect();
        let pattern = |bits: usize| {
            let mut exists = vec![false; self.group.tables.len()];
            let mut guard = Pattern::ANY;
            for (at, table) in there.iter().enumerate() {
                exists[*table] = bits >> at & 1 == 1;
                guard = guard.and(self.layout.tables[*table].exists, exists[*table]);
            }
            (guard, exists)
        };
        (0..1 << there.len()).map(pattern).collect()
    }
}

/// Whether a default is a value, and not null.
pub(super) fn is_value(default: &Expression) -> bool {
    let known = default.known(&|_| true);
    let is_null = || default.is_immutable() && default.eval(&[], 0) == Ok(crate::data::Value::Null);
    known != Nullness::Null && !(known == Nullness::Unknown && is_null())
}
