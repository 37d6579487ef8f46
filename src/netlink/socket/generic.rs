//! Questions to generic netlink, each answered before the next is asked.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::{EXT_ACK, ROOM, SOL_NETLINK};
use crate::netlink::error::Reply;
use crate::netlink::genl;
use crate::netlink::header::{Message, Messages};
use crate::sys::fd::wait_readable;
use crate::sys::sock::{self, Kind};

/// How long the kernel may take for an answer where it is waited for. It answers
/// during the question, so this passes only if something is very wrong.
const LIMIT: Duration = Duration::from_secs(10);
/// `ENOENT`: no family of this name.
const NO_ENTRY: i32 = 2;

/// A socket for dumps and other questions.
#[derive(Debug)]
pub struct Inquirer {
    fd: OwnedFd,
    room: Box<[u8]>,
}

impl Inquirer {
    /// Open the socket with a receive buffer of so many octets in the kernel.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(receive_buffer: usize) -> io::Result<Self> {
        let (fd, _) = super::open(Kind::GenericNetlink, receive_buffer)?;
        // Without it errors come without words.
        let _ = sock::set_option(fd.as_fd(), SOL_NETLINK, EXT_ACK, 1);
        Ok(Self {
            fd,
            room: vec![0; ROOM].into_boxed_slice(),
        })
    }

    /// Send a question.
    ///
    /// # Errors
    /// What `send(2)` says.
    pub fn send(&self, question: &[u8]) -> io::Result<()> {
        sock::send(self.fd.as_fd(), question).map(drop)
    }

    /// Read one part of an answer and tell its messages; false if none is there.
    ///
    /// # Errors
    /// What `recv(2)` says, and `InvalidData` for a part that was cut off.
    pub fn receive(&mut self, mut hear: impl FnMut(&Message<'_>)) -> io::Result<bool> {
        let length = match sock::receive(self.fd.as_fd(), &mut self.room) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error),
        };
        let octets = self.room.get(..length).ok_or(io::ErrorKind::InvalidData)?;
        Messages::new(octets).for_each(|message| hear(&message));
        Ok(true)
    }

    /// Wait until a part can be read.
    ///
    /// # Errors
    /// `TimedOut` if the kernel does not answer, and what else the system says.
    pub fn wait(&self) -> io::Result<()> {
        match wait_readable(self.fd.as_fd(), LIMIT)? {
            true => Ok(()),
            false => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// The number of a family, or nothing if the kernel does not have it. Waits.
    ///
    /// # Errors
    /// What the system says.
    pub fn family(&mut self, name: &str) -> io::Result<Option<u16>> {
        const SEQUENCE: u32 = 1;
        let mut question = Vec::new();
        genl::write_family_question(&mut question, name, SEQUENCE);
        self.send(&question)?;
        let (mut number, mut refusal) = (None, None);
        while number.is_none() && refusal.is_none() {
            self.wait()?;
            self.receive(|message| {
                number = number.or_else(|| genl::family_number(message));
                let errno = Reply::parse(message).map(|reply| reply.errno);
                if errno != Some(0) {
                    refusal = refusal.or(errno);
                }
            })?;
        }
        match refusal {
            Some(errno) if errno != NO_ENTRY => Err(io::Error::from_raw_os_error(errno)),
            _ => Ok(number),
        }
    }
}

impl AsFd for Inquirer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
