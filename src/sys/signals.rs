//! Signals by number, the real-time ones included, as a readable descriptor.
//!
//! `scheduler` delivers the signals that have a name; the C library's enumeration
//! of names (and `nix`) ends at 31, and consumers of keepalived send 36, 37, 63
//! and 64.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use super::check;

/// Signals read from a descriptor instead of interrupting the program.
#[derive(Debug)]
pub struct SignalReader {
    fd: SignalFd,
}

impl SignalReader {
    /// Block these signals and read them from now on.
    ///
    /// # Errors
    /// A number that is no signal, or no descriptor left.
    pub fn open(numbers: &[i32]) -> io::Result<Self> {
        let set = set_of(numbers)?;
        set.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self {
            fd: SignalFd::with_flags(&set, flags)?,
        })
    }

    /// The number of the next signal; nothing when none waits.
    #[must_use]
    pub fn next(&self) -> Option<i32> {
        let info = self.fd.read_signal().ok().flatten()?;
        i32::try_from(info.ssi_signo).ok()
    }
}

impl AsFd for SignalReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Block exactly these signals in this thread.
///
/// # Errors
/// A number that is no signal.
pub fn block_only(numbers: &[i32]) -> io::Result<()> {
    Ok(set_of(numbers)?.thread_set_mask()?)
}

/// Send a signal to a process.
///
/// # Errors
/// What `kill(2)` says: most often that there is no such process any more.
pub fn send(pid: Pid, number: i32) -> io::Result<()> {
    // SAFETY: two integers.
    check(unsafe { libc::kill(pid.as_raw(), number) }).map(drop)
}

fn set_of(numbers: &[i32]) -> io::Result<SigSet> {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the pointer is to a value of the right type that we own.
    check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
    // SAFETY: all-zero octets are a valid set, and the call has emptied it.
    let mut set = unsafe { set.assume_init() };
    for &number in numbers {
        // SAFETY: `set` is initialised and ours.
        check(unsafe { libc::sigaddset(&raw mut set, number) })?;
    }
    // SAFETY: `set` was initialised by sigemptyset above.
    Ok(unsafe { SigSet::from_sigset_t_unchecked(set) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_time_signals_are_read() {
        let number = libc::SIGRTMIN() + 5;
        let reader = SignalReader::open(&[number]).expect("signalfd");
        assert_eq!(reader.next(), None);
        // SAFETY: a query without arguments.
        let this = unsafe { libc::pthread_self() };
        // SAFETY: this thread exists, and has the signal blocked.
        let sent = unsafe { libc::pthread_kill(this, number) };
        assert_eq!(sent, 0);
        assert_eq!(reader.next(), Some(number));
        assert_eq!(reader.next(), None);
    }

    #[test]
    fn a_number_that_is_no_signal_is_refused() {
        assert!(SignalReader::open(&[999]).is_err());
    }
}
