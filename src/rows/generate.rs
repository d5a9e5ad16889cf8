//! Generated rows: values that fit the column types and the constraints, the same for the same seed.
//!
//! Each value depends only on the seed, its column and its row, so chunks are made one after the other without looking
//! back: columns that must be unique count, foreign keys draw from the keys that are there, and rows that fail a check
//! are drawn again.

use std::sync::Arc;

use crate::ast::Name;
use crate::catalog::{Column, ColumnId, ConstraintKind, NotNull, Table};
use crate::data::{CHUNK_ROWS, Chunk, Type, Value};
use crate::engine::memory::{Columns, Memory};
use crate::engine::{Fault, FaultKind};
use crate::expr::{Batch, Expression};
use crate::phrase;
use crate::rows::values::{Dice, Manner, distinct, scalar};

/// How often a row that fails a check is drawn again.
const ATTEMPTS: u64 = 1_000;
/// One value in so many is null where it may be.
const NULL_EVERY: u64 = 12;

/// How many rows to generate, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerateSpec {
    /// How many.
    pub count: u64,
    /// The same seed gives the same rows.
    pub seed: u64,
}

/// Rows for `table`, which may have some already: the columns that they have values for, and chunks of them.
///
/// # Errors
/// There is no such table, or a constraint for which there cannot be so many rows. Checks are held as chunks are made.
pub fn generate(memory: &Memory, table: &Name, spec: GenerateSpec) -> Result<(Vec<Name>, Generator), Fault> {
    let schema = memory.catalog().table(table).cloned();
    let schema = schema.ok_or_else(|| Fault::new(FaultKind::Missing, format!("there is no table `{table}`")))?;
    let mut sources: Vec<Source> =
        schema.columns().map(|column| Source::of(memory, &schema, column)).collect::<Result<_, _>>()?;
    for constraint in schema.constraints() {
        if let Some(columns) = constraint.kind.unique_columns() {
            make_distinct(memory, &schema, &mut sources, columns, &constraint.name, spec.count)?;
        }
    }
    let names = schema.columns().map(|column| column.name.clone()).collect();
    Ok((names, Generator { checks: checks(&schema), table: schema, sources, spec, row: 0, now: memory.now_micros() }))
}

/// Where the values of a column come from.
enum Draw {
    /// By type and name.
    Free,
    /// By type and name, each only once; counting from here.
    Distinct(u64),
    /// From these values.
    From(Arc<[Value]>),
    /// From these values in turn, each for so many rows.
    InTurn(Arc<[Value]>, u64),
}

struct Source {
    id: ColumnId,
    name: Name,
    ty: Type,
    nullable: bool,
    manner: Manner,
    draw: Draw,
    /// Constants that checks compare the column with.
    hints: Vec<Value>,
}

