//! Statements: the node of each becomes its variant of the tree.

use crate::ast::{
    AddCheck, AddForeignKey, AddIndex, AddUnique, Backfill, Batches, ColumnRef, CopyRows, DropSync, Expr, Ident,
    StatementKind, Sync, SyncKind, Validated,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::phrase::milliseconds;
use crate::syntax::build::{Build, present};
use crate::syntax::grammar::Rule;
use crate::syntax::tree::{Node, Nodes};

/// `where`, `in batches of` and `pause`, each at most once.
#[derive(Default)]
struct Filters {
    condition: Option<Expr>,
    batches: Batches,
}

impl Build<'_> {
    /// The statement of a `stmt` node.
    pub(super) fn statement(&mut self, node: Node<'_>) -> StatementKind {
        let node = present(node.into_inner().next());
        let rule = node.as_rule();
        let whole = node.clone();
        let mut nodes = node.into_inner();
        match rule {
            Rule::add_column => self.add_column(nodes),
            Rule::add_index => StatementKind::AddIndex(Box::new(self.add_index(nodes))),
            Rule::add_check => self.add_check(nodes),
            Rule::add_not_null => StatementKind::AddNotNull(Box::new(self.next_column(&mut nodes))),
            Rule::add_unique => StatementKind::AddUnique(Box::new(self.add_unique(nodes))),
            Rule::add_foreign_key => self.add_foreign_key(nodes),
            Rule::drop_column => StatementKind::DropColumn(Box::new(self.next_column(&mut nodes))),
            Rule::drop_table => StatementKind::DropTable(Box::new(self.first_ident(&mut nodes))),
            Rule::drop_index => StatementKind::DropIndex(Box::new(self.first_ident(&mut nodes))),
            Rule::drop_check => StatementKind::DropCheck(Box::new(self.first_ident(&mut nodes))),
            Rule::drop_unique => StatementKind::DropUnique(Box::new(self.first_ident(&mut nodes))),
            Rule::drop_foreign_key => StatementKind::DropForeignKey(Box::new(self.first_ident(&mut nodes))),
            Rule::drop_sync => self.drop_sync(nodes),
            Rule::drop_not_null => StatementKind::DropNotNull(Box::new(self.next_column(&mut nodes))),
            Rule::drop_default => StatementKind::DropDefault(Box::new(self.next_column(&mut nodes))),
            Rule::slip_drop => self.slip_drop(&whole, nodes),
            Rule::set_default => {
                let column = self.next_column(&mut nodes);
                StatementKind::SetDefault(Box::new((column, self.constant(present(nodes.next())))))
            }
            Rule::set_not_null => StatementKind::SetNotNull(Box::new(self.next_column(&mut nodes))),
            Rule::sync => StatementKind::Sync(Box::new(self.sync(nodes))),
            Rule::backfill => StatementKind::Backfill(Box::new(self.backfill(nodes))),
            Rule::seed => StatementKind::Seed(Box::new(self.backfill(nodes))),
            Rule::copy => StatementKind::Copy(Box::new(self.copy(nodes))),
            Rule::validate_check => self.validate(Validated::Check, nodes),
            Rule::validate_not_null => {
                StatementKind::Validate(Box::new(Validated::NotNull(self.next_column(&mut nodes))))
            }
            Rule::validate_foreign_key => self.validate(Validated::ForeignKey, nodes),
            Rule::verify => {
                let condition = self.next_expr(&mut nodes);
                StatementKind::Verify(Box::new((condition, self.on_table(nodes.next()))))
            }
            Rule::rename_column => {
                let column = self.next_column(&mut nodes);
                StatementKind::RenameColumn(Box::new((column, self.first_ident(&mut nodes))))
            }
            Rule::rename_table => {
                let table = self.first_ident(&mut nodes);
                StatementKind::RenameTable(Box::new((table, self.first_ident(&mut nodes))))
            }
            Rule::alter_type => self.alter_type(nodes),
            Rule::deploy => StatementKind::Deploy(Box::new(self.first_ident(&mut nodes))),
            Rule::retire => StatementKind::Retire(Box::new(self.first_ident(&mut nodes))),
            Rule::confirm => StatementKind::Confirm(Box::new(self.title(&present(nodes.next())))),
            _ => StatementKind::Wait(self.duration(&present(nodes.next()))),
        }
    }

    fn add_column(&mut self, mut nodes: Nodes<'_>) -> StatementKind {
        let first = present(nodes.next());
        let (table, column) = if first.as_rule() == Rule::name {
            (Some(self.ident(&first)), present(nodes.next()))
        } else {
            (None, first)
        };
        StatementKind::AddColumn(Box::new((table, self.column_def(column))))
    }

    fn add_index(&mut self, nodes: Nodes<'_>) -> AddIndex {
        let mut index = AddIndex { name: None, table: None, columns: Box::default(), unique: false, filter: None };
        for node in nodes {
            match node.as_rule() {
                Rule::name => index.name = Some(Box::new(self.ident(&node))),
                Rule::on_table => index.table = self.on_table(Some(node)).map(Box::new),
                Rule::index_unique => index.unique = true,
                Rule::column_list => index.columns = self.column_list(node).into(),
                _ => index.filter = Some(Box::new(self.expr(present(node.into_inner().next())))),
            }
        }
        index
    }

    fn add_check(&mut self, mut nodes: Nodes<'_>) -> StatementKind {
        let name = self.first_ident(&mut nodes);
        let condition = self.next_expr(&mut nodes);
        let table = self.on_table(nodes.next());
        StatementKind::AddCheck(Box::new(AddCheck { name, condition, table }))
    }

    fn add_unique(&mut self, nodes: Nodes<'_>) -> AddUnique {
        let mut unique = AddUnique { name: None, columns: Vec::new(), table: None };
        for node in nodes {
            match node.as_rule() {
                Rule::name => unique.name = Some(self.ident(&node)),
                Rule::column_list => unique.columns = self.column_list(node),
                _ => unique.table = self.on_table(Some(node)),
            }
        }
        unique
    }

    fn add_foreign_key(&mut self, mut nodes: Nodes<'_>) -> StatementKind {
        let key = self.foreign_key(present(nodes.next()));
        let table = self.on_table(nodes.next());
        StatementKind::AddForeignKey(Box::new(AddForeignKey { key, table }))
    }

    fn drop_sync(&mut self, mut nodes: Nodes<'_>) -> StatementKind {
        let target = self.next_column(&mut nodes);
        let other = nodes.next().map(|node| self.column(node));
        StatementKind::DropSync(Box::new(DropSync { target, other }))
    }

    /// `drop a`, meant as `drop column a`.
    fn slip_drop(&mut self, node: &Node<'_>, mut nodes: Nodes<'_>) -> StatementKind {
        let span = self.span(node);
        let column = self.next_column(&mut nodes);
        let name = node.as_str().trim();
        self.report(
            Diagnostic::new(Code::Syntax, format!("`drop {name}` does not say what `{name}` is"), span, "")
                .help(format!("write `drop column {name}`, or `drop table {name}`")),
        );
        StatementKind::DropColumn(Box::new(column))
    }

    fn sync(&mut self, mut nodes: Nodes<'_>) -> Sync {
        let target = self.next_column(&mut nodes);
        let next = self.past_slip(&mut nodes);
        let kind = if next.as_rule() == Rule::column {
            SyncKind::Both(self.column(next))
        } else {
            SyncKind::From(self.expr(next))
        };
        Sync { target, kind }
    }

    /// The node after a `=` that was meant as `from`.
    fn past_slip<'i>(&mut self, nodes: &mut Nodes<'i>) -> Node<'i> {
        let node = present(nodes.next());
        if node.as_rule() != Rule::slip_assign {
            return node;
        }
        let span = self.span(&node);
        self.report(
            Diagnostic::new(Code::Syntax, "a column is filled `from` an expression", span, "expected `from`")
                .help(format!("write `from` instead of `{}`", node.as_str()))
                .fix("write `from`", span, "from"),
        );
        present(nodes.next())
    }

    fn backfill(&mut self, mut nodes: Nodes<'_>) -> Backfill {
        let target = self.next_column(&mut nodes);
        let value = self.past_slip(&mut nodes);
        let value = self.expr(value);
        let Filters { condition, batches } = self.filters(nodes);
        Backfill { target, value, filter: condition.map(Box::new), batches }
    }

    fn filters(&mut self, nodes: Nodes<'_>) -> Filters {
        let mut filters = Filters::default();
        for node in nodes {
            let span = self.span(&node);
            let rule = node.as_rule();
            let inner = present(node.into_inner().next());
            let twice = match rule {
                Rule::condition => filters.condition.replace(self.expr(inner)).is_some(),
                Rule::batches => {
                    let rows = self.batch_rows(&inner);
                    filters.batches.rows.replace(rows).is_some()
                }
                _ => {
                    let pause = u32::try_from(self.duration(&inner)).unwrap_or(u32::MAX);
                    filters.batches.pause_ms.replace(pause).is_some()
                }
            };
            if twice {
                self.report(
                    Diagnostic::new(Code::Syntax, "this is given twice", span, "first given here").help("keep one"),
                );
            }
        }
        filters
    }

    fn batch_rows(&mut self, node: &Node<'_>) -> u32 {
        let rows = self.count(node);
        if rows == 0 {
            let span = self.span(node);
            self.report(
                Diagnostic::new(Code::Syntax, "a batch has at least one row", span, "").help("write 1 or more"),
            );
        }
        u32::try_from(rows).unwrap_or(u32::MAX).max(1)
    }

    /// Milliseconds.
    fn duration(&mut self, node: &Node<'_>) -> u64 {
        milliseconds(node.as_str()).unwrap_or_else(|why| {
            let span = self.span(node);
            self.report(Diagnostic::new(Code::Syntax, why, span, "").help("write a shorter one"));
            0
        })
    }

    fn copy(&mut self, mut nodes: Nodes<'_>) -> CopyRows {
        let from = self.first_ident(&mut nodes);
        let to = self.first_ident(&mut nodes);
        let mut columns = Vec::new();
        while nodes.peek().is_some_and(|node| node.as_rule() == Rule::mapping) {
            let mut mapping = present(nodes.next()).into_inner();
            let column = self.first_ident(&mut mapping);
            let value = self.past_slip(&mut mapping);
            columns.push((column, self.expr(value)));
        }
        let Filters { condition, batches } = self.filters(nodes);
        CopyRows { from, to, columns, filter: condition, batches }
    }

    fn validate(&mut self, what: fn(Ident) -> Validated, mut nodes: Nodes<'_>) -> StatementKind {
        StatementKind::Validate(Box::new(what(self.first_ident(&mut nodes))))
    }

    fn alter_type(&mut self, mut nodes: Nodes<'_>) -> StatementKind {
        let column: ColumnRef = self.next_column(&mut nodes);
        let ty = self.column_type(present(nodes.next()));
        let using = nodes.next().map(|node| self.expr(present(node.into_inner().next())));
        StatementKind::AlterType(Box::new((column, ty, using)))
    }

    /// The table of an `on t` node.
    pub(super) fn on_table(&mut self, node: Option<Node<'_>>) -> Option<Ident> {
        node.map(|node| self.first_ident(&mut node.into_inner()))
    }

    /// The names of a `(a, b)` node.
    pub(super) fn column_list(&mut self, node: Node<'_>) -> Vec<Ident> {
        node.into_inner().map(|name| self.ident(&name)).collect()
    }
}
