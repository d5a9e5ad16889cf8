//! Names: what they stand for at this point of the plan, and what to say where they stand for nothing.

use crate::ast::{ColumnRef, Expr, Ident, Name};
use crate::catalog::{Catalog, Column, ColumnId, NotNull, Table};
use crate::data::Type;
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::Scope;
use crate::phrase::did_you_mean;
use crate::plan::Action;
use crate::plan::lifespans::Lifespans;
use crate::plan::planner::{Planner, Resolved};
use crate::source::Span;

/// "did you mean `x`?", or what there is to choose from.
pub(super) fn suggestion<'a>(
    name: &str,
    noun: &str,
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    const MOST_LISTED: usize = 12;
    if let Some(meant) = did_you_mean(name, candidates.clone()) {
        return Some(meant);
    }
    let all: Vec<&str> = candidates.take(MOST_LISTED + 1).collect();
    (!all.is_empty() && all.len() <= MOST_LISTED).then(|| format!("known: {noun} `{}`", all.join("`, `")))
}

impl Planner<'_> {
    pub(super) fn lifespans(&mut self) -> &Lifespans {
        let (script, table) = (self.script, self.default_table.as_ref());
        self.lifespans.get_or_insert_with(|| Lifespans::of(script, table))
    }

    /// The table called `name` as the plan has it now.
    pub(super) fn table(&mut self, name: &Ident) -> Resolved<Name> {
        if let Some(table) = self.catalog.table(&name.name) {
            return Ok(table.name.clone());
        }
        if let Some(misplaced) = self.misplaced("table", &name.name, "", name.span) {
            return Err(misplaced);
        }
        if self.open {
            self.imply_table(&name.name);
            return Ok(name.name.clone());
        }
        let help = suggestion(&name.name, "table", self.catalog.tables().map(|table| &*table.name));
        let message = format!("there is no table `{}`", name.name);
        let mut unknown = Diagnostic::new(Code::UnknownName, message, name.span, "not declared");
        unknown.help = help.or_else(|| Some(format!("declare it: `table {} {{ … }}`", name.name)));
        Err(Box::new(unknown))
    }

    /// The table that unqualified columns belong to.
    pub(super) fn default_table_at(&mut self, span: Span) -> Resolved<Name> {
        let Some(name) = self.default_table.clone() else {
            let message = "no table is named";
            return Err(Box::new(
                Diagnostic::new(Code::AmbiguousTable, message, span, "which table?")
                    .help("write `table.column`, or name the table once in the header: `migration \"…\" on TABLE`"),
            ));
        };
        self.table(&Ident { name, span })
    }

    /// The table that a statement is about: the one it names, else that of a qualified column in it, else the header's.
    pub(super) fn subject(&mut self, named: Option<&Ident>, exprs: &[&Expr], span: Span) -> Resolved<Name> {
        if let Some(named) = named {
            return self.table(named);
        }
        match exprs.iter().find_map(|expr| qualified_table(expr)) {
            Some(table) => self.table(&table),
            None => self.default_table_at(span),
        }
    }

    /// A column as the plan has it now, with its table.
    pub(super) fn column(&mut self, column: &ColumnRef) -> Resolved<(Name, Column)> {
        let table = match &column.table {
            Some(table) => self.table(table)?,
            None => self.default_table_at(column.span())?,
        };
        let found = self.column_in(&table, &column.column)?;
        Ok((table, found))
    }

    /// The column called `name` of a table.
    pub(super) fn column_in(&mut self, table: &Name, name: &Ident) -> Resolved<Column> {
        if let Some(column) = self.catalog.column(table, &name.name) {
            return Ok(column.clone());
        }
        if let Some(misplaced) = self.misplaced("column", table, &name.name, name.span) {
            return Err(misplaced);
        }
        if self.open {
            return Ok(self.imply_column(table, &name.name));
        }
        Err(Box::new(unknown_column(&self.catalog, table, name)))
    }

    /// A statement about one column.
    pub(super) fn on_column(&mut self, column: &ColumnRef, make: fn(Name, ColumnId) -> Action) -> Resolved<Action> {
        let (table, column) = self.column(column)?;
        Ok(make(table, column.id))
    }

    /// An application of the script.
    pub(super) fn app(&mut self, name: &Ident) -> Resolved<Name> {
        let names = self.script.apps.iter().map(|app| &*app.name.name);
        if let Some(app) = self.script.apps.iter().find(|app| app.name.name == name.name) {
            return Ok(app.name.name.clone());
        }
        let message = format!("there is no application `{}`", name.name);
        let mut unknown = Diagnostic::new(Code::UnknownName, message, name.span, "not declared");
        unknown.help = suggestion(&name.name, "application", names)
            .or_else(|| Some(format!("declare it: `app {} {{ reads …  writes … }}`", name.name)));
        Err(Box::new(unknown))
    }

    /// The scope of expressions over one table. Its columns must have been looked at by [`Self::imply_columns`].
    pub(super) fn scope<'a>(&'a self, table: &'a str) -> TableScope<'a> {
        TableScope { catalog: &self.catalog, table }
    }

    /// Looks at each column of an expression over `table`: finds those used too early or too late, and, where the
    /// script declares no table, takes the rest as existing.
    pub(super) fn imply_columns(&mut self, table: &Name, expr: &Expr) -> Resolved<()> {
        let mut missing = Vec::new();
        let catalog = &self.catalog;
        expr.for_each_column(&mut |column| {
            let same_table = column.table.as_ref().is_none_or(|named| named.name == *table);
            if same_table && catalog.column(table, &column.column.name).is_none() {
                missing.push(column.column.clone());
            }
        });
        missing.iter().try_for_each(|name| self.column_in(table, name).map(|_| ()))
    }

    /// The finding for a name that the plan adds later or dropped before.
    fn misplaced(&mut self, noun: &str, table: &str, column: &str, span: Span) -> Option<Box<Diagnostic>> {
        let name = if column.is_empty() { table.to_owned() } else { column.to_owned() };
        let added = self.lifespans().added(table, column);
        let dropped = self.lifespans().dropped(table, column);
        let found = match (dropped, added) {
            (Some(dropped), _) if dropped.end <= span.start => Diagnostic::new(
                Code::UsedAfterDrop,
                format!("{noun} `{name}` is dropped before this"),
                span,
                "… but needed here",
            )
            .label(dropped, "dropped here …")
            .help("move the drop after the last statement that needs it"),
            (_, Some(added)) if added.start > span.start => Diagnostic::new(
                Code::UsedBeforeAdded,
                format!("{noun} `{name}` does not exist yet"),
                span,
                "used here …",
            )
            .label(added, "… but only added here")
            .help("move the statement that adds it before the first that needs it"),
            _ => return None,
        };
        Some(Box::new(found))
    }

    pub(super) fn imply_table(&mut self, name: &Name) {
        if self.catalog.table(name).is_none() {
            self.catalog.put_table(Table::new(name.clone(), false));
            self.implied_tables.push(name.clone());
        }
    }

    pub(super) fn imply_column(&mut self, table: &Name, name: &Name) -> Column {
        self.imply_table(table);
        let id = self.catalog.new_column_id();
        let column = Column {
            id,
            name: name.clone(),
            ty: Type::Unknown,
            written_type: None,
            not_null: NotNull::No,
            default: None,
        };
        if let Some(table) = self.catalog.table_mut(table) {
            table.add_column(column.clone());
        }
        self.catalog.found_as_well(table, &column);
        self.spread(table, name);
        self.implied.push((table.clone(), column.clone()));
        column
    }
}

