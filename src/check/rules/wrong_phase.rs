//! `wrong-phase`: each statement belongs to the phase in which it is safe; and `big-bang` for a column or table that is
//! dropped in any phase but contract.

use crate::ast::{Phase, StatementKind};
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};

pub(super) struct WrongPhase;

impl Rule for WrongPhase {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let Some(phase) = at.statement.phase else { return };
        let allowed = phases_of(&at.statement.kind);
        if allowed.is_empty() || allowed.contains(&phase) {
            return;
        }
        let names: Vec<&str> = allowed.iter().map(|phase| phase.keyword()).collect();
        let message = format!("this belongs to {}, not to {}", names.join(" or "), phase.keyword());
        let why = match allowed[0] {
            Phase::Expand => "expand only adds: versions that do not know of it keep working",
            Phase::Migrate => "migrate moves data, and removes nothing",
            Phase::Contract => {
                "a removal waits until no live application uses what is removed: first add the new form in \
                                expand, fill it in migrate, and retire the application that uses the old one"
            }
        };
        let drops = matches!(at.statement.kind, StatementKind::DropColumn(_) | StatementKind::DropTable(_));
        let code = if drops { Code::BigBang } else { Code::WrongPhase };
        findings
            .push(Diagnostic::new(code, message, at.statement.span, format!("not in {}", phase.keyword())).help(why));
    }
}

/// The phases in which a statement may stand; none for what belongs to no phase or is refused anyhow.
fn phases_of(kind: &StatementKind) -> &'static [Phase] {
    match kind {
        StatementKind::AddColumn(_)
        | StatementKind::AddTable(_)
        | StatementKind::AddIndex(_)
        | StatementKind::AddCheck(_)
        | StatementKind::AddNotNull(_)
        | StatementKind::AddUnique(_)
        | StatementKind::AddForeignKey(_)
        | StatementKind::Sync(_) => &[Phase::Expand],
        StatementKind::Backfill(_)
        | StatementKind::Seed(_)
        | StatementKind::Copy(_)
        | StatementKind::Validate(_)
        | StatementKind::Verify(_) => &[Phase::Migrate],
        StatementKind::DropColumn(_)
        | StatementKind::DropTable(_)
        | StatementKind::DropIndex(_)
        | StatementKind::DropSync(_)
        | StatementKind::DropDefault(_)
        | StatementKind::SetNotNull(_) => &[Phase::Contract],
        StatementKind::DropNotNull(_)
        | StatementKind::SetDefault(_)
        | StatementKind::DropCheck(_)
        | StatementKind::DropUnique(_)
        | StatementKind::DropForeignKey(_) => &[Phase::Expand, Phase::Contract],
        StatementKind::RenameColumn(_)
        | StatementKind::RenameTable(_)
        | StatementKind::AlterType(_)
        | StatementKind::Deploy(_)
        | StatementKind::Retire(_)
        | StatementKind::Confirm(_)
        | StatementKind::Wait(_) => &[],
    }
}
