//! What a packet says of the sender's session: its state, and why it changed.

use std::fmt;

/// The state of a session (`Sta`).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum State {
    /// Held down by its operator.
    AdminDown,
    /// Down, or just begun.
    #[default]
    Down,
    /// The neighbour is heard, and does not hear us yet.
    Init,
    /// Both hear each other.
    Up,
}

impl State {
    /// The name the RFC has.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdminDown => "AdminDown",
            Self::Down => "Down",
            Self::Init => "Init",
            Self::Up => "Up",
        }
    }

    /// The state of a number, of which two bits count.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::AdminDown,
            1 => Self::Down,
            2 => Self::Init,
            _ => Self::Up,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn to_bits(self) -> u8 {
        match self {
            Self::AdminDown => 0,
            Self::Down => 1,
            Self::Init => 2,
            Self::Up => 3,
        }
    }
}

/// Why a session changed state last (`Diag`).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Diagnostic(pub(super) u8);

impl Diagnostic {
    /// Nothing to tell.
    pub const NONE: Self = Self(0);
    /// Nothing was heard for the detection time.
    pub const EXPIRED: Self = Self(1);
    /// The neighbour has said that its session is down.
    pub const NEIGHBOUR_DOWN: Self = Self(3);
    /// Held down by the operator.
    pub const ADMINISTRATIVELY_DOWN: Self = Self(7);

    const NAMES: [&'static str; 9] = [
        "No Diagnostic",
        "Control Detection Time Expired",
        "Echo Function Failed",
        "Neighbor Signaled Session Down",
        "Forwarding Plane Reset",
        "Path Down",
        "Concatenated Path Down",
        "Administratively Down",
        "Reverse Concatenated Path Down",
    ];

    /// The value of a number; nothing for those the RFC reserves.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (usize::from(number) < Self::NAMES.len()).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.get(usize::from(self.0));
        f.write_str(name.copied().unwrap_or("Reserved"))
    }
}
