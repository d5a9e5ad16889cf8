//! `extract` and `date_part`.

use bigdecimal::{BigDecimal, ToPrimitive};

use super::arguments::{D, FunctionResult, IV, NUMERIC, T, TS, TZ, days, interval, micros, text};
use super::dates::{unit_name, unknown_unit};
use crate::data::calendar::{Civil, MICROS_PER_DAY, MICROS_PER_SECOND, civil_from_days, days_from_civil};
use crate::data::{Interval, Type, Value, ValueError};
use crate::expr::function::{Fails, Function, Gives, Nulls, Refusal, Refused, Spelling};

pub(super) static ROWS: &[Function] = &[
    Function::new("extract", &[T, D], NUMERIC, |a, _| numeric(of_date(&text(a, 0), days(a, 1))))
        .fails(Fails::On(OF_DATE))
        .nulls(Nulls::StrictOrEndless)
        .gives(Gives::Part)
        .spelling(Spelling::Extract),
    Function::new("extract", &[T, TS], NUMERIC, |a, _| numeric(of_timestamp(&text(a, 0), micros(a, 1), false)))
        .fails(Fails::On(OF_TIMESTAMP))
        .nulls(Nulls::StrictOrEndless)
        .gives(Gives::Part)
        .spelling(Spelling::Extract),
    Function::new("extract", &[T, TZ], NUMERIC, |a, _| numeric(of_timestamp(&text(a, 0), micros(a, 1), true)))
        .fails(Fails::On(OF_TIMESTAMPTZ))
        .nulls(Nulls::StrictOrEndless)
        .gives(Gives::Part)
        .spelling(Spelling::Extract),
    Function::new("extract", &[T, IV], NUMERIC, |a, _| numeric(of_interval(&text(a, 0), interval(a, 1))))
        .fails(Fails::On(OF_INTERVAL))
        .spelling(Spelling::Extract),
    Function::new("date_part", &[T, D], Type::Double, |a, _| {
        let moment = crate::expr::cast::convert(Value::Date(days(a, 1)), Type::Timestamp, false)?;
        double(of_timestamp(&text(a, 0), micros(&[moment], 0), false))
    })
    .fails(Fails::OnOrOutOfRange(OF_TIMESTAMP))
    .nulls(Nulls::StrictOrEndless)
    .gives(Gives::Part),
    Function::new("date_part", &[T, TS], Type::Double, |a, _| double(of_timestamp(&text(a, 0), micros(a, 1), false)))
        .fails(Fails::On(OF_TIMESTAMP))
        .nulls(Nulls::StrictOrEndless)
        .gives(Gives::Part),
    Function::new("date_part", &[T, TZ], Type::Double, |a, _| double(of_timestamp(&text(a, 0), micros(a, 1), true)))
        .fails(Fails::On(OF_TIMESTAMPTZ))
        .nulls(Nulls::StrictOrEndless)
        .gives(Gives::Part),
    Function::new("date_part", &[T, IV], Type::Double, |a, _| double(of_interval(&text(a, 0), interval(a, 1))))
        .fails(Fails::On(OF_INTERVAL)),
];

const NO_UNIT: &str = "a unit of time that there is not";

const fn unit(is_refused: fn(&Value) -> bool) -> Refused {
    Refused { operand: 0, values: Refusal::Such(is_refused), what: NO_UNIT }
}

static OF_DATE: &[Refused] = &[unit(|unit| of_date(&unit.to_string(), 0).is_err())];
static OF_TIMESTAMP: &[Refused] = &[unit(|unit| of_timestamp(&unit.to_string(), 0, false).is_err())];
static OF_TIMESTAMPTZ: &[Refused] = &[unit(|unit| of_timestamp(&unit.to_string(), 0, true).is_err())];
static OF_INTERVAL: &[Refused] = &[unit(|unit| of_interval(&unit.to_string(), Interval::default()).is_err())];

/// A part of a moment: a number, or what an infinite moment has of it.
enum Part {
    Whole(i64),
    /// So many units with digits after the decimal point.
    Scaled(i128, i64),
    /// A part that grows without bound; the sign of its infinity.
    Endless(f64),
    Unknown,
}

type Extracted = Result<Part, ValueError>;

fn numeric(part: Extracted) -> FunctionResult {
    Ok(match part? {
        Part::Whole(value) => Value::Numeric(BigDecimal::from(value)),
        Part::Scaled(value, scale) => Value::Numeric(BigDecimal::new(value.into(), scale)),
        Part::Endless(_) => return Err(ValueError::unsupported("numeric value \"Infinity\"")),
        Part::Unknown => Value::Null,
    })
}

#[allow(clippy::cast_precision_loss, reason = "PostgreSQL gives the nearest number as well")]
fn double(part: Extracted) -> FunctionResult {
    Ok(match part? {
        Part::Whole(value) => Value::Double(value as f64),
        Part::Scaled(value, scale) => {
            let exact = BigDecimal::new(value.into(), scale);
            Value::Double(exact.to_plain_string().parse().unwrap_or_else(|_| exact.to_f64().unwrap_or(f64::NAN)))
        }
        Part::Endless(infinity) => Value::Double(infinity),
        Part::Unknown => Value::Null,
    })
}

