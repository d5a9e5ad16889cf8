//! What the whole script does to each name, read once when it is first needed: to tell a name used too early or too
//! late from one misspelt, and to find what fills a column.

use rustc_hash::FxHashMap;

use crate::ast::{Added, ColumnRef, Dropped, Expr, FilledFrom, Ident, Name, Script, Statement};
use crate::plan::column_type::ColumnType;
use crate::source::Span;
use crate::syntax;

/// What the script does to a column, the first of each; a whole table has the column `""`.
#[derive(Debug, Default)]
struct Places {
    added: Option<Span>,
    /// The type that `add column` writes.
    ty: Option<ColumnType>,
    dropped: Option<Span>,
    filled: Option<Filler>,
}

/// What first fills a column.
#[derive(Clone, Debug)]
pub(super) enum Filler {
    /// An expression over a table.
    Value {
        /// The table; none for that of the column.
        table: Option<Name>,
        /// The expression.
        value: Expr,
    },
    /// The other column of `c <-> d`.
    Column(ColumnRef),
}

impl Filler {
    fn of(from: FilledFrom<'_>) -> Self {
        match from {
            FilledFrom::Value(table, value) => {
                Self::Value { table: table.map(|table| table.name.clone()), value: value.clone() }
            }
            FilledFrom::Column(other) => Self::Column(other.clone()),
        }
    }
}

/// Places by table and column.
#[derive(Debug, Default)]
pub(super) struct History {
    tables: FxHashMap<Name, FxHashMap<Name, Places>>,
}

impl History {
    /// The statements of a script whose tree is not kept are read for it.
    pub(super) fn of(script: &Script, default_table: Option<&Name>) -> Self {
        let mut history = Self::default();
        let default_table = default_table.cloned().unwrap_or_else(|| "".into());
        if script.statements.is_empty() {
            let source = &script.source;
            syntax::for_each_statement(source, source.span(), &mut |statement| {
                history.note(&statement, &default_table);
            });
        }
        script.statements.iter().for_each(|statement| history.note(statement, &default_table));
        history
    }

    fn note(&mut self, statement: &Statement, default_table: &Name) {
        let span = statement.span;
        let table = |named: Option<&Ident>| named.map_or(default_table, |table| &table.name).clone();
        let none: Name = "".into();
        let mentions = statement.kind.mentions();
        match mentions.adds {
            Some(Added::Column(of, column)) => {
                let places = self.places(table(of), column.name.name.clone());
                places.added.get_or_insert(span);
                places.ty = places.ty.take().or(column.ty.as_ref().map(ColumnType::written));
            }
            Some(Added::Table(added)) => {
                self.places(added.name.name.clone(), none.clone()).added.get_or_insert(span);
            }
            None => {}
        }
        let dropped = mentions.drops.map(|dropped| match dropped {
            Dropped::Column(column) => (table(column.table.as_deref()), column.column.name.clone()),
            Dropped::Table(dropped) => (dropped.name.clone(), none),
        });
        if let Some((of, column)) = dropped {
            self.places(of, column).dropped.get_or_insert(span);
        }
        for filled in mentions.fills {
            let places = self.places(table(filled.table), filled.column.name.clone());
            places.filled.get_or_insert_with(|| Filler::of(filled.from));
        }
    }

    fn places(&mut self, table: Name, column: Name) -> &mut Places {
        self.tables.entry(table).or_default().entry(column).or_default()
    }

    fn find(&self, table: &str, column: &str) -> Option<&Places> {
        self.tables.get(table)?.get(column)
    }

    /// The statement that adds a column, or with the column `""` a table.
    pub(super) fn added(&self, table: &str, column: &str) -> Option<Span> {
        self.find(table, column)?.added
    }

    /// The type that the statement that adds a column gives it.
    pub(super) fn type_of_added(&self, table: &str, column: &str) -> Option<ColumnType> {
        self.find(table, column)?.ty.clone()
    }

    /// The statement that drops a column, or with the column `""` a table.
    pub(super) fn dropped(&self, table: &str, column: &str) -> Option<Span> {
        self.find(table, column)?.dropped
    }

    /// What first fills a column.
    pub(super) fn filled(&self, table: &str, column: &str) -> Option<&Filler> {
        self.find(table, column)?.filled.as_ref()
    }
}
