//! `in-use`: a live application loses what it reads or writes.

use std::collections::HashMap;

use crate::ast::Name;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{ColumnName, Gate, Removal};
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
                self.report(at, &format!("column `{name}`"), goes, findings);
            }
            Some(Removal::Table(table)) => {
                self.report(at, &format!("table `{table}`"), |used| used.table == *table, findings);
            }
            None => {}
        }
    }
}

impl InUse {
    fn report(&self, at: &At<'_, '_>, what: &str, goes: impl Fn(&ColumnName) -> bool, findings: &mut Vec<Diagnostic>) {
        let live = at.planner.apps().iter().filter(|app| at.catalog().is_live(&app.name));
        let users: Vec<_> = live.filter(|app| app.uses().any(&goes)).collect();
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
