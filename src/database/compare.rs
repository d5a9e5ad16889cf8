//! What a script declares, held against what a database has.

use std::collections::BTreeSet;

use super::{declare, differs};
use crate::ast::{ColumnConstraint, ColumnDef, Expr, Name, Script, TableConstraint, TableDef};
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, NotNull, Table};
use crate::diagnostic::Diagnostic;
use crate::engine::postgres::inspect::expression::without_casts;
use crate::engine::postgres::relation::RelationConstraintKind;
use crate::engine::postgres::{Relation, Server};
use crate::phrase::nearest;
use crate::plan::{Action, Plan};
use crate::source::{Source, Span};
use crate::syntax::{expr_text, parse, quote_ident};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What was not looked at, or may be meant.
    pub(super) notes: Vec<String>,
}

/// Holds each declared table, and what the plan adds, against the database.
pub(super) fn compare(script: &Script, plan: &Plan, server: &Server) -> Differences {
    let mut found = Differences::default();
    let actual = actual(server);
    for def in &script.tables {
        let name = &def.name.name;
        let (Some(relation), Some(declared)) = (server.relation(name), plan.start.table(name)) else {
            found.diagnostics.push(no_table(name, def.name.span, server));
            continue;
        };
        let Some(has) = actual.table(name) else { continue };
        let mut pair = Pair { def, declared, has, relation, found: &mut found };
        pair.columns();
        pair.constraints(plan);
        pair.unread(server);
    }
    found.diagnostics.extend(additions(plan, server));
    found
}

/// The finding for a table that is not there.
pub(super) fn no_table(name: &Name, span: Span, server: &Server) -> Diagnostic {
    let message = format!("the database has no table `{name}`");
    let near = nearest(name, server.relations.keys().map(|name| &**name));
    let schema = if server.schema.is_empty() { "public" } else { &server.schema };
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "it was looked for in schema `{schema}` and the rest of the `search_path`; `expand add table {} {{ … }}` makes one",
            quote_ident(name)
        ),
    };
    differs(message, span, "no table of this name").help(help)
}

/// The database's own tables, as far as the language can say.
fn actual(server: &Server) -> Catalog {
    let text: String =
        server.relations.iter().map(|(name, relation)| declare::table(name, relation, server).text).collect();
    let script = parse(Source::new("", text)).script;
    Plan::resolve(&script, &[]).map(|plan| plan.start).unwrap_or_default()
}

/// A table as it is declared, and as it is.
struct Pair<'a> {
    def: &'a TableDef,
    declared: &'a Table,
    has: &'a Table,
    relation: &'a Relation,
    found: &'a mut Differences,
}

