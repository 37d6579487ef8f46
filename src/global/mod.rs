//! `global_defs` and the other keywords that concern every process.
//!
//! A setting is a field of [`GlobalConfig`] and a row; rows whose subject is large enough
//! stand beside their type:
//!
//! * `rows`: most keywords of `global_defs`; [`words`]: arguments with a rule of their own
//! * [`notify`], [`snmp`], [`dbus`], [`reload`], [`watch`]: settings with their rows
//! * [`lvs`] and `lvs_rows`, `bfd_rows`, `firewall_rows`: load balancing, the BFD process,
//!   packet filters
//! * [`top`]: the top level, where the tables of all subsystems meet; [`draft`]: what
//!   they fill
//! * [`manual`]: the manual page of all keywords
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

mod bfd_rows;
pub mod dbus;
pub mod draft;
mod firewall_rows;
pub mod lvs;
mod lvs_rows;
pub mod manual;
pub mod notify;
pub mod reload;
mod rows;
pub mod snmp;
pub mod top;
pub mod watch;
pub mod words;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use reload::ReloadConfig;

use crate::control_plane::history::History;
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::model::{IfName, ScriptRules};
use crate::vrrp::config::GarpGiven;
use crate::wire::vrrp::{GROUP_V4, GROUP_V6, Version};

/// Which release brought which keyword.
pub const HISTORY: History = History::new(include_str!("history.tsv"));

/// Files are for their owner only, unless `-u` or `umask` say otherwise.
pub const UMASK: u32 = 0o177;

/// The settings of all processes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GlobalConfig {
    /// `router_id`; `None`: the host's name.
    pub router_id: Option<String>,
    /// `instance`: suffix of pid and dump files and of the log name.
    pub instance: Option<Spanned<String>>,
    /// `net_namespace`: the network namespace to run in.
    pub net_namespace: Option<Spanned<String>>,
    /// `use_pid_dir`: pid files below `RUNDIR/keepalived/`; implied by the two above.
    pub use_pid_dir: bool,
    /// `child_wait_time`: from SIGTERM to SIGKILL of a child.
    pub child_wait_time: Duration,
    /// `process_names` and its four companions.
    pub process_names: ProcessNames,
    /// `umask`: file mode creation mask; `None`: 0177.
    pub umask: Option<u32>,
    /// `random_seed`: of `${_RANDOM}`.
    pub random_seed: Option<u32>,
    /// `script_user`, `enable_script_security` and what else concerns all scripts.
    pub scripts: ScriptRules,
    /// Mails, pipes, and the scripts of the parent process.
    pub notify: notify::GlobalNotify,
    /// Where `script_user` stands.
    pub script_user_at: Spanned<()>,
    /// `dynamic_interfaces`
    pub dynamic_interfaces: DynamicInterfaces,
    /// `default_interface`: of static addresses without `dev`; `None`: `eth0`.
    pub default_interface: Option<Spanned<IfName>>,
    /// `iproute_etc_dir`: first folder of iproute2's names; `None`: `/etc/iproute2`.
    pub iproute_etc_dir: Option<String>,
    /// `iproute_usr_dir`: second folder; `None`: `/usr/share/iproute2`.
    pub iproute_usr_dir: Option<String>,
    /// `nftables` and what belongs to it.
    pub nftables: Nftables,
    /// `vmac_prefix`: how names of virtual interfaces begin; `None`: `vrrp`.
    pub vmac_prefix: Option<String>,
    /// `vmac_addr_prefix`: those for addresses on other interfaces; `None`: as above.
    pub vmac_addr_prefix: Option<String>,
    /// `disable_local_igmp`: no reports for link-local multicast groups.
    pub disable_local_igmp: bool,
    /// Defaults of instances.
    pub vrrp: VrrpDefaults,
    /// When and how the configuration is read again.
    pub reload: ReloadConfig,
    /// `oom_score_adj` of all processes, -1000 to 1000; `None`: as they were started.
    pub oom_score: Option<i16>,
    /// `max_auto_priority` and what belongs to it.
    pub auto_priority: AutoPriority,
    /// How the VRRP process is scheduled.
    pub vrrp_process: ProcessLimits,
    /// How the checker process is scheduled.
    pub checker_process: ProcessLimits,
    /// Scheduling of the BFD process.
    pub bfd_process: ProcessLimits,
    /// The kernel's table and the checks.
    pub lvs: lvs::LvsGlobal,
    /// Buffers of the sockets of the VRRP process.
    pub buffers: SocketBuffers,
    /// What SNMP serves and tells.
    pub snmp: snmp::SnmpConfig,
    /// `vrrp_startup_delay`: instances stay idle that long after a start.
    pub startup_delay: Duration,
    /// `vrrp_delay_after_boot`: and until the machine is up that long.
    pub delay_after_boot: Duration,
    /// `log_unknown_vrids`
    pub log_unknown_vrids: bool,
    /// Names and form of the files that signals ask for.
    pub dump_files: DumpFiles,
    /// D-Bus.
    pub dbus: dbus::DbusConfig,
    /// Where the daemon is watched.
    pub watch: watch::WatchConfig,
}

