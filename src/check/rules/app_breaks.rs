//! `app-breaks`: an application is live without what it uses.

use crate::ast::{Name, Script, StatementKind};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Action, ColumnName, Planner};
use crate::source::Span;

pub(super) struct AppBreaks;

impl Rule for AppBreaks {
    fn start(&mut self, planner: &Planner<'_>, script: &Script, findings: &mut Vec<Diagnostic>) {
        for app in &script.apps {
            if planner.catalog().is_live(&app.name.name) {
                let help = format!("write `deploy {}` behind the statement that adds it", app.name.name);
                findings.extend(missing(
                    planner,
                    script,
                    &app.name.name,
                    app.name.span,
                    "live from the start …",
                    &help,
                ));
            }
        }
    }

    fn statement(&mut self, at: &At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        if let Some(Action::Deploy(app)) = at.action {
            let help = "move the `deploy` behind the statement that adds it";
            findings.extend(missing(at.planner, at.script, app, at.statement.span, "live from here …", help));
        }
    }
}

fn missing(
    planner: &Planner<'_>,
    script: &Script,
    app: &Name,
    span: Span,
    since: &str,
    help: &str,
) -> Option<Diagnostic> {
    let usage = planner.apps().iter().find(|usage| usage.name == *app)?;
    let absent = usage.uses().find(|used| planner.catalog().column(&used.table, &used.column).is_none())?;
    let message = format!("`{app}` is live without `{absent}`, which it uses");
    let finding = Diagnostic::new(Code::AppBreaks, message, span, since);
    let finding = match added_at(script, absent) {
        Some(added) => finding.label(added, format!("… but `{}` is only added here", absent.column)),
        None => finding,
    };
    Some(finding.help(help))
}

/// Where the script adds a column, or its table.
fn added_at(script: &Script, column: &ColumnName) -> Option<Span> {
    let adds = |kind: &StatementKind| match kind {
        StatementKind::AddColumn(parts) => {
            parts.1.name.name == column.column && parts.0.as_ref().is_none_or(|table| table.name == column.table)
        }
        StatementKind::AddTable(def) => def.name.name == column.table,
        _ => false,
    };
    script.statements.iter().find(|statement| adds(&statement.kind)).map(|statement| statement.span)
}
