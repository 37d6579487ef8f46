//! The Ethernet header.
//!
//! ```text
//! +-----------------+-----------------+-----------+
//! | destination (6) |   source (6)    | type (2)  |
//! +-----------------+-----------------+-----------+
//! ```

use super::reader::Reader;
use crate::model::MacAddr;

/// Octets of the header.
pub const HEADER_LEN: usize = 14;
/// Ethernet type of ARP.
pub const TYPE_ARP: u16 = 0x0806;
/// Ethernet type of IPv6.
pub const TYPE_IPV6: u16 = 0x86dd;

/// The fields of an Ethernet header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EtherHeader {
    /// Receiving station.
    pub dst: MacAddr,
    /// Sending station.
    pub src: MacAddr,
    /// Ethernet type of what follows.
    pub ether_type: u16,
}

impl EtherHeader {
    /// The header at the front of a frame, and what follows it.
    #[must_use]
    pub fn parse(frame: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader::new(frame);
        let dst = MacAddr(*reader.array()?);
        let src = MacAddr(*reader.array()?);
        let ether_type = reader.u16()?;
        Some((
            Self {
                dst,
                src,
                ether_type,
            },
            reader.rest(),
        ))
    }

    /// The header as octets.
    #[must_use]
    pub const fn emit(&self) -> [u8; HEADER_LEN] {
        let [a, b, c, d, e, f] = self.dst.0;
        let [g, h, i, j, k, l] = self.src.0;
        let [m, n] = self.ether_type.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let header = EtherHeader {
            dst: MacAddr::BROADCAST,
            src: MacAddr([2, 0, 0, 0, 0, 1]),
            ether_type: TYPE_ARP,
        };
        let mut frame = header.emit().to_vec();
        frame.push(7);
        assert_eq!(EtherHeader::parse(&frame), Some((header, &[7][..])));
        assert_eq!(EtherHeader::parse(&frame[..13]), None);
    }
}
