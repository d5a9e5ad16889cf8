//! What a plan says about columns over its whole length: their names, what fills them, what conditions compare them
//! with, and which of them hold the same key.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, ConstraintKind, Table};
use crate::data::Value;
use crate::expr::Expression;
use crate::plan::{Action, ColumnName, FillKind, Plan};

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
    /// Columns on which no two rows may agree at some time.
    uniques: BTreeSet<ColumnId>,
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
        if let ConstraintKind::Check { condition, .. } | ConstraintKind::Index { filter: Some(condition), .. } = kind {
            self.note_condition(table, condition);
        }
    }

    fn note_condition(&mut self, table: &Table, condition: &Expression) {
        let constants = condition.constants();
        for column in condition.inputs().iter().filter_map(|name| table.column(bare(name))) {
            self.hints.entry(column.id).or_default().extend(constants.iter().cloned());
        }
    }

    fn note(&mut self, action: &Action, catalog: &Catalog) {
        action.for_each_column(catalog, &mut |column| {
            self.touched.insert(column);
        });
        let column_name = |table: &Name, id| {
            let column = catalog.column_name(table, id);
            ColumnName { table: table.clone(), column: column.into() }
        };
        match action {
            Action::AddColumn { table, column, constraints } => {
                self.note_column(table, column);
                let schema = catalog.table(table).cloned();
                schema.iter().for_each(|schema| constraints.iter().for_each(|c| self.note_constraint(schema, &c.kind)));
            }
            Action::AddTable(table) => self.note_table(table),
            Action::AddConstraint { table, constraint } => {
                let schema = catalog.table(table).cloned();
                schema.iter().for_each(|schema| self.note_constraint(schema, &constraint.kind));
            }
            Action::AddSyncs(syncs) => {
                for sync in syncs {
                    let target = column_name(&sync.target_table, sync.target);
                    self.derive(target, &sync.source_table, &sync.value);
                    self.join(sync.join.iter().flat_map(|join| [join.source_key, join.target_key]).collect());
                }
            }
            Action::Fill { kind, table, column, value, filter, .. } => {
                if *kind == FillKind::Backfill {
                    self.derive(column_name(table, *column), table, value);
                }
                self.note_filter(catalog, table, filter.as_ref());
            }
            Action::Copy { from, to, columns, filter, .. } => {
                for (column, value) in columns {
                    self.derive(column_name(to, *column), from, value);
                }
                self.join_copy(catalog, from, to, columns);
                self.note_filter(catalog, from, filter.as_ref());
            }
            _ => {}
        }
    }

    fn note_filter(&mut self, catalog: &Catalog, table: &Name, filter: Option<&Expression>) {
        if let (Some(filter), Some(schema)) = (filter, catalog.table(table)) {
            self.note_condition(schema, filter);
        }
    }

    fn derive(&mut self, target: ColumnName, source: &Name, value: &Expression) {
        self.derivations.push(Derivation { target, source: source.clone(), value: value.clone() });
    }

    fn join_copy(&mut self, catalog: &Catalog, from: &Name, to: &Name, columns: &[(ColumnId, Expression)]) {
        let (Some(source), Some(target)) = (catalog.table(from), catalog.table(to)) else { return };
        for (column, value) in columns {
            let plain = value.as_plain_column().and_then(|name| source.column(bare(name)));
            if let Some(plain) = plain.filter(|plain| source.is_unique(plain.id) && target.is_unique(*column)) {
                self.join(BTreeSet::from([plain.id, *column]));
            }
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

/// The name of a column without its table.
pub(super) fn bare(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, column)| column)
}
