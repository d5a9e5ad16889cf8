//! `in-use`: a live application loses what it reads or writes.

use std::collections::HashMap;

use crate::ast::Name;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{AppUse, ColumnName, Gate, Removal};
use crate::source::Span;

/// Where each application was deployed.
#[derive(Default)]
pub(super) struct InUse {
    deployed: HashMap<Name, Span>,
}

impl Rule for InUse {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        if let Some(Gate::Deploy(app)) = at.effect.gate {
            self.deployed.insert(app.clone(), at.statement.span);
        }
        match at.effect.removes {
            Some(Removal::Column(table, column)) => {
                let name = at.catalog().column_name(table, column);
                let goes = |used: &ColumnName| used.table == *table && *used.column == *name;
                let known = findings.len();
                self.report(at, &format!("column `{name}`"), goes, findings);
                if findings.len() == known {
                    self.report_remembered(at, (table, name), findings);
                }
            }
            Some(Removal::Table(table)) => {
                self.report(at, &format!("table `{table}`"), |used| used.table == *table, findings);
            }
            None => {}
        }
    }
}

impl InUse {
    /// A version that asked the catalog when it started, and goes on naming what it found.
    fn report_remembered(&self, at: &At<'_, '_>, (table, name): (&Name, &str), findings: &mut Vec<Diagnostic>) {
        let found = |app: &&AppUse| {
            app.reads_catalog
                && at.catalog().is_live(&app.name)
                && at.catalog().column_found_by(&app.name, table, name).is_some()
        };
        let Some(app) = at.planner.apps().iter().find(found) else { return };
        let declared = at.script.apps.iter().find(|declared| declared.name.name == app.name).map(|app| app.name.span);
        let since = self.deployed.get(&app.name).copied().or(declared);
        let message = format!("column `{name}` is still named by `{}`, which found it when it started", app.name);
        let mut finding = Diagnostic::new(Code::InUse, message, at.statement.span, "… but removed here");
        if let Some(since) = since {
            finding = finding.label(since, format!("`{}` reads the catalog as it starts …", app.name));
        }
        findings.push(finding.help(format!(
            "let `{app}` leave the column out before this (`ignored_columns`, a mapping by name), and say so: without \
             `reads catalog`; or `retire {app}` before this and `deploy {app}` after it, beside a version that does not \
             name it",
            app = app.name
        )));
    }

    fn report(&self, at: &At<'_, '_>, what: &str, goes: impl Fn(&ColumnName) -> bool, findings: &mut Vec<Diagnostic>) {
        let live = at.planner.apps().iter().filter(|app| at.catalog().is_live(&app.name));
        let users: Vec<_> = live.filter(|app| app.needs().any(&goes)).collect();
        let Some(app) = users.first() else { return };
        let verb = match (app.reads.iter().any(&goes), app.writes.iter().any(&goes)) {
            (true, true) => "reads and writes",
            (true, false) => "reads",
            _ => "writes",
        };
        let names: Vec<String> = users.iter().map(|app| format!("`{}`", app.name)).collect();
        let declared = at.script.apps.iter().find(|declared| declared.name.name == app.name).map(|app| app.name.span);
        let since = self.deployed.get(&app.name).copied().or(declared);
        let message = format!("{what} is still used by {}", names.join(" and "));
        let mut finding = Diagnostic::new(Code::InUse, message, at.statement.span, "… but removed here");
        if let Some(since) = since {
            finding = finding.label(since, format!("`{}` {verb} it, and is live …", app.name));
        }
        findings.push(finding.help(match users.as_slice() {
            [only] if at.script.apps.len() > 1 => format!("`retire {}` before this statement", only.name),
            [only] => format!(
                "declare the version without it (`app v2 {{ … }}`), and `deploy v2`, `retire {}` before this",
                only.name
            ),
            _ => format!("retire {} before this statement", names.join(" and ")),
        }));
    }
}
