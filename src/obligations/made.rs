//! The values that are tried for a column: telling ones first, then whatever its type holds that is unusual; and rows of
//! them.

use rustc_hash::FxHashSet;

use crate::data::{Type, Value};

/// Texts are not tried longer than this, in characters, whatever a column takes.
const LONGEST: usize = 1_000;

/// What the texts that stand for "just a text" are, for one column after the other.
const PLAIN: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

const TEXTS: &[&str] = &[
    "Mary Ann",
    "",
    "Alice",
    "Mary Ann Smith",
    "van der Berg",
    "A",
    "a ",
    " a",
    "a  b",
    " ",
    "  ",
    "a,b",
    "a, b",
    "a-b",
    "a_b",
    "a.b",
    "a:b",
    "a;b",
    "a/b",
    "a|b",
    "a@b.c",
    "a'b",
    "a\"b",
    "a\\b",
    "100%",
    "(a)",
    "a\tb",
    "a\nb",
    "é",
    "e\u{301}",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "ſ",
    "ς",
    "Ǆ",
    "ﬁ",
    "日本語",
    "𝒜",
    "👩\u{200d}👧",
    "שלום",
    "\u{a0}",
    "\u{200b}",
    "0",
    "1",
    "007",
    "-1",
    "+1",
    "1.50",
    "1e3",
    " 1",
    "99999999999",
    "null",
    "NULL",
    "true",
    "t",
    "2024-02-29",
    "2024-02-29 12:34:56.123456",
    "00000000-0000-4000-8000-000000000000",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "{\"a\": 1}",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "7",
    "10",
    "42",
    "100",
    "-100",
    "0.5",
    "-0.5",
    "0.1",
    "0.01",
    "1.005",
    "99.99",
    "0.001",
    "0.000001",
    "127",
    "128",
    "255",
    "256",
    "999",
    "1000",
    "32767",
    "32768",
    "-32768",
    "-32769",
    "65536",
    "999999",
    "1000000",
    "16777217",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "123456789.123456789",
    "0.1234567890123456789",
    "1e-10",
    "1e20",
    "1e30",
    "3.4e38",
    "1e-300",
    "1e300",
    "1e400",
    "Infinity",
    "-Infinity",
    "NaN",
];

const TIMES: &[&str] = &[
    "2000-01-01",
    "2024-02-29",
    "2024-02-29 12:34:56",
    "2024-02-29 12:34:56.123456",
    "1999-12-31 23:59:59.999999",
    "1970-01-01",
    "1969-12-31 23:59:59",
    "2038-01-19 03:14:08",
    "1900-01-01",
    "0001-01-01",
    "9999-12-31",
    "0044-03-15 BC",
    "infinity",
    "-infinity",
];

/// The last moments of the types, which are of interest only where something fails at the end of a range.
pub const LAST_MOMENTS: &[&str] = &["294276-12-31 23:59:59.999999", "5874897-12-31"];

const JSONS: &[&str] = &[
    "{}",
    "[]",
    "null",
    "1",
    "\"a\"",
    "true",
    "{\"a\": 1}",
    "{\"a\": \"Mary Ann\"}",
    "{\"b\": 1, \"a\": {\"c\": [1, null, \"x\"]}}",
    "{\"a\": 1.50}",
    "[1, 2, 3]",
    "12345678901234567890",
    "\"é\"",
    "{\"\": null}",
];

const UUIDS: &[&str] = &[
    "00000000-0000-4000-8000-000000000000",
    "00000000-0000-0000-0000-000000000000",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

const BYTES: &[&str] = &["\\x61", "\\x", "\\x00", "\\xff", "\\x0a", "\\xc3a9", "\\x6d61727920616e6e"];

/// The values to try for a column of this type, each once: the `number`-th column written starts with a value of its
/// own. `constants` are those of the expressions on the way.
#[must_use]
pub fn values(ty: Type, nullable: bool, number: usize, constants: &[Value]) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    if ty.is_text() {
        texts.push(PLAIN[number % PLAIN.len()].to_owned());
    }
    texts.extend(listed(ty).iter().map(|text| (*text).to_owned()));
    texts.extend(constants.iter().flat_map(|constant| around(constant, ty)));
    texts.extend(extremes(ty));
    let mut values: Vec<Value> = texts.iter().filter_map(|text| Value::parse_fitting(text, ty).ok()).collect();
    if nullable {
        values.insert(values.len().min(3), Value::Null);
    }
    let mut seen = FxHashSet::default();
    values.retain(|value| seen.insert(value.literal()));
    values
}

