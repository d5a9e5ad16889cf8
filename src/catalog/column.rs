//! A column of a table.

use crate::ast::Name;
use crate::data::Type;
use crate::expr::Expression;

/// Tells columns apart over the whole plan, also those that share a name one after the other; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// Whether a column may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNull {
    /// It may.
    No,
    /// New writes may not leave it null; old rows may be.
    NewWrites,
    /// No row has a null in it, as was validated, and new writes may not either.
    Validated,
    /// `not null` as the table has it.
    Yes,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its identity.
    pub id: ColumnId,
    /// Its name.
    pub name: Name,
    /// Its type; [`Type::Unknown`] for one that the language does not know.
    pub ty: Type,
    /// Its type as SQL writes it, where the language does not know it.
    pub written_type: Option<Name>,
    /// Whether it may be null.
    pub not_null: NotNull,
    /// What it takes when an insert does not give it; reads no column.
    pub default: Option<Expression>,
}
