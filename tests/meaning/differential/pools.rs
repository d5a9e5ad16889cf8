//! What plans of values are made from: types, their values, and expressions from one type to another.

use crate::common::random::Random;

/// The types of columns.
pub const TYPES: &[&str] = &[
    "text",
    "text",
    "varchar(5)",
    "numeric",
    "numeric(6,2)",
    "smallint",
    "integer",
    "bigint",
    "boolean",
    "date",
    "timestamp",
    "timestamptz",
    "double precision",
    "jsonb",
    "citext",
];

/// Values of a type, as PostgreSQL writes them: plain ones, and those on which casts and equality trip.
pub fn values(ty: &str) -> &'static [&'static str] {
    match ty {
        "text" => &[
            "",
            " ",
            "x",
            "y",
            "a b",
            "x ",
            "Bob",
            "bob",
            "12",
            "-7",
            "1.50",
            "3000000000",
            "2020-02-29",
            "abc def ghi",
            "é",
            "{\"k\":1}",
            "yes",
            "true",
        ],
        "varchar(5)" => &["", " ", "x", "y", "a b", "x ", "Bob", "bob", "12", "-7", "abcde", "yes"],
        "numeric" => &["0", "1", "1.0", "1.00", "-2.5", "2.555", "12", "100000.25", "123456789.125"],
        "numeric(6,2)" => &["0.00", "0.01", "1.00", "1.50", "-3.25", "12.00", "9999.99"],
        "smallint" => &["0", "1", "-1", "2", "7", "100", "32767"],
        "integer" => &["0", "1", "-1", "2", "7", "12", "100", "40000", "2147483647"],
        "bigint" => &["0", "1", "-1", "2", "7", "12", "100", "3000000000"],
        "boolean" => &["true", "false"],
        "date" => &["2020-02-29", "1999-12-31", "2024-01-01"],
        "timestamp" => &["2020-02-29 12:30:00", "2024-01-01 00:00:00", "2024-01-01 10:00:00.25"],
        "timestamptz" => &["2020-02-29 12:30:00+00", "2024-01-01 00:00:00+02", "2024-01-01 00:00:00.5+00"],
        // Memory has no `numeric` that is no number.
        "double precision" => &["0", "-0", "1", "1.5", "-2.25", "100", "1e20"],
        "jsonb" => &[
            "{}",
            "{\"k\": 1}",
            "{\"k\": 1.0}",
            "{\"k\": 1.00}",
            "{\"k\": \"v\"}",
            "{\"k\": null}",
            "[1]",
            "1.0",
            "1",
            "null",
            "\"x\"",
        ],
        // Memory takes it for a text: no two differ in case alone.
        "citext" => &["", "x", "y", "Bob", "a b", "x "],
        other => panic!("no values for {other}"),
    }
}

/// A value of a type as a literal of the script.
pub fn literal(random: &mut Random, ty: &str) -> String {
    let value = *random.pick(values(ty));
    match ty {
        "numeric" | "numeric(6,2)" | "smallint" | "integer" | "bigint" | "boolean" => value.to_owned(),
        "double precision" if value.parse::<f64>().is_ok_and(f64::is_finite) && value != "-0" => value.to_owned(),
        _ => format!("'{value}'"),
    }
}

fn kind(ty: &str) -> &'static str {
    match ty {
        "text" | "varchar(5)" => "text",
        "smallint" | "integer" | "bigint" => "integer",
        "numeric" | "numeric(6,2)" => "numeric",
        "boolean" => "boolean",
        "date" => "date",
        "timestamp" => "timestamp",
        "timestamptz" => "timestamptz",
        "double precision" => "double",
        "citext" => "citext",
        _ => "jsonb",
    }
}

