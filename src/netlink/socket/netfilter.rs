//! Requests of nftables: sent with one call, answered before it returns.

use std::io;
use std::os::fd::AsFd;

use crate::netlink::error::{NetlinkError, Reply};
use crate::netlink::header::Messages;
use crate::netlink::nft::{Transaction, get_table};
use crate::sys::sock::{self, Address, Buffer, Kind};

/// Octets for the answers: one for each message.
const BUFFER: usize = 1 << 20;
const ROOM: usize = 64 * 1024;
/// `ENOENT`: no table of this name.
const NO_ENTRY: i32 = 2;

/// Carry a transaction out, all of it or nothing.
///
/// # Errors
/// The kernel's first refusal, or what the socket says.
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
    let fd = sock::socket(Kind::Netfilter)?;
    sock::set_buffer(fd.as_fd(), Buffer::Receive, BUFFER)?;
    sock::set_buffer(fd.as_fd(), Buffer::Send, BUFFER.max(2 * octets.len()))?;
    sock::bind(fd.as_fd(), &Address::netlink(0, 0))?;
    sock::send(fd.as_fd(), octets)?;
    let mut room = vec![0; ROOM];
    loop {
        let length = match sock::receive(fd.as_fd(), &mut room) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        for message in Messages::new(room.get(..length).unwrap_or_default()) {
            if let Some(reply) = Reply::parse(&message)
                && let Err(refusal) = reply.result()
            {
                return Ok(Some(refusal));
            }
        }
    }
}
