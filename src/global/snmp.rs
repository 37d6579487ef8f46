//! Keywords of `global_defs` that concern SNMP.

use super::GlobalConfig;
use crate::control_plane::arg::{flag, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{self, Call, at};
use crate::control_plane::show::Sink;
use crate::model::AgentSocket;

/// What SNMP serves and tells.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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
}

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "snmp_socket",
        words("ADDRESS", 1, 1, set_socket, show_socket),
        "Where the SNMP master agent waits for AgentX subagents: unix:PATH, tcp:ADDRESS[:PORT] or \
         tcp6:ADDRESS. The command line goes before. Names are not looked up, except localhost.",
    )
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
];

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
