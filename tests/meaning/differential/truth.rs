//! What each version ought to see: kept with values, by the words of docs/model.md and without its machinery. A write
//! of an application makes its columns what it says; what is computed from them, by any statement of the plan, is what
//! the expression gives, whether or not the plan has come that far; what nobody can compute from them is old.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miglab::ast::Name;
use miglab::catalog::{Column, ColumnId, NotNull};
use miglab::data::Value;
use miglab::engine::memory::Memory;
use miglab::expr::Expression;
use miglab::plan::{AppUse, FactId, FillingKind, Plan};

use super::excuse::About;
use super::places::Places;

/// What a column ought to hold.
#[derive(Clone, Debug)]
pub enum Known {
    Value(Value),
    /// A newer value is elsewhere, and nothing carries it here.
    Old,
    /// The expression has no value.
    Open,
    /// It is computed from something, and is null.
    Lost,
}

#[derive(Clone, Debug, Default)]
struct Row {
    known: BTreeMap<ColumnId, Known>,
    /// The columns that the newest values were written to.
    direct: BTreeSet<ColumnId>,
}

struct Derivation {
    target: ColumnId,
    inputs: Vec<ColumnId>,
    value: Expression,
    by_sync: bool,
}

/// What all rows ought to hold, by the thing that they are of.
pub struct Truth {
    plan: Arc<Plan>,
    derivations: Vec<Derivation>,
    rows: BTreeMap<usize, Row>,
}

/// Something that must not happen, in a word and in a sentence.
#[derive(Clone, Debug)]
pub struct Wrong {
    pub kind: &'static str,
    pub said: String,
    /// What a condition must name to speak of it.
    pub about: About,
}

impl Wrong {
    pub fn new(kind: &'static str, about: About, said: impl Into<String>) -> Self {
        Self { kind, said: said.into(), about }
    }
}

fn same(one: &Value, other: &Value) -> bool {
    one.is_null() == other.is_null() && one.to_string() == other.to_string()
}

impl Truth {
    pub fn new(plan: &Arc<Plan>) -> Self {
        let mut derivations = Vec::new();
        for (_, effect) in plan.effects() {
            for filling in effect.fills.iter().filter(|filling| filling.carries_over()) {
                let known = |of: &&ColumnId| **of != filling.column;
                if filling.sources.is_empty() || filling.sources.iter().filter(known).count() < filling.sources.len() {
                    continue;
                }
                derivations.push(Derivation {
                    target: filling.column,
                    inputs: inputs(plan, filling.value, &filling.sources),
                    value: filling.value.clone(),
                    by_sync: filling.kind == FillingKind::Sync,
                });
            }
        }
        derivations.sort_by_key(|derivation| !derivation.by_sync);
        Self { plan: Arc::clone(plan), derivations, rows: BTreeMap::new() }
    }

    /// A row that is there at the start.
    pub fn begin(&mut self, memory: &Memory, thing: usize, table: &Name, number: usize) {
        let row = self.rows.entry(thing).or_default();
        let table = memory.catalog().table(table).expect("it is there").clone();
        for column in table.columns() {
            let value = memory.value(&table.name, number, &column.name).expect("it is there");
            row.known.insert(column.id, Known::Value(value));
            row.direct.insert(column.id);
        }
        let written = row.direct.clone();
        self.spread(thing, &written, memory.now_micros(), true);
    }

    /// Columns were written directly: what carries one of their facts follows.
    fn spread(&mut self, number: usize, written: &BTreeSet<ColumnId>, now: i64, leaves_old: bool) {
        let facts = &self.plan.facts;
        let touched: BTreeSet<FactId> = written.iter().flat_map(|id| facts.of(*id).iter().copied()).collect();
        let carries = |id: ColumnId| facts.of(id).iter().any(|fact| touched.contains(fact));
        let row = self.rows.get_mut(&number).expect("it is there");
        row.direct.retain(|id| !facts.of(*id).iter().any(|fact| touched.contains(fact)));
        row.direct.extend(written);
        let mut done = written.clone();
        while let Some(next) = self.derivations.iter().find(|next| {
            !done.contains(&next.target) && carries(next.target) && next.inputs.iter().any(|input| done.contains(input))
        }) {
            let values: Option<Vec<Value>> = next
                .inputs
                .iter()
                .map(|input| match row.known.get(input) {
                    Some(Known::Value(value)) => Some(value.clone()),
                    _ => None,
                })
                .collect();
            let given = values.as_ref().is_some_and(|values| values.iter().any(|value| !value.is_null()));
            let value = values.and_then(|values| next.value.eval(&values, now).ok());
            let known = match value {
                Some(Value::Null) if given && !next.value.may_be_absent() => Known::Lost,
                value => value.map_or(Known::Open, Known::Value),
            };
            row.known.insert(next.target, known);
            done.insert(next.target);
        }
        for (id, known) in &mut row.known {
            if leaves_old && !done.contains(id) && carries(*id) {
                *known = Known::Old;
            }
        }
    }

