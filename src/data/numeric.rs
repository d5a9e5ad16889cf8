//! `numeric`: reading, writing, rounding, and a compact form in bytes. Scales here are never negative.

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, RoundingMode, Zero};

use crate::data::float::trim;
use crate::data::{Type, ValueError};

/// Digits that PostgreSQL keeps before the point.
const MAX_WHOLE_DIGITS: u64 = 131_072;
/// A number that is written with more digits is not read, which takes too long.
const MOST_DIGITS: usize = 200_000;
/// Digits that PostgreSQL keeps after the decimal point.
pub(crate) const MAX_SCALE: i64 = 16_383;

/// Reads a `numeric`.
pub(crate) fn parse(text: &str) -> Result<BigDecimal, ValueError> {
    let trimmed = trim(text);
    let syntax = || ValueError::syntax(Type::Numeric(None), text);
    let (negative, unsigned) = split_sign(trimmed);
    if ["nan", "infinity", "inf"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return Err(ValueError::unsupported(format!("numeric value \"{trimmed}\"")));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent).ok_or_else(syntax)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(syntax());
    }
    if digits.trim_start_matches('0').len() > MOST_DIGITS {
        return Err(overflow());
    }
    let number = BigInt::parse_bytes(digits.as_bytes(), 10).ok_or_else(syntax)?;
    let scale = i64::try_from(fraction.len()).unwrap_or(i64::MAX).saturating_sub(exponent);
    if !(-200_000..=200_000).contains(&scale) {
        return if number.is_zero() && scale < 0 { Ok(BigDecimal::zero()) } else { Err(overflow()) };
    }
    let value = BigDecimal::new(if negative { -number } else { number }, scale);
    checked(if scale < 0 { value.with_scale(0) } else { round(&value, scale.min(MAX_SCALE)) })
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let saturated = if text.starts_with('-') { -1_000_000 } else { 1_000_000 };
    all_digits.then(|| text.parse().unwrap_or(saturated).clamp(-1_000_000, 1_000_000))
}

fn overflow() -> ValueError {
    ValueError::new("22003", "value overflows numeric format")
}

/// The value, unless it has more digits than PostgreSQL keeps.
pub(crate) fn checked(value: BigDecimal) -> Result<BigDecimal, ValueError> {
    let bits = value.as_bigint_and_scale().0.bits();
    if bits > 400_000 && !value.is_zero() {
        let whole = i128::from(value.digits()) - i128::from(value.fractional_digit_count());
        if whole > i128::from(MAX_WHOLE_DIGITS) {
            return Err(overflow());
        }
    }
    Ok(value)
}

/// Rounded to `scale` digits after the decimal point, halves away from zero. A negative scale rounds before the point.
pub(crate) fn round(value: &BigDecimal, scale: i64) -> BigDecimal {
    let rounded = value.with_scale_round(scale, RoundingMode::HalfUp);
    if scale < 0 { rounded.with_scale(0) } else { rounded }
}

/// Cut to `scale` digits after the decimal point.
pub(crate) fn truncate(value: &BigDecimal, scale: i64) -> BigDecimal {
    let cut = value.with_scale_round(scale, RoundingMode::Down);
    if scale < 0 { cut.with_scale(0) } else { cut }
}

/// Digits after the decimal point.
pub(crate) fn scale(value: &BigDecimal) -> i64 {
    value.fractional_digit_count()
}

/// As a column of `numeric(precision, scale)` takes it.
pub(crate) fn fitted(value: &BigDecimal, precision: u16, scale: i16) -> Result<BigDecimal, ValueError> {
    let rounded = round(value, i64::from(scale));
    let whole = i64::from(precision) - i64::from(scale);
    let limit = if whole < 0 {
        BigDecimal::new(BigInt::from(1), -whole)
    } else {
        BigDecimal::from(BigInt::from(10).pow(u32::try_from(whole).unwrap_or(0)))
    };
    if rounded.abs() >= limit && !rounded.is_zero() {
        return Err(ValueError::new("22003", "numeric field overflow"));
    }
    Ok(rounded)
}

/// Two bytes of scale, then the digits as a two's complement number, least byte first.
pub(crate) fn encode(value: &BigDecimal, out: &mut Vec<u8>) {
    let (digits, scale) = value.as_bigint_and_scale();
    let scale = u16::try_from(scale).unwrap_or(u16::MAX);
    out.extend_from_slice(&scale.to_le_bytes());
    if digits.sign() != Sign::NoSign {
        out.extend(digits.to_signed_bytes_le());
    }
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> BigDecimal {
    let (scale, digits) = bytes.split_at(bytes.len().min(2));
    let scale = scale.iter().rev().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
    BigDecimal::new(BigInt::from_signed_bytes_le(digits), scale)
}
