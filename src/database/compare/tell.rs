//! Differences as findings and notes.

use super::{Addition, ColumnDifference, ConstraintDifference, Difference, TablePair, additions, compare};
use crate::ast::{ColumnDef, Name, Script, TableDef};
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind};
use crate::database::declare::{self, Definition};
use crate::database::differs;
use crate::diagnostic::Diagnostic;
use crate::engine::postgres::{Relation, Server};
use crate::phrase::did_you_mean;
use crate::plan::{Action, ColumnName, Plan, Step};
use crate::source::Span;
use crate::syntax::{column_text, constraint_text, quote_ident};

/// What there is to say.
#[derive(Debug, Default)]
pub(in crate::database) struct Told {
    pub(in crate::database) diagnostics: Vec<Diagnostic>,
    /// What was not looked at, or may be meant.
    pub(in crate::database) notes: Vec<String>,
}

/// Compares what a script declares, and what its plan adds, with the database, and says what differs.
pub(in crate::database) fn tell(script: &Script, plan: &Plan, server: &Server) -> Told {
    let actual = declare::catalog(server);
    let teller = DifferenceTeller { script, plan, actual: &actual, server };
    let mut told = Told::default();
    for table in &script.tables {
        let differences = compare(&plan.start, &actual, &table.name.name);
        differences.iter().for_each(|difference| teller.difference(difference, &mut told));
        teller.left_out(table, &mut told);
    }
    for difference in additions::taken(plan, server) {
        teller.difference(&difference, &mut told);
    }
    told
}

/// The finding for a table that is not there.
pub(in crate::database) fn no_table(name: &Name, span: Span, server: &Server) -> Diagnostic {
    let message = format!("the database has no table `{name}`");
    let schema = if server.schema.is_empty() { "public" } else { &server.schema };
    let elsewhere = || {
        format!(
            "it was looked for in schema `{schema}` and the rest of the `search_path`; `expand add table {} {{ … }}` makes one",
            quote_ident(name)
        )
    };
    let meant = did_you_mean(name, server.relations.keys().map(|name| &**name));
    differs(message, span, "no such table").help(meant.unwrap_or_else(elsewhere))
}

struct DifferenceTeller<'a> {
    script: &'a Script,
    plan: &'a Plan,
    /// The database's own tables, as far as the language can say.
    actual: &'a Catalog,
    server: &'a Server,
}

impl DifferenceTeller<'_> {
    fn difference(&self, difference: &Difference, told: &mut Told) {
        match difference {
            Difference::NoTable(name) => {
                told.diagnostics.extend(self.def(name).map(|def| no_table(name, def.name.span, self.server)));
            }
            Difference::Column(name, difference) => {
                let Some(of) = self.pair(&name.table) else { return };
                of.column(name, *difference, told);
            }
            Difference::Constraint(table, difference) => {
                let Some(of) = self.pair(table) else { return };
                of.constraint(difference, self.plan, told);
            }
            Difference::Taken(step, addition) => {
                told.diagnostics.extend(self.plan.steps.get(*step).and_then(|step| self.taken(step, addition)));
            }
        }
    }

    fn def(&self, table: &Name) -> Option<&TableDef> {
        self.script.tables.iter().find(|def| def.name.name == *table)
    }

    fn pair(&self, table: &Name) -> Option<Pair<'_>> {
        let (declared, has) = (self.plan.start.table(table)?, self.actual.table(table)?);
        Some(Pair {
            def: self.def(table)?,
            tables: TablePair { declared, has },
            relation: self.server.relation(table)?,
        })
    }

    /// What the language cannot say of the columns that are declared.
    fn left_out(&self, table: &TableDef, told: &mut Told) {
        let Some(Pair { tables: TablePair { declared, .. }, relation, .. }) = self.pair(&table.name.name) else {
            return;
        };
        let name = &declared.name;
        let Definition { left_out, .. } = declare::definition(name, relation, self.server);
        let told_of = left_out.into_iter().filter(|left_out| left_out.concerns(declared, relation));
        told.notes.extend(told_of.map(|left_out| format!("not looked at in table `{name}`: {left_out}")));
    }

    /// A statement that adds what is there.
    fn taken(&self, step: &Step, addition: &Addition) -> Option<Diagnostic> {
        Some(match addition {
            Addition::Column(ColumnName { table, column }) => {
                let has = self.server.relation(table)?.column(column)?;
                let message = format!("table `{table}` of the database has a column `{column}` already");
                let help = format!("declare it in `table {} {{ … }}`, or choose another name", quote_ident(table));
                differs(message, step.span, format!("it is {}", has.ty)).help(help)
            }
            Addition::Table(name) => {
                let message = format!("the database has a table `{name}` already");
                let help = "choose another name, or leave the statement out if it is the same table";
                differs(message, step.span, "there is one with this name").help(help)
            }
            Addition::Constraint { table, name } => {
                let message = format!("table `{table}` of the database already has `{name}`");
                differs(message, step.span, "the name is taken").help("choose another name")
            }
        })
    }
}

