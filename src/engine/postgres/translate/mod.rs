//! From an action to what is done to a database: SQL, the locks it takes, and what undoes it. Talks to nobody.

mod column;
mod constraint;
mod copy;
mod fill;
mod kept;
mod not_null;
mod removal;
mod sync;
mod table;
mod touched;

use crate::catalog::{Catalog, Column, ColumnId, Table};
use crate::data::Type;
use crate::engine::postgres::operation::KeyColumn;
use crate::engine::postgres::{Cost, Lock, LockMode, Operation, Server, Work, quote};
use crate::engine::{Fault, FaultKind};
use crate::expr::Expression;
use crate::plan::{Action, AppUse, Facts, Plan, Step};

/// The schema that miglab keeps its own things in.
pub const OWN_SCHEMA: &str = "miglab";

/// What a translation looks at besides the action.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The schema that the plan starts from.
    pub start: &'a Catalog,
    /// The schema before the action, as the plan has it.
    pub catalog: &'a Catalog,
    /// What the database says of its tables before the action; empty where nobody was asked.
    pub server: &'a Server,
    /// The versions of the application.
    pub apps: &'a [AppUse],
    /// Which columns carry which facts.
    pub facts: &'a Facts,
    /// The number of the statement, which is part of the names of what is kept for its rollback.
    pub step: usize,
}

/// What is done to a database for an action, in order.
///
/// # Errors
/// PostgreSQL has no way to do it without making applications wait.
pub fn operations(action: &Action, scene: Scene<'_>) -> Result<Vec<Operation>, Fault> {
    match action {
        Action::AddColumn { table, column, constraints } => scene.add_column(table, column, constraints),
        Action::KeepColumn { .. } => Ok(vec![Operation::nothing("leave the column as it is")]),
        Action::AddTable(table) => Ok(vec![scene.add_table(table)]),
        Action::AddConstraint { table, constraint } => scene.add_constraint(table, constraint),
        Action::DropConstraint { table, name } => scene.drop_constraint(table, name),
        Action::AddNotNull { table, column } => scene.add_not_null(table, *column),
        Action::SetNotNull { table, column } => scene.set_not_null(table, *column),
        Action::DropNotNull { table, column } => scene.drop_not_null(table, *column),
        Action::SetDefault { table, column, default } => scene.set_default(table, *column, default.as_ref()),
        Action::ValidateConstraint { table, name } => scene.validate_constraint(table, name),
        Action::ValidateNotNull { table, column } => scene.validate_not_null(table, *column),
        Action::AddSyncs(_) => scene.add_syncs(action),
        Action::DropSyncs(_) => scene.drop_syncs(action),
        Action::Fill { kind, table, column, value, filter, batches } => {
            scene.fill(*kind, table, *column, value, filter.as_ref(), *batches)
        }
        Action::Copy { from, to, columns, filter, batches } => scene.copy(from, to, columns, filter.as_ref(), *batches),
        Action::Verify { table, condition } => Ok(vec![scene.verify(table, condition)]),
        Action::DropColumn { table, column } => scene.drop_column(action, table, *column),
        Action::DropTable(table) => scene.drop_table(action, table),
        Action::Deploy(app) => Ok(vec![Operation::nothing(format!("`{app}` is live from here on"))]),
        Action::Retire(app) => Ok(vec![Operation::nothing(format!("`{app}` is no longer live"))]),
        Action::Confirm(_) => Ok(vec![Operation::nothing("somebody confirms it")]),
        Action::Wait(_) => Ok(vec![Operation::nothing("time passes")]),
    }
}

/// What is done to a database for each step of a plan, in order.
///
/// # Errors
/// As of [`operations`], with the step.
pub fn of_plan<'p>(plan: &'p Plan, server: &Server) -> Result<Vec<Vec<Operation>>, (&'p Step, Fault)> {
    let Plan { start, apps, facts, .. } = plan;
    let mut catalog = start.clone();
    let mut translated = Vec::with_capacity(plan.steps.len());
    for (number, step) in plan.steps.iter().enumerate() {
        let scene = Scene { start, catalog: &catalog, server, apps, facts, step: number };
        translated.push(operations(&step.action, scene).map_err(|fault| (step, fault))?);
        catalog.apply(&step.action);
    }
    Ok(translated)
}

