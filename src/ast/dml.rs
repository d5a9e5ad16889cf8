//! What an application does to rows: typed in the REPL, never part of a script.

use crate::ast::{ColumnRef, Expr, Ident};

/// One operation of an application.
#[derive(Clone, Debug)]
pub enum Dml {
    /// `select [c, … | *] [from t] [where …] [order by c [desc], …] [limit n]`
    Select(Select),
    /// `insert into t [(c, …)] values (…), (…)`
    Insert(Insert),
    /// `update t set c = EXPR, … [where …]`
    Update(Update),
    /// `delete from t [where …]`
    Delete(Delete),
}

/// `select …`.
#[derive(Clone, Debug)]
pub struct Select {
    /// The columns; none for all of them.
    pub columns: Vec<ColumnRef>,
    /// The table, where it is named.
    pub table: Option<Ident>,
    /// Which rows; all of them without it.
    pub filter: Option<Expr>,
    /// The columns to sort by, each with whether the largest comes first.
    pub order: Vec<(ColumnRef, bool)>,
    /// How many rows at most.
    pub limit: Option<u64>,
}

/// `insert into …`.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table.
    pub table: Ident,
    /// The columns given; none for all of them in order.
    pub columns: Vec<Ident>,
    /// A row of values each.
    pub rows: Vec<Vec<Expr>>,
}

/// `update …`.
#[derive(Clone, Debug)]
pub struct Update {
    /// The table.
    pub table: Ident,
    /// Each column that changes, with its value.
    pub assignments: Vec<(Ident, Expr)>,
    /// Which rows; all of them without it.
    pub filter: Option<Expr>,
}

/// `delete from …`.
#[derive(Clone, Debug)]
pub struct Delete {
    /// The table.
    pub table: Ident,
    /// Which rows; all of them without it.
    pub filter: Option<Expr>,
}
