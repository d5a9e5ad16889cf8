//! Values made up for a replay: readable, new each time, and saying who wrote them.

use crate::catalog::Column;
use crate::data::{Type, Value};

/// How many kinds of values are tried for one column before the next thing is tried.
pub(super) const KINDS: usize = 10;

/// A value for a column that is not `current`. The first kind is readable; later ones are for columns whose checks and
/// casts take no such value, or that must fail one.
pub(super) fn new_value(
    column: &Column,
    who: &str,
    number: usize,
    kind: usize,
    hints: &[Value],
    current: &Value,
) -> Value {
    let mut values = values(column.ty, who, number, hints);
    values.retain(|value| value != current);
    values.get(kind % values.len().max(1)).cloned().unwrap_or(Value::Null)
}

fn values(ty: Type, who: &str, number: usize, hints: &[Value]) -> Vec<Value> {
    let fit = |text: &String| Value::parse_fitting(text, ty).ok();
    let texts = texts(ty, who, number);
    let near = hints.iter().filter(|hint| !hint.is_null()).flat_map(|hint| around(&hint.to_string()));
    let near: Vec<Value> = near.filter_map(|text| fit(&text)).collect();
    let mut made = texts.iter().filter_map(fit);
    let first = made.next();
    first.into_iter().chain(near).chain(made).collect()
}

/// A constant, and where it is a whole number, those beside it.
fn around(text: &str) -> Vec<String> {
    match text.parse::<i64>() {
        Ok(number) => vec![number, number.saturating_add(1), number.saturating_sub(1)]
            .into_iter()
            .map(|number| number.to_string())
            .collect(),
        Err(_) => vec![text.to_owned()],
    }
}

fn texts(ty: Type, who: &str, number: usize) -> Vec<String> {
    let day = number % 28 + 1;
    match ty {
        Type::Boolean => vec!["true".into(), "false".into()],
        Type::SmallInt | Type::Integer | Type::BigInt | Type::Real | Type::Double => numbers(100 + number),
        Type::Numeric(_) => [numbers(100 + number), numbers(number % 10)].concat(),
        Type::Date => vec![format!("2031-01-{day:02}"), format!("1970-01-{day:02}")],
        Type::Timestamp | Type::TimestampTz => {
            vec![format!("2031-01-{day:02} 12:00:00"), format!("1970-01-{day:02} 00:00:00")]
        }
        Type::Uuid => vec![format!("00000000-0000-4000-8000-{number:012}")],
        Type::Json | Type::Jsonb => vec![format!("{{\"{who}\": {number}}}")],
        Type::Bytea => vec![format!("\\x{number:08}")],
        Type::Interval => vec![format!("{number} days")],
        Type::Text | Type::Varchar(_) | Type::Unknown => vec![
            format!("{who} #{number}"),
            number.to_string(),
            format!("{who}-{number}@example.com"),
            format!("2031-01-{day:02}"),
            format!("{who} #{number} {}", "x".repeat(60)),
            String::new(),
            "true".into(),
        ],
    }
}

fn numbers(number: usize) -> Vec<String> {
    vec![number.to_string(), format!("-{number}"), "0".into(), (1_000_000 + number).to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ColumnId, NotNull};

    fn column(ty: Type) -> Column {
        Column { id: ColumnId(1), name: "c".into(), ty, written_type: None, not_null: NotNull::No, default: None }
    }

    #[test]
    fn values_say_who_wrote_them_where_they_can() {
        let made = |ty, kind| new_value(&column(ty), "v1", 3, kind, &[], &Value::Null).to_string();
        assert_eq!(made(Type::Text, 0), "v1 #3");
        assert_eq!(made(Type::Varchar(Some(2)), 0), "3");
        assert_eq!(made(Type::Integer, 0), "103");
        assert_eq!(made(Type::Integer, 1), "-103");
        assert_eq!(made(Type::Numeric(Some((2, 1))), 0), "0.0");
        assert_eq!(made(Type::Date, 0), "2031-01-04");
    }

    #[test]
    fn a_value_is_never_the_one_that_is_there() {
        let current = Value::Boolean(true);
        assert_eq!(new_value(&column(Type::Boolean), "v1", 1, 0, &[], &current), Value::Boolean(false));
    }

    #[test]
    fn constants_of_conditions_come_second() {
        let hints = [Value::Text("north".into())];
        assert_eq!(new_value(&column(Type::Text), "v1", 1, 1, &hints, &Value::Null), Value::Text("north".into()));
        let hints = [Value::Integer(0)];
        assert_eq!(new_value(&column(Type::Integer), "v1", 1, 2, &hints, &Value::Null), Value::Integer(1));
    }

    #[test]
    fn every_type_has_a_value() {
        for ty in [Type::Boolean, Type::Uuid, Type::Jsonb, Type::Bytea, Type::TimestampTz, Type::Real, Type::Unknown] {
            assert_ne!(new_value(&column(ty), "v1", 1, 0, &[], &Value::Null), Value::Null, "{ty}");
        }
    }
}