fn listed(ty: Type) -> &'static [&'static str] {
    match ty {
        Type::Unknown | Type::Text | Type::Varchar(_) => TEXTS,
        Type::Boolean => &["false", "true"],
        _ if ty.is_numeric() => NUMBERS,
        _ if ty.is_time() => TIMES,
        Type::Json | Type::Jsonb => JSONS,
        Type::Uuid => UUIDS,
        Type::Bytea => BYTES,
        _ => &[],
    }
}

/// A constant of an expression, and what lies around it.
fn around(constant: &Value, ty: Type) -> Vec<String> {
    if constant.is_null() {
        return Vec::new();
    }
    let text = constant.to_string();
    if matches!(ty, Type::Json | Type::Jsonb) {
        return inside(constant);
    }
    if ty.is_text() && text.chars().count() <= LONGEST / 8 {
        let forms = ["a%", "a%b", "%", "%a", "a%b%c", "a%%b", "a b%c d"];
        let texts = forms.iter().map(|form| form.replace('%', &text));
        // A number may be the length that is asked for.
        let length = text.parse::<usize>().ok().filter(|length| *length <= LONGEST);
        return texts.chain(length.into_iter().flat_map(|length| ["a", "7"].map(|one| one.repeat(length)))).collect();
    }
    let Ok(number) = text.parse::<i64>() else { return vec![text] };
    let near = [number, number.saturating_sub(1), number.saturating_add(1), number.saturating_neg()];
    near.iter().map(i64::to_string).collect()
}

/// Documents that hold something where an expression with this constant may look for it: at a key, or at a path.
fn inside(constant: &Value) -> Vec<String> {
    let Value::Text(text) = constant else { return vec![constant.to_string()] };
    let path = text.strip_prefix('{').and_then(|path| path.strip_suffix('}')).unwrap_or(text);
    let quoted = |word: &str| serde_json::Value::from(word.trim().trim_matches('"')).to_string();
    let around = |held: &str, word: &str| match word.trim().parse::<i64>() {
        Ok(0) => format!("[{held}]"),
        _ => format!("{{{}: {held}}}", quoted(word)),
    };
    let held = ["\"a\"", "\"\"", "1.5", "{}", "null", "\"7\""];
    held.iter().map(|held| path.rsplit(',').fold((*held).to_owned(), |held, word| around(&held, word))).collect()
}

/// The largest values of the type that its length or precision leaves.
fn extremes(ty: Type) -> Vec<String> {
    match ty {
        Type::Numeric(Some((precision, scale))) => {
            let digits = "9".repeat(usize::from(precision));
            let largest = format!("{digits}e{}", -i32::from(scale));
            vec![format!("1e{}", -i32::from(scale)), format!("-{largest}"), largest]
        }
        Type::Date => ["5874897-12-31", "4713-01-01 BC"].map(str::to_owned).to_vec(),
        _ if ty.is_text() => {
            let longest = match ty {
                Type::Varchar(Some(length)) => usize::try_from(length).map_or(LONGEST, |length| length.min(LONGEST)),
                _ => LONGEST,
            };
            let words = "word ".repeat(LONGEST / 5);
            let cut = |text: &str| text.chars().take(longest).collect::<String>();
            vec![cut(&"x".repeat(LONGEST)), cut(words.trim_end()), "é".repeat(longest.min(LONGEST / 4))]
        }
        _ => Vec::new(),
    }
}

/// Rows of values: each value beside simple ones, then as many as may be of all with all, then a draw.
#[must_use]
pub fn combined(columns: &[Vec<Value>], limit: usize) -> Vec<Vec<Value>> {
    if columns.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let row = |chosen: &dyn Fn(usize) -> usize| -> Vec<Value> {
        columns.iter().enumerate().map(|(at, values)| values[chosen(at) % values.len()].clone()).collect()
    };
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for number in 0..longest {
        for (at, _) in columns.iter().enumerate().filter(|(_, values)| number < values.len()) {
            rows.push(row(&|other| if other == at { number } else { 0 }));
        }
    }
    if columns.len() > 1 {
        let side = (2..longest).take_while(|side| side.pow(count(columns)) <= limit / 2).last().unwrap_or(1);
        let product = side.pow(count(columns)).min(limit / 2);
        rows.extend((0..product).map(|number| row(&|at| number / side.pow(u32::try_from(at).unwrap_or(0)) % side)));
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        while rows.len() < limit {
            let drawn: Vec<usize> = columns.iter().map(|_| draw(&mut dice)).collect();
            rows.push(row(&|at| drawn[at]));
        }
    }
    rows.truncate(limit);
    rows
}

/// How many columns are combined; beyond a few, only the draw combines them.
fn count(columns: &[Vec<Value>]) -> u32 {
    u32::try_from(columns.len().min(12)).unwrap_or(12)
}

fn draw(dice: &mut u64) -> usize {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    usize::try_from(*dice >> 33).unwrap_or(0)
}
