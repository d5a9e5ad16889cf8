//! The values of a chunk, in the form that fits their type.

use super::slots::Slots;
use crate::data::{Interval, Type, Value, compare, json, numeric};

/// Fixed-width values in a vector, the rest as slots over bytes. A null row holds a zero or no bytes.
#[derive(Clone, Debug)]
pub(super) enum Store {
    Bool(Vec<bool>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    U128(Vec<u128>),
    Bytes(Slots),
}

macro_rules! each_store {
    ($store:expr, $values:ident => $body:expr) => {
        match $store {
            Store::Bool($values) => $body,
            Store::I16($values) => $body,
            Store::I32($values) => $body,
            Store::I64($values) => $body,
            Store::F32($values) => $body,
            Store::F64($values) => $body,
            Store::U128($values) => $body,
            Store::Bytes($values) => $body,
        }
    };
}

impl Store {
    pub(super) fn new(ty: Type) -> Self {
        match ty {
            Type::Boolean => Self::Bool(Vec::new()),
            Type::SmallInt => Self::I16(Vec::new()),
            Type::Integer | Type::Date => Self::I32(Vec::new()),
            Type::BigInt | Type::Timestamp | Type::TimestampTz => Self::I64(Vec::new()),
            Type::Real => Self::F32(Vec::new()),
            Type::Double => Self::F64(Vec::new()),
            Type::Uuid | Type::Interval => Self::U128(Vec::new()),
            Type::Unknown
            | Type::Text
            | Type::Varchar(_)
            | Type::Numeric(_)
            | Type::Json
            | Type::Jsonb
            | Type::Bytea => Self::Bytes(Slots::default()),
        }
    }

    pub(super) fn len(&self) -> usize {
        each_store!(self, values => values.len())
    }

    pub(super) fn reserve(&mut self, rows: usize, bytes: usize) {
        match self {
            Self::Bool(values) => values.reserve(rows),
            Self::I16(values) => values.reserve(rows),
            Self::I32(values) => values.reserve(rows),
            Self::I64(values) => values.reserve(rows),
            Self::F32(values) => values.reserve(rows),
            Self::F64(values) => values.reserve(rows),
            Self::U128(values) => values.reserve(rows),
            Self::Bytes(slots) => slots.reserve(rows, bytes),
        }
    }

    pub(super) fn shrink(&mut self) {
        match self {
            Self::Bool(values) => values.shrink_to_fit(),
            Self::I16(values) => values.shrink_to_fit(),
            Self::I32(values) => values.shrink_to_fit(),
            Self::I64(values) => values.shrink_to_fit(),
            Self::F32(values) => values.shrink_to_fit(),
            Self::F64(values) => values.shrink_to_fit(),
            Self::U128(values) => values.shrink_to_fit(),
            Self::Bytes(slots) => slots.shrink(),
        }
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Bool(values) => values.capacity(),
            Self::I16(values) => values.capacity() * 2,
            Self::I32(values) => values.capacity() * 4,
            Self::I64(values) => values.capacity() * 8,
            Self::F32(values) => values.capacity() * 4,
            Self::F64(values) => values.capacity() * 8,
            Self::U128(values) => values.capacity() * 16,
            Self::Bytes(slots) => slots.heap_bytes(),
        }
    }

    /// The value at `row`, which is not null, as one of type `ty`.
    pub(super) fn get(&self, row: usize, ty: Type) -> Value {
        match self {
            Self::Bool(values) => Value::Boolean(values[row]),
            Self::I16(values) => Value::SmallInt(values[row]),
            Self::I32(values) if ty == Type::Date => Value::Date(values[row]),
            Self::I32(values) => Value::Integer(values[row]),
            Self::I64(values) => match ty {
                Type::Timestamp => Value::Timestamp(values[row]),
                Type::TimestampTz => Value::TimestampTz(values[row]),
                _ => Value::BigInt(values[row]),
            },
            Self::F32(values) => Value::Real(values[row]),
            Self::F64(values) => Value::Double(values[row]),
            Self::U128(values) if ty == Type::Interval => Value::Interval(Interval::from_bits(values[row])),
            Self::U128(values) => Value::Uuid(values[row]),
            Self::Bytes(slots) => from_bytes(slots.get(row), ty),
        }
    }

    /// Appends a value, or what stands for one if it is null.
    pub(super) fn push(&mut self, value: &Value) {
        match self {
            Self::Bool(values) => values.push(bool_of(value)),
            Self::I16(values) => values.push(i16_of(value)),
            Self::I32(values) => values.push(i32_of(value)),
            Self::I64(values) => values.push(i64_of(value)),
            Self::F32(values) => values.push(f32_of(value)),
            Self::F64(values) => values.push(f64_of(value)),
            Self::U128(values) => values.push(u128_of(value)),
            Self::Bytes(slots) => with_bytes(value, |bytes| slots.push(bytes)),
        }
    }

