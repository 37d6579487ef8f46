//! Sockets of checks: TCP connections, connected UDP sockets, unprivileged echo sockets.
//!
//! A connection begins without waiting. What fails at once is an [`OpenError`], which
//! tells a destination that cannot be reached from a fault on our side: the first
//! says something of the server, the second says nothing ([`OpenError::is_local`]).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, connect, setsockopt,
    socket, sockopt,
};

use crate::model::IfName;

/// What kind of socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// TCP.
    Stream,
    /// UDP.
    Datagram,
    /// ICMP or ICMPv6 echo, as the group range `ping_group_range` may have it.
    Echo,
}

/// Where to, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// The destination; an echo has no use for its port.
    pub to: SocketAddr,
    /// The own address; unspecified is any.
    pub from: Option<SocketAddr>,
    /// Only through this interface (`SO_BINDTODEVICE`).
    pub interface: Option<&'a IfName>,
    /// `SO_MARK`; 0 is none.
    pub mark: u32,
}

/// The step that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// There is no socket to be had.
    Socket,
    /// Mark or interface cannot be set.
    Option,
    /// The own address or port cannot be had.
    Bind,
    /// The connection cannot be begun.
    Connect,
}

/// Why no connection could be begun.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpenError {
    /// Where it failed.
    pub step: Step,
    /// What the kernel says.
    pub errno: Errno,
}

impl OpenError {
    /// Whether it is a matter of this machine, which says nothing of the server
    /// (`protocols.md` section 21).
    #[must_use]
    pub const fn is_local(&self) -> bool {
        let unreachable = matches!(
            self.errno,
            Errno::ENETUNREACH
                | Errno::EHOSTUNREACH
                | Errno::ECONNREFUSED
                | Errno::EHOSTDOWN
                | Errno::ENETDOWN
                | Errno::ECONNRESET
                | Errno::ECONNABORTED
                | Errno::ETIMEDOUT
        );
        !(unreachable && matches!(self.step, Step::Connect))
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.step {
            Step::Socket => "no socket",
            Step::Option => "cannot set mark or interface",
            Step::Bind => "cannot use the own address or port",
            Step::Connect if self.is_local() => "cannot connect",
            Step::Connect => "no route",
        };
        write!(f, "{what}: {}", self.errno.desc())
    }
}

impl std::error::Error for OpenError {}

/// Open a non-blocking socket and begin to connect it.
///
/// No `SO_LINGER`: a lingering close would stop the whole process until the peer
/// has confirmed the end, and without it the kernel sees to the same orderly end.
///
/// # Errors
/// The step that failed, and why.
pub fn open(kind: Kind, path: &Path<'_>) -> Result<OwnedFd, OpenError> {
    let failed = |step| move |errno| OpenError { step, errno };
    let (family, echo, any) = match path.to {
        SocketAddr::V4(_) => {
            let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            (AddressFamily::Inet, SockProtocol::Icmp, any)
        }
        SocketAddr::V6(_) => {
            let any = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            (AddressFamily::Inet6, SockProtocol::IcmpV6, any)
        }
    };
    let (kind, protocol) = match kind {
        Kind::Stream => (SockType::Stream, None),
        Kind::Datagram => (SockType::Datagram, None),
        Kind::Echo => (SockType::Datagram, Some(echo)),
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(family, kind, flags, protocol).map_err(failed(Step::Socket))?;
    if path.mark != 0 {
        setsockopt(&fd, sockopt::Mark, &path.mark).map_err(failed(Step::Option))?;
    }
    if let Some(interface) = path.interface {
        let name = interface.as_str().into();
        setsockopt(&fd, sockopt::BindToDevice, &name).map_err(failed(Step::Option))?;
    }
    if let Some(mut from) = path.from {
        if from.ip().is_unspecified() {
            from.set_ip(any);
        }
        if protocol.is_some() {
            // The port of an echo is its identifier, which the kernel chooses.
            from.set_port(0);
        }
        if from.port() != 0 {
            // The connection of the last check may still be in TIME-WAIT.
            setsockopt(&fd, sockopt::ReuseAddr, &true).map_err(failed(Step::Option))?;
        }
        bind(fd.as_raw_fd(), &SockaddrStorage::from(from)).map_err(failed(Step::Bind))?;
    }
    match connect(fd.as_raw_fd(), &SockaddrStorage::from(path.to)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(fd),
        Err(errno) => Err(failed(Step::Connect)(errno)),
    }
}
