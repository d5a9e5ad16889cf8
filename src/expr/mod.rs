//! Expressions with types and values: PostgreSQL's results, null included.
//!
//! [`Expression::resolve`] gives a written expression its types (casts that PostgreSQL makes by itself become nodes);
//! the result is evaluated row by row or chunk by chunk, with the same outcome.
//!
//! `resolve` and `coercion` choose types as PostgreSQL does, `registry` is the table of what can be called (a row is
//! a `function`, and says all there is to know of it; the rows lie in `functions`), `row` evaluates one row, `batch` a run of rows with the fast loops of `kernels`.

mod batch;
mod cast;
mod coercion;
mod compose;
mod domain;
mod function;
mod functions;
mod keeps;
mod kernels;
mod node;
mod nullness;
mod operand;
mod registry;
mod resolve;
mod row;
mod sql;
#[cfg(test)]
mod tests;
mod type_errors;
mod undo;

use std::sync::Arc;

use self::coercion::Strength;
use self::function::Context;
use self::node::Node;
use crate::ast::{self, ColumnRef, Name};
use crate::data::{Chunk, Type, Value, ValueError};
use crate::diagnostic::{Code, Diagnostic};
pub use domain::{Admission, Domain, Failure, FailureKind, Outlook, RowDomains};
pub use function::{Fails, Form, Function, Nulls, Param, Refusal, Refused};
pub use nullness::Nullness;
pub use registry::{function_names, functions, is_projection};
pub use sql::WriteColumn;
pub use undo::gives_back;

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

impl Scope for NoColumns {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let message = format!("`{}` is a column, and only a fixed value can be used here", column.column.name);
        let found = Diagnostic::new(Code::UnknownName, message, column.span(), "no column can be read here");
        Err(Box::new(found.help(format!("write text in single quotes: `'{}'`", column.column.name))))
    }
}

/// An expression whose types are known. It holds no spans: a fault at run time is placed by its statement. Cloning
/// shares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(Arc<Typed>);

#[derive(Clone, Debug, PartialEq)]
struct Typed {
    inputs: Box<[Name]>,
    ty: Type,
    node: Node,
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
    /// it would, and refused where PostgreSQL would refuse the assignment. Without, a quoted literal is `text`, and a
    /// plain column of unknown type stays so.
    ///
    /// # Errors
    /// Unknown columns and functions, operands that do not fit: a diagnostic for the first of them.
    pub fn resolve(expr: &ast::Expr, scope: &dyn Scope, target: Option<Type>) -> Result<Self, Box<Diagnostic>> {
        let mut resolver = resolve::Resolver::new(scope);
        let typed = resolver.resolve(expr)?;
        let is_column = matches!(typed.node, Node::Column(..));
        let node = match target {
            Some(Type::Unknown) if typed.ty() == Type::Unknown && is_column => typed.node,
            Some(Type::Unknown) => resolve::coerce(typed, Type::Text, Strength::Assignment)?,
            Some(target) => resolve::coerce(typed, target, Strength::Assignment)?,
            None if typed.ty() == Type::Unknown && !is_column => {
                resolve::coerce(typed, Type::Text, Strength::Implicit)?
            }
            None => typed.node,
        };
        let ty = if target == Some(Type::Unknown) { Type::Unknown } else { node.ty() };
        Ok(Self::new(resolver.inputs, ty, node))
    }

    /// The expression that is just this value, of type `ty`.
    #[must_use]
    pub fn constant(value: Value, ty: Type) -> Self {
        Self::new(Vec::new(), ty, Node::Constant(value, ty))
    }

    /// A plain value of a type: `0`, an empty text; none where the type has none.
    #[must_use]
    pub fn plain(ty: Type) -> Option<Self> {
        Value::parse(ty.plain_text(), ty).ok().map(|value| Self::constant(value, ty))
    }

    /// The expression that is just a column.
    #[must_use]
    pub fn column(name: Name, ty: Type) -> Self {
        Self::new(vec![name], ty, Node::Column(0, ty))
    }

    /// `column is null`.
    #[must_use]
    pub fn column_is_null(name: Name, ty: Type) -> Self {
        Self::new(vec![name], Type::Boolean, Node::IsNull(Box::new(Node::Column(0, ty))))
    }

    fn new(inputs: Vec<Name>, ty: Type, node: Node) -> Self {
        Self(Arc::new(Typed { inputs: inputs.into(), ty, node }))
    }

    /// Where it lies: the same for its clones, and different for any other as long as one of them lives.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The columns it reads, each once.
    #[must_use]
    pub fn inputs(&self) -> &[Name] {
        &self.0.inputs
    }

