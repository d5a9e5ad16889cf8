//! `added-then-dropped`: a column that comes and goes with nothing between.

use rustc_hash::FxHashMap;

use crate::catalog::ColumnId;
use crate::check::{At, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Action, AppUse};
use crate::source::Span;

/// The columns that the plan added and that nothing has used since.
#[derive(Default)]
pub(super) struct AddedThenDropped {
    unused: FxHashMap<ColumnId, Span>,
}

impl Rule for AddedThenDropped {
    fn statement(&mut self, at: &mut At<'_, '_>, findings: &mut Vec<Diagnostic>) {
        match at.action {
            Some(Action::AddColumn { column, .. }) => {
                self.unused.insert(column.id, at.statement.span);
            }
            Some(Action::DropColumn { table, column }) => {
                if let Some(added) = self.unused.remove(column) {
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
            }
            Some(Action::Deploy(app)) => {
                let apps = at.planner.apps();
                for used in apps.iter().filter(|usage| usage.name == *app).flat_map(AppUse::uses) {
                    let column = at.catalog().column(&used.table, &used.column);
                    column.map(|column| self.unused.remove(&column.id));
                }
            }
            Some(action) if !self.unused.is_empty() => {
                action.for_each_column(at.catalog(), &mut |column| {
                    self.unused.remove(&column);
                });
            }
            _ => {}
        }
    }
}