    /// An application has updated a row.
    pub fn updated(&mut self, number: usize, changed: &[(ColumnId, Value)], now: i64) {
        let row = self.rows.get_mut(&number).expect("it is there");
        for (id, value) in changed {
            row.known.insert(*id, Known::Value(value.clone()));
        }
        let written: BTreeSet<ColumnId> = changed.iter().map(|(id, _)| *id).collect();
        if !written.is_empty() {
            self.spread(number, &written, now, true);
        }
    }

    /// An application has inserted a row, in which it has given these columns a value, or null. Of the forms of a fact
    /// those count that are given a value; where there are none, nulls that are given; where nothing is, a default.
    pub fn inserted(&mut self, memory: &Memory, (number, table): (usize, &Name), given: &[(ColumnId, Value)]) {
        let row = self.rows.entry(number).or_default();
        let table = memory.catalog().table(table).expect("it is there").clone();
        let now = memory.now_micros();
        let default = |column: &Column| {
            let default = column.default.as_ref().and_then(|default| default.eval(&[], now).ok());
            default.unwrap_or(Value::Null)
        };
        for column in table.columns() {
            row.known.insert(column.id, Known::Value(default(column)));
        }
        let facts = Arc::clone(&self.plan.facts);
        let linked = |one: ColumnId, other: ColumnId| facts.of(one).iter().any(|fact| facts.of(other).contains(fact));
        let value_of = |id: ColumnId| given.iter().find(|(of, _)| *of == id).map(|(_, value)| value);
        let (mut counts, mut left) = (Vec::new(), BTreeSet::new());
        for column in table.columns() {
            let mut others = table.columns().filter(|other| other.id != column.id && linked(column.id, other.id));
            let is_some = |other: &Column| value_of(other.id).is_some_and(|value| !value.is_null());
            let comes_before =
                |other: &Column| (default(column).is_null(), column.id) < (default(other).is_null(), other.id);
            match value_of(column.id) {
                Some(value) if !value.is_null() || !others.any(is_some) => counts.push((column.id, value.clone())),
                None if others.all(|other| value_of(other.id).is_none() && comes_before(other)) => {
                    left.insert(column.id);
                }
                Some(_) | None => {}
            }
        }
        self.updated(number, &counts, now);
        self.spread(number, &left, now, false);
    }

    /// What an application that writes several forms of a fact makes of the others; none where it chooses the column's
    /// value itself. Where that is open it does not write at all.
    pub fn translated(
        &self,
        column: ColumnId,
        writes: &[ColumnId],
        value_of: &dyn Fn(ColumnId) -> Option<Value>,
        now: i64,
    ) -> Option<Known> {
        let first = |inputs: &[ColumnId]| inputs.iter().all(|input| writes.contains(input) && *input < column);
        let found = self.derivations.iter().find(|next| next.target == column && first(&next.inputs))?;
        let values: Option<Vec<Value>> = found.inputs.iter().map(|input| value_of(*input)).collect();
        let value = values.and_then(|values| found.value.eval(&values, now).ok());
        Some(value.map_or(Known::Open, Known::Value))
    }

    /// Rows of a thing are gone: what says the same elsewhere is old.
    pub fn deleted(&mut self, number: usize, columns: &[ColumnId], is_there: bool) {
        if !is_there {
            self.rows.remove(&number);
            return;
        }
        let facts = Arc::clone(&self.plan.facts);
        let row = self.rows.get_mut(&number).expect("it is there");
        let is_null = |row: &Row, id: &ColumnId| {
            matches!(row.known.get(id), Some(Known::Value(value)) if value.is_null()) || !row.known.contains_key(id)
        };
        let lost: Vec<ColumnId> = columns.iter().copied().filter(|id| !is_null(row, id)).collect();
        for id in columns {
            row.known.remove(id);
            row.direct.remove(id);
        }
        for (id, known) in &mut row.known {
            let shares = |other: &ColumnId| facts.of(*other).iter().any(|fact| facts.of(*id).contains(fact));
            if lost.iter().any(shares) && !matches!(known, Known::Value(value) if value.is_null()) {
                *known = Known::Old;
            }
        }
    }

    /// A column, or a row with its columns, is new: where nothing computes it, it is what stands there.
    pub fn added(&mut self, memory: &Memory, (thing, table, number): (usize, &Name, usize), column: ColumnId) {
        let Some(column) = memory.catalog().table(table).and_then(|table| table.column_by_id(column).cloned()) else {
            return;
        };
        let there = memory.value(table, number, &column.name).expect("it is there");
        self.rows.entry(thing).or_default().known.entry(column.id).or_insert(Known::Value(there));
    }

    /// A statement has filled a column of a row: where null was right, what it gives is right.
    pub fn filled(&mut self, number: usize, column: ColumnId, after: &Value) {
        let row = self.rows.get_mut(&number).expect("it is there");
        let was_null = matches!(row.known.get(&column), Some(Known::Value(value)) if value.is_null());
        if was_null && !after.is_null() {
            row.known.insert(column, Known::Value(after.clone()));
        }
    }

