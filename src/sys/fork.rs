//! A second process that goes on in the same code.
//!
//! After a fork without exec only the calling thread exists in the child, and
//! whatever another thread held stays locked. The daemon has one thread, and
//! [`fork`] makes sure of it before every call.

use std::fs;
use std::io;

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
