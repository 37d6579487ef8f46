//! Processes, dumps and buffers.

use super::{NUMBER_MAX, Row};
use crate::control_plane::arg::{boolean, flag, int, int_or, text, words};
use crate::control_plane::schema::{at, old_name};
use crate::global::words;

/// What names the kernel lets a process have: 15 octets and a NUL.
pub(super) const PROCESS_NAME_MAX: usize = 15;

pub(super) const PROCESS: &[Row] = &[
    Row::new(
        "vrrp_priority",
        int(-20, 19, "", at!(vrrp_process.nice)),
        "The nice value of the VRRP process.",
    ).skipped_bare()
    .default("unchanged"),
    Row::new(
        "vrrp_no_swap",
        flag(at!(vrrp_process.no_swap)),
        "Lock the memory of the VRRP process.",
    ),
    Row::new(
        "vrrp_rt_priority",
        int(1, 99, "", at!(vrrp_process.realtime)),
        "The realtime priority of the VRRP process (SCHED_RR).",
    ).skipped_bare()
    .nearest()
    .default("none"),
    Row::new(
        "vrrp_cpu_affinity",
        words(
            "CPU [CPU ...]",
            1,
            usize::MAX,
            words::set_cpus,
            |global, name, out| words::show_cpus(&global.vrrp_process.cpus, name, out),
        ),
        "The processors the VRRP process may run on.",
    ).skipped_bare()
    .default("all"),
    Row::new(
        "vrrp_rlimit_rttime",
        int(1, NUMBER_MAX, "microseconds", at!(vrrp_process.rttime)),
        "The most time the VRRP process may run at realtime priority without a pause.",
    )
    .aliases(&[old_name("vrrp_rlimit_rtime")])
    .default("10000"),
    Row::new(
        "max_auto_priority",
        int_or(99, -1, 99, at!(auto_priority.most)),
        "A process that wakes up late gets a realtime priority, a step higher each time, up to \
         this one; 0 and below: never.",
    )
    .default("0"),
    Row::new(
        "oom_score_adj",
        int(-1000, 1000, "", at!(oom_score)),
        "How soon the kernel ends the processes of the daemon when the machine has no memory left: -1000 \
         never, 1000 first. Scripts are started with the value that the daemon was started with.",
    )
    .default("unchanged"),
    Row::new(
        "min_auto_priority_delay",
        int(1, 10_000_000, "microseconds", at!(auto_priority.delay)),
        "How much later than it should a process must wake up for max_auto_priority to help it.",
    ).skipped_bare()
    .default("1000000"),
];

pub(super) const DUMPS: &[Row] = &[
    Row::new(
        "state_dump_file",
        text("FILE", at!(dump_files.state)),
        "Where the dump of all data is written (SIGUSR1); the name of the process is put before \
         the extension.",
    )
    .skipped_bare()
    .default("keepalived.data in TMPDIR"),
    Row::new(
        "stats_dump_file",
        text("FILE", at!(dump_files.stats)),
        "Where the dump of statistics is written (SIGUSR2).",
    )
    .skipped_bare()
    .default("keepalived.stats in TMPDIR"),
    Row::new(
        "json_dump_file",
        text("FILE", at!(dump_files.json)),
        "Where the JSON dump is written, on the signal that `keepalived --signum=JSON` names.",
    )
    .skipped_bare()
    .default("keepalived.json in TMPDIR"),
    Row::new(
        "data_use_instance",
        boolean(at!(dump_files.use_instance)),
        "Put namespace and instance into the names of data dumps.",
    ),
    Row::new(
        "json_version",
        int(1, 2, "", at!(dump_files.json_version)),
        "The form of the JSON dump: 1 an array of instances, 2 an object.",
    )
    .default("1"),
];

pub(super) const BUFFERS: &[Row] = &[
    Row::new(
        "vrrp_netlink_cmd_rcv_bufs",
        int(1, NUMBER_MAX, "octets", at!(buffers.netlink_command)),
        "Receive buffer of the netlink socket for requests.",
    )
    .skipped_bare()
    .default("65536"),
    Row::new(
        "vrrp_netlink_cmd_rcv_bufs_force",
        boolean(at!(buffers.netlink_command_force)),
        "vrrp_netlink_cmd_rcv_bufs may be larger than the system's limit, net.core.rmem_max.",
    ),
    Row::new(
        "vrrp_netlink_monitor_rcv_bufs",
        int(1, NUMBER_MAX, "octets", at!(buffers.netlink_monitor)),
        "Receive buffer of the netlink socket for events.",
    )
    .skipped_bare()
    .default("65536"),
    Row::new(
        "vrrp_netlink_monitor_rcv_bufs_force",
        boolean(at!(buffers.netlink_monitor_force)),
        "vrrp_netlink_monitor_rcv_bufs may be larger than the system's limit, net.core.rmem_max.",
    ),
    Row::new(
        "process_monitor_rcv_bufs",
        int(1, NUMBER_MAX, "octets", at!(buffers.process_monitor)),
        "Receive buffer of the events of processes; doubled when events are lost.",
    )
    .skipped_bare()
    .default("500000"),
    Row::new(
        "process_monitor_rcv_bufs_force",
        boolean(at!(buffers.process_monitor_force)),
        "process_monitor_rcv_bufs may be larger than the system's limit, net.core.rmem_max.",
    ),
    Row::new(
        "vrrp_rx_bufs_policy",
        words(
            "MTU|ADVERT|OCTETS",
            1,
            usize::MAX,
            words::set_policy,
            words::show_policy,
        ),
        "Receive buffers of adverts by the interface's MTU, by the size of the own adverts, or \
         so many octets, 0 to 4294967295.",
    )
    .skipped_bare()
    .default("the system's"),
    Row::new(
        "vrrp_rx_bufs_multiplier",
        int(1, NUMBER_MAX, "", at!(buffers.receive_multiplier)),
        "How many packets of each instance fit into a receive buffer, with vrrp_rx_bufs_policy \
         MTU or ADVERT.",
    )
    .skipped_bare()
    .default("3"),
];
