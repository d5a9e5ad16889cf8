//! Keys: values that are equal as PostgreSQL has it have equal bytes.

use bigdecimal::BigDecimal;
use bigdecimal::ToPrimitive;

use crate::data::{Value, json, numeric};

/// The values of a unique key, for hashing: `1`, `1.0` and `1.00` are one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The key of these values; `None` if one of them is null, since a null equals nothing.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Option<Self> {
        let mut bytes = Vec::new();
        for value in values {
            push(&mut bytes, value)?;
        }
        Some(Self(bytes.into()))
    }

    /// Bytes it holds, for measuring.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.0.len()
    }
}

fn push(bytes: &mut Vec<u8>, value: &Value) -> Option<()> {
    match value {
        Value::Null => return None,
        Value::Boolean(value) => push_fixed(bytes, b'b', &[u8::from(*value)]),
        Value::SmallInt(value) => push_whole(bytes, i64::from(*value)),
        Value::Integer(value) => push_whole(bytes, i64::from(*value)),
        Value::BigInt(value) => push_whole(bytes, *value),
        Value::Numeric(value) => push_numeric(bytes, value),
        Value::Real(value) => push_double(bytes, f64::from(*value)),
        Value::Double(value) => push_double(bytes, *value),
        Value::Text(text) => push_bytes(bytes, b't', text.as_bytes()),
        Value::Date(days) => push_fixed(bytes, b'd', &days.to_le_bytes()),
        Value::Timestamp(micros) => push_fixed(bytes, b's', &micros.to_le_bytes()),
        Value::TimestampTz(micros) => push_fixed(bytes, b'z', &micros.to_le_bytes()),
        Value::Interval(interval) => push_fixed(bytes, b'v', &interval.length_micros().to_le_bytes()),
        Value::Uuid(value) => push_fixed(bytes, b'u', &value.to_le_bytes()),
        Value::Json(text) => push_bytes(bytes, b'j', text.as_bytes()),
        Value::Jsonb(value) => {
            let mut text = String::new();
            json::write(&mut text, &json::normalized(value)).ok()?;
            push_bytes(bytes, b'J', text.as_bytes());
        }
        Value::Bytea(value) => push_bytes(bytes, b'y', value),
    }
    Some(())
}

fn push_fixed(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    bytes.push(tag);
    bytes.extend_from_slice(value);
}

fn push_bytes(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    push_fixed(bytes, tag, &value.len().to_le_bytes());
    bytes.extend_from_slice(value);
}

fn push_whole(bytes: &mut Vec<u8>, value: i64) {
    push_fixed(bytes, b'i', &value.to_le_bytes());
}

fn push_numeric(bytes: &mut Vec<u8>, value: &BigDecimal) {
    if let (true, Some(whole)) = (value.is_integer(), value.to_i64()) {
        return push_whole(bytes, whole);
    }
    let mut digits = Vec::new();
    numeric::encode(&numeric::without_trailing_zeros(value), &mut digits);
    push_bytes(bytes, b'n', &digits);
}

fn push_double(bytes: &mut Vec<u8>, value: f64) {
    let bits = if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() };
    push_fixed(bytes, b'f', &bits.to_le_bytes());
}
