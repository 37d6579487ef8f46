//! The keywords of `global_defs` that have an effect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::GlobalConfig;
use super::words;
use crate::control_plane::arg::{
    address, boolean, flag, int, int_or, interface, seconds, short_text, some_words, text, time,
    words,
};
use crate::control_plane::diag::{Diags, Old};
use crate::control_plane::read;
use crate::control_plane::schema::at;
use crate::control_plane::schema::{Block, Call, Lens, deprecated, gone, old_name};
use crate::control_plane::source::Span;
use crate::control_plane::value::Field;

/// A keyword of `global_defs`.
type Row = crate::control_plane::schema::Row<GlobalConfig>;

/// `global_defs`
pub(super) static BLOCK: Block<GlobalConfig> = Block {
    rows: &[
        IDENTITY,
        INTERFACES,
        ANNOUNCEMENTS,
        ELECTION,
        PROCESS,
        BUFFERS,
        super::notify::MAIL,
        super::notify::SCRIPTS,
        DUMPS,
        super::watch::ROWS,
        super::bfd_rows::PROCESS,
        super::lvs_rows::CHECKER,
        super::lvs_rows::CHECKS,
        super::firewall_rows::FIREWALL,
        super::lvs_rows::TABLE,
        super::snmp::ROWS,
        super::dbus::ROWS,
        super::reload::ROWS,
    ],
    finish: Some(finish),
};

/// What names the kernel lets a process have: 15 octets and a NUL.
const PROCESS_NAME_MAX: usize = 15;
const MICROSECOND: Duration = Duration::from_micros(1);
/// The most that the C daemon's microseconds in 32 bits hold.
const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);
const NUMBER_MAX: i64 = u32::MAX as i64;

/// Nothing is printed where there is no interval.
const NO_ARP_SOONER: Lens<GlobalConfig, Duration> = Lens {
    get: |global| Some(global.vrrp.garp_interval).filter(|time| !time.is_zero()),
    set: |global, time, _| global.vrrp.garp_interval = time,
};
const NO_ADVERT_SOONER: Lens<GlobalConfig, Duration> = Lens {
    get: |global| Some(global.vrrp.gna_interval).filter(|time| !time.is_zero()),
    set: |global, time, _| global.vrrp.gna_interval = time,
};

/// Samples of 1.3 have `vrrp_garp_interval 0`, which keepalived of today refuses: no
/// interval is what there is without the line.
fn no_interval(call: &Call<'_>) -> Option<Old> {
    let [word] = call.args else { return None };
    let is_zero = read::time(&word.text, Duration::ZERO, LONGEST, MICROSECOND)
        .is_ok_and(|time| time.is_zero());
    is_zero.then(|| gone(call, "0 means no interval, as without the line", true))
}

