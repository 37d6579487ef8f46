//! How the kernel schedules this process, and whether it may swap it out.

use std::io;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use super::check;

/// Run in the real-time class round-robin at `priority` (1 to 99); processes
/// started from this one, such as scripts, begin in the ordinary class.
///
/// # Errors
/// What `sched_setscheduler(2)` says: most often a missing permission.
pub fn set_realtime(priority: i32) -> io::Result<()> {
    // SAFETY: `sched_param` is plain integers, for which zero is a value.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = priority;
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: `param` lives for the length of the call; process 0 is the caller.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const param) };
    check(result).map(drop)
}

/// Run in the ordinary class again.
///
/// # Errors
/// What `sched_setscheduler(2)` says.
pub fn set_ordinary() -> io::Result<()> {
    // Whoever may be real-time by a limit alone may not take this flag back.
    let kept = libc::SCHED_OTHER | libc::SCHED_RESET_ON_FORK;
    enter_ordinary(libc::SCHED_OTHER).or_else(|_| enter_ordinary(kept))
}

fn enter_ordinary(policy: i32) -> io::Result<()> {
    // SAFETY: `sched_param` is plain integers, for which zero is a value.
    let param: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: `param` lives for the length of the call; process 0 is the caller.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const param) };
    check(result).map(drop)
}

/// The real-time priority of this process; 0 in the ordinary class.
///
/// # Errors
/// What `sched_getparam(2)` says.
pub fn realtime() -> io::Result<i32> {
    // SAFETY: `sched_param` is plain integers, for which zero is a value.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills in `param`; process 0 is the caller.
    check(unsafe { libc::sched_getparam(0, &raw mut param) })?;
    Ok(param.sched_priority)
}

/// Set the nice value (-20 to 19) of this process.
///
/// # Errors
/// What `setpriority(2)` says.
pub fn set_nice(nice: i32) -> io::Result<()> {
    // SAFETY: no pointer is involved; process 0 is the caller.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
    check(result).map(drop)
}

/// Run only on the given processors, numbered from 0.
///
/// # Errors
/// What `sched_setaffinity(2)` says, for instance that none of them exists.
pub fn set_affinity(processors: &[u32]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &processor in processors {
        set.set(usize::try_from(processor).unwrap_or(usize::MAX))?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Keep all present and future pages of this process in memory.
///
/// # Errors
/// What `mlockall(2)` says: most often a missing permission or limit.
pub fn lock_memory() -> io::Result<()> {
    let flags = libc::MCL_CURRENT | libc::MCL_FUTURE;
    // SAFETY: no pointer is involved.
    let result = unsafe { libc::mlockall(flags) };
    check(result).map(drop)
}

/// Let pages of this process be swapped out again.
///
/// # Errors
/// What `munlockall(2)` says.
pub fn unlock_memory() -> io::Result<()> {
    // SAFETY: no pointer is involved.
    let result = unsafe { libc::munlockall() };
    check(result).map(drop)
}
