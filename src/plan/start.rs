//! The schema before the first statement: declared tables, known ones, and who is live.

use std::sync::Arc;

use crate::ast::{ColumnRef, Ident, Name, RowsFrom, Script};
use crate::catalog::{Catalog, Column, NotNull, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::ColumnName;
use crate::plan::lifespans::Lifespans;
use crate::plan::planner::{KnownTable, Planner};

impl<'s> Planner<'s> {
    /// A planner before the first statement of `script`.
    #[must_use]
    pub fn start(script: &'s Script, known: &[KnownTable]) -> Self {
        #[cfg(test)]
        crate::tally::note(crate::tally::Stage::Resolved, script.title());
        let mut planner = Self {
            script,
            open: script.tables.is_empty() && known.iter().all(|known| known.definition.is_none()),
            default_table: default_table(script, known),
            catalog: Catalog::default(),
            apps: Arc::new([]),
            diagnostics: Vec::new(),
            lifespans: None,
            implied_tables: Vec::new(),
            implied: Vec::new(),
            begun: false,
            added_at: Vec::new(),
        };
        planner.declare_known(known);
        planner.declare_tables();
        planner.declare_known_references(known);
        planner.check_header();
        planner.check_rows();
        planner.declare_apps();
        planner.check_views();
        planner
    }

    fn declare_known(&mut self, known: &[KnownTable]) {
        for known in known {
            if let Some(definition) = &known.definition {
                // What the language cannot say of it is left out, and nothing of it is in the script.
                let mut table = self.table_of(definition);
                table.beside = known.beside;
                self.diagnostics.clear();
                self.catalog.put_table(table);
                continue;
            }
            let mut table = Table::new(known.name.clone(), false);
            for (name, ty) in &known.columns {
                let id = self.catalog.new_column_id();
                table.add_column(Column {
                    id,
                    name: name.clone(),
                    ty: *ty,
                    written_type: None,
                    not_null: NotNull::No,
                    default: None,
                });
            }
            self.catalog.put_table(table);
        }
    }

    fn declare_tables(&mut self) {
        let mut seen: Vec<(&Name, &Ident)> = Vec::new();
        for def in &self.script.tables {
            if let Some((_, first)) = seen.iter().find(|(name, _)| **name == def.name.name) {
                let message = format!("table `{}` is declared twice", def.name.name);
                self.diagnostics.push(
                    Diagnostic::new(Code::DuplicateName, message, def.name.span, "declared again here")
                        .label(first.span, "first declared here")
                        .help("keep one of the two"),
                );
                continue;
            }
            seen.push((&def.name.name, &def.name));
            let table = self.table_of(def);
            self.catalog.put_table(table);
        }
        // Foreign keys may refer to a table declared further down.
        for def in &self.script.tables {
            let Some(table) = self.catalog.table(&def.name.name).cloned() else { continue };
            for key in self.references_of(def, &table) {
                if let Some(table) = self.catalog.table_mut(&def.name.name) {
                    table.add_constraint(key);
                }
            }
            def.columns.iter().for_each(|column| {
                if let Some(id) = self.catalog.column(&def.name.name, &column.name.name).map(|column| column.id) {
                    self.note_added(id, column.name.span);
                }
            });
        }
    }

    fn declare_known_references(&mut self, known: &[KnownTable]) {
        let found = self.diagnostics.len();
        for definition in known.iter().filter_map(|known| known.definition.as_ref()) {
            let Some(table) = self.catalog.table(&definition.name.name).cloned() else { continue };
            for key in self.references_of(definition, &table) {
                if let Some(table) = self.catalog.table_mut(&definition.name.name) {
                    table.add_constraint(key);
                }
            }
        }
        self.diagnostics.truncate(found);
    }

    fn check_header(&mut self) {
        let Some(table) = self.script.header.as_ref().and_then(|header| header.table.as_ref()) else { return };
        if self.catalog.table(&table.name).is_some() || self.lifespans().added(&table.name, "").is_some() {
            return;
        }
        if let Err(unknown) = self.table(table) {
            self.diagnostics.push(*unknown);
        }
    }

    fn check_rows(&mut self) {
        let script = self.script;
        for rows in &script.rows {
            if let Err(unknown) = self.table(&rows.table) {
                self.diagnostics.push(*unknown);
            } else if self.open && matches!(rows.from, RowsFrom::Listed(_) | RowsFrom::Generated { .. }) {
                let message = format!("the columns of `{}` are not declared", rows.table.name);
                let undeclared = Diagnostic::new(Code::InvalidRows, message, rows.table.span, "rows of which columns?");
                let help = format!("declare the table before its rows: `table {} {{ … }}`", rows.table.name);
                self.diagnostics.push(undeclared.help(help));
            }
        }
    }

    /// A column that an application or a view uses at some time: there now, or added by the plan.
    pub(super) fn app_column(&mut self, column: &ColumnRef) -> Option<ColumnName> {
        let table = match (&column.table, &self.default_table) {
            (Some(table), _) => table.name.clone(),
            (None, Some(table)) => table.clone(),
            (None, None) => {
                self.default_table_at(column.span()).map_err(|ambiguous| self.diagnostics.push(*ambiguous)).ok()?
            }
        };
        let name = &column.column.name;
        let there = self.catalog.column(&table, name).is_some();
        let added =
            |lifespans: &Lifespans| lifespans.added(&table, name).is_some() || lifespans.added(&table, "").is_some();
        if !there && !added(self.lifespans()) {
            let ident = column.table.as_deref().cloned().unwrap_or(Ident { name: table.clone(), span: column.span() });
            let found = self.table(&ident).and_then(|table| self.column_in(&table, &column.column));
            found.map_err(|unknown| self.diagnostics.push(*unknown)).ok()?;
        }
        Some(ColumnName { table, column: name.clone() })
    }

    fn check_views(&mut self) {
        let script = self.script;
        for column in script.views.iter().flat_map(|view| &view.reads) {
            self.app_column(column);
        }
    }
}

fn default_table(script: &Script, known: &[KnownTable]) -> Option<Name> {
    let named = script.header.as_ref().and_then(|header| header.table.as_ref()).map(|table| table.name.clone());
    named.or_else(|| match (script.tables.as_slice(), script.rows.as_slice()) {
        ([only], _) => Some(only.name.name.clone()),
        ([], [only]) => Some(only.table.name.clone()),
        ([], []) => match known.iter().filter(|known| !known.beside).collect::<Vec<_>>().as_slice() {
            [only] if only.definition.is_some() => Some(only.name.clone()),
            _ => None,
        },
        _ => None,
    })
}
