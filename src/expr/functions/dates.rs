//! Dates and timestamps: arithmetic, `now()`, `make_date`, `date_trunc`.

use super::arguments::{D, FunctionResult, I4, IV, T, TS, TZ, days, interval, micros, text, whole};
use crate::data::calendar::{
    Civil, FIRST_DAY, LAST_DATE, MICROS_PER_DAY, MICROS_PER_SECOND, civil_from_days, days_from_civil, days_in_month,
    is_timestamp,
};
use crate::data::{Interval, Type, Value, ValueError};
use crate::expr::function::{Context, Fails, Function, Gives, Refusal, Refused, Spelling};

pub(super) static ROWS: &[Function] = &[
    Function::new("+", &[D, I4], Type::Date, |a, _| shift_date(days(a, 0), whole(a, 1)))
        .fails(Fails::OutOfRange)
        .gives(Gives::Sum),
    Function::new("+", &[I4, D], Type::Date, |a, _| shift_date(days(a, 0), whole(a, 1)))
        .reversed()
        .fails(Fails::OutOfRange)
        .gives(Gives::Sum),
    Function::new("-", &[D, I4], Type::Date, |a, _| shift_date(days(a, 0), -whole(a, 1)))
        .fails(Fails::OutOfRange)
        .gives(Gives::Difference),
    Function::new("-", &[D, D], Type::Integer, |a, _| days_between(days(a, 0), days(a, 1)))
        .fails(Fails::OutOfRange)
        .gives(Gives::Difference),
    Function::new("+", &[D, IV], Type::Timestamp, |a, _| {
        add(date_micros(days(a, 0))?, interval(a, 1)).map(Value::Timestamp)
    })
    .fails(Fails::OutOfRange),
    Function::new("+", &[IV, D], Type::Timestamp, |a, _| {
        add(date_micros(days(a, 0))?, interval(a, 1)).map(Value::Timestamp)
    })
    .reversed()
    .fails(Fails::OutOfRange),
    Function::new("-", &[D, IV], Type::Timestamp, |a, _| {
        add(date_micros(days(a, 0))?, negated(interval(a, 1))?).map(Value::Timestamp)
    })
    .fails(Fails::OutOfRange),
    Function::new("+", &[TS, IV], Type::Timestamp, |a, _| add(micros(a, 0), interval(a, 1)).map(Value::Timestamp))
        .fails(Fails::OutOfRange),
    Function::new("+", &[IV, TS], Type::Timestamp, |a, _| add(micros(a, 0), interval(a, 1)).map(Value::Timestamp))
        .reversed()
        .fails(Fails::OutOfRange),
    Function::new("-", &[TS, IV], Type::Timestamp, |a, _| {
        add(micros(a, 0), negated(interval(a, 1))?).map(Value::Timestamp)
    })
    .fails(Fails::OutOfRange),
    Function::new("+", &[TZ, IV], Type::TimestampTz, |a, _| add(micros(a, 0), interval(a, 1)).map(Value::TimestampTz))
        .fails(Fails::OutOfRange),
    Function::new("+", &[IV, TZ], Type::TimestampTz, |a, _| add(micros(a, 0), interval(a, 1)).map(Value::TimestampTz))
        .reversed()
        .fails(Fails::OutOfRange),
    Function::new("-", &[TZ, IV], Type::TimestampTz, |a, _| {
        add(micros(a, 0), negated(interval(a, 1))?).map(Value::TimestampTz)
    })
    .fails(Fails::OutOfRange),
    Function::new("-", &[TS, TS], Type::Interval, |a, _| time_between(micros(a, 0), micros(a, 1)))
        .fails(Fails::OutOfRange),
    Function::new("-", &[TZ, TZ], Type::Interval, |a, _| time_between(micros(a, 0), micros(a, 1)))
        .fails(Fails::OutOfRange),
    Function::new("now", &[], Type::TimestampTz, now).stable().gives(Gives::Now),
    Function::new("current_timestamp", &[], Type::TimestampTz, now).stable().gives(Gives::Now).spelling(Spelling::Word),
    Function::new("transaction_timestamp", &[], Type::TimestampTz, now).stable().gives(Gives::Now),
    Function::new("statement_timestamp", &[], Type::TimestampTz, now).stable().gives(Gives::Now),
    Function::new("clock_timestamp", &[], Type::TimestampTz, now).stable().gives(Gives::Now),
    Function::new("localtimestamp", &[], Type::Timestamp, |_, c| Ok(Value::Timestamp(c.now_micros)))
        .stable()
        .gives(Gives::Now)
        .spelling(Spelling::Word),
    Function::new("current_date", &[], Type::Date, today).stable().gives(Gives::Now).spelling(Spelling::Word),
    Function::new("make_date", &[I4, I4, I4], Type::Date, make_date).fails(Fails::On(NO_DATE)),
    Function::new("date_trunc", &[T, TS], Type::Timestamp, |a, _| {
        truncate(&text(a, 0), micros(a, 1), "timestamp without time zone").map(Value::Timestamp)
    })
    .fails(Fails::On(UNIT)),
    Function::new("date_trunc", &[T, TZ], Type::TimestampTz, |a, _| {
        truncate(&text(a, 0), micros(a, 1), "timestamp with time zone").map(Value::TimestampTz)
    })
    .fails(Fails::On(UNIT)),
];

