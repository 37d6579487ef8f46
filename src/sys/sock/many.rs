//! `sendmmsg(2)` and `recvmmsg(2)`: one system call for many messages.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::{io, mem, ptr};

use super::{Address, RxControl};
use crate::sys::bpf::size_of_u32;

/// The most messages of one call.
pub const MANY: usize = 32;

/// A message to send.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// What to send.
    pub payload: &'a [u8],
    /// Where to; [`Address::NONE`] for a connected socket.
    pub to: Address,
    /// Ancillary data, see [`crate::sys::cmsg::Control::as_bytes`].
    pub control: &'a [u8],
}

/// Send up to [`MANY`] messages with one call. The result is how many of them,
/// from the first on, were taken.
///
/// # Errors
/// Why the very first was not taken.
pub fn send_many(fd: BorrowedFd<'_>, messages: &[Outgoing<'_>], flags: i32) -> io::Result<usize> {
    let mut parts = [empty_part(); MANY];
    let mut headers = [empty_header(); MANY];
    let mut count = 0;
    for ((message, part), header) in messages.iter().zip(&mut parts).zip(&mut headers) {
        part.iov_base = message.payload.as_ptr().cast_mut().cast();
        part.iov_len = message.payload.len();
        let header = &mut header.msg_hdr;
        header.msg_iov = ptr::from_mut(part);
        header.msg_iovlen = 1;
        if !message.to.is_none() {
            header.msg_name = message.to.octets.as_ptr().cast_mut().cast();
            header.msg_namelen = message.to.length;
        }
        if !message.control.is_empty() {
            header.msg_control = message.control.as_ptr().cast_mut().cast();
            header.msg_controllen = message.control.len();
        }
        count += 1;
    }
    // SAFETY: the first `count` headers point to parts, addresses and control
    // data that outlive the call, with their true lengths; a send only reads them.
    let sent = unsafe { libc::sendmmsg(fd.as_raw_fd(), headers.as_mut_ptr(), count, flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Where one received message goes, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct RxSlot {
    /// Sender.
    pub from: Address,
    /// Ancillary data.
    pub control: RxControl,
    /// Octets that arrived in the buffer.
    pub length: usize,
    /// The buffer was too small for the message.
    pub truncated: bool,
}

impl RxSlot {
    /// Nothing received yet.
    pub const EMPTY: Self = Self {
        from: Address::NONE,
        control: RxControl::new(),
        length: 0,
        truncated: false,
    };
}

/// Receive up to [`MANY`] messages with one call: the n-th into the n-th piece
/// of `room`, each `piece` octets long, with its circumstances in the n-th slot.
///
/// # Errors
/// `WouldBlock` when there is none, and what else `recvmmsg(2)` says.
pub fn receive_many(
    fd: BorrowedFd<'_>,
    room: &mut [u8],
    piece: usize,
    slots: &mut [RxSlot],
) -> io::Result<usize> {
    let mut parts = [empty_part(); MANY];
    let mut headers = [empty_header(); MANY];
    let mut count = 0;
    for (((buffer, slot), part), header) in room
        .chunks_exact_mut(piece)
        .zip(&mut *slots)
        .zip(&mut parts)
        .zip(&mut headers)
    {
        part.iov_base = buffer.as_mut_ptr().cast();
        part.iov_len = buffer.len();
        let header = &mut header.msg_hdr;
        header.msg_iov = ptr::from_mut(part);
        header.msg_iovlen = 1;
        header.msg_name = slot.from.octets.as_mut_ptr().cast();
        header.msg_namelen = size_of_u32::<[u8; Address::ROOM]>();
        let control = slot.control.room();
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control.len();
        count += 1;
    }
    // SAFETY: the first `count` headers point to disjoint buffers, addresses and
    // control rooms that outlive the call, with their true lengths; no timeout.
    let received = unsafe {
        libc::recvmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT,
            ptr::null_mut(),
        )
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    for (slot, header) in slots.iter_mut().zip(&headers).take(received) {
        slot.length = usize::try_from(header.msg_len)
            .unwrap_or(usize::MAX)
            .min(piece);
        slot.truncated = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        slot.from.length = header
            .msg_hdr
            .msg_namelen
            .min(size_of_u32::<[u8; Address::ROOM]>());
        slot.control.filled(header.msg_hdr.msg_controllen);
    }
    Ok(received)
}

const fn empty_part() -> libc::iovec {
    libc::iovec {
        iov_base: ptr::null_mut(),
        iov_len: 0,
    }
}

const fn empty_header() -> libc::mmsghdr {
    // SAFETY: a plain C structure of integers and pointers; all zero is valid
    // and means "nothing given".
    unsafe { mem::zeroed() }
}
