//! The descriptors: a [`Monitor`] that listens, a [`Commander`] that asks; [`list`] for
//! those who want to know once what there is.

mod commander;
mod echoes;
pub mod generic;
mod listing;
mod monitor;
pub mod netfilter;
mod part;
mod process_monitor;

pub use commander::Commander;
pub use listing::list;
pub use monitor::{Mended, Monitor, ReadStatus};
pub use process_monitor::{ProcessMonitor, ProcessRead};

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use crate::sys::sock::{self, Address, Buffer, Kind};

const SOL_NETLINK: i32 = 270;
const ADD_MEMBERSHIP: i32 = 1;
const CAP_ACK: i32 = 10;
const EXT_ACK: i32 = 11;
const STRICT_CHECK: i32 = 12;

/// Octets of the receive buffer on our side: the kernel's largest dump parts of 32 KiB
/// fit twice, and sixteen events (see [`PIECE`]).
const ROOM: usize = 64 * 1024;
/// Octets for one event when many are received with one call. A link with all
/// its attributes takes about 2 KiB; a longer one is treated as lost.
const PIECE: usize = 4 * 1024;
/// Events of one call.
const PIECES: usize = ROOM / PIECE;

/// A bound netlink socket and its port.
fn open(kind: Kind, receive_buffer: usize) -> io::Result<(OwnedFd, u32)> {
    let fd = sock::socket(kind)?;
    sock::set_buffer(fd.as_fd(), Buffer::Receive, receive_buffer)?;
    // Strict checks filter dumps in the kernel; old kernels do without.
    let _ = sock::set_option(fd.as_fd(), SOL_NETLINK, STRICT_CHECK, 1);
    sock::bind(fd.as_fd(), &Address::netlink(0, 0))?;
    let port = sock::local_address(fd.as_fd())?.netlink_port();
    let port = port.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok((fd, port))
}

/// `ENOBUFS`: the receive buffer was full and messages were dropped.
const NO_BUFFERS: i32 = 105;

fn is_overrun(error: &io::Error) -> bool {
    error.raw_os_error() == Some(NO_BUFFERS)
}
