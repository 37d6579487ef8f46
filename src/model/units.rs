//! Quantities with their ranges in the type.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A VRRP priority as sent on the wire: 0 gives mastership up, 255 owns the
/// addresses, 1 to 254 are for backups (RFC 9568 section 5.2.4).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Priority(pub u8);

impl Priority {
    /// "I no longer take part" (RFC 9568 section 5.2.4).
    pub const GIVE_UP: Self = Self(0);
    /// The default of a router that is not the owner.
    pub const DEFAULT: Self = Self(100);
    /// The owner of the virtual addresses.
    pub const OWNER: Self = Self(255);

    /// Whether this is the address owner's priority.
    #[must_use]
    pub const fn is_owner(self) -> bool {
        self.0 == 255
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A virtual router identifier, 1 to 255 (RFC 9568 section 5.2.3).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Vrid(pub u8);

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Wall-clock time: how long after 1970-01-01 00:00 UTC. Where time matters to a
/// protocol it comes as an argument, like every clock.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct UnixTime(pub std::time::Duration);
