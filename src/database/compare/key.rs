//! What a constraint holds, by names: so constraints of two catalogs are told to be the same.

use std::collections::BTreeSet;

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint, ConstraintKind, Table};

/// What a constraint holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Primary(BTreeSet<Name>),
    Unique(BTreeSet<Name>),
    PartlyUnique(Vec<Name>),
    Check(BTreeSet<Name>),
    Foreign(Vec<Name>, Name),
    Index(Vec<Name>),
}

impl Key {
    /// Of a constraint of a table.
    pub(super) fn of(table: &Table, constraint: &Constraint) -> Self {
        let names = |ids: &[ColumnId]| -> Vec<Name> {
            ids.iter().filter_map(|id| table.column_by_id(*id)).map(|column| column.name.clone()).collect()
        };
        match &constraint.kind {
            ConstraintKind::PrimaryKey(columns) => Self::Primary(names(columns).into_iter().collect()),
            ConstraintKind::Unique(columns) | ConstraintKind::Index { columns, unique: true, filter: None } => {
                Self::Unique(names(columns).into_iter().collect())
            }
            ConstraintKind::Index { columns, unique: true, filter: Some(_) } => Self::PartlyUnique(names(columns)),
            ConstraintKind::Index { columns, .. } => Self::Index(names(columns)),
            ConstraintKind::Check { columns, .. } => Self::Check(names(columns).into_iter().collect()),
            ConstraintKind::ForeignKey { column, table: to, .. } => Self::Foreign(names(&[*column]), to.clone()),
        }
    }

    /// Whether writes depend on it.
    pub(super) fn matters(&self) -> bool {
        !matches!(self, Self::Index(_))
    }

    /// Whether one stands for the other: a unique constraint for a primary key's.
    pub(super) fn holds_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Primary(one), Self::Unique(other)) | (Self::Unique(one), Self::Primary(other)) => one == other,
            _ => self == other,
        }
    }

    /// Whether all its columns are in a table.
    pub(super) fn is_within(&self, table: &Table) -> bool {
        match self {
            Self::Primary(columns) | Self::Unique(columns) | Self::Check(columns) => {
                columns.iter().all(|name| table.column(name).is_some())
            }
            Self::PartlyUnique(columns) | Self::Index(columns) | Self::Foreign(columns, _) => {
                columns.iter().all(|name| table.column(name).is_some())
            }
        }
    }
}
