//! Sockets: creation, addresses, options, and calls that send or receive many
//! messages at once.
//!
//! Every socket made here is close-on-exec and non-blocking.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::bpf::size_of_u32;
use super::check;
use super::cmsg::Control;

/// Levels, options and flags as the kernel names them (`ip(7)`, `ipv6(7)`, `socket(7)`).
pub mod name {
    pub use libc::{
        IP_HDRINCL, IP_MULTICAST_ALL, IP_MULTICAST_IF, IP_MULTICAST_LOOP, IP_PKTINFO, IP_RECVTTL,
        IP_TOS, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_CHECKSUM, IPV6_HOPLIMIT,
        IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_LOOP, IPV6_PKTINFO,
        IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO, IPV6_TCLASS, IPV6_UNICAST_HOPS, IPV6_V6ONLY,
        MSG_DONTROUTE, MSG_NOSIGNAL, SCM_TIMESTAMPNS, SO_PRIORITY, SO_TIMESTAMPNS, SOL_SOCKET,
    };

    /// Membership of other sockets does not count (`linux/in6.h`).
    pub const IPV6_MULTICAST_ALL: i32 = 29;
}

mod many;
pub use many::{MANY, Outgoing, RxSlot, receive_many, send_many};

/// What a socket is made from, without the flags every socket of ours has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Raw IPv4 packets of one protocol.
    RawV4(u8),
    /// Raw IPv6 payloads of one protocol.
    RawV6(u8),
    /// Ethernet frames; protocol 0 receives nothing.
    Packet,
    /// Netlink of the route family.
    RouteNetlink,
    /// Netlink of the netfilter family.
    Netfilter,
    /// Netlink of the connector, which tells of processes.
    Connector,
    /// Netlink of the generic family.
    GenericNetlink,
}

/// Make a socket.
///
/// # Errors
/// `EPERM` without the capability for raw sockets, and what else `socket(2)` says.
pub fn socket(kind: Kind) -> io::Result<OwnedFd> {
    let (domain, protocol) = match kind {
        Kind::RawV4(protocol) => (libc::AF_INET, i32::from(protocol)),
        Kind::RawV6(protocol) => (libc::AF_INET6, i32::from(protocol)),
        Kind::Packet => (libc::AF_PACKET, 0),
        Kind::RouteNetlink => (libc::AF_NETLINK, libc::NETLINK_ROUTE),
        Kind::Netfilter => (libc::AF_NETLINK, libc::NETLINK_NETFILTER),
        Kind::Connector => (libc::AF_NETLINK, libc::NETLINK_CONNECTOR),
        Kind::GenericNetlink => (libc::AF_NETLINK, libc::NETLINK_GENERIC),
    };
    let flags = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no memory is passed.
    let result = unsafe { libc::socket(domain, flags, protocol) };
    let fd = check(result)?;
    // SAFETY: the call has just returned this descriptor and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A socket address of one of the families used here, as the kernel lays it out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C, align(8))]
pub struct Address {
    octets: [u8; Self::ROOM],
    length: u32,
}

impl Address {
    /// The longest is `sockaddr_in6` with 28 octets.
    const ROOM: usize = 32;

    /// No address.
    pub const NONE: Self = Self {
        octets: [0; Self::ROOM],
        length: 0,
    };

    fn from_parts(family: i32, parts: &[&[u8]]) -> Self {
        let mut address = Self::NONE;
        let family = u16::try_from(family).unwrap_or_default().to_ne_bytes();
        let source = family.iter().chain(parts.iter().copied().flatten());
        for (to, from) in address.octets.iter_mut().zip(source) {
            *to = *from;
            address.length += 1;
        }
        address
    }

    /// `sockaddr_in` with port 0.
    #[must_use]
    pub fn v4(addr: Ipv4Addr) -> Self {
        Self::from_parts(libc::AF_INET, &[&[0; 2], &addr.octets(), &[0; 8]])
    }

    /// `sockaddr_in6` with port 0; `scope` is the interface of a link-local
    /// address and 0 otherwise.
    #[must_use]
    pub fn v6(addr: Ipv6Addr, scope: u32) -> Self {
        let scope = scope.to_ne_bytes();
        Self::from_parts(libc::AF_INET6, &[&[0; 2], &[0; 4], &addr.octets(), &scope])
    }

    /// `sockaddr_nl`: port (0 lets the kernel choose) and a mask of the first 32 groups.
    #[must_use]
    pub fn netlink(port: u32, groups: u32) -> Self {
        let (port, groups) = (port.to_ne_bytes(), groups.to_ne_bytes());
        Self::from_parts(libc::AF_NETLINK, &[&[0; 2], &port, &groups])
    }

    /// `sockaddr_ll`: the interface to send through.
    #[must_use]
    pub fn link(interface: u32) -> Self {
        let interface = interface.to_ne_bytes();
        Self::from_parts(libc::AF_PACKET, &[&[0; 2], &interface, &[0; 12]])
    }

    /// The same, to receive frames of one protocol (`ETH_P_*`); interface 0 is all.
    #[must_use]
    pub fn link_of(interface: u32, protocol: u16) -> Self {
        let (protocol, interface) = (protocol.to_be_bytes(), interface.to_ne_bytes());
        Self::from_parts(libc::AF_PACKET, &[&protocol, &interface, &[0; 12]])
    }

    /// The Internet address, if it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.family() {
            libc::AF_INET => {
                let addr = self.octets.get(4..)?.first_chunk::<4>()?;
                Some(IpAddr::from(*addr))
            }
            libc::AF_INET6 => {
                let addr = self.octets.get(8..)?.first_chunk::<16>()?;
                Some(IpAddr::from(*addr))
            }
            _ => None,
        }
    }

    /// The port of a netlink address, if it is one.
    #[must_use]
    pub fn netlink_port(&self) -> Option<u32> {
        let port = self.octets.get(4..)?.first_chunk()?;
        (self.family() == libc::AF_NETLINK).then(|| u32::from_ne_bytes(*port))
    }

    fn family(&self) -> i32 {
        let [low, high, ..] = self.octets;
        i32::from(u16::from_ne_bytes([low, high]))
    }

    fn is_none(&self) -> bool {
        self.length == 0
    }
}

