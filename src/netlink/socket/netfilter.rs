//! A transaction of nftables: sent with one call, answered before it returns.

use std::io;
use std::os::fd::AsFd;

use crate::netlink::error::Reply;
use crate::netlink::header::Messages;
use crate::netlink::nft::Transaction;
use crate::sys::sock::{self, Address, Buffer, Kind};

/// Octets for the answers: one for each message.
const BUFFER: usize = 1 << 20;
const ROOM: usize = 64 * 1024;

/// Carry a transaction out, all of it or nothing.
///
/// # Errors
/// The kernel's first refusal, or what the socket says.
pub fn commit(transaction: Transaction) -> io::Result<()> {
    let fd = sock::socket(Kind::Netfilter)?;
    let octets = transaction.finish();
    sock::set_buffer(fd.as_fd(), Buffer::Receive, BUFFER)?;
    sock::set_buffer(fd.as_fd(), Buffer::Send, BUFFER.max(2 * octets.len()))?;
    sock::bind(fd.as_fd(), &Address::netlink(0, 0))?;
    sock::send(fd.as_fd(), &octets)?;
    let mut room = vec![0; ROOM];
    loop {
        let length = match sock::receive(fd.as_fd(), &mut room) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        for message in Messages::new(room.get(..length).unwrap_or_default()) {
            if let Some(reply) = Reply::parse(&message) {
                reply.result().map_err(io::Error::other)?;
            }
        }
    }
}
