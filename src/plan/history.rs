//! What the whole script does to each name, read once when it is first needed: to tell a name used too early or too
//! late from one misspelt, and to find what fills a column.

use rustc_hash::FxHashMap;

use crate::ast::{ColumnRef, Expr, Ident, Name, Script, Statement, StatementKind, SyncKind};
use crate::plan::types::ColumnType;
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
                history.note(&statement, &default_table)
            });
        }
        script.statements.iter().for_each(|statement| history.note(statement, &default_table));
        history
    }

    fn note(&mut self, statement: &Statement, default_table: &Name) {
        let span = statement.span;
        let table = |named: Option<&Ident>| named.map_or(default_table, |table| &table.name).clone();
        let none: Name = "".into();
        match &statement.kind {
            StatementKind::AddColumn(parts) => {
                let places = self.places(table(parts.0.as_ref()), parts.1.name.name.clone());
                places.added.get_or_insert(span);
                places.ty = places.ty.take().or(parts.1.ty.as_ref().map(ColumnType::written));
            }
            StatementKind::AddTable(def) => {
                self.places(def.name.name.clone(), none).added.get_or_insert(span);
            }
            StatementKind::DropColumn(column) => {
                self.places(table(column.table.as_deref()), column.column.name.clone()).dropped.get_or_insert(span);
            }
            StatementKind::DropTable(name) => {
                self.places(name.name.clone(), none).dropped.get_or_insert(span);
            }
            StatementKind::Backfill(fill) | StatementKind::Seed(fill) => {
                let value = Filler::Value { table: None, value: fill.value.clone() };
                self.fill(table(fill.target.table.as_deref()), fill.target.column.name.clone(), value);
            }
            StatementKind::Sync(sync) => {
                let of = table(sync.target.table.as_deref());
                match &sync.kind {
                    SyncKind::From(value) => {
                        let value = value.clone();
                        self.fill(of, sync.target.column.name.clone(), Filler::Value { table: None, value });
                    }
                    SyncKind::Both(other) => {
                        let other_of = table(other.table.as_deref());
                        self.fill(of, sync.target.column.name.clone(), Filler::Column(other.clone()));
                        self.fill(other_of, other.column.name.clone(), Filler::Column(sync.target.clone()));
                    }
                }
            }
            StatementKind::Copy(copy) => {
                for (column, value) in &copy.columns {
                    let value = Filler::Value { table: Some(copy.from.name.clone()), value: value.clone() };
                    self.fill(copy.to.name.clone(), column.name.clone(), value);
                }
            }
            _ => {}
        }
    }

    fn places(&mut self, table: Name, column: Name) -> &mut Places {
        self.tables.entry(table).or_default().entry(column).or_default()
    }

    fn fill(&mut self, table: Name, column: Name, filler: Filler) {
        self.places(table, column).filled.get_or_insert(filler);
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
