//! Cases by hand, then random expressions on random rows: what is said of them is so.

use proptest::prelude::*;

use super::{Admission, Domain, Failure, FailureKind, Outlook, RowDomains};
use crate::ast::{ColumnRef, Name, StatementKind};
use crate::data::{Type, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::function::{Context, Function, Param, UNTRIED};
use crate::expr::node::{Case, Cast, Extreme, Node};
use crate::expr::registry::functions;
use crate::expr::row::RowScope;
use crate::expr::{Expression, Scope};
use crate::source::Source;

const COLUMNS: [(&str, Type); 16] = [
    ("a", Type::Integer),
    ("b", Type::Integer),
    ("s", Type::SmallInt),
    ("l", Type::BigInt),
    ("n", Type::Numeric(Some((10, 2)))),
    ("m", Type::Numeric(None)),
    ("f", Type::Double),
    ("r", Type::Real),
    ("t", Type::Text),
    ("v", Type::Varchar(Some(5))),
    ("p", Type::Boolean),
    ("d", Type::Date),
    ("ts", Type::Timestamp),
    ("j", Type::Json),
    ("jb", Type::Jsonb),
    ("u", Type::Uuid),
];

struct Columns;

impl Scope for Columns {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let known = COLUMNS.iter().find(|known| known.0 == &*column.column.name).expect("a column of the tests");
        Ok((known.0.into(), known.1))
    }
}

fn expression(text: &str, target: Option<Type>) -> Expression {
    let script = crate::syntax::parse(Source::new("test", format!("verify {text}"))).script;
    let StatementKind::Verify(parts) = &script.statements[0].kind else { panic!("{text}") };
    Expression::resolve(&parts.0, &Columns, target).unwrap_or_else(|fault| panic!("{text}: {}", fault.message))
}

/// What is said of an expression: its failures, then whether it may be null.
fn said(text: &str, target: Option<Type>, checks: &[&str]) -> String {
    let row = checks.iter().fold(RowDomains::new(), |row, check| row.passes(expression(check, None)));
    let Outlook { result, failures } = expression(text, target).outlook(&row);
    let mut said: Vec<String> = failures.into_iter().map(|failure| failure.what).collect();
    if result.may_be_null() {
        said.push("null".into());
    }
    said.join("; ")
}

#[test]
fn a_guarded_division_does_not_fail() {
    let zero = "a division by zero; null";
    assert_eq!(said("l % a", None, &[]), zero);
    for (text, checks) in [
        ("case when a <> 0 then l % a end", &[][..]),
        ("case when a > 0 and b > 3 then l % a else l % 3 end", &[]),
        ("case when a = 0 or a is null then 0 else l % a end", &[]),
        ("case a when 0 then 0 else l % a end", &[]),
        ("l % nullif(a, 0)", &[]),
        ("l % greatest(a, 1)", &[]),
        ("l % coalesce(nullif(a, 0), 1)", &[]),
        ("l % (abs(a % 100) + 1)", &[]),
        ("l % a", &["a > 0"]),
        ("l % a", &["a in (1, 2, 4)"]),
        ("l % a", &["a between 10 and 20"]),
        ("l % a", &["not (a <= 0)"]),
        ("l % a", &["a > b", "b >= 0", "b is not null"]),
        ("m / n", &["n <> 0"]),
        ("l % coalesce(a, b)", &["a > 0 or a is null", "b > 0", "b is not null"]),
        ("case when a - b <> 0 then l % (a - b) end", &["a between 0 and 9", "b between 0 and 9"]),
    ] {
        assert_eq!(said(text, None, checks), "null", "{text} {checks:?}");
    }
    assert_eq!(said("case when a >= 0 then l % a end", None, &[]), zero);
    assert_eq!(said("l % a", None, &["a > 0 or b > 0"]), zero);
    assert_eq!(said("a / b", None, &["b < 0"]), "a result beyond the range of integer; null");
    assert_eq!(said("a / b", None, &["b > 0"]), "null");
}