const IDENTITY: &[Row] = &[
    Row::new(
        "router_id",
        text("NAME", at!(router_id)),
        "A name of this router for mails and SNMP traps.",
    )
    .aliases(&[deprecated("lvs_id")])
    .default("the host's name"),
    Row::new(
        "process_names",
        flag(at!(process_names.by_role)),
        "Name the processes by their role: keepalived_vrrp, keepalived_lvs and keepalived_bfd.",
    ),
    Row::new(
        "process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.parent)),
        "The kernel's name of the parent process.",
    )
    .default("keepalived"),
    Row::new(
        "vrrp_process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.vrrp)),
        "The kernel's name of the VRRP process.",
    )
    .default("keepalived"),
    Row::new(
        "checker_process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.checker)),
        "The kernel's name of the checker process.",
    )
    .aliases(&[old_name("lvs_process_name")])
    .default("keepalived"),
    Row::new(
        "bfd_process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.bfd)),
        "The kernel's name of the BFD process.",
    )
    .default("keepalived"),
    Row::new(
        "umask",
        words("NUMBER|BIT[|BIT...]", 1, usize::MAX, words::set_umask, words::show_umask),
        "The file mode creation mask: a number (decimal, octal with a leading 0, hexadecimal with 0x), \
         or names of bits joined by | (IRUSR, IWGRP, IXOTH, IRWXU, ...). The command line goes before.",
    )
    .default("IXUSR|IRWXG|IRWXO"),
    Row::new(
        "use_symlink_paths",
        boolean(at!(scripts.keep_symlinks)),
        "Run scripts by the path given instead of the one it resolves to.",
    ),
    Row::new(
        "script_user",
        words("USER [[:]GROUP]", 1, 2, words::set_script_user, words::show_script_user),
        "Who runs scripts that name no user. A colon asks for the supplementary groups of the \
         user.",
    )
    .default("keepalived_script if there is such a user, else who runs the daemon"),
    Row::new(
        "enable_script_security",
        flag(at!(scripts.security)),
        "Do not run scripts as root that others than root may change, in themselves or by a folder of \
         their path.",
    ),
    Row::new(
        "set_supplementary_groups",
        boolean(at!(scripts.supplementary)),
        "Run scripts with all groups of their user.",
    ),
    Row::new(
        "random_seed",
        int(0, NUMBER_MAX, "", at!(random_seed)),
        "Where the sequence of ${_RANDOM} starts, for the text behind it.",
    )
    .default("the time of day")
    .hook(|items, words, _| {
        if let Some(seed) = words.first().and_then(|word| word.text.parse().ok()) {
            items.seed_random(seed);
        }
    }),
    Row::new(
        "include_check",
        some_words("[[+|-]read|match|wildcard_match|brace_match ...]", 0, usize::MAX),
        "Which problems of include lines are errors, until the end of the file: set, added (+) \
         or removed (-).",
    )
    .default("none")
    .hook(|items, words, diags| items.include_check(words, diags)),
];

const INTERFACES: &[Row] = &[
    Row::new(
        "dynamic_interfaces",
        words(
            "[allow_if_changes]",
            0,
            1,
            words::set_dynamic_interfaces,
            words::show_dynamic_interfaces,
        ),
        "Interfaces may be absent at start, and with the word also change their type or parent.",
    )
    .default("off"),
    Row::new(
        "nftables",
        words("[TABLE]", 0, 1, words::set_nftables, words::show_nftables),
        "The table of nftables with the rules of no_accept and of VMAC interfaces. It is used \
         where they need one, also without this word.",
    )
    .default("keepalived"),
    Row::new(
        "nftables_priority",
        int(i32::MIN as i64, i32::MAX as i64, "", at!(nftables.priority)),
        "The priority of the chains in the table of nftables; stands behind nftables.",
    )
    .default("-1"),
    Row::new(
        "nftables_counters",
        flag(at!(nftables.counters)),
        "The rules in the table of nftables count packets.",
    ),
    Row::new(
        "nftables_ifindex",
        flag(at!(nftables.by_index)),
        "Sets of link-local addresses in the table of nftables go by the number of the interface \
         instead of its name.",
    ),
    Row::new(
        "vmac_prefix",
        short_text("NAME", 11, at!(vmac_prefix)),
        "How names of VMAC interfaces begin; the virtual router follows.",
    )
    .default("vrrp"),
    Row::new(
        "vmac_addr_prefix",
        short_text("NAME", 11, at!(vmac_addr_prefix)),
        "How names of VMAC interfaces begin that are made for addresses on other interfaces than \
         that of the instance.",
    )
    .default("vmac_prefix"),
    Row::new(
        "default_interface",
        interface(at!(default_interface)),
        "The interface of static addresses without one.",
    )
    .default("eth0"),
    Row::new(
        "iproute_etc_dir",
        text("FOLDER", at!(iproute_etc_dir)),
        "Where the names of tables and the like are, as iproute2 has them; a file here hides \
         that of iproute_usr_dir.",
    )
    .default("/etc/iproute2"),
    Row::new(
        "iproute_usr_dir",
        text("FOLDER", at!(iproute_usr_dir)),
        "Where the names of tables and the like are that iproute_etc_dir does not have.",
    )
    .default("/usr/share/iproute2"),
    Row::new(
        "disable_local_igmp",
        flag(at!(disable_local_igmp)),
        "Send no membership reports for link-local multicast groups.",
    ),
    Row::new(
        "vrrp_mcast_group4",
        address(GROUP4),
        "The multicast group of IPv4 adverts.",
    )
    .default("224.0.0.18"),
    Row::new(
        "vrrp_mcast_group6",
        address(GROUP6),
        "The multicast group of IPv6 adverts.",
    )
    .default("ff02::12"),
];

