//! `app-breaks`: an application is live without what it uses.

use crate::ast::{Name, Script};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{AppUse, ColumnName, Gate, Planner, conflict_name};
use crate::source::Span;

pub(super) struct AppBreaks;

impl Rule for AppBreaks {
    fn start(&mut self, planner: &mut Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        for app in &script.apps {
            if planner.catalog().is_live(&app.name.name) {
                let help = format!("write `deploy {}` after the statement that adds it", app.name.name);
                findings.extend(missing(planner, &app.name.name, app.name.span, "live from the start …", &help));
            }
        }
    }

    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        if let Some(Gate::Deploy(app)) = at.effect.gate {
            let help = "move the `deploy` after the statement that adds it";
            findings.extend(missing(at.planner, app, at.statement.span, "live from here …", help));
        }
    }
}

fn missing(planner: &mut Planner<'_>, app: &Name, span: Span, since: &str, help: &str) -> Option<Diagnostic> {
    let apps = std::sync::Arc::clone(planner.apps());
    let usage = apps.iter().find(|usage| usage.name == *app)?;
    let is_absent = |used: &&ColumnName| planner.catalog().column(&used.table, &used.column).is_none();
    let Some(absent) = usage.needs().find(is_absent) else { return unmatched(planner, usage, span, since) };
    let message = format!("`{app}` is live without `{absent}`, which it uses");
    let finding = Diagnostic::new(Code::AppBreaks, message, span, since);
    let finding = match planner.added_later(absent) {
        Some(added) => finding.label(added, format!("… but `{}` is only added here", absent.column)),
        None => finding,
    };
    Some(finding.help(help))
}

/// An insert names columns with `on conflict` that nothing keeps unique.
fn unmatched(planner: &Planner<'_>, usage: &AppUse, span: Span, since: &str) -> Option<Diagnostic> {
    let (table, columns) = usage
        .conflicts()
        .find(|(table, columns)| planner.catalog().table(table).is_some_and(|table| !table.takes_conflict(columns)))?;
    let constraint = conflict_name(table, columns);
    let message = format!("`{}` is live without a {constraint}, which its `on conflict` names", usage.name);
    let help = format!(
        "add it before: `add unique ({}) on {table}`; a partial index or one on more columns does not do",
        columns.join(", ")
    );
    Some(Diagnostic::new(Code::AppBreaks, message, span, since.trim_end_matches(" …")).help(help))
}
