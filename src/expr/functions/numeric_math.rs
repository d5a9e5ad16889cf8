//! Arithmetic and rounding of `numeric`, with the scales that PostgreSQL gives its results.

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, Signed, ToPrimitive, Zero};

use super::arguments::{FunctionResult, I4, N, NEGATIVE_ROOT, NUMERIC, ZERO_DIVISOR, number, whole};
use crate::data::{Value, ValueError, numeric};
use crate::expr::function::{Fails, Function, Gives, Refusal, Refused};

pub(super) static ROWS: &[Function] = &[
    Function::new("+", &[N, N], NUMERIC, |a, _| give(sum(&number(a, 0), &number(a, 1)))).injective().gives(Gives::Sum),
    Function::new("-", &[N, N], NUMERIC, |a, _| give(sum(&number(a, 0), &-number(a, 1))))
        .injective()
        .gives(Gives::Difference),
    Function::new("*", &[N, N], NUMERIC, |a, _| give(product(&number(a, 0), &number(a, 1)))).gives(Gives::Product),
    Function::new("/", &[N, N], NUMERIC, |a, _| give(quotient(&number(a, 0), &number(a, 1))?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Quotient),
    Function::new("%", &[N, N], NUMERIC, |a, _| give(remainder(&number(a, 0), &number(a, 1))?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("mod", &[N, N], NUMERIC, |a, _| give(remainder(&number(a, 0), &number(a, 1))?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("div", &[N, N], NUMERIC, |a, _| give(whole_quotient(&number(a, 0), &number(a, 1))?))
        .fails(Fails::On(ZERO_DIVISOR)),
    Function::new("-", &[N], NUMERIC, |a, _| give(-number(a, 0))).injective().gives(Gives::Negative),
    Function::new("+", &[N], NUMERIC, |a, _| give(number(a, 0))).injective().gives(Gives::Same),
    Function::new("abs", &[N], NUMERIC, |a, _| give(number(a, 0).abs())).projection().gives(Gives::Magnitude),
    Function::new("sign", &[N], NUMERIC, |a, _| give(sign(&number(a, 0)))).projection().gives(Gives::Rising),
    Function::new("round", &[N], NUMERIC, |a, _| give(numeric::round(&number(a, 0), 0)))
        .projection()
        .gives(Gives::Rising),
    Function::new("round", &[N, I4], NUMERIC, |a, _| give(numeric::round(&number(a, 0), digits(a))))
        .projection()
        .gives(Gives::Rising),
    Function::new("trunc", &[N], NUMERIC, |a, _| give(numeric::truncate(&number(a, 0), 0)))
        .projection()
        .gives(Gives::Rising),
    Function::new("trunc", &[N, I4], NUMERIC, |a, _| give(numeric::truncate(&number(a, 0), digits(a))))
        .projection()
        .gives(Gives::Rising),
    Function::new("ceil", &[N], NUMERIC, |a, _| give(ceil(&number(a, 0)))).projection().gives(Gives::Rising),
    Function::new("ceiling", &[N], NUMERIC, |a, _| give(ceil(&number(a, 0)))).projection().gives(Gives::Rising),
    Function::new("floor", &[N], NUMERIC, |a, _| give(-ceil(&-number(a, 0)))).projection().gives(Gives::Rising),
    Function::new("sqrt", &[N], NUMERIC, |a, _| give(sqrt(&number(a, 0))?))
        .fails(Fails::On(NEGATIVE_ROOT))
        .gives(Gives::Rising),
    Function::new("power", &[N, N], NUMERIC, |a, _| give(power(&number(a, 0), &number(a, 1))?)).fails(Fails::On(POWER)),
    Function::new("pow", &[N, N], NUMERIC, |a, _| give(power(&number(a, 0), &number(a, 1))?)).fails(Fails::On(POWER)),
    Function::new("^", &[N, N], NUMERIC, |a, _| give(power(&number(a, 0), &number(a, 1))?)).fails(Fails::On(POWER)),
    Function::missing("exp", &[N]),
    Function::missing("ln", &[N]),
];

/// No power of these is beyond what a `numeric` holds, undefined or complex.
static POWER: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Outside(&[
        &[(i64::MIN, i64::MAX), (1, 1)],
        &[(i64::MIN, i64::MAX), (2, 2)],
        &[(i64::MIN, i64::MAX), (3, 3)],
        &[(0, i64::MAX), (0, 1000)],
        &[(1, i64::MAX), (-1000, 1000)],
    ]),
    what: "a power that is undefined, complex or too great",
}];

/// The largest scale that a computed result gets by itself.
const MAX_RESULT_SCALE: i64 = 1000;
/// Significant digits that a computed result has at least.
const MIN_DIGITS: i64 = 16;

fn give(value: BigDecimal) -> FunctionResult {
    numeric::checked(value).map(Value::Numeric)
}

/// The number of digits asked for, within what PostgreSQL allows.
fn digits(args: &[Value]) -> i64 {
    whole(args, 1).clamp(-2000, 2000)
}

fn parts(value: &BigDecimal) -> (BigInt, i64) {
    let (digits, scale) = value.as_bigint_and_scale();
    (digits.into_owned(), scale)
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

/// The digits of both numbers at the larger of their scales, and that scale.
fn aligned(a: &BigDecimal, b: &BigDecimal) -> (BigInt, BigInt, i64) {
    let ((a, a_scale), (b, b_scale)) = (parts(a), parts(b));
    let scale = a_scale.max(b_scale);
    (a * power_of_ten(scale - a_scale), b * power_of_ten(scale - b_scale), scale)
}

fn sum(a: &BigDecimal, b: &BigDecimal) -> BigDecimal {
    let (a, b, scale) = aligned(a, b);
    BigDecimal::new(a + b, scale)
}

fn product(a: &BigDecimal, b: &BigDecimal) -> BigDecimal {
    let ((a, a_scale), (b, b_scale)) = (parts(a), parts(b));
    let exact = BigDecimal::new(a * b, a_scale + b_scale);
    if a_scale + b_scale > numeric::MAX_SCALE { numeric::round(&exact, numeric::MAX_SCALE) } else { exact }
}

/// The place of the first digit in groups of four, and the value of its group: what PostgreSQL stores.
fn leading_group(value: &BigDecimal) -> (i64, i64) {
    let (digits, scale) = parts(value);
    if digits.is_zero() {
        return (0, 0);
    }
    let text = digits.magnitude().to_string();
    let exponent = i64::try_from(text.len()).unwrap_or(i64::MAX) - 1 - scale;
    let wanted = usize::try_from(exponent.rem_euclid(4)).unwrap_or(0) + 1;
    let padded: String = text.chars().chain(std::iter::repeat('0')).take(wanted).collect();
    (exponent.div_euclid(4), padded.parse().unwrap_or(0))
}

/// The scale of a quotient: 16 significant digits at least, and no fewer than either side has.
fn quotient_scale(a: &BigDecimal, b: &BigDecimal) -> i64 {
    let ((a_weight, a_first), (b_weight, b_first)) = (leading_group(a), leading_group(b));
    let weight = a_weight - b_weight - i64::from(a_first <= b_first);
    let scale = MIN_DIGITS - weight * 4;
    scale.max(numeric::scale(a)).max(numeric::scale(b)).clamp(0, MAX_RESULT_SCALE)
}

fn quotient(a: &BigDecimal, b: &BigDecimal) -> Result<BigDecimal, ValueError> {
    if b.is_zero() {
        return Err(ValueError::division_by_zero());
    }
    Ok(divided(a, b, quotient_scale(a, b)))
}

/// `a / b` rounded to `scale`, halves away from zero.
fn divided(a: &BigDecimal, b: &BigDecimal, scale: i64) -> BigDecimal {
    let ((a, a_scale), (b, b_scale)) = (parts(a), parts(b));
    let shift = scale + b_scale - a_scale;
    let (mut upper, mut lower) = (a, b);
    if shift >= 0 {
        upper *= power_of_ten(shift);
    } else {
        lower *= power_of_ten(-shift);
    }
    let negative = (upper.sign() == Sign::Minus) != (lower.sign() == Sign::Minus);
    let (upper, lower) = (upper.abs(), lower.abs());
    let rounded: BigInt = (upper * 2 + &lower) / (lower * 2);
    BigDecimal::new(if negative { -rounded } else { rounded }, scale)
}

fn remainder(a: &BigDecimal, b: &BigDecimal) -> Result<BigDecimal, ValueError> {
    if b.is_zero() {
        return Err(ValueError::division_by_zero());
    }
    let (a, b, scale) = aligned(a, b);
    Ok(BigDecimal::new(a % b, scale))
}

fn whole_quotient(a: &BigDecimal, b: &BigDecimal) -> Result<BigDecimal, ValueError> {
    if b.is_zero() {
        return Err(ValueError::division_by_zero());
    }
    let (a, b, _) = aligned(a, b);
    Ok(BigDecimal::new(a / b, 0))
}

fn sign(value: &BigDecimal) -> BigDecimal {
    BigDecimal::from(match value.sign() {
        Sign::Minus => -1,
        Sign::NoSign => 0,
        Sign::Plus => 1,
    })
}

fn ceil(value: &BigDecimal) -> BigDecimal {
    let cut = numeric::truncate(value, 0);
    if *value > cut { cut + BigDecimal::from(1) } else { cut }
}

fn sqrt(value: &BigDecimal) -> Result<BigDecimal, ValueError> {
    if value.sign() == Sign::Minus {
        return Err(ValueError::new("2201F", "cannot take square root of a negative number"));
    }
    let whole_digits = leading_group(value).0 * 2 + 1;
    let scale = (MIN_DIGITS - whole_digits).max(numeric::scale(value)).clamp(0, MAX_RESULT_SCALE);
    let (digits, own_scale) = parts(value);
    let shifted = digits * power_of_ten(2 * scale - own_scale);
    let root = shifted.sqrt();
    // Above the middle between two roots, the next is nearer; a root is never just in the middle.
    let round_up = shifted - &root * &root > root;
    Ok(BigDecimal::new(if round_up { root + 1 } else { root }, scale))
}

fn power(base: &BigDecimal, exponent: &BigDecimal) -> Result<BigDecimal, ValueError> {
    if base.is_zero() && exponent.is_negative() {
        return Err(ValueError::new("2201F", "zero raised to a negative power is undefined"));
    }
    if !exponent.is_integer() {
        return fractional_power(base);
    }
    let scale = MIN_DIGITS.max(numeric::scale(base)).min(MAX_RESULT_SCALE);
    match exponent.to_i32() {
        Some(exponent) => whole_power(base, exponent, scale),
        None => Err(ValueError::unsupported("a numeric power with an exponent beyond integer")),
    }
}

fn fractional_power(base: &BigDecimal) -> Result<BigDecimal, ValueError> {
    match base.sign() {
        Sign::NoSign => Ok(BigDecimal::new(BigInt::from(0), MIN_DIGITS)),
        Sign::Minus => {
            Err(ValueError::new("2201F", "a negative number raised to a non-integer power yields a complex result"))
        }
        Sign::Plus => Err(ValueError::unsupported(
            "a numeric power with a fractional exponent (cast to double precision instead)",
        )),
    }
}

/// Repeated squaring with a few digits more than the result shows.
fn whole_power(base: &BigDecimal, exponent: i32, scale: i64) -> Result<BigDecimal, ValueError> {
    match exponent {
        0 => return Ok(BigDecimal::new(power_of_ten(scale), scale)),
        -1 => return Ok(divided(&BigDecimal::from(1), base, scale)),
        _ if base.is_zero() => return Ok(BigDecimal::new(BigInt::from(0), scale)),
        _ => {}
    }
    let magnitude = f64::from(exponent) * log10(base);
    if magnitude > 400_000.0 {
        return Err(ValueError::new("22003", "value overflows numeric format"));
    }
    #[allow(clippy::cast_precision_loss, reason = "scales are small")]
    if magnitude + 1.0 < -(scale as f64) {
        return Ok(BigDecimal::new(BigInt::from(0), scale));
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded just above")]
    let significant = 1 + scale + magnitude.abs() as i64 + f64::from(exponent).abs().ln() as i64 + 12;
    let raised = raised(base, exponent.unsigned_abs(), significant);
    Ok(if exponent < 0 {
        divided(&BigDecimal::from(1), &raised, scale)
    } else {
        let rounded = numeric::round(&raised, scale);
        numeric::checked(rounded.with_scale(scale))?
    })
}

fn raised(base: &BigDecimal, exponent: u32, significant: i64) -> BigDecimal {
    let (mut square, mut result) = (base.clone(), BigDecimal::from(1));
    let mut left = exponent;
    while left > 0 {
        if left & 1 == 1 {
            result = shortened(&result * &square, significant);
        }
        left >>= 1;
        if left > 0 {
            square = shortened(&square * &square, significant);
        }
    }
    result
}

/// Cut to so many significant digits, where it has clearly more after the decimal point.
fn shortened(value: BigDecimal, significant: i64) -> BigDecimal {
    let digits = i64::try_from(value.digits()).unwrap_or(i64::MAX);
    let excess = digits - significant;
    let scale = numeric::scale(&value);
    if excess > 0 && scale > 0 { numeric::round(&value, (scale - excess).max(0)) } else { value }
}

/// The decimal logarithm of the magnitude, good to ten digits or so.
#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn log10(value: &BigDecimal) -> f64 {
    let (digits, scale) = parts(value);
    let text = digits.magnitude().to_string();
    let (head, rest) = text.split_at(text.len().min(17));
    head.parse::<f64>().unwrap_or(1.0).log10() + rest.len() as f64 - scale as f64
}
