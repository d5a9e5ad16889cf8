//! Constraints and indexes of a table.

use crate::ast::Name;
use crate::catalog::column::ColumnId;
use crate::expr::Expression;

/// A constraint or an index, under a name that its table has once.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub kind: ConstraintKind,
}

/// The kinds of constraints.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstraintKind {
    /// `primary key (…)`: unique, and its columns are not null
    PrimaryKey(Box<[ColumnId]>),
    /// `unique (…)`: rows with a null never collide
    Unique(Box<[ColumnId]>),
    /// `check (…)`: not false. Unvalidated, it binds new writes only
    Check {
        /// What no row may make false.
        condition: Expression,
        /// The columns in it.
        columns: Box<[ColumnId]>,
        /// Old rows satisfy it too.
        validated: bool,
    },
    /// `foreign key (c) references t (c2)`. Unvalidated, it binds new writes only
    ForeignKey {
        /// The column that refers.
        column: ColumnId,
        /// The table referred to.
        table: Name,
        /// The column referred to, which is unique there.
        referenced: ColumnId,
        /// Old rows satisfy it too.
        validated: bool,
    },
    /// `index on t (…) [unique] [where …]`
    Index {
        /// Its columns.
        columns: Box<[ColumnId]>,
        /// No two of its rows may agree on them.
        unique: bool,
        /// Only rows that make it true are in it.
        filter: Option<Expression>,
    },
}

impl Constraint {
    /// What a person calls it, with its name: `` unique index `users_email_key` ``.
    #[must_use]
    pub fn title(&self) -> String {
        let unique = if matches!(self.kind, ConstraintKind::Index { unique: true, .. }) { "unique " } else { "" };
        format!("{unique}{} `{}`", self.kind.noun(), self.name)
    }
}

impl ConstraintKind {
    /// The columns of its own table that it needs (for an index or a check, those in its condition too).
    #[must_use]
    pub fn columns(&self) -> &[ColumnId] {
        match self {
            Self::PrimaryKey(columns)
            | Self::Unique(columns)
            | Self::Check { columns, .. }
            | Self::Index { columns, .. } => columns,
            Self::ForeignKey { column, .. } => std::slice::from_ref(column),
        }
    }

    /// The columns on which no two rows may agree, if it is a constraint of that kind.
    #[must_use]
    pub fn unique_columns(&self) -> Option<&[ColumnId]> {
        match self {
            Self::PrimaryKey(columns) | Self::Unique(columns) | Self::Index { columns, unique: true, .. } => {
                Some(columns)
            }
            Self::Check { .. } | Self::ForeignKey { .. } | Self::Index { .. } => None,
        }
    }

    /// What a person calls it.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::PrimaryKey(_) => "primary key",
            Self::Unique(_) => "unique constraint",
            Self::Check { .. } => "check",
            Self::ForeignKey { .. } => "foreign key",
            Self::Index { .. } => "index",
        }
    }
}
