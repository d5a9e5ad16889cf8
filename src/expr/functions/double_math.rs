//! Rounding, roots and powers of `double precision`.

use super::arguments::{F8, FunctionResult, NEGATIVE_ROOT, double};
use crate::data::{Type, Value, ValueError};
use crate::expr::function::{Fails, Function, Gives, Refusal, Refused};

const F: Type = Type::Double;

pub(super) static ROWS: &[Function] = &[
    Function::new("round", &[F8], F, |a, _| Ok(Value::Double(double(a, 0).round_ties_even())))
        .projection()
        .gives(Gives::Rising),
    Function::new("trunc", &[F8], F, |a, _| Ok(Value::Double(double(a, 0).trunc()))).projection().gives(Gives::Rising),
    Function::new("ceil", &[F8], F, |a, _| Ok(Value::Double(double(a, 0).ceil()))).projection().gives(Gives::Rising),
    Function::new("ceiling", &[F8], F, |a, _| Ok(Value::Double(double(a, 0).ceil()))).projection().gives(Gives::Rising),
    Function::new("floor", &[F8], F, |a, _| Ok(Value::Double(double(a, 0).floor()))).projection().gives(Gives::Rising),
    Function::new("sign", &[F8], F, |a, _| Ok(Value::Double(sign(double(a, 0))))).projection().gives(Gives::Rising),
    Function::new("sqrt", &[F8], F, |a, _| sqrt(double(a, 0))).fails(Fails::On(NEGATIVE_ROOT)).gives(Gives::Rising),
    Function::new("exp", &[F8], F, |a, _| exp(double(a, 0))).fails(Fails::On(EXPONENTIAL)).gives(Gives::Rising),
    Function::new("ln", &[F8], F, |a, _| ln(double(a, 0))).fails(Fails::On(LOGARITHM)).gives(Gives::Rising),
    Function::new("power", &[F8, F8], F, |a, _| power(double(a, 0), double(a, 1))).fails(Fails::On(POWER)),
    Function::new("pow", &[F8, F8], F, |a, _| power(double(a, 0), double(a, 1))).fails(Fails::On(POWER)),
    Function::new("^", &[F8, F8], F, |a, _| power(double(a, 0), double(a, 1))).fails(Fails::On(POWER)),
];

static LOGARITHM: &[Refused] =
    &[Refused { operand: 0, values: Refusal::NotPositive, what: "the logarithm of a number that is not positive" }];
static EXPONENTIAL: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Outside(&[&[(-700, 700)]]),
    what: "`exp` of a number that is too great or too small",
}];
/// The power of what lies in none of these boxes is perhaps undefined, complex, too great or too small.
static POWER: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Outside(&[&[(1, 1_000_000_000), (-30, 30)], &[(1, 1000), (-100, 100)]]),
    what: "a power that is undefined, complex or out of range",
}];

fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        0.0
    }
}

fn sqrt(value: f64) -> FunctionResult {
    if value < 0.0 {
        return Err(ValueError::new("2201F", "cannot take square root of a negative number"));
    }
    Ok(Value::Double(value.sqrt()))
}

/// The result, unless it left the range while the operand was in it.
fn checked(result: f64, finite_operands: bool) -> FunctionResult {
    if result.is_infinite() && finite_operands {
        return Err(ValueError::new("22003", "value out of range: overflow"));
    }
    if result == 0.0 && finite_operands {
        return Err(ValueError::new("22003", "value out of range: underflow"));
    }
    Ok(Value::Double(result))
}

fn exp(value: f64) -> FunctionResult {
    checked(value.exp(), value.is_finite())
}

fn ln(value: f64) -> FunctionResult {
    if value == 0.0 {
        return Err(ValueError::new("2201E", "cannot take logarithm of zero"));
    }
    if value < 0.0 {
        return Err(ValueError::new("2201E", "cannot take logarithm of a negative number"));
    }
    Ok(Value::Double(value.ln()))
}

fn power(base: f64, exponent: f64) -> FunctionResult {
    if base == 0.0 && exponent < 0.0 {
        return Err(ValueError::new("2201F", "zero raised to a negative power is undefined"));
    }
    if base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(ValueError::new(
            "2201F",
            "a negative number raised to a non-integer power yields a complex result",
        ));
    }
    checked(base.powf(exponent), base.is_finite() && exponent.is_finite() && base != 0.0)
}
