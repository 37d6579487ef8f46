//! A second process that goes on in the same code.
//!
//! After a fork without exec only the calling thread exists in the child, and
//! whatever another thread held stays locked. The daemon has one thread, and
//! [`fork`] makes sure of it before every call.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

use nix::unistd::{ForkResult, Pid};

/// Which side of the fork this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The new process.
    Child,
    /// The old process, with the number of the new one.
    Parent(Pid),
}

/// Split the process in two.
///
/// # Errors
/// What `fork(2)` says, or `Unsupported` if this process has several threads.
pub fn fork() -> io::Result<Side> {
    if threads() > 1 {
        let text = "fork in a process with several threads";
        return Err(io::Error::new(io::ErrorKind::Unsupported, text));
    }
    // SAFETY: this is the only thread, so no lock can be left held in the child
    // and the child may run any code.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(Side::Child),
        ForkResult::Parent { child } => Ok(Side::Parent(child)),
    }
}

/// End the process at once: nothing of a forked child's inherited program state
/// is torn down, and no handler of the parent's library runs.
pub fn leave(status: i32) -> ! {
    // SAFETY: the call ends the process; nothing of it is used afterwards.
    unsafe { libc::_exit(status) }
}

/// In a forked child: close every descriptor from 3 upwards except those to keep.
///
/// The parent's objects that own these descriptors exist as copies in the child.
/// The caller must never use or drop them: it runs its own program and ends the
/// process with [`leave`].
///
/// # Errors
/// What `close_range(2)` says (Linux 5.9; before that each is closed singly).
pub fn close_inherited(keep: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut keep: Vec<libc::c_uint> = keep
        .iter()
        .map(|fd| fd.as_raw_fd().unsigned_abs())
        .collect();
    keep.sort_unstable();
    let mut first = 3;
    for kept in keep.into_iter().filter(|kept| *kept >= 3) {
        if kept > first {
            close_range(first, kept - 1)?;
        }
        first = kept + 1;
    }
    close_range(first, libc::c_uint::MAX)
}

/// Close every descriptor from 3 upwards that the program was started with: a
/// daemon must not keep a pipe of its starter open.
///
/// Only to be called before the program has opened anything.
pub fn close_given() {
    // Descriptors that cannot be closed are no reason not to start.
    let _ = close_range(3, libc::c_uint::MAX);
}

fn close_range(first: libc::c_uint, last: libc::c_uint) -> io::Result<()> {
    // SAFETY: three integers; who owns the descriptors is the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::ENOSYS) {
        return Err(error);
    }
    for fd in open_descriptors().filter(|fd| (first..=last).contains(fd)) {
        // SAFETY: as above.
        let _ = unsafe { libc::close(libc::c_int::try_from(fd).unwrap_or(-1)) };
    }
    Ok(())
}

fn open_descriptors() -> std::vec::IntoIter<libc::c_uint> {
    let entries = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let number = |e: fs::DirEntry| e.file_name().to_str()?.parse().ok();
    // Collected, so that the directory's own descriptor is closed before the rest.
    entries.filter_map(number).collect::<Vec<_>>().into_iter()
}

/// How many threads this process has; 1 where `/proc` does not tell.
fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_beside_other_threads() {
        // The test harness runs tests in threads of their own.
        if threads() > 1 {
            let error = fork().expect_err("must not fork beside other threads");
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        }
    }
}
