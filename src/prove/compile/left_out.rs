//! Statements that fill all rows between them, as far as a group can follow which rows each of them leaves out.

use crate::catalog::ColumnId;
use crate::plan::Plan;
use crate::prove::covers::Cover;
use crate::prove::groups::Group;
use crate::prove::survey::Survey;

/// The statements that fill all rows of a group between them. What a condition reads must be among the group's columns, or
/// stay as it is meanwhile.
pub(super) fn covers(plan: &Plan, survey: &Survey, group: &Group) -> Vec<Cover> {
    let is_own = |column: &ColumnId| group.columns.iter().any(|(own, _)| own == column);
    let stays = |cover: &Cover, column: &ColumnId| {
        is_own(column) || survey.is_pairing_key(*column) || !may_change(plan, cover, *column)
    };
    let is_followed =
        |cover: &&Cover| cover.targets.iter().any(is_own) && cover.read.iter().all(|column| stays(cover, column));
    survey.covers.iter().filter(is_followed).cloned().collect()
}

/// Whether anybody may change a column between the first of the statements and the last.
fn may_change(plan: &Plan, cover: &Cover, column: ColumnId) -> bool {
    let (Some(first), Some(last)) = (cover.steps.first(), cover.steps.last()) else { return true };
    let mut catalog = plan.start.clone();
    for step in plan.steps.iter().take(last + 1) {
        let effect = step.action.effect(&catalog);
        let is_filled = effect.fills.iter().any(|filling| filling.column == column);
        catalog.apply(&step.action);
        let is_written = plan.apps.iter().any(|app| catalog.is_live(&app.name) && app.writes_to(&cover.table));
        let follows = catalog.syncs_of(column).any(|sync| sync.target == column);
        if step.index >= *first && (is_filled || is_written || follows) {
            return true;
        }
    }
    false
}
