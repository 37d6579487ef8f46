//! What an instance depends on, and the one rule for all kinds of it.
//!
//! | state of the source | weight above 0 | weight below 0 | weight 0 |
//! |---|---|---|---|
//! | good | adds the weight | adds nothing | |
//! | bad | adds nothing | adds the weight | fault |
//! | a number | adds the product | adds the product | fault unless it is 0 |
//! | unknown | adds nothing | adds nothing | the instance waits in INIT |
//!
//! `reverse` multiplies what is added by -1, and turns the condition of the
//! fault round. A product of -254 or less is a fault, above 253 it counts as 253.

use super::policy::InterfaceKey;

/// The least a tracker may add. A number that adds less is a fault.
const WEIGHT_MIN: i32 = -253;
/// The most a tracker may add.
const WEIGHT_MAX: i32 = 253;

/// A tracker that is no interface: its place among those of its kind, in the
/// order of the configuration.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TrackerKey {
    /// `vrrp_script`
    Script(u32),
    /// `track_file`
    File(u32),
    /// `vrrp_track_process`
    Process(u32),
    /// `bfd_instance`
    Bfd(u32),
}

/// Something tracked.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TrackSource {
    /// An interface.
    Interface(InterfaceKey),
    /// Anything else.
    Tracker(TrackerKey),
}

/// What is known of a source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Status {
    /// Nothing yet.
    #[default]
    Unknown,
    /// Up, or succeeded.
    Good,
    /// Down, or failed.
    Bad,
    /// The number in a file.
    Value(i32),
}

impl Status {
    /// Good or bad.
    #[must_use]
    pub const fn good(is_good: bool) -> Self {
        if is_good { Self::Good } else { Self::Bad }
    }
}

impl TrackSource {
    /// What is known of it before anything is said: interfaces count as down.
    #[must_use]
    pub const fn initial(self) -> Status {
        match self {
            Self::Interface(_) => Status::Bad,
            Self::Tracker(_) => Status::Unknown,
        }
    }
}

/// A source tracked by an instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Track {
    /// Which.
    pub source: TrackSource,
    /// -254 to 254.
    pub weight: i16,
    /// Inverts the contribution, or with weight zero the condition of the fault.
    pub reverse: bool,
}

impl Track {
    /// A tracked interface without weight: a fault while it is down.
    #[must_use]
    pub const fn interface(key: InterfaceKey) -> Self {
        Self {
            source: TrackSource::Interface(key),
            weight: 0,
            reverse: false,
        }
    }

    /// What the source adds to the priority; nothing while it is a fault.
    #[must_use]
    pub fn contribution(self, status: Status) -> i32 {
        if self.is_fault(status) {
            return 0;
        }
        let weight = i32::from(self.weight);
        let sum = match status {
            Status::Good if weight > 0 => weight,
            Status::Bad if weight < 0 => weight,
            Status::Good | Status::Bad | Status::Unknown => 0,
            Status::Value(value) => value.saturating_mul(weight),
        };
        let signed = if self.reverse {
            sum.saturating_neg()
        } else {
            sum
        };
        signed.clamp(WEIGHT_MIN, WEIGHT_MAX)
    }

    /// Whether the source keeps the instance from running.
    #[must_use]
    pub fn is_fault(self, status: Status) -> bool {
        match (status, self.weight) {
            (Status::Unknown, _) => false,
            (Status::Good | Status::Bad, 0) => (status == Status::Good) == self.reverse,
            (Status::Good | Status::Bad, _) => false,
            (Status::Value(value), 0) => (value == 0) == self.reverse,
            (Status::Value(value), weight) => {
                let product = value.saturating_mul(i32::from(weight));
                let signed = if self.reverse {
                    product.saturating_neg()
                } else {
                    product
                };
                signed < WEIGHT_MIN
            }
        }
    }

    /// Whether the instance has to wait for the source.
    #[must_use]
    pub fn is_awaited(self, status: Status) -> bool {
        self.weight == 0 && status == Status::Unknown
    }
}

/// What an instance knows of a source it tracks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Known {
    /// How the source is.
    pub status: Status,
    /// What it adds to the priority; while it is a fault, what it added before.
    pub adds: i32,
}

impl Known {
    /// What is known of a source that has just this status.
    #[must_use]
    pub fn of(track: Track, status: Status) -> Self {
        Self {
            status,
            adds: track.contribution(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn track(weight: i16, reverse: bool) -> Track {
        Track {
            source: TrackSource::Tracker(TrackerKey::File(0)),
            weight,
            reverse,
        }
    }

    #[test]
    fn a_weight_counts_while_good_or_while_bad() {
        let all = |track: Track| {
            [Status::Good, Status::Bad, Status::Unknown].map(|status| track.contribution(status))
        };
        assert_eq!(all(track(20, false)), [20, 0, 0]);
        assert_eq!(all(track(-20, false)), [0, -20, 0]);
        assert_eq!(all(track(20, true)), [-20, 0, 0]);
        assert_eq!(all(track(-20, true)), [0, 20, 0]);
        assert_eq!(all(track(0, false)), [0, 0, 0]);
    }

    #[test]
    fn without_a_weight_it_is_a_fault() {
        let all = |track: Track| {
            [Status::Good, Status::Bad, Status::Unknown].map(|status| track.is_fault(status))
        };
        assert_eq!(all(track(0, false)), [false, true, false]);
        assert_eq!(all(track(0, true)), [true, false, false]);
        assert_eq!(all(track(1, false)), [false; 3]);
        assert!(track(0, false).is_awaited(Status::Unknown));
        assert!(!track(-1, false).is_awaited(Status::Unknown));
        assert!(!track(0, false).is_awaited(Status::Bad));
    }

    #[test]
    fn a_number_is_multiplied() {
        let sum =
            |weight, reverse, value| track(weight, reverse).contribution(Status::Value(value));
        assert_eq!(sum(2, false, 3), 6);
        assert_eq!(sum(2, false, -20), -40);
        assert_eq!(sum(-3, false, 5), -15);
        assert_eq!(sum(2, true, 3), -6);
        assert_eq!(sum(1, false, 1000), 253);
        assert_eq!(sum(254, true, i32::MIN), 253);
        assert_eq!(sum(0, false, 9), 0);
    }

    #[test]
    fn a_number_may_be_a_fault() {
        let fault = |weight, reverse, value| track(weight, reverse).is_fault(Status::Value(value));
        assert!(!fault(0, false, 0) && fault(0, false, 1) && fault(0, false, -1));
        assert!(fault(0, true, 0) && !fault(0, true, 1));
        assert!(!fault(1, false, -253) && fault(1, false, -254));
        assert!(fault(-1, false, 254) && !fault(-1, false, -254));
        assert!(fault(1, true, 254) && fault(254, false, i32::MIN));
        assert!(!fault(1, false, 1000));
    }
}
