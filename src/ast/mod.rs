//! The tree of a script, as the author wrote it: names are not resolved, and every node has its span.
//!
//! Nodes are small on purpose (`tests/language/sizes.rs` holds them so): a script may hold a hundred thousand statements.

mod declaration;
mod dml;
mod expr;
mod mention;
mod phases;
mod statement;

use std::sync::Arc;

pub use declaration::{
    App, AppClause, AppItem, AppVerb, ColumnConstraint, ColumnDef, ForeignKeyDef, Rows, RowsFrom, TableConstraint,
    TableDef, View,
};
pub use dml::{Delete, Dml, Insert, Select, Update};
pub use expr::{BinaryOp, CaseExpr, Expr, ExprKind, InList, Literal, UnaryOp, WhenArm};
pub use mention::{Added, Dropped, Filled, FilledFrom, Mentions};
pub use phases::Phases;
pub use statement::{
    AddCheck, AddForeignKey, AddIndex, AddUnique, Backfill, Batches, CopyRows, DropSync, Statement, StatementKind,
    Sync, SyncKind, Validated,
};

use crate::source::{Source, Span};

/// A name as PostgreSQL folds it: lower case unless it was quoted. Shared, so cheap to clone.
pub type Name = Arc<str>;

/// A name at its place.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The folded name.
    pub name: Name,
    /// Where it stands.
    pub span: Span,
}

/// A column, with its table where the author named it.
#[derive(Clone, Debug)]
pub struct ColumnRef {
    /// The table, in `table.column`.
    pub table: Option<Box<Ident>>,
    /// The column.
    pub column: Ident,
}

impl ColumnRef {
    /// The span of the whole reference.
    #[must_use]
    pub fn span(&self) -> Span {
        self.table.as_ref().map_or(self.column.span, |table| table.span.to(self.column.span))
    }
}

/// A type as written: `varchar(20)`.
#[derive(Clone, Debug)]
pub struct TypeName {
    /// What it means; a column's may be unknown to the language.
    pub ty: crate::data::Type,
    /// The type as SQL writes it, where the language does not know it.
    pub written: Option<Box<Name>>,
    /// Where it stands.
    pub span: Span,
}

/// The part of a migration that a statement belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The new form is added beside the old.
    Expand,
    /// Data moves.
    Migrate,
    /// The old form is removed.
    Contract,
}

impl Phase {
    /// All phases, in their order.
    pub const ALL: [Self; 3] = [Self::Expand, Self::Migrate, Self::Contract];

    /// The word that a script writes.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
        }
    }
}

/// `allow CODE because '…'`.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The code it silences, as written.
    pub code: Ident,
    /// Why.
    pub because: Box<str>,
    /// What it covers.
    pub scope: AllowScope,
    /// Where it stands.
    pub span: Span,
}

/// What an `allow` covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowScope {
    /// The whole script: it stands in the header.
    Script,
    /// The statement or declaration that follows.
    Item(Span),
}

/// `migration "Title" on users`.
#[derive(Clone, Debug)]
pub struct Header {
    /// The title between the double quotes.
    pub title: Box<str>,
    /// The table that unqualified columns belong to.
    pub table: Option<Ident>,
    /// Where it stands.
    pub span: Span,
}

/// A whole script.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text it was parsed from.
    pub source: Source,
    /// Its header, where it has one.
    pub header: Option<Header>,
    /// The tables it starts from.
    pub tables: Vec<TableDef>,
    /// The rows in them.
    pub rows: Vec<Rows>,
    /// The views over them.
    pub views: Vec<View>,
    /// The versions of the application.
    pub apps: Vec<App>,
    /// What it does, in the order written.
    pub statements: Vec<Statement>,
    /// The findings it silences.
    pub allows: Vec<Allow>,
    /// The applications of which a `deploy` stands before any `retire`; the others are live from the start.
    pub deployed: Vec<Name>,
}

impl Script {
    /// A script that says nothing.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            source,
            header: None,
            tables: Vec::new(),
            rows: Vec::new(),
            views: Vec::new(),
            apps: Vec::new(),
            statements: Vec::new(),
            allows: Vec::new(),
            deployed: Vec::new(),
        }
    }

    /// Its title: the header's, or the file name without folder and ending.
    #[must_use]
    pub fn title(&self) -> &str {
        if let Some(header) = &self.header {
            return &header.title;
        }
        let name = self.source.name().rsplit(['/', '\\']).next().unwrap_or_default();
        name.strip_suffix(".mig").unwrap_or(name)
    }
}
