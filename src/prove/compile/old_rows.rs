//! What a database says of the rows that a statement holds against each other, or against those of another table.

use crate::ast::Name;
use crate::catalog::{ColumnId, Constraint, ConstraintKind, Table};
use crate::expr::Expression;
use crate::obligations::Answer;
use crate::plan::{Question, Seen};
use crate::prove::compile::past::{Past, past};
use crate::prove::compile::scene::LayerScene;

/// Whether rows that were there before break a unique constraint or a foreign key, as a database says.
pub(super) fn answer(scene: LayerScene<'_>, schema: &Table, held: &Constraint, step: usize) -> Answer {
    let Some((question, is_itself)) = question(scene, schema, held, step) else { return Answer::Open };
    match scene.survey.judge.look_up(&scene.plan.samples, question, Answer::Open) {
        // Which of the rows are copied is not looked at.
        Answer::With(witness) if !is_itself => {
            let why = format!("`{}`: {}", witness.row(), witness.outcome);
            Answer::Asked(Box::new(Answer::Open), Seen::Unknown(why))
        }
        answer => answer,
    }
}

/// What a database is asked, and whether that is about the very columns.
fn question(scene: LayerScene<'_>, schema: &Table, held: &Constraint, step: usize) -> Option<(Question, bool)> {
    let at_start = |column: &ColumnId| at_start(scene, schema, *column, step);
    let table = schema.name.clone();
    match &held.kind {
        ConstraintKind::ForeignKey { column, table: to, referenced, .. } => {
            let (own, is_itself) = at_start(column)?;
            let found = scene.catalog.table(to)?;
            let there = unchanged(scene, *referenced).then(|| found.column_by_id(*referenced))??;
            let (to, referenced) = (to.clone(), there.name.clone());
            Some((Question::Orphans { table, column: own, to, referenced }, is_itself))
        }
        kind => {
            let filter = filter_of(kind);
            let inputs = filter.iter().flat_map(|filter| filter.inputs());
            for input in inputs {
                let column = schema.column(input)?.id;
                at_start(&column).filter(|(_, is_itself)| *is_itself)?;
            }
            let columns: Vec<(Name, bool)> = kind.unique_columns()?.iter().map(at_start).collect::<Option<_>>()?;
            let is_itself = columns.iter().all(|(_, is_itself)| *is_itself);
            let columns = columns.into_iter().map(|(name, _)| name).collect();
            Some((Question::Repeats { table, columns, filter: filter.cloned() }, is_itself))
        }
    }
}

fn filter_of(kind: &ConstraintKind) -> Option<&Expression> {
    match kind {
        ConstraintKind::Index { filter, .. } => filter.as_ref(),
        _ => None,
    }
}

/// The column of the start whose values a column has when a step is reached, and whether it is that column itself.
fn at_start(scene: LayerScene<'_>, schema: &Table, column: ColumnId, step: usize) -> Option<(Name, bool)> {
    let (source, is_itself) = match past(scene, schema, column, step) {
        Past::Own => (column, true),
        Past::Copied { source, value } if value.as_same_value().is_some() => (source, false),
        Past::Copied { .. } | Past::Null | Past::Other => return None,
    };
    let found = scene.plan.start.table(&schema.name)?.column_by_id(source)?;
    unchanged(scene, source).then(|| (found.name.clone(), is_itself))
}

/// Whether a database has the column, and the plan has not changed what is in it.
fn unchanged(scene: LayerScene<'_>, column: ColumnId) -> bool {
    scene.plan.samples.answers_for(std::iter::once(column)) && !scene.changed.contains(&column)
}
