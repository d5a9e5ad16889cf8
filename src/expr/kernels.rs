//! Fast loops over whole chunks for what is used most. A kernel gives `None` where it cannot tell a result (an overflow
//! somewhere, an unusual operand); then the rows are gone through one by one.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::data::{Chunk, Nulls, Type, Value, compare_doubles};

/// The values of an operand for a batch.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// One for each row.
    Chunk(Arc<Chunk>),
    /// The same for all rows.
    Constant(Value),
}

impl Operand {
    pub(super) fn get(&self, row: usize) -> Value {
        match self {
            Self::Chunk(chunk) => chunk.get(row),
            Self::Constant(value) => value.clone(),
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Chunk(chunk) => chunk.is_null(row),
            Self::Constant(value) => value.is_null(),
        }
    }

    fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Chunk(chunk) => chunk.text(row),
            Self::Constant(Value::Text(text)) => Some(text),
            Self::Constant(_) => None,
        }
    }

    fn is_text(&self) -> bool {
        match self {
            Self::Chunk(chunk) => chunk.ty().is_text(),
            Self::Constant(value) => matches!(value, Value::Text(_)),
        }
    }

    fn live_bytes(&self, rows: usize) -> usize {
        match self {
            Self::Chunk(chunk) => chunk.live_bytes(),
            Self::Constant(Value::Text(text)) => text.len() * rows,
            Self::Constant(_) => 0,
        }
    }
}

/// Computes a strict function for `rows` rows; no operand is a constant null, and one at least is a chunk.
pub(super) type Kernel = fn(&[Operand], rows: usize) -> Option<Chunk>;

/// The values of an operand of fixed width.
enum Lane<'a, T> {
    Many(&'a [T]),
    One(T),
}

impl<T: Copy> Lane<'_, T> {
    fn get(&self, row: usize) -> T {
        match self {
            Self::Many(values) => values[row],
            Self::One(value) => *value,
        }
    }
}

/// A type of fixed width that kernels compute with.
trait Fixed: Copy {
    fn values(chunk: &Chunk) -> Option<&[Self]>;
    fn value(value: &Value) -> Option<Self>;
    fn chunk(values: Vec<Self>, nulls: Nulls) -> Chunk;
}

macro_rules! fixed {
    ($rust:ty, $slice:ident, $build:ident, $($variant:ident)|+) => {
        impl Fixed for $rust {
            fn values(chunk: &Chunk) -> Option<&[Self]> {
                chunk.$slice()
            }

            fn value(value: &Value) -> Option<Self> {
                if let $(Value::$variant(value))|+ = value { Some(*value) } else { None }
            }

            fn chunk(values: Vec<Self>, nulls: Nulls) -> Chunk {
                Chunk::$build(values, nulls)
            }
        }
    };
}

fixed!(i32, as_i32, of_i32s, Integer | Date);
fixed!(i64, as_i64, of_i64s, BigInt | Timestamp | TimestampTz);
fixed!(f64, as_f64, of_f64s, Double);

fn lane<T: Fixed>(operand: &Operand) -> Option<Lane<'_, T>> {
    match operand {
        Operand::Chunk(chunk) => T::values(chunk).map(Lane::Many),
        Operand::Constant(value) => T::value(value).map(Lane::One),
    }
}

fn lanes<T: Fixed>(operands: &[Operand]) -> Option<(Lane<'_, T>, Lane<'_, T>)> {
    match operands {
        [left, right] => Some((lane(left)?, lane(right)?)),
        _ => None,
    }
}

fn nulls(operands: &[Operand], rows: usize) -> Nulls {
    let chunks = operands.iter().filter_map(|operand| match operand {
        Operand::Chunk(chunk) => Some(chunk.nulls()),
        Operand::Constant(_) => None,
    });
    chunks.fold(Nulls::none(rows), |all, some| all.union(some))
}

/// `compute` for each row that has no null.
fn arithmetic<T: Fixed + Default>(
    operands: &[Operand],
    rows: usize,
    compute: impl Fn(T, T) -> Option<T>,
) -> Option<Chunk> {
    let (left, right) = lanes::<T>(operands)?;
    let nulls = nulls(operands, rows);
    let mut values = Vec::with_capacity(rows);
    for row in 0..rows {
        match compute(left.get(row), right.get(row)) {
            Some(value) => values.push(value),
            None if nulls.get(row) => values.push(T::default()),
            None => return None,
        }
    }
    Some(T::chunk(values, nulls))
}

