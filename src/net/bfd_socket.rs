//! Sending and receiving BFD control packets (RFC 5881 section 4 and 5, RFC 5883).
//!
//! One [`BfdReceiver`] for each family and port takes the packets of all sessions,
//! many with a system call. Each session has a [`BfdSender`], for its source port has
//! to be its own: it is connected, so that the kernel keeps the route.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, socket};

use super::batch::timestamp;
use crate::model::{Family, IfIndex, UnixTime};
use crate::sys::cmsg;
use crate::sys::sock::{self, Buffer, MANY, RxSlot, name};
use crate::sys::sysctl;

/// The destination of packets to a neighbour on the same network.
pub const SINGLE_HOP: u16 = 3784;
/// The destination of packets to a neighbour some hops away.
pub const MULTIHOP: u16 = 4784;

/// Octets of one receive buffer: a packet with the longest authentication.
const PIECE: usize = 64;
/// Packets of hundreds of sessions may come at once.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Traffic class: internetwork control, precedence 6.
const TRAFFIC_CLASS: i32 = 0xc0;
/// The kernel's queueing priority of control traffic (`TC_PRIO_CONTROL`).
const CONTROL_PRIORITY: i32 = 7;
/// Source ports (RFC 5881 section 4).
const SOURCE_PORTS: RangeInclusive<u16> = 49152..=65535;
/// So many of them have to be within the kernel's range for that to be heeded.
const ENOUGH_PORTS: u16 = 1024;
/// Source ports that are tried before giving up.
const ATTEMPTS: u16 = 64;

const fn port(multihop: bool) -> u16 {
    if multihop { MULTIHOP } else { SINGLE_HOP }
}

const fn any(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

fn open(family: Family) -> io::Result<OwnedFd> {
    let domain = match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    Ok(socket(domain, SockType::Datagram, flags, None)?)
}

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

/// Where a session sends to, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SenderSpec {
    /// The neighbour.
    pub neighbour: IpAddr,
    /// The interface of a link-local one.
    pub interface: Option<IfIndex>,
    /// The own address; without it the kernel chooses.
    pub source: Option<IpAddr>,
    /// To the port for several hops.
    pub multihop: bool,
    /// TTL or hop limit.
    pub ttl: u8,
}

impl SenderSpec {
    /// An address, which is on the interface if it is link-local.
    fn at(&self, address: IpAddr, port: u16) -> SocketAddr {
        match (address, self.interface) {
            (IpAddr::V6(address), Some(IfIndex(scope))) if address.is_unicast_link_local() => {
                SocketAddrV6::new(address, port, 0, scope).into()
            }
            _ => SocketAddr::new(address, port),
        }
    }
}

/// The socket that a session sends from.
#[derive(Debug)]
pub struct BfdSender {
    fd: OwnedFd,
}

impl BfdSender {
    /// Open the socket, from a source port that no other program has. The search
    /// begins somewhere, as `random` says.
    ///
    /// # Errors
    /// `EADDRNOTAVAIL` when the source is no own address, `ENETUNREACH` without a
    /// route, and what else the system says.
    pub fn open(spec: &SenderSpec, random: u64) -> io::Result<Self> {
        let family = Family::of(&spec.neighbour);
        let fd = open(family)?;
        set_options(fd.as_fd(), family, spec.ttl)?;
        bind_source(&fd, spec, random)?;
        let to = spec.at(spec.neighbour, port(spec.multihop));
        connect(fd.as_raw_fd(), &SockaddrStorage::from(to))?;
        Ok(Self { fd })
    }

    /// Send a packet.
    ///
    /// # Errors
    /// What the system says. That nobody listens at the neighbour is none: its next
    /// packet tells more.
    pub fn send(&self, packet: &[u8]) -> io::Result<()> {
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        match sock::send(self.fd.as_fd(), packet) {
            Ok(_) => Ok(()),
            // It is about a packet before this one, which has not left.
            Err(error) if refused(&error) => match sock::send(self.fd.as_fd(), packet) {
                Err(error) if !refused(&error) => Err(error),
                Ok(_) | Err(_) => Ok(()),
            },
            Err(error) => Err(error),
        }
    }

    /// Its number, for people.
    #[must_use]
    pub fn descriptor(&self) -> i32 {
        self.fd.as_raw_fd()
    }
}

