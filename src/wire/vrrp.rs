//! VRRP advertisements of versions 2 and 3.
//!
//! Version 2 (RFC 3768 section 5.1; authentication: RFC 2338 section 5.3.6):
//!
//! ```text
//!  0               1               2               3
//! +-------+-------+---------------+---------------+---------------+
//! |   2   | type 1|     VRID      |   priority    |     count     |  0
//! +-------+-------+---------------+---------------+---------------+
//! |   auth type   | interval (s)  |           checksum            |  4
//! +---------------+---------------+-------------------------------+
//! |                    count x address                            |  8
//! +---------------------------------------------------------------+
//! |           authentication data, 8 octets, IPv4 only            |
//! +---------------------------------------------------------------+
//! ```
//!
//! The 8 octets are there for every authentication type: the password padded
//! with NUL for type 1, else zeros. Version 2 over IPv6, which no RFC has but
//! keepalived sends, has none.
//!
//! Version 3 (RFC 9568 section 5.1):
//!
//! ```text
//!  0               1               2               3
//! +-------+-------+---------------+---------------+---------------+
//! |   3   | type 1|     VRID      |   priority    |     count     |  0
//! +-------+-------+---------------+---------------+---------------+
//! |  rsvd |    interval (10 ms)   |           checksum            |  4
//! +-------+-----------------------+-------------------------------+
//! |                    count x address                            |  8
//! +---------------------------------------------------------------+
//! ```
//!
//! The checksum of version 2 on IPv4 covers the packet; in version 3 also a
//! pseudo header (RFC 9568 section 5.2.8); on IPv6 the kernel computes and
//! verifies it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::PROTOCOL_VRRP;
use super::checksum::Checksum;
use crate::model::{Family, Priority, Vrid};

/// Octets in front of the addresses.
pub const HEADER_LEN: usize = 8;
/// Octets of the authentication data of version 2 on IPv4.
pub const AUTH_DATA_LEN: usize = 8;
/// Where the priority is; the count follows it.
pub const PRIORITY_OFFSET: usize = 2;
/// Where the checksum is; also for `IPV6_CHECKSUM`.
pub const CHECKSUM_OFFSET: usize = 6;
/// The only packet type (RFC 9568 section 5.2.2).
pub const TYPE_ADVERTISEMENT: u8 = 1;
/// The group of IPv4 (RFC 9568 section 5.1.1.2).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// The group of IPv6 (RFC 9568 section 5.1.2.2).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
/// Authentication type 0: none.
pub const AUTH_NONE: u8 = 0;
/// Authentication type 1: a password in clear text.
pub const AUTH_PASS: u8 = 1;
/// Authentication type 2: IPsec authentication header.
pub const AUTH_AH: u8 = 2;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Version {
    /// RFC 3768.
    V2,
    /// RFC 5798 and RFC 9568.
    V3,
}

impl Version {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// Octets an advertisement of `count` addresses has; `version` is the number
/// in the packet, and only 2 has authentication data.
#[must_use]
pub const fn packet_len(version: u8, family: Family, count: u8) -> usize {
    HEADER_LEN + count as usize * family.address_len() + auth_data_len(version, family)
}

const fn auth_data_len(version: u8, family: Family) -> usize {
    match family {
        Family::V4 if version == 2 => AUTH_DATA_LEN,
        Family::V4 | Family::V6 => 0,
    }
}

/// A received advertisement of any version and type.
#[derive(Clone, Copy, Debug)]
pub struct Advert<'a> {
    header: &'a [u8; HEADER_LEN],
    addresses: &'a [u8],
    auth_data: Option<&'a [u8; AUTH_DATA_LEN]>,
    octets: &'a [u8],
    trailer: &'a [u8],
    family: Family,
}

impl<'a> Advert<'a> {
    /// The advertisement at the front of an IP payload of `family`; octets
    /// beyond it become the [`trailer`](Self::trailer).
    #[must_use]
    pub fn parse(payload: &'a [u8], family: Family) -> Option<Self> {
        let (header, rest) = payload.split_first_chunk::<HEADER_LEN>()?;
        let &[version_and_type, _, _, count, ..] = header;
        let version = version_and_type >> 4;
        let (addresses, rest) = rest.split_at_checked(usize::from(count) * family.address_len())?;
        let auth_data = match auth_data_len(version, family) {
            0 => None,
            _ => Some(rest.first_chunk()?),
        };
        let (octets, trailer) = payload.split_at_checked(packet_len(version, family, count))?;
        Some(Self {
            header,
            addresses,
            auth_data,
            octets,
            trailer,
            family,
        })
    }