fn qualified_table(expr: &Expr) -> Option<Ident> {
    let mut found = None;
    expr.for_each_column(&mut |column| {
        if let (None, Some(table)) = (&found, &column.table) {
            found = Some((**table).clone());
        }
    });
    found
}

fn unknown_column(catalog: &Catalog, table: &str, name: &Ident) -> Diagnostic {
    let message = format!("table `{table}` has no column `{}`", name.name);
    let mut unknown = Diagnostic::new(Code::UnknownName, message, name.span, "no such column");
    unknown.help = catalog
        .table(table)
        .and_then(|table| suggestion(&name.name, "column", table.columns().map(|column| &*column.name)));
    unknown
}

/// The columns of one table.
pub struct TableScope<'a> {
    /// Where the table is.
    pub catalog: &'a Catalog,
    /// Its name.
    pub table: &'a str,
}

impl Scope for TableScope<'_> {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        if let Some(other) = column.table.as_ref().filter(|other| *other.name != *self.table) {
            let message = format!("`{}.{}` is a column of another table", other.name, column.column.name);
            return Err(Box::new(
                Diagnostic::new(Code::UnknownName, message, column.span(), format!("this is about `{}`", self.table))
                    .help("data moves between tables with `copy T to T2 (…)`, and is kept in step with `sync T2.c <-> T.c`"),
            ));
        }
        match self.catalog.column(self.table, &column.column.name) {
            Some(found) => Ok((found.name.clone(), found.ty)),
            None => Err(Box::new(unknown_column(self.catalog, self.table, &column.column))),
        }
    }
}
