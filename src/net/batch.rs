//! Packets on their way: received ones in fixed buffers, outgoing ones copied
//! into one buffer that is reused.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::model::{Family, IfIndex, UnixTime};
use crate::sys::cmsg;
use crate::sys::sock::{self, MANY, RxSlot, name};

/// Octets of one receive buffer. The longest advert has 255 IPv6 addresses,
/// which no interface with the usual MTU carries.
const PIECE: usize = 2048;

/// Buffers for received packets, shared by all sockets of the process.
#[derive(Debug)]
pub struct RxBatch {
    room: Box<[u8]>,
    slots: Box<[RxSlot]>,
    family: Family,
    filled: usize,
}

/// No buffers: what stands in while the real ones are lent out. It costs nothing,
/// and nothing can be received into it.
impl Default for RxBatch {
    fn default() -> Self {
        Self {
            room: Box::default(),
            slots: Box::default(),
            family: Family::V4,
            filled: 0,
        }
    }
}

impl RxBatch {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            room: vec![0; MANY * PIECE].into_boxed_slice(),
            slots: vec![RxSlot::EMPTY; MANY].into_boxed_slice(),
            family: Family::V4,
            filled: 0,
        }
    }

    /// The packets of the last receive call.
    pub fn packets(&self) -> impl Iterator<Item = Received<'_>> {
        self.slots
            .iter()
            .zip(self.room.chunks(PIECE))
            .take(self.filled)
            .filter_map(|(slot, room)| Received::new(self.family, slot, room))
    }

    /// Whether the last receive call filled all buffers: more may be waiting.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.filled == self.slots.len()
    }

    pub(super) fn receive(&mut self, fd: BorrowedFd<'_>, family: Family) -> io::Result<usize> {
        self.family = family;
        self.filled = 0;
        match sock::receive_many(fd, &mut self.room, PIECE, &mut self.slots) {
            Ok(count) => self.filled = count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.filled)
    }
}

/// A received packet and its circumstances.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Received<'a> {
    /// Address family.
    pub family: Family,
    /// The octets: from the IP header on for IPv4, its payload for IPv6.
    pub bytes: &'a [u8],
    /// Sender.
    pub src: IpAddr,
    /// Receiver, an own address or a group.
    pub dst: IpAddr,
    /// TTL or hop limit; unknown if the kernel did not tell.
    pub hop_limit: Option<u8>,
    /// Where it came in.
    pub interface: Option<IfIndex>,
    /// When it came in, by the wall clock; unknown if the kernel did not tell.
    pub came: Option<UnixTime>,
}

impl<'a> Received<'a> {
    fn new(family: Family, slot: &RxSlot, room: &'a [u8]) -> Option<Self> {
        let bytes = room.get(..slot.length)?;
        let mut packet = Self {
            family,
            bytes,
            src: slot.from.ip()?,
            dst: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            hop_limit: None,
            interface: None,
            came: None,
        };
        if family == Family::V4 {
            packet.dst = IpAddr::from(*bytes.get(16..)?.first_chunk::<4>()?);
            packet.hop_limit = bytes.get(8).copied();
        }
        for message in slot.control.messages() {
            packet.read_control(&message);
        }
        Some(packet)
    }

    fn read_control(&mut self, message: &cmsg::Message<'_>) {
        match (message.level, message.kind) {
            (name::IPPROTO_IP, name::IP_PKTINFO) => {
                self.interface = message.data.first_chunk().and_then(interface);
            }
            (name::IPPROTO_IPV6, name::IPV6_PKTINFO) => {
                if let Some((addr, rest)) = message.data.split_first_chunk::<16>() {
                    self.dst = IpAddr::from(*addr);
                    self.interface = rest.first_chunk().and_then(interface);
                }
            }
            (name::IPPROTO_IPV6, name::IPV6_HOPLIMIT) => {
                self.hop_limit = message
                    .data
                    .first_chunk()
                    .and_then(|octets| u8::try_from(i32::from_ne_bytes(*octets)).ok());
            }
            (name::SOL_SOCKET, name::SCM_TIMESTAMPNS) => self.came = timestamp(message.data),
            _ => {}
        }
    }
}

/// `SCM_TIMESTAMPNS`: seconds and nanoseconds, in a word of the machine each.
pub(super) fn timestamp(data: &[u8]) -> Option<UnixTime> {
    let (seconds, nanos) = data.split_first_chunk()?;
    let seconds = u64::try_from(i64::from_ne_bytes(*seconds)).ok()?;
    let nanos = u32::try_from(i64::from_ne_bytes(*nanos.first_chunk()?)).ok()?;
    Some(UnixTime(Duration::new(seconds, nanos)))
}

fn interface(octets: &[u8; 4]) -> Option<IfIndex> {
    let index = u32::from_ne_bytes(*octets);
    (index != 0).then_some(IfIndex(index))
}

/// A packet to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Datagram<'a> {
    /// With the IP header for IPv4, without for IPv6.
    pub bytes: &'a [u8],
    /// Receiver.
    pub dst: IpAddr,
    /// IPv6: the source address. IPv4 has it in its header.
    pub src: Option<Ipv6Addr>,
    /// IPv6: hop limit, if not 255 to groups and the kernel's default to
    /// others. IPv4 has it in its header.
    pub hop_limit: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Queued {
    end: usize,
    dst: IpAddr,
    src: Option<Ipv6Addr>,
    hop_limit: Option<u8>,
}

/// Packets for one socket, copied, so that they can be collected from many
/// places. Allocates nothing once it has been as full as it gets.
#[derive(Debug, Default)]
pub struct TxBatch {
    octets: Vec<u8>,
    queued: Vec<Queued>,
}

impl TxBatch {
    /// Nothing to send.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: Vec::new(),
            queued: Vec::new(),
        }
    }

    /// Append a packet.
    pub fn push(&mut self, datagram: &Datagram<'_>) {
        self.octets.extend_from_slice(datagram.bytes);
        self.queued.push(Queued {
            end: self.octets.len(),
            dst: datagram.dst,
            src: datagram.src,
            hop_limit: datagram.hop_limit,
        });
    }

    /// Forget the packets.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.queued.clear();
    }

    /// How many packets there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.queued.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.queued.is_empty()
    }

    /// The packets in the order they were appended.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        let starts = std::iter::once(0).chain(self.queued.iter().map(|queued| queued.end));
        starts.zip(&self.queued).map(|(start, queued)| Datagram {
            bytes: self.octets.get(start..queued.end).unwrap_or_default(),
            dst: queued.dst,
            src: queued.src,
            hop_limit: queued.hop_limit,
        })
    }
}