impl Pair<'_> {
    fn tell(&mut self, diagnostic: Diagnostic) {
        self.found.diagnostics.push(diagnostic);
    }

    fn columns(&mut self) {
        let def = self.def;
        for written in &def.columns {
            let Some(column) = self.declared.column(&written.name.name) else { continue };
            match self.has.column(&column.name) {
                Some(has) => self.column(written, column, has),
                None => self.no_column(written),
            }
        }
    }

    fn no_column(&mut self, written: &ColumnDef) {
        let (table, name) = (&self.declared.name, &written.name.name);
        let all = || self.relation.columns.iter().map(|column| column.name.as_str());
        let help = match nearest(name, all()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is: `{}`", all().collect::<Vec<_>>().join("`, `")),
        };
        let message = format!("table `{table}` of the database has no column `{name}`");
        self.tell(differs(message, written.name.span, "declared here").help(help));
    }

    fn column(&mut self, written: &ColumnDef, column: &Column, has: &Column) {
        let name = format!("`{}.{}`", self.declared.name, column.name);
        let help = format!("declare it as it is: `{}`", self.line(&column.name));
        let span = written.name.span;
        if !same_type(column, has) {
            let place = written.ty.as_ref().map_or(span, |ty| ty.span);
            let message = format!("{name} is {} in the database", type_text(has));
            self.tell(differs(message, place, format!("declared as {}", type_text(column))).help(help));
            return;
        }
        match (column.not_null == NotNull::No, has.not_null == NotNull::No) {
            (true, false) => {
                let message = format!("{name} is not null in the database");
                self.tell(differs(message, span, "declared without `not null`").help(help));
            }
            (false, true) => {
                let message = format!("{name} may be null in the database");
                self.tell(differs(message, span, "declared `not null`").help(help));
            }
            _ => self.default(span, column, has),
        }
    }

    fn default(&mut self, span: Span, column: &Column, has: &Column) {
        let name = format!("`{}.{}`", self.declared.name, column.name);
        let printed = self.relation.column(&column.name).and_then(|column| column.default.clone());
        let help = format!("declare it as it is: `{}`", self.line(&column.name));
        match (&column.default, &has.default, printed) {
            (Some(_), None, None) => {
                let message = format!("{name} has no default in the database");
                self.tell(differs(message, span, "declared with a default").help(help));
            }
            (Some(declared), Some(has), Some(printed)) => {
                let value = |default: &crate::expr::Expression| default.eval(&[], 0).ok();
                let fixed = declared.is_immutable() && has.is_immutable();
                if fixed && value(declared) != value(has) {
                    let message = format!("{name} has another default in the database: `{printed}`");
                    self.tell(differs(message, span, "declared with this one").help(help));
                }
            }
            (None, Some(_), Some(printed)) => {
                self.found
                    .notes
                    .push(format!("{name} has the default `{printed}` in the database, and none in the script"));
            }
            _ => {}
        }
    }

    /// The line of the database's declaration that a column stands on.
    fn line(&self, column: &str) -> String {
        let text = declare::table(&self.declared.name, self.relation, &alone(&self.declared.name, self.relation)).text;
        let start = quote_ident(column).into_owned() + " ";
        let line = text.lines().map(str::trim).find(|line| line.starts_with(&start)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn constraints(&mut self, plan: &Plan) {
        let has: Vec<(Key, &Constraint)> = self.has.constraints().map(|found| (key(self.has, found), found)).collect();
        let declared: Vec<(Key, &Constraint)> =
            self.declared.constraints().map(|found| (key(self.declared, found), found)).collect();
        for (key, constraint) in &has {
            let is_declared = declared.iter().any(|(other, _)| other.holds_as(key));
            if !is_declared && key.matters() && key.columns().iter().all(|name| self.declared.column(name).is_some()) {
                self.undeclared(constraint);
            }
        }
        for (key, constraint) in &declared {
            match has.iter().find(|(other, _)| other.holds_as(key)) {
                Some((_, other)) => self.name(constraint, other, plan),
                None if self.is_there(&constraint.name) => {}
                None => self.not_there(constraint, key),
            }
        }
        self.checks();
    }

    /// Whether the database has a constraint or index of this name that the language cannot say.
    fn is_there(&self, name: &str) -> bool {
        (self.relation.constraint(name).is_some() || self.relation.index(name).is_some())
            && self.has.constraint(name).is_none()
    }

    fn undeclared(&mut self, constraint: &Constraint) {
        let (noun, table) = (constraint.kind.noun(), &self.declared.name);
        let columns = self.has.column_names(constraint.kind.columns()).join("`, `");
        let message =
            format!("table `{table}` of the database has a {noun} on `{columns}` that the script does not declare");
        let of = self.relation.constraint(&constraint.name).map(|found| found.definition.clone());
        let of = of.or_else(|| self.relation.index(&constraint.name).map(|found| found.definition.clone()));
        let definition = of.unwrap_or_default();
        let line = self.line_of(constraint);
        let label = format!("`{}`: {definition}", constraint.name);
        let place = self.def.name.span;
        self.tell(differs(message, place, label).help(format!("declare it: `{line}`")));
    }

    /// The line that declares a constraint of the database.
    fn line_of(&self, constraint: &Constraint) -> String {
        let columns = self.has.column_names(constraint.kind.columns());
        let columns: Vec<String> = columns.iter().map(|name| quote_ident(name).into_owned()).collect();
        let (name, columns) = (quote_ident(&constraint.name), columns.join(", "));
        let text = declare::table(&self.declared.name, self.relation, &alone(&self.declared.name, self.relation)).text;
        let named = text.lines().map(str::trim).find(|line| line.contains(&format!(" {name} ("))).map(str::to_owned);
        named.unwrap_or_else(|| match &constraint.kind {
            ConstraintKind::PrimaryKey(_) => format!("primary key ({columns})"),
            ConstraintKind::ForeignKey { table, .. } => {
                format!("foreign key {name} ({columns}) references {}", quote_ident(table))
            }
            _ => format!("unique {name} ({columns})"),
        })
    }

    fn not_there(&mut self, constraint: &Constraint, key: &Key) {
        if key.columns().iter().any(|name| self.has.column(name).is_none()) {
            return;
        }
        let (noun, table) = (constraint.kind.noun(), &self.declared.name);
        let columns = self.declared.column_names(constraint.kind.columns()).join("`, `");
        let message = format!("table `{table}` of the database has no {noun} on `{columns}`");
        let label = format!("`{}` is declared", constraint.name);
        let help = "leave it out of the declaration; a statement of the plan can add it";
        let place = self.def.name.span;
        self.tell(differs(message, place, label).help(help));
    }

    /// A statement that names a constraint must have its real name.
    fn name(&mut self, declared: &Constraint, has: &Constraint, plan: &Plan) {
        let named = plan.steps.iter().find(|step| match &step.action {
            Action::DropConstraint { table, name } | Action::ValidateConstraint { table, name } => {
                *table == self.declared.name && *name == declared.name
            }
            _ => false,
        });
        let Some(step) = named.filter(|_| declared.name != has.name) else { return };
        let message = format!("the {} `{}` is called `{}` in the database", has.kind.noun(), declared.name, has.name);
        let help = format!("declare it under its name: `{}`", self.line_of(has));
        self.tell(differs(message, step.span, "no such name").help(help));
    }

    /// Checks that say something else than those of the script, as far as can be seen.
    fn checks(&mut self) {
        let written = self.def.constraints.iter().filter_map(|constraint| match constraint {
            TableConstraint::Check(_, condition, _) => Some(condition),
            _ => None,
        });
        let beside = self.def.columns.iter().flat_map(|column| &column.constraints);
        let beside = beside.filter_map(|(constraint, _)| match constraint {
            ColumnConstraint::Check(condition) => Some(&**condition),
            _ => None,
        });
        let written: BTreeSet<String> = written.chain(beside).map(loose_text).collect();
        for constraint in &self.relation.constraints {
            let RelationConstraintKind::Check(printed) = &constraint.kind else { continue };
            let is_declared = self.declared.constraints().any(|declared| *declared.name == constraint.name);
            let Some(condition) = declare::expression(printed).filter(|_| is_declared) else { continue };
            if !written.contains(&loose_text(&condition)) {
                let table = &self.declared.name;
                self.found.notes.push(format!(
                    "check `{}` of table `{table}` is `{printed}` in the database: see whether the script says the same",
                    constraint.name
                ));
            }
        }
    }

    /// What the language cannot say of the columns that are declared.
    fn unread(&mut self, server: &Server) {
        let table = &self.declared.name;
        let left_out = declare::table(table, self.relation, server).left_out;
        let concerns = |line: &String| {
            let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            let of = |column: &Column| {
                quoted.iter().any(|text| {
                    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| *word == *column.name)
                })
            };
            self.declared.columns().any(of)
        };
        let lines: Vec<String> = left_out.into_iter().filter(concerns).collect();
        self.found.notes.extend(lines.into_iter().map(|line| format!("not looked at in table `{table}`: {line}")));
    }
}

