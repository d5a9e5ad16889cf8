//! Random expressions of a wanted type. Functions and operators are those of the registry: a new one is tried without a
//! line here.

use miglab::ast::BinaryOp;
use miglab::data::Type;
use miglab::expr::{Form, Function, Param, functions};

use super::rows::COLUMNS;
use super::tree::{
    Pair, and, between, binary, call, case, cast, column, constant, in_list, is_bool, is_null, minus, not, or, plus,
    quoted,
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

/// Calls whose operands are of mixed types, so that PostgreSQL's choice of a function is tried: the result, the name, the
/// operands. Calls with just the types that a function takes come from the registry.
const MIXED_CALLS: &[(Type, &str, &[Type])] = {
    use Type::{BigInt, Date, Double, Integer, Real, Timestamp, TimestampTz};
    &[
        (BigInt, "mod", &[BigInt, Integer]),
        (Double, "round", &[Integer]),
        (NUM, "coalesce", &[NUM, Integer]),
        (Double, "coalesce", &[Double, NUM]),
        (Timestamp, "coalesce", &[Date, Timestamp]),
        (TimestampTz, "coalesce", &[TimestampTz, Date]),
        (Integer, "nullif", &[Integer, BigInt]),
        (Double, "nullif", &[Double, Real]),
        (NUM, "greatest", &[NUM, Integer, NUM]),
    ]
};

/// Operators between mixed types: the result, the operator, the operands.
const MIXED_OPERATORS: &[(Type, BinaryOp, Type, Type)] = {
    use BinaryOp::{Add, Divide, Multiply, Subtract};
    use Type::{BigInt, Double, Integer, Real, SmallInt};
    &[
        (Integer, Subtract, Integer, SmallInt),
        (BigInt, Add, BigInt, Integer),
        (BigInt, Multiply, Integer, BigInt),
        (NUM, Add, NUM, Integer),
        (NUM, Divide, Integer, NUM),
        (Double, Add, Real, Integer),
        (Double, Subtract, Double, Integer),
        (Double, Multiply, Double, NUM),
    ]
};

/// What an operand of a function is taken from, where values of its type at random would say little (units of time) or
/// make results without end.
struct Choice {
    function: &'static str,
    operand: usize,
    ty: Type,
    texts: &'static [&'static str],
    /// Nothing else is taken; otherwise half of the time.
    always: bool,
}

const fn choice(function: &'static str, operand: usize, ty: Type, texts: &'static [&'static str]) -> Choice {
    Choice { function, operand, ty, texts, always: true }
}

const fn some(function: &'static str, operand: usize, ty: Type, texts: &'static [&'static str]) -> Choice {
    Choice { function, operand, ty, texts, always: false }
}

const CHOICES: &[Choice] = &[
    choice("date_trunc", 0, Type::Text, &UNITS),
    choice("extract", 0, Type::Text, &UNITS),
    choice("date_part", 0, Type::Text, &UNITS),
    choice("lpad", 1, Type::Integer, &["0", "-1", "3", "9"]),
    choice("rpad", 1, Type::Integer, &["0", "5", "12"]),
    choice("repeat", 1, Type::Integer, &["0", "-3", "1", "3"]),
    some("split_part", 2, Type::Integer, &["1", "2", "-1", "-2", "0"]),
    some("left", 1, Type::Integer, &["2", "-2", "0"]),
    choice("right", 1, Type::Integer, &["2", "-2", "0"]),
    choice("round", 1, Type::Integer, &["0", "2", "-2", "5"]),
    choice("trunc", 1, Type::Integer, &["0", "2", "-2", "5"]),
    choice("power", 1, NUM, EXPONENTS),
    choice("pow", 1, NUM, EXPONENTS),
    choice("^", 1, NUM, EXPONENTS),
    some("power", 1, Type::Double, &["2", "0.5", "-1", "0", "3"]),
    choice("#>", 1, Type::Text, PATHS),
    choice("#>>", 1, Type::Text, PATHS),
    choice("#-", 1, Type::Text, PATHS),
    choice("*", 1, Type::Double, FACTORS),
    choice("*", 0, Type::Double, FACTORS),
    choice("/", 1, Type::Double, FACTORS),
];

const EXPONENTS: &[&str] = &["0", "1", "2", "3", "-1", "-2", "10", "2.0"];

/// Paths into `json` and `jsonb`.
const PATHS: &[&str] = &[
    "{}",
    "{a}",
    "{b}",
    "{a,b}",
    "{a,0}",
    "{b,-1}",
    "{b,1}",
    "{0}",
    "{-1}",
    "{-2}",
    "{3}",
    "{3,a}",
    "{-9}",
    "{x}",
    "{null}",
    "{a,null}",
    "{\" 1\"}",
    "{+1}",
    "{2147483648}",
    "{bb}",
];

/// Factors of intervals.
const FACTORS: &[&str] = &["2", "0.5", "-1.5", "3", "0", "1e10"];

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

/// What the registry has between two operands.
const INFIX: [BinaryOp; 20] = [
    BinaryOp::Add,
    BinaryOp::Subtract,
    BinaryOp::Multiply,
    BinaryOp::Divide,
    BinaryOp::Modulo,
    BinaryOp::Power,
    BinaryOp::Concat,
    BinaryOp::JsonGet,
    BinaryOp::JsonGetText,
    BinaryOp::JsonPath,
    BinaryOp::JsonPathText,
    BinaryOp::JsonDeletePath,
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::Less,
    BinaryOp::LessOrEqual,
    BinaryOp::Greater,
    BinaryOp::GreaterOrEqual,
    BinaryOp::Like,
    BinaryOp::ILike,
];

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
        3..=6 => operator(random, ty, depth),
        _ => function(random, ty, depth),
    }
}

