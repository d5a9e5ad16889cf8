//! The tables that a script speaks of.

use crate::ast::{Added, AppItem, ColumnRef, Ident, Name, Script, StatementKind, TableDef};
use crate::source::Span;

/// Tables by name, each with the place where it is named first, in the order of places.
#[derive(Debug, Default)]
pub struct Uses {
    /// The tables that it names.
    pub tables: Vec<(Name, Span)>,
    /// The tables that statements add.
    pub added: Vec<Name>,
}

impl Uses {
    /// The tables that a script speaks of.
    #[must_use]
    pub fn of(script: &Script) -> Self {
        let mut uses = Self::default();
        uses.idents(script.header.iter().filter_map(|header| header.table.as_ref()));
        uses.idents(script.tables.iter().flat_map(TableDef::tables));
        uses.idents(script.rows.iter().map(|rows| &rows.table));
        script.views.iter().flat_map(|view| &view.reads).for_each(|column| uses.column(column));
        let clauses = script.apps.iter().flat_map(|app| &app.clauses);
        clauses.flat_map(|clause| &clause.what).for_each(|item| match item {
            AppItem::Column(column) => uses.column(column),
            AppItem::Whole(table) | AppItem::Table(table) => uses.ident(table),
        });
        script.statements.iter().for_each(|statement| uses.statement(&statement.kind));
        uses.tables.sort_by_key(|(_, span)| *span);
        uses
    }

    fn ident(&mut self, table: &Ident) {
        match self.tables.iter_mut().find(|(name, _)| *name == table.name) {
            Some((_, span)) => *span = (*span).min(table.span),
            None => self.tables.push((table.name.clone(), table.span)),
        }
    }

    fn idents<'a>(&mut self, tables: impl IntoIterator<Item = &'a Ident>) {
        tables.into_iter().for_each(|table| self.ident(table));
    }

    fn column(&mut self, column: &ColumnRef) {
        self.idents(column.table.as_deref());
    }

    fn statement(&mut self, kind: &StatementKind) {
        let mentions = kind.mentions();
        self.idents(mentions.tables);
        mentions.columns.into_iter().for_each(|column| self.column(column));
        if let Some(Added::Table(table)) = mentions.adds {
            self.added.push(table.name.name.clone());
        }
    }
}
