//! What values may do to an event: what is asked of them, and what becomes of the answers.

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, Table};
use crate::expr::Expression;
use crate::obligations::Answer;
use crate::plan::Seen;
use crate::prove::compile::computed::{Doubt, Given, sync_into};
use crate::prove::compile::image::Image;
use crate::prove::compile::record::{Record, wrong};
use crate::prove::compile::scene::LayerScene;
use crate::prove::model::Wrong;
use crate::prove::proof::AnomalyKind;
use crate::prove::word::{Pattern, Word};

/// The columns of a row just inserted that take their defaults, or null.
pub(super) fn defaulted<W: Word>(image: &Image<'_, W>, table: &Table, written: &[ColumnId]) -> Vec<Given> {
    let is_left = |column: &&Column| !written.contains(&column.id) && !image.is_set(column.id);
    let value = |column: &Column| {
        let null = || Expression::constant(crate::data::Value::Null, column.ty);
        column.default.clone().unwrap_or_else(null)
    };
    let given = |column: &Column| Given { column: column.id, table: table.name.clone(), value: value(column) };
    table.columns().filter(is_left).map(given).collect()
}

/// The states in which the row of a witness may be: null where it has nulls.
pub(super) fn pattern_of<W: Word>(scene: LayerScene<'_>, answer: &Answer) -> Pattern<W> {
    let Some(witness) = answer.witness() else { return Pattern::ANY };
    let columns = witness.values.iter().filter_map(|(name, value)| {
        let column = scene.catalog.column(&witness.table, name)?;
        Some((scene.bits(column.id)?.null, value.is_null()))
    });
    columns.fold(Pattern::ANY, |pattern, (null, is_null)| pattern.and(null, is_null))
}

/// The same for the states after an event: what that computes is another value by then.
pub(super) fn after<W: Word>(image: &Image<'_, W>, (pattern, wrong): (Pattern<W>, usize)) -> (Pattern<W>, usize) {
    let computed = image.computed.iter().filter_map(|given| image.scene().bits(given.column));
    (computed.fold(pattern, |pattern, bits| pattern.without(bits.null)), wrong)
}

