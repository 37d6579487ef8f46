//! The packets of all sessions, with their circumstances.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::sys::socket::{SockaddrStorage, bind};

use super::{any, open, port};
use crate::model::{Family, IfIndex, UnixTime};
use crate::net::batch::timestamp;
use crate::sys::cmsg;
use crate::sys::sock::{self, Buffer, MANY, RxSlot, name};

/// Octets of one receive buffer: a packet with the longest authentication.
const PIECE: usize = 64;
/// Packets of hundreds of sessions may come at once.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Takes the packets of all sessions of a family and port.
#[derive(Debug)]
pub struct BfdReceiver {
    fd: OwnedFd,
    family: Family,
    multihop: bool,
}

impl BfdReceiver {
    /// Open the socket.
    ///
    /// # Errors
    /// `EADDRINUSE` when another BFD program has the port, and what else the system
    /// says.
    pub fn open(family: Family, multihop: bool) -> io::Result<Self> {
        let fd = open(family)?;
        sock::set_option(fd.as_fd(), name::SOL_SOCKET, name::SO_TIMESTAMPNS, 1)?;
        match family {
            Family::V4 => {
                sock::set_option(fd.as_fd(), name::IPPROTO_IP, name::IP_RECVTTL, 1)?;
                sock::set_option(fd.as_fd(), name::IPPROTO_IP, name::IP_PKTINFO, 1)?;
            }
            Family::V6 => {
                let level = name::IPPROTO_IPV6;
                sock::set_option(fd.as_fd(), level, name::IPV6_V6ONLY, 1)?;
                sock::set_option(fd.as_fd(), level, name::IPV6_RECVHOPLIMIT, 1)?;
                sock::set_option(fd.as_fd(), level, name::IPV6_RECVPKTINFO, 1)?;
            }
        }
        sock::set_buffer(fd.as_fd(), Buffer::Receive, RECEIVE_BUFFER)?;
        let own = SocketAddr::new(any(family), port(multihop));
        bind(fd.as_raw_fd(), &SockaddrStorage::from(own))?;
        Ok(Self {
            fd,
            family,
            multihop,
        })
    }

    /// The family of its packets.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Whether it has the port for several hops.
    #[must_use]
    pub const fn is_multihop(&self) -> bool {
        self.multihop
    }

    /// Receive into `batch`; the number of packets, 0 when there are none.
    ///
    /// # Errors
    /// What the system says.
    pub fn receive_many(&self, batch: &mut BfdBatch) -> io::Result<usize> {
        batch.filled = 0;
        match sock::receive_many(self.fd.as_fd(), &mut batch.room, PIECE, &mut batch.slots) {
            Ok(count) => batch.filled = count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(batch.filled)
    }
}

impl AsFd for BfdReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Buffers for received packets, shared by all sockets of the process.
#[derive(Debug)]
pub struct BfdBatch {
    room: Box<[u8]>,
    slots: Box<[RxSlot]>,
    filled: usize,
}

/// No buffers: what stands in while the real ones are lent out. It costs nothing,
/// and nothing can be received into it.
impl Default for BfdBatch {
    fn default() -> Self {
        Self {
            room: Box::default(),
            slots: Box::default(),
            filled: 0,
        }
    }
}

impl BfdBatch {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            room: vec![0; MANY * PIECE].into_boxed_slice(),
            slots: vec![RxSlot::EMPTY; MANY].into_boxed_slice(),
            filled: 0,
        }
    }

    /// The packets of the last receive call.
    pub fn packets(&self) -> impl Iterator<Item = BfdDatagram<'_>> {
        let filled = self.slots.iter().zip(self.room.chunks(PIECE));
        filled
            .take(self.filled)
            .filter_map(|(slot, room)| BfdDatagram::new(slot, room))
    }

    /// Whether the last receive call filled all buffers: more may be waiting.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.filled == self.slots.len()
    }
}

/// A received datagram and its circumstances.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BfdDatagram<'a> {
    /// The control packet, as far as it found room.
    pub bytes: &'a [u8],
    /// Sender.
    pub source: IpAddr,
    /// The own address it was sent to; unspecified if the kernel did not tell.
    pub destination: IpAddr,
    /// TTL or hop limit, if the kernel told.
    pub ttl: Option<u8>,
    /// The interface it came by, for IPv6.
    pub interface: Option<IfIndex>,
    /// When it came, if the kernel told.
    pub came: Option<UnixTime>,
}

impl<'a> BfdDatagram<'a> {
    fn new(slot: &RxSlot, room: &'a [u8]) -> Option<Self> {
        let source = slot.from.ip()?;
        let mut datagram = Self {
            bytes: room.get(..slot.length)?,
            source,
            destination: any(Family::of(&source)),
            ttl: None,
            interface: None,
            came: None,
        };
        for message in slot.control.messages() {
            datagram.read_control(&message);
        }
        Some(datagram)
    }

    fn read_control(&mut self, message: &cmsg::Message<'_>) {
        match (message.level, message.kind) {
            (name::IPPROTO_IP, name::IP_TTL) | (name::IPPROTO_IPV6, name::IPV6_HOPLIMIT) => {
                let octets = message.data.first_chunk();
                self.ttl = octets.and_then(|o| u8::try_from(i32::from_ne_bytes(*o)).ok());
            }
            (name::IPPROTO_IP, name::IP_PKTINFO) => {
                // Interface, local address, destination of the header: four octets each.
                let header = message
                    .data
                    .get(8..)
                    .and_then(|rest| rest.first_chunk::<4>());
                if let Some(octets) = header {
                    self.destination = IpAddr::from(*octets);
                }
            }
            (name::IPPROTO_IPV6, name::IPV6_PKTINFO) => {
                if let Some((octets, rest)) = message.data.split_first_chunk::<16>() {
                    self.destination = IpAddr::from(*octets);
                    let index = rest.first_chunk().map(|index| u32::from_ne_bytes(*index));
                    self.interface = index.map(IfIndex);
                }
            }
            (name::SOL_SOCKET, name::SCM_TIMESTAMPNS) => self.came = timestamp(message.data),
            _ => {}
        }
    }
}
