//! What others say of addresses: announcements and answers of ARP (RFC 826), and
//! neighbour advertisements (RFC 4861 section 4.4).

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::model::{Family, MacAddr};
use crate::sys::bpf::{self, Instruction};
use crate::sys::sock::{self, Address, Kind};
use crate::wire::arp::{Arp, REPLY};
use crate::wire::ndisc::NeighbourAdvertisement;

/// `ETH_P_ARP`
const ARP: u16 = 0x0806;
/// `ETH_P_IPV6`
const IPV6: u16 = 0x86dd;
/// Octets of an Ethernet header.
const ETHERNET: usize = 14;
/// Where the sender stands in it.
const SENDER: usize = 6;
/// Octets of an IPv6 header.
const IPV6_HEADER: usize = 40;
/// Octets of one frame that are looked at.
const ROOM: usize = 96;

/// Somebody says that it has an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Claim {
    /// The address.
    pub address: IpAddr,
    /// Where it is, by that.
    pub mac: MacAddr,
}

/// A socket that hears of addresses of a family on all interfaces. It is deaf until it
/// is opened ([`AddressTap::listen`]), so that announcements which concern nobody wake
/// no one.
#[derive(Debug)]
pub struct AddressTap {
    fd: OwnedFd,
    family: Family,
}

impl AddressTap {
    /// Open the socket, deaf.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(family: Family) -> io::Result<Self> {
        let fd = sock::socket(Kind::Packet)?;
        bpf::reject_all(fd.as_fd())?;
        let protocol = match family {
            Family::V4 => ARP,
            Family::V6 => IPV6,
        };
        sock::bind(fd.as_fd(), &Address::link_of(0, protocol))?;
        Ok(Self { fd, family })
    }

    /// The family of the addresses.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Hear announcements and answers, or nothing.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(&self, on: bool) -> io::Result<()> {
        match (on, self.family) {
            (true, Family::V4) => bpf::attach(self.fd.as_fd(), &arp_program()),
            (true, Family::V6) => bpf::attach(self.fd.as_fd(), &neighbour_program()),
            (false, _) => bpf::reject_all(self.fd.as_fd()),
        }
    }

    /// The next one; nothing if none waits.
    ///
    /// # Errors
    /// What `recv(2)` says.
    pub fn next(&self) -> io::Result<Option<Claim>> {
        let mut room = [0; ROOM];
        loop {
            match sock::receive(self.fd.as_fd(), &mut room) {
                Ok(length) => {
                    let frame = room.get(..length.min(ROOM)).unwrap_or_default();
                    if let Some(claim) = claim(self.family, frame) {
                        return Ok(Some(claim));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for AddressTap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Who has which address, by a frame that the filter of this family lets through.
#[must_use]
pub fn claim(family: Family, frame: &[u8]) -> Option<Claim> {
    match family {
        Family::V4 => arp_claim(frame),
        Family::V6 => neighbour_claim(frame),
    }
}

fn arp_claim(frame: &[u8]) -> Option<Claim> {
    let arp = Arp::parse(frame.get(ETHERNET..)?)?;
    Some(Claim {
        address: arp.sender.into(),
        mac: arp.sender_mac,
    })
}

/// Without its option an advertisement speaks of its sender.
fn neighbour_claim(frame: &[u8]) -> Option<Claim> {
    let message = frame.get(ETHERNET + IPV6_HEADER..)?;
    let advertisement = NeighbourAdvertisement::parse(message)?;
    let sender = frame.get(SENDER..)?.first_chunk::<6>()?;
    Some(Claim {
        address: advertisement.target.into(),
        mac: advertisement.mac.unwrap_or(MacAddr(*sender)),
    })
}

/// Neighbour advertisements that no router has forwarded (RFC 4861 section 7.1.2).
fn neighbour_program() -> [Instruction; 8] {
    const NEXT_HEADER: u32 = 14 + 6;
    const HOP_LIMIT: u32 = 14 + 7;
    const KIND: u32 = 14 + 40;
    const ICMPV6: u32 = 58;
    const ADVERTISEMENT: u32 = 136;
    [
        Instruction::load_octet(NEXT_HEADER),
        Instruction::if_equal(ICMPV6, 0, 5),
        Instruction::load_octet(KIND),
        Instruction::if_equal(ADVERTISEMENT, 0, 3),
        Instruction::load_octet(HOP_LIMIT),
        Instruction::if_equal(255, 0, 1),
        Instruction::accept(),
        Instruction::reject(),
    ]
}

/// Answers, and requests that ask for the sender's own address.
fn arp_program() -> [Instruction; 8] {
    const OPERATION: u32 = 14 + 7;
    const SENDER: u32 = 14 + 14;
    const TARGET: u32 = 14 + 24;
    [
        Instruction::load_octet(OPERATION),
        Instruction::if_equal(u32::from(REPLY), 4, 0),
        Instruction::load_word(SENDER),
        Instruction::to_index(),
        Instruction::load_word(TARGET),
        Instruction::if_equal_index(0, 1),
        Instruction::accept(),
        Instruction::reject(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ndisc;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 9]);

    #[test]
    fn announcements_are_claims() {
        let mut frame = vec![0; ETHERNET];
        frame.extend(Arp::gratuitous(MAC, [10, 0, 0, 1].into()).emit());
        let claim = arp_claim(&frame).expect("a claim");
        assert_eq!((claim.address, claim.mac), ([10, 0, 0, 1].into(), MAC));
        assert_eq!(arp_claim(frame.get(..30).expect("more than that")), None);
    }

    #[test]
    fn neighbour_advertisements_are_claims() {
        let target = "fe80::5:1".parse().expect("an address");
        let advertisement = NeighbourAdvertisement::unsolicited(MAC, target, true);
        let mut frame = vec![0xff; 6];
        frame.extend([2, 0, 0, 0, 0, 7, 0x86, 0xdd]);
        frame.extend([0; IPV6_HEADER]);
        frame.extend(advertisement.emit(target, ndisc::ALL_NODES));
        let claim = neighbour_claim(&frame).expect("a claim");
        assert_eq!((claim.address, claim.mac), (target.into(), MAC));
        // Without the option.
        frame.truncate(frame.len() - 8);
        let claim = neighbour_claim(&frame).expect("a claim");
        assert_eq!(claim.mac, MacAddr([2, 0, 0, 0, 0, 7]));
        assert_eq!(neighbour_claim(&[]), None);
    }
}
