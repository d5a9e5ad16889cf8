use super::{Type, Value, compare};

fn shown(text: &str, ty: Type) -> String {
    Value::parse(text, ty).map_or_else(|error| format!("{} {}", error.sqlstate, error.message), |v| v.to_string())
}

#[test]
fn text_forms_come_back_as_postgresql_writes_them() {
    let cases = [
        (Type::Integer, " 42 ", "42"),
        (Type::Integer, "99999999999", "22003 value \"99999999999\" is out of range for type integer"),
        (Type::Integer, "x", "22P02 invalid input syntax for type integer: \"x\""),
        (Type::Boolean, "Yes", "true"),
        (Type::Numeric(None), "1.50", "1.50"),
        (Type::Numeric(None), "-1e3", "-1000"),
        (Type::Numeric(Some((4, 2))), "12.345", "12.35"),
        (Type::Numeric(Some((4, 2))), "99.995", "22003 numeric field overflow"),
        (Type::Double, "1e20", "1e+20"),
        (Type::Double, "0.00001", "1e-05"),
        (Type::Double, "123456789012345", "123456789012345"),
        (Type::Double, "-inf", "-Infinity"),
        (Type::Real, "1000000", "1e+06"),
        (Type::Real, "0.1", "0.1"),
        (Type::Date, "2020-2-29", "2020-02-29"),
        (Type::Date, "2021-02-29", "22008 date/time field value out of range: \"2021-02-29\""),
        (Type::Date, "January 8, 1999", "1999-01-08"),
        (Type::Date, "0044-03-15 BC", "0044-03-15 BC"),
        (Type::Date, "infinity", "infinity"),
        (Type::Timestamp, "2020-01-01T10:20:30.5", "2020-01-01 10:20:30.5"),
        (Type::TimestampTz, "2020-01-01 10:20:30+02", "2020-01-01 08:20:30+00"),
        (Type::Interval, "1 year 2 months -3 days 4:05", "1 year 2 mons -3 days +04:05:00"),
        (Type::Interval, "1.5 days", "1 day 12:00:00"),
        (Type::Interval, "P1DT2H", "1 day 02:00:00"),
        (Type::Uuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        (Type::Bytea, "\\x48 69", "\\x4869"),
        (Type::Bytea, "a\\\\b\\001", "\\x615c6201"),
        (Type::Jsonb, r#"{"bb":1.10,"a":[1,2e1],"a":null}"#, r#"{"a": null, "bb": 1.10}"#),
        (Type::Varchar(Some(2)), "héé", "hé"),
    ];
    for (ty, text, expected) in cases {
        assert_eq!(shown(text, ty), expected, "{text} as {ty}");
    }
}

#[test]
fn a_column_refuses_what_is_too_long_unless_it_is_space() {
    let ty = Type::Varchar(Some(2));
    assert_eq!(Value::parse_fitting("ab   ", ty).unwrap().to_string(), "ab");
    assert_eq!(Value::parse_fitting("abc", ty).unwrap_err().sqlstate, "22001");
}

#[test]
fn every_day_of_eight_centuries_reads_back() {
    for day in -150_000..150_000 {
        let date = Value::Date(day);
        assert_eq!(Value::parse(&date.to_string(), Type::Date).unwrap(), date);
    }
}

#[test]
fn order_is_that_of_postgresql() {
    let double = Value::Double;
    assert!(compare(&double(f64::NAN), &double(f64::INFINITY)).is_gt());
    assert!(compare(&Value::Text("B".into()), &Value::Text("a".into())).is_lt());
    assert!(compare(&Value::Null, &double(f64::NAN)).is_gt());
}

#[test]
fn literals_are_quoted_as_sql_has_them() {
    assert_eq!(Value::Text("it's".into()).literal(), "'it''s'");
    assert_eq!(Value::Date(0).literal(), "'2000-01-01'");
    assert_eq!(Value::Integer(-1).literal(), "-1");
}
