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

#[cfg(test)]
mod tests {
    use crate::plan::Plan;
    use crate::source::Source;
    use crate::syntax;

    /// The declaration of an application, once it was resolved.
    fn declared(app: &str) -> String {
        let text = format!(
            "migration \"t\" on users\ntable users {{\n id integer primary key\n name text\n email text unique\n}}\n\
             table logs {{\n id integer primary key\n line text\n}}\n{app}\nexpand add column nick text\n"
        );
        let parsed = syntax::parse(Source::new("t.mig", text));
        let plan = Plan::resolve(&parsed.script, &[]).expect("a plan");
        plan.apps[0].declaration(plan.default_table.as_ref())
    }

    #[test]
    fn a_declaration_that_says_it_all_stays() {
        for app in [
            "app v1 { uses name, email }",
            "app v1 { reads name  writes email }",
            "app v1 { reads name }",
            "app v1 { uses users.* }",
            "app v1 { uses name  reads catalog  connects as 'shop' }",
            "app v1 { reads name  updates name }",
            "app v1 { reads name  inserts name, email on conflict (email)  deletes logs }",
        ] {
            assert_eq!(declared(app), app);
        }
    }

    #[test]
    fn what_is_said_of_one_verb_replaces_what_writes_says_of_it() {
        for (written, meant) in [
            ("uses name  deletes none", "reads name  updates name  inserts name"),
            ("uses name  inserts none", "reads name  updates name  deletes users"),
            ("uses name  updates none", "reads name  inserts name  deletes users"),
            ("uses name  inserts email", "reads name  updates name  inserts email  deletes users"),
            ("reads name, email  updates name  inserts users", "reads name, email  updates name  inserts name, email"),
            ("uses users.*  deletes none", "reads users.*  updates users.*  inserts users.*"),
            ("reads users.*  updates name", "reads name, users.*  updates name"),
            ("inserts logs", "inserts logs"),
            ("deletes logs, users", "deletes logs, users"),
        ] {
            assert_eq!(declared(&format!("app v1 {{ {written} }}")), format!("app v1 {{ {meant} }}"));
        }
    }

    #[test]
    fn a_column_that_the_plan_adds_comes_to_who_uses_them_all() {
        let parsed = syntax::parse(Source::new(
            "t.mig",
            "migration \"t\" on t\ntable t {\n id integer primary key\n a text\n}\napp v1 { uses t.* }\n\
             app v2 { uses t.*, b }\nexpand add column b text\ncontract drop column a\n",
        ));
        let plan = Plan::resolve(&parsed.script, &[]).expect("a plan");
        let names = |app: usize| plan.apps[app].needs().map(|column| column.column.to_string()).collect::<Vec<_>>();
        let read: Vec<String> = plan.apps[0].reads.iter().map(|column| column.column.to_string()).collect();
        assert_eq!(read, ["id", "a", "b"]);
        assert_eq!((names(0), names(1)), (Vec::new(), vec!["b".to_owned(), "b".to_owned()]));
    }
}
