//! What the whole script does to each name, read once when it is first needed: to tell a name used too early or too
//! late from one misspelt, and to find what fills a column.

use std::collections::HashMap;

use crate::ast::{ColumnRef, Ident, Script, StatementKind, SyncKind};

/// The first statement, by index, that does each thing to a column; a whole table has the column `""`.
#[derive(Debug, Default)]
pub(super) struct History<'s> {
    added: Places<'s>,
    dropped: Places<'s>,
    filled: Places<'s>,
}

type Places<'s> = HashMap<(&'s str, &'s str), u32>;

impl<'s> History<'s> {
    pub(super) fn of(script: &'s Script, default_table: Option<&'s str>) -> Self {
        let mut history = Self::default();
        let default_table = default_table.unwrap_or("");
        for (index, statement) in (0..).zip(&script.statements) {
            history.note(index, &statement.kind, default_table);
        }
        history
    }

    fn note(&mut self, index: u32, statement: &'s StatementKind, default_table: &'s str) {
        let table = |named: Option<&'s Ident>| named.map_or(default_table, |table| &*table.name);
        let key = |column: &'s ColumnRef| (table(column.table.as_deref()), &*column.column.name);
        let mut first = |places: fn(&mut Self) -> &mut Places<'s>, key| {
            places(self).entry(key).or_insert(index);
        };
        match statement {
            StatementKind::AddColumn(parts) => first(|h| &mut h.added, (table(parts.0.as_ref()), &parts.1.name.name)),
            StatementKind::AddTable(def) => first(|h| &mut h.added, (&def.name.name, "")),
            StatementKind::DropColumn(column) => first(|h| &mut h.dropped, key(column)),
            StatementKind::DropTable(name) => first(|h| &mut h.dropped, (&name.name, "")),
            StatementKind::Backfill(fill) | StatementKind::Seed(fill) => first(|h| &mut h.filled, key(&fill.target)),
            StatementKind::Sync(sync) => {
                first(|h| &mut h.filled, key(&sync.target));
                if let SyncKind::Both(other) = &sync.kind {
                    first(|h| &mut h.filled, key(other));
                }
            }
            StatementKind::Copy(copy) => {
                copy.columns.iter().for_each(|(name, _)| first(|h| &mut h.filled, (&copy.to.name, &name.name)));
            }
            _ => {}
        }
    }

    /// The statement that adds a column, or with the column `""` a table.
    pub(super) fn added(&self, table: &str, column: &str) -> Option<usize> {
        self.added.get(&(table, column)).map(|index| *index as usize)
    }

    /// The statement that drops a column, or with the column `""` a table.
    pub(super) fn dropped(&self, table: &str, column: &str) -> Option<usize> {
        self.dropped.get(&(table, column)).map(|index| *index as usize)
    }

    /// The first statement that fills a column.
    pub(super) fn filled(&self, table: &str, column: &str) -> Option<usize> {
        self.filled.get(&(table, column)).map(|index| *index as usize)
    }
}
