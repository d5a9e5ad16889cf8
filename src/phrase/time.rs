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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_do() {
        assert_eq!([40, 2_540, 9_000, 12_900].map(lasting), ["40 ms", "2.5 s", "9 s", "12 s"]);
        assert_eq!([598_000, 600_000, 7_500_000].map(lasting), ["9 min 58 s", "10 min", "2 h 5 min"]);
    }
}
