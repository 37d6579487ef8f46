//! Unsolicited neighbour advertisement (RFC 4861 sections 4.4 and 7.2.6).
//!
//! ```text
//!  0               1               2               3
//! +---------------+---------------+-------------------------------+
//! |   type 136    |    code 0     |           checksum            |  0
//! +-+-+-+---------+---------------+-------------------------------+
//! |R|S|O|                     reserved                            |  4
//! +-+-+-+---------------------------------------------------------+
//! |                     target address (16)                       |  8
//! +---------------+---------------+-------------------------------+
//! |   option 2    |   length 1    |   target link-layer address   | 24
//! +---------------+---------------+                               |
//! |                               |                               | 28
//! +-------------------------------+-------------------------------+
//! ```
//!
//! R: the sender is a router. S: answers a solicitation, never set here.
//! O: override what the receiver has cached.

use std::net::Ipv6Addr;

use super::PROTOCOL_ICMPV6;
use super::checksum::Checksum;
use super::ether::{self, EtherHeader};
use super::ipv6::{self, Ipv6Header};
use super::reader::Reader;
use crate::model::MacAddr;

/// Octets of an announcement with Ethernet and IPv6 headers.
pub const FRAME_LEN: usize = ether::HEADER_LEN + ipv6::HEADER_LEN + MESSAGE_LEN;
/// Octets of the `ICMPv6` message.
pub const MESSAGE_LEN: usize = 32;
/// All nodes on the link (RFC 4291 section 2.7.1).
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// The Ethernet group of [`ALL_NODES`] (RFC 2464 section 7).
pub const ALL_NODES_MAC: MacAddr = MacAddr([0x33, 0x33, 0, 0, 0, 1]);

const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
const FLAG_ROUTER: u8 = 0x80;
const FLAG_SOLICITED: u8 = 0x40;
const FLAG_OVERRIDE: u8 = 0x20;

/// The fields of a neighbour advertisement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NeighbourAdvertisement {
    /// The sender forwards packets.
    pub router: bool,
    /// The answer to a solicitation.
    pub solicited: bool,
    /// Replaces a cached link-layer address.
    pub override_cache: bool,
    /// The address that is announced.
    pub target: Ipv6Addr,
    /// Where it is, if the option is the first one.
    pub mac: Option<MacAddr>,
}

impl NeighbourAdvertisement {
    /// The announcement of an address that is now at `mac`.
    #[must_use]
    pub const fn unsolicited(mac: MacAddr, target: Ipv6Addr, router: bool) -> Self {
        Self {
            router,
            solicited: false,
            override_cache: true,
            target,
            mac: Some(mac),
        }
    }

    /// The message behind an IPv6 header, if it is a neighbour advertisement.
    /// The checksum is not looked at.
    #[must_use]
    pub fn parse(message: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(message);
        let kind = reader.u8()?;
        let code = reader.u8()?;
        if kind != NEIGHBOUR_ADVERTISEMENT || code != 0 {
            return None;
        }
        let _checksum = reader.u16()?;
        let [flags, ..] = reader.array::<4>()?;
        let target = Ipv6Addr::from(*reader.array()?);
        let mac = match reader.array::<8>() {
            Some(&[TARGET_LINK_LAYER_ADDRESS, 1, a, b, c, d, e, f]) => {
                Some(MacAddr([a, b, c, d, e, f]))
            }
            _ => None,
        };
        Some(Self {
            router: flags & FLAG_ROUTER != 0,
            solicited: flags & FLAG_SOLICITED != 0,
            override_cache: flags & FLAG_OVERRIDE != 0,
            target,
            mac,
        })
    }

    /// The message from `src` to `dst` as octets, with its checksum. Without a
    /// link-layer address the option is all zeros.
    #[must_use]
    pub fn emit(&self, src: Ipv6Addr, dst: Ipv6Addr) -> [u8; MESSAGE_LEN] {
        let zero = self.octets(0);
        let length = u32::try_from(MESSAGE_LEN).unwrap_or(0);
        let sum = Checksum::pseudo_v6(src, dst, PROTOCOL_ICMPV6, length)
            .cover(&zero)
            .finish();
        self.octets(sum)
    }

