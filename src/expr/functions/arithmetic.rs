//! `+ - * / %`, `abs` and `mod` of whole numbers and floating-point numbers.

use super::arguments::{F4, F8, FunctionResult, I2, I4, I8, ZERO_DIVISOR, double, real, whole};
use crate::data::{Type, Value, ValueError};
use crate::expr::function::{Fails, Function, Gives};
use crate::expr::kernels;

const S: Type = Type::SmallInt;
const I: Type = Type::Integer;
const L: Type = Type::BigInt;
const R: Type = Type::Real;
const F: Type = Type::Double;

pub(super) static ROWS: &[Function] = &[
    // smallint
    Function::new("+", &[I2, I2], S, |a, _| fit(S, whole(a, 0).checked_add(whole(a, 1))))
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Sum),
    Function::new("-", &[I2, I2], S, |a, _| fit(S, whole(a, 0).checked_sub(whole(a, 1))))
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Difference),
    Function::new("*", &[I2, I2], S, |a, _| fit(S, whole(a, 0).checked_mul(whole(a, 1))))
        .fails(Fails::OutOfRange)
        .gives(Gives::Product),
    Function::new("/", &[I2, I2], S, |a, _| fit(S, quotient(a)?))
        .fails(Fails::OnOrOutOfRange(ZERO_DIVISOR))
        .gives(Gives::Quotient),
    Function::new("%", &[I2, I2], S, |a, _| fit(S, remainder(a)?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("mod", &[I2, I2], S, |a, _| fit(S, remainder(a)?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("-", &[I2], S, |a, _| fit(S, whole(a, 0).checked_neg()))
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Negative),
    Function::new("+", &[I2], S, same).injective().gives(Gives::Same),
    Function::new("abs", &[I2], S, |a, _| fit(S, whole(a, 0).checked_abs()))
        .fails(Fails::OutOfRange)
        .projection()
        .gives(Gives::Magnitude),
    // integer
    Function::new("+", &[I4, I4], I, |a, _| fit(I, whole(a, 0).checked_add(whole(a, 1))))
        .kernel(kernels::add)
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Sum),
    Function::new("-", &[I4, I4], I, |a, _| fit(I, whole(a, 0).checked_sub(whole(a, 1))))
        .kernel(kernels::subtract)
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Difference),
    Function::new("*", &[I4, I4], I, |a, _| fit(I, whole(a, 0).checked_mul(whole(a, 1))))
        .kernel(kernels::multiply)
        .fails(Fails::OutOfRange)
        .gives(Gives::Product),
    Function::new("/", &[I4, I4], I, |a, _| fit(I, quotient(a)?))
        .fails(Fails::OnOrOutOfRange(ZERO_DIVISOR))
        .gives(Gives::Quotient),
    Function::new("%", &[I4, I4], I, |a, _| fit(I, remainder(a)?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("mod", &[I4, I4], I, |a, _| fit(I, remainder(a)?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("-", &[I4], I, |a, _| fit(I, whole(a, 0).checked_neg()))
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Negative),
    Function::new("+", &[I4], I, same).injective().gives(Gives::Same),
    Function::new("abs", &[I4], I, |a, _| fit(I, whole(a, 0).checked_abs()))
        .fails(Fails::OutOfRange)
        .projection()
        .gives(Gives::Magnitude),
    // bigint
    Function::new("+", &[I8, I8], L, |a, _| fit(L, whole(a, 0).checked_add(whole(a, 1))))
        .kernel(kernels::add)
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Sum),
    Function::new("-", &[I8, I8], L, |a, _| fit(L, whole(a, 0).checked_sub(whole(a, 1))))
        .kernel(kernels::subtract)
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Difference),
    Function::new("*", &[I8, I8], L, |a, _| fit(L, whole(a, 0).checked_mul(whole(a, 1))))
        .kernel(kernels::multiply)
        .fails(Fails::OutOfRange)
        .gives(Gives::Product),
    Function::new("/", &[I8, I8], L, |a, _| fit(L, quotient(a)?))
        .fails(Fails::OnOrOutOfRange(ZERO_DIVISOR))
        .gives(Gives::Quotient),
    Function::new("%", &[I8, I8], L, |a, _| fit(L, remainder(a)?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("mod", &[I8, I8], L, |a, _| fit(L, remainder(a)?))
        .fails(Fails::On(ZERO_DIVISOR))
        .gives(Gives::Remainder),
    Function::new("-", &[I8], L, |a, _| fit(L, whole(a, 0).checked_neg()))
        .fails(Fails::OutOfRange)
        .injective()
        .gives(Gives::Negative),
    Function::new("+", &[I8], L, same).injective().gives(Gives::Same),
    Function::new("abs", &[I8], L, |a, _| fit(L, whole(a, 0).checked_abs()))
        .fails(Fails::OutOfRange)
        .projection()
        .gives(Gives::Magnitude),
    // real
    Function::new("+", &[F4, F4], R, |a, _| real_sum(real(a, 0), real(a, 1), real(a, 0) + real(a, 1)))
        .fails(Fails::OutOfRange)
        .gives(Gives::Sum),
    Function::new("-", &[F4, F4], R, |a, _| real_sum(real(a, 0), real(a, 1), real(a, 0) - real(a, 1)))
        .fails(Fails::OutOfRange)
        .gives(Gives::Difference),
    Function::new("*", &[F4, F4], R, |a, _| real_product(real(a, 0), real(a, 1), real(a, 0) * real(a, 1)))
        .fails(Fails::OutOfRange)
        .gives(Gives::Product),
    Function::new("/", &[F4, F4], R, |a, _| real_quotient(real(a, 0), real(a, 1)))
        .fails(Fails::OnOrOutOfRange(ZERO_DIVISOR))
        .gives(Gives::Quotient),
    Function::new("-", &[F4], R, |a, _| Ok(Value::Real(-real(a, 0)))).gives(Gives::Negative),
    Function::new("+", &[F4], R, same).gives(Gives::Same),
    Function::new("abs", &[F4], R, |a, _| Ok(Value::Real(real(a, 0).abs()))).projection().gives(Gives::Magnitude),
    // double precision, also with a real on one side
    Function::new("+", &[F8, F8], F, add).kernel(kernels::add).fails(Fails::OutOfRange).gives(Gives::Sum),
    Function::new("+", &[F4, F8], F, add).gives(Gives::Sum),
    Function::new("+", &[F8, F4], F, add).gives(Gives::Sum),
    Function::new("-", &[F8, F8], F, subtract)
        .kernel(kernels::subtract)
        .fails(Fails::OutOfRange)
        .gives(Gives::Difference),
    Function::new("-", &[F4, F8], F, subtract).gives(Gives::Difference),
    Function::new("-", &[F8, F4], F, subtract).gives(Gives::Difference),
    Function::new("*", &[F8, F8], F, multiply).kernel(kernels::multiply).fails(Fails::OutOfRange).gives(Gives::Product),
    Function::new("*", &[F4, F8], F, multiply).fails(Fails::OutOfRange).gives(Gives::Product),
    Function::new("*", &[F8, F4], F, multiply).fails(Fails::OutOfRange).gives(Gives::Product),
    Function::new("/", &[F8, F8], F, divide).fails(Fails::OnOrOutOfRange(ZERO_DIVISOR)).gives(Gives::Quotient),
    Function::new("/", &[F4, F8], F, divide).fails(Fails::OnOrOutOfRange(ZERO_DIVISOR)).gives(Gives::Quotient),
    Function::new("/", &[F8, F4], F, divide).fails(Fails::OnOrOutOfRange(ZERO_DIVISOR)).gives(Gives::Quotient),
    Function::new("-", &[F8], F, |a, _| Ok(Value::Double(-double(a, 0)))).gives(Gives::Negative),
    Function::new("+", &[F8], F, same).gives(Gives::Same),
    Function::new("abs", &[F8], F, |a, _| Ok(Value::Double(double(a, 0).abs()))).projection().gives(Gives::Magnitude),
];

/// What all of these functions look like.
type Operands<'a> = &'a [Value];
type Context = crate::expr::function::Context;

#[allow(clippy::unnecessary_wraps, reason = "every row of the table has this form")]
fn same(args: Operands, _: Context) -> FunctionResult {
    Ok(args.first().cloned().unwrap_or(Value::Null))
}

/// A whole number of the width that the operator gives.
fn fit(ty: Type, result: Option<i64>) -> FunctionResult {
    let narrow = |value: i64| match ty {
        Type::SmallInt => i16::try_from(value).ok().map(Value::SmallInt),
        Type::Integer => i32::try_from(value).ok().map(Value::Integer),
        _ => Some(Value::BigInt(value)),
    };
    result.and_then(narrow).ok_or_else(|| ValueError::range(ty))
}

fn quotient(args: Operands) -> Result<Option<i64>, ValueError> {
    match whole(args, 1) {
        0 => Err(ValueError::division_by_zero()),
        by => Ok(whole(args, 0).checked_div(by)),
    }
}

fn remainder(args: Operands) -> Result<Option<i64>, ValueError> {
    match whole(args, 1) {
        0 => Err(ValueError::division_by_zero()),
        by => Ok(Some(whole(args, 0).wrapping_rem(by))),
    }
}

fn overflow() -> ValueError {
    ValueError::new("22003", "value out of range: overflow")
}

fn underflow() -> ValueError {
    ValueError::new("22003", "value out of range: underflow")
}

/// The result, unless it is infinite and the operands are not.
pub(super) fn checked_sum(a: f64, b: f64, result: f64) -> Result<f64, ValueError> {
    if result.is_infinite() && a.is_finite() && b.is_finite() { Err(overflow()) } else { Ok(result) }
}

/// Likewise for a product, which may also vanish.
pub(super) fn checked_product(a: f64, b: f64, result: f64) -> Result<f64, ValueError> {
    if result == 0.0 && a != 0.0 && b != 0.0 {
        return Err(underflow());
    }
    checked_sum(a, b, result)
}

fn add(args: Operands, _: Context) -> FunctionResult {
    let (a, b) = (double(args, 0), double(args, 1));
    checked_sum(a, b, a + b).map(Value::Double)
}

fn subtract(args: Operands, _: Context) -> FunctionResult {
    let (a, b) = (double(args, 0), double(args, 1));
    checked_sum(a, b, a - b).map(Value::Double)
}

fn multiply(args: Operands, _: Context) -> FunctionResult {
    let (a, b) = (double(args, 0), double(args, 1));
    checked_product(a, b, a * b).map(Value::Double)
}

fn divide(args: Operands, _: Context) -> FunctionResult {
    quotient_of(double(args, 0), double(args, 1)).map(Value::Double)
}

fn quotient_of(a: f64, b: f64) -> Result<f64, ValueError> {
    if b == 0.0 && !a.is_nan() {
        return Err(ValueError::division_by_zero());
    }
    let result = a / b;
    if result == 0.0 && a != 0.0 && !b.is_infinite() {
        return Err(underflow());
    }
    if result.is_infinite() && !a.is_infinite() { Err(overflow()) } else { Ok(result) }
}

fn real_sum(a: f32, b: f32, result: f32) -> FunctionResult {
    checked_sum(f64::from(a), f64::from(b), f64::from(result))?;
    Ok(Value::Real(result))
}

fn real_product(a: f32, b: f32, result: f32) -> FunctionResult {
    checked_product(f64::from(a), f64::from(b), f64::from(result))?;
    Ok(Value::Real(result))
}

fn real_quotient(a: f32, b: f32) -> FunctionResult {
    if b == 0.0 && !a.is_nan() {
        return Err(ValueError::division_by_zero());
    }
    let result = a / b;
    if result == 0.0 && a != 0.0 && !b.is_infinite() {
        return Err(underflow());
    }
    if result.is_infinite() && !a.is_infinite() { Err(overflow()) } else { Ok(Value::Real(result)) }
}