#[test]
fn narrowing_fails_unless_the_values_fit() {
    let numeric = Some(Type::Numeric(Some((6, 2))));
    assert_eq!(said("n", numeric, &[]), "a number beyond the range of numeric(6,2); null");
    assert_eq!(said("n", numeric, &["n between 0 and 9999"]), "null");
    assert_eq!(said("a", numeric, &["a < 10000 and a > -10000"]), "null");
    assert_eq!(said("a", Some(Type::SmallInt), &[]), "a number beyond the range of smallint; null");
    assert_eq!(said("a", Some(Type::SmallInt), &["a >= 0", "a <= 1000"]), "null");
    assert_eq!(said("s", Some(Type::Integer), &["s is not null"]), "");
    assert_eq!(said("f", Some(Type::Real), &[]), "a number beyond the range of real; null");
    assert_eq!(said("f", Some(Type::Integer), &["f between -5 and 5.5"]), "null");
    assert_eq!(said("f", Some(Type::Integer), &["f < 5"]), "a number beyond the range of integer; null");
    assert_eq!(said("t", Some(Type::Varchar(Some(5))), &[]), "text of more than 5 characters; null");
    assert_eq!(said("t", Some(Type::Varchar(Some(5))), &["length(t) <= 5"]), "null");
    assert_eq!(said("left(t, 5)", Some(Type::Varchar(Some(5))), &[]), "null");
    assert_eq!(said("v || 'x'", Some(Type::Varchar(Some(5))), &[]), "text of more than 5 characters; null");
    assert_eq!(said("lower(v)", Some(Type::Varchar(Some(5))), &[]), "null");
    assert_eq!(said("s", Some(Type::Varchar(Some(6))), &[]), "null");
    assert_eq!(said("s", Some(Type::Varchar(Some(5))), &[]), "text of more than 5 characters; null");
    assert_eq!(said("d", Some(Type::Timestamp), &[]), "a date beyond the range of timestamp; null");
    assert_eq!(said("d", Some(Type::Timestamp), &["d < '3000-01-01'"]), "null");
    assert_eq!(said("ts", Some(Type::Date), &[]), "null");
}

#[test]
fn arithmetic_stays_within_its_ends() {
    let cents = Some(Type::Numeric(Some((8, 2))));
    assert_eq!(said("a / 100.0", cents, &["a between -99999999 and 99999999"]), "null");
    assert_eq!(said("a / 100.0", cents, &["a >= 0"]), "a number beyond the range of numeric(8,2); null");
    assert_eq!(said("(n - floor(n)) * 32767", Some(Type::SmallInt), &[]), "null");
    assert_eq!(
        said("(n - floor(m)) * 32767", Some(Type::SmallInt), &[]),
        "a number beyond the range of smallint; null"
    );
    let one = Some(Type::Numeric(Some((1, 0))));
    assert_eq!(said("floor(n - trunc(n)) * 9", one, &[]), "null");
    assert_eq!(said("n", Some(Type::Numeric(Some((6, 2)))), &["n < 10000 and n > -10000"]), "null");
    assert_eq!(said("n", Some(Type::Numeric(Some((6, 2)))), &["abs(n) < 10000"]), "null");
    assert_eq!(
        said("n", Some(Type::Numeric(Some((6, 2)))), &["abs(n) <= 10000"]),
        "a number beyond the range of numeric(6,2); null"
    );
    assert_eq!(said("n % 1 * 10", one, &[]), "a number beyond the range of numeric(1,0); null");
    assert_eq!(said("n % 1 * 9", one, &[]), "null");
}

#[test]
fn checks_follow_from_each_other() {
    let admits = |check: &str, known: &str| {
        expression(check, None).admits(&RowDomains::new().passes(expression(known, None))) == Admission::Always
    };
    for (check, known) in [
        ("a % 16 between -15 and 15", "true"),
        ("n - floor(n) < 1", "true"),
        ("ceil(n) - n <= 0.99", "true"),
        ("length(t) > 0", "t <> ''"),
        ("t <> ''", "length(t) > 0"),
        ("t <> ''", "length(trim(t)) > 0"),
        ("length(trim(t)) > 0", "trim(t) <> ''"),
        ("extract(month from ts) between 1 and 12", "true"),
        ("extract(year from d) >= 1900", "d >= '1900-01-01'"),
    ] {
        assert!(admits(check, known), "{check} from {known}");
    }
    for (check, known) in [
        ("a % 16 between -14 and 15", "true"),
        ("ceil(n) - n <= 0.98", "true"),
        ("length(trim(t)) > 0", "t <> ''"),
        ("extract(year from d) > 1900", "d >= '1900-01-01'"),
    ] {
        assert!(!admits(check, known), "{check} from {known}");
    }
}

