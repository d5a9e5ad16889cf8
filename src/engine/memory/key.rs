//! Keys of rows: values that are compared by `=` and hashed accordingly.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use bigdecimal::ToPrimitive;

use crate::data::{Value, compare};

/// A fast hash with a good finish; keys come from the plan's own rows, so nobody gains by collisions.
#[derive(Default)]
struct KeyHasher(u64);

impl KeyHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.add(u64::from_le_bytes(word));
        }
        self.add(bytes.len() as u64);
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The hash of a key; `None` where a value is null, for such a key equals no other.
pub(super) fn hash(key: &[Value]) -> Option<u64> {
    let mut hasher = KeyHasher::default();
    for value in key {
        if value.is_null() {
            return None;
        }
        hash_value(value, &mut hasher);
    }
    Some(hasher.finish())
}

fn hash_value(value: &Value, hasher: &mut KeyHasher) {
    if let Some(number) = as_integer(value) {
        return hasher.add(number.cast_unsigned());
    }
    match value {
        Value::Boolean(flag) => hasher.add(u64::from(*flag)),
        Value::Numeric(number) => number.normalized().hash(hasher),
        Value::Real(number) => hasher.add(float_bits(f64::from(*number))),
        Value::Double(number) => hasher.add(float_bits(*number)),
        Value::Text(text) | Value::Json(text) => hasher.write(text.as_bytes()),
        Value::Date(days) => hasher.add(i64::from(*days).cast_unsigned()),
        Value::Timestamp(micros) | Value::TimestampTz(micros) => hasher.add(micros.cast_unsigned()),
        Value::Uuid(id) => hasher.write(&id.to_le_bytes()),
        Value::Bytea(bytes) => hasher.write(bytes),
        // Equal documents may be written in several ways; they are rare as keys, so they share a hash.
        _ => hasher.add(0),
    }
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::SmallInt(number) => Some(i64::from(*number)),
        Value::Integer(number) => Some(i64::from(*number)),
        Value::BigInt(number) => Some(*number),
        Value::Numeric(number) if number.is_integer() => number.to_i64(),
        _ => None,
    }
}

fn float_bits(number: f64) -> u64 {
    if number.is_nan() {
        f64::NAN.to_bits()
    } else if number == 0.0 {
        0
    } else {
        number.to_bits()
    }
}

/// Whether two values are the same key (`is not distinct from`), across the types of numbers.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        _ => compare(left, right) == Ordering::Equal,
    }
}

/// Whether two values of a column are the same in every digit and letter: 1.0 and 1.00 are equal, and not the same image.
pub(super) fn same_image(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        _ => left.is_null() == right.is_null() && left.to_string() == right.to_string(),
    }
}

/// Whether two keys are the same.
pub(super) fn same_all(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| same(a, b))
}
