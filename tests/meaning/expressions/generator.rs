//! Random expressions of a wanted type, every operator and function among them.

use miglab::ast::BinaryOp;
use miglab::data::Type;

use super::rows::COLUMNS;
use super::tree::{
    Pair, and, between, binary, call, case, cast, column, constant, in_list, is_bool, is_null, minus, not, or, quoted,
};

/// A generator of numbers that gives the same ones for the same seed (`SplitMix64`).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % limit as u64).expect("below a usize")
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

const NUM: Type = Type::Numeric(None);

/// Functions: the result, the name, the operands.
pub const FUNCTIONS: &[(Type, &str, &[Type])] = {
    use Type::{
        BigInt, Boolean, Bytea, Date, Double, Integer, Interval, Real, SmallInt, Text, Timestamp, TimestampTz, Uuid,
    };
    &[
        (Text, "lower", &[Text]),
        (Text, "upper", &[Text]),
        (Text, "initcap", &[Text]),
        (Text, "trim", &[Text]),
        (Text, "trim", &[Text, Text]),
        (Text, "btrim", &[Text, Text]),
        (Text, "ltrim", &[Text]),
        (Text, "ltrim", &[Text, Text]),
        (Text, "rtrim", &[Text]),
        (Text, "rtrim", &[Text, Text]),
        (Text, "concat", &[Text, Integer, Boolean]),
        (Text, "concat", &[Double, Date, NUM]),
        (Text, "concat_ws", &[Text, Text, Boolean, Text]),
        (Text, "replace", &[Text, Text, Text]),
        (Text, "translate", &[Text, Text, Text]),
        (Text, "reverse", &[Text]),
        (Text, "md5", &[Text]),
        (Text, "md5", &[Bytea]),
        (Text, "chr", &[Integer]),
        (Text, "substr", &[Text, Integer]),
        (Text, "substr", &[Text, Integer, Integer]),
        (Text, "substring", &[Text, Integer, Integer]),
        (Text, "left", &[Text, Integer]),
        (Text, "split_part", &[Text, Text, Integer]),
        (Bytea, "substr", &[Bytea, Integer, Integer]),
        (Integer, "length", &[Text]),
        (Integer, "length", &[Bytea]),
        (Integer, "char_length", &[Text]),
        (Integer, "octet_length", &[Text]),
        (Integer, "octet_length", &[Bytea]),
        (Integer, "strpos", &[Text, Text]),
        (Integer, "position", &[Text, Text]),
        (Integer, "ascii", &[Text]),
        (Boolean, "starts_with", &[Text, Text]),
        (SmallInt, "abs", &[SmallInt]),
        (Integer, "abs", &[Integer]),
        (BigInt, "abs", &[BigInt]),
        (NUM, "abs", &[NUM]),
        (Real, "abs", &[Real]),
        (Double, "abs", &[Double]),
        (Integer, "mod", &[Integer, Integer]),
        (BigInt, "mod", &[BigInt, Integer]),
        (NUM, "mod", &[NUM, NUM]),
        (NUM, "div", &[NUM, NUM]),
        (NUM, "round", &[NUM]),
        (NUM, "trunc", &[NUM]),
        (NUM, "ceil", &[NUM]),
        (NUM, "ceiling", &[NUM]),
        (NUM, "floor", &[NUM]),
        (NUM, "sign", &[NUM]),
        (NUM, "sqrt", &[NUM]),
        (Double, "round", &[Double]),
        (Double, "round", &[Integer]),
        (Double, "trunc", &[Double]),
        (Double, "ceil", &[Double]),
        (Double, "floor", &[Double]),
        (Double, "sign", &[Double]),
        (Double, "sqrt", &[Double]),
        (Double, "exp", &[Double]),
        (Double, "ln", &[Double]),
        (Double, "power", &[Double, Double]),
        (Date, "make_date", &[Integer, Integer, Integer]),
        (Boolean, "coalesce", &[Boolean, Boolean]),
        (Text, "coalesce", &[Text, Text]),
        (Integer, "coalesce", &[Integer, Integer]),
        (NUM, "coalesce", &[NUM, Integer]),
        (Double, "coalesce", &[Double, NUM]),
        (Timestamp, "coalesce", &[Date, Timestamp]),
        (TimestampTz, "coalesce", &[TimestampTz, Date]),
        (Text, "nullif", &[Text, Text]),
        (Integer, "nullif", &[Integer, BigInt]),
        (Double, "nullif", &[Double, Real]),
        (Text, "greatest", &[Text, Text, Text]),
        (NUM, "greatest", &[NUM, Integer, NUM]),
        (Double, "least", &[Double, Double]),
        (Date, "least", &[Date, Date]),
        (Interval, "greatest", &[Interval, Interval]),
        (Uuid, "nullif", &[Uuid, Uuid]),
    ]
};