fn finite(result: f64) -> Option<f64> {
    result.is_finite().then_some(result)
}

pub(super) fn add(operands: &[Operand], rows: usize) -> Option<Chunk> {
    arithmetic(operands, rows, i32::checked_add)
        .or_else(|| arithmetic(operands, rows, i64::checked_add))
        .or_else(|| arithmetic(operands, rows, |a: f64, b| finite(a + b)))
}

pub(super) fn subtract(operands: &[Operand], rows: usize) -> Option<Chunk> {
    arithmetic(operands, rows, i32::checked_sub)
        .or_else(|| arithmetic(operands, rows, i64::checked_sub))
        .or_else(|| arithmetic(operands, rows, |a: f64, b| finite(a - b)))
}

pub(super) fn multiply(operands: &[Operand], rows: usize) -> Option<Chunk> {
    let product = |a: f64, b: f64| finite(a * b).filter(|product| *product != 0.0);
    arithmetic(operands, rows, i32::checked_mul)
        .or_else(|| arithmetic(operands, rows, i64::checked_mul))
        .or_else(|| arithmetic(operands, rows, product))
}

fn comparison<T: Fixed>(
    operands: &[Operand],
    rows: usize,
    order: impl Fn(T, T) -> Ordering,
    test: fn(Ordering) -> bool,
) -> Option<Chunk> {
    let (left, right) = lanes::<T>(operands)?;
    let values = (0..rows).map(|row| test(order(left.get(row), right.get(row)))).collect();
    Some(Chunk::of_bools(values, nulls(operands, rows)))
}

fn text_comparison(operands: &[Operand], rows: usize, test: fn(Ordering) -> bool) -> Option<Chunk> {
    let [left, right] = operands else { return None };
    if !left.is_text() || !right.is_text() {
        return None;
    }
    let compared = |row| left.text(row).unwrap_or_default().cmp(right.text(row).unwrap_or_default());
    Some(Chunk::of_bools((0..rows).map(|row| test(compared(row))).collect(), nulls(operands, rows)))
}

fn compared(operands: &[Operand], rows: usize, test: fn(Ordering) -> bool) -> Option<Chunk> {
    comparison(operands, rows, |a: i32, b| a.cmp(&b), test)
        .or_else(|| comparison(operands, rows, |a: i64, b| a.cmp(&b), test))
        .or_else(|| comparison(operands, rows, compare_doubles, test))
        .or_else(|| text_comparison(operands, rows, test))
}

pub(super) fn equal(operands: &[Operand], rows: usize) -> Option<Chunk> {
    compared(operands, rows, Ordering::is_eq)
}

pub(super) fn not_equal(operands: &[Operand], rows: usize) -> Option<Chunk> {
    compared(operands, rows, Ordering::is_ne)
}

pub(super) fn less(operands: &[Operand], rows: usize) -> Option<Chunk> {
    compared(operands, rows, Ordering::is_lt)
}

pub(super) fn less_or_equal(operands: &[Operand], rows: usize) -> Option<Chunk> {
    compared(operands, rows, Ordering::is_le)
}

pub(super) fn greater(operands: &[Operand], rows: usize) -> Option<Chunk> {
    compared(operands, rows, Ordering::is_gt)
}

pub(super) fn greater_or_equal(operands: &[Operand], rows: usize) -> Option<Chunk> {
    compared(operands, rows, Ordering::is_ge)
}

/// A text made of each text.
pub(super) fn mapped(operands: &[Operand], rows: usize, map: impl Fn(&str, &mut Chunk)) -> Option<Chunk> {
    let [operand] = operands else { return None };
    let mut chunk = Chunk::with_capacity(Type::Text, rows, operand.live_bytes(rows));
    for row in 0..rows {
        match operand.text(row) {
            Some(text) => map(text, &mut chunk),
            None => chunk.push_null(),
        }
    }
    Some(chunk)
}

pub(super) fn concat(operands: &[Operand], rows: usize) -> Option<Chunk> {
    let [left, right] = operands else { return None };
    let bytes = left.live_bytes(rows) + right.live_bytes(rows);
    let mut chunk = Chunk::with_capacity(Type::Text, rows, bytes);
    let mut joined = String::new();
    for row in 0..rows {
        if let (Some(left), Some(right)) = (left.text(row), right.text(row)) {
            joined.clear();
            joined.push_str(left);
            joined.push_str(right);
            chunk.push_text(&joined);
        } else {
            chunk.push_null();
        }
    }
    Some(chunk)
}