    /// The type of its result.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.0.ty
    }

    /// Whether it is just this column.
    #[must_use]
    pub fn as_plain_column(&self) -> Option<&Name> {
        if let Node::Column(at, _) = &self.0.node { self.0.inputs.get(*at) } else { None }
    }

    /// Whether it is just this column, or just this column of a type that nobody has said, taken for another one.
    #[must_use]
    pub fn as_column_of_any_type(&self) -> Option<&Name> {
        match &self.0.node {
            Node::Cast(cast) if cast.operand.ty() == Type::Unknown => match &cast.operand {
                Node::Column(at, _) => self.0.inputs.get(*at),
                _ => None,
            },
            _ => self.as_plain_column(),
        }
    }

    /// Whether the author casts something in it.
    #[must_use]
    pub fn is_cast_somewhere(&self) -> bool {
        self.0.node.any(&|node| matches!(node, Node::Cast(cast) if cast.explicit))
    }

    /// Whether it is just this column as a text, or just this column.
    #[must_use]
    pub fn as_text_of_column(&self) -> Option<&Name> {
        let mut node = &self.0.node;
        while let Node::Cast(cast) = node {
            let is_whole = matches!(cast.to, Type::Text | Type::Varchar(None) | Type::Unknown);
            node = is_whole.then_some(&cast.operand)?;
        }
        if let Node::Column(at, _) = node { self.0.inputs.get(*at) } else { None }
    }

    /// Whether a column of a type that is not known is held against a constant, which must be a value of that type then.
    #[must_use]
    pub fn holds_unknown_against_constant(&self) -> bool {
        let is_constant = |node: &Node| matches!(below_casts(node), Node::Constant(value, _) if !value.is_null());
        let is_unknown = |node: &Node| matches!(below_casts(node), Node::Column(_, Type::Unknown));
        let both = |operands: &[Node]| operands.iter().any(is_unknown) && operands.iter().any(is_constant);
        self.0.node.any(&|node| match node {
            Node::Call(_, operands) | Node::Coalesce(operands, _) | Node::Extreme(operands, ..) => both(operands),
            Node::Distinct(sides) => both(&[sides.0.clone(), sides.1.clone()]),
            _ => false,
        })
    }

    /// Whether it looks for something that may not be there, and is null then: `data ->> 'name'`.
    #[must_use]
    pub fn may_be_absent(&self) -> bool {
        self.0.node.any(&|node| matches!(node, Node::Call(function, _) if function.nulls == Nulls::StrictOrAbsent))
    }

    /// Whether it reads no column.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.0.inputs.is_empty()
    }

    /// How many operations, columns and constants it has.
    #[must_use]
    pub fn size(&self) -> usize {
        let count = std::cell::Cell::new(0);
        self.0.node.any(&|_| {
            count.set(count.get() + 1);
            false
        });
        count.get()
    }

    /// The constants in it, in no particular order: values near which its result is likely to change.
    #[must_use]
    pub fn constants(&self) -> Vec<Value> {
        let found = std::cell::RefCell::new(Vec::new());
        self.0.node.any(&|node| {
            if let Node::Constant(value, _) = node {
                found.borrow_mut().push(value.clone());
            }
            false
        });
        found.into_inner()
    }

    /// Whether it gives the same result for the same row at any time: it does not call `now()` or its like.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        !self.0.node.any(&|node| matches!(node, Node::Call(function, _) if !function.immutable))
    }

    /// Its value for one row, as [`Self::eval`] gives it at any one moment; none where a text on the way is so long that it
    /// is not worth trying.
    #[must_use]
    pub fn tried(&self, row: &[Value]) -> Option<Result<Value, ValueError>> {
        let value = row::RowScope::new(row, Context::TRIED).value(&self.0.node);
        Some(value).filter(|value| !matches!(value, Err(error) if error.sqlstate == function::UNTRIED))
    }

    /// Its value for one row, given the inputs' values in the order of [`Self::inputs`]. `now_micros` is what `now()`
    /// gives, in microseconds since 2000-01-01 UTC.
    ///
    /// # Errors
    /// Overflow, division by zero, text that is not a value of the type asked for.
    pub fn eval(&self, row: &[Value], now_micros: i64) -> Result<Value, ValueError> {
        row::RowScope::new(row, Context::at(now_micros)).value(&self.0.node)
    }

    /// Its values for a batch of rows. A plain column gives back the very chunk, unless rows are left out.
    ///
    /// # Errors
    /// The first row, in the order of rows, for which [`Self::eval`] would fail.
    pub fn eval_chunk(&self, batch: Batch<'_>, now_micros: i64) -> Result<Arc<Chunk>, RowError> {
        batch::eval(&self.0.node, self.0.ty, batch, Context::at(now_micros))
    }
}

/// What a change of type that nobody has written starts from.
fn below_casts(node: &Node) -> &Node {
    match node {
        Node::Cast(cast) if !cast.explicit => below_casts(&cast.operand),
        other => other,
    }
}