/// Expressions from a column, written `{}`, of one type to another: plain, null-making, failing, narrowing and lossy.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn expressions(from: &str, to: &str) -> &'static [&'static str] {
    match (kind(from), kind(to)) {
        ("text", "text") => &[
            "{}",
            "{}",
            "{}",
            "upper({})",
            "lower({})",
            "trim({})",
            "coalesce({}, 'x')",
            "nullif({}, '')",
            "left({}, 3)",
            "{} || '!'",
            "case when {} = 'x' then 'y' else {} end",
            "case when {} = 'x' then 'y' end",
            "replace({}, 'a', 'b')",
            "substr({}, 2)",
            "split_part({}, ' ', 1)",
            "reverse({})",
            "lpad({}, 3, '0')",
            "{}::integer::text",
            "concat_ws('-', {}, 'z')",
            "coalesce(nullif({}, 'x'), 'w')",
            "repeat({}, 2)",
        ],
        ("text", "integer") => &[
            "{}::integer",
            "length({})",
            "nullif({}, '')::integer",
            "position('x' in {})",
            "coalesce({}, '0')::integer",
            "case when {} = 'x' then 1 else 2 end",
        ],
        ("text", "numeric") => &["{}::numeric", "length({})", "nullif({}, '')::numeric / 2"],
        ("text", "boolean") => {
            &["{} = 'x'", "{} is not null", "{}::boolean", "length({}) > 2", "{} in ('x', 'y')", "{} like 'a%'"]
        }
        ("text", "date") => &["{}::date"],
        ("text", "timestamp") => &["{}::timestamp"],
        ("text", "jsonb") => &["{}::jsonb"],
        ("integer", "text") => &[
            "{}::text",
            "{}::text",
            "repeat('x', {})",
            "chr({})",
            "case {} when 0 then 'x' when 1 then 'y' else 'z' end",
            "case {} when 0 then 'x' when 1 then 'y' end",
            "substr('abcdef', {})",
            "left('abcdef', {})",
        ],
        ("integer", "integer") => &[
            "{}",
            "{}",
            "{}",
            "{} + 1",
            "-{}",
            "{} / 2",
            "100 / {}",
            "abs({})",
            "{} % 7",
            "nullif({}, 0)",
            "coalesce({}, 0)",
            "{} * 2",
            "greatest({}, 0)",
            "case when {} > 0 then {} end",
            "sign({})::integer",
        ],
        ("integer", "numeric") => &["{}", "{} / 100.0", "sqrt({})", "1.0 / {}", "round({} / 3.0, 2)"],
        ("integer", "boolean") => {
            &["{} > 0", "{} = 1", "{}::integer::boolean", "{} is not null", "nullif({}, 0) is null"]
        }
        ("integer", "date") => &["date '2020-01-01' + {}::integer", "make_date({}::integer, 1, 1)"],
        ("numeric", "numeric") => &[
            "{}",
            "{}",
            "round({}, 1)",
            "{} * 100",
            "{} / 3",
            "1 / {}",
            "abs({})",
            "nullif({}, 0)",
            "coalesce({}, 0)",
            "trunc({})",
        ],
        ("numeric", "integer") => &["{}", "round({})::integer", "({} * 100)::integer", "floor({})::integer"],
        ("numeric", "text") => &["{}::text", "round({}, 2)::text"],
        ("numeric", "boolean") => &["{} > 0", "{} = 1.0"],
        ("boolean", "boolean") => &["{}", "not {}", "not {}", "coalesce({}, false)", "{} is true", "nullif({}, false)"],
        ("boolean", "text") => &[
            "case when {} then 'x' else 'y' end",
            "{}::text",
            "case when {} then 'yes' end",
            "case {} when true then 'x' when false then 'y' end",
        ],
        ("boolean", "integer") => {
            &["case when {} then 1 else 0 end", "{}::integer", "case when {} then 1 when not {} then 0 end"]
        }
        ("date", "date") => &["{}", "{} + 1", "greatest({}, date '2000-01-01')"],
        ("date", "timestamp") => &["{}", "{}::timestamp"],
        ("timestamp", "date") => &["{}::date", "{}"],
        ("timestamp", "timestamp") => &["{}", "date_trunc('day', {})"],
        ("date" | "timestamp" | "double", "text") => &["{}::text"],
        ("date", "integer") => &["extract(year from {})::integer"],
        ("timestamptz", "timestamptz") => &["{}", "{}", "coalesce({}, timestamptz '2020-01-01 00:00:00+00')"],
        ("timestamptz", "timestamp") | ("timestamp", "timestamptz") => &["{} at time zone 'UTC'"],
        ("timestamptz", "date") => &["({} at time zone 'UTC')::date"],
        ("double", "double") => &["{}", "{}", "-{}", "{} * 2", "1 / {}", "abs({})", "nullif({}, 0)", "coalesce({}, 0)"],
        ("double", "numeric") => &["{}::numeric"],
        ("double", "integer") => &["{}::integer", "round({})::integer"],
        ("double", "boolean") => &["{} > 0", "{} = 0"],
        ("numeric" | "integer", "double") => &["{}", "{}::double precision", "{} / 3.0"],
        ("text", "double") => &["{}::double precision"],
        ("citext", "citext") => &["{}", "{}", "{}"],
        ("jsonb", "jsonb") => &["{}", "{} -> 'k'"],
        ("jsonb", "text") => &["{} ->> 'k'", "{}::text", "coalesce({} ->> 'k', 'x')"],
        ("jsonb", "integer") => &["({} ->> 'k')::integer"],
        _ => &[],
    }
}

