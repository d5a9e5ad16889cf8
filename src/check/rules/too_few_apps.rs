//! `missing-app`: applications are declared, but none that uses what the plan adds and fills.

use std::collections::HashSet;

use crate::ast::{Name, Script};
use crate::catalog::{Catalog, Column, ColumnId, Table};
use crate::check::{At, Rule, allow};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{AppUse, ColumnName, Planner};

/// Versions that use more columns than this are not spelt out.
const MOST_SPELT_OUT: usize = 40;

/// What a plan does to each column, by identity.
#[derive(Default)]
pub(super) struct TooFewApps {
    columns: Vec<Marks>,
}

/// What a plan does to a column.
#[derive(Clone, Copy, Default)]
struct Marks {
    added: bool,
    filled: bool,
    /// Another column that the plan adds is filled from it.
    passed_on: bool,
}

impl Rule for TooFewApps {
    fn statement(&mut self, at: &mut At<'_, '_>, _findings: &mut Vec<Diagnostic>) {
        if at.script.apps.is_empty() {
            return;
        }
        let added = at.effect.adds.iter();
        added.for_each(|(_, column)| self.mark(column.id).added = column.default.is_none());
        at.effect.fills.iter().for_each(|filling| self.fill(filling.column, &filling.sources));
    }

    fn finish(&mut self, planner: &Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        let Some(latest) = planner.apps().last() else { return };
        if findings.iter().any(|finding| allow::stands_in_the_way(script, finding)) {
            return;
        }
        let used: HashSet<&ColumnName> = planner.apps().iter().flat_map(AppUse::uses).collect();
        let unused = self.left(planner.catalog()).filter_map(|(table, column)| {
            let name = ColumnName { table: table.name.clone(), column: column.name.clone() };
            (!used.contains(&name)).then_some((column.id, name))
        });
        let unused: Vec<(ColumnId, ColumnName)> = unused.collect();
        if let Some((first, _)) = unused.first() {
            let names: Vec<ColumnName> = unused.iter().map(|(_, name)| name.clone()).collect();
            let span = planner.added_at(*first);
            let message = format!("no declared `app` uses {}, which the plan adds and fills", listed(&names));
            findings.push(
                Diagnostic::new(Code::MissingApp, message, span, "who uses it?").help(help(planner, latest, &names)),
            );
        }
    }
}

impl TooFewApps {
    fn mark(&mut self, column: ColumnId) -> &mut Marks {
        let index = column.0 as usize;
        if self.columns.len() <= index {
            self.columns.resize(index + 1, Marks::default());
        }
        &mut self.columns[index]
    }

    fn fill(&mut self, target: ColumnId, sources: &[ColumnId]) {
        let target = self.mark(target);
        target.filled = true;
        if target.added {
            sources.iter().for_each(|source| self.mark(*source).passed_on = true);
        }
    }

    /// The columns of the final schema that the plan has added and filled for their own sake.
    fn left<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = (&'a Table, &'a Column)> {
        let is_left = |table: &Table, column: &Column| {
            let marks = self.columns.get(column.id.0 as usize).copied().unwrap_or_default();
            let in_key = || table.primary_key().is_some_and(|key| key.contains(&column.id));
            marks.added && marks.filled && !marks.passed_on && !in_key()
        };
        catalog.tables().flat_map(move |table| {
            table.columns().filter(move |column| is_left(table, column)).map(move |column| (&**table, column))
        })
    }
}

/// `a`, or `a` and others.
fn listed(names: &[ColumnName]) -> String {
    match names {
        [one] => format!("`{}`", one.column),
        [one, other] => format!("`{}` and `{}`", one.column, other.column),
        _ => format!("`{}` and {} others", names[0].column, names.len() - 1),
    }
}

/// The version that is missing: the latest one without what is gone in the end, and with what no version uses.
fn help(planner: &Planner<'_>, latest: &AppUse, unused: &[ColumnName]) -> String {
    let stays = |column: &&ColumnName| planner.catalog().column(&column.table, &column.column).is_some();
    let next = |columns: &[ColumnName]| columns.iter().filter(stays).chain(unused).cloned().collect();
    let name = next_name(&latest.name, planner.apps());
    let missing = AppUse::new(name, next(&latest.reads), next(&latest.writes));
    let deploy = format!("`deploy {}` after the last statement that fills it", missing.name);
    if missing.uses().count() > 2 * MOST_SPELT_OUT {
        return format!("declare the version that does, with {deploy}");
    }
    let declaration = missing.declaration(planner.default_table());
    let lines = declaration.replace('\n', "\n    ");
    format!("declare the version that does, with {deploy}:\n    {lines}")
}

/// `v3` after `v2`.
fn next_name(latest: &str, apps: &[AppUse]) -> Name {
    let stem = latest.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: u32 = latest[stem.len()..].parse().unwrap_or(1);
    let stem = if stem.len() == latest.len() { format!("{stem}_v") } else { stem.to_owned() };
    let names = (1..).map(|step| format!("{stem}{}", number.saturating_add(step)));
    let is_free = |name: &String| apps.iter().all(|app| *app.name != **name);
    names.take(apps.len() + 1).find(is_free).unwrap_or(stem).into()
}
