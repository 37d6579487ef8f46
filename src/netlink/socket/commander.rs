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
///
/// Replies that did not fit into the receive buffer are lost: then the requests are sent
/// again, half as many at a time until all replies fit. So the kernel may be asked twice.
#[derive(Debug)]
pub struct Commander {
    fd: OwnedFd,
    port: u32,
    batch: Batch,
    /// The most messages of a send; fewer than [`MESSAGES_PER_SEND`] since replies were lost,
    /// and then there is only one send between two reads.
    send_limit: usize,
    /// The kernel answers before the send returns, so what has no answer then gets none.
    is_silence_a_loss: bool,
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
            // A family of generic netlink may have reasons of its own not to answer.
            is_silence_a_loss: kind == Kind::RouteNetlink,
            ..Self::on(fd, port)
        })
    }

    fn on(fd: OwnedFd, port: u32) -> Self {
        Self {
            fd,
            port,
            batch: Batch::new(),
            send_limit: MESSAGES_PER_SEND,
            is_silence_a_loss: true,
            room: vec![0; REPLY_ROOM].into_boxed_slice(),
        }
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
        let max_messages = match self.send_limit {
            MESSAGES_PER_SEND => max_messages,
            limit => max_messages.min(limit),
        };
        let mut left = max_messages;
        while left > 0 {
            let Some(octets) = self.batch.take(left.min(self.send_limit)) else {
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

    /// Read replies until none is left, and append the outcomes they settle. Requests
    /// whose replies were lost are queued again; `ENOBUFS` is their outcome if that was in
    /// vain many times.
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
        let is_unanswered = self.batch.backlog() > self.batch.queued();
        if is_lossy || (is_unanswered && self.is_silence_a_loss && result.is_ok()) {
            self.send_limit = (self.send_limit / 2).max(1);
            self.batch.repeat(NO_BUFFERS, out);
        } else if !is_unanswered {
            self.send_limit = (self.send_limit * 2).min(MESSAGES_PER_SEND);
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::model::{IfIndex, IpNet};
    use crate::netlink::header::{Header, flag, kind, write_message};

    const PORT: u32 = 7;

    /// A commander, and the other end of its socket in the place of the kernel.
    fn pair() -> (Commander, UnixDatagram) {
        let (own, kernel) = UnixDatagram::pair().expect("a pair of sockets");
        own.set_nonblocking(true).expect("non-blocking");
        kernel.set_nonblocking(true).expect("non-blocking");
        (Commander::on(own.into(), PORT), kernel)
    }

    fn push(commander: &mut Commander, tickets: std::ops::Range<u64>) {
        for ticket in tickets {
            let net = IpNet {
                addr: IpAddr::V4(Ipv4Addr::new(10, 0, 0, u8::try_from(ticket).unwrap_or(0))),
                prefix: 32,
            };
            let request = AddressRequest::new(IfIndex(3), net);
            commander.push(&request, Operation::Replace, ticket, Tolerate::EXISTS);
        }
    }

    /// What the kernel was sent with one call: sequence numbers, and which ask for an answer.
    fn heard(kernel: &UnixDatagram) -> Vec<(u32, bool)> {
        let mut room = vec![0; 1 << 17];
        let length = kernel.recv(&mut room).expect("a message");
        let messages = Messages::new(room.get(..length).unwrap_or_default());
        let of = |header: Header| (header.sequence, header.flags & flag::ACK != 0);
        messages.map(|message| of(message.header)).collect()
    }

    fn answer(kernel: &UnixDatagram, sequence: u32, errno: i32) {
        let mut reply = Vec::new();
        let header = Header {
            kind: kind::ERROR,
            flags: 0,
            sequence,
            port: PORT,
        };
        let payload = [(-errno).to_ne_bytes(), [0; 4], [0; 4], [0; 4], [0; 4]].concat();
        write_message(&mut reply, header, &payload, |_| {});
        kernel.send(&reply).expect("sent");
    }

    fn read(commander: &mut Commander) -> Vec<(u64, Option<i32>)> {
        let mut out = Outcomes::new();
        commander.read(&mut out).expect("readable");
        out.iter()
            .map(|o| (o.ticket, o.result.as_ref().err().map(|e| e.errno)))
            .collect()
    }

    #[test]
    fn requests_without_an_answer_are_sent_again_in_smaller_parts() {
        let (mut commander, kernel) = pair();
        push(&mut commander, 0..8);
        assert_eq!(commander.flush(usize::MAX).ok(), Some(8));
        assert_eq!(heard(&kernel).len(), 8);
        // A refusal arrived, and the acknowledgement was lost.
        answer(&kernel, 2, 19);
        assert_eq!(read(&mut commander), [(1, Some(19))]);
        assert_eq!((commander.queued(), commander.backlog()), (8, 8));
        commander.send_limit = 4;
        push(&mut commander, 8..9);
        assert_eq!(
            commander.flush(usize::MAX).ok(),
            Some(4),
            "one send at a time"
        );
        let again = heard(&kernel);
        assert_eq!(again, [(1, false), (2, false), (3, false), (4, true)]);
        answer(&kernel, 2, 19);
        answer(&kernel, 4, 0);
        let settled = [(0, None), (2, None), (3, None)];
        assert_eq!(
            read(&mut commander),
            settled,
            "and what was told is not told again"
        );
        assert_eq!(
            commander.flush(usize::MAX).ok(),
            Some(5),
            "larger parts again"
        );
        assert_eq!(
            heard(&kernel).last(),
            Some(&(9, true)),
            "the new one came last"
        );
        answer(&kernel, 9, 0);
        assert_eq!(read(&mut commander).len(), 5);
        assert_eq!(commander.backlog(), 0);
    }

    #[test]
    fn a_kernel_that_never_answers_is_given_up() {
        let (mut commander, kernel) = pair();
        push(&mut commander, 0..2);
        let mut told = Vec::new();
        let mut sends = 0;
        while commander.backlog() > 0 {
            commander.flush(usize::MAX).expect("sent");
            while kernel.recv(&mut [0; 4096]).is_ok() {
                sends += 1;
            }
            told.extend(read(&mut commander));
            assert!(sends < 100, "{told:?}");
        }
        assert_eq!(told, [(0, Some(NO_BUFFERS)), (1, Some(NO_BUFFERS))]);
    }

    #[test]
    fn what_cannot_be_sent_stays_queued() {
        let (mut commander, kernel) = pair();
        push(&mut commander, 0..3);
        drop(kernel);
        assert!(commander.flush(usize::MAX).is_err());
        assert_eq!((commander.queued(), commander.backlog()), (3, 3));
    }
}
