//! `added-then-dropped`: a column that comes and goes with nothing between.

use rustc_hash::FxHashMap;

use crate::catalog::ColumnId;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{AppUse, Effect, Gate, Removal};
use crate::source::Span;

/// The columns that the plan added and that nothing has used since.
#[derive(Default)]
pub(super) struct AddedThenDropped {
    unused: FxHashMap<ColumnId, Span>,
}

impl Rule for AddedThenDropped {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        let Effect { adds, adds_table, removes, names, gate, .. } = at.effect;
        if adds_table.is_none() {
            self.unused.extend(adds.iter().map(|(_, column)| (column.id, at.statement.span)));
        }
        if let Some(Gate::Deploy(app)) = gate {
            let apps = at.planner.apps();
            for used in apps.iter().filter(|usage| usage.name == **app).flat_map(AppUse::uses) {
                let column = at.catalog().column(&used.table, &used.column);
                column.map(|column| self.unused.remove(&column.id));
            }
        }
        if let Some(Removal::Column(table, column)) = removes
            && let Some(added) = self.unused.remove(column)
        {
            let name = at.catalog().column_name(table, *column);
            findings.push(
                Diagnostic::new(
                    Code::AddedThenDropped,
                    format!("column `{name}` is added and dropped with nothing in between"),
                    at.statement.span,
                    "… and dropped here",
                )
                .label(added, "added here …")
                .help(format!(
                    "leave both out; or, if the old column was meant, drop that one after \
                     `migrate backfill {name} from …`"
                )),
            );
        }
        for column in names {
            self.unused.remove(column);
        }
    }
}
