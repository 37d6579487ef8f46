//! The IPv6 header (RFC 8200 section 3).
//!
//! ```text
//!  0               1               2               3
//! +-------+---------------+-------+-------------------------------+
//! |   6   | traffic class |              flow label               |  0
//! +-------+---------------+-------+---------------+---------------+
//! |        payload length         |  next header  |   hop limit   |  4
//! +-------------------------------+---------------+---------------+
//! |                     source address (16)                       |  8
//! +---------------------------------------------------------------+
//! |                   destination address (16)                    | 24
//! +---------------------------------------------------------------+
//! ```

use std::net::Ipv6Addr;

use super::reader::Reader;

/// Octets of the header.
pub const HEADER_LEN: usize = 40;

/// The fields of an IPv6 header; the flow label is always zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ipv6Header {
    /// Traffic class.
    pub traffic_class: u8,
    /// Octets behind this header.
    pub payload_length: u16,
    /// Protocol of what follows.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Sender.
    pub src: Ipv6Addr,
    /// Receiver.
    pub dst: Ipv6Addr,
}

impl Ipv6Header {
    /// The header at the front of a packet, and everything behind it, whatever
    /// the payload length says.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader::new(packet);
        let first = reader.u32()?;
        if first >> 28 != 6 {
            return None;
        }
        let [high, middle, ..] = first.to_be_bytes();
        let header = Self {
            traffic_class: high << 4 | middle >> 4,
            payload_length: reader.u16()?,
            next_header: reader.u8()?,
            hop_limit: reader.u8()?,
            src: Ipv6Addr::from(*reader.array()?),
            dst: Ipv6Addr::from(*reader.array()?),
        };
        Some((header, reader.rest()))
    }

    /// The header as octets.
    #[must_use]
    pub fn emit(&self) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        let [len_high, len_low] = self.payload_length.to_be_bytes();
        let front = [
            0x60 | self.traffic_class >> 4,
            self.traffic_class << 4,
            0,
            0,
            len_high,
            len_low,
            self.next_header,
            self.hop_limit,
        ];
        let octets = front
            .into_iter()
            .chain(self.src.octets())
            .chain(self.dst.octets());
        for (to, from) in header.iter_mut().zip(octets) {
            *to = from;
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    #[test]
    fn emits_what_scapy_builds() {
        let header = Ipv6Header {
            traffic_class: 0xc0,
            payload_length: 40,
            next_header: 112,
            hop_limit: 255,
            src: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, 2),
            dst: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12),
        };
        let expected = hex("6c000000002870ff fe800000000000000000000000010002
             ff020000000000000000000000000012");
        assert_eq!(header.emit()[..], expected[..]);
    }

    proptest! {
        #[test]
        fn round_trip(
            traffic_class: u8, payload_length: u16, next_header: u8, hop_limit: u8,
            src in any::<[u8; 16]>(), dst in any::<[u8; 16]>(),
        ) {
            let (src, dst) = (src.into(), dst.into());
            let header =
                Ipv6Header { traffic_class, payload_length, next_header, hop_limit, src, dst };
            let octets = header.emit();
            prop_assert_eq!(Ipv6Header::parse(&octets), Some((header, &[][..])));
        }

        #[test]
        fn any_octets(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Ipv6Header::parse(&bytes);
        }
    }
}
