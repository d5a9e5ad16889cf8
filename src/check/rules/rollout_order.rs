//! `rollout-order`: an application is deployed once it is not live, and retired once it is.

use std::collections::HashMap;

use crate::ast::Name;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Gate;
use crate::source::Span;

/// Where each application last changed.
#[derive(Default)]
pub(super) struct RolloutOrder {
    changed: HashMap<Name, Span>,
}

impl Rule for RolloutOrder {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let (app, deploys) = match at.effect.gate {
            Some(Gate::Deploy(app)) => (app, true),
            Some(Gate::Retire(app)) => (app, false),
            _ => return,
        };
        let before = self.changed.insert(app.clone(), at.statement.span);
        if at.catalog().is_live(app) != deploys {
            return;
        }
        let (message, label, help) = if deploys {
            (format!("`{app}` is already live"), "deployed again here", "leave this `deploy` out".to_owned())
        } else if before.is_some() {
            (format!("`{app}` is already retired"), "retired again here", "leave this `retire` out".to_owned())
        } else {
            let help = format!("`deploy {app}` before it, or leave it out");
            (format!("`{app}` is not live, so it cannot be retired"), "retired here", help)
        };
        let mut finding = Diagnostic::new(Code::RolloutOrder, message, at.statement.span, label);
        if let Some(before) = before {
            finding = finding.label(before, if deploys { "deployed here" } else { "retired here" });
        }
        findings.push(finding.help(help));
    }
}