impl Source {
    fn of(memory: &Memory, table: &Table, column: &Column) -> Result<Self, Fault> {
        let in_key = table.primary_key().is_some_and(|key| key.contains(&column.id));
        let nullable = column.not_null == NotNull::No && !in_key;
        let parent = table.constraints_of(column.id).find_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { table, referenced, .. } => Some((table, *referenced)),
            _ => None,
        });
        let draw = match parent {
            Some((parent, referenced)) => keys(memory, table, column, parent, referenced, nullable)?,
            None => Draw::Free,
        };
        let manner = Manner::of(&column.name);
        let hints = hints(table, column);
        Ok(Self { id: column.id, name: column.name.clone(), ty: column.ty, nullable, manner, draw, hints })
    }

    fn value(&self, dice: &mut Dice, row: u64, attempt: u64, text: &mut String) -> Option<Value> {
        match &self.draw {
            Draw::From(values) => Some(values[index(dice.below(values.len() as u64))].clone()),
            Draw::InTurn(values, each) => Some(values[index(row / each % values.len() as u64)].clone()),
            Draw::Distinct(from) => self.distinct(dice, from + row, text),
            Draw::Free if attempt % 2 == 1 && !self.hints.is_empty() => Some(near(&self.hints, self.ty, dice)),
            Draw::Free if self.nullable && attempt == 0 && dice.below(NULL_EVERY) == 0 => Some(Value::Null),
            Draw::Free if self.ty.is_text() || self.ty == Type::Unknown => {
                self.free_text(dice, attempt, text);
                Some(Value::Text(text.clone()))
            }
            Draw::Free if attempt == 0 => Some(scalar(self.ty, &self.name, dice)),
            Draw::Free => Some(again(self.ty, &self.name, dice, attempt)),
        }
    }

    fn free_text(&self, dice: &mut Dice, attempt: u64, text: &mut String) {
        const OTHERS: [Manner; 4] = [Manner::Word, Manner::Sentence, Manner::Email, Manner::Status];
        let manner = if attempt < 20 { self.manner } else { OTHERS[index(attempt % 4)] };
        manner.text(dice, None, text);
        cut(text, self.ty);
    }

    fn distinct(&self, dice: &mut Dice, number: u64, text: &mut String) -> Option<Value> {
        if !(self.ty.is_text() || self.ty == Type::Unknown) {
            return distinct(self.ty, number, dice);
        }
        self.manner.text(dice, Some(number), text);
        if let Type::Varchar(Some(length)) = self.ty
            && text.chars().count() > length as usize
        {
            *text = base_36(number);
            if text.len() > length as usize {
                return None;
            }
        }
        Some(Value::Text(text.clone()))
    }

    fn is_distinct(&self) -> bool {
        matches!(self.draw, Draw::Distinct(_))
    }
}

/// A number of another size, for a row that failed a check.
fn again(ty: Type, column: &str, dice: &mut Dice, attempt: u64) -> Value {
    let size = 10_u64.pow(u32::try_from(attempt / 2 % 6).unwrap_or(0) + 1);
    let number = i64::try_from(dice.below(size)).unwrap_or(0) * if attempt % 14 == 6 { -1 } else { 1 };
    match ty {
        Type::SmallInt => Value::SmallInt(i16::try_from(number).unwrap_or(1)),
        Type::Integer => Value::Integer(i32::try_from(number).unwrap_or(1)),
        Type::BigInt => Value::BigInt(number),
        Type::Double => Value::parse(&number.to_string(), ty).unwrap_or(Value::Null),
        Type::Numeric(_) => Value::parse_fitting(&number.to_string(), ty).unwrap_or_else(|_| scalar(ty, column, dice)),
        _ => scalar(ty, column, dice),
    }
}

/// The constants in checks of a column, as values of it.
fn hints(table: &Table, column: &Column) -> Vec<Value> {
    let conditions = table.constraints_of(column.id).filter_map(|constraint| match &constraint.kind {
        ConstraintKind::Check { condition, .. } => Some(condition),
        _ => None,
    });
    let fits = |value: &Value| {
        value.ty().is_some_and(|ty| ty.is_text() == column.ty.is_text() && ty.is_numeric() == column.ty.is_numeric())
    };
    let constants = conditions.flat_map(Expression::constants).filter(fits);
    constants.filter_map(|value| Value::parse_fitting(&value.to_string(), column.ty).ok()).collect()
}

/// One of the hints, a whole number next to one, or one between two.
fn near(hints: &[Value], ty: Type, dice: &mut Dice) -> Value {
    let mut pick = || &hints[index(dice.below(hints.len() as u64))];
    let (one, other) = (pick(), pick());
    let (Some(one_number), Some(other_number)) = (whole(one), whole(other)) else { return one.clone() };
    let (low, high) = (one_number.min(other_number), one_number.max(other_number));
    let drawn = dice.below(high.abs_diff(low).saturating_add(3));
    let number = low.saturating_sub(1).saturating_add(i64::try_from(drawn).unwrap_or(0));
    Value::parse_fitting(&number.to_string(), ty).unwrap_or_else(|_| one.clone())
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::SmallInt(number) => Some(i64::from(*number)),
        Value::Integer(number) => Some(i64::from(*number)),
        Value::BigInt(number) => Some(*number),
        _ => None,
    }
}

