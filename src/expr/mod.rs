//! Expressions with types and values: PostgreSQL's results, null included.
//!
//! [`Expression::resolve`] gives a written expression its types (casts that PostgreSQL makes by itself become nodes);
//! the result is evaluated row by row or chunk by chunk, with the same outcome.

use std::sync::Arc;

use crate::ast::{self, ColumnRef, Name};
use crate::data::{Chunk, Type, Value, ValueError};
use crate::diagnostic::Diagnostic;

/// Where the columns of an expression come from.
pub trait Scope {
    /// The name under which the column's values are supplied, and its type.
    ///
    /// # Errors
    /// There is no such column; the diagnostic says which there are.
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>>;
}

/// A scope without columns, for defaults and listed rows.
pub struct NoColumns;

/// An expression whose types are known. It holds no spans: a fault at run time is placed by its statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    inputs: Vec<Name>,
    ty: Type,
}

/// Values of an expression's inputs for a run of rows, and the time that `now()` gives.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// A chunk for each input, in the order of [`Expression::inputs`], all with `rows` rows.
    pub columns: &'a [&'a Arc<Chunk>],
    /// How many rows there are.
    pub rows: usize,
    /// Which of them to compute, sorted; `None` for all. Rows left out are null in the result and never fail.
    pub selected: Option<&'a [u32]>,
}

/// A row at which an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The row within the batch.
    pub row: usize,
    /// Why.
    pub error: ValueError,
}

impl Expression {
    /// Gives an expression its types. With `target` the result is changed to that type as an assignment to a column of
    /// it would, and refused where PostgreSQL would refuse the assignment.
    ///
    /// # Errors
    /// Unknown columns and functions, operands that do not fit: a diagnostic for the first of them.
    pub fn resolve(_expr: &ast::Expr, _scope: &dyn Scope, _target: Option<Type>) -> Result<Self, Box<Diagnostic>> {
        todo!()
    }

    /// The columns it reads, each once.
    #[must_use]
    pub fn inputs(&self) -> &[Name] {
        &self.inputs
    }

    /// The type of its result.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// Whether it is just this column.
    #[must_use]
    pub fn as_plain_column(&self) -> Option<&Name> {
        todo!()
    }

    /// Whether it gives the same result for the same row at any time: it does not call `now()` or its like.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        todo!()
    }

    /// Its value for one row, given the inputs' values in the order of [`Self::inputs`]. `now_micros` is what `now()`
    /// gives, in microseconds since 2000-01-01 UTC.
    ///
    /// # Errors
    /// Overflow, division by zero, text that is no value of the type asked for.
    pub fn eval(&self, _row: &[Value], _now_micros: i64) -> Result<Value, ValueError> {
        todo!()
    }

    /// Its values for a batch of rows. A plain column gives back the very chunk.
    ///
    /// # Errors
    /// The first row, in the order of rows, for which [`Self::eval`] would fail.
    pub fn eval_chunk(&self, _batch: Batch<'_>, _now_micros: i64) -> Result<Arc<Chunk>, RowError> {
        todo!()
    }

    /// The same expression with columns renamed by `rename`.
    #[must_use]
    pub fn with_inputs(mut self, rename: impl Fn(&Name) -> Name) -> Self {
        self.inputs = self.inputs.iter().map(rename).collect();
        self
    }
}

impl Scope for NoColumns {
    fn column(&self, _column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        todo!()
    }
}
