//! A table of a database as a script declares it.

use std::sync::Arc;

use crate::ast::{
    ColumnConstraint, ColumnDef, Expr, ForeignKeyDef, Ident, Name, Script, TableConstraint, TableDef, TypeName,
};
use crate::catalog::Catalog;
use crate::database::left_out::LeftOut;
use crate::engine::postgres::inspect::expression::simplified;
use crate::engine::postgres::relation::{RelationColumn, RelationConstraint, RelationConstraintKind, RelationIndex};
use crate::engine::postgres::{Relation, Server};
use crate::plan::{KnownTable, Plan, Planner};
use crate::source::{Source, Span};
use crate::syntax::{self, column, quote_ident, table_text};

/// A declaration, and what could not be said in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Its text, as the formatter writes it.
    pub text: String,
    /// What the language cannot say of the table, a line each.
    pub left_out: Vec<String>,
}

/// How a script declares a table. Foreign keys go to tables that `server` knows as well.
#[must_use]
pub fn table(name: &Name, relation: &Relation, server: &Server) -> Declaration {
    let Definition { table, left_out } = definition(name, relation, server);
    Declaration { text: table_text(&table), left_out: left_out.iter().map(ToString::to_string).collect() }
}

/// How a script declares the views over its tables. A view that reads no column of them is left out.
#[must_use]
pub fn views(server: &Server) -> String {
    let mut views: Vec<(&str, Vec<String>)> = Vec::new();
    for (table, relation) in &server.relations {
        for view in relation.dependents.iter().filter(|dependent| dependent.kind.is_view()) {
            let columns = view.columns.iter().map(|column| format!("{}.{}", quote_ident(table), quote_ident(column)));
            match views.iter_mut().find(|(name, _)| *name == view.name) {
                Some((_, reads)) => reads.extend(columns),
                None => views.push((&view.name, columns.collect())),
            }
        }
    }
    let views = views.into_iter().filter(|(_, reads)| !reads.is_empty());
    let lines: Vec<String> =
        views.map(|(name, reads)| format!("view {} {{ reads {} }}\n", view_name(name), reads.join(", "))).collect();
    let text = lines.concat();
    syntax::format(&Source::new("", text.as_str())).unwrap_or(text)
}

/// The name of a view as a script has it: quoted as a whole where it has a schema.
fn view_name(name: &str) -> String {
    let is_one_name = name.starts_with('"') && !name.contains("\".");
    if is_one_name { name.to_owned() } else { quote_ident(name).into_owned() }
}

/// A table of a database as the tree of its declaration, which stands nowhere.
#[derive(Debug)]
pub(super) struct Definition<'r> {
    pub(super) table: TableDef,
    /// What the language cannot say of it.
    pub(super) left_out: Vec<LeftOut<'r>>,
}

/// The same as a tree.
pub(super) fn definition<'r>(name: &Name, relation: &'r Relation, server: &Server) -> Definition<'r> {
    let table = TableDef { name: ident(name), columns: Vec::new(), constraints: Vec::new(), span: Span::default() };
    let mut builder = Builder { relation, server, table, left_out: Vec::new() };
    relation.columns.iter().for_each(|column| builder.column(column));
    relation.constraints.iter().for_each(|constraint| builder.constraint(constraint));
    relation.indexes.iter().for_each(|index| builder.index(index));
    Definition { table: builder.table, left_out: builder.left_out }
}

/// What is known of a table that the script does not declare.
pub(super) fn known_table<'r>(name: &Name, relation: &'r Relation, server: &Server) -> (KnownTable, Vec<LeftOut<'r>>) {
    let Definition { table, left_out } = definition(name, relation, server);
    let definition = Some(Arc::new(table));
    (KnownTable { name: name.clone(), columns: Vec::new(), definition, beside: false }, left_out)
}

/// The tables of a database, as far as the language can say.
pub(super) fn catalog(server: &Server) -> Catalog {
    let known = server.relations.iter().map(|(name, relation)| known_table(name, relation, server).0);
    let known: Vec<KnownTable> = known.collect();
    Planner::start(&script_of(Vec::new()), &known).catalog().clone()
}

/// A script that declares these tables.
fn script_of(tables: Vec<TableDef>) -> Script {
    Script { tables, ..Script::new(Source::new("", "")) }
}

struct Builder<'a, 'r> {
    relation: &'r Relation,
    server: &'a Server,
    table: TableDef,
    left_out: Vec<LeftOut<'r>>,
}

