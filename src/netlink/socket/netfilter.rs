//! Requests of nftables: sent with one call, answered before it returns.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::{NO_BUFFERS, is_overrun};
use crate::netlink::error::{NetlinkError, Reply};
use crate::netlink::header::Messages;
use crate::netlink::nft::{Transaction, get_table};
use crate::sys::sock::{self, Address, Buffer, Kind};

/// Octets for the answers: one for each message.
const BUFFER: usize = 1 << 20;
const ROOM: usize = 64 * 1024;
/// So often it is tried if answers are lost, each time with twice the room for them.
const TRIES: u32 = 4;
/// `ENOENT`: no table of this name.
const NO_ENTRY: i32 = 2;

/// Carry a transaction out, all of it or nothing. It has to replace what is there, since
/// it is sent again if its answers are lost.
///
/// # Errors
/// The kernel's first refusal, or what the socket says; `ENOBUFS` if the kernel does not
/// answer at all.
pub fn commit(transaction: Transaction) -> io::Result<()> {
    match exchange(&transaction.finish())? {
        None => Ok(()),
        Some(refusal) => Err(io::Error::other(refusal)),
    }
}

/// Whether there is a table of this name.
///
/// # Errors
/// What the socket says, or the kernel beyond that it has none.
pub fn has_table(family: u8, table: &str) -> io::Result<bool> {
    match exchange(&get_table(family, table))? {
        None => Ok(true),
        Some(refusal) if refusal.errno == NO_ENTRY => Ok(false),
        Some(refusal) => Err(io::Error::other(refusal)),
    }
}

/// The kernel's first refusal.
fn exchange(octets: &[u8]) -> io::Result<Option<NetlinkError>> {
    let mut result = Err(io::Error::from_raw_os_error(NO_BUFFERS));
    for attempt in 0..TRIES {
        result = ask(octets, BUFFER << attempt);
        if !result.as_ref().is_err_and(is_overrun) {
            break;
        }
    }
    result
}

fn ask(octets: &[u8], buffer: usize) -> io::Result<Option<NetlinkError>> {
    let fd = sock::socket(Kind::Netfilter)?;
    sock::set_buffer(fd.as_fd(), Buffer::Receive, buffer)?;
    sock::set_buffer(fd.as_fd(), Buffer::Send, BUFFER.max(2 * octets.len()))?;
    sock::bind(fd.as_fd(), &Address::netlink(0, 0))?;
    sock::send(fd.as_fd(), octets)?;
    answered(fd.as_fd())
}

/// Read what the kernel has said: it answers every request.
fn answered(fd: BorrowedFd<'_>) -> io::Result<Option<NetlinkError>> {
    let mut room = vec![0; ROOM];
    let mut answers = 0;
    loop {
        let length = match sock::receive(fd, &mut room) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        };
        for message in Messages::new(room.get(..length).unwrap_or_default()) {
            answers += 1;
            if let Some(reply) = Reply::parse(&message)
                && let Err(refusal) = reply.result()
            {
                return Ok(Some(refusal));
            }
        }
    }
    match answers {
        0 => Err(io::Error::from_raw_os_error(NO_BUFFERS)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::netlink::header::{Header, kind, write_message};

    fn answer(kernel: &UnixDatagram, errno: i32) {
        let header = Header {
            kind: kind::ERROR,
            ..Header::default()
        };
        let mut reply = Vec::new();
        let payload = [(-errno).to_ne_bytes(), [0; 4], [0; 4], [0; 4], [0; 4]].concat();
        write_message(&mut reply, header, &payload, |_| {});
        kernel.send(&reply).expect("sent");
    }

    #[test]
    fn silence_is_no_success() {
        let (own, kernel) = UnixDatagram::pair().expect("a pair of sockets");
        own.set_nonblocking(true).expect("non-blocking");
        let silence = answered(own.as_fd()).expect_err("nothing was said");
        assert!(is_overrun(&silence), "{silence}");
        answer(&kernel, 0);
        assert_eq!(answered(own.as_fd()).ok(), Some(None));
        answer(&kernel, 0);
        answer(&kernel, 22);
        let refusal = answered(own.as_fd()).ok().flatten();
        assert_eq!(refusal.map(|refusal| refusal.errno), Some(22));
    }
}