impl<'a> Scene<'a> {
    /// The table, which the plan has resolved.
    fn table(&self, name: &str) -> Result<&'a Table, Fault> {
        let found = self.catalog.table(name).map(|table| &**table);
        found.ok_or_else(|| Fault::new(FaultKind::Missing, format!("there is no table `{name}`")))
    }

    fn column(&self, table: &str, column: ColumnId) -> Result<&'a Column, Fault> {
        let found = self.table(table)?.column_by_id(column);
        found.ok_or_else(|| Fault::new(FaultKind::Missing, format!("a column of `{table}` does not exist")))
    }

    /// A table's name, quoted and with its schema where that is known.
    fn qualified(&self, table: &str) -> String {
        self.server.qualified(table)
    }

    fn lock(&self, table: &str, mode: LockMode) -> Lock {
        Lock { relation: self.qualified(table), mode }
    }

    /// DDL on one table.
    fn ddl(&self, title: &str, table: &str, mode: LockMode, statements: Vec<String>, undo: Vec<Work>) -> Operation {
        Operation::new(title, Work::Ddl(statements), self.lock(table, mode), Cost::Instant, undo)
    }

    /// `alter table …` with the table's name.
    fn alter(&self, table: &str, change: &str) -> String {
        format!("alter table {} {change}", self.qualified(table))
    }

    /// A column's type as PostgreSQL writes it: what the database says, else what the script does.
    fn type_of(&self, table: &str, column: &Column) -> String {
        let known = self.server.relation(table).and_then(|relation| relation.column(&column.name));
        match (known, &column.written_type, column.ty) {
            (Some(known), ..) => known.ty.clone(),
            (None, Some(written), _) => written.to_string(),
            (None, None, Type::Unknown) => "text".to_owned(),
            (None, None, ty) => ty.to_string(),
        }
    }

    /// A value as a column takes it: into a type that the language does not know, it is cast to what that is.
    fn assigned(&self, table: &str, column: &Column, value: &str) -> String {
        match column.ty {
            Type::Unknown => format!("({value})::{}", self.type_of(table, column)),
            _ => value.to_owned(),
        }
    }

    /// The primary key of a table, as far as anybody knows it.
    fn key_of(&self, table: &str) -> Vec<KeyColumn> {
        let Ok(schema) = self.table(table) else { return Vec::new() };
        let named = |name: &str| {
            let ty = schema.column(name).map(|column| self.type_of(table, column));
            let known = || self.server.relation(table)?.column(name).map(|column| column.ty.clone());
            KeyColumn { name: quote::ident(name), ty: known().or(ty).unwrap_or_else(|| "text".to_owned()) }
        };
        if let Some(key) = self.server.relation(table).and_then(|relation| relation.primary_key()) {
            return key.iter().map(|name| named(name)).collect();
        }
        let key = schema.primary_key().unwrap_or_default();
        schema.column_names(key).into_iter().map(named).collect()
    }

    /// Whether the plan found the column there when it began.
    fn is_from_start(&self, table: &str, column: ColumnId) -> bool {
        self.start.table(table).is_some_and(|table| table.column_by_id(column).is_some())
    }

    /// A condition that no row may make false, as a query that gives such a row.
    fn gate(&self, title: &str, table: &str, condition: &str, message: String) -> Operation {
        let relation = self.qualified(table);
        let parts: Vec<String> = self.key_of(table).iter().map(described).collect();
        let row = if parts.is_empty() { "r::text".to_owned() } else { parts.join(" || ', ' || ") };
        let query = format!("select {row} from {relation} as r where ({condition}) is not true limit 1");
        let work = Work::Verify { query, message };
        Operation::new(title, work, self.lock(table, LockMode::AccessShare), Cost::Scan, Vec::new())
    }

    fn verify(&self, table: &str, condition: &Expression) -> Operation {
        let sql = condition.to_sql(&|name| of_row("r", name));
        self.gate("check every row", table, &sql, format!("not every row of `{table}` passes `verify`:"))
    }
}

/// `id = 3`, of a row called `r`.
fn described(key: &KeyColumn) -> String {
    format!("{} || ' = ' || r.{}::text", quote::text(key.name.trim_matches('"')), key.name)
}

/// A column of a row variable.
fn of_row(row: &str, column: &str) -> String {
    format!("{row}.{}", quote::ident(column))
}

/// A value in a form that can be compared. `json` has no equality, its text has; and what is equal is not always the
/// same: 1.0 and 1.00, 'Bob' and 'bob' where letters are equal in both cases.
fn comparable(ty: &str, value: &str) -> String {
    if is_compared_as_text(ty) { format!("{value}::text") } else { value.to_owned() }
}

fn is_compared_as_text(ty: &str) -> bool {
    let name = ty.split('(').next().unwrap_or(ty);
    let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    matches!(name, "json" | "xml" | "point" | "line" | "polygon" | "path" | "numeric" | "jsonb" | "interval" | "citext")
}
