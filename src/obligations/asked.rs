//! What a database is asked about its rows, where nothing else settles a question.

use crate::ast::Name;
use crate::data::Type;
use crate::expr::Expression;
use crate::obligations::answer::Asked;
use crate::obligations::discharge::{Outlooks, by_identity};
use crate::plan::Question;

/// What a database can be asked instead: about rows that are as they were at the start, and do not change what they mean
/// from one moment to the next.
pub(super) fn question(asked: &Asked, outlooks: &Outlooks<'_>, value: &Expression) -> Option<Question> {
    let Outlooks { scenario, table, free } = *outlooks;
    let first = free.first().filter(|_| !scenario.written && value.is_immutable())?;
    let of_table = &first.table.name;
    let is_as_it_was =
        free.iter().all(|free| free.table.name == *of_table && !scenario.changed.contains(&free.column.id));
    if !is_as_it_was || !scenario.samples.answers_for(free.iter().map(|free| free.column.id)) {
        return None;
    }
    let named: Vec<(Name, Expression)> = free
        .iter()
        .map(|free| (by_identity(free.column.id), Expression::column(free.column.name.clone(), free.column.ty)))
        .collect();
    let table_name = of_table.clone();
    match asked {
        Asked::Fails => {
            let filter = scenario.filter;
            let is_own = *table == **of_table && filter.is_none_or(|(filtered, _)| filtered == table);
            let known = scenario.catalog.table(table)?;
            let is_read = |name: &Name| known.column(name).is_some_and(|column| scenario.is_free(column.id));
            let is_plain = value.inputs().iter().all(is_read) && value.ty() != Type::Unknown;
            let filter = filter.map(|(_, filter)| filter.clone());
            (is_own && is_plain).then(|| Question::Fails { table: table_name, value: value.clone(), filter })
        }
        Asked::False => {
            let whole = outlooks.whole(scenario.computed.len(), table, value)?;
            Some(Question::False { table: table_name, condition: whole.compose(&named)? })
        }
        Asked::Null(_) | Asked::Some(_) => None,
    }
}
