//! How long something is, in words and back. All times are in milliseconds.

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A time as people say it: "40 ms", "2.5 s", "12 s", "9 min 58 s", "2 h 5 min".
#[must_use]
pub fn lasting(ms: u64) -> String {
    let (hours, minutes, seconds, tenths) = (ms / HOUR, ms / MINUTE % 60, ms / SECOND % 60, ms / 100 % 10);
    match (hours, minutes, seconds) {
        (0, 0, 0) => format!("{ms} ms"),
        (0, 0, 1..10) if tenths > 0 => format!("{seconds}.{tenths} s"),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A time as scripts and the command line write it, in the largest unit that gives it whole: `10m`.
#[must_use]
pub fn written(ms: u64) -> String {
    match ms {
        0 => "0ms".to_owned(),
        _ if ms.is_multiple_of(HOUR) => format!("{}h", ms / HOUR),
        _ if ms.is_multiple_of(MINUTE) => format!("{}m", ms / MINUTE),
        _ if ms.is_multiple_of(SECOND) => format!("{}s", ms / SECOND),
        _ => format!("{ms}ms"),
    }
}

/// The milliseconds of `500ms`, `10s`, `10m` or `10min`, `2h`; digits may be grouped by `_`.
///
/// # Errors
/// It is not a number with its unit, or too long.
pub fn milliseconds(text: &str) -> Result<u64, &'static str> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let factor = match unit.to_ascii_lowercase().as_str() {
        "ms" => 1,
        "s" => SECOND,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        _ => return Err("write a number and its unit: `500ms`, `10s`, `10m`, `2h`"),
    };
    let digits = text[..text.len() - unit.len()].replace('_', "");
    if digits.is_empty() {
        return Err("write a number before the unit");
    }
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or("this time is too long")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(milliseconds("500ms"), Ok(500));
        assert_eq!(milliseconds("10m"), Ok(600_000));
        assert_eq!(milliseconds("1_0MIN"), Ok(600_000));
        let wrong = ["10", "m", "", "1.5s", "99999999999999999999h", "9999999999999999999h"];
        assert!(wrong.iter().all(|text| milliseconds(text).is_err()));
    }

    #[test]
    fn times_are_said_as_people_do() {
        assert_eq!([40, 2_540, 9_000, 12_900].map(lasting), ["40 ms", "2.5 s", "9 s", "12 s"]);
        assert_eq!([598_000, 600_000, 7_500_000].map(lasting), ["9 min 58 s", "10 min", "2 h 5 min"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for ms in [0, 7, 1_500, 90_000, 600_000, 7_200_000] {
            assert_eq!(milliseconds(&written(ms)), Ok(ms));
        }
    }
}
