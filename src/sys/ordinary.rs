//! How this process was scheduled and limited when it was started: for what goes back to
//! that at a reload, and for the programs that it starts.

use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::sync::OnceLock;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::unistd::Pid;

/// How soon the kernel ends a process for want of memory.
const OOM_SCORE: &CStr = c"/proc/self/oom_score_adj";
const OOM_SCORE_PATH: &str = "/proc/self/oom_score_adj";

/// How this process was scheduled and limited before it was given a priority and
/// limits of its own. A script of a real-time process is no real-time process.
#[derive(Clone, Debug)]
pub(super) struct Ordinary {
    nice: c_int,
    processors: Option<CpuSet>,
    limits: Vec<(Resource, rlim_t, rlim_t)>,
    /// `oom_score_adj`, as the kernel writes it.
    oom_score: Option<Vec<u8>>,
}

static ORDINARY: OnceLock<Ordinary> = OnceLock::new();

/// Remember how this process is scheduled and limited now, for all programs it
/// will start. Only the first call counts.
pub fn remember() {
    let limits = [Resource::RLIMIT_RTTIME, Resource::RLIMIT_NOFILE];
    let limits = limits.into_iter().filter_map(|resource| {
        let (soft, hard) = getrlimit(resource).ok()?;
        Some((resource, soft, hard))
    });
    // SAFETY: integers. A result of -1 is a value as well, and taken as one.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let ordinary = Ordinary {
        nice,
        processors: sched_getaffinity(Pid::from_raw(0)).ok(),
        limits: limits.collect(),
        oom_score: std::fs::read(OOM_SCORE_PATH).ok(),
    };
    let _ = ORDINARY.set(ordinary);
}

/// The nice value that was remembered; 0 if none was.
#[must_use]
pub fn nice() -> c_int {
    ORDINARY.get().map_or(0, |ordinary| ordinary.nice)
}

/// Run on the processors that were remembered.
///
/// # Errors
/// What `sched_setaffinity(2)` says.
pub fn restore_processors() -> io::Result<()> {
    let processors = ORDINARY.get().and_then(|o| o.processors.as_ref());
    match processors {
        Some(processors) => Ok(sched_setaffinity(Pid::from_raw(0), processors)?),
        None => Ok(()),
    }
}

/// Have the limit of the time at real-time priority that was remembered. Without the
/// permission it stays, which matters only to a process that is real-time again.
pub fn restore_realtime_limit() {
    let limits = ORDINARY.get().map_or(&[][..], |o| o.limits.as_slice());
    for (resource, soft, hard) in limits {
        if *resource == Resource::RLIMIT_RTTIME {
            let _ = setrlimit(*resource, *soft, *hard);
        }
    }
}

/// Have the `oom_score_adj` that was remembered.
///
/// # Errors
/// What writing it says: a permission is missing.
pub fn restore_oom_score() -> io::Result<()> {
    match ORDINARY.get().and_then(|o| o.oom_score.as_ref()) {
        Some(score) => std::fs::write(OOM_SCORE_PATH, score),
        None => Ok(()),
    }
}

/// How soon the kernel ends this process when the machine has no memory left, from
/// -1000 (never) to 1000 (first).
///
/// # Errors
/// What writing it says: a permission is missing.
pub fn set_oom_score(score: i16) -> io::Result<()> {
    std::fs::write(OOM_SCORE_PATH, score.to_string())
}

/// What was remembered, if anything.
pub(super) fn remembered() -> Option<&'static Ordinary> {
    ORDINARY.get()
}

impl Ordinary {
    /// What the system refuses stays as it is: that keeps no script from running.
    /// The real-time class is not inherited (`SCHED_RESET_ON_FORK`).
    pub(super) fn become_it(&self) {
        if let Some(processors) = &self.processors {
            let _ = sched_setaffinity(Pid::from_raw(0), processors);
        }
        // SAFETY: integers.
        let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, self.nice) };
        for (resource, soft, hard) in &self.limits {
            let _ = setrlimit(*resource, *soft, *hard);
        }
        if let Some(score) = &self.oom_score {
            write_oom_score(score);
        }
    }
}

/// The kernel knows that this process only borrows its memory, and changes its score
/// alone. Not even a failure to do it matters.
fn write_oom_score(score: &[u8]) {
    let flags = libc::O_WRONLY | libc::O_CLOEXEC;
    // SAFETY: a text that ends with NUL.
    let file = unsafe { libc::open(OOM_SCORE.as_ptr(), flags) };
    if file < 0 {
        return;
    }
    // SAFETY: as many octets as are there.
    let _ = unsafe { libc::write(file, score.as_ptr().cast::<c_void>(), score.len()) };
    // SAFETY: the descriptor opened above.
    let _ = unsafe { libc::close(file) };
}
