//! Descriptors: waiting for a single one.
//!
//! The daemon waits in its scheduler only. What happens before the loop starts,
//! such as the first netlink dump, may wait here.

use std::io;
use std::os::fd::BorrowedFd;
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
