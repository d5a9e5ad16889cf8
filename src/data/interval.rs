//! `interval`: a span of time in three parts.

use std::cmp::Ordering;
use std::fmt;

use crate::data::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND, write_time};
use crate::data::{Type, ValueError};

/// A span of time as PostgreSQL keeps it: three parts that do not turn into one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

const MICROS_PER_HOUR: i64 = 3600 * MICROS_PER_SECOND;

impl Interval {
    /// Its length in microseconds with months of 30 days and days of 24 hours, by which intervals are compared.
    fn length_micros(self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * i128::from(MICROS_PER_DAY) + i128::from(self.micros)
    }

    /// The order of lengths.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        self.length_micros().cmp(&other.length_micros())
    }

    /// All its bits in one number, for packing.
    pub(crate) fn to_bits(self) -> u128 {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.months.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.days.to_le_bytes());
        bytes[8..].copy_from_slice(&self.micros.to_le_bytes());
        u128::from_le_bytes(bytes)
    }

    /// What [`Self::to_bits`] packed.
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "each part takes its own bits")]
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self { months: bits as u32 as i32, days: (bits >> 32) as u32 as i32, micros: (bits >> 64) as u64 as i64 }
    }

    /// Reads an interval: `1 year 2 mons 3 days 04:05:06`, `1.5 hours ago`, or ISO 8601 `P1Y2M3DT4H5M6S`.
    pub(crate) fn parse(text: &str) -> Result<Self, ValueError> {
        let mut sum = Sum::default();
        let trimmed = text.trim();
        let read = match trimmed.strip_prefix('P') {
            Some(iso) => sum.read_iso(iso),
            None => sum.read_words(trimmed),
        };
        read.ok_or_else(|| ValueError::time_syntax(Type::Interval, text))?;
        let out_of_range = || ValueError::new("22015", format!("interval field value out of range: \"{text}\""));
        sum.interval().ok_or_else(out_of_range)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut empty, mut after_negative) = (true, false);
        for (value, unit) in [(self.months / 12, "year"), (self.months % 12, "mon"), (self.days, "day")] {
            if value != 0 {
                let space = if empty { "" } else { " " };
                let plus = if after_negative && value > 0 { "+" } else { "" };
                let plural = if value == 1 { "" } else { "s" };
                write!(f, "{space}{plus}{value} {unit}{plural}")?;
                (empty, after_negative) = (false, value < 0);
            }
        }
        if self.micros == 0 && !empty {
            return Ok(());
        }
        let sign = match (self.micros < 0, after_negative) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        write!(f, "{}{sign}", if empty { "" } else { " " })?;
        let magnitude = i64::try_from(self.micros.unsigned_abs()).unwrap_or(i64::MAX);
        write_time(f, magnitude)
    }
}

/// The parts added up while reading.
#[derive(Default)]
struct Sum {
    months: f64,
    days: f64,
    micros: f64,
}

impl Sum {
    fn read_words(&mut self, text: &str) -> Option<()> {
        let mut words = split_words(text).into_iter().peekable();
        let mut had_seconds = false;
        words.peek()?;
        while let Some(word) = words.next() {
            if word.eq_ignore_ascii_case("ago") {
                (self.months, self.days, self.micros) = (-self.months, -self.days, -self.micros);
                return words.next().is_none().then_some(());
            }
            if word.contains(':') {
                self.micros += clock_micros(word)?;
                continue;
            }
            if let Some((years, months)) = word.get(1..)?.find('-').map(|at| word.split_at(at + 1)) {
                let sign = if years.starts_with('-') { -1.0 } else { 1.0 };
                self.months += number(years)? * 12.0 + sign * number(&months[1..])?;
                continue;
            }
            let value = number(word)?;
            match words.peek() {
                Some(unit) if unit.bytes().all(|b| b.is_ascii_alphabetic()) => {
                    self.add(value, &unit.to_ascii_lowercase())?;
                    words.next();
                }
                Some(clock) if clock.contains(':') => self.days += value,
                _ if had_seconds => return None,
                _ => {
                    self.micros += value * 1e6;
                    had_seconds = true;
                }
            }
        }
        Some(())
    }

