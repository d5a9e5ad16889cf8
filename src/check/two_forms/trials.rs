//! What is written in a round: the rows of the script, and values of each type put together.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::ColumnId;
use crate::check::two_forms::round::{Round, RoundColumn};
use crate::check::two_forms::script_rows::ScriptRows;
use crate::check::two_forms::{Moment, shrink, values};
use crate::data::Value;

/// The writes that a round is tried with.
pub(super) struct Trials {
    /// The script's own rows.
    rows: Vec<Vec<Value>>,
    made: Vec<Vec<Value>>,
    /// The values of each column, simple ones first.
    pub(super) columns: Vec<Vec<Value>>,
}

impl Trials {
    /// Writes that the tables take, the same ones every time.
    pub(super) fn of(round: &Round, moment: &Moment<'_>, rows: &mut ScriptRows) -> Self {
        let mut seen = FxHashSet::default();
        let mut new = |row: &Vec<Value>| round.allows(row) && seen.insert(key(row));
        let mut rows = rows.written(round, moment.script, moment.catalog);
        rows.retain(&mut new);
        rows.truncate(moment.limit / 2);
        let may_be_null =
            |place: &RoundColumn| place.takes_null() && may_be_null(place.column.id, moment, &mut FxHashMap::default());
        let constants: Vec<Value> = round.legs().flat_map(|leg| leg.sync.value.constants()).collect();
        let places = round.places[..round.written].iter().enumerate();
        let columns = places.map(|(number, place)| {
            let mut values = values::of(place.column.ty, may_be_null(place), number, &constants);
            values.extend(rows.iter().take(8).map(|row| row[number].clone()));
            values
        });
        let columns: Vec<Vec<Value>> = columns.collect();
        let mut made = combined(&columns, moment.limit - rows.len());
        made.retain(&mut new);
        Self { rows, made, columns }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.made.len()
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

fn key(row: &[Value]) -> String {
    row.iter().fold(String::new(), |key, value| key + &value.literal() + "\u{0}")
}

/// Rows of values: each value beside simple ones, then as many as may be of all with all, then a draw.
pub(in crate::check) fn combined(columns: &[Vec<Value>], limit: usize) -> Vec<Vec<Value>> {
    if columns.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let row = |chosen: &dyn Fn(usize) -> usize| -> Vec<Value> {
        columns.iter().enumerate().map(|(at, values)| values[chosen(at) % values.len()].clone()).collect()
    };
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for number in 0..longest {
        for (at, _) in columns.iter().enumerate().filter(|(_, values)| number < values.len()) {
            rows.push(row(&|other| if other == at { number } else { 0 }));
        }
    }
    if columns.len() > 1 {
        let side = (2..longest).take_while(|side| side.pow(count(columns)) <= limit / 2).last().unwrap_or(1);
        let product = side.pow(count(columns)).min(limit / 2);
        rows.extend((0..product).map(|number| row(&|at| number / side.pow(u32::try_from(at).unwrap_or(0)) % side)));
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        while rows.len() < limit {
            let drawn: Vec<usize> = columns.iter().map(|_| draw(&mut dice)).collect();
            rows.push(row(&|at| drawn[at]));
        }
    }
    rows.truncate(limit);
    rows
}

/// How many columns are combined; beyond a few, only the draw combines them.
fn count(columns: &[Vec<Value>]) -> u32 {
    u32::try_from(columns.len().min(12)).unwrap_or(12)
}

fn draw(dice: &mut u64) -> usize {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    usize::try_from(*dice >> 33).unwrap_or(0)
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
