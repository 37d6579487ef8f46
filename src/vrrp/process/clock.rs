//! The wall clock, which only authentication and people need.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::model::UnixTime;

/// What time it is. A clock before 1970 is taken as 1970.
pub(super) fn wall() -> UnixTime {
    clock_gettime(ClockId::CLOCK_REALTIME).map_or_else(
        |_| UnixTime::default(),
        |time| {
            let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
            let nanos = u32::try_from(time.tv_nsec()).unwrap_or(0);
            UnixTime(Duration::new(seconds, nanos))
        },
    )
}