/// The keys that a foreign key may refer to.
fn keys(
    memory: &Memory,
    table: &Table,
    column: &Column,
    parent: &Name,
    referenced: ColumnId,
    nullable: bool,
) -> Result<Draw, Fault> {
    let mut values = memory.column_values(parent, referenced);
    values.retain(|value| !value.is_null());
    if !values.is_empty() {
        return Ok(Draw::From(values.into()));
    }
    if nullable {
        return Ok(Draw::From(Arc::from([Value::Null])));
    }
    let message = format!("`{}.{}` must refer to a row of `{parent}`, which has none", table.name, column.name);
    Err(Fault::new(FaultKind::ForeignKey, message).with_help(format!("put rows in `{parent}` first")))
}

/// Sees to it that no two rows agree on these columns.
fn make_distinct(
    memory: &Memory,
    table: &Table,
    sources: &mut [Source],
    columns: &[ColumnId],
    constraint: &str,
    count: u64,
) -> Result<(), Fault> {
    let members: Vec<usize> =
        columns.iter().filter_map(|id| sources.iter().position(|source| source.id == *id)).collect();
    if members.iter().any(|at| sources[*at].is_distinct()) {
        return Ok(());
    }
    let countable = |at: &&usize| matches!(sources[**at].draw, Draw::Free) && sources[**at].ty != Type::Boolean;
    if let Some(at) = members.iter().rev().find(countable) {
        sources[*at].draw = Draw::Distinct(first_free(memory, table, sources[*at].id));
        return Ok(());
    }
    let mut each = 1_u64;
    for at in members {
        let values: Arc<[Value]> = match &sources[at].draw {
            Draw::From(values) | Draw::InTurn(values, _) => Arc::clone(values),
            _ => Arc::from([Value::Boolean(false), Value::Boolean(true)]),
        };
        let length = values.len() as u64;
        sources[at].draw = Draw::InTurn(values, each);
        each = each.saturating_mul(length);
    }
    if each >= count {
        return Ok(());
    }
    let message = format!("`{}` can have {}, not {count}: constraint `{constraint}`", table.name, phrase::rows(each));
    Err(Fault::new(FaultKind::Unique, message))
}

/// A number from which values are not taken yet.
fn first_free(memory: &Memory, table: &Table, column: ColumnId) -> u64 {
    let values = memory.column_values(&table.name, column);
    let highest = values.iter().filter_map(whole).max().unwrap_or(0);
    u64::try_from(highest).unwrap_or(0).max(values.len() as u64)
}

fn checks(table: &Table) -> Vec<(Name, Expression, Vec<usize>)> {
    let place = |name: &Name| table.columns().position(|column| column.name == *name);
    let check = |constraint: &crate::catalog::Constraint| match &constraint.kind {
        ConstraintKind::Check { condition, .. } => {
            let inputs = condition.inputs().iter().filter_map(place).collect();
            Some((constraint.name.clone(), condition.clone(), inputs))
        }
        _ => None,
    };
    table.constraints().filter_map(check).collect()
}

/// Makes rows, a chunk at a time.
pub struct Generator {
    table: Arc<Table>,
    sources: Vec<Source>,
    /// Name, condition, and which columns it reads.
    checks: Vec<(Name, Expression, Vec<usize>)>,
    spec: GenerateSpec,
    row: u64,
    now: i64,
}

impl Generator {
    fn part(&self, first: u64, rows: u64) -> Result<Columns, Fault> {
        let columns = self.sources.iter().enumerate().map(|(at, source)| self.column(at, source, first, rows));
        let mut part = columns.collect::<Result<Columns, _>>()?;
        for row in self.failing(&part)? {
            let values = self.mend(&part, row, first + row as u64)?;
            part.iter_mut().zip(values).for_each(|(chunk, value)| chunk.set(row, &value));
        }
        Ok(part)
    }

    fn column(&self, at: usize, source: &Source, first: u64, rows: u64) -> Result<Chunk, Fault> {
        let mut chunk = Chunk::with_capacity(source.ty, index(rows), 0);
        let mut text = String::new();
        for row in first..first + rows {
            let mut dice = Dice::new(self.spec.seed, at as u64, row, 0);
            if matches!(source.draw, Draw::Free) && source.ty.is_text() {
                if source.nullable && dice.below(NULL_EVERY) == 0 {
                    chunk.push_null();
                } else {
                    source.free_text(&mut dice, 0, &mut text);
                    chunk.push_text(&text);
                }
                continue;
            }
            let value = source.value(&mut dice, row, 0, &mut text).ok_or_else(|| self.too_many(source))?;
            chunk.push(&value);
        }
        Ok(chunk)
    }

