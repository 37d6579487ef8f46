//! Keywords of `global_defs` that concern the BFD process.

use super::GlobalConfig;
use super::words::{set_bfd_cpus, show_cpus};
use crate::control_plane::arg::{flag, int, words};
use crate::control_plane::schema::{self, at, old_name};

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

const ANY: usize = usize::MAX;
const NUMBER_MAX: i64 = u32::MAX as i64;

pub(super) const PROCESS: &[Row] = &[
    Row::new(
        "bfd_priority",
        int(-20, 19, "", at!(bfd_process.nice)),
        "The nice value of the BFD process.",
    )
    .skipped_bare()
    .default("unchanged"),
    Row::new(
        "bfd_no_swap",
        flag(at!(bfd_process.no_swap)),
        "Lock the memory of the BFD process.",
    ),
    Row::new(
        "bfd_rt_priority",
        int(1, 99, "", at!(bfd_process.realtime)),
        "The realtime priority of the BFD process (SCHED_RR).",
    )
    .skipped_bare()
    .nearest()
    .default("none"),
    Row::new(
        "bfd_cpu_affinity",
        words(
            "CPU [CPU ...]",
            1,
            ANY,
            set_bfd_cpus,
            |global, name, out| {
                show_cpus(&global.bfd_process.cpus, name, out);
            },
        ),
        "The processors the BFD process may run on.",
    )
    .skipped_bare()
    .default("all"),
    Row::new(
        "bfd_rlimit_rttime",
        int(1, NUMBER_MAX, "microseconds", at!(bfd_process.rttime)),
        "The most time the BFD process may run at realtime priority without a pause.",
    )
    .aliases(&[old_name("bfd_rlimit_rtime")])
    .default("10000"),
];