impl<'r> Builder<'_, 'r> {
    fn column(&mut self, column: &'r RelationColumn) {
        let Some((written, ty)) = type_of(&column.ty) else {
            self.left_out.push(LeftOut::Type(column));
            return;
        };
        let mut constraints = self.single(column);
        if let Some(printed) = column.default.as_ref().filter(|_| !column.generated) {
            match default_of(&written, printed) {
                Some(default) => constraints.push(default),
                None => self.left_out.push(LeftOut::Default(column)),
            }
        }
        if column.generated {
            self.left_out.push(LeftOut::Generated(column));
        }
        let constraints = constraints.into_iter().map(|constraint| (constraint, Span::default())).collect();
        self.table.columns.push(ColumnDef { name: ident(&column.name), ty: Some(ty), constraints });
    }

    /// What stands beside a column: `primary key`, `not null`, `unique`, `references …`.
    fn single(&self, column: &RelationColumn) -> Vec<ColumnConstraint> {
        let is_key = self.relation.primary_key().is_some_and(|key| key == [column.name.clone()]);
        let mut found = Vec::new();
        if is_key {
            found.push(ColumnConstraint::PrimaryKey);
        } else if column.not_null {
            found.push(ColumnConstraint::NotNull);
        }
        let own = self.relation.constraints.iter().filter(|found| found.columns == [column.name.clone()]);
        found.extend(own.filter_map(|constraint| self.beside(constraint)));
        found
    }

    /// A constraint of one column that has its usual name.
    fn beside(&self, constraint: &RelationConstraint) -> Option<ColumnConstraint> {
        let [column] = constraint.columns.as_slice() else { return None };
        let usual = |ending: &str| constraint.name == format!("{}_{column}_{ending}", self.relation.name);
        match &constraint.kind {
            RelationConstraintKind::Unique if usual("key") => Some(ColumnConstraint::Unique),
            RelationConstraintKind::ForeignKey { .. } if usual("fkey") => {
                let (table, column) = self.referenced(constraint)?;
                Some(ColumnConstraint::References(Box::new((table, Some(column)))))
            }
            _ => None,
        }
    }

    /// The table and column that a foreign key refers to, where the script can name the table.
    fn referenced(&self, constraint: &RelationConstraint) -> Option<(Ident, Ident)> {
        let RelationConstraintKind::ForeignKey { schema, table, columns } = &constraint.kind else { return None };
        let is_it = |relation: &&Relation| relation.schema == *schema && relation.name == *table;
        let (name, _) = self.server.relations.iter().find(|(_, relation)| is_it(relation))?;
        let [column] = columns.as_slice() else { return None };
        Some((ident(name), ident(column)))
    }

    fn constraint(&mut self, constraint: &'r RelationConstraint) {
        let is_key = constraint.kind == RelationConstraintKind::PrimaryKey;
        if self.beside(constraint).is_some() || is_key && constraint.columns.len() == 1 {
            return;
        }
        match self.line(constraint) {
            Some(line) => self.table.constraints.push(line),
            None => self.left_out.push(LeftOut::Constraint(constraint)),
        }
    }

    /// A constraint that stands on a line of its own.
    fn line(&self, constraint: &RelationConstraint) -> Option<TableConstraint> {
        let (name, columns) = (Some(ident(&constraint.name)), idents(&constraint.columns));
        let span = Span::default();
        match (&constraint.kind, columns.as_slice()) {
            (RelationConstraintKind::PrimaryKey, _) => Some(TableConstraint::PrimaryKey(columns, span)),
            (RelationConstraintKind::Unique, _) => Some(TableConstraint::Unique(name, columns, span)),
            (RelationConstraintKind::Check(printed), _) => {
                let check = TableConstraint::Check(name, expression(printed)?, span);
                self.is_accepted(&check).then_some(check)
            }
            (RelationConstraintKind::ForeignKey { .. }, [column]) => {
                let (table, referenced) = self.referenced(constraint)?;
                let (column, referenced) = (column.clone(), Some(referenced));
                Some(TableConstraint::ForeignKey(Box::new(ForeignKeyDef { name, column, table, referenced, span })))
            }
            _ => None,
        }
    }

    fn index(&mut self, index: &'r RelationIndex) {
        if index.constraint.is_some() {
            return;
        }
        match index_line(index).filter(|line| index.valid && self.is_accepted(line)) {
            Some(line) => self.table.constraints.push(line),
            None if index.valid => self.left_out.push(LeftOut::Index(index)),
            None => self.left_out.push(LeftOut::BrokenIndex(index)),
        }
    }

    /// Whether the language understands a constraint of a table that has these columns.
    fn is_accepted(&self, constraint: &TableConstraint) -> bool {
        let plain = |column: &RelationColumn| {
            Some(ColumnDef { name: ident(&column.name), ty: Some(type_of(&column.ty)?.1), constraints: Box::default() })
        };
        is_accepted(self.relation.columns.iter().filter_map(plain).collect(), vec![constraint.clone()])
    }
}

fn ident(name: &str) -> Ident {
    Ident { name: name.into(), span: Span::default() }
}

fn idents(names: &[String]) -> Vec<Ident> {
    names.iter().map(|name| ident(name)).collect()
}

/// A type as a script writes it: as PostgreSQL does, in quotes where it would be taken for a mistake.
fn type_of(printed: &str) -> Option<(String, TypeName)> {
    let quoted = format!("\"{printed}\"");
    [printed.to_owned(), quoted].into_iter().find_map(|written| {
        let ty = column(&format!("c {written}"))?.ty?;
        Some((written, ty))
    })
}

/// A default of the database, if a column of this type can have it.
fn default_of(written_type: &str, printed: &str) -> Option<ColumnConstraint> {
    let column = column(&format!("c {written_type} default {}", simplified(printed)))?;
    let default = column.constraints.first().map(|(default, _)| default.clone());
    default.filter(|_| is_accepted(vec![column], Vec::new()))
}

/// An expression of the database in the language, if it can be said.
fn expression(printed: &str) -> Option<Expr> {
    let column = column(&format!("a text check ({})", simplified(printed)))?;
    column.constraints.into_iter().find_map(|(constraint, _)| match constraint {
        ColumnConstraint::Check(check) => Some(*check),
        _ => None,
    })
}

/// Whether the language understands a table.
fn is_accepted(columns: Vec<ColumnDef>, constraints: Vec<TableConstraint>) -> bool {
    let table = TableDef { name: ident("t"), columns, constraints, span: Span::default() };
    Plan::resolve(&script_of(vec![table]), &[]).is_ok()
}

/// An index as a line of a table, where the language can say it.
fn index_line(index: &RelationIndex) -> Option<TableConstraint> {
    let columns: Vec<String> = index.columns.iter().cloned().collect::<Option<_>>()?;
    let filter = index.filter.as_deref().map(|printed| expression(printed).ok_or(())).transpose().ok()?;
    Some(TableConstraint::Index(Some(ident(&index.name)), idents(&columns), index.unique, filter, Span::default()))
}
