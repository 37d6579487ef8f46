//! Which lines were written already.

use super::RejectionKind;

/// Which complaints were made already: each kind is logged once, until an
/// advert of a new master is accepted or the instance becomes or leaves master.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Complaints(u32);

impl Complaints {
    /// Whether this kind was not logged yet; from now on it was.
    pub const fn is_first(&mut self, kind: RejectionKind) -> bool {
        const { assert!(RejectionKind::COUNT <= 32, "one bit for each kind") };
        let bit = 1 << kind.index();
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first
    }

    /// The same for an address list that is not the own one, of which an accepted
    /// advert may have any number.
    pub const fn is_first_difference(&mut self) -> bool {
        const { assert!(RejectionKind::COUNT < 32, "the last bit is free") };
        let first = self.0 >> 31 == 0;
        self.0 |= 1 << 31;
        first
    }

    /// Forgets all.
    pub const fn clear(&mut self) {
        self.0 = 0;
    }
}
