//! Interval arithmetic, in nanoseconds, as the RFCs write it.
//!
//! The reference rounds version 3 skews down to whole microseconds of
//! `(256 - p) * interval_in_10ms * 625 / 16`; this is the same quantity without
//! the rounding, so that neighbouring priorities stay apart at 10 ms intervals.

use std::time::Duration;

use super::{InstanceId, Version};
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

/// Instances whose adverts are sent together.
const TOGETHER: u32 = 256;

/// How much earlier than after a whole interval an instance that has become master sends
/// its second advert; all others follow that one.
///
/// Instances of one file become master at the same moment, and would then send all their
/// adverts in one burst for ever: one short delay at that moment would make each of them
/// late, and a receiver's buffer must hold them all. So each further lot of [`TOGETHER`]
/// is moved to another place of the interval, by the sequence of van der Corput
/// (1/2, 1/4, 3/4, 1/8, ...), which is even after any number of lots. An advert that comes
/// early does no harm, and the first lot has the plain interval.
#[must_use]
pub(super) fn phase(id: InstanceId, interval: Duration) -> Duration {
    let lot = id.0 / TOGETHER;
    let nanos = (interval.as_nanos() * u128::from(lot.reverse_bits())) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn many_masters_spread_their_adverts_over_the_interval() {
        let of = |lot| {
            let first = InstanceId(lot * TOGETHER);
            let last = InstanceId(lot * TOGETHER + TOGETHER - 1);
            let [first, last] = [first, last].map(|id| phase(id, SECOND));
            assert_eq!(first, last);
            first.as_millis()
        };
        assert_eq!([0, 1, 2, 3, 4].map(of), [0, 500, 250, 750, 125]);
        let mut places: Vec<u128> = (0..16).map(of).collect();
        places.sort_unstable();
        let even: Vec<u128> = (0..16).map(|lot| lot * 1000 / 16).collect();
        assert_eq!(places, even);
    }

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