    fn too_many(&self, source: &Source) -> Fault {
        let (table, column, ty) = (&self.table.name, &source.name, source.ty);
        let message = format!(
            "`{table}.{column}` must be unique, and `{ty}` has too few values for {}",
            phrase::rows(self.spec.count)
        );
        Fault::new(FaultKind::Unique, message)
    }

    /// The rows of a part that fail a check.
    fn failing(&self, part: &Columns) -> Result<Vec<usize>, Fault> {
        let rows = part.first().map_or(0, Chunk::len);
        if self.checks.is_empty() {
            return Ok(Vec::new());
        }
        let shared: Vec<Arc<Chunk>> = part.iter().map(|chunk| Arc::new(chunk.clone())).collect();
        let mut failing: Vec<usize> = Vec::new();
        for (name, condition, inputs) in &self.checks {
            let columns: Vec<&Arc<Chunk>> = inputs.iter().map(|at| &shared[*at]).collect();
            let batch = Batch { columns: &columns, rows, selected: None };
            match condition.eval_chunk(batch, self.now) {
                Ok(truth) => failing.extend((0..rows).filter(|row| truth.get(*row) == Value::Boolean(false))),
                Err(error) => failing.push(error.row),
            }
            if columns.len() != condition.inputs().len() {
                return Err(self.hopeless(name));
            }
        }
        failing.sort_unstable();
        failing.dedup();
        Ok(failing)
    }

    /// Draws a row again until it passes all checks.
    fn mend(&self, part: &Columns, row: usize, number: u64) -> Result<Vec<Value>, Fault> {
        let mut values: Vec<Value> = part.iter().map(|chunk| chunk.get(row)).collect();
        let mut text = String::new();
        for attempt in 1..=ATTEMPTS {
            let Some((name, _, inputs)) = self.failed_check(&values) else { return Ok(values) };
            for at in inputs {
                let source = &self.sources[*at];
                if source.is_distinct() || matches!(source.draw, Draw::InTurn(..)) {
                    continue;
                }
                let mut dice = Dice::new(self.spec.seed, *at as u64, number, attempt);
                values[*at] = match source.value(&mut dice, number, attempt, &mut text) {
                    Some(_) if source.nullable && attempt > ATTEMPTS / 2 => Value::Null,
                    Some(value) => value,
                    None => return Err(self.hopeless(name)),
                };
            }
        }
        match self.failed_check(&values) {
            None => Ok(values),
            Some((name, ..)) => Err(self.hopeless(name)),
        }
    }

    fn failed_check(&self, values: &[Value]) -> Option<&(Name, Expression, Vec<usize>)> {
        self.checks.iter().find(|(_, condition, inputs)| {
            let row: Vec<Value> = inputs.iter().map(|at| values[*at].clone()).collect();
            !matches!(condition.eval(&row, self.now), Ok(Value::Boolean(true) | Value::Null))
        })
    }

    fn hopeless(&self, check: &str) -> Fault {
        let message =
            format!("no generated row of `{}` satisfies check `{check}` in {ATTEMPTS} attempts", self.table.name);
        Fault::new(FaultKind::Check, message).with_help("list the rows in the script, or load them from a CSV file")
    }
}

impl Iterator for Generator {
    type Item = Result<Columns, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = (self.spec.count - self.row).min(CHUNK_ROWS as u64);
        if rows == 0 {
            return None;
        }
        let part = self.part(self.row, rows);
        self.row = if part.is_ok() { self.row + rows } else { self.spec.count };
        Some(part)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn cut(text: &mut String, ty: Type) {
    if let Type::Varchar(Some(length)) = ty
        && let Some((end, _)) = text.char_indices().nth(length as usize)
    {
        text.truncate(end);
    }
}

fn base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[index(number % 36)]);
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}
