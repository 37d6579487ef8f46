//! The packets of one session, from a port of its own.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{SockaddrStorage, bind, connect};

use super::{any, open, port};
use crate::model::{Family, IfIndex};
use crate::sys::sock::{self, name};
use crate::sys::sysctl;

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
}
