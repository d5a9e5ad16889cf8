//! An operand that has its type.

use crate::ast::Name;
use crate::data::Type;
use crate::expr::node::Node;
use crate::source::Span;

/// A typed operand and the place it was written at.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub node: Node,
    pub span: Span,
    /// The column, where it is just that, for messages.
    pub column: Option<Name>,
}

impl Operand {
    pub(super) fn new(node: Node, span: Span) -> Self {
        Self { node, span, column: None }
    }

    pub(super) fn ty(&self) -> Type {
        self.node.ty()
    }
}