static UNIT: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Such(|unit| truncate(&unit.to_string(), 0, "timestamp without time zone").is_err()),
    what: "a unit of time that there is not",
}];
/// Years, months and days that are all dates.
static NO_DATE: &[Refused] = &[Refused {
    operand: 0,
    values: Refusal::Outside(&[&[(1, 5_874_896), (1, 12), (1, 28)], &[(-4713, -1), (1, 12), (1, 28)]]),
    what: "a date that there is not",
}];

#[allow(clippy::unnecessary_wraps, reason = "every row of the table has this form")]
fn now(_: &[Value], context: Context) -> FunctionResult {
    Ok(Value::TimestampTz(context.now_micros))
}

fn today(_: &[Value], context: Context) -> FunctionResult {
    let days = context.now_micros.div_euclid(MICROS_PER_DAY);
    i32::try_from(days).map(Value::Date).map_err(|_| ValueError::range(Type::Date))
}

fn is_infinite_day(days: i32) -> bool {
    matches!(days, i32::MIN | i32::MAX)
}

fn shift_date(days: i32, by: i64) -> FunctionResult {
    if is_infinite_day(days) {
        return Ok(Value::Date(days));
    }
    let shifted = i64::from(days) + by;
    if !(FIRST_DAY..=LAST_DATE).contains(&shifted) {
        return Err(ValueError::range(Type::Date));
    }
    Ok(Value::Date(i32::try_from(shifted).unwrap_or(i32::MAX)))
}

fn days_between(later: i32, earlier: i32) -> FunctionResult {
    if is_infinite_day(later) || is_infinite_day(earlier) {
        return Err(ValueError::new("22008", "cannot subtract infinite dates"));
    }
    Ok(Value::Integer(later.wrapping_sub(earlier)))
}

fn date_micros(days: i32) -> Result<i64, ValueError> {
    match days {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        days => i64::from(days)
            .checked_mul(MICROS_PER_DAY)
            .filter(|micros| is_timestamp(*micros))
            .ok_or_else(|| ValueError::new("22008", "date out of range for timestamp")),
    }
}

/// An interval with its direction turned.
pub(super) fn negated(span: Interval) -> Result<Interval, ValueError> {
    let turned = || {
        Some(Interval {
            months: span.months.checked_neg()?,
            days: span.days.checked_neg()?,
            micros: span.micros.checked_neg()?,
        })
    };
    turned().ok_or_else(|| ValueError::range(Type::Interval))
}

/// Months first, where a day that the month has not becomes its last; then days, then time.
fn add(micros: i64, span: Interval) -> Result<i64, ValueError> {
    if matches!(micros, i64::MIN | i64::MAX) {
        return Ok(micros);
    }
    let (mut day, time) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    if span.months != 0 {
        let civil = civil_from_days(day);
        let months = civil.year * 12 + civil.month - 1 + i64::from(span.months);
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        day = days_from_civil(Civil { year, month, day: civil.day.min(days_in_month(year, month)) });
    }
    let days = i128::from(day) + i128::from(span.days);
    let sum = days * i128::from(MICROS_PER_DAY) + i128::from(time) + i128::from(span.micros);
    let in_range = i64::try_from(sum).ok().filter(|micros| is_timestamp(*micros));
    in_range.ok_or_else(|| ValueError::range(Type::Timestamp))
}

fn time_between(later: i64, earlier: i64) -> FunctionResult {
    if [later, earlier].iter().any(|micros| matches!(*micros, i64::MIN | i64::MAX)) {
        return Err(ValueError::new("22008", "cannot subtract infinite timestamps"));
    }
    let micros = later.checked_sub(earlier).ok_or_else(|| ValueError::range(Type::Interval))?;
    let days = i32::try_from(micros / MICROS_PER_DAY).map_err(|_| ValueError::range(Type::Interval))?;
    Ok(Value::Interval(Interval { months: 0, days, micros: micros % MICROS_PER_DAY }))
}

