//! Adverts of virtual routers that are none of ours (`log_unknown_vrids`). Who sends them
//! decides how many there are: each VRID is told once a second, which is every advert of
//! a usual router.

use std::time::Duration;

use scheduler::Instant;

use crate::model::{FastMap, RateLimit};

/// How often a VRID is told.
const PERIOD: Duration = Duration::from_secs(1);

/// Which VRIDs were told, and when.
#[derive(Debug, Default)]
pub struct Strangers {
    told: FastMap<u8, RateLimit>,
}

impl Strangers {
    /// Whether this one is told: nothing if it was a moment ago, else how many adverts
    /// were not told since.
    pub fn heard(&mut self, now: Instant, vrid: u8) -> Option<u64> {
        let limit = || RateLimit::new(PERIOD);
        self.told.entry(vrid).or_insert_with(limit).allow(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_hides_no_other() {
        let mut strangers = Strangers::default();
        let start = Instant::from_millis(5000);
        assert_eq!(strangers.heard(start, 7), Some(0));
        for _ in 0..1000 {
            assert_eq!(strangers.heard(start, 7), None);
        }
        assert_eq!(strangers.heard(start, 8), Some(0));
        assert_eq!(strangers.heard(start + PERIOD, 7), Some(1000));
        assert_eq!(strangers.heard(start + PERIOD, 8), Some(0));
    }
}
