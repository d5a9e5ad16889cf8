//! What a script says about the world before it starts: tables, rows, views and applications.

use crate::ast::{ColumnRef, Expr, Ident, TypeName};
use crate::source::Span;

/// `table users { … }`, and the table of `add table`.
#[derive(Clone, Debug)]
pub struct TableDef {
    /// Its name.
    pub name: Ident,
    /// Its columns in order.
    pub columns: Vec<ColumnDef>,
    /// Constraints over several columns, or named ones.
    pub constraints: Vec<TableConstraint>,
    /// Where it stands.
    pub span: Span,
}

/// `c type [not null] [default …] [unique] [primary key] [references t (c)] [check (…)]`.
#[derive(Clone, Debug)]
pub struct ColumnDef {
    /// Its name.
    pub name: Ident,
    /// Its type; `add column` may leave it to what fills the column.
    pub ty: Option<TypeName>,
    /// What it must satisfy, and its default, in the order written.
    pub constraints: Box<[(ColumnConstraint, Span)]>,
}

/// A constraint, or the default, of one column.
#[derive(Clone, Debug)]
pub enum ColumnConstraint {
    /// `not null`
    NotNull,
    /// `null`, which changes nothing
    Null,
    /// `default EXPR`, an expression without columns
    Default(Box<Expr>),
    /// `unique`
    Unique,
    /// `primary key`
    PrimaryKey,
    /// `references t [(c)]`; without `c` the primary key of `t`
    References(Box<(Ident, Option<Ident>)>),
    /// `check (EXPR)`
    Check(Box<Expr>),
}

/// A constraint that stands on a line of its own in a table.
#[derive(Clone, Debug)]
pub enum TableConstraint {
    /// `primary key (a, b)`
    PrimaryKey(Vec<Ident>, Span),
    /// `unique [name] (a, b)`
    Unique(Option<Ident>, Vec<Ident>, Span),
    /// `check name (EXPR)`
    Check(Option<Ident>, Expr, Span),
    /// `foreign key [name] (a) references t (b)`
    ForeignKey(Box<ForeignKeyDef>),
    /// `index [name] (a, b) [unique] [where EXPR]`
    Index(Option<Ident>, Vec<Ident>, bool, Option<Expr>, Span),
}

impl TableConstraint {
    /// Its name, where it is written.
    #[must_use]
    pub fn name(&self) -> Option<&Ident> {
        match self {
            Self::PrimaryKey(..) => None,
            Self::Unique(name, ..) | Self::Check(name, ..) | Self::Index(name, ..) => name.as_ref(),
            Self::ForeignKey(key) => key.name.as_ref(),
        }
    }
}

/// `foreign key [name] (c) references t (c2)`.
#[derive(Clone, Debug)]
pub struct ForeignKeyDef {
    /// Its name; by default `table_column_fkey`, as in PostgreSQL.
    pub name: Option<Ident>,
    /// The column that refers.
    pub column: Ident,
    /// The table referred to.
    pub table: Ident,
    /// The column referred to; by default the primary key.
    pub referenced: Option<Ident>,
    /// Where it stands.
    pub span: Span,
}

/// `view names { reads users.id, users.username }`: something that a dropped column would break.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub name: Ident,
    /// The columns it is made of.
    pub reads: Vec<ColumnRef>,
    /// Where it stands.
    pub span: Span,
}

/// `rows users …`.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The table they are in.
    pub table: Ident,
    /// Where they come from.
    pub from: RowsFrom,
    /// Where it stands.
    pub span: Span,
}

/// Where rows come from.
#[derive(Clone, Debug)]
pub enum RowsFrom {
    /// `{ (1, 'a') (2, 'b') }`: one expression without columns for each value.
    Listed(Vec<(Vec<Expr>, Span)>),
    /// `from 'people.csv'`, relative to the script.
    Csv(Box<str>, Span),
    /// `generate 1_000_000 seed 42`.
    Generated {
        /// How many.
        count: u64,
        /// The same seed gives the same rows.
        seed: u64,
    },
}

/// `app v1 { reads a, b  writes a }`.
#[derive(Clone, Debug)]
pub struct App {
    /// Its name.
    pub name: Ident,
    /// What it reads and writes, a clause each.
    pub clauses: Vec<AppClause>,
    /// `reads catalog`: it asks the catalog which columns there are, once, as it starts.
    pub reads_catalog: bool,
    /// `connects as 'shop-v1'`: the `application_name` or role it connects with.
    pub connects_as: Option<Box<str>>,
    /// Where it stands.
    pub span: Span,
}

impl App {
    /// The columns that it names, a table of which it means all left out.
    pub fn columns(&self) -> impl Iterator<Item = &ColumnRef> {
        let items = self.clauses.iter().filter(|clause| clause.verb != AppVerb::Inserts);
        items.flat_map(|clause| &clause.what).filter_map(|item| match item {
            AppItem::Column(column) => Some(column),
            AppItem::Whole(_) | AppItem::Table(_) => None,
        })
    }
}

/// `reads a, b`, `inserts t on conflict (a)` or `deletes none`.
#[derive(Clone, Debug)]
pub struct AppClause {
    /// What the application does.
    pub verb: AppVerb,
    /// With what; nothing for `none`.
    pub what: Vec<AppItem>,
    /// The columns of `on conflict (a, b)`.
    pub conflict: Vec<Ident>,
}

/// The word that a clause of an application begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppVerb {
    /// `reads`
    Reads,
    /// `writes`: inserts, updates and deletes
    Writes,
    /// `uses`: reads and writes
    Uses,
    /// `inserts`
    Inserts,
    /// `updates`
    Updates,
    /// `deletes`
    Deletes,
}

impl AppVerb {
    /// The word.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Uses => "uses",
            Self::Inserts => "inserts",
            Self::Updates => "updates",
            Self::Deletes => "deletes",
        }
    }
}

/// What a clause of an application is about.
#[derive(Clone, Debug)]
pub enum AppItem {
    /// A column; after `inserts` a name alone may be a table.
    Column(ColumnRef),
    /// `t.*`: whatever columns there are at the time.
    Whole(Ident),
    /// A table.
    Table(Ident),
}