/// What an answer makes of something that would be wrong: a risk, a condition, or nothing. `is_firm` says that a row
/// that the types alone admit is enough.
pub(super) fn weigh<W: Word>(
    (scene, step): (LayerScene<'_>, Option<usize>),
    answer: &Answer,
    wrong: Wrong,
    is_firm: bool,
    condition: (String, String),
    record: &mut Record<W>,
) -> Option<(Pattern<W>, usize)> {
    let is_seen = |witness: &crate::obligations::Witness| witness.origin != crate::plan::Origin::Made;
    match answer {
        Answer::Asked(otherwise, _) if is_firm && matches!(**otherwise, Answer::With(_)) => {
            weigh((scene, step), otherwise, wrong, is_firm, condition, record)
        }
        Answer::Asked(_, seen) => {
            note_seen(step, seen, condition, record);
            None
        }
        Answer::Never => None,
        Answer::With(witness) | Answer::AtTheEnd(witness)
            if is_seen(witness) || is_firm && matches!(answer, Answer::With(_)) =>
        {
            let witness = Some(record.witness(witness));
            Some((pattern_of(scene, answer), record.wrong(Wrong { witness, ..wrong })))
        }
        Answer::With(_) | Answer::AtTheEnd(_) | Answer::Open => {
            record.require(step, condition.0, condition.1);
            None
        }
    }
}

/// What becomes of a condition about rows that a database was asked about: what holds now is taken to hold until the
/// statement is reached.
pub(super) fn note_seen<W: Word>(
    step: Option<usize>,
    seen: &Seen,
    (what, discharge): (String, String),
    record: &mut Record<W>,
) {
    match seen {
        Seen::Nothing => record.assume(step, format!("{what}{AS_OF_NOW}")),
        Seen::Unknown(why) => record.require(step, what, format!("{discharge}; the server was asked: {why}")),
        Seen::Row { .. } => record.require(step, what, discharge),
    }
}

/// How far a look at the rows of a database reaches.
const AS_OF_NOW: &str =
    " (looked at on the server: no row is in the way now; none is taken to come until the statement is run)";

/// An expression that fails: what is wrong then.
pub(super) fn failure(doubt: &Doubt, kind: AnomalyKind, app: Option<usize>, scene: LayerScene<'_>) -> Wrong {
    let outcome = doubt.answer.witness().map_or_else(String::new, |witness| format!(": {}", witness.outcome));
    let constraint = format!("the expression of `{}`{outcome}", scene.survey.name(doubt.column));
    wrong(kind, app, Some(doubt.column), Some(constraint))
}

/// What must hold so that an expression does not fail, and what would discharge it.
pub(super) fn failing_condition(scene: LayerScene<'_>, doubt: &Doubt, app: Option<&Name>) -> (String, String) {
    let name = scene.survey.name(doubt.column);
    if let Some(unknown) = &doubt.unknown {
        let who = app.map_or_else(|| "this computes".to_owned(), |app| format!("`{app}` writes"));
        let what = format!("{who} nothing for `{name}` that type `{unknown}` refuses or takes for another value");
        let discharge = format!("the language does not know `{unknown}`: see to it that each value fits as it is");
        return (what, discharge);
    }
    let with = match doubt.answer.witness() {
        Some(witness) => format!(", as it would with `{}`: {}", witness.row(), witness.outcome),
        None => String::new(),
    };
    let who = app.map_or_else(|| "no row makes".to_owned(), |app| format!("`{app}` writes nothing that makes"));
    let what = format!("{who} the expression of `{name}` fail{with}");
    (what, "let a check say which values the columns that it reads may have, as `in (…)` or a range, or give the others a \
     result with `case … else … end`"
        .to_owned())
}

/// Notes the expressions of a write of which it is not known whether they are null.
pub(super) fn require_values<W: Word>(scene: LayerScene<'_>, image: &Image<'_, W>, record: &mut Record<W>) {
    for column in &image.open {
        require_value(scene, sync_into(scene, *column), *column, record);
    }
}

/// Notes an expression of which it is not known whether it is null.
pub(super) fn require_value<W: Word>(
    scene: LayerScene<'_>,
    step: Option<usize>,
    column: ColumnId,
    record: &mut Record<W>,
) {
    let name = scene.survey.name(column);
    let what = format!("the expression of `{name}` is null only where what it reads is");
    let discharge = "give it a value with `coalesce`, or a `case` with an `else`".to_owned();
    record.require(step, what, discharge);
}

/// Whether a table lacks the row that a foreign key asks for: known only where all its rows are known, or none is there.
pub(super) fn missing_row(
    scene: LayerScene<'_>,
    table: &Name,
    referenced: ColumnId,
    value: &crate::data::Value,
    column: &crate::plan::ColumnName,
) -> Answer {
    let mut samples = scene.plan.samples.of(table).peekable();
    let is_new = scene.plan.start.table(table).is_none();
    let is_known = is_new || samples.peek().is_some();
    let mut lacks = samples.map(|sample| {
        let place = sample.columns.iter().position(|known| *known == referenced);
        let has = |row: &Vec<crate::data::Value>| place.is_some_and(|at| row[at] == *value);
        sample.whole && !sample.rows.iter().any(has)
    });
    if !is_known || !lacks.all(|lacks| lacks) {
        return Answer::Open;
    }
    let known = scene.plan.samples.of(table).map(|sample| sample.origin).max();
    let origin = known.filter(|_| !is_new).unwrap_or(crate::plan::Origin::Made);
    let values = vec![(column.column.clone(), value.clone())];
    let outcome = format!("`{table}` has no such row");
    Answer::With(Box::new(crate::obligations::Witness { table: column.table.clone(), values, origin, outcome }))
}
