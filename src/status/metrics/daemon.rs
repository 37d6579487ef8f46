//! Metrics of the daemon and of its processes.

use super::write::{Family, Kind, Labels, family};
use crate::status::snapshot::{Snapshot, TimingStatus};

const STATES: &[&str] = &["running", "silent", "restarting"];
/// The labels of the parent process.
const PARENT: &Labels<'static> = &[("process", "parent")];

/// The daemon as a whole.
pub(super) const DAEMON: &[Family] = &[
    family(
        "keepalived_build",
        Kind::Info,
        "",
        "Which program it is.",
        |all, out| {
            out.info(&[("version", &all.daemon.version)]);
        },
    ),
    family(
        "keepalived_start_time_seconds",
        Kind::Gauge,
        "seconds",
        "When the daemon started, since the epoch.",
        |all, out| out.seconds(&[], all.daemon.started.0),
    ),
    family(
        "keepalived_reloads",
        Kind::Counter,
        "",
        "Reloads that took over.",
        |all, out| out.value(&[], all.daemon.reloads),
    ),
    family(
        "keepalived_reloads_refused",
        Kind::Counter,
        "",
        "Reloads that were refused.",
        |all, out| out.value(&[], all.daemon.reloads_refused),
    ),
    family(
        "keepalived_last_reload_successful",
        Kind::Gauge,
        "",
        "Whether the last reload took over: 0 if it was refused, so that the files are not \
         what is in use. 1 before the first.",
        |all, out| out.value(&[], u64::from(all.daemon.refusal.is_none())),
    ),
];

/// Its processes.
pub(super) const PROCESSES: &[Family] = &[
    family(
        "keepalived_process_state",
        Kind::StateSet,
        "",
        "Whether a child process runs and answers.",
        |all, out| {
            for process in &all.processes {
                out.state(&[("process", &process.role)], STATES, &process.state);
            }
        },
    ),
    family(
        "keepalived_process_restarts",
        Kind::Counter,
        "",
        "How often a child process was started again after its death.",
        |all, out| {
            for process in &all.processes {
                out.value(&[("process", &process.role)], process.restarts);
            }
        },
    ),
    family(
        "keepalived_process_start_time_seconds",
        Kind::Gauge,
        "seconds",
        "When a process started, since the epoch.",
        |all, out| {
            out.seconds(PARENT, all.daemon.started.0);
            for process in &all.processes {
                if let Some(at) = process.started {
                    out.seconds(&[("process", &process.role)], at.0);
                }
            }
        },
    ),
    family(
        "keepalived_process_cpu_seconds",
        Kind::Counter,
        "seconds",
        "Time of a processor that a process took.",
        |all, out| {
            let parent = std::iter::once(("parent", all.daemon.usage.cpu));
            let children = all.processes.iter();
            let children = children.map(|process| (process.role.as_str(), process.usage.cpu));
            for (role, cpu) in parent.chain(children) {
                if let Some(cpu) = cpu {
                    out.seconds(&[("process", role)], cpu);
                }
            }
        },
    ),
    family(
        "keepalived_process_resident_memory_bytes",
        Kind::Gauge,
        "bytes",
        "Memory of a process that is in use.",
        |all, out| {
            let parent = std::iter::once(("parent", all.daemon.usage.memory));
            let children = all.processes.iter();
            let children = children.map(|process| (process.role.as_str(), process.usage.memory));
            for (role, memory) in parent.chain(children) {
                if let Some(memory) = memory {
                    out.value(&[("process", role)], memory);
                }
            }
        },
    ),
    family(
        "keepalived_loop_rounds",
        Kind::Counter,
        "",
        "How often the loop of a process woke up.",
        |all, out| {
            for (role, timing) in timings(all) {
                out.value(&[("process", role)], timing.rounds);
            }
        },
    ),
    family(
        "keepalived_timer_lateness_seconds",
        Kind::Histogram,
        "seconds",
        "How late timers were served; of each round in which one was due, the latest.",
        |all, out| {
            for (role, timing) in timings(all) {
                out.histogram(&[("process", role)], &timing.lateness);
            }
        },
    ),
    family(
        "keepalived_timer_lateness_worst_seconds",
        Kind::Gauge,
        "seconds",
        "How late the latest timer since the start of a process was served.",
        |all, out| {
            for (role, timing) in timings(all) {
                out.seconds(&[("process", role)], timing.lateness.worst);
            }
        },
    ),
];

/// The loops of all processes that answer.
fn timings(all: &Snapshot) -> impl Iterator<Item = (&'static str, &TimingStatus)> {
    let children = [
        ("vrrp", all.vrrp.as_ref().map(|vrrp| &vrrp.timing)),
        ("check", all.check.as_ref().map(|check| &check.timing)),
        ("bfd", all.bfd.as_ref().map(|bfd| &bfd.timing)),
    ];
    let children = children.into_iter();
    let children = children.filter_map(|(role, timing)| Some((role, timing?)));
    std::iter::once(("parent", &all.daemon.timing)).chain(children)
}
