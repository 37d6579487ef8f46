//! Keywords of `global_defs` that concern SNMP.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::GlobalConfig;
use crate::control_plane::arg::{flag, time, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{self, Call, Lens, at, old_name};
use crate::control_plane::show::Sink;
use crate::model::AgentSocket;

/// What SNMP serves and tells.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one per keyword without argument; they do not depend on each other"
)]
pub struct SnmpConfig {
    /// `snmp_socket`: where the master agent is; `None`: where it usually is.
    pub socket: Option<AgentSocket>,
    /// `enable_traps`: send notifications.
    pub traps: bool,
    /// `enable_snmp_rfc`: both of the next.
    pub rfc: bool,
    /// `enable_snmp_rfcv2`: serve VRRP-MIB.
    pub rfc2: bool,
    /// `enable_snmp_rfcv3`: serve VRRPV3-MIB.
    pub rfc3: bool,
    /// `enable_snmp_vrrp`: serve the VRRP part of KEEPALIVED-MIB.
    pub vrrp: bool,
    /// `enable_snmp_checker`: serve the checker part of KEEPALIVED-MIB.
    pub checker: bool,
    /// `snmp_vs_stats_update_interval`
    pub service_stats: Option<Duration>,
    /// `snmp_rs_stats_update_interval`
    pub server_stats: Option<Duration>,
}

impl SnmpConfig {
    /// How old what the kernel has counted for virtual servers may be.
    #[must_use]
    pub fn service_stats_age(&self) -> Duration {
        self.service_stats.unwrap_or(STATS_AGE)
    }

    /// The same for real servers.
    #[must_use]
    pub fn server_stats_age(&self) -> Duration {
        let age = self.server_stats;
        age.unwrap_or_else(|| self.service_stats_age())
    }
}

const STATS_AGE: Duration = Duration::from_secs(5);

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "snmp_socket",
        words("ADDRESS", 1, 1, set_socket, show_socket),
        "Where the SNMP master agent waits for AgentX subagents: unix:PATH, tcp:ADDRESS[:PORT] or \
         tcp6:ADDRESS. The command line goes before. Names are not looked up, except localhost.",
    ).skipped_bare()
    .default("unix:/var/agentx/master")
    .once(),
    Row::new(
        "enable_traps",
        flag(at!(snmp.traps)),
        "Send SNMP notifications, of the MIBs that are served.",
    ),
    Row::new(
        "enable_snmp_rfc",
        flag(at!(snmp.rfc)),
        "Serve both MIBs of the RFCs, as enable_snmp_rfcv2 and enable_snmp_rfcv3 do.",
    ),
    Row::new(
        "enable_snmp_rfcv2",
        flag(at!(snmp.rfc2)),
        "Serve VRRP-MIB (RFC 2787) by SNMP: IPv4 instances of version 2.",
    ),
    Row::new(
        "enable_snmp_rfcv3",
        flag(at!(snmp.rfc3)),
        "Serve VRRPV3-MIB (RFC 6527) by SNMP: instances of version 3.",
    ),
    Row::new(
        "enable_snmp_vrrp",
        flag(at!(snmp.vrrp)),
        "Serve the part of KEEPALIVED-MIB that concerns instances and groups by SNMP.",
    )
    .aliases(&[old_name("enable_snmp_keepalived")]),
    Row::new(
        "enable_snmp_checker",
        flag(at!(snmp.checker)),
        "Serve the part of KEEPALIVED-MIB that concerns virtual and real servers by SNMP.",
    ),
    Row::new(
        "snmp_vs_stats_update_interval",
        stats(at!(snmp.service_stats)),
        "How old what the kernel has counted for a virtual server may be before SNMP reads it again.",
    )
    .default("5"),
    Row::new(
        "snmp_rs_stats_update_interval",
        stats(at!(snmp.server_stats)),
        "How old what the kernel has counted for a real server may be before SNMP reads it again.",
    )
    .default("that of virtual servers"),
];

/// 1 millisecond to 30 seconds.
const fn stats(place: Lens<GlobalConfig, Duration>) -> schema::Arg<GlobalConfig> {
    time(
        Duration::from_millis(1),
        Duration::from_secs(30),
        Duration::from_micros(1),
        place,
    )
}

fn set_socket(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let Some(word) = call.args.first() else {
        return;
    };
    match word.text.parse() {
        Ok(socket) => global.snmp.socket = Some(socket),
        Err(error) => {
            let error: crate::model::agent_socket::NoAgentSocket = error;
            diags.warn(Code::General, word.span, format!("snmp_socket: {error}"));
        }
    }
}

fn show_socket(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    if let Some(socket) = &global.snmp.socket {
        out.line(name, &[&socket.to_string()]);
    }
}
