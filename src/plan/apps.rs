//! What each application reads and writes, with every column's table known.

use crate::ast::Name;

/// A column by the names of its table and itself: an application may name one that does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnName {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: Name,
}

/// A version of the application.
#[derive(Clone, Debug)]
pub struct AppUse {
    /// Its name.
    pub name: Name,
    /// What it reads.
    pub reads: Vec<ColumnName>,
    /// What it writes.
    pub writes: Vec<ColumnName>,
}

impl AppUse {
    /// Everything it reads or writes; what it does both with comes twice.
    pub fn uses(&self) -> impl Iterator<Item = &ColumnName> {
        self.reads.iter().chain(&self.writes)
    }
}

impl std::fmt::Display for ColumnName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}