type SmallOperand = (Type, &'static str, &'static [Type], Type, &'static [&'static str]);

/// Functions and operators whose operands should stay small: the result, the name, the first operands, and the texts of
/// a last operand with its type.
const WITH_SMALL: &[SmallOperand] = &[
    (Type::Text, "lpad", &[Type::Text], Type::Integer, &["0", "-1", "3", "9"]),
    (Type::Text, "rpad", &[Type::Text], Type::Integer, &["0", "5", "12"]),
    (Type::Text, "repeat", &[Type::Text], Type::Integer, &["0", "-3", "1", "3"]),
    (Type::Text, "split_part", &[Type::Text, Type::Text], Type::Integer, &["1", "2", "-1", "-2", "0"]),
    (Type::Text, "left", &[Type::Text], Type::Integer, &["2", "-2", "0"]),
    (Type::Text, "right", &[Type::Text], Type::Integer, &["2", "-2", "0"]),
    (NUM, "round", &[NUM], Type::Integer, &["0", "2", "-2", "5"]),
    (NUM, "trunc", &[NUM], Type::Integer, &["0", "2", "-2", "5"]),
    (Type::Double, "power", &[Type::Double], Type::Double, &["2", "0.5", "-1", "0", "3"]),
];

/// Parts of moments and of intervals.
const UNITS: [&str; 20] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "milliseconds",
    "microseconds",
    "dow",
    "isodow",
    "doy",
    "quarter",
    "week",
    "isoyear",
    "decade",
    "century",
    "millennium",
    "epoch",
    "timezone",
    "nonsense",
];

const TYPES: [Type; 16] = [
    Type::Boolean,
    Type::SmallInt,
    Type::Integer,
    Type::BigInt,
    NUM,
    Type::Real,
    Type::Double,
    Type::Text,
    Type::Date,
    Type::Timestamp,
    Type::TimestampTz,
    Type::Interval,
    Type::Uuid,
    Type::Json,
    Type::Jsonb,
    Type::Bytea,
];

