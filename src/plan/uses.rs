//! The tables that a script speaks of.

use crate::ast::{
    ColumnConstraint, ColumnDef, ColumnRef, Expr, ForeignKeyDef, Ident, Name, Script, StatementKind, SyncKind,
    TableConstraint, TableDef,
};
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
        script.tables.iter().for_each(|table| uses.definition(table));
        uses.idents(script.rows.iter().map(|rows| &rows.table));
        script.views.iter().flat_map(|view| &view.reads).for_each(|column| uses.column(column));
        let clauses = script.apps.iter().flat_map(|app| &app.clauses);
        clauses.flat_map(|clause| &clause.columns).for_each(|column| uses.column(column));
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

    fn expr(&mut self, expr: &Expr) {
        expr.for_each_column(&mut |column| self.column(column));
    }

    fn definition(&mut self, table: &TableDef) {
        self.ident(&table.name);
        table.columns.iter().for_each(|column| self.column_def(column));
        for constraint in &table.constraints {
            if let TableConstraint::ForeignKey(key) = constraint {
                self.foreign_key(key);
            }
        }
    }

    fn column_def(&mut self, column: &ColumnDef) {
        for (constraint, _) in &column.constraints {
            if let ColumnConstraint::References(to) = constraint {
                self.ident(&to.0);
            }
        }
    }

    fn foreign_key(&mut self, key: &ForeignKeyDef) {
        self.ident(&key.table);
    }

    fn statement(&mut self, kind: &StatementKind) {
        use StatementKind as K;
        match kind {
            K::AddColumn(parts) => {
                self.idents(parts.0.as_ref());
                self.column_def(&parts.1);
            }
            K::AddTable(table) => {
                self.definition(table);
                self.added.push(table.name.name.clone());
            }
            K::AddIndex(index) => self.idents(index.table.as_deref()),
            K::AddCheck(check) => {
                self.idents(check.table.as_ref());
                self.expr(&check.condition);
            }
            K::AddUnique(unique) => self.idents(unique.table.as_ref()),
            K::AddForeignKey(add) => {
                self.idents(add.table.as_ref());
                self.foreign_key(&add.key);
            }
            K::AddNotNull(column)
            | K::DropColumn(column)
            | K::DropNotNull(column)
            | K::DropDefault(column)
            | K::SetNotNull(column) => self.column(column),
            K::SetDefault(set) => self.column(&set.0),
            K::RenameColumn(names) => self.column(&names.0),
            K::AlterType(alter) => self.column(&alter.0),
            K::Sync(sync) => {
                self.column(&sync.target);
                match &sync.kind {
                    SyncKind::Both(other) => self.column(other),
                    SyncKind::From(value) => self.expr(value),
                }
            }
            K::DropSync(sync) => {
                self.column(&sync.target);
                sync.other.iter().for_each(|other| self.column(other));
            }
            K::Backfill(fill) | K::Seed(fill) => {
                self.column(&fill.target);
                self.expr(&fill.value);
            }
            K::Copy(copy) => self.idents([&copy.from, &copy.to]),
            K::Verify(verify) => {
                self.idents(verify.1.as_ref());
                self.expr(&verify.0);
            }
            K::DropTable(table) => self.ident(table),
            K::RenameTable(names) => self.ident(&names.0),
            K::Validate(_)
            | K::DropIndex(_)
            | K::DropCheck(_)
            | K::DropUnique(_)
            | K::DropForeignKey(_)
            | K::Deploy(_)
            | K::Retire(_)
            | K::Confirm(_)
            | K::Wait(_) => {}
        }
    }
}
