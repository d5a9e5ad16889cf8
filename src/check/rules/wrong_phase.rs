//! `wrong-phase`: each statement belongs to the phase in which it is safe; and `big-bang` for a column or table that is
//! dropped in any phase but contract.

use crate::ast::{Phase, StatementKind};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};

pub(super) struct WrongPhase;

impl Rule for WrongPhase {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let Some(phase) = at.statement.phase else { return };
        let allowed = at.statement.kind.phases().allowed;
        if allowed.is_empty() || allowed.contains(&phase) {
            return;
        }
        let names: Vec<&str> = allowed.iter().map(|phase| phase.keyword()).collect();
        let message = format!("this belongs to {}, not to {}", names.join(" or "), phase.keyword());
        let why = match allowed[0] {
            Phase::Contract if matches!(at.statement.kind, StatementKind::SetNotNull(_)) => {
                "it refuses the writes of versions that may leave the column empty: write it in contract, once they are \
                 retired; `expand add not null`, then `migrate validate not null`, takes less time with many rows"
            }
            Phase::Expand => "expand only adds: versions that do not know of it keep working",
            Phase::Migrate => "migrate moves data, and removes nothing",
            Phase::Contract => {
                "a removal waits until no live application uses what is removed: first add the new form in \
                                expand, fill it in migrate, and retire the application that uses the old one"
            }
        };
        let code = if at.statement.kind.mentions().drops.is_some() { Code::BigBang } else { Code::WrongPhase };
        findings
            .push(Diagnostic::new(code, message, at.statement.span, format!("not in {}", phase.keyword())).help(why));
    }
}