    fn octets(&self, checksum: u16) -> [u8; MESSAGE_LEN] {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = flag(self.router, FLAG_ROUTER)
            | flag(self.solicited, FLAG_SOLICITED)
            | flag(self.override_cache, FLAG_OVERRIDE);
        let [high, low] = checksum.to_be_bytes();
        let front = [NEIGHBOUR_ADVERTISEMENT, 0, high, low, flags, 0, 0, 0];
        let option = self.mac.map_or([0; 8], |MacAddr([a, b, c, d, e, f])| {
            [TARGET_LINK_LAYER_ADDRESS, 1, a, b, c, d, e, f]
        });
        let mut message = [0; MESSAGE_LEN];
        let octets = front.into_iter().chain(self.target.octets()).chain(option);
        for (to, from) in message.iter_mut().zip(octets) {
            *to = from;
        }
        message
    }
}

/// Writes the frame to all nodes that announces `address` at `mac`; `router`
/// says whether the interface forwards packets.
pub fn write_unsolicited(
    frame: &mut [u8; FRAME_LEN],
    mac: MacAddr,
    address: Ipv6Addr,
    router: bool,
) {
    let link = EtherHeader {
        dst: ALL_NODES_MAC,
        src: mac,
        ether_type: ether::TYPE_IPV6,
    };
    let header = Ipv6Header {
        traffic_class: 0,
        payload_length: u16::try_from(MESSAGE_LEN).unwrap_or(0),
        next_header: PROTOCOL_ICMPV6,
        hop_limit: 255,
        src: address,
        dst: ALL_NODES,
    };
    let message =
        NeighbourAdvertisement::unsolicited(mac, address, router).emit(address, ALL_NODES);
    let octets = link.emit().into_iter().chain(header.emit()).chain(message);
    for (to, from) in frame.iter_mut().zip(octets) {
        *to = from;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    const MAC: MacAddr = MacAddr([0, 0, 0x5e, 0, 2, 0x33]);

    #[test]
    fn frames_are_what_scapy_builds() {
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);
        let cases = [(false, "88009aec20000000"), (true, "88001aeca0000000")];
        for (router, message) in cases {
            let mut frame = [0xaa; FRAME_LEN];
            write_unsolicited(&mut frame, MAC, address, router);
            let expected = format!(
                "333300000001 00005e000233 86dd 6000000000203aff
                 20010db8000000000000000000000007 ff020000000000000000000000000001
                 {message} 20010db8000000000000000000000007 0201 00005e000233"
            );
            assert_eq!(frame[..], hex(&expected)[..]);
        }
    }

    #[test]
    fn checksum_of_a_frame_is_valid() {
        let address = Ipv6Addr::new(0xfe80, 0, 0, 0, 1, 2, 3, 4);
        let mut frame = [0; FRAME_LEN];
        write_unsolicited(&mut frame, MAC, address, true);
        let (_, packet) = EtherHeader::parse(&frame).unwrap();
        let (header, message) = Ipv6Header::parse(packet).unwrap();
        let sum = Checksum::pseudo_v6(header.src, header.dst, PROTOCOL_ICMPV6, 32);
        assert!(sum.cover(message).is_valid());
        let parsed = NeighbourAdvertisement::parse(message);
        assert_eq!(
            parsed,
            Some(NeighbourAdvertisement::unsolicited(MAC, address, true))
        );
    }

    proptest! {
        #[test]
        fn round_trip(
            flags in any::<[bool; 3]>(),
            target in any::<[u8; 16]>(),
            mac in any::<Option<[u8; 6]>>(),
        ) {
            let message = NeighbourAdvertisement {
                router: flags[0],
                solicited: flags[1],
                override_cache: flags[2],
                target: target.into(),
                mac: mac.map(MacAddr),
            };
            let octets = message.emit(target.into(), ALL_NODES);
            prop_assert_eq!(NeighbourAdvertisement::parse(&octets), Some(message));
        }

        #[test]
        fn any_octets(mut bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = NeighbourAdvertisement::parse(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = NEIGHBOUR_ADVERTISEMENT;
            }
            let _ = NeighbourAdvertisement::parse(&bytes);
        }
    }
}
