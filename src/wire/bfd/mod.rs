//! BFD control packets (RFC 5880 section 4.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
//! |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
//! +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
//! |                       My Discriminator                        |
//! |                      Your Discriminator                       |
//! |                    Desired Min TX Interval                    |
//! |                   Required Min RX Interval                    |
//! |                 Required Min Echo RX Interval                 |
//! +---------------------------------------------------------------+
//! ```
//!
//! [`Control::parse`] makes the checks of section 6.8.6 that need no session, in
//! its order; the intervals are microseconds.

mod session;
#[cfg(test)]
mod tests;

use std::fmt;

pub use session::{Diagnostic, State};

use super::reader::Reader;

/// Octets of a packet without authentication.
pub const LEN: usize = 24;
/// Octets of the shortest authentication section.
const AUTH_LEN: usize = 2;
const VERSION: u8 = 1;

const POLL: u8 = 0x20;
const FINAL: u8 = 0x10;
const CONTROL_PLANE_INDEPENDENT: u8 = 0x08;
const AUTHENTICATION: u8 = 0x04;
const DEMAND: u8 = 0x02;
const MULTIPOINT: u8 = 0x01;

/// A control packet without authentication.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Control {
    /// Why the sender's session changed state last.
    pub diagnostic: Diagnostic,
    /// The sender's state.
    pub state: State,
    /// It wants an answer with [`Self::is_final`].
    pub is_poll: bool,
    /// It answers a poll.
    pub is_final: bool,
    /// The sender's BFD outlives its control plane.
    pub control_plane_independent: bool,
    /// The receiver is to cease its periodic packets.
    pub demand: bool,
    /// How many packets may be missed; not 0.
    pub multiplier: u8,
    /// The sender's number of the session; not 0.
    pub my_discriminator: u32,
    /// The receiver's, 0 as long as it is unknown.
    pub your_discriminator: u32,
    /// The least interval the sender would like to send at, in microseconds.
    pub desired_min_tx: u32,
    /// The least interval the sender can receive at, in microseconds; 0: the
    /// receiver is not to send periodically.
    pub required_min_rx: u32,
    /// The same of echo packets, in microseconds; 0: none.
    pub required_min_echo_rx: u32,
}

/// Why octets are no packet for any session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Malformed {
    /// Not version 1.
    Version,
    /// Shorter than a packet, or shorter than it says, or it says nonsense.
    Length,
    /// `Detect Mult` is 0.
    Multiplier,
    /// The multipoint bit is set.
    Multipoint,
    /// `My Discriminator` is 0.
    MyDiscriminator,
    /// `Your Discriminator` is 0 in a state other than Down and `AdminDown`.
    YourDiscriminator,
    /// Both poll and final.
    PollAndFinal,
    /// A reserved diagnostic.
    Diagnostic,
    /// With authentication, which nobody has configured.
    Authentication,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "unsupported version",
            Self::Length => "invalid length",
            Self::Multiplier => "detection multiplier 0",
            Self::Multipoint => "multipoint flag set",
            Self::MyDiscriminator => "my discriminator 0",
            Self::YourDiscriminator => "your discriminator 0 in a state other than Down",
            Self::PollAndFinal => "both poll and final",
            Self::Diagnostic => "reserved diagnostic",
            Self::Authentication => "unexpected authentication",
        })
    }
}

impl Control {
    /// The packet in a datagram.
    ///
    /// # Errors
    /// The first check of RFC 5880 section 6.8.6 that fails. Two are ours: poll and
    /// final exclude each other (section 6.5), and diagnostics beyond 8 are reserved
    /// (section 4.1).
    pub fn parse(datagram: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(datagram);
        let fixed = |octet: Option<u8>| octet.ok_or(Malformed::Length);
        let first = fixed(reader.u8())?;
        if first >> 5 != VERSION {
            return Err(Malformed::Version);
        }
        let flags = fixed(reader.u8())?;
        let multiplier = fixed(reader.u8())?;
        let length = usize::from(fixed(reader.u8())?);
        let has_authentication = flags & AUTHENTICATION != 0;
        let least = if has_authentication {
            LEN + AUTH_LEN
        } else {
            LEN
        };
        if length < least || length > datagram.len() {
            return Err(Malformed::Length);
        }
        if multiplier == 0 {
            return Err(Malformed::Multiplier);
        }
        if flags & MULTIPOINT != 0 {
            return Err(Malformed::Multipoint);
        }
        let mut number = || reader.u32().ok_or(Malformed::Length);
        let packet = Self {
            diagnostic: Diagnostic(first & 0x1f),
            state: State::from_bits(flags >> 6),
            is_poll: flags & POLL != 0,
            is_final: flags & FINAL != 0,
            control_plane_independent: flags & CONTROL_PLANE_INDEPENDENT != 0,
            demand: flags & DEMAND != 0,
            multiplier,
            my_discriminator: number()?,
            your_discriminator: number()?,
            desired_min_tx: number()?,
            required_min_rx: number()?,
            required_min_echo_rx: number()?,
        };
        packet.check()?;
        if has_authentication {
            return Err(Malformed::Authentication);
        }
        Ok(packet)
    }

    fn check(&self) -> Result<(), Malformed> {
        let is_down = matches!(self.state, State::Down | State::AdminDown);
        if self.my_discriminator == 0 {
            Err(Malformed::MyDiscriminator)
        } else if self.your_discriminator == 0 && !is_down {
            Err(Malformed::YourDiscriminator)
        } else if self.is_poll && self.is_final {
            Err(Malformed::PollAndFinal)
        } else if Diagnostic::new(self.diagnostic.0).is_none() {
            Err(Malformed::Diagnostic)
        } else {
            Ok(())
        }
    }

    /// The packet as octets.
    #[must_use]
    pub fn emit(&self) -> [u8; LEN] {
        let flag = |is_set, bit| if is_set { bit } else { 0 };
        let flags = self.state.to_bits() << 6
            | flag(self.is_poll, POLL)
            | flag(self.is_final, FINAL)
            | flag(self.control_plane_independent, CONTROL_PLANE_INDEPENDENT)
            | flag(self.demand, DEMAND);
        let head = [
            VERSION << 5 | self.diagnostic.0 & 0x1f,
            flags,
            self.multiplier,
            24,
        ];
        let numbers = [
            self.my_discriminator,
            self.your_discriminator,
            self.desired_min_tx,
            self.required_min_rx,
            self.required_min_echo_rx,
        ];
        let octets = numbers.iter().flat_map(|number| number.to_be_bytes());
        let mut packet = [0; LEN];
        for (to, from) in packet.iter_mut().zip(head.into_iter().chain(octets)) {
            *to = from;
        }
        packet
    }
}
