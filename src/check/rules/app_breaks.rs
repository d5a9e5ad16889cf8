//! `app-breaks`: an application is live without what it uses.

use crate::ast::{Name, Script};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Gate, Planner};
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
    let absent = usage.uses().find(|used| planner.catalog().column(&used.table, &used.column).is_none())?;
    let message = format!("`{app}` is live without `{absent}`, which it uses");
    let finding = Diagnostic::new(Code::AppBreaks, message, span, since);
    let finding = match planner.added_later(absent) {
        Some(added) => finding.label(added, format!("… but `{}` is only added here", absent.column)),
        None => finding,
    };
    Some(finding.help(help))
}
