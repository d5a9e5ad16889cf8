//! What there is to know of a function or an operator: a row of the registry. Whoever asks something of a function asks
//! its row; no other place lists functions.

use crate::data::{Interval, Type, Value, ValueError};
use crate::expr::kernels::Kernel;

/// What a function may look at besides its operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// What `now()` gives, in microseconds since 2000-01-01 UTC.
    pub now_micros: i64,
}

/// Computes a value from operands.
pub(super) type Compute = fn(&[Value], Context) -> Result<Value, ValueError>;

/// What an operand may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// A value of this type.
    Is(Type),
    /// A value of any type.
    Any,
}

/// How null operands and a null result belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// A null operand makes the result null, and nothing else does.
    Strict,
    /// A null operand makes the result null, and so does what is not found, as in `json -> key`.
    StrictOrAbsent,
    /// The result is null where the first operand is.
    OfFirst,
    /// The result is never null.
    Never,
}

/// For which operands a function has no value: a division by zero, a number out of range. (What only grows beyond the
/// size that PostgreSQL allows, a gigabyte of text or 131,072 digits of a numeric, is not counted.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// For none.
    Never,
    /// Only where the result is out of the range of its type.
    OutOfRange,
    /// Besides that, only where this operand has certain values; most are good, whatever the others are.
    By(usize),
    /// For some values of its operands together.
    Somewhere,
}

/// How PostgreSQL writes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As a call of the function with this name.
    Call(&'static str),
    /// Between its operands, or before its only one.
    Operator,
    /// Between its operands; the right one is the literal of a path, as [`steps`](crate::expr::functions::steps) reads it.
    Path,
    /// As a word without parentheses.
    Word,
    /// `extract(field from moment)`.
    Extract,
}

/// A function or an operator for operands of certain types.
#[allow(clippy::struct_excessive_bools, reason = "each is a column of the registry")]
#[derive(Debug)]
pub struct Function {
    /// Its name; the symbol for an operator.
    pub name: &'static str,
    /// What it takes.
    pub params: &'static [Param],
    /// The last of `params` may be repeated.
    pub variadic: bool,
    /// What it gives.
    pub result: Type,
    /// What a null operand means for the result.
    pub nulls: Nulls,
    /// Where it has no value.
    pub fails: Fails,
    /// It gives the same result for the same operands at any time.
    pub immutable: bool,
    /// Done again to its own result, with the same further operands, it changes nothing.
    pub projection: bool,
    /// Its two operands are computed, and handed over, from right to left: PostgreSQL defines it by its mirror image.
    pub(super) reversed: bool,
    pub(super) spelling: Spelling,
    /// How it is computed; `None` where PostgreSQL has it and miglab cannot give the same digits.
    pub(super) compute: Option<Compute>,
    /// How it is computed for many rows at once, where that is faster.
    pub(super) kernel: Option<Kernel>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.params == other.params
    }
}

impl Function {
    /// A function that is null for a null operand, and never fails.
    pub(super) const fn new(name: &'static str, params: &'static [Param], result: Type, compute: Compute) -> Self {
        Self {
            name,
            params,
            variadic: false,
            result,
            nulls: Nulls::Strict,
            fails: Fails::Never,
            immutable: true,
            projection: false,
            reversed: false,
            spelling: if is_word(name) { Spelling::Call(name) } else { Spelling::Operator },
            compute: Some(compute),
            kernel: None,
        }
    }

    /// One that PostgreSQL has and miglab has not.
    pub(super) const fn missing(name: &'static str, params: &'static [Param]) -> Self {
        let function = Self::new(name, params, Type::Numeric(None), |_, _| Ok(Value::Null));
        Self { compute: None, fails: Fails::Somewhere, ..function }
    }

    pub(super) const fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    pub(super) const fn nulls(mut self, nulls: Nulls) -> Self {
        self.nulls = nulls;
        self
    }

    pub(super) const fn fails(mut self, fails: Fails) -> Self {
        self.fails = fails;
        self
    }

    pub(super) const fn projection(mut self) -> Self {
        self.projection = true;
        self
    }

    pub(super) const fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    pub(super) const fn stable(mut self) -> Self {
        self.immutable = false;
        self
    }

    pub(super) const fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    pub(super) const fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = Some(kernel);
        self
    }

    /// Whether it is written between its operands, or before its only one.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        matches!(self.spelling, Spelling::Operator | Spelling::Path)
    }

    /// Whether PostgreSQL has it and miglab has not.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.compute.is_none()
    }

    /// Whether it is null, without being called, where an operand is.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        matches!(self.nulls, Nulls::Strict | Nulls::StrictOrAbsent)
    }

    /// Whether it fails for operands of which number `at` is this one.
    pub(super) fn fails_for(&self, at: usize, fixed: &Value) -> bool {
        let operand = |other: usize| if other == at { fixed.clone() } else { sample(self.param(other)) };
        let operands: Vec<Value> = (0..self.params.len()).map(operand).collect();
        self.compute.is_none_or(|compute| compute(&operands, Context { now_micros: 0 }).is_err())
    }

    /// What its operand number `at` may be.
    #[must_use]
    pub fn param(&self, at: usize) -> Param {
        let last = self.params.last().copied().unwrap_or(Param::Any);
        self.params.get(at).copied().unwrap_or(last)
    }

    /// Whether it takes so many operands.
    pub(super) fn takes(&self, count: usize) -> bool {
        count == self.params.len() || (self.variadic && count >= self.params.len())
    }
}

/// An operand with which a function fails as easily as with any other: the least whole number, which has no negative.
fn sample(param: Param) -> Value {
    let Param::Is(ty) = param else { return Value::Boolean(true) };
    match ty {
        Type::SmallInt => Value::SmallInt(i16::MIN),
        Type::Integer => Value::Integer(i32::MIN),
        Type::BigInt => Value::BigInt(i64::MIN),
        Type::Real => Value::Real(1.0),
        Type::Double => Value::Double(1.0),
        Type::Numeric(_) => Value::Numeric(1.into()),
        Type::Date => Value::Date(0),
        Type::Timestamp => Value::Timestamp(0),
        Type::TimestampTz => Value::TimestampTz(0),
        Type::Interval => Value::Interval(Interval::default()),
        Type::Bytea => Value::Bytea(vec![0]),
        _ => Value::Text("a".to_owned()),
    }
}

const fn is_word(name: &str) -> bool {
    matches!(name.as_bytes(), [first, ..] if first.is_ascii_alphabetic())
}

/// What looks like a function and is resolved on its own, since PostgreSQL types it on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The first operand that is not null.
    Coalesce,
    /// Null where two operands are equal, else the first.
    Nullif,
    /// The greatest operand that is not null.
    Greatest,
    /// The least operand that is not null.
    Least,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Coalesce, Self::Nullif, Self::Greatest, Self::Least];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Coalesce => "coalesce",
            Self::Nullif => "nullif",
            Self::Greatest => "greatest",
            Self::Least => "least",
        }
    }

    /// The form that a name stands for.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Whether it takes so many operands.
    #[must_use]
    pub fn takes(self, count: usize) -> bool {
        match self {
            Self::Nullif => count == 2,
            Self::Coalesce | Self::Greatest | Self::Least => count > 0,
        }
    }
}
