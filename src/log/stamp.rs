//! The time of a message as text, made once per second.

use std::fmt::Write as _;

use nix::time::{ClockId, clock_gettime};

use crate::sys::calendar::LocalTime;

/// The present second in the two forms of the sinks.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: Option<libc::time_t>,
    /// `Nov 22 03:21:53` (RFC 3164 section 4.1.2).
    pub(super) short: String,
    /// `Sun Nov 22 03:21:53 2026`.
    pub(super) long: String,
}

impl Stamp {
    /// Bring the texts up to date. The coarse clock is enough for seconds and
    /// is read without entering the kernel.
    pub(super) fn refresh(&mut self) {
        let now = clock_gettime(ClockId::CLOCK_REALTIME_COARSE);
        self.set(now.map_or(0, |t| t.tv_sec()));
    }

    fn set(&mut self, second: libc::time_t) {
        if self.second == Some(second) {
            return;
        }
        self.second = Some(second);
        let t = LocalTime::at(second);
        let Self { short, long, .. } = self;
        short.clear();
        long.clear();
        let (month, day) = (t.month_name(), t.day);
        // Writing to a string cannot fail.
        let _ = write!(
            short,
            "{month} {day:2} {:02}:{:02}:{:02}",
            t.hour, t.minute, t.second
        );
        let _ = write!(long, "{} {short} {}", t.day_name(), t.year);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let mut stamp = Stamp::default();
        stamp.set(86_400 * 3);
        assert_eq!(stamp.short.len(), "Jan  4 00:00:00".len());
        assert!(stamp.long.ends_with(" 1970"));
        assert_eq!(stamp.long.len(), "Sun Jan  4 00:00:00 1970".len());
    }
}