fn set_options(fd: BorrowedFd<'_>, family: Family, ttl: u8) -> io::Result<()> {
    let (level, limit, class) = match family {
        Family::V4 => (name::IPPROTO_IP, name::IP_TTL, name::IP_TOS),
        Family::V6 => (
            name::IPPROTO_IPV6,
            name::IPV6_UNICAST_HOPS,
            name::IPV6_TCLASS,
        ),
    };
    sock::set_option(fd, level, limit, i32::from(ttl))?;
    sock::set_option(fd, level, class, TRAFFIC_CLASS)?;
    sock::set_option(fd, name::SOL_SOCKET, name::SO_PRIORITY, CONTROL_PRIORITY)
}

fn bind_source(fd: &OwnedFd, spec: &SenderSpec, random: u64) -> io::Result<()> {
    let ports = source_ports(&sysctl::read("net/ipv4/ip_local_port_range").unwrap_or_default());
    let source = spec.source;
    let source = source.unwrap_or_else(|| any(Family::of(&spec.neighbour)));
    let count = u64::from(ports.end() - ports.start()) + 1;
    for attempt in 0..ATTEMPTS {
        let place = (random % count + u64::from(attempt)) % count;
        let port = ports.start() + u16::try_from(place).unwrap_or(0);
        let own = spec.at(source, port);
        match bind(fd.as_raw_fd(), &SockaddrStorage::from(own)) {
            Ok(()) => return Ok(()),
            Err(Errno::EADDRINUSE | Errno::EACCES) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(Errno::EADDRINUSE.into())
}

/// The ports of RFC 5881 that are also in the kernel's range, `FIRST LAST`, which no
/// other service is to use; all of the RFC's if those are few.
fn source_ports(kernel: &str) -> RangeInclusive<u16> {
    let mut numbers = kernel.split_ascii_whitespace().map(str::parse::<u16>);
    let (Some(Ok(first)), Some(Ok(last))) = (numbers.next(), numbers.next()) else {
        return SOURCE_PORTS;
    };
    let first = first.max(*SOURCE_PORTS.start());
    let last = last.min(*SOURCE_PORTS.end());
    if last.saturating_sub(first) < ENOUGH_PORTS {
        return SOURCE_PORTS;
    }
    first..=last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_ports_are_those_of_the_rfc_and_of_the_kernel() {
        assert_eq!(source_ports("32768\t60999"), 49152..=60999);
        assert_eq!(source_ports("50000 65535"), 50000..=65535);
        assert_eq!(source_ports("1024 49999"), SOURCE_PORTS);
        assert_eq!(source_ports(""), SOURCE_PORTS);
    }

    fn round_trip(neighbour: &str, ttl: u8) -> Option<(Vec<u8>, IpAddr, IpAddr, Option<u8>)> {
        let neighbour: IpAddr = neighbour.parse().unwrap();
        // Where another test or program has the port, there is nothing to see.
        let receiver = BfdReceiver::open(Family::of(&neighbour), true).ok()?;
        let spec = SenderSpec {
            neighbour,
            interface: None,
            source: Some(neighbour),
            multihop: true,
            ttl,
        };
        let sender = BfdSender::open(&spec, 12_345).ok()?;
        sender.send(b"packet").unwrap();
        let mut batch = BfdBatch::new();
        receiver.receive_many(&mut batch).unwrap();
        let got = batch.packets().next().unwrap();
        Some((got.bytes.to_vec(), got.source, got.destination, got.ttl))
    }

    #[test]
    fn a_packet_arrives_with_its_circumstances() {
        for (address, ttl) in [("127.0.0.1", 255), ("::1", 64)] {
            if let Some((bytes, source, destination, got)) = round_trip(address, ttl) {
                let own: IpAddr = address.parse().unwrap();
                assert_eq!((&bytes[..], got), (&b"packet"[..], Some(ttl)));
                assert_eq!((source, destination), (own, own));
            }
        }
    }

    #[test]
    fn nobody_listening_is_no_error() {
        let spec = SenderSpec {
            neighbour: "127.0.0.99".parse().unwrap(),
            interface: None,
            source: None,
            multihop: false,
            ttl: 255,
        };
        let sender = BfdSender::open(&spec, 1).unwrap();
        for _ in 0..4 {
            sender.send(b"packet").unwrap();
        }
    }
}
