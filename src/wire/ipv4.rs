//! The IPv4 header (RFC 791 section 3.1).
//!
//! ```text
//!  0               1               2               3
//! +-------+-------+---------------+-------------------------------+
//! |   4   |  IHL  |      TOS      |         total length          |  0
//! +-------+-------+---------------+-----+-------------------------+
//! |        identification         |flags|     fragment offset     |  4
//! +---------------+---------------+-----+-------------------------+
//! |      TTL      |   protocol    |        header checksum        |  8
//! +---------------+---------------+-------------------------------+
//! |                        source address                         | 12
//! +---------------------------------------------------------------+
//! |                      destination address                      | 16
//! +---------------------------------------------------------------+
//! ```

use std::net::Ipv4Addr;

use super::checksum;

/// Octets of a header without options.
pub const HEADER_LEN: usize = 20;

/// A received header, options included.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4Header<'a> {
    fixed: &'a [u8; HEADER_LEN],
    octets: &'a [u8],
}

impl<'a> Ipv4Header<'a> {
    /// The header at the front of a packet, and everything behind it, whatever
    /// the total length says.
    #[must_use]
    pub fn parse(packet: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let fixed = packet.first_chunk::<HEADER_LEN>()?;
        let [first, ..] = fixed;
        let length = usize::from(first & 0x0f) * 4;
        if first >> 4 != 4 || length < HEADER_LEN {
            return None;
        }
        let (octets, payload) = packet.split_at_checked(length)?;
        Some((Self { fixed, octets }, payload))
    }

    /// The header as received, with options.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Octets of header and payload, as the sender says.
    #[must_use]
    pub const fn total_length(&self) -> u16 {
        let [_, _, a, b, ..] = *self.fixed;
        u16::from_be_bytes([a, b])
    }

    /// Number of the datagram.
    #[must_use]
    pub const fn identification(&self) -> u16 {
        let [_, _, _, _, a, b, ..] = *self.fixed;
        u16::from_be_bytes([a, b])
    }

    /// Time to live.
    #[must_use]
    pub const fn ttl(&self) -> u8 {
        let [_, _, _, _, _, _, _, _, ttl, ..] = *self.fixed;
        ttl
    }

    /// Protocol of the payload.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        let [.., protocol, _, _, _, _, _, _, _, _, _, _] = *self.fixed;
        protocol
    }

    /// Sender.
    #[must_use]
    pub const fn src(&self) -> Ipv4Addr {
        let [.., a, b, c, d, _, _, _, _] = *self.fixed;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Receiver.
    #[must_use]
    pub const fn dst(&self) -> Ipv4Addr {
        let [.., a, b, c, d] = *self.fixed;
        Ipv4Addr::new(a, b, c, d)
    }
}

/// The fields of a header to send: no options, no fragmentation flags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ipv4Repr {
    /// Type of service.
    pub tos: u8,
    /// Octets of header and payload.
    pub total_length: u16,
    /// Number of the datagram.
    pub identification: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Sender.
    pub src: Ipv4Addr,
    /// Receiver.
    pub dst: Ipv4Addr,
}

impl Ipv4Repr {
    /// The header as octets, with its checksum.
    #[must_use]
    pub fn emit(&self) -> [u8; HEADER_LEN] {
        let [len_high, len_low] = self.total_length.to_be_bytes();
        let [id_high, id_low] = self.identification.to_be_bytes();
        let [s0, s1, s2, s3] = self.src.octets();
        let [d0, d1, d2, d3] = self.dst.octets();
        let with_checksum = |sum: u16| {
            let [high, low] = sum.to_be_bytes();
            [
                0x45,
                self.tos,
                len_high,
                len_low,
                id_high,
                id_low,
                0,
                0,
                self.ttl,
                self.protocol,
                high,
                low,
                s0,
                s1,
                s2,
                s3,
                d0,
                d1,
                d2,
                d3,
            ]
        };
        with_checksum(checksum::of(&with_checksum(0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    #[test]
    fn emits_what_keepalived_sends() {
        let header = Ipv4Repr {
            tos: 0xc0,
            total_length: 40,
            identification: 1,
            ttl: 255,
            protocol: 112,
            src: Ipv4Addr::new(192, 0, 2, 100),
            dst: Ipv4Addr::new(224, 0, 0, 18),
        };
        assert_eq!(
            header.emit()[..],
            hex("45c0002800010000ff70182ec0000264e0000012")[..]
        );
    }

    #[test]
    fn refuses_what_is_no_header() {
        let good = hex("45c0002800010000ff70182ec0000264e0000012");
        assert!(Ipv4Header::parse(&good).is_some());
        assert!(Ipv4Header::parse(&good[..19]).is_none());
        for first in [0x44, 0x65, 0x46, 0x4f] {
            let mut bad = good.clone();
            bad[0] = first;
            assert!(Ipv4Header::parse(&bad).is_none(), "{first:#x}");
        }
    }

    #[test]
    fn options_belong_to_the_header() {
        let mut packet = hex("46c0002800010000ff70182ec0000264e0000012 01010101 77");
        let (header, payload) = Ipv4Header::parse(&packet).unwrap();
        assert_eq!((header.octets().len(), payload), (24, &[0x77][..]));
        packet.truncate(23);
        assert!(Ipv4Header::parse(&packet).is_none());
    }

    proptest! {
        #[test]
        fn round_trip(
            tos: u8, total_length: u16, identification: u16, ttl: u8, protocol: u8,
            src in any::<[u8; 4]>(), dst in any::<[u8; 4]>(),
        ) {
            let (src, dst) = (src.into(), dst.into());
            let repr = Ipv4Repr { tos, total_length, identification, ttl, protocol, src, dst };
            let octets = repr.emit();
            prop_assert_eq!(checksum::of(&octets), 0);
            let (header, payload) = Ipv4Header::parse(&octets).unwrap();
            prop_assert!(payload.is_empty());
            let again = Ipv4Repr {
                tos,
                total_length: header.total_length(),
                identification: header.identification(),
                ttl: header.ttl(),
                protocol: header.protocol(),
                src: header.src(),
                dst: header.dst(),
            };
            prop_assert_eq!(again, repr);
        }

        #[test]
        fn any_octets(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Ipv4Header::parse(&bytes);
        }
    }
}
