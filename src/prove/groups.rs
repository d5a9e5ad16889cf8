//! Which columns influence each other. Groups are explored apart, not as a product.

use std::collections::BTreeMap;

use crate::ast::Name;
use crate::catalog::ColumnId;
use crate::plan::Plan;
use crate::prove::survey::Survey;

/// Linked columns.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The tables that their rows are in, and those that bring such rows about.
    pub(super) tables: Vec<Name>,
    /// The columns, each with its table's place.
    pub(super) columns: Vec<(ColumnId, usize)>,
}

/// The groups of a plan, in the order of their first columns.
pub(super) fn groups(plan: &Plan, survey: &Survey) -> Vec<Group> {
    let mut forest = Forest::default();
    let mut carriers: BTreeMap<ColumnId, ColumnId> = BTreeMap::new();
    let members = || survey.columns.keys().copied().filter(|column| !survey.is_pairing_key(*column));
    for column in members() {
        for fact in plan.facts.of(column) {
            let first = *carriers.entry(*fact).or_insert(column);
            forest.join(first, column);
        }
    }
    for (one, other) in &survey.links {
        if !survey.is_pairing_key(*one) && !survey.is_pairing_key(*other) {
            forest.join(*one, *other);
        }
    }
    let mut gathered: BTreeMap<ColumnId, Vec<ColumnId>> = BTreeMap::new();
    for column in members() {
        gathered.entry(forest.root(column)).or_default().push(column);
    }
    gathered.into_values().map(|columns| group(&columns, survey)).collect()
}

fn group(columns: &[ColumnId], survey: &Survey) -> Group {
    let mut tables: Vec<Name> = Vec::new();
    for column in columns {
        let table = survey.name(*column).table;
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    let mut next = 0;
    while let Some(table) = tables.get(next).cloned() {
        for pairing in survey.pairings.iter().filter(|pairing| pairing.to == table) {
            if !tables.contains(&pairing.from) {
                tables.push(pairing.from.clone());
            }
        }
        next += 1;
    }
    let place = |column: &ColumnId| tables.iter().position(|table| *table == survey.name(*column).table).unwrap_or(0);
    let columns = columns.iter().map(|column| (*column, place(column))).collect();
    Group { tables, columns }
}

/// Sets of columns that grow together (union–find; Galler and Fischer, 1964).
#[derive(Default)]
struct Forest {
    parents: BTreeMap<ColumnId, ColumnId>,
}

impl Forest {
    fn root(&self, mut column: ColumnId) -> ColumnId {
        while let Some(parent) = self.parents.get(&column) {
            column = *parent;
        }
        column
    }

    fn join(&mut self, one: ColumnId, other: ColumnId) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            self.parents.insert(one.max(other), one.min(other));
        }
    }
}
