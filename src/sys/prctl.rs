//! What a process says about itself: its name and when it wants to die.

use std::ffi::CString;
use std::io;

use nix::sys::prctl;
use nix::sys::signal::Signal;

/// Set the name that `ps`, `pgrep` and `/proc/PID/comm` show; cut at
/// 15 octets by the kernel.
///
/// # Errors
/// `InvalidInput` for a name with a NUL in it.
pub fn set_task_name(name: &str) -> io::Result<()> {
    let name = CString::new(name).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(prctl::set_name(&name)?)
}

/// Have the kernel send `signal` to this process when its parent ends. The
/// setting does not survive an exec of a program with more rights.
///
/// # Errors
/// What `prctl(2)` says.
pub fn signal_at_parent_death(signal: Signal) -> io::Result<()> {
    Ok(prctl::set_pdeathsig(signal)?)
}

/// Allow or forbid core files and the tracing of this process by its user.
///
/// # Errors
/// What `prctl(2)` says.
pub fn set_dumpable(allowed: bool) -> io::Result<()> {
    Ok(prctl::set_dumpable(allowed)?)
}
