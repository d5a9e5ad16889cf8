//! What there is to know of a function or an operator: a row of the registry. Whoever asks something of a function asks
//! its row; no other place lists functions.

use crate::data::{Interval, Type, Value, ValueError, compare};
use crate::expr::kernels::Kernel;

/// What a function may look at besides its operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// What `now()` gives, in microseconds since 2000-01-01 UTC.
    pub now_micros: i64,
    /// A longer text, in bytes, is not made.
    most_bytes: usize,
}

impl Context {
    /// For a value that is only tried: an analysis goes on without one that would take much memory.
    pub(super) const TRIED: Self = Self { now_micros: 0, most_bytes: 1 << 16 };

    /// For a value that is stored or shown.
    pub(super) fn at(now_micros: i64) -> Self {
        Self { now_micros, most_bytes: MOST_HELD }
    }

    /// Whether a text of so many bytes is made.
    ///
    /// # Errors
    /// PostgreSQL has none as long, or it is too long to be tried.
    pub(super) fn allows(self, bytes: Option<usize>) -> Result<(), ValueError> {
        match bytes {
            Some(bytes) if bytes <= self.most_bytes => Ok(()),
            Some(bytes) if bytes <= MAX_BYTES && self.most_bytes == MOST_HELD => {
                let why = format!("a text of {bytes} bytes is more than is held in memory");
                Err(ValueError::new("53200", why))
            }
            Some(bytes) if bytes <= MAX_BYTES => Err(ValueError::new(UNTRIED, "a text too long to be tried")),
            _ => Err(ValueError::new("54000", "requested length too large")),
        }
    }
}

/// A longer text is not made in memory, where rows of them would not fit.
const MOST_HELD: usize = 1 << 26;

/// A text may have as many bytes as PostgreSQL lets one have.
pub(super) const MAX_BYTES: usize = 0x3fff_ffff - 4;

/// In place of an SQLSTATE: a value is too large to be tried.
pub(super) const UNTRIED: &str = "untried";

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
    /// A null operand makes the result null, and so does an infinite moment, of which some parts are not known.
    StrictOrEndless,
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
    /// Only where the result is beyond the end of its type's range.
    OutOfRange,
    /// Only where an operand is refused.
    On(&'static [Refused]),
    /// Where an operand is refused, and where the result is beyond the end of its type's range.
    OnOrOutOfRange(&'static [Refused]),
}

/// Operands that a function has no value for.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// The number of the operand; of the first, where it hangs on several.
    pub operand: usize,
    /// Which values of it are refused. Others are not, for this reason.
    pub values: Refusal,
    /// What happens then, in words: `a division by zero`.
    pub what: &'static str,
}

impl PartialEq for Refused {
    fn eq(&self, other: &Self) -> bool {
        self.operand == other.operand && self.what == other.what
    }
}

impl Eq for Refused {}

/// Values that a function refuses.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Zero.
    Zero,
    /// What is less than zero.
    Negative,
    /// What is not greater than zero.
    NotPositive,
    /// Whole numbers greater than this.
    Above(i64),
    /// Those of which this is true.
    Such(fn(&Value) -> bool),
    /// Values of several operands, from the first on, that do not lie in one of these boxes (of a least and a greatest
    /// number for each) are perhaps refused.
    Outside(&'static [&'static [(i64, i64)]]),
}

impl Refused {
    /// Whether it may be said of these operands, none of them null.
    pub(super) fn concerns(&self, operands: &[Value]) -> bool {
        let Some(value) = operands.get(self.operand) else { return false };
        let to_zero = || compare(value, &Value::Integer(0));
        match self.values {
            Refusal::Zero => to_zero().is_eq() || *value == Value::Interval(Interval::default()),
            Refusal::Negative => to_zero().is_lt(),
            Refusal::NotPositive => to_zero().is_le(),
            Refusal::Above(most) => compare(value, &Value::BigInt(most)).is_gt(),
            Refusal::Such(is_refused) => is_refused(value),
            Refusal::Outside(boxes) => {
                let lies = |(value, (low, high)): (&Value, &(i64, i64))| {
                    compare(value, &Value::BigInt(*low)).is_ge() && compare(value, &Value::BigInt(*high)).is_le()
                };
                !boxes.iter().any(|sides| operands[self.operand..].iter().zip(*sides).all(lies))
            }
        }
    }
}

