//! System calls: the only folder with `unsafe` code.
//!
//! Each wrapper takes and returns owned or borrowed descriptors, slices and
//! values, never raw pointers; each `unsafe` block holds one operation and a
//! SAFETY line with the invariant it rests on. What `nix` offers as safe code
//! is used from there; a file here gives it the shape the daemon needs.
//!
//! * [`alloc`]: allocators: one that ends the process, one that counts
//! * [`calendar`]: seconds since the epoch to local calendar time
//! * [`exec`]: programs started without a copy of the daemon
//! * [`host`]: names of the machine and the user
//! * [`fork`]: a second process, under the conditions that make it sound
//! * [`signals`]: signals by number as a descriptor, the real-time ones included
//! * [`sched`]: real-time class, nice value, processor affinity, memory locking
//! * [`rlimit`]: resource limits
//! * [`prctl`]: task name, signal at the parent's death
//! * [`memory`]: heap and code that are no longer needed, given back
//! * `pattern`: searches with PCRE2, in parts
//! * [`pass`]: messages between processes, with descriptors in them
//! * [`ordinary`]: how the process was started, to go back to
//! * [`ns`]: network and mount namespaces
//! * [`fd`]: waiting for one descriptor
//! * [`link_state`]: whether an interface has a link, asked for
//! * [`sock`]: sockets, their addresses and options, many messages per call
//! * [`cmsg`]: ancillary data, written and read
//! * [`bpf`]: classic packet filters
//! * `tls`: sessions of OpenSSL, used again
//! * `lazy_tls`: OpenSSL loaded when it is used first
//! * [`sysctl`]: kernel settings below `/proc/sys`
#![allow(unsafe_code, reason = "system calls live here and nowhere else")]

use std::io;

pub mod alloc;
pub mod bpf;
pub mod calendar;
pub mod cmsg;
pub mod exec;
pub mod fd;
pub mod fork;
pub mod host;
#[cfg(all(feature = "tls", target_arch = "x86_64", target_env = "gnu"))]
mod lazy_tls;
pub mod link_state;
pub mod memory;
pub mod ns;
pub mod ordinary;
pub mod pass;
#[cfg(feature = "regex")]
pub mod pattern;
pub mod prctl;
pub mod rlimit;
pub mod sched;
pub mod signals;
pub mod sock;
pub mod sysctl;
#[cfg(feature = "tls")]
pub mod tls;

/// The outcome of a call of the C library that returns -1 and sets `errno`.
///
/// # Errors
/// The present `errno`, if `result` is negative.
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