/// Operators: the result, the operator, the operands.
const OPERATORS: &[(Type, BinaryOp, Type, Type)] = {
    use BinaryOp::{Add, Concat, Divide, JsonGet, JsonGetText, Modulo, Multiply, Subtract};
    use Type::{
        BigInt, Boolean, Bytea, Date, Double, Integer, Interval, Json, Jsonb, Real, SmallInt, Text, Timestamp,
        TimestampTz,
    };
    &[
        (SmallInt, Add, SmallInt, SmallInt),
        (SmallInt, Multiply, SmallInt, SmallInt),
        (SmallInt, Divide, SmallInt, SmallInt),
        (Integer, Add, Integer, Integer),
        (Integer, Subtract, Integer, SmallInt),
        (Integer, Multiply, Integer, Integer),
        (Integer, Divide, Integer, Integer),
        (Integer, Modulo, Integer, Integer),
        (BigInt, Add, BigInt, Integer),
        (BigInt, Subtract, BigInt, BigInt),
        (BigInt, Multiply, Integer, BigInt),
        (BigInt, Divide, BigInt, BigInt),
        (BigInt, Modulo, BigInt, BigInt),
        (NUM, Add, NUM, NUM),
        (NUM, Add, NUM, Integer),
        (NUM, Subtract, NUM, NUM),
        (NUM, Multiply, NUM, NUM),
        (NUM, Divide, NUM, NUM),
        (NUM, Divide, Integer, NUM),
        (NUM, Modulo, NUM, NUM),
        (Real, Add, Real, Real),
        (Real, Multiply, Real, Real),
        (Real, Divide, Real, Real),
        (Double, Add, Double, Double),
        (Double, Add, Real, Integer),
        (Double, Subtract, Double, Integer),
        (Double, Multiply, Double, NUM),
        (Double, Divide, Double, Double),
        (Double, Divide, Real, Double),
        (Text, Concat, Text, Text),
        (Text, Concat, Text, Integer),
        (Text, Concat, Boolean, Text),
        (Text, Concat, Text, Double),
        (Text, Concat, NUM, Text),
        (Text, Concat, Date, Text),
        (Bytea, Concat, Bytea, Bytea),
        (Jsonb, Concat, Jsonb, Jsonb),
        (Jsonb, JsonGet, Jsonb, Integer),
        (Text, JsonGetText, Jsonb, Integer),
        (Json, JsonGet, Json, Integer),
        (Text, JsonGetText, Json, Integer),
        (Date, Add, Date, Integer),
        (Date, Subtract, Date, Integer),
        (Integer, Subtract, Date, Date),
        (Timestamp, Add, Date, Interval),
        (Timestamp, Subtract, Date, Interval),
        (Timestamp, Add, Timestamp, Interval),
        (Timestamp, Subtract, Timestamp, Interval),
        (TimestampTz, Add, Interval, TimestampTz),
        (TimestampTz, Subtract, TimestampTz, Interval),
        (Interval, Subtract, Timestamp, Timestamp),
        (Interval, Subtract, TimestampTz, TimestampTz),
        (Interval, Add, Interval, Interval),
        (Interval, Subtract, Interval, Interval),
    ]
};

const COMPARISONS: [BinaryOp; 8] = [
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::Less,
    BinaryOp::LessOrEqual,
    BinaryOp::Greater,
    BinaryOp::GreaterOrEqual,
    BinaryOp::Distinct,
    BinaryOp::NotDistinct,
];

/// Values for constants of the types that no column has, and some more for the rest.
fn constants(ty: Type) -> &'static [&'static str] {
    match ty {
        Type::Interval => {
            &["1 day", "1 mon", "-1 year 2 days", "04:05:06.7", "1 year 2 mons 3 days -04:00:00", "0", "12 hours"]
        }
        Type::Uuid => &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{00000000-0000-0000-0000-000000000000}"],
        Type::Json => &[
            "{\"a\" :  1, \"b\":[1, 2 ]}",
            "[1,null,\"x\\u00e9\", {\"a\":2}]",
            "\"s\"",
            "null",
            " 1.50 ",
            "{\"a\":null}",
        ],
        Type::Varchar(_) => &["abc"],
        _ => COLUMNS.iter().find(|column| column.ty == ty).map_or(&[], |column| column.values),
    }
}

fn leaf(random: &mut Random, ty: Type) -> Pair {
    let columns: Vec<_> = COLUMNS.iter().filter(|column| column.ty.same_storage(ty)).collect();
    if !columns.is_empty() && random.below(4) > 0 {
        return column(random.pick(&columns).name);
    }
    match constants(ty) {
        [] => cast(quoted(""), ty),
        values => constant(random.pick(values), ty),
    }
}

/// An expression of type `ty`, nested at most `depth` deep.
pub fn expression(random: &mut Random, ty: Type, depth: usize) -> Pair {
    if depth == 0 || random.below(8) == 0 {
        return leaf(random, ty);
    }
    match random.below(12) {
        0 => conditional(random, ty, depth),
        1 => casted(random, ty, depth),
        2 if ty.is_numeric() || ty == Type::Interval => minus(expression(random, ty, depth - 1)),
        3 | 4 => small_operand(random, ty, depth),
        5..=8 => operator(random, ty, depth),
        _ => function(random, ty, depth),
    }
}

fn operands(random: &mut Random, types: &[Type], depth: usize) -> Vec<Pair> {
    types.iter().map(|ty| expression(random, *ty, depth - 1)).collect()
}

