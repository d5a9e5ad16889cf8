//! What a plan says about columns over its whole length: their names, what fills them, what conditions compare them
//! with, and which of them hold the same key.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, ConstraintKind, Table};
use crate::data::Value;
use crate::expr::Expression;
use crate::plan::{Action, ColumnName, Filling, FillingKind, Plan};

/// A column and what it is made from.
#[derive(Clone, Debug)]
pub(super) struct Derivation {
    pub(super) target: ColumnName,
    /// The table whose columns `value` reads.
    pub(super) source: Name,
    pub(super) value: Expression,
}

/// What a plan says about columns.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownColumns {
    names: BTreeMap<ColumnId, ColumnName>,
    /// Columns that some statement names.
    touched: BTreeSet<ColumnId>,
    pub(super) derivations: Vec<Derivation>,
    /// Constants that conditions compare a column with.
    hints: BTreeMap<ColumnId, Vec<Value>>,
    /// Columns that hold the same key in rows that belong together.
    classes: Vec<BTreeSet<ColumnId>>,
    /// Columns that refer to another at some time, each with that one.
    references: BTreeSet<(ColumnId, ColumnId)>,
    /// Columns on which no two rows may agree at some time.
    uniques: BTreeSet<ColumnId>,
    /// The same, together with the others of one constraint.
    keys: Vec<Vec<ColumnId>>,
}

