//! The connection of a [`Courier`]: sockets for its actions.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage, connect, socket,
};
use scheduler::Instant;

use super::courier::{Action, Courier};

/// The most that is read before others have their turn.
const READ_MAX: usize = 16 * 1024;

/// A connection that is being made, or is there.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    is_there: bool,
}

impl Connection {
    /// Begin to connect, without waiting.
    pub(super) fn begin(to: SocketAddr) -> io::Result<Self> {
        let family = match to {
            SocketAddr::V4(_) => AddressFamily::Inet,
            SocketAddr::V6(_) => AddressFamily::Inet6,
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd = socket(family, SockType::Stream, flags, None)?;
        let address = SockaddrStorage::from(to);
        debug_assert!(
            address.len() > 0,
            "a storage made of an address has its length"
        );
        match connect(fd.as_raw_fd(), &address) {
            Ok(()) | Err(Errno::EINPROGRESS) => Ok(Self {
                stream: fd.into(),
                is_there: false,
            }),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Do what the socket is ready for. True if there may be more to read.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        courier: &mut Courier,
        out: &mut Vec<Action>,
    ) -> bool {
        if !self.is_there {
            if let Some(error) = self.refusal() {
                courier.lost(now, &error.to_string(), out);
                return false;
            }
            self.is_there = true;
            courier.connected(now);
        }
        let mut room = [0; 2048];
        let mut read = 0;
        while read < READ_MAX {
            match self.stream.read(&mut room) {
                Ok(0) => {
                    courier.lost(now, "the server closed the connection", out);
                    return false;
                }
                Ok(octets) => {
                    read += octets;
                    courier.received(now, room.get(..octets).unwrap_or_default(), out);
                    self.write(now, courier, out);
                    if out.contains(&Action::Close) {
                        return false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.write(now, courier, out);
                    return false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    courier.lost(now, &error.to_string(), out);
                    return false;
                }
            }
        }
        true
    }

    fn write(&mut self, now: Instant, courier: &mut Courier, out: &mut Vec<Action>) {
        while !courier.output().is_empty() {
            match self.stream.write(courier.output()) {
                Ok(octets) => courier.wrote(octets),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return courier.lost(now, &error.to_string(), out),
            }
        }
    }

    /// Why the connection did not come to be.
    fn refusal(&self) -> Option<io::Error> {
        match self.stream.take_error() {
            Ok(None) => self.stream.peer_addr().err(),
            Ok(Some(error)) | Err(error) => Some(error),
        }
    }
}