#[test]
fn floating_point_numbers_fail_where_they_leave_their_range() {
    let beyond = "a result beyond the range of double precision; null";
    assert_eq!(said("case when b <> 0 then a::double precision / b else 0 end", None, &[]), "null");
    assert_eq!(said("a::double precision * b", None, &[]), "null");
    assert_eq!(said("f + f", None, &["f between -1e300 and 1e300"]), "null");
    assert_eq!(said("f * f", None, &["f between -1e300 and 1e300"]), beyond);
    assert_eq!(said("f * f", None, &["f between 0 and 1"]), beyond);
    assert_eq!(said("f + f", None, &[]), beyond);
    assert_eq!(said("f / a", None, &["a > 0"]), beyond);
}

#[test]
fn casts_fail_unless_they_go_back() {
    assert_eq!(said("t::integer", None, &[]), "text that is no integer; null");
    assert_eq!(said("t::integer", None, &["t in ('1', '22')"]), "null");
    assert_eq!(said("t::integer", None, &["t in ('1', 'x')"]), "'x', which is no integer; null");
    assert_eq!(said("case when t = '7' then t::integer else 0 end", None, &[]), "");
    assert_eq!(said("a::text::integer", None, &["a is not null"]), "");
    assert_eq!(said("a::bigint::integer", None, &[]), "null");
    assert_eq!(said("r::double precision::real", None, &[]), "null");
    assert_eq!(said("j::jsonb", None, &[]), "json that is no jsonb, as `\\u0000`; null");
    assert_eq!(said("jb::integer", None, &[]), "jsonb that is no integer; null");
}

#[test]
fn functions_are_asked_on_what_they_fail() {
    let negative = "a piece of text of negative length; null";
    assert_eq!(said("substr(t, 1, a)", None, &[]), negative);
    assert_eq!(said("substr(t, 1, a)", None, &["a >= 0"]), "null");
    assert_eq!(said("split_part(t, ',', 1)", None, &[]), "null");
    assert_eq!(said("split_part(t, ',', a)", None, &["a > 0"]), "null");
    assert_eq!(said("chr(a)", None, &["a between 65 and 90"]), "null");
    assert_eq!(said("chr(a)", None, &[]), "`chr` of 0 or of a number that is no character; null");
    assert_eq!(said("sqrt(f)", None, &["f >= 0"]), "null");
    assert_eq!(said("ln(f)", None, &["f >= 0"]), "the logarithm of a number that is not positive; null");
    assert_eq!(said("make_date(a, b, 1)", None, &["a between 1 and 3000", "b between 1 and 12"]), "null");
    assert_eq!(said("make_date(a, 2, 30)", None, &["a is not null"]), "a date that there is not");
    assert_eq!(said("repeat(t, 3)", None, &[]), "null");
    assert_eq!(said("a + 1", None, &[]), "a result beyond the range of integer; null");
    assert_eq!(said("a + 1", None, &["a < 1000"]), "null");
    assert_eq!(said("a * 2", None, &["a between 0 and 1000"]), "null");
    assert_eq!(said("current_date + 30", None, &[]), "");
    assert_eq!(said("d + 1", None, &[]), "a result beyond the range of date; null");
    assert_eq!(said("date_trunc('month', ts)", None, &[]), "null");
}

#[test]
fn what_is_never_null_is_known() {
    for (text, checks) in [
        ("coalesce(a, 0)", &[][..]),
        ("concat(t, v)", &[]),
        ("case when p then 1 when not p then 2 else 3 end", &[]),
        ("case when p then 1 when not p then 2 end", &["p is not null"]),
        ("case t when 'a' then 1 when 'b' then 2 end", &["t in ('a', 'b')", "t is not null"]),
        ("a + s", &["a is not null and s is not null", "abs(a) < 10", "a between -9 and 9"]),
        ("a is null", &[]),
        ("extract(month from d)", &["d between '2000-01-01' and '2100-01-01'", "d is not null"]),
        ("nullif(a, 0)", &["a > 0", "a is not null"]),
    ] {
        assert_eq!(said(text, None, checks), "", "{text} {checks:?}");
    }
    for (text, checks) in [
        ("nullif(a, 0)", &["a is not null"][..]),
        ("case when a > 0 then 1 end", &["a is not null"]),
        ("jb -> 'k'", &["jb is not null"]),
        ("extract(month from d)", &["d is not null"]),
        ("coalesce(t, v)", &["t is not null or a is not null"]),
    ] {
        assert_eq!(said(text, None, checks), "null", "{text} {checks:?}");
    }
}