    /// The number in the version field, 0 to 15.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.header[0] >> 4
    }

    /// The packet type, 0 to 15.
    #[must_use]
    pub const fn packet_type(&self) -> u8 {
        self.header[0] & 0x0f
    }

    /// The virtual router.
    #[must_use]
    pub const fn vrid(&self) -> Vrid {
        Vrid(self.header[1])
    }

    /// The sender's priority.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        Priority(self.header[2])
    }

    /// How many addresses it lists.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.header[3]
    }

    /// The authentication type of version 2; meaningless in version 3.
    #[must_use]
    pub const fn auth_type(&self) -> u8 {
        self.header[4]
    }

    /// The sender's interval: whole seconds in version 2, else 10 ms steps.
    #[must_use]
    pub fn interval(&self) -> Duration {
        let [.., high, low, _, _] = *self.header;
        if self.version() == 2 {
            Duration::from_secs(u64::from(low))
        } else {
            Duration::from_millis(u64::from(u16::from_be_bytes([high & 0x0f, low])) * 10)
        }
    }

    /// The checksum field.
    #[must_use]
    pub const fn checksum(&self) -> u16 {
        let [.., high, low] = *self.header;
        u16::from_be_bytes([high, low])
    }

    /// The authentication data of version 2 on IPv4.
    #[must_use]
    pub const fn auth_data(&self) -> Option<&'a [u8; AUTH_DATA_LEN]> {
        self.auth_data
    }

    /// The address list as octets.
    #[must_use]
    pub const fn address_octets(&self) -> &'a [u8] {
        self.addresses
    }

    /// The addresses in the order they were sent.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<'a> {
        let (v4, v6) = match self.family {
            Family::V4 => (self.addresses.as_chunks::<4>().0, &[][..]),
            Family::V6 => (&[][..], self.addresses.as_chunks::<16>().0),
        };
        let v4 = v4.iter().map(|&octets| IpAddr::V4(Ipv4Addr::from(octets)));
        v4.chain(v6.iter().map(|&octets| IpAddr::V6(Ipv6Addr::from(octets))))
    }

    /// The whole advertisement without trailer: what the checksum covers on IPv4.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Octets behind the advertisement: padding or a signature.
    #[must_use]
    pub const fn trailer(&self) -> &'a [u8] {
        self.trailer
    }

    /// Whether the checksum fits without a pseudo header (version 2).
    #[must_use]
    pub fn checksum_fits(&self) -> bool {
        Checksum::new().cover(self.octets).is_valid()
    }

    /// Whether the checksum fits with the pseudo header of the family. Addresses
    /// of the other family never fit.
    #[must_use]
    pub fn checksum_fits_between(&self, src: IpAddr, dst: IpAddr) -> bool {
        pseudo_header(src, dst, self.octets.len())
            .is_some_and(|pseudo| pseudo.cover(self.octets).is_valid())
    }
}

/// The pseudo header of a VRRP packet of `length` octets; nothing for mixed families.
#[must_use]
pub fn pseudo_header(src: IpAddr, dst: IpAddr, length: usize) -> Option<Checksum> {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let length = u16::try_from(length).ok()?;
            Some(Checksum::pseudo_v4(src, dst, PROTOCOL_VRRP, length))
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let length = u32::try_from(length).ok()?;
            Some(Checksum::pseudo_v6(src, dst, PROTOCOL_VRRP, length))
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    }
}

/// The fields of an advertisement to send.
#[derive(Clone, Copy, Debug)]
pub struct AdvertRepr<'a> {
    /// Version.
    pub version: Version,
    /// Family of the IP header, and so of the addresses.
    pub family: Family,
    /// Virtual router.
    pub vrid: Vrid,
    /// Priority.
    pub priority: Priority,
    /// Own interval; version 2 sends 1 to 255 s, version 3 0.01 to 40.95 s, and
    /// what lies outside becomes the nearest end.
    pub interval: Duration,
    /// The address list as octets; at most 255 addresses, what is beyond is not sent.
    pub addresses: &'a [u8],
    /// Authentication type, version 2 only.
    pub auth_type: u8,
    /// Authentication data, version 2 on IPv4 only.
    pub auth_data: [u8; AUTH_DATA_LEN],
}

impl AdvertRepr<'_> {
    /// How many addresses are sent.
    #[must_use]
    pub fn count(&self) -> u8 {
        u8::try_from(self.addresses.len() / self.family.address_len()).unwrap_or(u8::MAX)
    }

    /// Octets of the packet.
    #[must_use]
    pub fn len(&self) -> usize {
        packet_len(self.version.number(), self.family, self.count())
    }

    /// Never: there is always a header.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Appends the packet, its checksum starting from `pseudo`.
    pub fn emit(&self, pseudo: Checksum, out: &mut Vec<u8>) {
        let zero = self.header(0);
        let used = usize::from(self.count()) * self.family.address_len();
        let addresses = self.addresses.get(..used).unwrap_or(self.addresses);
        let auth_data: &[u8] = match auth_data_len(self.version.number(), self.family) {
            0 => &[],
            _ => &self.auth_data,
        };
        let sum = pseudo
            .cover(&zero)
            .cover(addresses)
            .cover(auth_data)
            .finish();
        out.extend_from_slice(&self.header(sum));
        out.extend_from_slice(addresses);
        out.extend_from_slice(auth_data);
    }

    fn header(&self, checksum: u16) -> [u8; HEADER_LEN] {
        let [high, low] = checksum.to_be_bytes();
        let first = self.version.number() << 4 | TYPE_ADVERTISEMENT;
        let [fourth, fifth] = match self.version {
            Version::V2 => [self.auth_type, whole_seconds(self.interval)],
            Version::V3 => centiseconds(self.interval).to_be_bytes(),
        };
        [
            first,
            self.vrid.0,
            self.priority.0,
            self.count(),
            fourth,
            fifth,
            high,
            low,
        ]
    }
}

fn whole_seconds(interval: Duration) -> u8 {
    u8::try_from(interval.as_secs()).unwrap_or(u8::MAX).max(1)
}

/// 12 bits (RFC 9568 section 5.2.7).
fn centiseconds(interval: Duration) -> u16 {
    u16::try_from(interval.as_millis() / 10)
        .unwrap_or(u16::MAX)
        .clamp(1, 0x0fff)
}

#[cfg(test)]
mod tests;
