//! Reading dates and timestamps: ISO 8601, `January 8, 1999`, `1/8/1999` (month first), and PostgreSQL's words.

use crate::data::calendar::{
    Civil, FIRST_DAY, LAST_DATE, MICROS_PER_DAY, MICROS_PER_SECOND, days_from_civil, days_in_month, is_timestamp,
};
use crate::data::interval::is_separator;
use crate::data::{Type, ValueError};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// What a text says about a moment.
#[derive(Default)]
struct Moment {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    micros: Option<i64>,
    /// Seconds east of UTC.
    zone: Option<i64>,
    before_christ: bool,
    afternoon: Option<bool>,
}

/// Why a text is not a moment.
enum TimeFault {
    Syntax,
    Range,
}

/// Reads a date, in days.
pub(crate) fn parse_date(text: &str) -> Result<i32, ValueError> {
    let days = match special(text) {
        Some(i64::MAX) => return Ok(i32::MAX),
        Some(i64::MIN) => return Ok(i32::MIN),
        Some(micros) => micros.div_euclid(MICROS_PER_DAY),
        None => read(text).and_then(|moment| moment.days()).map_err(|fault| fault.error(Type::Date, text))?,
    };
    let in_range = (FIRST_DAY..=LAST_DATE).contains(&days);
    let out_of_range = || ValueError::new("22008", format!("date out of range: \"{text}\""));
    i32::try_from(days).ok().filter(|_| in_range).ok_or_else(out_of_range)
}

/// Reads a `timestamp` or `timestamptz`, in microseconds.
pub(crate) fn parse_timestamp(text: &str, ty: Type) -> Result<i64, ValueError> {
    if let Some(micros) = special(text) {
        return Ok(micros);
    }
    let moment = read(text).map_err(|fault| fault.error(ty, text))?;
    let days = moment.days().map_err(|fault| fault.error(ty, text))?;
    let zone = if ty == Type::TimestampTz { moment.zone.unwrap_or(0) * MICROS_PER_SECOND } else { 0 };
    let micros = i128::from(days) * i128::from(MICROS_PER_DAY) + i128::from(moment.micros.unwrap_or(0) - zone);
    let out_of_range = || ValueError::new("22008", format!("timestamp out of range: \"{text}\""));
    i64::try_from(micros).ok().filter(|micros| is_timestamp(*micros)).ok_or_else(out_of_range)
}

impl TimeFault {
    fn error(&self, ty: Type, text: &str) -> ValueError {
        match self {
            Self::Syntax => ValueError::time_syntax(ty, text),
            Self::Range => ValueError::new("22008", format!("date/time field value out of range: \"{text}\"")),
        }
    }
}

/// Microseconds since 2000 of the system's clock.
pub(crate) fn clock_micros() -> i64 {
    chrono::Utc::now().timestamp_micros() - 10_957 * MICROS_PER_DAY
}

fn special(text: &str) -> Option<i64> {
    let today = || clock_micros().div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY;
    match text.trim().to_ascii_lowercase().as_str() {
        "infinity" | "+infinity" => Some(i64::MAX),
        "-infinity" => Some(i64::MIN),
        "epoch" => Some(-10_957 * MICROS_PER_DAY),
        "now" => Some(clock_micros()),
        "today" => Some(today()),
        "tomorrow" => Some(today() + MICROS_PER_DAY),
        "yesterday" => Some(today() - MICROS_PER_DAY),
        _ => None,
    }
}

fn read(text: &str) -> Result<Moment, TimeFault> {
    let mut moment = Moment::default();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        match split_iso(word) {
            Some((date, time)) => {
                moment.take_date(date)?;
                moment.take_time(time)?;
            }
            None => moment.take_word(word)?,
        }
    }
    moment.finish()
}

/// The two sides of the `T` in `2020-01-01T10:00`.
fn split_iso(word: &str) -> Option<(&str, &str)> {
    let (date, time) = word.split_once(['T', 't'])?;
    let starts_digit = |part: &str| part.bytes().next().is_some_and(|b| b.is_ascii_digit());
    (starts_digit(date) && starts_digit(time)).then_some((date, time))
}

impl Moment {
    fn take_word(&mut self, word: &str) -> Result<(), TimeFault> {
        let first = word.bytes().next().unwrap_or_default();
        if word.contains(':') && first.is_ascii_digit() {
            self.take_time(word)
        } else if first == b'+' || first == b'-' {
            if self.micros.is_none() {
                return Err(TimeFault::Syntax);
            }
            self.take_zone(word)
        } else if first.is_ascii_digit() {
            self.take_date(word)
        } else {
            self.take_name(&word.to_ascii_lowercase())
        }
    }

    fn take_name(&mut self, word: &str) -> Result<(), TimeFault> {
        let is_month = |name: &str| word == &name[..3] || word == name || (word == "sept" && name == "september");
        if let Some(month) = MONTHS.iter().position(|name| is_month(name)) {
            // `1 8 January` has two days: the month's place was taken by a number.
            return set(&mut self.month, i64::try_from(month + 1).unwrap_or(1));
        }
        match word.trim_end_matches('.') {
            "bc" => self.before_christ = true,
            "ad" => {}
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            "z" | "utc" | "gmt" | "zulu" | "ut" => set(&mut self.zone, 0)?,
            day if is_weekday(day) => {}
            _ => return Err(TimeFault::Syntax),
        }
        Ok(())
    }

