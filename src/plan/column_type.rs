//! The type of a column, the language's own or one that is only kept.

use std::fmt;

use crate::ast::{Name, TypeName};
use crate::catalog::Column;
use crate::data::Type;

/// The type of a column: one of the language, or one that is only kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ColumnType {
    pub(super) ty: Type,
    pub(super) written: Option<Name>,
}

impl ColumnType {
    pub(super) fn known(ty: Type) -> Self {
        Self { ty, written: None }
    }

    pub(super) fn written(name: &TypeName) -> Self {
        Self { ty: name.ty, written: name.written.as_deref().cloned() }
    }

    pub(super) fn of(column: &Column) -> Self {
        Self { ty: column.ty, written: column.written_type.clone() }
    }

    /// Whether a column without a type can take it.
    pub(super) fn tells(&self) -> bool {
        self.written.is_some() || !matches!(self.ty, Type::Unknown | Type::Interval)
    }

    /// Whether nothing at all is known of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.ty == Type::Unknown && self.written.is_none()
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(written) => f.write_str(written),
            None => self.ty.fmt(f),
        }
    }
}
