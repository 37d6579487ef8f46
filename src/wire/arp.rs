//! Gratuitous ARP for an IPv4 address on Ethernet (RFC 826, RFC 5227).
//!
//! ```text
//!  0      2      4    5    6      8            14          18           24          28
//! +------+------+----+----+------+------------+-----------+------------+-----------+
//! | hw 1 | 0800 | 6  | 4  |  op  | sender MAC | sender IP | target MAC | target IP |
//! +------+------+----+----+------+------------+-----------+------------+-----------+
//! ```
//!
//! keepalived announces with a *request* (operation 1) whose sender and target
//! address are the virtual address and whose target MAC is broadcast. All
//! stations that know the address update their entry (RFC 826: merge flag).

use std::net::Ipv4Addr;

use super::ether::{self, EtherHeader};
use super::reader::Reader;
use crate::model::MacAddr;

/// Octets of an announcement with its Ethernet header; the driver pads it to
/// the minimum of the medium.
pub const FRAME_LEN: usize = ether::HEADER_LEN + PACKET_LEN;
/// Octets of an ARP packet for Ethernet and IPv4.
pub const PACKET_LEN: usize = 28;
/// Operation "who has".
pub const REQUEST: u16 = 1;
/// Operation "is at".
pub const REPLY: u16 = 2;

const ETHERNET_AND_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// An ARP packet for Ethernet and IPv4.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arp {
    /// [`REQUEST`] or [`REPLY`], or another operation.
    pub operation: u16,
    /// Who sends it.
    pub sender_mac: MacAddr,
    /// The address the sender says is its own.
    pub sender: Ipv4Addr,
    /// Unused by RFC 826 in a request.
    pub target_mac: MacAddr,
    /// The address that is asked for.
    pub target: Ipv4Addr,
}

impl Arp {
    /// The announcement of an address that is now at `mac`.
    #[must_use]
    pub const fn gratuitous(mac: MacAddr, address: Ipv4Addr) -> Self {
        Self {
            operation: REQUEST,
            sender_mac: mac,
            sender: address,
            target_mac: MacAddr::BROADCAST,
            target: address,
        }
    }

    /// The packet after an Ethernet header, if it is about Ethernet and IPv4.
    /// Octets after it (padding) are ignored.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(packet);
        if reader.array()? != &ETHERNET_AND_IPV4 {
            return None;
        }
        Some(Self {
            operation: reader.u16()?,
            sender_mac: MacAddr(*reader.array()?),
            sender: Ipv4Addr::from(*reader.array()?),
            target_mac: MacAddr(*reader.array()?),
            target: Ipv4Addr::from(*reader.array()?),
        })
    }

    /// The packet as octets.
    #[must_use]
    pub fn emit(&self) -> [u8; PACKET_LEN] {
        let mut packet = [0; PACKET_LEN];
        let parts: [&[u8]; 6] = [
            &ETHERNET_AND_IPV4,
            &self.operation.to_be_bytes(),
            &self.sender_mac.0,
            &self.sender.octets(),
            &self.target_mac.0,
            &self.target.octets(),
        ];
        for (to, from) in packet.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        packet
    }
}

/// Writes the broadcast frame that announces `address` at `mac`.
pub fn write_gratuitous(frame: &mut [u8; FRAME_LEN], mac: MacAddr, address: Ipv4Addr) {
    let header = EtherHeader {
        dst: MacAddr::BROADCAST,
        src: mac,
        ether_type: ether::TYPE_ARP,
    };
    let packet = Arp::gratuitous(mac, address).emit();
    for (to, from) in frame.iter_mut().zip(header.emit().iter().chain(&packet)) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    #[test]
    fn gratuitous_frame_is_what_scapy_builds() {
        let mut frame = [0xaa; FRAME_LEN];
        let mac = MacAddr([0, 0, 0x5e, 0, 1, 0x33]);
        write_gratuitous(&mut frame, mac, Ipv4Addr::new(203, 0, 113, 7));
        let expected = hex("ffffffffffff 00005e000133 0806 0001080006040001
             00005e000133 cb007107 ffffffffffff cb007107");
        assert_eq!(frame[..], expected[..]);
    }

    proptest! {
        #[test]
        fn round_trip(
            operation: u16,
            macs in any::<[[u8; 6]; 2]>(),
            addresses in any::<[[u8; 4]; 2]>(),
        ) {
            let arp = Arp {
                operation,
                sender_mac: MacAddr(macs[0]),
                sender: addresses[0].into(),
                target_mac: MacAddr(macs[1]),
                target: addresses[1].into(),
            };
            prop_assert_eq!(Arp::parse(&arp.emit()), Some(arp));
        }

        #[test]
        fn any_octets(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Arp::parse(&bytes);
        }

        #[test]
        fn any_octets_with_the_right_front(rest in prop::collection::vec(any::<u8>(), 0..40)) {
            let packet = [&ETHERNET_AND_IPV4[..], &rest].concat();
            prop_assert_eq!(Arp::parse(&packet).is_some(), rest.len() >= 22);
        }
    }
}