fn admitted(check: &str, checks: &[&str]) -> Admission {
    let row = checks.iter().fold(RowDomains::new(), |row, check| row.passes(expression(check, None)));
    expression(check, None).admits(&row)
}

#[test]
fn checks_are_decided_where_they_can_be() {
    for check in [
        "a = a",
        "a is null or a is not null",
        "length(t) >= 0",
        "a < 5 or a >= 5",
        "a + 1 > a",
        "case when a > 0 then 'x' else 'y' end in ('x', 'y', 'z')",
        "length(left(t, 3)) <= 3",
        "p or not p",
    ] {
        assert_eq!(admitted(check, &[]), Admission::Always, "{check}");
    }
    for check in ["2 < 1", "coalesce(a, 0) > 5 and coalesce(a, 0) < 3", "a is null and a is not null"] {
        assert_eq!(admitted(check, &[]), Admission::Never, "{check}");
    }
    for check in ["a > 0", "t <> ''", "coalesce(b, 0) > 0", "t < 'b' or t > 'c'", "a > 5 or b < 3"] {
        assert_eq!(admitted(check, &[]), Admission::Maybe, "{check}");
        assert_eq!(admitted(check, &[check]), Admission::Always, "{check}");
    }
    assert_eq!(admitted("b <= a", &["a >= b"]), Admission::Always);
    assert_eq!(admitted("a > 0", &["a > 10"]), Admission::Always);
    assert_eq!(admitted("t in ('a', 'b', 'c')", &["t in ('a', 'b')"]), Admission::Always);
    assert_eq!(admitted("a <> b", &["a > b"]), Admission::Always);
}

#[test]
fn a_check_is_looked_at_where_its_column_is_computed() {
    let composed = |check: &str, column: &str, value: &str, target: Type| {
        let value = expression(value, Some(target));
        expression(check, None).compose(&[(column.into(), value)]).expect("it can be assigned")
    };
    let any = RowDomains::new();
    let mapped = composed("t in ('new', 'old')", "t", "case when a = 1 then 'new' else 'old' end", Type::Text);
    assert_eq!(mapped.admits(&any), Admission::Always);
    assert_eq!(composed("t = lower(t)", "t", "'ABC'", Type::Text).admits(&any), Admission::Never);
    let copied = composed("l > 0", "l", "a", Type::BigInt);
    assert_eq!(copied.admits(&any), Admission::Maybe);
    assert_eq!(copied.admits(&any.clone().passes(expression("a > 0", None))), Admission::Always);
    // What is assigned is computed, also where the check does not need it.
    let failing = composed("a > 0 or b > 0", "b", "a / s", Type::Integer).outlook(&any).failures;
    assert_eq!(failing[0].what, "a division by zero");
    assert!(expression("a > 0", None).compose(&[("a".into(), expression("t", None))]).is_none());
}

#[test]
fn one_of_two_conditions_is_met_where_the_other_is_not() {
    assert_eq!(said("coalesce(t, v)", None, &[]), "null");
    for (text, check) in [
        ("coalesce(t, v)", "t is not null or v is not null"),
        ("case when t is null then v else t end", "t is not null or v is not null"),
        ("coalesce(a, b, l)", "a is not null or b is not null or l is not null"),
    ] {
        assert_eq!(said(text, None, &[check]), "", "{text} with {check}");
    }
    assert_eq!(said("coalesce(t, v)", None, &["t is not null or a is not null"]), "null");
    // A check that is null is passed.
    assert_eq!(said("case when a > 0 then 1 else b end", None, &["a > 0 or b is not null"]), "null");
}

#[test]
fn long_texts_are_not_made_to_see_what_an_expression_gives() {
    let huge = "lpad(t, 60000000) || repeat('abc', 99000000)";
    assert_eq!(said(huge, None, &["t is not null"]), "a text repeated until it is too large");
    let row = RowDomains::new().column("t".into(), Domain::constant(&Value::Text("x".into()), Type::Text));
    let result = expression("repeat(t, 1000000)", None).outlook(&row).result;
    assert_eq!((result.length(), result.values()), ((1_000_000, Some(1_000_000)), None));
    assert_eq!(expression("repeat(t, 1000000)", None).tried(&[Value::Text("x".into())]), None);
}