    /// Every live version reads every row; one that is missing in one of the tables of a thing reads as null.
    pub fn read(&self, memory: &Memory, app: &AppUse, places: &Places) -> Option<Wrong> {
        for name in &app.reads {
            let Some(column) = memory.catalog().column(&name.table, &name.column).cloned() else { continue };
            let found = memory.catalog().column_found_by(&app.name, &name.table, &column.name);
            // Of `*`, what came later is given back and not made anything of.
            if app.spread.contains(name) && found.is_none() {
                continue;
            }
            let trusted = found.is_some_and(|found| matches!(found.not_null, NotNull::Yes | NotNull::Validated));
            for (thing, row) in &self.rows {
                let number = places.row(*thing, &name.table);
                let there = match number {
                    Some(number) => memory.value(&name.table, number, &column.name)?,
                    None => Value::Null,
                };
                let whose = format!("{}.{}, row {number:?}", name.table, column.name);
                if there.is_null() && trusted && number.is_some() {
                    let about = About::Null(column.id);
                    return Some(Wrong::new("null", about, format!("{} reads null in {whose}", app.name)));
                }
                let who = format!("{} reads {there} in {whose}", app.name);
                let (kind, about, why) = match row.known.get(&column.id) {
                    Some(Known::Value(value)) if same(value, &there) => continue,
                    Some(Known::Value(value)) if there.is_null() => {
                        ("unset read", About::Null(column.id), format!("and it is {value}"))
                    }
                    Some(Known::Value(value)) => ("stale read", About::Value(column.id), format!("and it is {value}")),
                    Some(Known::Old) if there.is_null() && self.is_null(row, column.id) => continue,
                    Some(Known::Old) if number.is_none() => continue,
                    Some(Known::Old) => ("stale read", About::Value(column.id), "which is old".to_owned()),
                    Some(Known::Lost) if there.is_null() => {
                        ("unset read", About::Null(column.id), "and it comes from something".to_owned())
                    }
                    Some(Known::Lost | Known::Open) | None => continue,
                };
                return Some(Wrong::new(kind, about, format!("{who}, {why}")));
            }
        }
        None
    }

    /// Whether all that is newest of what a column carries is null.
    fn is_null(&self, row: &Row, column: ColumnId) -> bool {
        let facts = &self.plan.facts;
        let shares = |id: &&ColumnId| facts.of(**id).iter().any(|fact| facts.of(column).contains(fact));
        let is_null = |id: &ColumnId| matches!(row.known.get(id), Some(Known::Value(value)) if value.is_null());
        row.direct.iter().filter(shares).all(is_null)
    }

    /// A column is about to be dropped: two rows that it tells apart, and that nothing else will.
    pub fn dropped(&self, memory: &Memory, places: &Places, dropped: ColumnId, with: &[ColumnId]) -> Option<Wrong> {
        let facts = &self.plan.facts;
        let shares = |id: ColumnId| facts.of(id).iter().any(|fact| facts.of(dropped).contains(fact));
        let all =
            memory.catalog().tables().flat_map(|table| table.columns().map(|column| (table.name.clone(), column)));
        let left: Vec<_> = all.filter(|(_, column)| !with.contains(&column.id) && shares(column.id)).collect();
        if left.is_empty() {
            return None;
        }
        let mut images: BTreeMap<Vec<String>, (usize, String)> = BTreeMap::new();
        for (thing, row) in self.rows.iter().filter(|(_, row)| row.direct.contains(&dropped)) {
            let Some(Known::Value(value)) = row.known.get(&dropped) else { continue };
            let of = |(table, column): &(Name, &Column)| {
                let row = places.row(*thing, table)?;
                memory.value(table, row, &column.name)
            };
            let there: Vec<Value> = left.iter().map(|column| of(column).unwrap_or(Value::Null)).collect();
            if value.is_null() {
                continue;
            }
            if there.iter().all(Value::is_null) {
                let said = format!("{value} of thing {thing} is in no column any more");
                return Some(Wrong::new("lost write", About::Null(dropped), said));
            }
            let image: Vec<String> = there.iter().map(Value::to_string).collect();
            let value = value.to_string();
            if let Some((other, known)) = images.get(&image).filter(|(_, known)| *known != value) {
                let said = format!("{known} of thing {other} and {value} of thing {thing} are both {image:?} now");
                return Some(Wrong::new("lost write", About::Value(dropped), said));
            }
            images.insert(image, (*thing, value));
        }
        None
    }
}

/// The columns that an expression reads, in the order in which it wants their values.
fn inputs(plan: &Plan, value: &Expression, sources: &[ColumnId]) -> Vec<ColumnId> {
    let mut catalog = plan.start.clone();
    let mut names: BTreeMap<ColumnId, String> = BTreeMap::new();
    let mut note = |catalog: &miglab::catalog::Catalog| {
        let columns = catalog.tables().flat_map(|table| table.columns());
        names.extend(columns.map(|column| (column.id, column.name.to_string())));
    };
    note(&catalog);
    for step in &plan.steps {
        catalog.apply(&step.action);
        note(&catalog);
    }
    let of =
        |name: &str| *sources.iter().find(|id| names.get(id).is_some_and(|known| known == name)).expect("a source");
    value.inputs().iter().map(|name| of(name)).collect()
}
