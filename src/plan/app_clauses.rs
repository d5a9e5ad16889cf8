//! What a version does, as the clauses of its declaration.

use crate::ast::Name;
use crate::plan::apps::{AppUse, ColumnName, Inserts, Whole};
use crate::syntax::quote_ident;

/// How columns are written.
#[derive(Clone, Copy)]
struct Written<'a> {
    app: &'a AppUse,
    default_table: Option<&'a Name>,
}

impl AppUse {
    /// The clauses of its declaration. Columns of `default_table` go by their names alone.
    #[must_use]
    pub fn clauses(&self, default_table: Option<&Name>) -> Vec<String> {
        let mut clauses = self.verbs(default_table);
        if let ([reads, writes], true) = (clauses.as_slice(), self.does_all())
            && let (Some(reads), Some(writes)) = (reads.strip_prefix("reads "), writes.strip_prefix("writes "))
            && reads == writes
        {
            clauses = vec![format!("uses {reads}")];
        }
        clauses.extend(self.reads_catalog.then(|| "reads catalog".to_owned()));
        let role = self.connects_as.as_ref();
        clauses.extend(role.map(|name| format!("connects as '{}'", name.replace('\'', "''"))));
        clauses
    }

    /// What it reads and writes, a clause each: `writes` for what it inserts, updates and deletes alike, otherwise each
    /// of the three.
    #[must_use]
    pub fn verbs(&self, default_table: Option<&Name>) -> Vec<String> {
        let written = Written { app: self, default_table };
        let clause = |verb: &str, columns: String| (!columns.is_empty()).then(|| format!("{verb} {columns}"));
        let reads = clause("reads", written.columns(&self.reads, |whole| whole.reads));
        let updates = written.columns(&self.updates, |whole| whole.updates);
        if self.does_all() {
            return reads.into_iter().chain(clause("writes", updates)).collect();
        }
        let inserts = self.inserts.iter().flat_map(|inserts| written.inserts(inserts));
        let deletes: Vec<_> = self.deletes.iter().map(|table| quote_ident(table)).collect();
        let all = reads.into_iter().chain(clause("updates", updates)).chain(inserts);
        all.chain(clause("deletes", deletes.join(", "))).collect()
    }

    /// Whether it inserts, updates and deletes alike, as `writes` says.
    fn does_all(&self) -> bool {
        let mut plain = Self::new(self.name.clone(), Vec::new(), self.updates.clone());
        for whole in self.whole.iter().filter(|whole| whole.updates) {
            plain.insert_into(&whole.table);
            if !plain.deletes_from(&whole.table) {
                plain.deletes.push(whole.table.clone());
            }
        }
        let sorted = |tables: &[Name]| {
            let mut tables = tables.to_vec();
            tables.sort();
            tables
        };
        let alike = |inserts: &Inserts| self.inserts_into(&inserts.table) == Some(inserts);
        plain.inserts.len() == self.inserts.len()
            && plain.inserts.iter().all(alike)
            && sorted(&plain.deletes) == sorted(&self.deletes)
            && self.whole.iter().all(|whole| whole.inserts == whole.updates)
    }
}

impl Written<'_> {
    fn columns(self, columns: &[ColumnName], whole: impl Fn(&Whole) -> bool) -> String {
        let named = columns.iter().filter(|column| !self.app.spread.contains(column));
        let named = named.map(|column| column.written(self.default_table));
        let tables = self.app.whole.iter().filter(|one| whole(one));
        named.chain(tables.map(|whole| format!("{}.*", quote_ident(&whole.table)))).collect::<Vec<_>>().join(", ")
    }

    /// `inserts a, b`, one for each `on conflict`.
    fn inserts(self, inserts: &Inserts) -> Vec<String> {
        let columns = self.columns(&inserts.columns, |whole| whole.inserts && whole.table == inserts.table);
        let what = if columns.is_empty() { quote_ident(&inserts.table).into_owned() } else { columns };
        let names = |columns: &[Name]| columns.iter().map(|name| quote_ident(name)).collect::<Vec<_>>().join(", ");
        let conflicts = inserts.conflicts.iter().map(|columns| format!(" on conflict ({})", names(columns)));
        let conflicts: Vec<String> =
            if inserts.conflicts.is_empty() { vec![String::new()] } else { conflicts.collect() };
        conflicts.iter().map(|conflict| format!("inserts {what}{conflict}")).collect()
    }
}
