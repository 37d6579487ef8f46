//! Scheduling, processor and memory settings of a process.
//!
//! Each is what the process was started with until the configuration says otherwise, and
//! is that again when a reload takes the word away. What the system refuses is told and
//! prevents nothing.
//!
//! The real-time class is for the loop alone. Its budget between two waits is some
//! milliseconds, and whoever uses it up is killed: reading a configuration, starting
//! thousands of instances and going over to other ones is done in the ordinary class.

use std::io;
use std::time::Duration;

use crate::global::{AutoPriority, ProcessLimits};
use crate::memory::account::{self, Tag};
use crate::memory::residency;
use crate::sys::{ordinary, rlimit, sched};

/// How many descriptors a process may have, where the hard limit allows it.
const OPEN_FILES: u64 = 65_536;
/// `RLIMIT_RTTIME` of a real-time process without `*_rlimit_rttime`.
const REALTIME_BUDGET: Duration = Duration::from_millis(10);
/// Half of it is the limit that only warns, which must not be 0: that is no limit.
const LEAST_BUDGET: Duration = Duration::from_micros(2);

/// The priority of work that goes before other work for a moment: the lowest real-time
/// one.
const RUSH: i32 = 1;

/// Note how this process was started, for what goes back to that. Before anything is
/// changed; children begin with what their parent has noted.
pub fn remember() {
    let _lasting = account::enter(Tag::Lasting);
    ordinary::remember();
}

/// Apply the settings to a new process, but for its class.
pub fn apply(title: &str, limits: &ProcessLimits) {
    remember();
    tell(title, "open files", rlimit::raise_open_files(OPEN_FILES));
    change(title, &ProcessLimits::default(), limits);
}

/// Go over from one configuration to another, but for the class.
pub fn change(title: &str, old: &ProcessLimits, new: &ProcessLimits) {
    if old.nice != new.nice {
        let nice = new.nice.map_or_else(ordinary::nice, i32::from);
        tell(title, "priority", sched::set_nice(nice));
    }
    if old.cpus != new.cpus {
        let result = if new.cpus.is_empty() {
            ordinary::restore_processors()
        } else {
            sched::set_affinity(&new.cpus)
        };
        tell(title, "cpu_affinity", result);
    }
    if old.no_swap != new.no_swap {
        let result = if new.no_swap {
            residency::lock()
        } else {
            residency::unlock()
        };
        tell(title, "no_swap", result);
    }
}

/// Into the class that is configured.
pub fn enter_class(title: &str, limits: &ProcessLimits) {
    let Some(priority) = limits.realtime else {
        return;
    };
    let micros = limits.rttime.map(|us| Duration::from_micros(us.into()));
    let budget = micros.unwrap_or(REALTIME_BUDGET).max(LEAST_BUDGET);
    tell(title, "rlimit_rttime", rlimit::limit_realtime(budget));
    let result = sched::set_realtime(i32::from(priority));
    tell(title, "rt_priority", result);
}

/// Into the ordinary class, with its limit; the real-time priority so far, 0 if there was
/// none.
pub fn leave_class(title: &str) -> i32 {
    let priority = sched::realtime().unwrap_or(0);
    if priority > 0 {
        tell(title, "rt_priority", sched::set_ordinary());
        ordinary::restore_realtime_limit();
    }
    priority
}

/// Back to a priority that the process had, although none is configured
/// (`max_auto_priority`).
pub fn return_to(title: &str, priority: i32) {
    if priority > sched::realtime().unwrap_or(0) {
        tell(title, "max_auto_priority", sched::set_realtime(priority));
    }
}

/// Before all ordinary work, and behind all that is configured to be real-time. False if
/// this process is real-time anyway, or would not survive it for long.
///
/// # Errors
/// What `sched_setscheduler(2)` says: most often a missing permission.
pub fn begin_rush() -> io::Result<bool> {
    let is_ordinary = sched::realtime()? == 0 && !rlimit::is_realtime_limited();
    if is_ordinary {
        sched::set_realtime(RUSH)?;
    }
    Ok(is_ordinary)
}

/// As before; another priority that the process has been given meanwhile stays.
pub fn end_rush() {
    if matches!(sched::realtime(), Ok(RUSH)) {
        // Leaving the class needs no permission.
        let _ = sched::set_ordinary();
    }
}

/// `oom_score_adj`: how soon the kernel ends this process when the machine has no memory
/// left; `None`: as it was started.
pub fn set_oom_score(title: &str, score: Option<i16>) {
    let result = match score {
        Some(score) => ordinary::set_oom_score(score),
        None => ordinary::restore_oom_score(),
    };
    tell(title, "oom_score_adj", result);
}

/// SIGXCPU: the process has used half of what it may without a pause.
pub fn tell_budget(title: &str, keyword: &str) {
    log::warn!(
        "{title} process has used half of the processor time that it may use at realtime \
         priority without a pause: if that is no mistake, {keyword}_rlimit_rttime has to be larger"
    );
}

/// A loop has woken up late: the next higher real-time priority, if one is left
/// (`max_auto_priority`).
pub fn raise_priority(title: &str, auto: &AutoPriority, late: Duration) {
    let present = sched::realtime().unwrap_or(0);
    if present >= i32::from(auto.most) {
        return;
    }
    let raised = present + 1;
    log::info!("{title} process woke up {late:?} late: realtime priority {raised} from now on");
    tell(title, "max_auto_priority", sched::set_realtime(raised));
}

fn tell(title: &str, what: &str, result: io::Result<()>) {
    if let Err(error) = result {
        log::warn!("{title} process: cannot apply {what}: {error}");
    }
}