impl Fails {
    /// What it refuses.
    #[must_use]
    pub fn refused(self) -> &'static [Refused] {
        match self {
            Self::Never | Self::OutOfRange => &[],
            Self::On(refused) | Self::OnOrOutOfRange(refused) => refused,
        }
    }

    /// Whether its result may be beyond the end of the range.
    #[must_use]
    pub fn overflows(self) -> bool {
        matches!(self, Self::OutOfRange | Self::OnOrOutOfRange(_))
    }
}

/// What is known of a result when something is known of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// No more than its type says.
    Anything,
    /// The operand itself.
    Same,
    /// The operands added, subtracted, multiplied, divided.
    Sum,
    Difference,
    Product,
    Quotient,
    /// What is left of the first, divided by the second.
    Remainder,
    /// The operand with its sign turned.
    Negative,
    /// The operand without its sign.
    Magnitude,
    /// A number that grows with the first operand, or stays.
    Rising,
    /// The part of a moment, the second operand, that the first one names.
    Part,
    /// Whether the operands stand in one of these orders: 1 less, 2 equal, 4 greater, added.
    Compared(u8),
    /// How many characters the operand has.
    Length,
    /// How many bytes.
    Bytes,
    /// A number that is not negative.
    Count,
    /// A text with the texts of all operands, one after the other.
    Joined,
    /// A text as long as the operand.
    SameLength,
    /// A text no longer than the first operand.
    Piece,
    /// Likewise, and no longer than the number that is this operand, if that is not negative.
    Cut(usize),
    /// A text of as many characters as the second operand says, or fewer.
    Padded,
    /// The first operand as often as the second says.
    Repeated,
    /// A text of so many characters.
    Sized(u64),
    /// A moment of our time.
    Now,
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
    /// Different values of one operand, the others fixed, give different results, or none.
    pub injective: bool,
    /// Its two operands are computed, and handed over, from right to left: PostgreSQL defines it by its mirror image.
    pub(super) reversed: bool,
    pub(super) spelling: Spelling,
    /// What is known of its result.
    pub(super) gives: Gives,
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
            injective: false,
            reversed: false,
            gives: Gives::Anything,
            spelling: if is_word(name) { Spelling::Call(name) } else { Spelling::Operator },
            compute: Some(compute),
            kernel: None,
        }
    }

    /// One that PostgreSQL has and miglab has not.
    pub(super) const fn missing(name: &'static str, params: &'static [Param]) -> Self {
        let function = Self::new(name, params, Type::Numeric(None), |_, _| Ok(Value::Null));
        Self { compute: None, ..function }
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

    pub(super) const fn injective(mut self) -> Self {
        self.injective = true;
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

    pub(super) const fn gives(mut self, gives: Gives) -> Self {
        self.gives = gives;
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
        matches!(self.nulls, Nulls::Strict | Nulls::StrictOrAbsent | Nulls::StrictOrEndless)
    }

    /// Whether it is null for these operands.
    pub(super) fn is_null_for(&self, operands: &[Value]) -> bool {
        let compute = |compute: Compute| compute(operands, Context::at(0));
        self.compute.map(compute).is_some_and(|result| result.is_ok_and(|value| value.is_null()))
    }

    /// Whether this part of an infinite moment of such a type is null.
    pub(super) fn is_unknown_of_endless(&self, unit: &Value, ty: Type) -> bool {
        let endless = match ty {
            Type::Date => Value::Date(i32::MAX),
            Type::Timestamp => Value::Timestamp(i64::MAX),
            _ => Value::TimestampTz(i64::MAX),
        };
        self.is_null_for(&[unit.clone(), endless])
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
