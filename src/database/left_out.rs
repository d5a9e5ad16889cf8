//! What the language cannot say of a table.

use std::fmt;

use crate::catalog::Table;
use crate::engine::postgres::Relation;
use crate::engine::postgres::relation::{DependentKind, RelationColumn, RelationConstraint, RelationIndex};

/// Something of a table that its declaration leaves out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LeftOut<'r> {
    /// A column, for its type.
    Type(&'r RelationColumn),
    /// The default of a column.
    Default(&'r RelationColumn),
    /// What a column is generated from.
    Generated(&'r RelationColumn),
    /// A constraint.
    Constraint(&'r RelationConstraint),
    /// An index.
    Index(&'r RelationIndex),
    /// An index whose build failed.
    BrokenIndex(&'r RelationIndex),
}

impl LeftOut<'_> {
    /// Whether it is about a column that `table` declares; nobody knows where no column of it is known.
    pub(super) fn concerns(&self, table: &Table, relation: &Relation) -> bool {
        let columns = self.columns(relation);
        columns.is_empty() || columns.iter().any(|name| table.column(name).is_some())
    }

    fn columns<'a>(&'a self, relation: &'a Relation) -> Vec<&'a str> {
        match self {
            Self::Type(column) | Self::Default(column) => vec![&column.name],
            Self::Generated(column) => {
                let is_it = |name: &str| name.trim_matches('"') == column.name;
                let from = relation
                    .dependents
                    .iter()
                    .filter(|other| other.kind == DependentKind::GeneratedColumn && is_it(&other.name));
                let from = from.flat_map(|dependent| &dependent.columns).map(String::as_str);
                std::iter::once(column.name.as_str()).chain(from).collect()
            }
            Self::Constraint(constraint) => constraint.columns.iter().map(String::as_str).collect(),
            Self::Index(index) | Self::BrokenIndex(index) => {
                index.columns.iter().flatten().chain(&index.also_reads).map(String::as_str).collect()
            }
        }
    }
}

impl fmt::Display for LeftOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(column) => write!(f, "column `{}`: its type is `{}`", column.name, column.ty),
            Self::Default(column) => {
                write!(f, "default of `{}`: `{}`", column.name, column.default.as_deref().unwrap_or_default())
            }
            Self::Generated(column) => {
                let from = column.default.as_deref().unwrap_or_default();
                write!(f, "`{}` is generated from `{from}`", column.name)
            }
            Self::Constraint(constraint) => {
                write!(f, "constraint `{}`: `{}`", constraint.name, constraint.definition)
            }
            Self::Index(index) => write!(f, "index `{}`: `{}`", index.name, index.definition),
            Self::BrokenIndex(index) => write!(f, "index `{}` is not valid: its build failed", index.name),
        }
    }
}
