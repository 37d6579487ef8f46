//! Resource limits.

use std::io;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

/// Limit of the processor time between two blocking calls of a real-time
/// process: half of it for the warning signal `SIGXCPU`, all of it for the end.
///
/// # Errors
/// What `setrlimit(2)` says.
pub fn limit_realtime(budget: Duration) -> io::Result<()> {
    let hard = rlim_t::try_from(budget.as_micros()).unwrap_or(rlim_t::MAX);
    Ok(setrlimit(Resource::RLIMIT_RTTIME, hard / 2, hard)?)
}

/// Whether a real-time process is ended that does not wait for long enough.
#[must_use]
pub fn is_realtime_limited() -> bool {
    let limits = getrlimit(Resource::RLIMIT_RTTIME);
    limits.is_ok_and(|(soft, hard)| soft.min(hard) != libc::RLIM_INFINITY)
}

/// Allow core files of any size.
///
/// # Errors
/// What `setrlimit(2)` says.
pub fn allow_core_files() -> io::Result<()> {
    let unlimited = libc::RLIM_INFINITY;
    Ok(setrlimit(Resource::RLIMIT_CORE, unlimited, unlimited)?)
}

/// Raise the soft limit of open descriptors to the hard one, or to `wanted` if
/// that is lower. Thousands of instances need a few descriptors per interface.
///
/// # Errors
/// What `setrlimit(2)` says.
pub fn raise_open_files(wanted: u64) -> io::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let target = wanted.min(hard);
    if target > soft {
        setrlimit(Resource::RLIMIT_NOFILE, target, hard)?;
    }
    Ok(())
}
