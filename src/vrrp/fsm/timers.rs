//! Interval arithmetic, in nanoseconds, as the RFCs write it.
//!
//! The reference rounds version 3 skews down to whole microseconds of
//! `(256 - p) * interval_in_10ms * 625 / 16`; this is the same quantity without
//! the rounding, so that neighbouring priorities stay apart at 10 ms intervals.

use std::time::Duration;

use super::Version;
use crate::model::Priority;

/// `Skew_Time`: the better the priority, the sooner the takeover.
///
/// Version 3 (RFC 9568 6.1): `(256 - priority) * interval / 256`, of the
/// master's interval. Version 2 (RFC 3768 6.1): `(256 - priority) / 256`
/// seconds, whatever the interval.
#[must_use]
pub fn skew(version: Version, priority: Priority, master_interval: Duration) -> Duration {
    let unit = match version {
        Version::V2 => Duration::from_secs(1),
        Version::V3 => master_interval,
    };
    unit * (256 - u32::from(priority.0)) / 256
}

/// `Master_Down_Interval`: so many lost adverts, then the skew.
#[must_use]
pub fn master_down(
    version: Version,
    priority: Priority,
    master_interval: Duration,
    adverts: u8,
) -> Duration {
    master_interval * u32::from(adverts) + skew(version, priority, master_interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn version_3_skews_by_the_masters_interval() {
        let down = |p, interval| master_down(Version::V3, Priority(p), interval, 3);
        assert_eq!(down(100, SECOND), Duration::from_nanos(3_609_375_000));
        assert_eq!(down(255, SECOND), Duration::from_nanos(3_003_906_250));
        let ms = Duration::from_millis(10);
        assert_eq!(down(254, ms), Duration::from_nanos(30_078_125));
        assert_eq!(down(253, ms) - down(254, ms), Duration::from_nanos(39_062));
    }

    #[test]
    fn version_2_skews_in_seconds() {
        let down = |p, interval| master_down(Version::V2, Priority(p), interval, 3);
        assert_eq!(down(128, SECOND), Duration::from_millis(3_500));
        assert_eq!(down(128, SECOND * 10), Duration::from_millis(30_500));
    }
}