fn make_date(args: &[Value], _: Context) -> FunctionResult {
    let (year, month, day) = (whole(args, 0), whole(args, 1), whole(args, 2));
    let fields = format!("date field value out of range: {year}-{month:02}-{day:02}");
    let out_of_range = || ValueError::new("22008", fields.clone());
    // Years before Christ are given as negative numbers, and there is no year 0.
    let astronomical = if year < 0 { year + 1 } else { year };
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in_month(astronomical, month)).contains(&day) {
        return Err(out_of_range());
    }
    let days = days_from_civil(Civil { year: astronomical, month, day });
    if !(FIRST_DAY..=LAST_DATE).contains(&days) {
        return Err(ValueError::new("22008", format!("date out of range: {year}-{month:02}-{day:02}")));
    }
    Ok(Value::Date(i32::try_from(days).map_err(|_| out_of_range())?))
}

/// The beginning of the year, the month, the day … that a moment is in.
fn truncate(unit: &str, micros: i64, type_name: &str) -> Result<i64, ValueError> {
    let unit = unit_name(unit);
    if matches!(micros, i64::MIN | i64::MAX) {
        return Ok(micros);
    }
    let (day, time) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    let civil = civil_from_days(day);
    let start_of = |year: i64, month: i64| days_from_civil(Civil { year, month, day: 1 }) * MICROS_PER_DAY;
    let within = |length: i64| day * MICROS_PER_DAY + time - time % length;
    Ok(match unit {
        "millennium" => start_of((civil.year - 1).div_euclid(1000) * 1000 + 1, 1),
        "century" => start_of((civil.year - 1).div_euclid(100) * 100 + 1, 1),
        "decade" => start_of(civil.year.div_euclid(10) * 10, 1),
        "year" => start_of(civil.year, 1),
        "quarter" => start_of(civil.year, (civil.month - 1) / 3 * 3 + 1),
        "month" => start_of(civil.year, civil.month),
        "week" => (day - (day + 5).rem_euclid(7)) * MICROS_PER_DAY,
        "day" => day * MICROS_PER_DAY,
        "hour" => within(3600 * MICROS_PER_SECOND),
        "minute" => within(60 * MICROS_PER_SECOND),
        "second" => within(MICROS_PER_SECOND),
        "milliseconds" => within(1000),
        "microseconds" => micros,
        other => return Err(unknown_unit(other, type_name)),
    })
}

/// The one name of a unit that has several.
pub(super) fn unit_name(unit: &str) -> &str {
    const NAMES: [(&str, &[&str]); 16] = [
        ("millennium", &["millennia", "mil", "mils", "millenniums"]),
        ("century", &["centuries", "cent", "c"]),
        ("decade", &["decades", "dec", "decs"]),
        ("year", &["years", "y", "yr", "yrs"]),
        ("quarter", &["qtr"]),
        ("month", &["months", "mon", "mons"]),
        ("week", &["weeks", "w"]),
        ("day", &["days", "d"]),
        ("hour", &["hours", "h", "hr", "hrs"]),
        ("minute", &["minutes", "m", "min", "mins"]),
        ("second", &["seconds", "s", "sec", "secs"]),
        ("milliseconds", &["millisecond", "ms", "msec", "msecs", "msecond", "mseconds"]),
        ("microseconds", &["microsecond", "us", "usec", "usecs", "usecond", "useconds"]),
        ("dow", &[]),
        ("doy", &[]),
        ("epoch", &[]),
    ];
    let is = |names: &(&str, &[&str])| {
        unit.eq_ignore_ascii_case(names.0) || names.1.iter().any(|other| unit.eq_ignore_ascii_case(other))
    };
    NAMES.iter().find(|names| is(names)).map_or(unit, |names| names.0)
}

/// A unit that there is not (22023), or not for this type (0A000).
pub(super) fn unknown_unit(unit: &str, type_name: &str) -> ValueError {
    const KNOWN: [&str; 24] = [
        "millennium",
        "century",
        "decade",
        "year",
        "quarter",
        "month",
        "week",
        "day",
        "hour",
        "minute",
        "second",
        "milliseconds",
        "microseconds",
        "dow",
        "isodow",
        "doy",
        "isoyear",
        "epoch",
        "julian",
        "timezone",
        "timezone_hour",
        "timezone_minute",
        "now",
        "today",
    ];
    let unit = unit.to_ascii_lowercase();
    if KNOWN.contains(&&*unit) {
        ValueError::new("0A000", format!("unit \"{unit}\" not supported for type {type_name}"))
    } else {
        ValueError::new("22023", format!("unit \"{unit}\" not recognized for type {type_name}"))
    }
}
