//! Intervals: sums, multiples, `date_trunc`.

use super::arguments::{F8, FunctionResult, IV, T, ZERO_DIVISOR, double, interval, text};
use super::dates::{negated, unit_name, unknown_unit};
use crate::data::calendar::MICROS_PER_SECOND;
use crate::data::{Interval, Type, Value, ValueError};
use crate::expr::function::{Context, Fails, Function, Refusal, Refused};

const IVAL: Type = Type::Interval;

pub(super) static ROWS: &[Function] = &[
    Function::new("+", &[IV, IV], IVAL, |a, _| sum(interval(a, 0), interval(a, 1))).fails(Fails::OutOfRange),
    Function::new("-", &[IV, IV], IVAL, |a, _| difference(interval(a, 0), interval(a, 1))).fails(Fails::OutOfRange),
    Function::new("-", &[IV], IVAL, |a, _| negated(interval(a, 0)).map(Value::Interval)).fails(Fails::OutOfRange),
    Function::new("*", &[IV, F8], IVAL, |a, _| multiple(interval(a, 0), double(a, 1))).fails(Fails::OutOfRange),
    Function::new("*", &[F8, IV], IVAL, |a, _| multiple(interval(a, 1), double(a, 0))).fails(Fails::OutOfRange),
    Function::new("/", &[IV, F8], IVAL, divide).fails(Fails::OnOrOutOfRange(ZERO_DIVISOR)),
    Function::new("date_trunc", &[T, IV], IVAL, truncate).fails(Fails::On(UNIT)),
];

static UNIT: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Such(|unit| truncated(&unit.to_string(), Interval::default()).is_err()),
    what: "a unit of time that there is not",
}];

fn out_of_range() -> ValueError {
    ValueError::range(IVAL)
}

fn sum(a: Interval, b: Interval) -> FunctionResult {
    let sum = || {
        Some(Interval {
            months: a.months.checked_add(b.months)?,
            days: a.days.checked_add(b.days)?,
            micros: a.micros.checked_add(b.micros)?,
        })
    };
    sum().map(Value::Interval).ok_or_else(out_of_range)
}

fn difference(a: Interval, b: Interval) -> FunctionResult {
    let difference = || {
        Some(Interval {
            months: a.months.checked_sub(b.months)?,
            days: a.days.checked_sub(b.days)?,
            micros: a.micros.checked_sub(b.micros)?,
        })
    };
    difference().map(Value::Interval).ok_or_else(out_of_range)
}

#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(value: f64) -> Result<i32, ValueError> {
    if value.is_nan() || value > f64::from(i32::MAX) || value < f64::from(i32::MIN) {
        return Err(out_of_range());
    }
    Ok(value as i32)
}

/// Rounded to microseconds, as PostgreSQL rounds the parts that spill over.
fn to_micros(value: f64) -> f64 {
    (value * 1e6).round_ties_even() / 1e6
}

/// Multiplies each part; what is left of a month goes over into days, and of a day into time.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "ranges are checked")]
fn scaled(span: Interval, by: impl Fn(f64) -> f64) -> FunctionResult {
    let seconds_per_day = 86_400.0;
    let (months, days) = (by(f64::from(span.months)), by(f64::from(span.days)));
    let (whole_months, mut whole_days) = (whole(months)?, whole(days)?);
    let spilled = (months - f64::from(whole_months)) * 30.0;
    let month_days = to_micros(spilled);
    let mut seconds = (days - f64::from(whole_days) + month_days - month_days.trunc()) * seconds_per_day;
    seconds = to_micros(seconds);
    if seconds.abs() >= seconds_per_day {
        let more = (seconds / seconds_per_day).trunc();
        whole_days = whole_days.checked_add(whole(more)?).ok_or_else(out_of_range)?;
        seconds -= more * seconds_per_day;
    }
    let days = whole_days.checked_add(whole(month_days)?).ok_or_else(out_of_range)?;
    let micros = (by(span.micros as f64) + seconds * 1e6).round_ties_even();
    if micros.is_nan() || micros.abs() >= 9_223_372_036_854_775_807.0 {
        return Err(out_of_range());
    }
    Ok(Value::Interval(Interval { months: whole_months, days, micros: micros as i64 }))
}

fn multiple(span: Interval, factor: f64) -> FunctionResult {
    scaled(span, |part| part * factor)
}

fn divide(args: &[Value], _: Context) -> FunctionResult {
    let by = double(args, 1);
    if by == 0.0 {
        return Err(ValueError::division_by_zero());
    }
    scaled(interval(args, 0), |part| part / by)
}

fn truncate(args: &[Value], _: Context) -> FunctionResult {
    truncated(&text(args, 0), interval(args, 1))
}

fn truncated(unit: &str, span: Interval) -> FunctionResult {
    let within = |length: i64| Interval { micros: span.micros - span.micros % length, ..span };
    let months = |length: i32| Interval { months: span.months - span.months % length, days: 0, micros: 0 };
    Ok(Value::Interval(match unit_name(unit) {
        "millennium" => months(12_000),
        "century" => months(1200),
        "decade" => months(120),
        "year" => months(12),
        "quarter" => months(3),
        "month" => months(1),
        "day" => Interval { micros: 0, ..span },
        "hour" => within(3600 * MICROS_PER_SECOND),
        "minute" => within(60 * MICROS_PER_SECOND),
        "second" => within(MICROS_PER_SECOND),
        "milliseconds" => within(1000),
        "microseconds" => span,
        other => return Err(unknown_unit(other, "interval")),
    }))
}