    fn take_date(&mut self, word: &str) -> Result<(), TimeFault> {
        let separator = word.bytes().find(|b| !b.is_ascii_digit());
        let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
        match (separator, parts.as_slice()) {
            (None, _) => self.take_digits(word),
            (Some(b'-' | b'/' | b'.'), [first, second, third]) => {
                if let Some(month) = MONTHS.iter().position(|m| second.to_ascii_lowercase() == m[..3]) {
                    let month = i64::try_from(month + 1).unwrap_or(1);
                    return self.set_date(year_of(third)?, month, digits(first)?);
                }
                if first.len() > 2 {
                    self.set_date(digits(first)?, digits(second)?, digits(third)?)
                } else {
                    self.set_date(year_of(third)?, digits(first)?, digits(second)?)
                }
            }
            _ => Err(TimeFault::Syntax),
        }
    }

    fn take_digits(&mut self, word: &str) -> Result<(), TimeFault> {
        match word.len() {
            8 if self.year.is_none() && self.month.is_none() => {
                self.set_date(digits(&word[..4])?, digits(&word[4..6])?, digits(&word[6..])?)
            }
            6 if self.year.is_none() && self.month.is_none() => {
                self.set_date(year_of(&word[..2])?, digits(&word[2..4])?, digits(&word[4..])?)
            }
            1 | 2 if self.day.is_none() => set(&mut self.day, digits(word)?),
            _ => set(&mut self.year, year_of(word)?),
        }
    }

    fn set_date(&mut self, year: i64, month: i64, day: i64) -> Result<(), TimeFault> {
        set(&mut self.year, year)?;
        set(&mut self.month, month)?;
        set(&mut self.day, day)
    }

    fn take_time(&mut self, word: &str) -> Result<(), TimeFault> {
        let zone_at = word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
        let (clock, zone) = word.split_at(zone_at);
        set(&mut self.micros, clock_of(clock)?)?;
        match zone.bytes().next() {
            None => Ok(()),
            Some(b'+' | b'-') => self.take_zone(zone),
            Some(_) => self.take_name(&zone.to_ascii_lowercase()),
        }
    }

    fn take_zone(&mut self, word: &str) -> Result<(), TimeFault> {
        let (sign, rest) = (if word.starts_with('-') { -1 } else { 1 }, &word[1..]);
        let parts: Vec<&str> = rest.split(':').collect();
        let (hours, minutes, seconds) = match parts.as_slice() {
            [joined] if joined.len() == 4 && joined.is_ascii() => (digits(&joined[..2])?, digits(&joined[2..])?, 0),
            [hours] if hours.len() <= 2 => (digits(hours)?, 0, 0),
            [hours, minutes] => (digits(hours)?, digits(minutes)?, 0),
            [hours, minutes, seconds] => (digits(hours)?, digits(minutes)?, digits(seconds)?),
            _ => return Err(TimeFault::Syntax),
        };
        if hours > 15 || minutes > 59 || seconds > 59 {
            return Err(TimeFault::Range);
        }
        set(&mut self.zone, sign * (hours * 3600 + minutes * 60 + seconds))
    }

    fn finish(mut self) -> Result<Self, TimeFault> {
        let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) else {
            return Err(TimeFault::Syntax);
        };
        if self.before_christ {
            self.year = Some(1 - year);
        }
        if let (Some(afternoon), Some(micros)) = (self.afternoon, &mut self.micros) {
            let hour = *micros / (3600 * MICROS_PER_SECOND);
            let shift = i64::from(afternoon && hour < 12) - i64::from(!afternoon && hour == 12);
            *micros += shift * 12 * 3600 * MICROS_PER_SECOND;
        }
        let year_there = year > 0;
        let day_there = (1..=12).contains(&month) && (1..=days_in_month(self.year.unwrap_or(1), month)).contains(&day);
        if year_there && day_there { Ok(self) } else { Err(TimeFault::Range) }
    }

    fn days(&self) -> Result<i64, TimeFault> {
        match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => Ok(days_from_civil(Civil { year, month, day })),
            _ => Err(TimeFault::Syntax),
        }
    }
}

fn set(field: &mut Option<i64>, value: i64) -> Result<(), TimeFault> {
    if field.is_some() {
        return Err(TimeFault::Syntax);
    }
    *field = Some(value);
    Ok(())
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(word))
}

/// A short run of digits.
fn digits(text: &str) -> Result<i64, TimeFault> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TimeFault::Syntax);
    }
    if text.len() > 9 { Err(TimeFault::Range) } else { text.parse().map_err(|_| TimeFault::Range) }
}

/// A year, where two digits mean 1970 to 2069.
fn year_of(text: &str) -> Result<i64, TimeFault> {
    let year = digits(text)?;
    Ok(if text.len() > 2 { year } else { year + if year < 70 { 2000 } else { 1900 } })
}

/// Microseconds of `10:30:15.25`.
fn clock_of(text: &str) -> Result<i64, TimeFault> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [joined] if matches!(joined.len(), 4 | 6) => (&joined[..2], &joined[2..4], &joined[4..]),
        [hours] if hours.len() <= 2 => (*hours, "0", ""),
        [hours, minutes] => (*hours, *minutes, ""),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return Err(TimeFault::Syntax),
    };
    let second_micros = if seconds.is_empty() { 0 } else { seconds_of(seconds)? };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    let micros = (hours * 3600 + minutes * 60) * MICROS_PER_SECOND + second_micros;
    if minutes > 59 || second_micros > 60 * MICROS_PER_SECOND || micros > MICROS_PER_DAY {
        return Err(TimeFault::Range);
    }
    Ok(micros)
}

/// Microseconds of `15.25`, rounded to the nearest.
fn seconds_of(text: &str) -> Result<i64, TimeFault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TimeFault::Syntax);
    }
    let fraction: f64 = format!("0.{fraction}0").parse().map_err(|_| TimeFault::Syntax)?;
    #[allow(clippy::cast_possible_truncation, reason = "at most a million")]
    let micros = (fraction * 1e6).round_ties_even() as i64;
    Ok(digits(whole)? * MICROS_PER_SECOND + micros)
}