/// An expression, or a leaf at the end.
fn operand(random: &mut Random, ty: Type, depth: usize) -> Pair {
    match depth.checked_sub(1) {
        Some(depth) => expression(random, ty, depth),
        None => leaf(random, ty),
    }
}

fn operands(random: &mut Random, types: &[Type], depth: usize) -> Vec<Pair> {
    types.iter().map(|ty| operand(random, *ty, depth)).collect()
}

/// What can be called and gives the same at any time, each as the registry has it.
fn callable() -> impl Iterator<Item = &'static Function> {
    functions().filter(|function| function.immutable && !function.is_missing())
}

/// A function, or an operator, of the registry with operands for it.
fn called(random: &mut Random, function: &Function, depth: usize) -> Pair {
    let more = if function.variadic { random.below(3) } else { 0 };
    let count = function.params.len() + more;
    let operands = (0..count).map(|at| operand_of(random, function, at, depth)).collect();
    written(function, operands)
}

fn operand_of(random: &mut Random, function: &Function, at: usize, depth: usize) -> Pair {
    let ty = match function.param(at) {
        Param::Is(ty) => ty,
        Param::Any => random.pick(&TYPES),
    };
    // A factor is of an interval; two numbers are multiplied as they come.
    let scales = |choice: &Choice| choice.function.len() > 1 || function.result == Type::Interval || ty == NUM;
    let own = |choice: &&Choice| choice.function == function.name && choice.operand == at && choice.ty == ty;
    match CHOICES.iter().filter(own).find(|choice| scales(choice)) {
        Some(choice) if choice.ty == Type::Text => quoted(random.pick(choice.texts)),
        Some(choice) if choice.always || random.below(2) == 0 => constant(random.pick(choice.texts), ty),
        _ => operand(random, ty, depth),
    }
}

fn written(function: &Function, operands: Vec<Pair>) -> Pair {
    if !function.is_operator() {
        return call(function.name, operands);
    }
    match <[Pair; 2]>::try_from(operands) {
        Ok([left, right]) => {
            let symbol = |op: &BinaryOp| op.symbol() == function.name;
            let op = INFIX.into_iter().find(symbol).expect("an operator of the registry can be written");
            binary(op, left, right)
        }
        Err(mut one) => {
            let operand = one.pop().expect("an operator has an operand");
            if function.name == "-" { minus(operand) } else { plus(operand) }
        }
    }
}

fn function(random: &mut Random, ty: Type, depth: usize) -> Pair {
    let fitting: Vec<_> = callable().filter(|function| function.result == ty && !function.is_operator()).collect();
    let mixed: Vec<_> = MIXED_CALLS.iter().filter(|(result, ..)| *result == ty).collect();
    let forms: Vec<Form> = Form::ALL.into_iter().filter(|form| *form == Form::Coalesce || ty != Type::Json).collect();
    match random.below(8) {
        0 if !mixed.is_empty() => {
            let (_, name, types) = random.pick(&mixed);
            call(name, operands(random, types, depth))
        }
        1..=5 if !fitting.is_empty() => {
            let function = random.pick(&fitting);
            called(random, function, depth)
        }
        _ => form(random, &forms, ty, depth),
    }
}

fn form(random: &mut Random, forms: &[Form], ty: Type, depth: usize) -> Pair {
    let form = random.pick(forms);
    let count = if form == Form::Nullif { 2 } else { 2 + random.below(2) };
    call(form.name(), operands(random, &vec![ty; count], depth))
}

fn operator(random: &mut Random, ty: Type, depth: usize) -> Pair {
    if ty == Type::Boolean {
        return condition(random, depth);
    }
    let mixed: Vec<_> = MIXED_OPERATORS.iter().filter(|(result, ..)| *result == ty).collect();
    if !mixed.is_empty() && random.below(4) == 0 {
        let (_, op, left, right) = random.pick(&mixed);
        let left = operand(random, *left, depth);
        return binary(*op, left, operand(random, *right, depth));
    }
    let fitting: Vec<_> = callable().filter(|function| function.result == ty && function.is_operator()).collect();
    if fitting.is_empty() {
        return leaf(random, ty);
    }
    let function = random.pick(&fitting);
    called(random, function, depth)
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

/// Every function and operator of the registry with columns and constants for operands, several times.
pub fn each_function(random: &mut Random) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for function in callable() {
        let times = if function.result == Type::Boolean && function.is_operator() { 2 } else { 6 };
        pairs.extend((0..times).map(|_| called(random, function, 0)));
    }
    for (_, name, types) in MIXED_CALLS {
        pairs.extend((0..6).map(|_| call(name, operands(random, types, 0))));
    }
    for (_, op, left, right) in MIXED_OPERATORS {
        for _ in 0..4 {
            let left = leaf(random, *left);
            pairs.push(binary(*op, left, leaf(random, *right)));
        }
    }
    for ty in TYPES {
        let forms = Form::ALL.into_iter().filter(|form| *form == Form::Coalesce || ty != Type::Json);
        pairs.extend(
            forms.flat_map(|form| [form, form]).map(|form| self::form(random, &[form], ty, 0)).collect::<Vec<_>>(),
        );
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