    fn read_iso(&mut self, text: &str) -> Option<()> {
        let (date, time) = text.split_once('T').unwrap_or((text, ""));
        for (part, in_time) in [(date, false), (time, true)] {
            let mut rest = part;
            while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic()) {
                let unit = match (&rest[at..=at], in_time) {
                    ("Y", false) => "year",
                    ("M", false) => "month",
                    ("W", false) => "week",
                    ("D", false) => "day",
                    ("H", true) => "hour",
                    ("M", true) => "minute",
                    ("S", true) => "second",
                    _ => return None,
                };
                self.add(number(&rest[..at])?, unit)?;
                rest = &rest[at + 1..];
            }
            if !rest.is_empty() {
                return None;
            }
        }
        (!text.is_empty()).then_some(())
    }

    /// Adds so many of a unit; a fraction goes over into the smaller parts as PostgreSQL does it.
    fn add(&mut self, value: f64, unit: &str) -> Option<()> {
        match unit {
            "microsecond" | "microseconds" | "us" | "usec" | "usecs" => self.micros += value,
            "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => self.micros += value * 1e3,
            "second" | "seconds" | "sec" | "secs" | "s" => self.micros += value * 1e6,
            "minute" | "minutes" | "min" | "mins" | "m" => self.micros += value * 60e6,
            "hour" | "hours" | "hr" | "hrs" | "h" => self.micros += value * 3600e6,
            "day" | "days" | "d" => self.add_days(value),
            "week" | "weeks" | "w" => {
                self.days += value.trunc() * 7.0;
                self.add_days(value.fract() * 7.0);
            }
            "month" | "months" | "mon" | "mons" => {
                self.months += value.trunc();
                self.add_days(value.fract() * 30.0);
            }
            "year" | "years" | "yr" | "yrs" | "y" => self.months += (value * 12.0).round_ties_even(),
            "decade" | "decades" | "dec" | "decs" => self.months += (value * 120.0).round_ties_even(),
            "century" | "centuries" | "cent" | "c" => self.months += (value * 1200.0).round_ties_even(),
            "millennium" | "millennia" | "mil" | "mils" => self.months += (value * 12_000.0).round_ties_even(),
            _ => return None,
        }
        Some(())
    }

    fn add_days(&mut self, value: f64) {
        self.days += value.trunc();
        self.micros += (value.fract() * 86_400e6).round_ties_even();
    }

    #[allow(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    fn interval(&self) -> Option<Interval> {
        let whole = |value: f64| (value.abs() <= f64::from(i32::MAX)).then_some(value as i32);
        let micros = self.micros.round_ties_even();
        (micros.abs() < 9.22e18).then_some(())?;
        Some(Interval { months: whole(self.months)?, days: whole(self.days)?, micros: micros as i64 })
    }
}

/// PostgreSQL passes over white space and most punctuation.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_ascii_whitespace() || (c.is_ascii_punctuation() && !matches!(c, '+' | '-' | '.' | ':' | '/'))
}

/// Splits at white space and between a number and its unit.
fn split_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        let unit_at = word.find(|c: char| c.is_ascii_alphabetic()).filter(|at| *at > 0 && !word.contains(':'));
        match unit_at {
            Some(at) => words.extend([&word[..at], &word[at..]]),
            None => words.push(word),
        }
    }
    words
}

fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain { text.parse().ok() } else { None }
}

/// Microseconds of `-04:05:06.789`.
#[allow(clippy::cast_precision_loss, reason = "hours of a span stay far below the limit of whole numbers")]
fn clock_micros(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts: Vec<&str> = digits.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] if seconds.contains('.') => (0.0, number(minutes)?, number(seconds)?),
        [hours, minutes] => (number(hours)?, number(minutes)?, 0.0),
        [hours, minutes, seconds] => (number(hours)?, number(minutes)?, number(seconds)?),
        _ => return None,
    };
    let whole = hours >= 0.0 && minutes < 60.0 && seconds <= 60.0;
    whole.then_some(sign * (hours * MICROS_PER_HOUR as f64 + minutes * 60e6 + (seconds * 1e6).round_ties_even()))
}
