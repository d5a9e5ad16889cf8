//! `backfill-before-sync`: writes between the two reach one column and not the other.
//!
//! The proof finds the stale read too, but not in a script without applications, and not where the order of phases, which
//! is wrong as well, keeps it from being asked; what to do about both is to move the sync.

use rustc_hash::FxHashMap;

use crate::catalog::ColumnId;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::FillingKind;
use crate::source::Span;

/// Where each column was backfilled.
#[derive(Default)]
pub(super) struct BackfillBeforeSync {
    filled: FxHashMap<ColumnId, Span>,
}

impl Rule for BackfillBeforeSync {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let span = at.statement.span;
        let syncs = at.effect.adds_syncs.iter();
        let late = syncs.into_iter().find_map(|sync| Some((sync, self.filled.get(&sync.target)?)));
        if let Some((sync, filled)) = late {
            let target = at.catalog().column_name(&sync.target_table, sync.target);
            let message = format!("column `{target}` is filled before it is kept in sync");
            findings.push(
                Diagnostic::new(Code::BackfillBeforeSync, message, *filled, "filled here …")
                    .label(span, "… but only kept in sync from here")
                    .help("move the `sync` before it: what the old version writes between the two never arrives"),
            );
        }
        let is_whole = |kind| matches!(kind, FillingKind::Backfill | FillingKind::Copy);
        let filled = at.effect.fills.iter().filter(|filling| is_whole(filling.kind));
        self.filled.extend(filled.map(|filling| (filling.column, span)));
    }
}