#[test]
fn kinds_of_failures_are_told_apart() {
    let outlook = |text: &str| expression(text, None).outlook(&RowDomains::new()).failures;
    let failure = |what: &str, kind, certain| Failure { what: what.into(), kind, certain };
    assert_eq!(outlook("a + 1"), [failure("a result beyond the range of integer", FailureKind::EndOfRange, false)]);
    assert_eq!(outlook("s / 0"), [failure("a division by zero", FailureKind::Value, false)]);
    let row = RowDomains::new().column("a".into(), Domain::of_values([Value::Integer(0)], Type::Integer));
    let certain = expression("1 / a", None).outlook(&row).failures;
    assert_eq!(certain, [failure("a division by zero", FailureKind::Value, true)]);
}

#[test]
fn what_keeps_different_values_different_is_found() {
    let keeps = |text: &str, target| expression(text, target).injective_input().is_some();
    for (text, target) in
        [("a", None), ("a", Some(Type::BigInt)), ("a + 1", None), ("-a", None), ("a::text || 'x'", None)]
    {
        assert!(keeps(text, target), "{text}");
    }
    for (text, target) in
        [("a / 2", None), ("a + b", None), ("abs(a)", None), ("a + null", None), ("a", Some(Type::Real))]
    {
        assert!(!keeps(text, target), "{text}");
    }
}

#[test]
fn a_projection_changes_nothing_the_second_time() {
    let admits = |check: &str, value: &str| {
        let whole = expression(check, None).compose(&[("t".into(), expression(value, None))]).expect("it fits");
        whole.admits(&RowDomains::new())
    };
    assert_eq!(admits("t = lower(t)", "lower(v)"), Admission::Always);
    assert_eq!(admits("t = btrim(t, '-')", "btrim(v, '-')"), Admission::Always);
    assert_eq!(admits("t = btrim(t, '-')", "btrim(v, '+')"), Admission::Maybe);
    assert_eq!(admits("t = lower(t)", "upper(v)"), Admission::Maybe);
    assert_eq!(admits("t = reverse(t)", "reverse(v)"), Admission::Maybe);
}

#[test]
fn a_length_is_no_number_beyond_an_integer() {
    assert_eq!(said("length(t) + 2", Some(Type::Integer), &["t is not null"]), "");
    assert_eq!(
        said("strpos(t, 'x') * 2 - 1", Some(Type::Integer), &["t is not null"]),
        "a result beyond the range of integer"
    );
    assert_eq!(said("octet_length(t) + 1", Some(Type::Integer), &["t is not null"]), "");
}

#[test]
fn a_column_of_another_type_has_the_same_value() {
    let same = |text: &str, target| expression(text, target).as_same_value().map(ToString::to_string);
    for (text, target) in [("a", None), ("a", Some(Type::BigInt)), ("l", Some(Type::Integer)), ("v", Some(Type::Text))]
    {
        assert_eq!(same(text, target), Some(text.to_owned()), "{text}");
    }
    for (text, target) in [("a + 1", None), ("a", Some(Type::Text)), ("m", Some(Type::Numeric(Some((5, 0)))))] {
        assert_eq!(same(text, target), None, "{text}");
    }
    assert_eq!(expression("a + 1", None).injective_input().map(|name| &**name), Some("a"));
}

#[test]
fn an_expression_too_large_to_follow_is_said_to_be() {
    let deep = format!("{}a / b{}", "abs(".repeat(60), ")".repeat(60));
    let said = said(&deep, None, &[]);
    assert!(said.contains("too large to be followed"), "{said}");
}

