//! Events of processes.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::is_overrun;
use crate::netlink::header::Messages;
use crate::netlink::process_event::{GROUP, ProcessEvent, question};
use crate::sys::sock::{self, Address, Buffer, Kind};

/// Octets for one message; those of the kernel have 76.
const ROOM: usize = 1024;
/// Messages of one [`ProcessMonitor::read`].
const MESSAGES_PER_READ: usize = 256;
/// Octets of the receive buffer unless configured: of some 1,400 processes that
/// end at the same moment.
const BUFFER: usize = 500_000;
/// The largest it is made after losses.
const BUFFER_MAX: usize = 1 << 26;

/// The socket that hears of processes.
#[derive(Debug)]
pub struct ProcessMonitor {
    fd: OwnedFd,
    buffer: usize,
}

/// How a [`ProcessMonitor::read`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProcessRead {
    /// Nothing is left to read.
    Drained,
    /// More may be there.
    More,
    /// Events were lost.
    Lost,
}

impl ProcessMonitor {
    /// Open the socket in the present network namespace, with a receive buffer of
    /// so many octets, and ask to be told. The kernel answers with
    /// [`ProcessEvent::Answer`].
    ///
    /// # Errors
    /// `ConnectionRefused` in another network namespace than the initial one, or
    /// without process events in the kernel; and what else the system says.
    pub fn open(buffer: Option<usize>) -> io::Result<Self> {
        let fd = sock::socket(Kind::Connector)?;
        let buffer = buffer.unwrap_or(BUFFER);
        sock::set_buffer(fd.as_fd(), Buffer::Receive, buffer)?;
        sock::bind(fd.as_fd(), &Address::netlink(0, GROUP))?;
        let port = sock::local_address(fd.as_fd())?.netlink_port();
        sock::send(fd.as_fd(), &question(port.unwrap_or_default()))?;
        Ok(Self { fd, buffer })
    }

    /// Append what has happened.
    ///
    /// # Errors
    /// What `recv(2)` says.
    pub fn read(&mut self, out: &mut Vec<ProcessEvent>) -> io::Result<ProcessRead> {
        let mut room = [0; ROOM];
        for _ in 0..MESSAGES_PER_READ {
            match sock::receive(self.fd.as_fd(), &mut room) {
                Ok(length) => {
                    let octets = room.get(..length).unwrap_or_default();
                    let messages = Messages::new(octets);
                    out.extend(messages.filter_map(|message| ProcessEvent::parse(&message)));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(ProcessRead::Drained);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_overrun(&error) => return Ok(ProcessRead::Lost),
                Err(error) => return Err(error),
            }
        }
        Ok(ProcessRead::More)
    }

    /// After a loss: a receive buffer twice as large. Its size now, in octets.
    pub fn grow(&mut self) -> usize {
        let wanted = self.buffer.saturating_mul(2).min(BUFFER_MAX);
        if sock::set_buffer(self.fd.as_fd(), Buffer::Receive, wanted).is_ok() {
            self.buffer = wanted;
        }
        self.buffer
    }
}

impl AsFd for ProcessMonitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
