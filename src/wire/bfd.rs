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

use std::fmt;

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
pub struct Diagnostic(u8);

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    /// What Debian's keepalived sends after it has come up.
    const RECORDED: &str = "20 e0 03 18 ced7b182 ced7b183 0000c350 0000c351 00000000";

    fn recorded() -> Control {
        Control {
            state: State::Up,
            is_poll: true,
            multiplier: 3,
            my_discriminator: 0xced7_b182,
            your_discriminator: 0xced7_b183,
            desired_min_tx: 50_000,
            required_min_rx: 50_001,
            ..Control::default()
        }
    }

    #[test]
    fn a_recorded_packet_is_read_and_written() {
        let octets = hex(RECORDED);
        assert_eq!(Control::parse(&octets), Ok(recorded()));
        assert_eq!(recorded().emit()[..], octets);
    }

    #[test]
    fn octets_behind_the_packet_are_no_matter() {
        let mut octets = hex(RECORDED);
        octets.extend([0xff; 9]);
        assert_eq!(Control::parse(&octets), Ok(recorded()));
    }

    #[test]
    fn each_check_of_the_rfc_has_its_reason() {
        use Malformed as M;
        let changes: [(usize, u8, M); 13] = [
            (0, 0x40, M::Version),
            (0, 0x00, M::Version),
            (3, 23, M::Length),
            (3, 25, M::Length),
            (2, 0, M::Multiplier),
            (1, 0xe1, M::Multipoint),
            (1, 0xf0, M::PollAndFinal),
            (0, 0x29, M::Diagnostic),
            (0, 0x3f, M::Diagnostic),
            (1, 0xe4, M::Length),
            (4, 0, M::MyDiscriminator),
            (8, 0, M::YourDiscriminator),
            (3, 0, M::Length),
        ];
        for (place, value, reason) in changes {
            let mut octets = hex(RECORDED);
            octets[place] = value;
            if matches!(reason, M::MyDiscriminator | M::YourDiscriminator) {
                octets[place..place + 4].fill(0);
            }
            assert_eq!(Control::parse(&octets), Err(reason), "{place} {value:#x}");
        }
        assert_eq!(Control::parse(&[]), Err(M::Length));
        assert_eq!(Control::parse(&hex(RECORDED)[..23]), Err(M::Length));
    }

    #[test]
    fn earlier_checks_of_the_rfc_win() {
        assert_eq!(Control::parse(&[0; 24]), Err(Malformed::Version));
        let all_wrong = hex("20 e1 00 18 00000000 00000000 00000000 00000000 00000000");
        assert_eq!(Control::parse(&all_wrong), Err(Malformed::Multiplier));
    }

    #[test]
    fn authentication_is_refused_as_such() {
        let mut octets = hex(RECORDED);
        octets[1] |= 4;
        octets[3] = 28;
        octets.extend([1, 4, 1, 0]);
        assert_eq!(Control::parse(&octets), Err(Malformed::Authentication));
    }

    #[test]
    fn the_unknown_receiver_is_for_sessions_that_are_down() {
        for (state, is_good) in [
            (State::AdminDown, true),
            (State::Down, true),
            (State::Init, false),
            (State::Up, false),
        ] {
            let packet = Control {
                state,
                your_discriminator: 0,
                ..recorded()
            };
            assert_eq!(Control::parse(&packet.emit()).is_ok(), is_good, "{state:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_as_it_was(
            mut octets in proptest::collection::vec(any::<u8>(), 0..64),
            make_likely: bool,
        ) {
            if make_likely && octets.len() >= LEN {
                octets[0] = 0x20 | octets[0] & 0x0f;
                octets[1] &= !(AUTHENTICATION | MULTIPOINT);
                octets[3] = 24;
            }
            if let Ok(packet) = Control::parse(&octets) {
                let written = packet.emit();
                // Only the length may differ: octets behind the packet are not kept.
                prop_assert_eq!(&written[..3], &octets[..3]);
                prop_assert_eq!(&written[4..], &octets[4..LEN]);
                prop_assert_eq!(Control::parse(&written), Ok(packet));
            }
        }
    }
}
