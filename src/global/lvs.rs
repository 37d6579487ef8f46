//! The global settings of load balancing: `lvs_*`, `checker_*` and their like.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control_plane::value::Spanned;
use crate::ipvs::sync_daemon::Parameters;
use crate::model::IfName;

/// How often the kernel's table is compared with what is wanted, unless said otherwise.
const TABLE_CHECK: Duration = Duration::from_secs(60);

/// What concerns all virtual servers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LvsGlobal {
    /// `lvs_timeouts`
    pub timeouts: Timeouts,
    /// `lvs_flush`: the kernel's table is emptied at start.
    pub flush: bool,
    /// `lvs_flush_on_stop`
    pub flush_on_stop: FlushOnStop,
    /// `lvs_sync_daemon`
    pub sync_daemon: Option<SyncDaemon>,
    /// `lvs_table_check_interval`: how often the kernel's table is compared with what is
    /// wanted; zero: only at reload.
    pub table_check_interval: Duration,
    /// `net_namespace_ipvs`
    pub namespace: IpvsNamespace,
    /// `nftables_ipvs` and what belongs to it.
    pub marking: Marking,
    /// `lvs_netlink_cmd_rcv_bufs` and its three companions.
    pub buffers: NetlinkBuffers,
    /// `dedupe_checks`: the same check of the same address runs once for all servers.
    pub dedupe_checks: bool,
    /// `rs_init_notifies`: servers that are up at start are told.
    pub init_notifies: bool,
    /// `no_checker_emails`: mails only when a server comes or goes, not for each check.
    pub no_checker_emails: bool,
    /// `checker_log_all_failures`
    pub log_all_failures: bool,
    /// `smtp_alert_checker`; `None`: as `smtp_alert`.
    pub smtp_alert: Option<bool>,
}

impl Default for LvsGlobal {
    fn default() -> Self {
        Self {
            timeouts: Timeouts::default(),
            flush: false,
            flush_on_stop: FlushOnStop::No,
            sync_daemon: None,
            table_check_interval: TABLE_CHECK,
            namespace: IpvsNamespace::Same,
            marking: Marking::default(),
            buffers: NetlinkBuffers::default(),
            dedupe_checks: false,
            init_notifies: false,
            no_checker_emails: false,
            log_all_failures: false,
            smtp_alert: None,
        }
    }
}

/// Marks for groups of virtual servers, by nftables.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Marking {
    /// `nftables_ipvs`
    pub is_wanted: bool,
    /// The name of the table; `None`: `keepalived_ipvs`.
    pub table: Option<String>,
    /// `nftables_ipvs_priority`
    pub priority: i32,
    /// `nftables_ipvs_start_fwmark`
    pub first: u32,
}

impl Default for Marking {
    fn default() -> Self {
        Self {
            is_wanted: false,
            table: None,
            priority: -1,
            first: 1000,
        }
    }
}

/// `lvs_timeouts`, in seconds; nothing, or 0, leaves the kernel's.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Timeouts {
    /// `tcp`: of a connection without packets.
    pub tcp: Option<u32>,
    /// `tcpfin`: of one that is being closed.
    pub tcp_fin: Option<u32>,
    /// `udp`
    pub udp: Option<u32>,
}

impl Timeouts {
    /// Whether all are the kernel's.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        [self.tcp, self.tcp_fin, self.udp]
            .into_iter()
            .flatten()
            .all(|seconds| seconds == 0)
    }
}

/// `lvs_flush_on_stop`
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum FlushOnStop {
    /// Real servers are deleted, then services.
    #[default]
    No,
    /// `VS`: only services, and the kernel drops their real servers.
    Services,
    /// The whole table at once, whoever made it.
    Everything,
}

/// `lvs_sync_daemon`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SyncDaemon {
    /// How it talks; the id is resolved.
    pub parameters: Parameters,
    /// `id`; `None`: the VRID of the instance, else 0.
    pub id: Option<u8>,
    /// `inst`: the instance whose role it follows. It belongs to the VRRP process then,
    /// else to the checker process.
    pub instance: Option<Spanned<String>>,
    /// Where the interface is named.
    pub place: Spanned<()>,
}

impl SyncDaemon {
    /// Of an instance, on this interface, all else as it is without other words.
    #[must_use]
    pub fn of(instance: Spanned<String>, interface: &Spanned<IfName>) -> Self {
        Self {
            parameters: Parameters::on(interface.value.clone()),
            id: None,
            instance: Some(instance),
            place: Spanned::new((), interface.span),
        }
    }
}

/// `net_namespace_ipvs`
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum IpvsNamespace {
    /// That of everything else.
    #[default]
    Same,
    /// That of the machine (of process 1).
    Host,
    /// A named one.
    Named(Spanned<String>),
}

impl IpvsNamespace {
    /// Its name, or the path of a file that stands for it; nothing if it is that of
    /// everything else.
    #[must_use]
    pub const fn place(&self) -> Option<&str> {
        match self {
            Self::Same => None,
            Self::Host => Some(OF_THE_MACHINE),
            Self::Named(name) => Some(name.value.as_str()),
        }
    }
}

/// The network namespace of process 1.
const OF_THE_MACHINE: &str = "/proc/1/ns/net";

/// Receive buffers of the checker process's netlink sockets, in octets; `None`: the
/// default.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct NetlinkBuffers {
    /// `lvs_netlink_cmd_rcv_bufs`
    pub command: Option<u32>,
    /// `lvs_netlink_cmd_rcv_bufs_force`: beyond the system's limit.
    pub command_force: bool,
    /// `lvs_netlink_monitor_rcv_bufs`
    pub monitor: Option<u32>,
    /// `lvs_netlink_monitor_rcv_bufs_force`
    pub monitor_force: bool,
}
