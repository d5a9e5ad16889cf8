//! The schema as it is now, in the words of the language.

use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, NotNull, Table};
use crate::repl::session::Session;
use crate::report::clean;
use crate::syntax::quote_ident;

impl Session {
    /// Tables, columns, constraints and indexes.
    pub(super) fn schema_view(&self) -> String {
        let memory = self.present.memory();
        let catalog = memory.catalog();
        let tables: Vec<String> =
            catalog.tables().map(|table| table_text(catalog, table, memory.now_micros())).collect();
        if tables.is_empty() { "there is no table\n".to_owned() } else { clean(&tables.join("\n")).into_owned() }
    }
}

fn table_text(catalog: &Catalog, table: &Table, now_micros: i64) -> String {
    let columns: Vec<&Column> = table.columns().collect();
    let width = columns.iter().map(|column| quote_ident(&column.name).chars().count()).max().unwrap_or(0);
    let mut text = format!("table {} {{\n", quote_ident(&table.name));
    for column in columns {
        let line = format!("{:width$}  {}{}", quote_ident(&column.name), column.ty, clauses(table, column, now_micros));
        text += &format!("    {}\n", line.trim_end());
    }
    for constraint in table.constraints().filter(|constraint| !is_beside_column(constraint)) {
        text += &format!("    {}\n", constraint_text(catalog, table, constraint));
    }
    text + "}\n"
}

/// What follows a column's type.
fn clauses(table: &Table, column: &Column, now_micros: i64) -> String {
    let mut text = String::new();
    if table.primary_key() == Some(&[column.id]) {
        text += " primary key";
    } else {
        text += match column.not_null {
            NotNull::No => "",
            NotNull::NewWrites => " not null   # binds new writes only",
            NotNull::Validated | NotNull::Yes => " not null",
        };
    }
    if let Some(default) = &column.default {
        let value = default.eval(&[], now_micros).map_or_else(|_| "…".to_owned(), |value| value.literal());
        let clause = if default.is_immutable() { format!(" default {value}") } else { " default …".to_owned() };
        text.insert_str(0, &clause);
    }
    text
}

/// A primary key of one column is said beside it.
fn is_beside_column(constraint: &Constraint) -> bool {
    matches!(&constraint.kind, ConstraintKind::PrimaryKey(columns) if columns.len() == 1)
}

fn constraint_text(catalog: &Catalog, table: &Table, constraint: &Constraint) -> String {
    let name = quote_ident(&constraint.name);
    let columns = |ids: &[crate::catalog::ColumnId]| {
        table.column_names(ids).iter().map(|name| quote_ident(name).into_owned()).collect::<Vec<_>>().join(", ")
    };
    let pending = |validated: bool| if validated { "" } else { "   # binds new writes only" };
    match &constraint.kind {
        ConstraintKind::PrimaryKey(ids) => format!("primary key ({})", columns(ids)),
        ConstraintKind::Unique(ids) => format!("unique {name} ({})", columns(ids)),
        ConstraintKind::Check { columns: ids, validated, .. } => {
            format!("check {name} (… {} …){}", columns(ids), pending(*validated))
        }
        ConstraintKind::ForeignKey { column, table: to, referenced, validated } => {
            let referenced = quote_ident(catalog.column_name(to, *referenced)).into_owned();
            let from = columns(&[*column]);
            format!("foreign key {name} ({from}) references {} ({referenced}){}", quote_ident(to), pending(*validated))
        }
        ConstraintKind::Index { columns: ids, unique, filter } => {
            let unique = if *unique { " unique" } else { "" };
            let filter = if filter.is_some() { " where …" } else { "" };
            format!("index {name} ({}){unique}{filter}", columns(ids))
        }
    }
}
