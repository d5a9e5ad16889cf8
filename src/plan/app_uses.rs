//! The versions of the application, from their declarations.

use crate::ast::{App, AppClause, AppItem, AppVerb, ColumnRef, Ident, Name};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::apps::add;
use crate::plan::planner::Planner;
use crate::plan::{AppUse, ColumnName, Whole};

/// What the clauses of one kind say.
#[derive(Default)]
struct Said {
    /// There is such a clause.
    is_there: bool,
    columns: Vec<ColumnName>,
    whole: Vec<Name>,
    /// Tables, after `inserts` and `deletes`.
    tables: Vec<Name>,
}

impl Said {
    fn all_tables(&self) -> Vec<Name> {
        let columns = self.columns.iter().map(|column| &column.table);
        let mut tables: Vec<Name> = Vec::new();
        for table in columns.chain(&self.whole).chain(&self.tables) {
            if !tables.contains(table) {
                tables.push(table.clone());
            }
        }
        tables
    }
}

impl Planner<'_> {
    pub(super) fn declare_apps(&mut self) {
        let mut seen: Vec<&Ident> = Vec::new();
        let mut apps = Vec::new();
        for app in &self.script.apps {
            if let Some(first) = seen.iter().find(|first| first.name == app.name.name) {
                let message = format!("application `{}` is declared twice", app.name.name);
                self.diagnostics.push(
                    Diagnostic::new(Code::DuplicateName, message, app.name.span, "declared again here")
                        .label(first.span, "first declared here")
                        .help("give each version its own name"),
                );
                continue;
            }
            seen.push(&app.name);
            apps.push(self.app_use(app));
        }
        for app in &mut apps {
            self.spread_all(app);
            self.catalog.let_ask(&app.name, app.asks());
            if !self.script.deployed.contains(&app.name) {
                self.catalog.set_live(&app.name, true);
            }
        }
        self.apps = apps.into();
    }

    /// Adds the columns that are there of the tables that an application uses as they are.
    fn spread_all(&self, app: &mut AppUse) {
        let tables: Vec<Name> = app.whole.iter().map(|whole| whole.table.clone()).collect();
        for table in tables.iter().filter_map(|table| self.catalog.table(table)) {
            for column in table.columns() {
                app.spread(&ColumnName { table: table.name.clone(), column: column.name.clone() });
            }
        }
    }

    fn app_use(&mut self, app: &App) -> AppUse {
        let said = |planner: &mut Self, verbs: &[AppVerb]| planner.said(app, verbs);
        let known = self.diagnostics.len();
        let reads = said(self, &[AppVerb::Reads, AppVerb::Uses]);
        let writes = said(self, &[AppVerb::Writes, AppVerb::Uses]);
        self.drop_repeated(known);
        let updates = said(self, &[AppVerb::Updates]);
        let inserts = said(self, &[AppVerb::Inserts]);
        let deletes = said(self, &[AppVerb::Deletes]);
        let mut usage = AppUse::new(app.name.name.clone(), reads.columns.clone(), writes.columns.clone());
        usage.reads_catalog = app.reads_catalog;
        usage.connects_as.clone_from(&app.connects_as);
        let updated = if updates.is_there { &updates } else { &writes };
        usage.updates.clone_from(&updated.columns);
        if inserts.is_there {
            usage.inserts.clear();
        }
        for column in &inserts.columns {
            add(&mut usage.insert_into(&column.table).columns, column);
        }
        usage.deletes = if deletes.is_there { deletes.tables } else { writes.all_tables() };
        note_whole(&mut usage, &reads, |whole| whole.reads = true);
        note_whole(&mut usage, updated, |whole| whole.updates = true);
        note_whole(&mut usage, if inserts.is_there { &inserts } else { &writes }, |whole| whole.inserts = true);
        for table in inserts.tables.iter().filter(|table| inserts.columns.iter().all(|given| given.table != **table)) {
            insert_all_named(&mut usage, table, &[&reads, &writes, &updates]);
        }
        self.conflicts(app, &mut usage);
        usage.writes.clone_from(&usage.updates);
        let inserted: Vec<ColumnName> = usage.inserts.iter().flat_map(|inserts| inserts.columns.clone()).collect();
        inserted.iter().for_each(|column| add(&mut usage.writes, column));
        usage
    }

    /// Takes back what was found twice, in a clause that says two things.
    fn drop_repeated(&mut self, from: usize) {
        for finding in self.diagnostics.split_off(from) {
            if !self.diagnostics[from..].contains(&finding) {
                self.diagnostics.push(finding);
            }
        }
    }

    /// What the clauses with these words say.
    fn said(&mut self, app: &App, verbs: &[AppVerb]) -> Said {
        let mut said = Said::default();
        for clause in app.clauses.iter().filter(|clause| verbs.contains(&clause.verb)) {
            said.is_there = true;
            for item in &clause.what {
                match item {
                    AppItem::Column(column) => self.say_column(clause, column, &mut said),
                    AppItem::Whole(table) => said.whole.extend(self.app_table(table)),
                    AppItem::Table(table) => said.tables.extend(self.app_table(table)),
                }
            }
        }
        said
    }

    fn say_column(&mut self, clause: &AppClause, column: &ColumnRef, said: &mut Said) {
        if clause.verb == AppVerb::Inserts && self.is_table(column) {
            said.tables.extend(self.app_table(&column.column));
        } else if let Some(column) = self.app_column(column) {
            said.columns.push(column);
        }
    }

    /// Whether a name alone is that of a table at some time.
    fn is_table(&mut self, column: &ColumnRef) -> bool {
        let name = &column.column.name;
        column.table.is_none()
            && (self.catalog.table(name).is_some()
                || self.default_table.as_ref() == Some(name)
                || self.lifespans().added(name, "").is_some())
    }

    /// A table that is there now, or that the plan adds.
    fn app_table(&mut self, table: &Ident) -> Option<Name> {
        if self.catalog.table(&table.name).is_none() && self.lifespans().added(&table.name, "").is_none() {
            return self.table(table).map_err(|unknown| self.diagnostics.push(*unknown)).ok();
        }
        Some(table.name.clone())
    }

    /// The constraints that inserts name with `on conflict`.
    fn conflicts(&mut self, app: &App, usage: &mut AppUse) {
        for clause in app.clauses.iter().filter(|clause| !clause.conflict.is_empty()) {
            let one = App { clauses: vec![AppClause { conflict: Vec::new(), ..clause.clone() }], ..app.clone() };
            let known = self.diagnostics.len();
            let tables = self.said(&one, &[clause.verb]).all_tables();
            self.diagnostics.truncate(known);
            let [table] = tables.as_slice() else {
                self.refuse_conflict(&clause.conflict);
                continue;
            };
            let table = Ident { name: table.clone(), span: app.name.span };
            let of = |column: &Ident| ColumnRef { table: Some(Box::new(table.clone())), column: column.clone() };
            let columns = clause.conflict.iter().map(|column| self.app_column(&of(column))).collect::<Option<Vec<_>>>();
            if let Some(columns) = columns {
                let names = columns.into_iter().map(|column| column.column).collect();
                usage.insert_into(&table.name).conflicts.push(names);
            }
        }
    }

    fn refuse_conflict(&mut self, columns: &[Ident]) {
        let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return };
        let message = "`on conflict` is about the columns of one table";
        let span = first.span.to(last.span);
        let finding = Diagnostic::new(Code::AmbiguousTable, message, span, "of which table?");
        self.diagnostics.push(finding.help("write a clause `inserts T on conflict (…)` for each table"));
    }
}

fn note_whole(usage: &mut AppUse, said: &Said, note: impl Fn(&mut Whole)) {
    for table in &said.whole {
        let at = usage.whole.iter().position(|whole| whole.table == *table).unwrap_or_else(|| {
            usage.whole.push(Whole { table: table.clone(), reads: false, inserts: false, updates: false });
            usage.whole.len() - 1
        });
        note(&mut usage.whole[at]);
    }
}

/// `inserts t`: it gives every column of the table that it names.
fn insert_all_named(usage: &mut AppUse, table: &Name, named: &[&Said]) {
    usage.insert_into(table);
    for said in named {
        for column in said.columns.iter().filter(|column| column.table == *table) {
            add(&mut usage.insert_into(table).columns, column);
        }
        if said.whole.contains(table) {
            let whole = usage.whole.iter_mut().find(|whole| whole.table == *table);
            whole.into_iter().for_each(|whole| whole.inserts = true);
        }
    }
}
