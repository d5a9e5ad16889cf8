//! How often it is reported that something waits.

use std::time::{Duration, Instant};

use crate::engine::Waiting;

/// The same wait is reported again after this.
const AGAIN: Duration = Duration::from_secs(10);

/// Other sessions in the way are told after this.
const OTHERS: Duration = Duration::from_secs(1);

/// What was told last, and when.
#[derive(Debug, Default)]
pub struct Pace {
    last: Option<(Instant, String, Vec<String>)>,
}

impl Pace {
    /// Whether a wait is to be told now: it is another one, others are in the way, or it was long ago.
    pub fn is_due(&mut self, waiting: &Waiting) -> bool {
        let due = self.last.as_ref().is_none_or(|(at, what, blockers)| {
            let passed = at.elapsed();
            passed > AGAIN || (passed > OTHERS && (*what != waiting.what || *blockers != waiting.blockers))
        });
        if due {
            self.last = Some((Instant::now(), waiting.what.clone(), waiting.blockers.clone()));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wait_is_told_once_for_a_while() {
        let waiting = Waiting { what: "a lock".into(), blockers: Vec::new(), waited_ms: 0 };
        let mut pace = Pace::default();
        assert!(pace.is_due(&waiting));
        assert!(!pace.is_due(&waiting));
    }
}
