//! Descriptors: waiting for a single one; one that a library owns.
//!
//! The daemon waits in its scheduler only. What happens before the loop starts,
//! such as the first netlink dump, may wait here.

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Wait until `fd` is readable; false when `limit` passed first.
///
/// # Errors
/// What `poll(2)` says; an interruption by a signal starts the wait again.
pub fn wait_readable(fd: BorrowedFd<'_>, limit: Duration) -> io::Result<bool> {
    let timeout = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    loop {
        let mut list = [PollFd::new(fd, PollFlags::POLLIN)];
        match poll(&mut list, timeout) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Whether `fd` can be read from, or written to if that is `wanted`; without waiting.
#[must_use]
pub fn is_ready(fd: BorrowedFd<'_>, wanted: bool) -> bool {
    let mut flags = PollFlags::POLLIN;
    flags.set(PollFlags::POLLOUT, wanted);
    let mut list = [PollFd::new(fd, flags)];
    poll(&mut list, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// A descriptor of our own for what a library has open under a number.
///
/// # Errors
/// What `fcntl(2)` says; among others that there is nothing under that number.
pub fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no memory is concerned; a number that is no descriptor is an error.
    let made = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) };
    let made = Errno::result(made)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn waits_for_data_only_as_long_as_allowed() {
        let (reader, writer) = io::pipe().unwrap();
        assert!(!wait_readable(reader.as_fd(), Duration::from_millis(1)).unwrap());
        io::Write::write_all(&mut &writer, b"x").unwrap();
        assert!(wait_readable(reader.as_fd(), Duration::from_secs(5)).unwrap());
    }
}