/// The parts that a day has.
fn of_day(unit: &str, day: i64) -> Option<i64> {
    let civil = civil_from_days(day);
    let year = civil.year;
    Some(match unit {
        "millennium" if year > 0 => (year + 999) / 1000,
        "millennium" => -((999 - (year - 1)) / 1000),
        "century" if year > 0 => (year + 99) / 100,
        "century" => -((99 - (year - 1)) / 100),
        "decade" => year.div_euclid(10),
        // There is no year 0: PostgreSQL says -1 for 1 BC.
        "year" => year - i64::from(year <= 0),
        "quarter" => (civil.month - 1) / 3 + 1,
        "month" => civil.month,
        "week" => iso_week(day).1,
        "isoyear" => {
            let iso = iso_week(day).0;
            iso - i64::from(iso <= 0)
        }
        "day" => civil.day,
        "dow" => (day + 6).rem_euclid(7),
        "isodow" => (day + 5).rem_euclid(7) + 1,
        "doy" => day - days_from_civil(Civil { year, month: 1, day: 1 }) + 1,
        "julian" => day + 2_451_545,
        _ => return None,
    })
}

/// The ISO 8601 year and week: weeks start on Monday, the first has the fourth of January.
fn iso_week(day: i64) -> (i64, i64) {
    let thursday = day - (day + 5).rem_euclid(7) + 3;
    let year = civil_from_days(thursday).year;
    let first = days_from_civil(Civil { year, month: 1, day: 1 });
    (year, (thursday - first) / 7 + 1)
}

/// What `extract` gives for `infinity`: no bound for what grows, nothing for what comes round again.
fn of_infinity(unit: &str, positive: bool, type_name: &str) -> Extracted {
    match unit {
        "millennium" | "century" | "decade" | "year" | "isoyear" | "julian" | "epoch" => {
            Ok(Part::Endless(if positive { f64::INFINITY } else { f64::NEG_INFINITY }))
        }
        "quarter" | "month" | "week" | "day" | "dow" | "isodow" | "doy" => Ok(Part::Unknown),
        "hour" | "minute" | "second" | "milliseconds" | "microseconds" if type_name != "date" => Ok(Part::Unknown),
        other => Err(unknown_unit(other, type_name)),
    }
}

fn of_date(unit: &str, day: i32) -> Extracted {
    let lower = unit.to_ascii_lowercase();
    let unit = unit_name(&lower);
    if matches!(day, i32::MIN | i32::MAX) {
        return of_infinity(unit, day > 0, "date");
    }
    match unit {
        "epoch" => Ok(Part::Whole((i64::from(day) + 10_957) * 86_400)),
        _ => of_day(unit, i64::from(day)).map(Part::Whole).ok_or_else(|| unknown_unit(unit, "date")),
    }
}

fn of_timestamp(unit: &str, micros: i64, zoned: bool) -> Extracted {
    let lower = unit.to_ascii_lowercase();
    let unit = unit_name(&lower);
    let type_name = if zoned { "timestamp with time zone" } else { "timestamp without time zone" };
    if matches!(micros, i64::MIN | i64::MAX) {
        return of_infinity(unit, micros > 0, type_name);
    }
    let (day, time) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    match unit {
        "epoch" => Ok(Part::Scaled(i128::from(micros) + i128::from(10_957 * MICROS_PER_DAY), 6)),
        "timezone" | "timezone_hour" | "timezone_minute" if zoned => Ok(Part::Whole(0)),
        "julian" => Err(ValueError::unsupported("the Julian day of a timestamp")),
        _ => match of_time(unit, time) {
            Some(part) => Ok(part),
            None => of_day(unit, day).map(Part::Whole).ok_or_else(|| unknown_unit(unit, type_name)),
        },
    }
}

fn of_time(unit: &str, micros: i64) -> Option<Part> {
    let minute = 60 * MICROS_PER_SECOND;
    Some(match unit {
        "hour" => Part::Whole(micros / (60 * minute)),
        "minute" => Part::Whole(micros / minute % 60),
        "second" => Part::Scaled(i128::from(micros % minute), 6),
        "milliseconds" => Part::Scaled(i128::from(micros % minute), 3),
        "microseconds" => Part::Whole(micros % minute),
        _ => return None,
    })
}

fn of_interval(unit: &str, span: Interval) -> Extracted {
    let lower = unit.to_ascii_lowercase();
    let unit = unit_name(&lower);
    let (years, months) = (i64::from(span.months / 12), i64::from(span.months % 12));
    Ok(Part::Whole(match unit {
        "millennium" => years / 1000,
        "century" => years / 100,
        "decade" => years / 10,
        "year" => years,
        "quarter" => months / 3 + 1,
        "month" => months,
        "day" => i64::from(span.days),
        "epoch" => {
            let days = i128::from(years) * 1461 * 6 * 3600 + (i128::from(months) * 30 + i128::from(span.days)) * 86_400;
            return Ok(Part::Scaled(days * i128::from(MICROS_PER_SECOND) + i128::from(span.micros), 6));
        }
        _ => return of_time(unit, span.micros).ok_or_else(|| unknown_unit(unit, "interval")),
    }))
}
