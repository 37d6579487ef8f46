//! `auth_hmac`: adverts signed with a shared key, and protected against being
//! sent again by somebody who recorded them.
//!
//! Keys have numbers, so that they can be changed without an interruption: give
//! every router the new key, then let each sign with it, then take the old one
//! away. How old a trailer may be depends on [`AntiReplay`]; that none is taken
//! twice is the work of [`ReplayMarks`], one mark for each sender.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::UnixTime;
use crate::wire::vrrp_hmac::{HmacSha256, Sequence};

/// How recorded adverts are told from new ones.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum AntiReplay {
    /// By the clock: a trailer must be of now, within the window.
    #[default]
    Time,
    /// By order alone, for routers whose clocks are not set.
    Monotonic,
}

/// Who has to sign.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Mode {
    /// Adverts are sent signed, and unsigned ones are dropped.
    #[default]
    Enforce,
    /// Adverts are sent signed, and unsigned ones are taken.
    Permissive,
    /// Adverts are sent unsigned, and a signature that is there is checked.
    ReceiveOnly,
}

/// What of the configuration decides about trailers of received adverts.
#[derive(Clone, Debug)]
pub struct Verify {
    /// All keys with their numbers.
    pub keys: Box<[(u8, HmacSha256)]>,
    /// Whether unsigned adverts are dropped.
    pub mode: Mode,
    /// How replay is told.
    pub anti_replay: AntiReplay,
    /// How far the clocks may be apart, for [`AntiReplay::Time`].
    pub window: Duration,
}

impl Verify {
    /// The key of a number.
    #[must_use]
    pub fn key(&self, id: u8) -> Option<&HmacSha256> {
        let found = self.keys.iter().find(|(known, _)| *known == id);
        found.map(|(_, key)| key)
    }

    /// Whether a number is further from a moment than the window.
    #[must_use]
    pub const fn is_outside(&self, sequence: Sequence, now: UnixTime) -> bool {
        sequence.ahead_of(Sequence::at(now)).unsigned_abs() > span(self.window)
    }

    /// Whether the clocks are apart by more than half of what is allowed, which
    /// is worth a warning before it ends in silence.
    #[must_use]
    pub fn is_skewed(&self, sequence: Sequence, now: UnixTime) -> bool {
        let apart = sequence.ahead_of(Sequence::at(now)).unsigned_abs();
        self.anti_replay == AntiReplay::Time && apart > span(self.window) / 2
    }
}

/// How own adverts are signed.
#[derive(Clone, Debug)]
pub struct Sign {
    /// The number of the key.
    pub key_id: u8,
    /// The key.
    pub key: HmacSha256,
    /// How replay is told.
    pub anti_replay: AntiReplay,
    /// How far the clocks may be apart, for [`AntiReplay::Time`].
    pub window: Duration,
}

impl Sign {
    /// The number of the next advert. It follows the clock and never goes back,
    /// save that after a clock that was far ahead it would be the stale one of
    /// all: then it starts from the clock again.
    #[must_use]
    pub fn next(&self, last: Option<Sequence>, now: UnixTime) -> Sequence {
        let clock = Sequence::at(now);
        let Some(last) = last else { return clock };
        let ahead = last.ahead_of(clock);
        let restart = self.anti_replay == AntiReplay::Time
            && ahead > 0
            && ahead.unsigned_abs() > span(self.window);
        if restart || clock.is_after(last) {
            clock
        } else {
            last.next()
        }
    }
}

/// A duration in the units of [`Sequence`].
const fn span(duration: Duration) -> u64 {
    Sequence::at(UnixTime(duration)).0
}

/// The last number taken from each sender. Unicast: of each peer. Multicast: of
/// the [`ReplayMarks::SENDERS`] heard last; only good signatures come here, so a
/// stranger cannot push a mark out.
#[derive(Clone, Debug, Default)]
pub struct ReplayMarks {
    /// The sender heard last stands last.
    marks: Vec<(IpAddr, Sequence)>,
    /// Unicast peers; none for multicast.
    peers: usize,
}

impl ReplayMarks {
    /// How many multicast senders are remembered.
    pub const SENDERS: usize = 4;

    /// Marks for a number of unicast peers; 0 for multicast.
    #[must_use]
    pub fn new(peers: usize) -> Self {
        Self {
            marks: Vec::with_capacity(peers.max(Self::SENDERS)),
            peers,
        }
    }

    /// The last number of a sender.
    #[must_use]
    pub fn of(&self, source: IpAddr) -> Option<Sequence> {
        let found = self.marks.iter().find(|(known, _)| *known == source);
        found.map(|(_, mark)| *mark)
    }

    /// An advert of a sender was taken.
    pub fn record(&mut self, source: IpAddr, sequence: Sequence) {
        let room = self.peers.max(Self::SENDERS);
        let place = self.marks.iter().position(|(known, _)| *known == source);
        let full = self.marks.len() >= room;
        if let Some(place) = place.or_else(|| full.then_some(0)) {
            self.marks.remove(place);
        }
        self.marks.push((source, sequence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime(Duration::from_secs(seconds))
    }

    fn sign(anti_replay: AntiReplay) -> Sign {
        Sign {
            key_id: 1,
            key: HmacSha256::new(&[7; 32]),
            anti_replay,
            window: Duration::from_secs(5),
        }
    }

    #[test]
    fn numbers_follow_the_clock_and_never_repeat() {
        let sign = sign(AntiReplay::Time);
        let first = sign.next(None, at(100));
        assert_eq!(first, Sequence::at(at(100)));
        assert_eq!(sign.next(Some(first), at(100)), first.next());
        assert_eq!(sign.next(Some(first), at(101)), Sequence::at(at(101)));
        assert_eq!(
            sign.next(Some(first), at(97)),
            first.next(),
            "set back a little"
        );
    }

    #[test]
    fn a_clock_set_back_far_starts_anew_only_where_the_clock_counts() {
        let last = Sequence::at(at(1000));
        let time = sign(AntiReplay::Time).next(Some(last), at(100));
        assert_eq!(time, Sequence::at(at(100)));
        assert_eq!(
            sign(AntiReplay::Monotonic).next(Some(last), at(100)),
            last.next()
        );
    }

    #[test]
    fn marks_of_the_last_four_senders() {
        let mut marks = ReplayMarks::new(0);
        let sender = |n: u8| IpAddr::from([10, 0, 0, n]);
        for n in 1..=4 {
            marks.record(sender(n), Sequence(u64::from(n)));
        }
        marks.record(sender(1), Sequence(11));
        marks.record(sender(5), Sequence(5));
        assert_eq!(marks.of(sender(1)), Some(Sequence(11)));
        assert_eq!(marks.of(sender(2)), None, "not heard for longest");
        assert_eq!(marks.of(sender(5)), Some(Sequence(5)));
    }

    #[test]
    fn every_peer_has_its_mark() {
        let mut marks = ReplayMarks::new(6);
        for n in 1..=6 {
            marks.record([10, 0, 0, n].into(), Sequence(u64::from(n)));
        }
        assert_eq!(marks.of([10, 0, 0, 1].into()), Some(Sequence(1)));
    }
}