/// Numbers that depend on a seed only.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % limit as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn value(&mut self, ty: Type) -> Value {
        let texts: &[&str] = match ty {
            Type::Boolean => &["true", "false"],
            Type::SmallInt => &["0", "1", "-1", "7", "32767", "-32768"],
            Type::Integer => &["0", "1", "2", "-1", "9", "65", "2147483647", "-2147483648"],
            Type::BigInt => &["0", "1", "-3", "40000", "9223372036854775807", "-9223372036854775808"],
            Type::Numeric(Some(_)) => &["0", "0.01", "1", "-1", "99999999.99", "-12.5"],
            Type::Numeric(None) => &["0", "1.0", "1.00", "-1", "0.5", "123456789012345678901234567890.5", "1e-30"],
            Type::Real => &["0", "1", "-1.5", "3e38", "1e-38", "NaN", "Infinity", "-Infinity"],
            Type::Double => &["0", "-0", "1", "-1.5", "1e308", "1e-308", "NaN", "Infinity", "-Infinity"],
            Type::Text => &["", "a", " b ", "17", "-1", "true", "2024-02-29", "month", "{\"a\": 1}", "Éa,b", "%\\"],
            Type::Varchar(_) => &["", "a", "ab  ", "17", "abcde"],
            Type::Date => &["2024-02-29", "2000-01-01", "4714-11-24 BC", "5874897-12-31", "infinity", "-infinity"],
            Type::Timestamp | Type::TimestampTz => {
                &["2024-02-29 12:34:56.789", "294276-12-31", "infinity", "-infinity"]
            }
            Type::Interval => &["0", "1 day", "-1 mon", "178000000 years"],
            Type::Uuid => &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
            Type::Json | Type::Jsonb => &["{\"a\": null, \"b\": 1}", "[1, null]", "\"s\"", "null", "1.5", "true"],
            Type::Bytea => &["\\x", "\\x00ff61"],
            Type::Unknown => &["x"],
        };
        let text = self.pick(texts);
        Value::parse(text, ty).expect("a value of its type")
    }

    fn node(&mut self, ty: Type, depth: usize) -> Node {
        let columns: Vec<(usize, Type)> =
            COLUMNS.iter().map(|column| column.1).enumerate().filter(|(_, of)| of.unconstrained() == ty).collect();
        if depth == 0 || self.below(6) == 0 {
            if columns.is_empty() || self.below(3) == 0 {
                let value = if self.below(8) == 0 { Value::Null } else { self.value(ty) };
                return Node::Constant(value, ty);
            }
            let (at, of) = self.pick(&columns);
            return Node::Column(at, of);
        }
        let depth = depth - 1;
        match self.below(12) {
            0 => self.case(ty, depth),
            1 => Node::Coalesce([self.node(ty, depth), self.node(ty, depth)].into(), ty),
            2 if ty.is_ordered() => {
                let which = self.pick(&[Extreme::Greatest, Extreme::Least]);
                Node::Extreme([self.node(ty, depth), self.node(ty, depth)].into(), which, ty)
            }
            3 | 4 => self.cast(ty, depth),
            5 => Node::Let(Box::new((self.node(Type::Integer, depth), self.node(ty, depth)))),
            _ if ty == Type::Boolean => self.condition(depth),
            _ => self.call(ty, depth),
        }
    }

    fn case(&mut self, ty: Type, depth: usize) -> Node {
        let arms = [(self.condition(depth), self.node(ty, depth))].into();
        let otherwise = (self.below(3) > 0).then(|| self.node(ty, depth));
        Node::Case(Box::new(Case { arms, otherwise, ty }))
    }

    fn cast(&mut self, ty: Type, depth: usize) -> Node {
        use super::super::coercion::strength;
        let all = COLUMNS.map(|column| column.1.unconstrained());
        let from: Vec<Type> = all.into_iter().filter(|from| *from != ty && strength(*from, ty).is_some()).collect();
        if from.is_empty() {
            return self.node(ty, 0);
        }
        let from = self.pick(&from);
        let to = match ty {
            Type::Numeric(_) => self.pick(&[Type::Numeric(None), Type::Numeric(Some((4, 1)))]),
            Type::Text => self.pick(&[Type::Text, Type::Varchar(Some(3)), Type::Varchar(Some(20))]),
            other => other,
        };
        Node::Cast(Box::new(Cast { operand: self.node(from, depth), to, explicit: self.below(2) == 0 }))
    }

    fn call(&mut self, ty: Type, depth: usize) -> Node {
        let fitting: Vec<&'static Function> =
            functions().filter(|function| function.result.unconstrained() == ty && !function.is_missing()).collect();
        if fitting.is_empty() {
            return self.node(ty, 0);
        }
        let function = self.pick(&fitting);
        let mut operands: Vec<Node> = (0..function.params.len())
            .map(|at| match function.param(at) {
                Param::Is(ty) => self.node(ty, depth),
                Param::Any => self.node(Type::Integer, depth),
            })
            .collect();
        if function.reversed {
            operands.reverse();
        }
        Node::Call(function, operands.into())
    }

    fn condition(&mut self, depth: usize) -> Node {
        let ty = self.pick(&[Type::Integer, Type::Integer, Type::Numeric(None), Type::Double, Type::Text, Type::Date]);
        let sub = depth.saturating_sub(1);
        match self.below(9) {
            0 => Node::Not(Box::new(self.condition(sub))),
            1 if depth > 0 => Node::And([self.condition(sub), self.condition(sub)].into()),
            2 if depth > 0 => Node::Or([self.condition(sub), self.condition(sub), self.condition(sub)].into()),
            3 => Node::IsNull(Box::new(self.node(ty, depth))),
            4 => {
                let expected = self.pick(&[None, Some(true), Some(false)]);
                Node::IsBool(Box::new(self.condition(sub)), expected)
            }
            5 => Node::Distinct(Box::new((self.node(ty, depth), self.node(ty, 0)))),
            6 => Node::Column(10, Type::Boolean),
            _ => {
                let name = self.pick(&["=", "<>", "<", "<=", ">", ">="]);
                let is_it = |function: &&Function| function.name == name && function.params == [Param::Is(ty); 2];
                let function = functions().find(is_it).expect("a comparison");
                Node::Call(function, [self.node(ty, depth), self.node(ty, usize::from(self.0 & 1 == 1))].into())
            }
        }
    }
}