    /// Replaces the value at `row`.
    pub(super) fn set(&mut self, row: usize, value: &Value) {
        match self {
            Self::Bool(values) => values[row] = bool_of(value),
            Self::I16(values) => values[row] = i16_of(value),
            Self::I32(values) => values[row] = i32_of(value),
            Self::I64(values) => values[row] = i64_of(value),
            Self::F32(values) => values[row] = f32_of(value),
            Self::F64(values) => values[row] = f64_of(value),
            Self::U128(values) => values[row] = u128_of(value),
            Self::Bytes(slots) => with_bytes(value, |bytes| slots.set(row, bytes)),
        }
    }

    /// Appends the value at a row of a store of the same form.
    pub(super) fn push_from(&mut self, other: &Self, row: usize) {
        match (self, other) {
            (Self::Bool(values), Self::Bool(other)) => values.push(other[row]),
            (Self::I16(values), Self::I16(other)) => values.push(other[row]),
            (Self::I32(values), Self::I32(other)) => values.push(other[row]),
            (Self::I64(values), Self::I64(other)) => values.push(other[row]),
            (Self::F32(values), Self::F32(other)) => values.push(other[row]),
            (Self::F64(values), Self::F64(other)) => values.push(other[row]),
            (Self::U128(values), Self::U128(other)) => values.push(other[row]),
            (Self::Bytes(slots), Self::Bytes(other)) => slots.push(other.get(row)),
            (store, _) => store.push(&Value::Null),
        }
    }

    /// Whether the values at two rows, none of them null, are equal as values of type `ty`.
    pub(super) fn same(&self, row: usize, other: &Self, other_row: usize, ty: Type) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a[row] == b[other_row],
            (Self::I16(a), Self::I16(b)) => a[row] == b[other_row],
            (Self::I32(a), Self::I32(b)) => a[row] == b[other_row],
            (Self::I64(a), Self::I64(b)) => a[row] == b[other_row],
            (Self::U128(a), Self::U128(b)) if ty != Type::Interval => a[row] == b[other_row],
            (Self::Bytes(a), Self::Bytes(b)) if a.get(row) == b.get(other_row) => true,
            (Self::Bytes(_), Self::Bytes(_)) if !matches!(ty, Type::Numeric(_) | Type::Jsonb) => false,
            _ => compare(&self.get(row, ty), &other.get(other_row, ty)).is_eq(),
        }
    }
}

fn from_bytes(bytes: &[u8], ty: Type) -> Value {
    match ty {
        Type::Numeric(_) => Value::Numeric(numeric::decode(bytes)),
        Type::Bytea => Value::Bytea(bytes.to_vec()),
        Type::Json => Value::Json(text_of(bytes).into()),
        Type::Jsonb => json::parse(text_of(bytes)).map_or(Value::Null, Value::Jsonb),
        _ => Value::Text(text_of(bytes).into()),
    }
}

/// The text in these bytes, which came from a `str`.
pub(super) fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn with_bytes(value: &Value, take: impl FnOnce(&[u8])) {
    match value {
        Value::Text(text) | Value::Json(text) => take(text.as_bytes()),
        Value::Bytea(bytes) => take(bytes),
        Value::Numeric(number) => {
            let mut bytes = Vec::with_capacity(10);
            numeric::encode(number, &mut bytes);
            take(&bytes);
        }
        Value::Jsonb(_) => take(value.to_string().as_bytes()),
        _ => take(&[]),
    }
}

fn bool_of(value: &Value) -> bool {
    matches!(value, Value::Boolean(true))
}

fn i16_of(value: &Value) -> i16 {
    if let Value::SmallInt(value) = value { *value } else { 0 }
}

fn i32_of(value: &Value) -> i32 {
    if let Value::Integer(value) | Value::Date(value) = value { *value } else { 0 }
}

fn i64_of(value: &Value) -> i64 {
    if let Value::BigInt(value) | Value::Timestamp(value) | Value::TimestampTz(value) = value { *value } else { 0 }
}

fn f32_of(value: &Value) -> f32 {
    if let Value::Real(value) = value { *value } else { 0.0 }
}

fn f64_of(value: &Value) -> f64 {
    if let Value::Double(value) = value { *value } else { 0.0 }
}

fn u128_of(value: &Value) -> u128 {
    match value {
        Value::Uuid(value) => *value,
        Value::Interval(interval) => interval.to_bits(),
        _ => 0,
    }
}
