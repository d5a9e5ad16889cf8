//! The table of the comparison: a column of each type, filled with values at its edges.

use miglab::data::{Type, Value};

/// Rows of the table; more than any list of values, so that values meet each other in changing company.
pub const ROWS: usize = 60;

/// A column: its name, its type, and the values that it goes through, in PostgreSQL's text form.
pub struct Column {
    pub name: &'static str,
    pub ty: Type,
    pub values: &'static [&'static str],
}

pub static COLUMNS: [Column; 17] = [
    Column { name: "b1", ty: Type::Boolean, values: &["true", "false"] },
    Column { name: "s1", ty: Type::SmallInt, values: &["0", "1", "-1", "7", "32767", "-32768", "100"] },
    Column {
        name: "i1",
        ty: Type::Integer,
        values: &["0", "1", "-1", "2", "-3", "10", "2147483647", "-2147483648", "255"],
    },
    Column { name: "i2", ty: Type::Integer, values: &["3", "0", "-2", "5", "1000000", "2147483647", "-7"] },
    Column {
        name: "l1",
        ty: Type::BigInt,
        values: &["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "3000000000", "42", "-5"],
    },
    Column {
        name: "n1",
        ty: Type::Numeric(None),
        values: &[
            "0",
            "1",
            "-1",
            "0.5",
            "-0.5",
            "1.50",
            "2.500",
            "123456789012345678901234567890.123456789",
            "0.0000000001",
            "-99999.995",
            "10000",
            "3",
            "7.77",
            "0.00",
            "1e10",
            "100.0",
        ],
    },
    Column {
        name: "n2",
        ty: Type::Numeric(None),
        values: &["2", "-3", "0.1", "1000000.000001", "0", "12.3456789", "-0.0007", "16", "99.9", "2.0"],
    },
    Column {
        name: "f1",
        ty: Type::Double,
        values: &[
            "0",
            "1",
            "-1",
            "0.5",
            "1.5",
            "2.5",
            "-2.5",
            "1e20",
            "1e-7",
            "1e300",
            "NaN",
            "Infinity",
            "-Infinity",
            "0.1",
            "123456.789",
            "9007199254740993",
            "-0",
            "1e23",
        ],
    },
    Column {
        name: "r1",
        ty: Type::Real,
        values: &["0", "1", "-1.5", "0.1", "1e10", "3.4e38", "16777217", "1e-6", "NaN"],
    },
    Column {
        name: "t1",
        ty: Type::Text,
        values: &[
            "",
            " ",
            "a",
            "abc",
            "ABC",
            "  padded  ",
            "Mary Ann Smith",
            "it's",
            "100%",
            "a_c",
            "a\\b",
            "ÄÖÜ äöü ß",
            "日本語",
            "Straße İstanbul",
            "ΑΣΑΣ ς",
            "x,y,,z",
            "e\u{301}t\u{e9}",
            "🦀 crab",
            "42",
            "-7",
            "true",
            "2020-02-30",
            "%",
            "'",
        ],
    },
    Column {
        name: "t2",
        ty: Type::Text,
        values: &["a", "", " ", "b", "%", "_", "ä", ",", "ab", "Ann", "%a%", "c", "本"],
    },
    Column { name: "v1", ty: Type::Varchar(Some(10)), values: &["", "abc", "ÄÖ", "0123456789", "a b", " x"] },
    Column {
        name: "d1",
        ty: Type::Date,
        values: &[
            "2000-01-01",
            "2020-02-29",
            "1999-12-31",
            "1970-01-01",
            "0001-01-01",
            "0044-03-15 BC",
            "infinity",
            "-infinity",
            "2024-12-30",
            "2021-01-03",
            "9999-12-31",
        ],
    },
    Column {
        name: "ts1",
        ty: Type::Timestamp,
        values: &[
            "2000-01-01 00:00:00",
            "2020-02-29 12:34:56.789",
            "1999-12-31 23:59:59.999999",
            "infinity",
            "2023-03-31 00:00:00.5",
            "0001-01-01 00:00:00",
            "0044-03-15 10:00:00 BC",
        ],
    },
    Column {
        name: "tz1",
        ty: Type::TimestampTz,
        values: &["2000-01-01 00:00:00+00", "2020-02-29 12:34:56.789+02", "1969-12-31 23:59:59-08", "-infinity"],
    },
    Column {
        name: "j1",
        ty: Type::Jsonb,
        values: &[
            "null",
            "1",
            "1.10",
            "\"a\"",
            "true",
            "[]",
            "{}",
            "[1, \"two\", null, [3]]",
            "{\"a\": 1, \"b\": \"x\", \"a\": 2}",
            "{\"a\": {\"b\": [1,2]}, \"c\": null, \"bb\": \"\\u00e9\\n\"}",
            "-5e3",
            "\"42\"",
        ],
    },
    Column { name: "by1", ty: Type::Bytea, values: &["\\x", "\\x00", "\\x6869", "\\xdeadbeef", "\\x255f"] },
];

/// The text of a value; `None` for null, which every seventh is.
pub fn text_at(column: usize, row: usize) -> Option<&'static str> {
    let values = COLUMNS[column].values;
    let step = row * (2 * column + 1) + column + row / 7;
    (row % 7 != column % 7).then(|| values[step % values.len()])
}

/// The rows as the evaluator takes them.
pub fn values() -> Vec<Vec<Value>> {
    let value = |column: usize, row: usize| match text_at(column, row) {
        Some(text) => Value::parse(text, COLUMNS[column].ty).expect("the table has values of its types"),
        None => Value::Null,
    };
    (0..ROWS).map(|row| (0..COLUMNS.len()).map(|column| value(column, row)).collect()).collect()
}

/// The statements that make the same table.
pub fn sql() -> String {
    let definitions: Vec<String> = COLUMNS.iter().map(|column| format!("{} {}", column.name, column.ty)).collect();
    let mut sql = format!("create temp table t (id integer primary key, {});", definitions.join(", "));
    for row in 0..ROWS {
        let value =
            |column| text_at(column, row).map_or("null".into(), |text| format!("'{}'", text.replace('\'', "''")));
        let values: Vec<String> = (0..COLUMNS.len()).map(value).collect();
        sql += &["insert into t values (", &row.to_string(), ", ", &values.join(", "), ");"].concat();
    }
    sql
}