/// A server that has this table only.
fn alone(name: &Name, relation: &Relation) -> Server {
    Server { relations: [(name.clone(), relation.clone())].into(), ..Server::default() }
}

fn type_text(column: &Column) -> String {
    column.written_type.as_ref().map_or_else(|| column.ty.to_string(), |written| format!("`{written}`"))
}

fn same_type(declared: &Column, has: &Column) -> bool {
    let plain = |name: &Name| name.replace('"', "").replace(", ", ",").to_lowercase();
    let without_schema = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    match (&declared.written_type, &has.written_type) {
        (None, None) => declared.ty == has.ty,
        (Some(one), Some(other)) => {
            let (one, other) = (canonical(&plain(one)), canonical(&plain(other)));
            one == other || without_schema(&one) == without_schema(&other) && one.contains('.') != other.contains('.')
        }
        _ => false,
    }
}

/// The name that PostgreSQL prints for a type that people write otherwise.
fn canonical(name: &str) -> String {
    let (base, rest) = name.split_at(name.find(['(', '[']).unwrap_or(name.len()));
    let base = match base {
        "char" | "bpchar" => "character",
        "varchar" => "character varying",
        "varbit" => "bit varying",
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "decimal" | "dec" => "numeric",
        "float4" => "real",
        "float8" | "float" => "double precision",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        other => other,
    };
    // The zone stands behind the precision.
    let (base, zone) =
        base.split_once(" with").map_or((base, String::new()), |(base, zone)| (base, format!(" with{zone}")));
    let (precision, dimensions) = rest.split_at(rest.find(')').map_or(0, |at| at + 1));
    let zone = if dimensions.contains(" with") { "" } else { &zone };
    let precision = if base == "character" && precision.is_empty() { "(1)" } else { precision };
    format!("{base}{precision}{zone}{dimensions}")
}

