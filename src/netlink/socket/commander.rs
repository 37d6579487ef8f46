//! Requests to the kernel.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{CAP_ACK, EXT_ACK, NO_BUFFERS, SOL_NETLINK, is_overrun};
use crate::netlink::addr::{AddressRequest, Operation};
use crate::netlink::batch::{Batch, Outcomes, Tolerate};
use crate::netlink::error::Reply;
use crate::netlink::header::Messages;
use crate::sys::sock::{self, Buffer, Kind};

/// Octets of the kernel's send buffer: one send must fit into it.
const SEND_BUFFER: usize = 1024 * 1024;
/// The most messages of one send: their refusals fit into the receive buffer,
/// and ten thousand messages take forty calls.
const MESSAGES_PER_SEND: usize = 256;
/// Errors are short: room for a few at once suffices.
const REPLY_ROOM: usize = 8 * 1024;

/// A socket that changes what the kernel has, and its queue.
#[derive(Debug)]
pub struct Commander {
    fd: OwnedFd,
    port: u32,
    batch: Batch,
    room: Box<[u8]>,
}

impl Commander {
    /// Open the socket with a receive buffer of so many octets in the kernel.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(receive_buffer: usize) -> io::Result<Self> {
        Self::open_kind(Kind::RouteNetlink, receive_buffer)
    }

    /// The same for requests to families of generic netlink.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_generic(receive_buffer: usize) -> io::Result<Self> {
        Self::open_kind(Kind::GenericNetlink, receive_buffer)
    }

    fn open_kind(kind: Kind, receive_buffer: usize) -> io::Result<Self> {
        let (fd, port) = super::open(kind, receive_buffer)?;
        sock::set_buffer(fd.as_fd(), Buffer::Send, SEND_BUFFER)?;
        for option in [EXT_ACK, CAP_ACK] {
            // Without them errors come without words, or with the request.
            let _ = sock::set_option(fd.as_fd(), SOL_NETLINK, option, 1);
        }
        Ok(Self {
            fd,
            port,
            batch: Batch::new(),
            room: vec![0; REPLY_ROOM].into_boxed_slice(),
        })
    }

    /// The socket's port: the kernel stamps it on changes we cause.
    #[must_use]
    pub const fn port(&self) -> u32 {
        self.port
    }

    /// Queue an address to add or remove; [`Self::flush`] sends.
    pub fn push(
        &mut self,
        request: &AddressRequest<'_>,
        operation: Operation,
        ticket: u64,
        tolerate: Tolerate,
    ) {
        self.batch.push(request, operation, ticket, tolerate);
    }

    /// The queue, for requests of other kinds.
    pub const fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Send up to `max_messages` queued requests. The kernel works them off
    /// before this returns (some 10 to 50 microseconds each), so the limit is what
    /// bounds the time. The result is the number of sent ones; the rest stays
    /// queued. The outcomes can be read at once.
    ///
    /// # Errors
    /// What `send(2)` says; the requests stay queued.
    pub fn flush(&mut self, max_messages: usize) -> io::Result<usize> {
        let queued = self.batch.queued();
        let mut left = max_messages;
        while left > 0 {
            let Some(octets) = self.batch.take(left.min(MESSAGES_PER_SEND)) else {
                break;
            };
            let length = octets.len();
            if let Err(error) = sock::send(self.fd.as_fd(), octets) {
                self.batch.give_back(length);
                if error.kind() == io::ErrorKind::WouldBlock {
                    break;
                }
                return Err(error);
            }
            left = max_messages.saturating_sub(queued - self.batch.queued());
        }
        Ok(queued - self.batch.queued())
    }

    /// Read replies until none is left, and append the outcomes they settle.
    /// Replies that were lost leave `ENOBUFS` as the outcome: whether the
    /// request succeeded is then in the mirror.
    ///
    /// # Errors
    /// What `recv(2)` says.
    pub fn read(&mut self, out: &mut Outcomes) -> io::Result<()> {
        let mut is_lossy = false;
        let result = loop {
            match self.receive(out) {
                // Nothing else is asked for: another call would find nothing.
                Ok(()) if self.batch.backlog() == self.batch.queued() => break Ok(()),
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_overrun(&error) => is_lossy = true,
                Err(error) => break Err(error),
            }
        };
        if is_lossy {
            // The refusals that did arrive are told already.
            self.batch.lost(NO_BUFFERS, out);
        }
        result
    }

    /// Requests without an outcome yet.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.batch.backlog()
    }

    /// Requests that were not sent yet.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.batch.queued()
    }

    fn receive(&mut self, out: &mut Outcomes) -> io::Result<()> {
        let length = sock::receive(self.fd.as_fd(), &mut self.room)?;
        let octets = self.room.get(..length).unwrap_or(&self.room);
        for message in Messages::new(octets) {
            if let Some(reply) = Reply::parse(&message) {
                self.batch.reply(&reply, out);
            }
        }
        Ok(())
    }
}

impl AsFd for Commander {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