impl KnownColumns {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut known = Self::default();
        let mut catalog = plan.start.clone();
        catalog.tables().for_each(|table| known.note_table(table));
        for step in &plan.steps {
            known.note(&step.action, &catalog);
            catalog.apply(&step.action);
        }
        known.join_references(plan);
        known
    }

    /// The name under which a column goes.
    pub(super) fn name(&self, column: ColumnId) -> Option<&ColumnName> {
        self.names.get(&column)
    }

    /// The columns that go by a name at some time.
    pub(super) fn ids<'a>(&'a self, name: &'a ColumnName) -> impl Iterator<Item = ColumnId> + 'a {
        self.names.iter().filter(move |(_, other)| *other == name).map(|(id, _)| *id)
    }

    pub(super) fn is_touched(&self, column: ColumnId) -> bool {
        self.touched.contains(&column)
    }

    pub(super) fn hints(&self, column: ColumnId) -> &[Value] {
        self.hints.get(&column).map_or(&[], Vec::as_slice)
    }

    /// The class of columns that hold the same key as this one.
    pub(super) fn class(&self, column: ColumnId) -> Option<usize> {
        self.classes.iter().position(|class| class.contains(&column))
    }

    /// The columns that a column refers to at some time.
    pub(super) fn referred(&self, column: ColumnId) -> impl Iterator<Item = &ColumnName> {
        self.references.iter().filter(move |(from, _)| *from == column).filter_map(|(_, to)| self.name(*to))
    }

    /// Whether a column is in a unique constraint with one of these, and is none of them.
    pub(super) fn is_beside(&self, column: ColumnId, others: &[ColumnName]) -> bool {
        let is_other = |column: &ColumnId| self.name(*column).is_some_and(|name| others.contains(name));
        !is_other(&column) && self.keys.iter().any(|key| key.contains(&column) && key.iter().any(is_other))
    }

    pub(super) fn is_ever_unique(&self, column: ColumnId) -> bool {
        self.uniques.contains(&column)
    }

    fn note_table(&mut self, table: &Table) {
        for column in table.columns() {
            self.note_column(&table.name, column);
        }
        table.constraints().for_each(|constraint| self.note_constraint(table, &constraint.kind));
    }

    fn note_column(&mut self, table: &Name, column: &Column) {
        let name = ColumnName { table: table.clone(), column: column.name.clone() };
        self.names.insert(column.id, name);
    }

    fn note_constraint(&mut self, table: &Table, kind: &ConstraintKind) {
        self.uniques.extend(kind.unique_columns().unwrap_or_default());
        self.keys.extend(kind.unique_columns().filter(|columns| columns.len() > 1).map(<[ColumnId]>::to_vec));
        if let ConstraintKind::Check { condition, .. } | ConstraintKind::Index { filter: Some(condition), .. } = kind {
            self.note_condition(table, condition);
        }
    }

    fn note_condition(&mut self, table: &Table, condition: &Expression) {
        let constants = condition.constants();
        for column in condition.inputs().iter().filter_map(|name| table.column(name)) {
            self.hints.entry(column.id).or_default().extend(constants.iter().cloned());
        }
    }

    fn note(&mut self, action: &Action, catalog: &Catalog) {
        let effect = action.effect(catalog);
        self.touched.extend(&effect.names);
        effect.adds.iter().for_each(|(table, column)| self.note_column(table, column));
        for (table, constraint) in &effect.adds_constraints {
            let schema = effect.adds_table.or_else(|| catalog.table(table));
            schema.into_iter().for_each(|schema| self.note_constraint(schema, &constraint.kind));
        }
        for filling in effect.fills.iter().filter(|filling| filling.carries_over()) {
            let column = catalog.column_name(filling.table, filling.column).into();
            let target = ColumnName { table: filling.table.clone(), column };
            self.derive(target, filling.from, filling.value);
        }
        // What a statement gives to every row, another row may have already.
        for filling in effect.fills.iter().filter(|filling| filling.value.inputs().is_empty()) {
            self.hints.entry(filling.column).or_default().extend(filling.value.constants());
        }
        let joins = effect.adds_syncs.iter().filter_map(|sync| sync.join.as_ref());
        joins.for_each(|join| self.join(BTreeSet::from([join.source_key, join.target_key])));
        let copied = effect.fills.iter().filter(|filling| filling.kind == FillingKind::Copy);
        copied.for_each(|filling| self.join_copy(catalog, filling));
        if let Some((table, filter)) = effect.filter
            && let Some(schema) = catalog.table(table)
        {
            self.note_condition(schema, filter);
        }
    }

    fn derive(&mut self, target: ColumnName, source: &Name, value: &Expression) {
        self.derivations.push(Derivation { target, source: source.clone(), value: value.clone() });
    }

    /// A key that is copied to a key.
    fn join_copy(&mut self, catalog: &Catalog, filling: &Filling<'_>) {
        let Filling { from, table, column, value, .. } = filling;
        let (Some(source), Some(target)) = (catalog.table(from), catalog.table(table)) else { return };
        let plain = value.as_plain_column().and_then(|name| source.column(name));
        if let Some(plain) = plain.filter(|plain| source.is_unique(plain.id) && target.is_unique(*column)) {
            self.join(BTreeSet::from([plain.id, *column]));
        }
    }

    /// Columns that refer from one row of a pair to the other hold its key as well.
    fn join_references(&mut self, plan: &Plan) {
        let mut catalog = plan.start.clone();
        let mut references = references(&catalog);
        for step in &plan.steps {
            catalog.apply(&step.action);
            references.extend(self::references(&catalog));
        }
        let tables = |class: &BTreeSet<ColumnId>| -> BTreeSet<Name> {
            class.iter().filter_map(|id| Some(self.names.get(id)?.table.clone())).collect()
        };
        let paired: Vec<BTreeSet<Name>> = self.classes.iter().map(tables).collect();
        self.references.clone_from(&references);
        for (child, parent) in references {
            let (Some(from), Some(to)) = (self.name(child), self.name(parent)) else { continue };
            if from.table != to.table && paired.iter().any(|p| p.contains(&from.table) && p.contains(&to.table)) {
                self.join(BTreeSet::from([child, parent]));
            }
        }
    }

    fn join(&mut self, columns: BTreeSet<ColumnId>) {
        if columns.is_empty() {
            return;
        }
        let (touching, mut apart): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.classes).into_iter().partition(|class| !class.is_disjoint(&columns));
        apart.push(touching.into_iter().flatten().chain(columns).collect());
        self.classes = apart;
    }
}

/// The references of a schema: the column that refers, and the one it refers to.
fn references(catalog: &Catalog) -> BTreeSet<(ColumnId, ColumnId)> {
    let keys = catalog.tables().flat_map(|table| table.foreign_keys());
    let pair = |kind: &ConstraintKind| match kind {
        ConstraintKind::ForeignKey { column, referenced, .. } => Some((*column, *referenced)),
        _ => None,
    };
    keys.filter_map(|key| pair(&key.kind)).collect()
}
