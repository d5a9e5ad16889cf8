//! How many rows a batch has.

use std::time::Duration;

const FIRST: u32 = 1_000;
const MOST: u32 = 50_000;

/// How many rows the next batch has: as many as take the time aimed at, or as many as the script says; fewer for a while
/// where rows were held by somebody else.
#[derive(Debug)]
pub struct Pace {
    target_ms: f64,
    fixed: Option<u32>,
    fitting: f64,
    allowed: u32,
}

impl Pace {
    pub fn new(target_ms: u32, fixed: Option<u32>) -> Self {
        let fixed = fixed.map(|rows| rows.max(1));
        Self { target_ms: f64::from(target_ms.max(1)), fixed, fitting: f64::from(FIRST), allowed: u32::MAX }
    }

    /// Rows of the next batch.
    pub fn rows(&self) -> u32 {
        self.wanted().min(self.allowed)
    }

    fn wanted(&self) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 1 and `MOST`")]
        self.fixed.unwrap_or(self.fitting as u32)
    }

    /// A batch of so many rows took so long.
    pub fn done(&mut self, rows: u64, took: Duration) {
        self.allowed = self.allowed.saturating_mul(2);
        if self.allowed > self.wanted() {
            self.allowed = u32::MAX;
        }
        #[expect(clippy::cast_precision_loss, reason = "a batch has few rows")]
        let per_row = took.as_secs_f64() * 1_000.0 / rows.max(1) as f64;
        let fitting = self.target_ms / per_row.max(1e-6);
        // A single slow batch, during a checkpoint for one, is not the rule: it counts for half.
        let smooth = f64::midpoint(self.fitting, fitting.min(self.fitting * 3.0));
        self.fitting = smooth.clamp(1.0, f64::from(MOST));
    }

    /// A batch could not be done as a whole: the next has half its rows. Says whether fewer than it had are possible.
    pub fn halve(&mut self, rows: u32) -> bool {
        self.allowed = (rows / 2).max(1);
        rows > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(per_row_us: u64) -> u32 {
        let mut pace = Pace::new(10, None);
        for _ in 0..40 {
            let rows = u64::from(pace.rows());
            pace.done(rows, Duration::from_micros(rows * per_row_us));
        }
        pace.rows()
    }

    #[test]
    fn it_settles_at_the_time_aimed_at() {
        assert_eq!(Pace::new(10, None).rows(), FIRST);
        assert!((1_900..=2_100).contains(&settled(5)), "{}", settled(5));
        assert!((9..=11).contains(&settled(1_000)), "{}", settled(1_000));
        assert_eq!(settled(100_000), 1);
        assert_eq!(settled(0), MOST);
    }

    #[test]
    fn what_the_script_fixes_stays() {
        let mut pace = Pace::new(10, Some(7));
        pace.done(7, Duration::from_secs(1));
        assert_eq!(pace.rows(), 7);
        assert_eq!(Pace::new(10, Some(0)).rows(), 1);
    }

    #[test]
    fn it_recovers_from_rows_that_are_held() {
        let mut pace = Pace::new(10, Some(100));
        assert!(pace.halve(100) && pace.rows() == 50);
        assert!(!pace.halve(1) && pace.rows() == 1);
        let sizes: Vec<u32> = (0..8)
            .map(|_| {
                pace.done(1, Duration::from_millis(1));
                pace.rows()
            })
            .collect();
        assert_eq!(sizes, [2, 4, 8, 16, 32, 64, 100, 100]);
    }
}