fn function(random: &mut Random, ty: Type, depth: usize) -> Pair {
    let fitting: Vec<_> = FUNCTIONS.iter().filter(|(result, ..)| *result == ty).collect();
    if fitting.is_empty() {
        return leaf(random, ty);
    }
    let (_, name, types) = random.pick(&fitting);
    call(name, operands(random, types, depth))
}

fn small_operand(random: &mut Random, ty: Type, depth: usize) -> Pair {
    if matches!(ty, Type::Timestamp | Type::TimestampTz | Type::Interval) {
        let unit = quoted(random.pick(&UNITS));
        return call("date_trunc", vec![unit, expression(random, ty, depth - 1)]);
    }
    if ty == NUM && random.below(2) == 0 {
        let moment = random.pick(&[Type::Date, Type::Timestamp, Type::TimestampTz, Type::Interval]);
        let unit = quoted(random.pick(&UNITS));
        return call("extract", vec![unit, expression(random, moment, depth - 1)]);
    }
    if ty == NUM && random.below(2) == 0 {
        let exponent = constant(random.pick(&["0", "1", "2", "3", "-1", "-2", "10", "2.0"]), NUM);
        return call("power", vec![expression(random, NUM, depth - 1), exponent]);
    }
    if ty == Type::Double && random.below(2) == 0 {
        let moment = random.pick(&[Type::Date, Type::Timestamp, Type::TimestampTz, Type::Interval]);
        let unit = quoted(random.pick(&UNITS));
        return call("date_part", vec![unit, expression(random, moment, depth - 1)]);
    }
    let fitting: Vec<_> = WITH_SMALL.iter().filter(|(result, ..)| *result == ty).collect();
    if fitting.is_empty() {
        return operator(random, ty, depth);
    }
    let (_, name, types, last, values) = random.pick(&fitting);
    let mut operands = operands(random, types, depth);
    operands.push(constant(random.pick(values), *last));
    if *name == "lpad" && random.below(2) == 0 {
        operands.push(expression(random, Type::Text, depth - 1));
    }
    call(name, operands)
}

fn operator(random: &mut Random, ty: Type, depth: usize) -> Pair {
    if ty == Type::Boolean {
        return condition(random, depth);
    }
    if ty == Type::Interval && random.below(3) == 0 {
        let factor = constant(random.pick(&["2", "0.5", "-1.5", "3", "0", "1e10"]), Type::Double);
        let op = if random.below(2) == 0 { BinaryOp::Multiply } else { BinaryOp::Divide };
        return binary(op, expression(random, Type::Interval, depth - 1), factor);
    }
    let fitting: Vec<_> = OPERATORS.iter().filter(|(result, ..)| *result == ty).collect();
    if fitting.is_empty() {
        return leaf(random, ty);
    }
    let (_, op, left, right) = random.pick(&fitting);
    let left = expression(random, *left, depth - 1);
    binary(*op, left, expression(random, *right, depth - 1))
}

fn condition(random: &mut Random, depth: usize) -> Pair {
    let ty = loop {
        let ty = random.pick(&TYPES);
        if ty != Type::Json {
            break ty;
        }
    };
    match random.below(9) {
        0 => and(operands(random, &[Type::Boolean; 3], depth)),
        1 => or(operands(random, &[Type::Boolean; 2], depth)),
        2 => not(expression(random, Type::Boolean, depth - 1)),
        3 => is_null(expression(random, ty, depth - 1), random.below(2) == 0),
        4 => {
            let value = random.pick(&[Some(true), Some(false), None]);
            is_bool(expression(random, Type::Boolean, depth - 1), value, random.below(2) == 0)
        }
        5 => {
            let [a, b, c] = [(); 3].map(|()| expression(random, ty, depth - 1));
            between([a, b, c], random.below(2) == 0)
        }
        6 => {
            let operand = expression(random, ty, depth - 1);
            let items = vec![leaf(random, ty), leaf(random, ty), leaf(random, ty)];
            in_list(operand, items, random.below(2) == 0)
        }
        7 => {
            let ops = [BinaryOp::Like, BinaryOp::NotLike, BinaryOp::ILike, BinaryOp::NotILike];
            let op = random.pick(&ops);
            let text = expression(random, Type::Text, depth - 1);
            let pattern = match random.below(3) {
                0 => constant(random.pick(&["%a%", "_", "%", "a\\_c", "", "_b%", "%ä%", "A%c", "%\\"]), Type::Text),
                _ => expression(random, Type::Text, depth - 1),
            };
            binary(op, text, pattern)
        }
        _ => {
            let (left, right) = compared(random, ty);
            let left = expression(random, left, depth - 1);
            binary(random.pick(&COMPARISONS), left, expression(random, right, depth - 1))
        }
    }
}