/// Expressions of two columns, `{a}` and `{b}`, both of one type.
pub fn merges(ty: &str) -> &'static [&'static str] {
    match kind(ty) {
        "text" => &[
            "{a} || ' ' || {b}",
            "{a} || {b}",
            "concat_ws(' ', {a}, {b})",
            "coalesce({a}, '') || ' ' || coalesce({b}, '')",
            "coalesce({a}, {b})",
            "case when {a} = 'x' then {b} else {a} end",
        ],
        "integer" => &[
            "{a} + {b}",
            "{a} * {b}",
            "{a} / {b}",
            "coalesce({a}, 0) + coalesce({b}, 0)",
            "greatest({a}, {b})",
            "nullif({a}, {b})",
        ],
        "numeric" => &["{a} + {b}", "{a} * {b}", "{a} / {b}", "coalesce({a}, 0) + coalesce({b}, 0)"],
        "boolean" => &["{a} and {b}", "{a} or {b}", "coalesce({a}, {b})"],
        "double" => &["{a} + {b}", "{a} * {b}", "greatest({a}, {b})"],
        "citext" => &["{a}"],
        _ => &["coalesce({a}, {b})"],
    }
}

/// Checks of a column.
pub fn checks(ty: &str) -> &'static [&'static str] {
    match kind(ty) {
        "text" => &[
            "{} <> ''",
            "length({}) < 9",
            "length({}) <= 5",
            "{} in ('x', 'y', 'z')",
            "coalesce({}, '') <> ''",
            "{} is not null",
            "{} = upper({})",
            "{} <> 'x'",
        ],
        "integer" | "numeric" | "double" => &[
            "{} >= 0",
            "{} > 0",
            "{} <> 0",
            "{} between 0 and 100",
            "{} < 1000",
            "coalesce({}, 0) > 0",
            "{} is not null",
            "{} in (0, 1, 2)",
        ],
        "boolean" => &["{}", "{} is not null", "{} or not {}"],
        "date" => &["{} > date '2000-01-01'", "{} is not null"],
        "timestamp" => &["{} > timestamp '2000-01-01 00:00:00'", "{} is not null"],
        _ => &["{} is not null"],
    }
}

/// Checks of two columns, `{a}` and `{b}`, of these types.
pub fn pair_checks(one: &str, other: &str) -> &'static [&'static str] {
    match (kind(one), kind(other)) {
        ("citext", _) | (_, "citext") => &["{a} is not null or {b} is not null"],
        ("integer" | "numeric" | "double", "integer" | "numeric" | "double") => &[
            "{a} <= {b}",
            "{a} + {b} < 1000",
            "{a} <> {b}",
            "coalesce({a}, {b}) >= 0",
            "{a} is null or {b} is not null",
        ],
        ("text", "text") => &["{a} <> {b}", "length({a} || {b}) < 8", "coalesce({a}, {b}) is not null", "{a} <= {b}"],
        (one, other) if one == other && one != "jsonb" => {
            &["{a} = {b} or {b} is null", "{a} is not null or {b} is not null"]
        }
        _ => &["{a} is not null or {b} is not null", "({a} is null) = ({b} is null)"],
    }
}

/// An expression of a column with the table before its name.
pub fn qualified(expression: &str, column: &str, table: &str) -> String {
    let mut text = String::new();
    let (mut quoted, mut word) = (false, String::new());
    for c in expression.chars().chain([' ']) {
        if !quoted && (c.is_alphanumeric() || c == '_') {
            word.push(c);
            continue;
        }
        if word == column {
            text.extend([table, "."]);
        }
        text.push_str(&std::mem::take(&mut word));
        word.clear();
        quoted ^= c == '\'';
        text.push(c);
    }
    text.pop();
    text
}