/// Give a socket its own address.
///
/// # Errors
/// What `bind(2)` says.
pub fn bind(fd: BorrowedFd<'_>, address: &Address) -> io::Result<()> {
    // SAFETY: the address lives during the call and is at least `length` octets.
    let result = unsafe {
        libc::bind(
            fd.as_raw_fd(),
            address.octets.as_ptr().cast(),
            address.length,
        )
    };
    check(result).map(drop)
}

/// The own address of a socket.
///
/// # Errors
/// What `getsockname(2)` says.
pub fn local_address(fd: BorrowedFd<'_>) -> io::Result<Address> {
    let mut address = Address::NONE;
    let mut length = size_of_u32::<[u8; Address::ROOM]>();
    // SAFETY: at most `length` octets are written, which is the size of the array.
    let result = unsafe {
        libc::getsockname(
            fd.as_raw_fd(),
            address.octets.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    check(result)?;
    address.length = length.min(size_of_u32::<[u8; Address::ROOM]>());
    Ok(address)
}

/// Set an option from octets in the option's layout.
///
/// # Errors
/// What `setsockopt(2)` says.
pub fn set_option_bytes(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: `value` lives during the call and the kernel reads `length` octets of it.
    let result =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), length) };
    check(result).map(drop)
}

/// Set an option that is an `int`.
///
/// # Errors
/// What `setsockopt(2)` says.
pub fn set_option(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_option_bytes(fd, level, name, &value.to_ne_bytes())
}

/// The value of an option that is an `int`.
///
/// # Errors
/// What `getsockopt(2)` says.
pub fn option(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<i32> {
    let mut value: i32 = 0;
    let mut length = size_of_u32::<i32>();
    // SAFETY: the kernel writes at most `length` octets, the size of `value`.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    check(result).map(|_| value)
}

/// Which buffer of a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Buffer {
    /// What has arrived and was not read yet.
    Receive,
    /// What was written and has not left yet.
    Send,
}

/// Ask for a buffer of `octets`: beyond the system's limit where we may
/// (`CAP_NET_ADMIN`), else up to the limit.
///
/// # Errors
/// What `setsockopt(2)` says.
pub fn set_buffer(fd: BorrowedFd<'_>, buffer: Buffer, octets: usize) -> io::Result<()> {
    let (force, plain) = match buffer {
        Buffer::Receive => (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF),
        Buffer::Send => (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF),
    };
    let octets = i32::try_from(octets).unwrap_or(i32::MAX);
    set_option(fd, libc::SOL_SOCKET, force, octets)
        .or_else(|_| set_option(fd, libc::SOL_SOCKET, plain, octets))
}

/// Tie a socket to an interface by its index, which survives a renaming.
///
/// # Errors
/// `ENODEV` for an interface that is gone.
pub fn bind_to_interface(fd: BorrowedFd<'_>, interface: u32) -> io::Result<()> {
    let index = i32::try_from(interface).unwrap_or(i32::MAX);
    set_option(fd, libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX, index)
}

/// Send one message to the connected or default destination.
///
/// # Errors
/// What `send(2)` says.
pub fn send(fd: BorrowedFd<'_>, message: &[u8]) -> io::Result<usize> {
    // SAFETY: the kernel reads `len` octets of a slice that lives during the call.
    let result = unsafe {
        libc::send(
            fd.as_raw_fd(),
            message.as_ptr().cast(),
            message.len(),
            libc::MSG_NOSIGNAL,
        )
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Receive one message. The result is its true length, which is more than the
/// room when it was cut off (`MSG_TRUNC`).
///
/// # Errors
/// `WouldBlock` when there is none, and what else `recv(2)` says.
pub fn receive(fd: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most `len` octets into a slice that lives
    // during the call.
    let result = unsafe {
        libc::recv(
            fd.as_raw_fd(),
            room.as_mut_ptr().cast(),
            room.len(),
            libc::MSG_TRUNC,
        )
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// The type of control buffers that [`receive_many`] fills: room for packet
/// information and hop limit of either family.
pub type RxControl = Control<96>;

/// Join or leave a multicast group on an interface.
///
/// # Errors
/// `EADDRINUSE` for a group that is joined already, `ENODEV` for an interface
/// that is gone, and what else `setsockopt(2)` says.
pub fn membership(fd: BorrowedFd<'_>, group: IpAddr, interface: u32, join: bool) -> io::Result<()> {
    let index = interface.to_ne_bytes();
    match group {
        IpAddr::V4(group) => {
            let request: Vec<u8> = [&group.octets()[..], &[0; 4], &index].concat();
            let name = if join {
                libc::IP_ADD_MEMBERSHIP
            } else {
                libc::IP_DROP_MEMBERSHIP
            };
            set_option_bytes(fd, libc::IPPROTO_IP, name, &request)
        }
        IpAddr::V6(group) => {
            let request: Vec<u8> = [&group.octets()[..], &index].concat();
            let name = if join {
                libc::IPV6_ADD_MEMBERSHIP
            } else {
                libc::IPV6_DROP_MEMBERSHIP
            };
            set_option_bytes(fd, libc::IPPROTO_IPV6, name, &request)
        }
    }
}
