//! A table: its columns and constraints, without rows.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::ast::Name;
use crate::catalog::column::{Column, ColumnId};
use crate::catalog::constraint::{Constraint, ConstraintKind};

/// A table. Columns come in the order of their identities, which is the order in which they were added.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// The script (or the database) says what it looks like; otherwise its columns are taken from use.
    pub declared: bool,
    /// Nothing of the script is about it: it is known because a table of the script refers to it, or it to that.
    pub beside: bool,
    columns: BTreeMap<ColumnId, Column>,
    by_name: FxHashMap<Name, ColumnId>,
    constraints: BTreeMap<Name, Constraint>,
    /// The constraints that each column is in.
    uses: FxHashMap<ColumnId, Vec<Name>>,
    /// Those of the constraints that are foreign keys: few, and often looked for.
    foreign_keys: BTreeSet<Name>,
    primary_key: Option<Name>,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new(name: Name, declared: bool) -> Self {
        Self {
            name,
            declared,
            beside: false,
            columns: BTreeMap::new(),
            by_name: FxHashMap::default(),
            constraints: BTreeMap::new(),
            uses: FxHashMap::default(),
            foreign_keys: BTreeSet::new(),
            primary_key: None,
        }
    }

    /// Its columns in order.
    #[must_use]
    pub fn columns(&self) -> impl DoubleEndedIterator<Item = &Column> + Clone {
        self.columns.values()
    }

    /// How many columns it has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(self.by_name.get(name)?)
    }

    /// The column with this identity.
    #[must_use]
    pub fn column_by_id(&self, id: ColumnId) -> Option<&Column> {
        self.columns.get(&id)
    }

    /// The names of these columns, for messages.
    #[must_use]
    pub fn column_names(&self, ids: &[ColumnId]) -> Vec<&str> {
        ids.iter().filter_map(|id| self.columns.get(id)).map(|column| &*column.name).collect()
    }

    /// Adds a column; its name must be free.
    pub fn add_column(&mut self, column: Column) {
        self.by_name.insert(column.name.clone(), column.id);
        self.columns.insert(column.id, column);
    }

    /// The column with this identity, to change it; its name and identity must stay.
    pub fn column_mut(&mut self, id: ColumnId) -> Option<&mut Column> {
        self.columns.get_mut(&id)
    }

    /// Removes a column and the constraints that it is in.
    pub fn remove_column(&mut self, id: ColumnId) -> Option<Column> {
        for name in self.uses.remove(&id).unwrap_or_default() {
            self.remove_constraint(&name);
        }
        let column = self.columns.remove(&id)?;
        self.by_name.remove(&column.name);
        Some(column)
    }

    /// Its constraints and indexes, by name.
    pub fn constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.values()
    }

    /// Its foreign keys.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.foreign_keys.iter().filter_map(|name| self.constraints.get(name))
    }

    /// Its primary key's columns.
    #[must_use]
    pub fn primary_key(&self) -> Option<&[ColumnId]> {
        match &self.constraints.get(self.primary_key.as_ref()?)?.kind {
            ConstraintKind::PrimaryKey(columns) => Some(columns),
            _ => None,
        }
    }

    /// Whether no two rows may agree on exactly this column.
    #[must_use]
    pub fn is_unique(&self, column: ColumnId) -> bool {
        self.constraints_of(column).any(|constraint| match &constraint.kind {
            ConstraintKind::Index { filter: Some(_), .. } => false,
            kind => kind.unique_columns() == Some(&[column]),
        })
    }

    /// Whether an insert may say `on conflict` of just these columns: something keeps them unique in all rows.
    #[must_use]
    pub fn takes_conflict(&self, columns: &[Name]) -> bool {
        let Some(mut ids) = columns.iter().map(|name| Some(self.column(name)?.id)).collect::<Option<Vec<_>>>() else {
            return false;
        };
        ids.sort_unstable();
        ids.dedup();
        self.constraints().any(|constraint| {
            let is_partial = matches!(&constraint.kind, ConstraintKind::Index { filter: Some(_), .. });
            let unique = constraint.kind.unique_columns().filter(|_| !is_partial);
            unique.is_some_and(|unique| unique.len() == ids.len() && unique.iter().all(|id| ids.contains(id)))
        })
    }

    /// The constraint or index called `name`.
    #[must_use]
    pub fn constraint(&self, name: &str) -> Option<&Constraint> {
        self.constraints.get(name)
    }

    /// The constraints and indexes that a column is in.
    pub fn constraints_of(&self, id: ColumnId) -> impl Iterator<Item = &Constraint> {
        self.uses.get(&id).into_iter().flatten().filter_map(|name| self.constraints.get(name))
    }

    /// Adds a constraint, or replaces the one of its name.
    pub fn add_constraint(&mut self, constraint: Constraint) {
        self.remove_constraint(&constraint.name.clone());
        for column in constraint.kind.columns() {
            let names = self.uses.entry(*column).or_insert_with(|| Vec::with_capacity(1));
            if !names.contains(&constraint.name) {
                names.push(constraint.name.clone());
            }
        }
        match constraint.kind {
            ConstraintKind::ForeignKey { .. } => {
                self.foreign_keys.insert(constraint.name.clone());
            }
            ConstraintKind::PrimaryKey(_) => self.primary_key = Some(constraint.name.clone()),
            _ => {}
        }
        self.constraints.insert(constraint.name.clone(), constraint);
    }

    /// Removes a constraint or index.
    pub fn remove_constraint(&mut self, name: &str) -> Option<Constraint> {
        let constraint = self.constraints.remove(name)?;
        self.foreign_keys.remove(name);
        self.primary_key = self.primary_key.take().filter(|key| **key != *name);
        for column in constraint.kind.columns() {
            if let Some(names) = self.uses.get_mut(column) {
                names.retain(|other| &**other != name);
            }
        }
        Some(constraint)
    }
}
