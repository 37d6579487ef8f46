//! Scheduling, processor and memory settings of a child.

use std::io;
use std::time::Duration;

use crate::global::{AutoPriority, ProcessLimits};
use crate::sys::{exec, rlimit, sched};

/// How many descriptors a process may have, where the hard limit allows it.
const OPEN_FILES: u64 = 65_536;
/// `RLIMIT_RTTIME` of a real-time process without `*_rlimit_rttime`.
const REALTIME_BUDGET: Duration = Duration::from_millis(10);

/// Apply the settings to this process. What the system refuses is told and does
/// not prevent the start.
pub fn apply(title: &str, limits: &ProcessLimits) {
    exec::remember_ordinary();
    tell(title, "open files", rlimit::raise_open_files(OPEN_FILES));
    if let Some(nice) = limits.nice {
        tell(title, "priority", sched::set_nice(i32::from(nice)));
    }
    if !limits.cpus.is_empty() {
        tell(title, "cpu_affinity", sched::set_affinity(&limits.cpus));
    }
    if limits.no_swap {
        tell(title, "no_swap", sched::lock_memory());
    }
    if let Some(priority) = limits.realtime {
        let micros = limits.rttime.map(|us| Duration::from_micros(us.into()));
        let budget = micros.unwrap_or(REALTIME_BUDGET);
        tell(title, "rlimit_rttime", rlimit::limit_realtime(budget));
        let result = sched::set_realtime(i32::from(priority));
        tell(title, "rt_priority", result);
    }
}

/// A loop has woken up late: the next higher real-time priority, if one is left
/// (`max_auto_priority`).
pub fn raise_priority(title: &str, auto: &AutoPriority, late: Duration) {
    let present = sched::realtime().unwrap_or(0);
    if present >= i32::from(auto.most) {
        return;
    }
    let raised = present + 1;
    ::log::info!("{title} process woke up {late:?} late: realtime priority {raised} from now on");
    tell(title, "max_auto_priority", sched::set_realtime(raised));
}

fn tell(title: &str, what: &str, result: io::Result<()>) {
    if let Err(error) = result {
        ::log::warn!("{title} process: cannot apply {what}: {error}");
    }
}
