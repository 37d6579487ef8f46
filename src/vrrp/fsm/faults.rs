//! Why an instance may not run: a set, so that the end of one fault does not
//! hide another.

/// A fault that is not a tracker without weight.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum FaultKind {
    /// There is no address to send from.
    Source,
    /// The instance's interface does not exist or cannot be used.
    Interface,
    /// Another instance has the same VRID on the same interface.
    Duplicate,
    /// The configuration leaves nothing that could work.
    Configuration,
    /// A tracker (script, process, file) without weight is bad.
    Tracker,
    /// Another member of the sync group has a fault.
    Group,
}

impl FaultKind {
    /// All kinds, those nothing but a new configuration ends first.
    pub const ALL: [Self; 6] = [
        Self::Configuration,
        Self::Duplicate,
        Self::Interface,
        Self::Source,
        Self::Tracker,
        Self::Group,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The faults of one instance.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FaultSet {
    kinds: u8,
    trackers: u16,
}

impl FaultSet {
    /// Whether nothing keeps the instance from running.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.kinds == 0 && self.trackers == 0
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: FaultKind) -> bool {
        self.kinds & kind.bit() != 0
    }

    /// Whether there is a fault of the instance itself, not only of its group.
    #[must_use]
    pub const fn is_own(self) -> bool {
        self.kinds & !FaultKind::Group.bit() != 0 || self.trackers > 0
    }

    /// How many trackers without weight, interfaces included, are bad.
    #[must_use]
    pub const fn trackers(self) -> u16 {
        self.trackers
    }

    /// Put a kind in or take it out.
    pub const fn set(&mut self, kind: FaultKind, on: bool) {
        if on {
            self.kinds |= kind.bit();
        } else {
            self.kinds &= !kind.bit();
        }
    }

    /// Count one more tracker in its bad state, or one less.
    pub const fn count_tracker(&mut self, on: bool) {
        self.trackers = if on {
            self.trackers.saturating_add(1)
        } else {
            self.trackers.saturating_sub(1)
        };
    }

    /// Some kind of the set, the most telling first.
    #[must_use]
    pub fn first(self) -> Option<FaultKind> {
        FaultKind::ALL.into_iter().find(|kind| self.contains(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_one_fault_hides_no_other() {
        let mut faults = FaultSet::default();
        faults.set(FaultKind::Source, true);
        faults.set(FaultKind::Source, true);
        faults.set(FaultKind::Tracker, true);
        faults.count_tracker(true);
        faults.count_tracker(true);
        faults.set(FaultKind::Source, false);
        assert!(!faults.contains(FaultKind::Source));
        assert_eq!(faults.first(), Some(FaultKind::Tracker));
        faults.set(FaultKind::Tracker, false);
        faults.count_tracker(false);
        assert!(!faults.is_empty());
        assert_eq!((faults.trackers(), faults.first()), (1, None));
        faults.count_tracker(false);
        assert!(faults.is_empty());
    }
}
