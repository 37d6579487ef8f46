//! Virtual services: what the kernel knows one by, and what it does.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::Family;

/// Transport protocol of a virtual service.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// All.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The protocol with an Internet protocol number.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            6 => Some(Self::Tcp),
            17 => Some(Self::Udp),
            132 => Some(Self::Sctp),
            _ => None,
        }
    }

    /// Its Internet protocol number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }

    /// Its name in small letters, as messages about a service have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// Its name in capitals, as dumps have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the kernel knows a virtual service by.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ServiceKey {
    /// Packets to an address and port; port 0 takes those no other service has
    /// (the kernel wants persistence for it).
    Address {
        /// Transport protocol.
        protocol: Protocol,
        /// Virtual address.
        address: IpAddr,
        /// Virtual port.
        port: u16,
    },
    /// Packets with a firewall mark.
    Mark {
        /// Family of the packets: the same mark can serve both.
        family: Family,
        /// The mark, not 0.
        mark: u32,
    },
}

impl ServiceKey {
    /// Family of the packets it takes.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Address { address, .. } => Family::of(address),
            Self::Mark { family, .. } => *family,
        }
    }

    /// The virtual port; 0 for a firewall mark.
    #[must_use]
    pub const fn port(&self) -> u16 {
        match self {
            Self::Address { port, .. } => *port,
            Self::Mark { .. } => 0,
        }
    }
}

/// `[192.0.2.1]:tcp:80` and `FWM 7`, as log messages have it.
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address {
                protocol,
                address,
                port,
            } => {
                write!(f, "[{address}]:{}:{port}", protocol.word())
            }
            Self::Mark { mark, .. } => write!(f, "FWM {mark}"),
        }
    }
}

/// The name of a scheduler or persistence engine: 1 to 15 octets
/// (`IP_VS_SCHEDNAME_MAXLEN`, `IP_VS_PENAME_MAXLEN`). Kept in place, since a
/// table has one for each service.
#[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Name([u8; Self::MAX]);

impl Name {
    /// The longest name, in octets.
    pub const MAX: usize = 15;

    /// A name of printable octets without blanks, or nothing.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let mut octets = [0; Self::MAX];
        let room = octets.get_mut(..name.len())?;
        room.copy_from_slice(name.as_bytes());
        let is_good = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic());
        is_good.then_some(Self(octets))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.0.split(|&octet| octet == 0).next();
        text.and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Flags of a service that are configured (`IP_VS_SVC_F_*`). That it is
/// persistent follows from [`Service::persistence`], and that it is hashed is
/// the kernel's own affair.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct ServiceFlags(u8);

impl ServiceFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// One-packet scheduling: each datagram is scheduled on its own (`ops`).
    pub const ONE_PACKET: Self = Self(0x04);
    /// First flag of the scheduler: `sh-fallback`, `mh-fallback`, `flag-1`.
    pub const SCHEDULER_1: Self = Self(0x08);
    /// Second flag of the scheduler: `sh-port`, `mh-port`, `flag-2`.
    pub const SCHEDULER_2: Self = Self(0x10);
    /// Third flag of the scheduler: `flag-3`.
    pub const SCHEDULER_3: Self = Self(0x20);
    const KNOWN: u32 = 0x3c;

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of the kernel's word that are configured.
    #[must_use]
    pub const fn from_kernel(word: u32) -> Self {
        let [low, ..] = (word & Self::KNOWN).to_le_bytes();
        Self(low)
    }

    /// The kernel's word for them.
    #[must_use]
    pub fn to_kernel(self) -> u32 {
        u32::from(self.0)
    }
}

/// Which clients count as one for persistence: the leading bits of their
/// address that are compared, and nothing else about it. An IPv4 mask may have
/// holes, so it is a mask there and a length for IPv6.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Granularity {
    /// IPv4: the bits that count, the first octet in the highest bits.
    Mask(u32),
    /// IPv6: how many leading bits count, 1 to 128.
    Prefix(u8),
}

impl Granularity {
    /// Every client for itself.
    #[must_use]
    pub const fn host(family: Family) -> Self {
        match family {
            Family::V4 => Self::Mask(u32::MAX),
            Family::V6 => Self::Prefix(128),
        }
    }
}

/// A client stays with its real server.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Persistence {
    /// How long after the last connection, in seconds, not 0.
    pub timeout: u32,
    /// Which clients count as one.
    pub granularity: Granularity,
    /// Persistence engine: what else than the address makes a client (`sip`).
    pub engine: Option<Name>,
}

/// What a virtual service does. All of it can be changed in place.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Service {
    /// How connections are distributed (`wlc`, `rr` ...).
    pub scheduler: Name,
    /// Flags.
    pub flags: ServiceFlags,
    /// Whether and how clients stay with their server.
    pub persistence: Option<Persistence>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_to_fifteen_octets() {
        assert_eq!(Name::new("wlc").unwrap().as_str(), "wlc");
        let longest = "a".repeat(15);
        assert_eq!(Name::new(&longest).unwrap().to_string(), longest);
        for bad in ["", "a b", "a\0b", "ä", "aaaaaaaaaaaaaaaa"] {
            assert_eq!(Name::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn keys_are_written_as_in_messages() {
        let key = ServiceKey::Address {
            protocol: Protocol::Tcp,
            address: "2001:db8::1".parse().unwrap(),
            port: 443,
        };
        assert_eq!(key.to_string(), "[2001:db8::1]:tcp:443");
        let key = ServiceKey::Mark {
            family: Family::V4,
            mark: 7,
        };
        assert_eq!(key.to_string(), "FWM 7");
    }
}
