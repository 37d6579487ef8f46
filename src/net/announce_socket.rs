//! Gratuitous ARP and unsolicited neighbour advertisements: whole frames,
//! through any interface.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::model::IfIndex;
use crate::sys::sock::{self, Address, Kind, MANY, Outgoing, name};

/// One socket for all interfaces. It receives nothing: its protocol is 0.
#[derive(Debug)]
pub struct AnnounceSocket {
    fd: OwnedFd,
}

impl AnnounceSocket {
    /// Open the socket.
    ///
    /// # Errors
    /// What the system says.
    pub fn open() -> io::Result<Self> {
        let fd = sock::socket(Kind::Packet)?;
        Ok(Self { fd })
    }

    /// Send frames of `length` octets each, one behind the other in `frames`,
    /// many per system call. The result is how many, from the first on, left;
    /// fewer than all when the queue of the interface is full: send the rest
    /// later.
    ///
    /// # Errors
    /// Why the first of them did not leave, except a full queue, which is
    /// success with 0: `ENETDOWN`, `ENXIO` for an interface that is gone.
    pub fn send_many(&self, interface: IfIndex, frames: &[u8], length: usize) -> io::Result<usize> {
        let total = frames.len().checked_div(length).unwrap_or(0);
        let to = Address::link(interface.0);
        let mut sent = 0;
        while sent < total {
            let mut messages = [Outgoing {
                payload: &[],
                to,
                control: &[],
            }; MANY];
            let rest = frames.get(sent * length..).unwrap_or_default();
            let mut count = 0;
            for (message, frame) in messages.iter_mut().zip(rest.chunks_exact(length)) {
                message.payload = frame;
                count += 1;
            }
            let chunk = messages.get(..count).unwrap_or_default();
            match sock::send_many(self.fd.as_fd(), chunk, name::MSG_NOSIGNAL) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if sent > 0 || is_full(&error) => {
                    debug_assert!(sent < total);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }
}

impl AsFd for AnnounceSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn is_full(error: &io::Error) -> bool {
    /// `ENOBUFS`.
    const NO_BUFFERS: i32 = 105;
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(NO_BUFFERS)
}
