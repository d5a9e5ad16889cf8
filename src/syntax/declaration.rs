//! Headers, allows, columns, constraints, rows and the clauses of applications.

use crate::ast::{
    Allow, AllowScope, AppClause, AppItem, AppVerb, ColumnConstraint, ColumnDef, ColumnRef, Expr, ForeignKeyDef,
    Header, Ident, Rows, RowsFrom, TableConstraint,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::build::{Build, present};
use crate::syntax::grammar::Rule;
use crate::syntax::tree::{Node, Nodes};

/// A line of a `table` block.
pub(super) enum TableElement {
    Column(ColumnDef),
    Constraint(TableConstraint),
}

/// A clause of an `app` block.
pub(super) enum AppElement {
    Clause(AppClause),
    ReadsCatalog,
    Connects(Box<str>),
}

impl Build<'_> {
    /// A `header` node, with the allows that stand in it.
    pub(super) fn header(&mut self, node: Node<'_>) -> (Header, Vec<Allow>) {
        let mut span = self.span(&node);
        let (mut title, mut table, mut allows) = ("".into(), None, Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::quoted | Rule::string => {
                    span.end = self.span(&part).end;
                    title = self.title(&part);
                }
                Rule::on_table => {
                    span.end = self.span(&part).end;
                    table = self.on_table(Some(part));
                }
                Rule::allow => allows.push(self.allow(part)),
                _ => {}
            }
        }
        (Header { title, table, span }, allows)
    }

    /// An `allow` node. What it covers is not known yet.
    pub(super) fn allow(&mut self, node: Node<'_>) -> Allow {
        let span = self.span(&node);
        let mut nodes = node.into_inner();
        let code = present(nodes.next());
        let code = Ident { name: self.names.fold(code.as_str()), span: self.span(&code) };
        let because = self.string(&present(nodes.next()));
        Allow { code, because, scope: AllowScope::Script, span }
    }

    /// An element of a table's block.
    pub(super) fn table_element(&mut self, node: Node<'_>) -> TableElement {
        let span = self.span(&node);
        let rule = node.as_rule();
        let constraint = match rule {
            Rule::column_def => return TableElement::Column(self.column_def(node)),
            Rule::foreign_key => TableConstraint::ForeignKey(Box::new(self.foreign_key(node))),
            Rule::check_key => self.check_key(node.into_inner(), span),
            Rule::index_key => self.index_key(node.into_inner(), span),
            _ => self.key(rule, node.into_inner(), span),
        };
        TableElement::Constraint(constraint)
    }

    fn key(&mut self, rule: Rule, nodes: Nodes<'_>, span: Span) -> TableConstraint {
        let (mut name, mut columns) = (None, Vec::new());
        for node in nodes {
            match node.as_rule() {
                Rule::name => name = Some(self.ident(&node)),
                _ => columns = self.column_list(node),
            }
        }
        if rule == Rule::pk_key {
            TableConstraint::PrimaryKey(columns, span)
        } else {
            TableConstraint::Unique(name, columns, span)
        }
    }

    fn check_key(&mut self, mut nodes: Nodes<'_>, span: Span) -> TableConstraint {
        let first = present(nodes.next());
        if first.as_rule() == Rule::name {
            let name = self.ident(&first);
            return TableConstraint::Check(Some(name), self.next_expr(&mut nodes), span);
        }
        TableConstraint::Check(None, self.expr(first), span)
    }

    fn index_key(&mut self, nodes: Nodes<'_>, span: Span) -> TableConstraint {
        let (mut name, mut columns, mut unique, mut filter) = (None, Vec::new(), false, None);
        for node in nodes {
            match node.as_rule() {
                Rule::name => name = Some(self.ident(&node)),
                Rule::column_list => columns = self.column_list(node),
                Rule::index_unique => unique = true,
                _ => filter = Some(self.expr(present(node.into_inner().next()))),
            }
        }
        TableConstraint::Index(name, columns, unique, filter, span)
    }

    /// A `column_def` node.
    pub(super) fn column_def(&mut self, node: Node<'_>) -> ColumnDef {
        let mut nodes = node.into_inner();
        let name = self.first_ident(&mut nodes);
        let (mut ty, mut constraints) = (None, Vec::new());
        for node in nodes {
            if node.as_rule() == Rule::type_name {
                ty = Some(self.column_type(node));
                continue;
            }
            let span = self.span(&node);
            if let Some(constraint) = self.column_constraint(node) {
                constraints.push((constraint, span));
            }
        }
        ColumnDef { name, ty, constraints: constraints.into() }
    }

    fn column_constraint(&mut self, node: Node<'_>) -> Option<ColumnConstraint> {
        let rule = node.as_rule();
        let span = self.span(&node);
        let mut nodes = node.into_inner();
        Some(match rule {
            Rule::not_null => ColumnConstraint::NotNull,
            Rule::nullable => ColumnConstraint::Null,
            Rule::default => ColumnConstraint::Default(Box::new(self.constant(present(nodes.next())))),
            Rule::unique => ColumnConstraint::Unique,
            Rule::primary_key => ColumnConstraint::PrimaryKey,
            Rule::references => ColumnConstraint::References(Box::new(self.references(nodes))),
            Rule::check => ColumnConstraint::Check(Box::new(self.next_expr(&mut nodes))),
            _ => {
                self.refuse_action(span);
                return None;
            }
        })
    }

    fn refuse_action(&mut self, span: Span) {
        let message = "a foreign key has no actions: what a deletion does to other tables is up to the application";
        self.report(Diagnostic::new(Code::Syntax, message, span, "").help("leave it out"));
    }

    fn references(&mut self, mut nodes: Nodes<'_>) -> (Ident, Option<Ident>) {
        let table = self.first_ident(&mut nodes);
        let column = nodes.next().and_then(|node| self.only_column(node));
        (table, column)
    }

    /// The column of a list that may hold one only.
    fn only_column(&mut self, node: Node<'_>) -> Option<Ident> {
        let span = self.span(&node);
        let columns = self.column_list(node);
        if columns.len() > 1 {
            let message = "a foreign key has one column";
            self.report(Diagnostic::new(Code::Syntax, message, span, "").help("write one column here"));
        }
        columns.into_iter().next()
    }

    /// A `foreign_key` node.
    pub(super) fn foreign_key(&mut self, node: Node<'_>) -> ForeignKeyDef {
        let span = self.span(&node);
        let (mut name, mut column, mut target) = (None, None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.ident(&part)),
                Rule::column_list => column = self.only_column(part),
                Rule::references => target = Some(self.references(part.into_inner())),
                _ => {
                    let span = self.span(&part);
                    self.refuse_action(span);
                }
            }
        }
        let (table, referenced) = target.expect("the rule that matched has `references`");
        let column = column.expect("a list of columns has at least one");
        ForeignKeyDef { name, column, table, referenced, span }
    }

    /// A `rows_from` node.
    pub(super) fn rows_from(&mut self, node: Node<'_>) -> Rows {
        let span = self.span(&node);
        let mut nodes = node.into_inner();
        let table = self.first_ident(&mut nodes);
        let source = present(nodes.next());
        let rule = source.as_rule();
        let mut inner = source.into_inner();
        let first = present(inner.next());
        let from = if rule == Rule::csv {
            RowsFrom::Csv(self.string(&first), self.span(&first))
        } else {
            let count = self.count(&first);
            RowsFrom::Generated { count, seed: inner.next().map_or(0, |node| self.count(&node)) }
        };
        Rows { table, from, span }
    }

    /// A `row` node.
    pub(super) fn row(&mut self, node: Node<'_>) -> (Vec<Expr>, Span) {
        let span = self.span(&node);
        (node.into_inner().map(|value| self.constant(value)).collect(), span)
    }

    /// A clause of an application.
    pub(super) fn app_clause(&mut self, node: Node<'_>) -> AppElement {
        let verb = match node.as_rule() {
            Rule::reads_catalog => return AppElement::ReadsCatalog,
            Rule::connects => return AppElement::Connects(self.string(&present(node.into_inner().next()))),
            Rule::writes => AppVerb::Writes,
            Rule::uses => AppVerb::Uses,
            Rule::inserts => AppVerb::Inserts,
            Rule::updates => AppVerb::Updates,
            Rule::deletes => AppVerb::Deletes,
            _ => AppVerb::Reads,
        };
        let (mut what, mut conflict) = (Vec::new(), Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::on_conflict => conflict = self.column_list(present(part.into_inner().next())),
                Rule::whole => what.push(AppItem::Whole(self.first_ident(&mut part.into_inner()))),
                Rule::name => what.push(AppItem::Table(self.ident(&part))),
                Rule::column => what.push(AppItem::Column(self.column(part))),
                _ => {}
            }
        }
        AppElement::Clause(AppClause { verb, what, conflict })
    }

    /// Columns in a row.
    pub(super) fn columns(&mut self, nodes: Nodes<'_>) -> Vec<ColumnRef> {
        nodes.map(|node| self.column(node)).collect()
    }
}
