//! Defaults of columns whose type the language does not know: whether the type takes them, nobody has said.

use crate::catalog::{Column, KeptType};
use crate::data::{Type, Value};
use crate::expr::Expression;
use crate::plan::Action;
use crate::prove::compile::record::Record;
use crate::prove::compile::scene::LayerScene;
use crate::prove::word::Word;

/// Notes the defaults that a statement gives to columns of the group.
pub(super) fn require<W: Word>(scene: LayerScene<'_>, step: usize, record: &mut Record<W>) {
    let action = &scene.plan.steps[step].action;
    let effect = action.effect(scene.catalog);
    let mut given: Vec<(&Column, &Expression)> =
        effect.adds.iter().filter_map(|(_, column)| Some((*column, column.default.as_ref()?))).collect();
    if let Action::SetDefault { table, column, default: Some(default) } = action {
        given.extend(scene.catalog.table(table).and_then(|table| Some((table.column_by_id(*column)?, default))));
    }
    for (column, default) in given.into_iter().filter(|(column, _)| scene.bits(column.id).is_some()) {
        let is_known = column.kept_type().is_none_or(|kept| takes(kept, default));
        if is_known || was_there(scene, column, default) {
            continue;
        }
        let written = column.written_type.as_deref().unwrap_or_default();
        let name = scene.survey.name(column.id);
        let value = default.eval(&[], 0).map_or_else(|_| "its default".to_owned(), |value| value.literal());
        let what = format!("{value}, the default of `{name}`, is a value of type `{written}`");
        let discharge = format!("the language does not know `{written}`: look it up in the database");
        record.require(Some(step), what, discharge);
    }
}

/// Whether a type surely takes a default.
fn takes(kept: KeptType, default: &Expression) -> bool {
    let Ok(value) = default.eval(&[], 0) else { return false };
    match (&value, kept) {
        (Value::Null, _) | (_, KeptType::Folded) => true,
        // One that is too long is an error.
        (Value::Text(_), KeptType::Padded(_)) => default.is_immutable(),
        (Value::Text(text), KeptType::Array) => text == "{}",
        (Value::Text(text), KeptType::Rounded) => {
            [Type::Timestamp, Type::TimestampTz, Type::Interval].into_iter().any(|ty| Value::parse(text, ty).is_ok())
        }
        _ => false,
    }
}

/// Whether a column of the start has the same default.
fn was_there(scene: LayerScene<'_>, column: &Column, default: &Expression) -> bool {
    let mut columns = scene.plan.start.tables().flat_map(|table| table.columns());
    columns.any(|other| other.is_of_type_of(column) && other.default.as_ref() == Some(default))
}
