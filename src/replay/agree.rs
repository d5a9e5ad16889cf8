//! Whether the table looks as the proof says after each event.

use crate::plan::ColumnName;
use crate::prove::{CellView, Content, RowView};
use crate::replay::stage::{Owner, Stage, bits};

impl Stage {
    /// What differs between the row and a view of it, a sentence each.
    pub(super) fn disagreements(&self, view: &RowView) -> Vec<String> {
        if self.plan.apps.is_empty() {
            return Vec::new();
        }
        view.cells.iter().filter_map(|cell| self.disagreement(cell)).collect()
    }

    fn disagreement(&self, cell: &CellView) -> Option<String> {
        let column = &cell.column;
        let there = self.value(Owner::Row, &column.table, &column.column);
        let state = self.state(Owner::Row, column).map(bits);
        let (Some(value), Some((stale, unset))) = (there, state) else {
            return Some(format!("`{column}` does not exist"));
        };
        let content = match (value.is_null(), unset) {
            (false, _) => Content::Value,
            (true, true) => Content::Unset,
            (true, false) => Content::Null,
        };
        if content != cell.content {
            return Some(format!("`{column}` holds {content:?}, not {:?}", cell.content).to_lowercase());
        }
        let found = self.stale_for(column, stale);
        let mut wanted: Vec<String> = cell.stale.iter().map(ToString::to_string).collect();
        wanted.sort();
        (found != wanted).then(|| format!("`{column}` is stale for {found:?}, not for {wanted:?}"))
    }

    /// The facts that bits of a column stand for, by name.
    fn stale_for(&self, column: &ColumnName, stale: u64) -> Vec<String> {
        let facts = &self.plan.facts;
        let Some(id) = super::stage::id_of(&self.memory, column) else { return Vec::new() };
        let behind = facts.of(id).iter().filter(|fact| facts.bit(**fact) & stale != 0);
        let mut names: Vec<String> =
            behind.filter_map(|fact| self.known.name(*fact)).map(ToString::to_string).collect();
        names.sort();
        names
    }
}
