//! `real` and `double precision`: PostgreSQL's text forms.

use std::fmt;

use bigdecimal::num_bigint::{BigInt, Sign};

use crate::data::{Type, ValueError};

/// Reads a `double precision`.
pub(crate) fn parse_double(text: &str) -> Result<f64, ValueError> {
    let trimmed = trim(text);
    let value: f64 = trimmed.parse().map_err(|_| ValueError::syntax(Type::Double, text))?;
    check_range(trimmed, value, Type::Double)?;
    Ok(value)
}

/// Reads a `real`.
pub(crate) fn parse_real(text: &str) -> Result<f32, ValueError> {
    let trimmed = trim(text);
    let value: f32 = trimmed.parse().map_err(|_| ValueError::syntax(Type::Real, text))?;
    check_range(trimmed, f64::from(value), Type::Real)?;
    Ok(value)
}

/// Without the white space that C knows.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r'])
}

/// Digits that read as infinity or as zero were beyond the type.
fn check_range(text: &str, value: f64, ty: Type) -> Result<(), ValueError> {
    let has_digits = text.bytes().any(|b| b.is_ascii_digit());
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let vanished = value == 0.0 && mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if (has_digits && value.is_infinite()) || vanished {
        return Err(ValueError::new("22003", format!("\"{text}\" is out of range for type {ty}")));
    }
    Ok(())
}

/// Writes a `double precision`: the shortest digits that read back as the same number.
pub(crate) fn write_double(f: &mut impl fmt::Write, value: f64) -> fmt::Result {
    if let Some(word) = special(value) {
        return f.write_str(word);
    }
    let bits = value.to_bits();
    let half_step = || (value.abs(), f64::from_bits((bits & !(1 << 63)) + 1) - value.abs());
    let mut text =
        nearest(format!("{value:e}"), 15, |digits| format!("{value:.digits$e}"), |text| text.parse() == Ok(value));
    if value.abs() >= 9_007_199_254_740_992.0 {
        let (magnitude, step) = half_step();
        text = inside_bounds(text, magnitude, step, |digits| format!("{value:.digits$e}"));
    }
    write_shortest(f, &text, 15)
}

/// Writes a `real` likewise.
pub(crate) fn write_real(f: &mut impl fmt::Write, value: f32) -> fmt::Result {
    if let Some(word) = special(f64::from(value)) {
        return f.write_str(word);
    }
    let mut text =
        nearest(format!("{value:e}"), 6, |digits| format!("{value:.digits$e}"), |text| text.parse() == Ok(value));
    if value.abs() >= 16_777_216.0 {
        let magnitude = value.abs();
        let step = f32::from_bits(magnitude.to_bits() + 1) - magnitude;
        text = inside_bounds(text, f64::from(magnitude), f64::from(step), |digits| format!("{value:.digits$e}"));
    }
    write_shortest(f, &text, 6)
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        None
    }
}

/// Of two shortest forms that are equally near, PostgreSQL takes the one with an even last digit, as exact formatting
/// does. With few digits there are never two.
fn nearest(
    text: String,
    unambiguous: usize,
    with_digits: impl Fn(usize) -> String,
    reads_back: impl Fn(&str) -> bool,
) -> String {
    let digits = mantissa_digits(&text);
    if digits < unambiguous {
        return text;
    }
    Some(with_digits(digits - 1)).filter(|even| reads_back(even)).unwrap_or(text)
}

/// PostgreSQL takes no digits that lie exactly halfway between two numbers, since a reader may round them away; the
/// shortest digits of the standard library may. Only whole numbers beyond the mantissa can lie so.
fn inside_bounds(text: String, magnitude: f64, step: f64, with_digits: impl Fn(usize) -> String) -> String {
    if !step.is_finite() || exponent_of(&text) > 45 || !is_halfway(&text, magnitude, step) {
        return text;
    }
    let shortest = mantissa_digits(&text);
    (shortest..17).map(with_digits).find(|longer| !is_halfway(longer, magnitude, step)).unwrap_or(text)
}

fn is_halfway(text: &str, magnitude: f64, step: f64) -> bool {
    let Some(written) = whole_number(text) else { return false };
    let exact = whole_number(&format!("{magnitude:.0}e0")).unwrap_or_default();
    let step = whole_number(&format!("{step:.0}e0")).unwrap_or_default();
    let difference: BigInt = (written - &exact) * 2;
    // Below a power of two, numbers lie twice as close.
    let below: BigInt = &exact - 1;
    let power_of_two = (below & exact).sign() == Sign::NoSign;
    difference == step || if power_of_two { difference * 2 == -step } else { difference == -step }
}

/// The magnitude of `d.ddde±x` where it is a whole number.
fn whole_number(text: &str) -> Option<BigInt> {
    let (mantissa, exponent) = text.trim_start_matches('-').split_once('e')?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let zeros = exponent.parse::<u32>().ok()?.checked_sub(u32::try_from(fraction).ok()?)?;
    Some(digits.parse::<BigInt>().ok()? * BigInt::from(10).pow(zeros))
}

fn mantissa_digits(text: &str) -> usize {
    text.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count()
}

fn exponent_of(text: &str) -> i32 {
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// From `d.ddde±x` to PostgreSQL's form, which has an exponent below 1e-4 and from `10^precision` on.
fn write_shortest(f: &mut impl fmt::Write, text: &str, precision: i32) -> fmt::Result {
    let (mantissa, exponent) = (text.split('e').next().unwrap_or(text), exponent_of(text));
    if !(-4..precision).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(f, "{mantissa}e{sign}{:02}", exponent.abs());
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    f.write_str(sign)?;
    let point = exponent + 1;
    if point <= 0 {
        let zeros = usize::try_from(-point).unwrap_or(0);
        return write!(f, "0.{}{digits}", "0".repeat(zeros));
    }
    let point = usize::try_from(point).unwrap_or(0);
    if digits.len() <= point {
        return write!(f, "{digits}{}", "0".repeat(point - digits.len()));
    }
    write!(f, "{}.{}", &digits[..point], &digits[point..])
}