const GROUP4: Lens<GlobalConfig, IpAddr> = Lens {
    get: |global| Some(global.vrrp.multicast_group4.value.into()),
    set: |global, value, span| {
        let group = match value {
            IpAddr::V4(group) => group,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        global.vrrp.multicast_group4 = Field::make(group, span);
    },
};

const GROUP6: Lens<GlobalConfig, IpAddr> = Lens {
    get: |global| Some(global.vrrp.multicast_group6.value.into()),
    set: |global, value, span| {
        let group = match value {
            IpAddr::V6(group) => group,
            IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
        };
        global.vrrp.multicast_group6 = Field::make(group, span);
    },
};

const ANNOUNCEMENTS: &[Row] = &[
    Row::new(
        "vrrp_garp_master_delay",
        seconds(0, 4294, at!(vrrp.garp.delay)),
        "From becoming master to the second burst of gratuitous ARP or neighbour adverts; 0: no \
         second burst.",
    )
    .default("5"),
    Row::new(
        "vrrp_garp_master_repeat",
        int(1, NUMBER_MAX, "messages", at!(vrrp.garp.repeat)),
        "Gratuitous ARP messages or neighbour adverts for each address, in each burst of a new \
         master.",
    )
    .default("5"),
    Row::new(
        "vrrp_garp_master_refresh",
        seconds(0, u32::MAX as u64, at!(vrrp.garp.refresh)),
        "How often a master announces its addresses again; 0: never.",
    )
    .default("0"),
    Row::new(
        "vrrp_garp_master_refresh_repeat",
        int(1, NUMBER_MAX, "messages", at!(vrrp.garp.refresh_repeat)),
        "Messages for each address whenever vrrp_garp_master_refresh announces them again.",
    )
    .default("1"),
    Row::new(
        "vrrp_garp_lower_prio_delay",
        seconds(0, 4294, at!(vrrp.garp.lower_prio_delay)),
        "From an advert of lower priority that a master hears to the second burst of gratuitous \
         ARP or neighbour adverts.",
    )
    .default("vrrp_garp_master_delay"),
    Row::new(
        "vrrp_garp_lower_prio_repeat",
        int(
            0,
            i32::MAX as i64,
            "messages",
            at!(vrrp.garp.lower_prio_repeat),
        ),
        "Messages for each address in a burst after an advert of lower priority; 0: none.",
    )
    .default("vrrp_garp_master_repeat"),
    Row::new(
        "vrrp_garp_interval",
        time(Duration::ZERO, LONGEST, MICROSECOND, NO_ARP_SOONER),
        "Least time between two gratuitous ARP messages of an interface.",
    )
    .old(no_interval)
    .default("none"),
    Row::new(
        "vrrp_gna_interval",
        time(Duration::ZERO, LONGEST, MICROSECOND, NO_ADVERT_SOONER),
        "Least time between two unsolicited neighbour adverts of an interface.",
    )
    .old(no_interval)
    .default("none"),
    Row::new(
        "vrrp_min_garp",
        boolean(at!(vrrp.min_garp)),
        "Announce each address once after a transition, where no other keyword says how often, \
         instead of five times and again later.",
    ),
    Row::new(
        "vrrp_garp_extra_if",
        words(
            "[all] SECONDS",
            1,
            2,
            words::set_extra_if,
            |global, name, out| {
                words::show_extra_if(global.vrrp.garp.extra, name, out);
            },
        ),
        "Announce one address on each interface with a virtual MAC address that carries addresses \
         and no adverts, that often, 1 to 86400 seconds; with all also on other interfaces.",
    )
    .default("never")
    .aliases(&[deprecated("vrrp_vmac_garp_intvl")]),
];

const ELECTION: &[Row] = &[
    Row::new(
        "vrrp_version",
        int(2, 3, "", at!(vrrp.version)),
        "The version of VRRP that IPv4 instances speak; IPv6 is always 3.",
    )
    .default("2"),
    Row::new(
        "vrrp_down_timer_adverts",
        int(1, 100, "adverts", at!(vrrp.down_timer_adverts)),
        "Adverts missed in a row until the master counts as dead.",
    )
    .default("3"),
    Row::new(
        "vrrp_lower_prio_no_advert",
        boolean(at!(vrrp.lower_prio_no_advert)),
        "A master does not answer an advert of lower priority with one of its own.",
    )
    .default("off, when strict on"),
    Row::new(
        "vrrp_higher_prio_send_advert",
        boolean(at!(vrrp.higher_prio_send_advert)),
        "A master sends a last advert before it yields to a higher priority.",
    ),
    Row::new(
        "vrrp_check_unicast_src",
        flag(at!(vrrp.check_unicast_src)),
        "Drop unicast adverts from others than the peers.",
    ),
    Row::new(
        "vrrp_skip_check_adv_addr",
        boolean(at!(vrrp.skip_check_adv_addr)),
        "Do not compare the addresses of an advert whose sender sent the one before: saves time \
         with many addresses.",
    ),
    Row::new(
        "vrrp_strict",
        boolean(at!(vrrp.strict)),
        "Hold to the RFC: no authentication, no unicast, addresses are obligatory, and packets \
         to them are dropped without accept. Rarely what is meant.",
    ),
    Row::new(
        "vrrp_owner_ignore_adverts",
        boolean(at!(vrrp.owner_ignore_adverts)),
        "A master of priority 255 drops adverts.",
    )
    .default("off"),
    Row::new(
        "v3_checksum_as_v2",
        boolean(at!(vrrp.v3_checksum_as_v2)),
        "Compute checksums of version 3 over IPv4 without the pseudo header, as some other \
         implementations do; either is accepted then.",
    ),
    Row::new(
        "vrrp_startup_delay",
        time(MILLISECOND, LONGEST, MICROSECOND, at!(startup_delay)),
        "Instances stay idle that long after a start.",
    )
    .default("0"),
    Row::new(
        "vrrp_delay_after_boot",
        time(MILLISECOND, LONGEST, MICROSECOND, at!(delay_after_boot)),
        "Instances stay idle until the machine is up that long.",
    )
    .default("0"),
    Row::new(
        "log_unknown_vrids",
        flag(at!(log_unknown_vrids)),
        "Log adverts of virtual routers that are not configured.",
    ),
];

const MILLISECOND: Duration = Duration::from_millis(1);

const PROCESS: &[Row] = &[
    Row::new(
        "vrrp_priority",
        int(-20, 19, "", at!(vrrp_process.nice)),
        "The nice value of the VRRP process.",
    )
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
    )
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
    )
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
    )
    .default("1000000"),
];

