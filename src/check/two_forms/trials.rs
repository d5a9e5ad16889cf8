//! What is written in a round: the rows of the script, and values of each type put together.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::ColumnId;
use crate::check::few_values::every;
use crate::check::two_forms::round::{Round, RoundColumn, RoundOutcome};
use crate::check::two_forms::script_rows::ScriptRows;
use crate::check::two_forms::{Moment, shrink};
use crate::data::Value;
use crate::obligations::made;

/// The writes that a round is tried with.
pub(super) struct Trials {
    /// The script's own rows.
    rows: Vec<Vec<Value>>,
    made: Vec<Vec<Value>>,
    /// The values of each column, simple ones first.
    pub(super) columns: Vec<Vec<Value>>,
    /// No other write is possible.
    are_all: bool,
}

impl Trials {
    /// Writes that the tables take, the same ones every time.
    pub(super) fn of(round: &Round, moment: &Moment<'_>, rows: &mut ScriptRows) -> Self {
        let mut seen = FxHashSet::default();
        let mut new = |row: &Vec<Value>| round.allows(row) && seen.insert(key(row));
        let mut rows = rows.written(round, moment.script, moment.catalog);
        rows.retain(&mut new);
        rows.truncate(moment.limit / 2);
        let few: Option<Vec<Vec<Value>>> = places(round)
            .map(|(number, place)| {
                let mut values = round.few_values(number)?;
                values.extend(takes_null(place, moment).then_some(Value::Null));
                Some(values)
            })
            .collect();
        let all = few.as_ref().and_then(|columns| every(columns, moment.limit - rows.len()));
        if let (Some(columns), Some(mut made)) = (few, all) {
            made.retain(&mut new);
            return Self { rows, made, columns, are_all: true };
        }
        let constants = round.constants();
        let columns = places(round).map(|(number, place)| {
            let mut values = made::values(place.column.ty, takes_null(place, moment), number, &constants);
            values.extend(rows.iter().take(8).map(|row| row[number].clone()));
            values
        });
        let columns: Vec<Vec<Value>> = columns.collect();
        let mut made = made::combined(&columns, moment.limit - rows.len());
        made.retain(&mut new);
        Self { rows, made, columns, are_all: false }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.made.len()
    }

    /// Whether each write that is possible was tried.
    pub(super) fn are_all(&self, round: &Round) -> bool {
        self.are_all && self.made.iter().all(|row| round.outcome(row) != RoundOutcome::Untried)
    }

    /// A small one that `fails`: of the script's own rows the smallest, else the first one made small.
    pub(super) fn smallest(&self, round: &Round, fails: &dyn Fn(&[Value]) -> bool) -> Option<Vec<Value>> {
        let size = |row: &&Vec<Value>| key(row).len();
        if let Some(row) = self.rows.iter().filter(|row| fails(row)).min_by_key(size) {
            return Some(shrink::shortened(row.clone(), round, fails));
        }
        let made = self.made.iter().find(|row| fails(row))?;
        Some(shrink::shrunk(made.clone(), round, &self.columns, fails))
    }
}

fn places(round: &Round) -> impl Iterator<Item = (usize, &RoundColumn)> {
    round.places[..round.written].iter().enumerate()
}

pub(super) fn takes_null(place: &RoundColumn, moment: &Moment<'_>) -> bool {
    place.takes_null() && may_be_null(place.column.id, moment, &mut FxHashMap::default())
}

fn key(row: &[Value]) -> String {
    row.iter().fold(String::new(), |key, value| key + &value.literal() + "\u{0}")
}

/// Whether a column may be null, as may all that it follows if the plan adds it: of a column that is not null, no
/// other form is null.
fn may_be_null(column: ColumnId, moment: &Moment<'_>, seen: &mut FxHashMap<ColumnId, bool>) -> bool {
    if let Some(known) = seen.get(&column) {
        return *known;
    }
    seen.insert(column, true);
    let into = moment.catalog.syncs_of(column).filter(|sync| sync.target == column && moment.added.contains(&column));
    let sources = into.flat_map(|sync| sync.source_columns.iter().map(|source| (&sync.source_table, *source)));
    let may = !moment.relaxed.contains(&column)
        && sources.into_iter().all(|(table, source)| {
            let takes = RoundColumn::of(table, source, moment.catalog).is_none_or(|place| place.takes_null());
            takes && may_be_null(source, moment, seen)
        });
    seen.insert(column, may);
    may
}
