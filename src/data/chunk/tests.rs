use proptest::prelude::*;

use super::{CHUNK_ROWS, Chunk};
use crate::data::{Type, Value, compare};

fn text(s: &str) -> Value {
    Value::Text(s.into())
}

#[test]
fn a_value_set_is_the_value_read() {
    let mut chunk = Chunk::from_values(Type::Text, &[text("a"), Value::Null, text("ccc")]);
    chunk.set(1, &text("a much longer one"));
    chunk.set(2, &text(""));
    chunk.set(0, &Value::Null);
    let values: Vec<_> = chunk.iter().collect();
    assert_eq!(values, [Value::Null, text("a much longer one"), text("")]);
    assert_eq!(chunk.null_count(), 1);
}

#[test]
fn text_costs_eight_bytes_a_row_besides_its_bytes() {
    let mut chunk = Chunk::new(Type::Text);
    (0..CHUNK_ROWS).for_each(|row| chunk.push(&if row % 2 == 0 { text("0123456789") } else { Value::Null }));
    chunk.shrink();
    assert_eq!(chunk.heap_bytes(), CHUNK_ROWS * 8 + CHUNK_ROWS / 2 * 10 + CHUNK_ROWS / 8);
}

#[test]
fn many_changes_of_one_row_do_not_grow_the_buffer_without_bound() {
    let mut chunk = Chunk::repeat(Type::Text, &text("x"), 100);
    for n in 0..100_000 {
        chunk.set(7, &text(&"y".repeat(n % 100 + 1)));
    }
    assert!(chunk.heap_bytes() < 10_000, "{} bytes", chunk.heap_bytes());
    assert_eq!(chunk.get(8), text("x"));
}

#[test]
fn equal_numbers_of_different_scale_are_the_same() {
    let number = |text| Value::parse(text, Type::Numeric(None)).unwrap();
    let chunk = Chunk::from_values(Type::Numeric(None), &[number("1.0"), number("1.00"), number("-12345678901.5")]);
    assert!(chunk.same(0, &chunk, 1));
    assert!(!chunk.same(0, &chunk, 2));
    assert_eq!(chunk.get(1).to_string(), "1.00");
    assert_eq!(chunk.get(2).to_string(), "-12345678901.5");
}

#[test]
fn merging_takes_each_row_from_the_side_chosen() {
    let own = Chunk::from_values(Type::Integer, &[Value::Integer(1), Value::Integer(2), Value::Null]);
    let other = Chunk::from_values(Type::Integer, &[Value::Null, Value::Integer(20), Value::Integer(30)]);
    let merged = own.merged(&other, &[true, false, true]);
    assert_eq!(merged.iter().collect::<Vec<_>>(), [Value::Null, Value::Integer(2), Value::Integer(30)]);
}

fn value_of(ty: Type) -> BoxedStrategy<Value> {
    let some = match ty {
        Type::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Type::SmallInt => any::<i16>().prop_map(Value::SmallInt).boxed(),
        Type::BigInt => any::<i64>().prop_map(Value::BigInt).boxed(),
        Type::Double => any::<f64>().prop_map(Value::Double).boxed(),
        Type::Uuid => any::<u128>().prop_map(Value::Uuid).boxed(),
        Type::Bytea => any::<Vec<u8>>().prop_map(Value::Bytea).boxed(),
        Type::Numeric(_) => (any::<i64>(), 0..20_i64)
            .prop_map(|(digits, scale)| Value::Numeric(bigdecimal::BigDecimal::new(digits.into(), scale)))
            .boxed(),
        _ => ".{0,20}".prop_map(Value::Text).boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 4 => some].boxed()
}

fn typed_changes() -> impl Strategy<Value = (Type, Vec<Value>, Vec<(usize, Value)>)> {
    let types = [
        Type::Boolean,
        Type::SmallInt,
        Type::BigInt,
        Type::Double,
        Type::Uuid,
        Type::Bytea,
        Type::Numeric(None),
        Type::Text,
    ];
    proptest::sample::select(types.to_vec()).prop_flat_map(|ty| {
        let values = prop::collection::vec(value_of(ty), 1..200);
        let changes = prop::collection::vec((any::<usize>(), value_of(ty)), 0..400);
        (Just(ty), values, changes)
    })
}

proptest! {
    #[test]
    fn a_chunk_is_a_vector_of_values((ty, mut values, changes) in typed_changes()) {
        let mut chunk = Chunk::from_values(ty, &values);
        for (at, value) in changes {
            let row = at % values.len();
            chunk.set(row, &value);
            values[row] = value;
        }
        prop_assert_eq!(chunk.len(), values.len());
        for (row, value) in values.iter().enumerate() {
            prop_assert!(compare(&chunk.get(row), value).is_eq());
            prop_assert_eq!(chunk.get(row).to_string(), value.to_string());
            prop_assert!(chunk.same(row, &chunk, row));
        }
        prop_assert_eq!(chunk.null_count(), values.iter().filter(|value| value.is_null()).count());
    }
}