fn whole(node: Node) -> Expression {
    let ty = node.ty();
    Expression::new(COLUMNS.iter().map(|column| column.0.into()).collect(), ty, node)
}

fn value_of(node: &Expression, row: &[Value]) -> Result<Value, &'static str> {
    RowScope::new(row, Context::TRIED).value(&node.0.node).map_err(|error| error.sqlstate)
}

/// A domain that has the values, among others or not.
fn around(random: &mut Random, values: &[Value], ty: Type) -> Domain {
    match random.below(4) {
        0 => Domain::of_type(ty, true),
        1 => Domain::of_type(ty, values.iter().any(Value::is_null)),
        2 => Domain::of_values(values.iter().cloned(), ty),
        _ => {
            let more = [random.value(ty), random.value(ty)];
            Domain::of_values(values.iter().cloned().chain(more), ty)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_an_expression_is_so(seed in any::<u64>()) {
        let random = &mut Random(seed);
        let row = |random: &mut Random| -> Vec<Value> {
            COLUMNS.iter().map(|(_, ty)| if random.below(5) == 0 { Value::Null } else { random.value(*ty) }).collect()
        };
        let mut rows: Vec<Vec<Value>> = (0..8).map(|_| row(random)).collect();
        let mut known = RowDomains::new();
        for _ in 0..random.below(4) {
            let condition = whole(random.condition(2));
            let true_for = |row: &Vec<Value>| value_of(&condition, row) == Ok(Value::Boolean(true));
            let not_false_for =
                |row: &Vec<Value>| value_of(&condition, row).is_ok_and(|value| value != Value::Boolean(false));
            if random.below(2) == 0 && rows.iter().any(true_for) {
                rows.retain(true_for);
                known = known.holds(condition);
            } else if rows.iter().any(not_false_for) {
                rows.retain(not_false_for);
                known = known.passes(condition);
            }
        }
        for (at, (name, ty)) in COLUMNS.iter().enumerate() {
            let values: Vec<Value> = rows.iter().map(|row| row[at].clone()).collect();
            known = known.column((*name).into(), around(random, &values, *ty));
        }
        let ty = random.pick(&COLUMNS).1.unconstrained();
        let expression = whole(random.node(ty, 3));
        let Outlook { result, failures } = expression.outlook(&known);
        for row in &rows {
            match value_of(&expression, row) {
                Ok(value) => prop_assert!(
                    result.contains(&value),
                    "{:?}\nof {row:?}\nis {value:?}, which is not in {result:?}\nknown {known:?}", expression.0.node
                ),
                Err("0A000" | UNTRIED) => {}
                Err(sqlstate) => prop_assert!(
                    !failures.is_empty(),
                    "{:?}\nof {row:?} fails with {sqlstate}\nknown {known:?}", expression.0.node
                ),
            }
        }
    }
}
