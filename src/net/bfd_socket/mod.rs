//! Sending and receiving BFD control packets (RFC 5881 section 4 and 5, RFC 5883).
//!
//! One [`BfdReceiver`] for each family and port takes the packets of all sessions,
//! many with a system call. Each session has a [`BfdSender`], for its source port has
//! to be its own: it is connected, so that the kernel keeps the route.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

pub use receive::{BfdBatch, BfdDatagram, BfdReceiver};
pub use send::{BfdSender, SenderSpec};

use crate::model::Family;

/// The destination of packets to a neighbour on the same network.
pub const SINGLE_HOP: u16 = 3784;
/// The destination of packets to a neighbour some hops away.
pub const MULTIHOP: u16 = 4784;

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