/// Dump files, as far as they are not to have their usual names.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct DumpFiles {
    /// `state_dump_file`: of the data dumps; a trailing `/` gives the folder only.
    pub state: Option<String>,
    /// `stats_dump_file`
    pub stats: Option<String>,
    /// `json_dump_file`
    pub json: Option<String>,
    /// `data_use_instance`: namespace and instance in the names of data dumps.
    pub use_instance: bool,
    /// `json_version`: 1, an array of instances, or 2, an object; 0 is 1.
    pub json_version: u8,
}

/// Defaults of instances, `None` where unset differs from any value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct VrrpDefaults {
    /// `vrrp_mcast_group4`
    pub multicast_group4: Spanned<Ipv4Addr>,
    /// `vrrp_mcast_group6`
    pub multicast_group6: Spanned<Ipv6Addr>,
    /// `vrrp_version`: of IPv4 instances; IPv6 is always 3.
    pub version: Version,
    /// `vrrp_down_timer_adverts`
    pub down_timer_adverts: u8,
    /// `vrrp_garp_*` and `vrrp_min_garp`
    pub garp: GarpGiven,
    /// `vrrp_min_garp`: one message and no repetition where nothing else is said.
    pub min_garp: bool,
    /// `vrrp_garp_interval`: least time between messages of an interface; zero: none.
    pub garp_interval: Duration,
    /// `vrrp_gna_interval`: the same for neighbour adverts.
    pub gna_interval: Duration,
    /// `vrrp_lower_prio_no_advert`; unset: false, or true when strict.
    pub lower_prio_no_advert: Option<bool>,
    /// `vrrp_higher_prio_send_advert`
    pub higher_prio_send_advert: bool,
    /// `vrrp_check_unicast_src`
    pub check_unicast_src: bool,
    /// `vrrp_skip_check_adv_addr`
    pub skip_check_adv_addr: bool,
    /// `vrrp_strict`
    pub strict: bool,
    /// `vrrp_owner_ignore_adverts`
    pub owner_ignore_adverts: Option<bool>,
    /// `v3_checksum_as_v2`
    pub v3_checksum_as_v2: bool,
}

/// The kernel's names of the processes; `None`: `keepalived`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProcessNames {
    /// `process_names`: a name for each role unless one is given here.
    pub by_role: bool,
    /// `process_name`: the parent.
    pub parent: Option<String>,
    /// `vrrp_process_name`
    pub vrrp: Option<String>,
    /// `checker_process_name`
    pub checker: Option<String>,
    /// `bfd_process_name`
    pub bfd: Option<String>,
}

/// How a process is scheduled; unset means as it was started.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProcessLimits {
    /// `*_priority`: the nice value, -20 to 19.
    pub nice: Option<i8>,
    /// `*_no_swap`: lock the memory.
    pub no_swap: bool,
    /// `*_rt_priority`: `SCHED_RR` priority, 1 to 99.
    pub realtime: Option<u8>,
    /// `*_cpu_affinity`: the processors; empty means all.
    pub cpus: Spanned<Vec<u32>>,
    /// `*_rlimit_rttime`: `RLIMIT_RTTIME`, in microseconds.
    pub rttime: Option<u32>,
}

/// A process that wakes up late gets a higher real-time priority.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AutoPriority {
    /// `max_auto_priority`: up to this one; not above 0: never.
    pub most: i8,
    /// `min_auto_priority_delay`: how late is late, in microseconds.
    pub delay: u32,
}

impl Default for AutoPriority {
    fn default() -> Self {
        Self {
            most: 0,
            delay: 1_000_000,
        }
    }
}

