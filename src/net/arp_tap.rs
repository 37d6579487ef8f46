//! What others say of addresses by ARP: announcements and answers.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::sys::bpf::{self, Instruction};
use crate::sys::sock::{self, Address, Kind};
use crate::wire::arp::{Arp, REPLY};

/// `ETH_P_ARP`
const ARP: u16 = 0x0806;
/// Octets of an Ethernet header.
const ETHERNET: usize = 14;
/// Octets of one frame that are looked at.
const ROOM: usize = 64;

/// A socket that hears of addresses on all interfaces. It is deaf until it is
/// opened ([`ArpTap::listen`]), so that announcements which concern nobody wake
/// no one.
#[derive(Debug)]
pub struct ArpTap {
    fd: OwnedFd,
}

impl ArpTap {
    /// Open the socket, deaf.
    ///
    /// # Errors
    /// What the system says.
    pub fn open() -> io::Result<Self> {
        let fd = sock::socket(Kind::Packet)?;
        bpf::reject_all(fd.as_fd())?;
        sock::bind(fd.as_fd(), &Address::link_of(0, ARP))?;
        Ok(Self { fd })
    }

    /// Hear announcements and answers, or nothing.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(&self, on: bool) -> io::Result<()> {
        if on {
            bpf::attach(self.fd.as_fd(), &program())
        } else {
            bpf::reject_all(self.fd.as_fd())
        }
    }

    /// The next one; nothing if none waits.
    ///
    /// # Errors
    /// What `recv(2)` says.
    pub fn next(&self) -> io::Result<Option<Arp>> {
        let mut room = [0; ROOM];
        loop {
            match sock::receive(self.fd.as_fd(), &mut room) {
                Ok(length) => {
                    let frame = room.get(..length.min(ROOM)).unwrap_or_default();
                    let packet = frame.get(ETHERNET..).and_then(Arp::parse);
                    if packet.is_some() {
                        return Ok(packet);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for ArpTap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Answers, and requests that ask for the sender's own address.
fn program() -> [Instruction; 8] {
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