const DUMPS: &[Row] = &[
    Row::new(
        "state_dump_file",
        text("FILE", at!(dump_files.state)),
        "Where the dump of all data is written (SIGUSR1); the name of the process is put before \
         the extension.",
    )
    .default("keepalived.data in TMPDIR"),
    Row::new(
        "stats_dump_file",
        text("FILE", at!(dump_files.stats)),
        "Where the dump of statistics is written (SIGUSR2).",
    )
    .default("keepalived.stats in TMPDIR"),
    Row::new(
        "json_dump_file",
        text("FILE", at!(dump_files.json)),
        "Where the JSON dump is written, on the signal that `keepalived --signum=JSON` names.",
    )
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

const BUFFERS: &[Row] = &[
    Row::new(
        "vrrp_netlink_cmd_rcv_bufs",
        int(1, NUMBER_MAX, "octets", at!(buffers.netlink_command)),
        "Receive buffer of the netlink socket for requests.",
    )
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
         so many octets.",
    )
    .default("the system's"),
    Row::new(
        "vrrp_rx_bufs_multiplier",
        int(1, NUMBER_MAX, "", at!(buffers.receive_multiplier)),
        "How many packets of each instance fit into a receive buffer, with vrrp_rx_bufs_policy \
         MTU or ADVERT.",
    )
    .default("3"),
];

fn finish(global: &mut GlobalConfig, _: Span, diags: &mut Diags) {
    words::check_groups(global, diags);
    super::reload::check(&mut global.reload, diags);
}