/// Sizes of receive buffers, in octets; `None`: the kernel's or 65536.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SocketBuffers {
    /// `vrrp_netlink_cmd_rcv_bufs`
    pub netlink_command: Option<u32>,
    /// `vrrp_netlink_cmd_rcv_bufs_force`: beyond the system's limit.
    pub netlink_command_force: bool,
    /// `vrrp_netlink_monitor_rcv_bufs`
    pub netlink_monitor: Option<u32>,
    /// `vrrp_netlink_monitor_rcv_bufs_force`
    pub netlink_monitor_force: bool,
    /// `process_monitor_rcv_bufs`
    pub process_monitor: Option<u32>,
    /// `process_monitor_rcv_bufs_force`
    pub process_monitor_force: bool,
    /// `vrrp_rx_bufs_policy`
    pub receive_policy: ReceivePolicy,
    /// `vrrp_rx_bufs_multiplier`: packets per instance on the socket.
    pub receive_multiplier: u32,
}

/// `vrrp_rx_bufs_policy`: how large the receive buffers of adverts are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ReceivePolicy {
    /// As the system has it.
    #[default]
    System,
    /// By the size of the instances' own adverts.
    Advert,
    /// By the interface's MTU.
    Mtu,
    /// So many octets.
    Octets(u32),
}

/// `dynamic_interfaces`
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum DynamicInterfaces {
    /// Every interface must exist at start.
    #[default]
    No,
    /// Interfaces may be absent at start.
    Yes,
    /// They may also change their type or parent (`allow_if_changes`).
    AllowChanges,
}

/// The rules of the firewall.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Nftables {
    /// `nftables`: the name of the table; `None`: `keepalived`.
    pub table: Option<String>,
    /// Whether `nftables` is given.
    pub is_given: bool,
    /// `nftables_priority`
    pub priority: i32,
    /// `nftables_counters`
    pub counters: bool,
    /// `nftables_ifindex`: link-local addresses by number of the interface.
    pub by_index: bool,
    /// Where `vrrp_iptables` or `vrrp_ipsets` stands.
    pub iptables: Option<Spanned<()>>,
}

impl Default for Nftables {
    fn default() -> Self {
        Self {
            table: None,
            is_given: false,
            priority: -1,
            counters: false,
            by_index: false,
            iptables: None,
        }
    }
}

impl Default for GlobalConfig {
    fn default() -> Self {
        Self {
            router_id: None,
            instance: None,
            net_namespace: None,
            use_pid_dir: false,
            child_wait_time: Duration::from_secs(5),
            process_names: ProcessNames::default(),
            umask: None,
            random_seed: None,
            notify: notify::GlobalNotify::default(),
            scripts: ScriptRules::default(),
            script_user_at: Spanned::default(),
            dynamic_interfaces: DynamicInterfaces::No,
            default_interface: None,
            iproute_etc_dir: None,
            iproute_usr_dir: None,
            nftables: Nftables::default(),
            vmac_prefix: None,
            vmac_addr_prefix: None,
            disable_local_igmp: false,
            vrrp: VrrpDefaults::default(),
            reload: ReloadConfig::default(),
            oom_score: None,
            auto_priority: AutoPriority::default(),
            vrrp_process: ProcessLimits::default(),
            checker_process: ProcessLimits::default(),
            bfd_process: ProcessLimits::default(),
            lvs: lvs::LvsGlobal::default(),
            buffers: SocketBuffers::default(),
            snmp: snmp::SnmpConfig::default(),
            startup_delay: Duration::ZERO,
            delay_after_boot: Duration::ZERO,
            log_unknown_vrids: false,
            dump_files: DumpFiles::default(),
            dbus: dbus::DbusConfig::default(),
            watch: watch::WatchConfig::default(),
        }
    }
}

impl Default for VrrpDefaults {
    fn default() -> Self {
        Self {
            multicast_group4: Spanned::new(GROUP_V4, Span::default()),
            multicast_group6: Spanned::new(GROUP_V6, Span::default()),
            version: Version::V2,
            down_timer_adverts: 3,
            garp: GarpGiven::default(),
            min_garp: false,
            garp_interval: Duration::ZERO,
            gna_interval: Duration::ZERO,
            lower_prio_no_advert: None,
            higher_prio_send_advert: false,
            check_unicast_src: false,
            skip_check_adv_addr: false,
            strict: false,
            owner_ignore_adverts: None,
            v3_checksum_as_v2: false,
        }
    }
}

impl Default for SocketBuffers {
    fn default() -> Self {
        Self {
            netlink_command: None,
            netlink_command_force: false,
            netlink_monitor: None,
            netlink_monitor_force: false,
            process_monitor: None,
            process_monitor_force: false,
            receive_policy: ReceivePolicy::System,
            receive_multiplier: 3,
        }
    }
}
