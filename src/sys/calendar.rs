//! Local calendar time, for the stamps of log lines and dumps.

use std::mem::MaybeUninit;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Seconds since the epoch by the clock on the wall.
#[must_use]
pub fn wall_seconds() -> libc::time_t {
    clock_gettime(ClockId::CLOCK_REALTIME).map_or(0, |time| time.tv_sec())
}

/// Time since the epoch by the clock on the wall; one before it is taken as the epoch.
#[must_use]
pub fn wall_time() -> Duration {
    let now = clock_gettime(ClockId::CLOCK_REALTIME);
    let parts = now.ok().and_then(|time| {
        let seconds = u64::try_from(time.tv_sec()).ok()?;
        Some((seconds, u32::try_from(time.tv_nsec()).ok()?))
    });
    parts.map_or(Duration::ZERO, |(seconds, nanos)| {
        Duration::new(seconds, nanos)
    })
}

/// A moment in the local time zone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LocalTime {
    /// The year, such as 2026.
    pub year: i32,
    /// The month, 0 to 11.
    pub month: usize,
    /// The day of the month, 1 to 31.
    pub day: i32,
    /// Days since Sunday, 0 to 6.
    pub weekday: usize,
    /// The hour, 0 to 23.
    pub hour: i32,
    /// The minute, 0 to 59.
    pub minute: i32,
    /// The second, 0 to 60.
    pub second: i32,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset: i64,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

impl LocalTime {
    /// The local time `seconds` after the epoch; the epoch itself where the C
    /// library cannot tell (years outside an `int`).
    #[must_use]
    pub fn at(seconds: libc::time_t) -> Self {
        let mut out = MaybeUninit::<libc::tm>::zeroed();
        // SAFETY: both pointers are to live values of the right types for the
        // length of the call.
        let done = unsafe { libc::localtime_r(&raw const seconds, out.as_mut_ptr()) };
        if done.is_null() {
            return Self::default();
        }
        // SAFETY: all-zero octets are a valid `tm`, and the call succeeded.
        let tm = unsafe { out.assume_init() };
        Self {
            year: tm.tm_year.saturating_add(1900),
            month: usize::try_from(tm.tm_mon).unwrap_or_default(),
            day: tm.tm_mday,
            weekday: usize::try_from(tm.tm_wday).unwrap_or_default(),
            hour: tm.tm_hour,
            minute: tm.tm_min,
            second: tm.tm_sec,
            utc_offset: tm.tm_gmtoff,
        }
    }

    /// The English name of the month in three letters.
    #[must_use]
    pub fn month_name(&self) -> &'static str {
        MONTHS.get(self.month).copied().unwrap_or("???")
    }

    /// The English name of the day in three letters.
    #[must_use]
    pub fn day_name(&self) -> &'static str {
        DAYS.get(self.weekday).copied().unwrap_or("???")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_calendar_s() {
        // Noon of a Wednesday: the same date in all inhabited time zones but two.
        let t = LocalTime::at(1_000_000_000 - 1_000_000_000 % 86_400 + 43_200);
        assert_eq!((t.year, t.month_name()), (2001, "Sep"));
        assert!(["Sat", "Sun", "Mon"].contains(&t.day_name()));
    }
}
