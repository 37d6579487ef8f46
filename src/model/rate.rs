//! Repeated complaints: how often one may be made.
//!
//! Anything that a peer can cause (a bad packet, a full queue) is told once, then
//! at most once per period, with the number of times it was not told.

use std::time::Duration;

use scheduler::Instant;

/// Lets a complaint through once per period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateLimit {
    period: Duration,
    next: Instant,
    suppressed: u64,
}

impl RateLimit {
    /// Once per `period`, and at once the first time.
    #[must_use]
    pub const fn new(period: Duration) -> Self {
        Self {
            period,
            next: Instant::ZERO,
            suppressed: 0,
        }
    }

    /// Whether to complain now: nothing if it is too early, else how many
    /// complaints were kept back since the last one.
    pub fn allow(&mut self, now: Instant) -> Option<u64> {
        if now < self.next {
            self.suppressed += 1;
            return None;
        }
        self.next = now + self.period;
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_per_period_with_a_count() {
        let mut limit = RateLimit::new(Duration::from_secs(60));
        let start = Instant::from_millis(5);
        assert_eq!(limit.allow(start), Some(0));
        assert_eq!(limit.allow(start + Duration::from_secs(1)), None);
        assert_eq!(limit.allow(start + Duration::from_secs(59)), None);
        assert_eq!(limit.allow(start + Duration::from_secs(60)), Some(2));
        assert_eq!(limit.allow(start + Duration::from_secs(61)), None);
    }
}