/// A table as it is declared, and as it is, with what both are written as.
struct Pair<'a> {
    def: &'a TableDef,
    tables: TablePair<'a>,
    relation: &'a Relation,
}

impl Pair<'_> {
    fn column(&self, name: &ColumnName, difference: ColumnDifference, told: &mut Told) {
        let column = &name.column;
        let (Some(written), Some(declared)) = (self.written(column), self.tables.declared.column(column)) else {
            return;
        };
        let printed = self.relation.column(column).and_then(|column| column.default.as_deref());
        let (has, name) = (self.tables.has.column(column), format!("`{}.{column}`", self.tables.declared.name));
        let finding = match (difference, has, printed) {
            (ColumnDifference::Missing, ..) => return told.diagnostics.push(self.no_column(written)),
            // The language cannot say it.
            (ColumnDifference::NoDefault, _, Some(_)) => return,
            (ColumnDifference::UndeclaredDefault, _, printed) => {
                let printed = printed.unwrap_or_default();
                let message = format!("{name} has the default `{printed}` in the database");
                differs(message, written.name.span, "declared without one")
            }
            (ColumnDifference::Type, Some(has), _) => {
                let place = written.ty.as_ref().map_or(written.name.span, |ty| ty.span);
                let message = format!("{name} is {} in the database", type_text(has));
                differs(message, place, format!("declared as {}", type_text(declared)))
            }
            (ColumnDifference::OtherDefault, _, Some(printed)) => {
                let message = format!("{name} has another default in the database: `{printed}`");
                differs(message, written.name.span, "declared with this one")
            }
            (ColumnDifference::NotNull, ..) => {
                let message = format!("{name} is not null in the database");
                differs(message, written.name.span, "declared without `not null`")
            }
            (ColumnDifference::Nullable, ..) => {
                differs(format!("{name} may be null in the database"), written.name.span, "declared `not null`")
            }
            (ColumnDifference::NoDefault, ..) => {
                let message = format!("{name} has no default in the database");
                differs(message, written.name.span, "declared with a default")
            }
            (ColumnDifference::Type | ColumnDifference::OtherDefault, ..) => return,
        };
        let line = self.lines().columns.iter().find(|line| line.name.name == *column).map(column_text);
        told.diagnostics.push(finding.help(format!("declare it as it is: `{}`", line.unwrap_or_default())));
    }

    fn written(&self, column: &str) -> Option<&ColumnDef> {
        self.def.columns.iter().find(|written| *written.name.name == *column)
    }

    fn no_column(&self, written: &ColumnDef) -> Diagnostic {
        let (table, name) = (&self.tables.declared.name, &written.name.name);
        let all = || self.relation.columns.iter().map(|column| column.name.as_str());
        let known = || format!("there is: `{}`", all().collect::<Vec<_>>().join("`, `"));
        let message = format!("table `{table}` of the database has no column `{name}`");
        let meant = did_you_mean(name, all());
        differs(message, written.name.span, "declared here").help(meant.unwrap_or_else(known))
    }

    /// The declaration of the database's table. Foreign keys to other tables are left out: the script need not have those.
    fn lines(&self) -> TableDef {
        let alone = Server {
            relations: [(self.tables.declared.name.clone(), self.relation.clone())].into(),
            ..Server::default()
        };
        declare::definition(&self.tables.declared.name, self.relation, &alone).table
    }

    fn constraint(&self, difference: &ConstraintDifference, plan: &Plan, told: &mut Told) {
        match difference {
            ConstraintDifference::Undeclared(name) if self.leads_out(name, plan) => {
                let printed = self.relation.constraint(name).map(|found| found.definition.as_str()).unwrap_or_default();
                let table = &self.tables.declared.name;
                told.notes.push(format!("not looked at in table `{table}`: constraint `{name}`: `{printed}`"));
            }
            ConstraintDifference::Undeclared(name) => {
                told.diagnostics.extend(self.tables.has.constraint(name).map(|constraint| self.undeclared(constraint)));
            }
            // The database has something of this name that the language cannot say.
            ConstraintDifference::PartlyDeclared(name) => {
                let table = &self.tables.declared.name;
                let Some(constraint) = self.tables.has.constraint(name) else { return };
                let noun = constraint.kind.noun();
                told.notes.push(format!(
                    "not looked at in table `{table}`: {noun} `{name}`, some of whose columns the script does not declare"
                ));
            }
            ConstraintDifference::Missing(name) if self.is_there(name) => {}
            ConstraintDifference::Missing(name) => {
                told.diagnostics
                    .extend(self.tables.declared.constraint(name).map(|constraint| self.missing(constraint)));
            }
            ConstraintDifference::Renamed { declared, actual } => {
                let has = self.tables.has.constraint(actual);
                told.diagnostics.extend(has.and_then(|has| self.renamed(declared, has, plan)));
            }
            ConstraintDifference::OtherCheck(name) => {
                let table = &self.tables.declared.name;
                let printed = self.relation.constraint(name).map_or("", |check| check.condition().unwrap_or_default());
                told.notes.push(format!(
                    "check `{name}` of table `{table}` is `{printed}` in the database: see whether the script says the same"
                ));
            }
        }
    }

    /// Whether it is a foreign key to a table that the script does not name: it need not have those.
    fn leads_out(&self, name: &str, plan: &Plan) -> bool {
        let to = self.tables.has.constraint(name).map(|found| &found.kind);
        let Some(ConstraintKind::ForeignKey { table, .. }) = to else { return false };
        plan.start.table(table).is_none_or(|table| table.beside)
    }

    fn is_there(&self, name: &str) -> bool {
        (self.relation.constraint(name).is_some() || self.relation.index(name).is_some())
            && self.tables.has.constraint(name).is_none()
    }

    fn undeclared(&self, constraint: &Constraint) -> Diagnostic {
        let (noun, table) = (constraint.kind.noun(), &self.tables.declared.name);
        let columns = self.tables.has.column_names(constraint.kind.columns()).join("`, `");
        let article = if noun == "index" { "an" } else { "a" };
        let message = format!(
            "table `{table}` of the database has {article} {noun} on `{columns}` that the script does not declare"
        );
        let of = self.relation.constraint(&constraint.name).map(|found| found.definition.as_str());
        let of = of.or_else(|| self.relation.index(&constraint.name).map(|found| found.definition.as_str()));
        let label = format!("`{}`: {}", constraint.name, of.unwrap_or_default());
        let line = self.line_of(constraint);
        differs(message, self.def.name.span, label).help(format!("declare it: `{line}`"))
    }

    /// The line that declares a constraint of the database.
    fn line_of(&self, constraint: &Constraint) -> String {
        let lines = self.lines();
        if let Some(line) =
            lines.constraints.iter().find(|line| line.name().is_some_and(|of| of.name == constraint.name))
        {
            return constraint_text(line);
        }
        let columns = self.tables.has.column_names(constraint.kind.columns());
        let columns: Vec<String> = columns.iter().map(|name| quote_ident(name).into_owned()).collect();
        let (name, columns) = (quote_ident(&constraint.name), columns.join(", "));
        match &constraint.kind {
            ConstraintKind::PrimaryKey(_) => format!("primary key ({columns})"),
            ConstraintKind::ForeignKey { table, .. } => {
                format!("foreign key {name} ({columns}) references {}", quote_ident(table))
            }
            _ => format!("unique {name} ({columns})"),
        }
    }

    fn missing(&self, constraint: &Constraint) -> Diagnostic {
        let (noun, table) = (constraint.kind.noun(), &self.tables.declared.name);
        let columns = self.tables.declared.column_names(constraint.kind.columns()).join("`, `");
        let message = format!("table `{table}` of the database has no {noun} on `{columns}`");
        let help = "leave it out of the declaration; a statement of the plan can add it";
        differs(message, self.def.name.span, format!("`{}` is declared", constraint.name)).help(help)
    }

    /// A statement that names a constraint must have its real name.
    fn renamed(&self, declared: &Name, has: &Constraint, plan: &Plan) -> Option<Diagnostic> {
        let step = plan.steps.iter().find(|step| match &step.action {
            Action::DropConstraint { table, name } | Action::ValidateConstraint { table, name } => {
                *table == self.tables.declared.name && name == declared
            }
            _ => false,
        })?;
        let message = format!("the {} `{declared}` is called `{}` in the database", has.kind.noun(), has.name);
        let help = format!("declare it under its name: `{}`", self.line_of(has));
        Some(differs(message, step.span, "no such name").help(help))
    }
}

fn type_text(column: &Column) -> String {
    column.written_type.as_ref().map_or_else(|| column.ty.to_string(), |written| format!("`{written}`"))
}
