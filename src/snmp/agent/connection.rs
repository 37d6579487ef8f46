//! The socket of a session: how it is opened, and what became of that.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr, connect,
    getpeername, getsockopt, recv, send, socket, sockopt,
};
use scheduler::IoId;

use crate::model::AgentSocket;

/// A socket, and whether it is connected.
#[derive(Debug)]
pub(super) struct Connection<P> {
    pub(super) socket: OwnedFd,
    pub(super) io: IoId<P>,
    pub(super) is_there: bool,
}

impl<P> Connection<P> {
    pub(super) fn write(&self, octets: &[u8]) -> Result<usize, Errno> {
        send(self.socket.as_raw_fd(), octets, MsgFlags::MSG_NOSIGNAL)
    }

    pub(super) fn read(&self, room: &mut [u8]) -> Result<usize, Errno> {
        recv(self.socket.as_raw_fd(), room, MsgFlags::empty())
    }

    /// Why the connection did not come to be.
    pub(super) fn refusal(&self) -> Option<io::Error> {
        match getsockopt(&self.socket, sockopt::SocketError) {
            Ok(0) => getpeername::<SockaddrStorage>(self.socket.as_raw_fd())
                .err()
                .map(Into::into),
            Ok(number) => Some(io::Error::from_raw_os_error(number)),
            Err(errno) => Some(errno.into()),
        }
    }
}

/// Begin to connect, without waiting.
pub(super) fn begin(to: &AgentSocket) -> io::Result<OwnedFd> {
    let open = |family| {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        socket(family, SockType::Stream, flags, None)
    };
    match to {
        AgentSocket::Unix(path) => {
            let address = UnixAddr::new(path)?;
            finish(open(AddressFamily::Unix)?, &address)
        }
        AgentSocket::Tcp(to) => {
            let family = if to.is_ipv4() {
                AddressFamily::Inet
            } else {
                AddressFamily::Inet6
            };
            finish(open(family)?, &SockaddrStorage::from(*to))
        }
    }
}

fn finish(socket: OwnedFd, address: &dyn SockaddrLike) -> io::Result<OwnedFd> {
    match connect(socket.as_raw_fd(), address) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(socket),
        // A Unix socket whose owner takes no more connections.
        Err(Errno::EAGAIN) => Err(io::Error::other("it does not take connections")),
        Err(errno) => Err(errno.into()),
    }
}
