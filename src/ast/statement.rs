//! What a script does.

use crate::ast::declaration::ForeignKeyDef;
use crate::ast::{ColumnDef, ColumnRef, Expr, Ident, Phase, TableDef, TypeName};
use crate::source::Span;

/// A statement at its place.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// The phase it is written in; none for rollout and gates.
    pub phase: Option<Phase>,
    /// Where it stands, without the phase before it.
    pub span: Span,
}

/// The statements of the language.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// `add column [t.]c …`: the table, where it is named, and the column
    AddColumn(Box<(Option<Ident>, ColumnDef)>),
    /// `add table t { … }`
    AddTable(Box<TableDef>),
    /// `add index [name] on t (c, …) [unique] [where …]`
    AddIndex(Box<AddIndex>),
    /// `add check name (…) [on t]`
    AddCheck(Box<AddCheck>),
    /// `add not null c`
    AddNotNull(Box<ColumnRef>),
    /// `add unique [name] (c, …) [on t]`
    AddUnique(Box<AddUnique>),
    /// `add foreign key [name] (c) references t2 (c2) [on t]`
    AddForeignKey(Box<AddForeignKey>),
    /// `sync c <-> d` or `sync d from EXPR`
    Sync(Box<Sync>),
    /// `backfill c from EXPR [where …] [in batches of n] [pause 50ms]`
    Backfill(Box<Backfill>),
    /// `seed c from EXPR [where …] [in batches of n]`
    Seed(Box<Backfill>),
    /// `copy t to t2 (c2 from EXPR, …) [where …] [in batches of n]`
    Copy(Box<CopyRows>),
    /// `validate check name`, `validate not null c`, `validate foreign key name`
    Validate(Box<Validated>),
    /// `verify EXPR [on t]`
    Verify(Box<(Expr, Option<Ident>)>),
    /// `drop column c`
    DropColumn(Box<ColumnRef>),
    /// `drop table t`
    DropTable(Box<Ident>),
    /// `drop index name`
    DropIndex(Box<Ident>),
    /// `drop check name`
    DropCheck(Box<Ident>),
    /// `drop unique name`
    DropUnique(Box<Ident>),
    /// `drop foreign key name`
    DropForeignKey(Box<Ident>),
    /// `drop sync c <-> d`, `drop sync d`
    DropSync(Box<DropSync>),
    /// `drop not null c`
    DropNotNull(Box<ColumnRef>),
    /// `drop default c`
    DropDefault(Box<ColumnRef>),
    /// `set default c LITERAL`
    SetDefault(Box<(ColumnRef, Expr)>),
    /// `set not null c`
    SetNotNull(Box<ColumnRef>),
    /// `rename column a to b`: understood, and refused
    RenameColumn(Box<(ColumnRef, Ident)>),
    /// `rename table a to b`: understood, and refused
    RenameTable(Box<(Ident, Ident)>),
    /// `alter column c type t`: understood, and refused
    AlterType(Box<(ColumnRef, TypeName, Option<Expr>)>),
    /// `deploy v2`
    Deploy(Box<Ident>),
    /// `retire v1`
    Retire(Box<Ident>),
    /// `confirm "…"`
    Confirm(Box<Box<str>>),
    /// `wait 10m`, in milliseconds
    Wait(u64),
}

/// `add index [name] on t (c, …) [unique] [where …]`.
#[derive(Clone, Debug)]
pub struct AddIndex {
    /// Its name; by default `table_columns_idx`, as in PostgreSQL.
    pub name: Option<Box<Ident>>,
    /// The table; by default the header's.
    pub table: Option<Box<Ident>>,
    /// Its columns.
    pub columns: Box<[Ident]>,
    /// No two rows may agree on its columns.
    pub unique: bool,
    /// Only these rows are in it.
    pub filter: Option<Box<Expr>>,
}

/// `add check name (…) [on t]`.
#[derive(Clone, Debug)]
pub struct AddCheck {
    /// Its name.
    pub name: Ident,
    /// The condition that every row must satisfy.
    pub condition: Expr,
    /// The table; by default the header's.
    pub table: Option<Ident>,
}

/// `add unique [name] (c, …) [on t]`.
#[derive(Clone, Debug)]
pub struct AddUnique {
    /// Its name; by default `table_columns_key`, as in PostgreSQL.
    pub name: Option<Ident>,
    /// Its columns.
    pub columns: Vec<Ident>,
    /// The table; by default the header's.
    pub table: Option<Ident>,
}

/// `add foreign key [name] (c) references t2 (c2) [on t]`.
#[derive(Clone, Debug)]
pub struct AddForeignKey {
    /// The constraint.
    pub key: ForeignKeyDef,
    /// The table that refers; by default the header's.
    pub table: Option<Ident>,
}

/// `sync …`.
#[derive(Clone, Debug)]
pub struct Sync {
    /// The column that follows; the left one of two.
    pub target: ColumnRef,
    /// What it follows.
    pub kind: SyncKind,
}

/// What a synced column follows.
#[derive(Clone, Debug)]
pub enum SyncKind {
    /// `c <-> d`: each follows the other
    Both(ColumnRef),
    /// `d from EXPR`
    From(Expr),
}

/// `drop sync c <-> d` or `drop sync d`.
#[derive(Clone, Debug)]
pub struct DropSync {
    /// The column that follows; the left one of two.
    pub target: ColumnRef,
    /// The right one of two.
    pub other: Option<ColumnRef>,
}

/// `backfill` and `seed`.
#[derive(Clone, Debug)]
pub struct Backfill {
    /// The column that is filled.
    pub target: ColumnRef,
    /// What it is filled with.
    pub value: Expr,
    /// Which rows; all of them without it.
    pub filter: Option<Box<Expr>>,
    /// How it goes through the table.
    pub batches: Batches,
}

/// `in batches of n`, `pause 50ms`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batches {
    /// Rows in a batch.
    pub rows: Option<u32>,
    /// Milliseconds between two batches.
    pub pause_ms: Option<u32>,
}

/// `copy t to t2 (c2 from EXPR, …)`.
#[derive(Clone, Debug)]
pub struct CopyRows {
    /// The table it reads.
    pub from: Ident,
    /// The table it writes.
    pub to: Ident,
    /// Each column of `to` that it gives a value.
    pub columns: Vec<(Ident, Expr)>,
    /// Which rows; all of them without it.
    pub filter: Option<Expr>,
    /// How it goes through the table.
    pub batches: Batches,
}

/// What `validate` looks at.
#[derive(Clone, Debug)]
pub enum Validated {
    /// `validate check name`
    Check(Ident),
    /// `validate not null c`
    NotNull(ColumnRef),
    /// `validate foreign key name`
    ForeignKey(Ident),
}
