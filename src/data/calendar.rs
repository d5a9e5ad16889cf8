//! Days and microseconds since 2000-01-01 to years, months, days and back, and their text forms.

use std::fmt;

/// Microseconds of a second.
pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds of a day.
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// 4714-11-24 BC, the first day that PostgreSQL knows.
pub(crate) const FIRST_DAY: i64 = -2_451_545;
/// The last day of a date, 5874897-12-31.
pub(crate) const LAST_DATE: i64 = 2_145_031_948;
/// The first day that no timestamp reaches, 294277-01-01.
pub(crate) const TIMESTAMP_END_DAY: i64 = 106_751_983;
/// Days from 1970-01-01 to 2000-01-01.
const EPOCH_SHIFT: i64 = 10_957;

/// A day of the calendar; years before 1 count down from 0 (1 BC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

/// The number of a day. The month must be 1 to 12; any day is counted on from it.
pub(crate) fn days_from_civil(civil: Civil) -> i64 {
    let year = if civil.month <= 2 { civil.year - 1 } else { civil.year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((civil.month + 9) % 12) + 2) / 5 + civil.day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 - EPOCH_SHIFT
}

/// The day with this number.
pub(crate) fn civil_from_days(days: i64) -> Civil {
    let shifted = days + EPOCH_SHIFT + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Civil { year: era * 400 + year_of_era + i64::from(month <= 2), month, day }
}

/// How many days a month has.
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether a timestamp of these microseconds exists; the two infinities do.
pub(crate) fn is_timestamp(micros: i64) -> bool {
    micros == i64::MIN
        || micros == i64::MAX
        || (FIRST_DAY * MICROS_PER_DAY..TIMESTAMP_END_DAY * MICROS_PER_DAY).contains(&micros)
}

/// Writes a date.
pub(crate) fn write_date(f: &mut impl fmt::Write, days: i32) -> fmt::Result {
    match days {
        i32::MAX => f.write_str("infinity"),
        i32::MIN => f.write_str("-infinity"),
        _ => {
            let civil = civil_from_days(i64::from(days));
            write_civil(f, civil)?;
            write_era(f, civil)
        }
    }
}

/// Writes a timestamp, with `zone` (`+00`, or nothing) after the time.
pub(crate) fn write_timestamp(f: &mut impl fmt::Write, micros: i64, zone: &str) -> fmt::Result {
    match micros {
        i64::MAX => return f.write_str("infinity"),
        i64::MIN => return f.write_str("-infinity"),
        _ => {}
    }
    let civil = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    write_civil(f, civil)?;
    f.write_char(' ')?;
    write_time(f, micros.rem_euclid(MICROS_PER_DAY))?;
    f.write_str(zone)?;
    write_era(f, civil)
}

fn write_civil(f: &mut impl fmt::Write, civil: Civil) -> fmt::Result {
    let year = if civil.year > 0 { civil.year } else { 1 - civil.year };
    write!(f, "{year:04}-{:02}-{:02}", civil.month, civil.day)
}

fn write_era(f: &mut impl fmt::Write, civil: Civil) -> fmt::Result {
    if civil.year > 0 { Ok(()) } else { f.write_str(" BC") }
}

/// Writes `04:05:06.789`; the hours may be more than 24.
pub(crate) fn write_time(f: &mut impl fmt::Write, micros: i64) -> fmt::Result {
    let seconds = micros / MICROS_PER_SECOND;
    write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    let fraction = micros % MICROS_PER_SECOND;
    if fraction == 0 {
        return Ok(());
    }
    write!(f, ".{}", format!("{fraction:06}").trim_end_matches('0'))
}
