//! Interval arithmetic of RFC 5880: sections 6.8.2 (transmission), 6.8.4 (detection)
//! and 6.8.7 (jitter).

use std::time::Duration;

use scheduler::Instant;

/// The least interval that packets are asked for while a session is not up
/// (RFC 5880 section 6.8.3).
pub const SLOW: Duration = Duration::from_secs(1);

/// The coarsest raster of deadlines, in nanoseconds. See [`next_packet`].
const COARSEST: u64 = 1 << 20;

/// A source of random numbers that is the same for the same seed (SplitMix64): jitter
/// needs no secrets, and simulations are to be repeatable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// The interval between our packets: as we would like it, unless the neighbour cannot
/// receive so often. Nothing if it wants none.
#[must_use]
pub fn transmit_interval(desired: Duration, remote_min_rx: Duration) -> Option<Duration> {
    (!remote_min_rx.is_zero()).then(|| desired.max(remote_min_rx))
}

/// So long without a packet means that the neighbour is gone: its multiplier times the
/// interval that was agreed on.
#[must_use]
pub fn detection_time(
    remote_multiplier: u8,
    required_min_rx: Duration,
    remote_min_tx: Duration,
) -> Duration {
    required_min_rx.max(remote_min_tx) * u32::from(remote_multiplier)
}

/// When the packet after the one of `last` leaves: an interval later, less a random
/// part of up to 25 %, which with a multiplier of 1 is at least 10 %.
///
/// Within those bounds deadlines of many sessions fall on a common raster, some fine
/// part of the interval, so that a process with hundreds of sessions wakes up once for
/// several of them.
#[must_use]
pub fn next_packet(
    last: Instant,
    interval: Duration,
    multiplier: u8,
    random: &mut Random,
) -> Instant {
    let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    let least = interval - interval / 4;
    let most = if multiplier == 1 {
        interval - interval / 10
    } else {
        interval
    };
    let after = |nanos| (last + Duration::from_nanos(nanos)).as_nanos();
    let exact = after(least + random.below(most - least + 1));
    let raster = prev_power_of_two(interval / 32).min(COARSEST);
    let before = exact & !(raster - 1);
    let candidates = [before, before.saturating_add(raster)];
    let allowed = after(least)..=after(most);
    let rounded = candidates.into_iter().find(|at| allowed.contains(at));
    Instant::from_nanos(rounded.unwrap_or(exact))
}

const fn prev_power_of_two(number: u64) -> u64 {
    match number.checked_ilog2() {
        Some(power) => 1 << power,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_slower_of_both_sides_decides() {
        assert_eq!(transmit_interval(ms(10), ms(50)), Some(ms(50)));
        assert_eq!(transmit_interval(ms(50), ms(10)), Some(ms(50)));
        assert_eq!(transmit_interval(ms(50), ms(0)), None);
        assert_eq!(detection_time(3, ms(50), ms(10)), ms(150));
        assert_eq!(detection_time(3, ms(10), ms(1000)), ms(3000));
        let longest = Duration::from_micros(u64::from(u32::MAX));
        assert_eq!(detection_time(255, longest, ms(1)), longest * 255);
    }

    #[test]
    fn many_sessions_share_wake_ups() {
        let mut random = Random::new(1);
        let start = Instant::from_millis(5);
        let all: BTreeSet<Instant> = (0..500)
            .map(|_| next_packet(start, ms(50), 3, &mut random))
            .collect();
        assert!(all.len() <= 13, "{}", all.len());
    }

    proptest! {
        #[test]
        fn jitter_is_within_the_bounds_of_the_rfc(
            last in 0_u64..1 << 50,
            micros in 1_u32..,
            multiplier in 1_u8..,
            seed: u64,
        ) {
            let last = Instant::from_nanos(last);
            let interval = Duration::from_micros(u64::from(micros));
            let next = next_packet(last, interval, multiplier, &mut Random::new(seed));
            let after = next.since(last);
            prop_assert!(after >= interval * 3 / 4);
            prop_assert!(after <= interval);
            if multiplier == 1 {
                prop_assert!(after <= interval * 9 / 10 + Duration::from_nanos(1));
            }
        }
    }

    #[test]
    fn jitter_spreads_over_its_range() {
        let mut random = Random::new(7);
        let (mut least, mut most) = (ms(10), ms(0));
        for round in 0..1000 {
            let last = Instant::from_nanos(round * 7_654_321);
            let after = next_packet(last, ms(10), 3, &mut random).since(last);
            (least, most) = (least.min(after), most.max(after));
        }
        assert!(least < Duration::from_micros(7_700), "{least:?}");
        assert!(most > Duration::from_micros(9_600), "{most:?}");
    }
}
