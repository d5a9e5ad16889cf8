//! A table of a database as a script declares it.

use crate::ast::{Expr, Name, TableDef};
use crate::diagnostic::Severity;
use crate::engine::postgres::inspect::expression::simplified;
use crate::engine::postgres::relation::{RelationColumn, RelationConstraint, RelationConstraintKind, RelationIndex};
use crate::engine::postgres::{Relation, Server};
use crate::plan::Plan;
use crate::source::Source;
use crate::syntax::{self, quote_ident};

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
pub fn table(name: &str, relation: &Relation, server: &Server) -> Declaration {
    let mut writer = Writer { relation, server, lines: Vec::new(), left_out: Vec::new() };
    relation.columns.iter().for_each(|column| writer.column(column));
    relation.constraints.iter().for_each(|constraint| writer.constraint(constraint));
    relation.indexes.iter().for_each(|index| writer.index(index));
    let text = format!("table {} {{\n{}\n}}\n", quote_ident(name), writer.lines.join("\n"));
    let text = syntax::format(&Source::new("", text.as_str())).unwrap_or(text);
    Declaration { text, left_out: writer.left_out }
}

/// How a script declares the views over its tables. A view that reads no column of them is left out.
#[must_use]
pub fn views(server: &Server) -> String {
    let mut views: Vec<(&str, Vec<String>)> = Vec::new();
    for (table, relation) in &server.relations {
        for view in relation.dependents.iter().filter(|dependent| dependent.kind.ends_with("view")) {
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

/// The tree of a table's declaration; its places are in a text of their own.
#[must_use]
pub fn definition(name: &Name, relation: &Relation, server: &Server) -> (Option<TableDef>, Vec<String>) {
    let Declaration { text, left_out } = table(name, relation, server);
    let script = syntax::parse(Source::new("", text)).script;
    (script.tables.into_iter().next(), left_out)
}

/// An expression of the database in the language, if it can be said.
#[must_use]
pub fn expression(printed: &str) -> Option<Expr> {
    let text = format!("table t {{ a text check ({}) }}", simplified(printed));
    let parsed = syntax::parse(Source::new("", text));
    if parsed.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return None;
    }
    let column = parsed.script.tables.into_iter().next()?.columns.into_iter().next()?;
    column.constraints.into_iter().find_map(|(constraint, _)| match constraint {
        crate::ast::ColumnConstraint::Check(check) => Some(*check),
        _ => None,
    })
}

struct Writer<'a> {
    relation: &'a Relation,
    server: &'a Server,
    lines: Vec<String>,
    left_out: Vec<String>,
}

impl Writer<'_> {
    fn column(&mut self, column: &RelationColumn) {
        let name = quote_ident(&column.name);
        let Some(ty) = written_type(&column.ty) else {
            self.left_out.push(format!("column `{}`: its type is `{}`", column.name, column.ty));
            return;
        };
        let mut line = format!("{name} {ty}");
        for constraint in self.single(column) {
            line.push_str(&constraint);
        }
        if let Some(default) = column.default.as_ref().filter(|_| !column.generated) {
            let clause = format!(" default {}", simplified(default));
            if is_accepted(&format!("c {ty}{clause}")) {
                line.push_str(&clause);
            } else {
                self.left_out.push(format!("default of `{}`: `{default}`", column.name));
            }
        }
        if column.generated {
            let from = column.default.as_deref().unwrap_or_default();
            self.left_out.push(format!("`{}` is generated from `{from}`", column.name));
        }
        self.lines.push(line);
    }

    /// What stands beside a column: ` primary key`, ` not null`, ` unique`, ` references …`.
    fn single(&self, column: &RelationColumn) -> Vec<String> {
        let is_key = self.relation.primary_key().is_some_and(|key| key == [column.name.clone()]);
        let mut clauses = Vec::new();
        if is_key {
            clauses.push(" primary key".to_owned());
        } else if column.not_null {
            clauses.push(" not null".to_owned());
        }
        for constraint in self.relation.constraints.iter().filter(|found| found.columns == [column.name.clone()]) {
            clauses.extend(self.beside(constraint));
        }
        clauses
    }

    /// A constraint of one column that has its usual name.
    fn beside(&self, constraint: &RelationConstraint) -> Option<String> {
        let [column] = constraint.columns.as_slice() else { return None };
        let usual = |ending: &str| constraint.name == format!("{}_{column}_{ending}", self.relation.name);
        match &constraint.kind {
            RelationConstraintKind::Unique if usual("key") => Some(" unique".to_owned()),
            RelationConstraintKind::ForeignKey { .. } if usual("fkey") => {
                Some(format!(" {}", self.references(constraint)?))
            }
            _ => None,
        }
    }

    /// `references t (c)`, where the script can name the table.
    fn references(&self, constraint: &RelationConstraint) -> Option<String> {
        let RelationConstraintKind::ForeignKey { schema, table, columns } = &constraint.kind else { return None };
        let is_it = |relation: &&Relation| relation.schema == *schema && relation.name == *table;
        let (name, _) = self.server.relations.iter().find(|(_, relation)| is_it(relation))?;
        let [column] = columns.as_slice() else { return None };
        Some(format!("references {} ({})", quote_ident(name), quote_ident(column)))
    }

    fn constraint(&mut self, constraint: &RelationConstraint) {
        if self.beside(constraint).is_some() {
            return;
        }
        let (name, columns) = (quote_ident(&constraint.name), names(&constraint.columns));
        let line = match &constraint.kind {
            RelationConstraintKind::PrimaryKey if constraint.columns.len() == 1 => return,
            RelationConstraintKind::PrimaryKey => Some(format!("primary key ({columns})")),
            RelationConstraintKind::Unique => Some(format!("unique {name} ({columns})")),
            RelationConstraintKind::Check(condition) => {
                let line = format!("check {name} ({})", simplified(condition));
                Some(line).filter(|line| self.is_accepted_with_columns(line))
            }
            RelationConstraintKind::ForeignKey { .. } if constraint.columns.len() == 1 => {
                self.references(constraint).map(|to| format!("foreign key {name} ({columns}) {to}"))
            }
            _ => None,
        };
        match line {
            Some(line) => self.lines.push(line),
            None => self.left_out.push(format!("constraint `{}`: `{}`", constraint.name, constraint.definition)),
        }
    }

    fn index(&mut self, index: &RelationIndex) {
        if index.constraint.is_some() {
            return;
        }
        let line = index_line(index).filter(|line| index.valid && self.is_accepted_with_columns(line));
        match line {
            Some(line) => self.lines.push(line),
            None if index.valid => self.left_out.push(format!("index `{}`: `{}`", index.name, index.definition)),
            None => self.left_out.push(format!("index `{}` is not valid: its build failed", index.name)),
        }
    }

    /// Whether the language can read a line of a table that has these columns.
    fn is_accepted_with_columns(&self, line: &str) -> bool {
        let columns = self.relation.columns.iter();
        let columns =
            columns.filter_map(|column| Some(format!("{} {}", quote_ident(&column.name), written_type(&column.ty)?)));
        is_accepted(&format!("{}\n{line}", columns.collect::<Vec<_>>().join("\n")))
    }
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| quote_ident(name)).collect::<Vec<_>>().join(", ")
}

/// A type as a script writes it: as PostgreSQL does, in quotes where it would be taken for a mistake.
fn written_type(ty: &str) -> Option<String> {
    let quoted = format!("\"{ty}\"");
    [ty.to_owned(), quoted].into_iter().find(|ty| is_accepted(&format!("c {ty}")))
}

/// Whether the language can read these lines of a table.
fn is_accepted(lines: &str) -> bool {
    let parsed = syntax::parse(Source::new("", format!("table t {{\n{lines}\n}}")));
    let no_error = parsed.diagnostics.iter().all(|found| found.severity < Severity::Error);
    no_error && Plan::resolve(&parsed.script, &[]).is_ok()
}

/// An index as a line of a table, where the language can say it.
fn index_line(index: &RelationIndex) -> Option<String> {
    let columns: Vec<String> = index.columns.iter().cloned().collect::<Option<_>>()?;
    let unique = if index.unique { " unique" } else { "" };
    let filter = index.filter.as_ref().map_or(String::new(), |filter| format!(" where {}", simplified(filter)));
    Some(format!("index {} ({}){unique}{filter}", quote_ident(&index.name), names(&columns)))
}