/// What a constraint holds, by names.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    Primary(BTreeSet<String>),
    Unique(BTreeSet<String>),
    PartlyUnique(Vec<String>),
    Check(BTreeSet<String>),
    Foreign(String, Name, String),
    Index(Vec<String>),
}

impl Key {
    fn matters(&self) -> bool {
        !matches!(self, Self::Index(_))
    }

    /// Whether one stands for the other: a unique constraint for a primary key's.
    fn holds_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Primary(one), Self::Unique(other)) | (Self::Unique(one), Self::Primary(other)) => one == other,
            _ => self == other,
        }
    }

    fn columns(&self) -> Vec<&String> {
        match self {
            Self::Primary(columns) | Self::Unique(columns) | Self::Check(columns) => columns.iter().collect(),
            Self::PartlyUnique(columns) | Self::Index(columns) => columns.iter().collect(),
            Self::Foreign(column, _, _) => vec![column],
        }
    }
}

fn key(table: &Table, constraint: &Constraint) -> Key {
    let names = |ids: &[_]| table.column_names(ids).into_iter().map(str::to_owned).collect::<Vec<_>>();
    match &constraint.kind {
        ConstraintKind::PrimaryKey(columns) => Key::Primary(names(columns).into_iter().collect()),
        ConstraintKind::Unique(columns) | ConstraintKind::Index { columns, unique: true, filter: None } => {
            Key::Unique(names(columns).into_iter().collect())
        }
        ConstraintKind::Index { columns, unique: true, filter: Some(_) } => Key::PartlyUnique(names(columns)),
        ConstraintKind::Index { columns, .. } => Key::Index(names(columns)),
        ConstraintKind::Check { columns, .. } => Key::Check(names(columns).into_iter().collect()),
        ConstraintKind::ForeignKey { column, table: to, .. } => {
            Key::Foreign(names(&[*column]).concat(), to.clone(), String::new())
        }
    }
}

/// The text of an expression without its casts.
fn loose_text(expr: &Expr) -> String {
    without_casts(&expr_text(expr))
}

/// What the plan adds, and the database has already.
fn additions(plan: &Plan, server: &Server) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let undeclared = |table: &Name, name: &str| plan.start.column(table, name).is_none();
    for step in &plan.steps {
        match &step.action {
            Action::AddColumn { table, column, .. } => {
                let has = server.relation(table).and_then(|relation| relation.column(&column.name));
                if let Some(has) = has.filter(|_| undeclared(table, &column.name)) {
                    let message = format!("table `{table}` of the database has a column `{}` already", column.name);
                    let help = format!("declare it in `table {} {{ … }}`, or choose another name", quote_ident(table));
                    found.push(differs(message, step.span, format!("it is {}", has.ty)).help(help));
                }
            }
            Action::AddTable(table)
                if plan.start.table(&table.name).is_none() && server.relation(&table.name).is_some() =>
            {
                let message = format!("the database has a table `{}` already", table.name);
                let help = "choose another name, or leave the statement out if it is the same table";
                found.push(differs(message, step.span, "a table of this name is there").help(help));
            }
            Action::AddConstraint { table, constraint } => {
                let is_known =
                    plan.start.table(table).is_some_and(|table| table.constraint(&constraint.name).is_some());
                let is_there = server.relation(table).is_some_and(|relation| {
                    relation.constraint(&constraint.name).is_some() || relation.index(&constraint.name).is_some()
                });
                if is_there && !is_known {
                    let message = format!("`{}` is there already, on table `{table}` of the database", constraint.name);
                    found.push(differs(message, step.span, "the name is taken").help("choose another name"));
                }
            }
            _ => {}
        }
    }
    found
}