/// Two types that can be compared, mixed ones among them.
fn compared(random: &mut Random, ty: Type) -> (Type, Type) {
    let numbers = [Type::SmallInt, Type::Integer, Type::BigInt, NUM, Type::Real, Type::Double];
    let moments = [Type::Date, Type::Timestamp, Type::TimestampTz];
    if ty.is_numeric() {
        (ty, random.pick(&numbers))
    } else if ty.is_time() {
        (ty, random.pick(&moments))
    } else {
        (ty, ty)
    }
}

fn conditional(random: &mut Random, ty: Type, depth: usize) -> Pair {
    let otherwise = if random.below(3) > 0 { Some(expression(random, ty, depth - 1)) } else { None };
    if random.below(2) == 0 {
        let operand = expression(random, Type::Integer, depth - 1);
        let arms = vec![
            (leaf(random, Type::Integer), expression(random, ty, depth - 1)),
            (leaf(random, Type::BigInt), expression(random, ty, depth - 1)),
        ];
        return case(Some(operand), arms, otherwise);
    }
    let arms = vec![(expression(random, Type::Boolean, depth - 1), expression(random, ty, depth - 1))];
    case(None, arms, otherwise)
}

/// Casts that PostgreSQL has, from every type that it casts to `ty`.
fn casted(random: &mut Random, ty: Type, depth: usize) -> Pair {
    let sources: Vec<Type> = TYPES.into_iter().filter(|from| can_cast(*from, ty)).collect();
    let from = random.pick(&sources);
    let to = match ty {
        NUM if random.below(3) == 0 => Type::Numeric(Some((8, 2))),
        Type::Text if random.below(3) == 0 => Type::Varchar(Some(4)),
        other => other,
    };
    // Which of two errors PostgreSQL finds first in odd text is its own science; only the texts of the table go there.
    let odd = from == Type::Text && (to.is_time() || matches!(to, Type::Interval | Type::Jsonb));
    let operand = if odd { leaf(random, from) } else { expression(random, from, depth - 1) };
    cast(operand, to)
}

fn can_cast(from: Type, to: Type) -> bool {
    from == Type::Text
        || to == Type::Text
        || from == to
        || (from.is_numeric() && to.is_numeric())
        || (from.is_time() && to.is_time() && (from, to) != (Type::Date, Type::Date))
        || (from == Type::Jsonb && (to.is_numeric() || to == Type::Boolean))
        || matches!((from, to), (Type::Json, Type::Jsonb) | (Type::Jsonb, Type::Json))
        || matches!((from, to), (Type::Integer, Type::Boolean) | (Type::Boolean, Type::Integer))
}

/// Every function with columns and constants for operands, several times.
pub fn each_function(random: &mut Random) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (_, name, types) in FUNCTIONS {
        for _ in 0..6 {
            let operands = types.iter().map(|ty| leaf(random, *ty)).collect();
            pairs.push(call(name, operands));
        }
    }
    for (_, op, left, right) in OPERATORS {
        for _ in 0..4 {
            let left = leaf(random, *left);
            pairs.push(binary(*op, left, leaf(random, *right)));
        }
    }
    for from in TYPES {
        for to in TYPES.into_iter().filter(|to| can_cast(from, *to)) {
            pairs.push(cast(leaf(random, from), to));
        }
    }
    pairs
}

/// Nested expressions of every type.
pub fn nested(random: &mut Random, count: usize) -> Vec<Pair> {
    (0..count).map(|at| expression(random, TYPES[at % TYPES.len()], 1 + at % 4)).collect()
}
