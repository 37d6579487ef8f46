//! One rule.

use serde::{Deserialize, Serialize};

use crate::control_plane::value::Spanned;
use crate::model::{Family, IfName, IpNet};

/// A line of `virtual_rules` or `static_rules`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RuleConfig {
    /// IPv4 or IPv6; the place is that of the line.
    pub family: Spanned<Family>,
    /// `not`: when the conditions do not hold.
    pub inverted: bool,
    /// `from`: the source; `None` is all.
    pub from: Option<IpNet>,
    /// `to`: the destination; `None` is all.
    pub to: Option<IpNet>,
    /// `tos`: type of service.
    pub tos: u8,
    /// `fwmark`: the mark and the bits of it that count.
    pub mark: Option<(u32, Option<u32>)>,
    /// `iif`: the interface packets come from.
    pub input: Option<Spanned<IfName>>,
    /// `oif`: the interface of the socket packets come from.
    pub output: Option<Spanned<IfName>>,
    /// `tunnel-id`
    pub tunnel: Option<u64>,
    /// `uidrange`: first and last user.
    pub users: Option<[u32; 2]>,
    /// `ipproto`: the protocol of packets.
    pub ip_protocol: Option<u8>,
    /// `sport`: first and last source port.
    pub source_ports: Option<[u16; 2]>,
    /// `dport`: first and last destination port.
    pub destination_ports: Option<[u16; 2]>,
    /// `preference`; the smallest comes first.
    pub preference: Option<u32>,
    /// `realms`: that of the source in the upper 16 bits (IPv4).
    pub realms: Option<u32>,
    /// `suppress_prefixlength`: routes with a prefix as short are ignored.
    pub suppress_prefix: Option<u32>,
    /// `suppress_ifgroup`: routes to interfaces of this group are ignored.
    pub suppress_group: Option<u32>,
    /// `protocol`: who made it.
    pub protocol: u8,
    /// What happens.
    pub action: RuleAction,
    /// Whether deletion by somebody else is acted on; false with `no_track`.
    pub track: bool,
    /// `track_group` of a static rule.
    pub track_group: Option<Spanned<String>>,
}

/// What a rule does with packets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum RuleAction {
    /// `table`, `lookup`: look into this table.
    Table(u32),
    /// `l3mdev`: look into the table of the VRF.
    Vrf,
    /// `goto`: go on with the rule of this preference.
    Goto(u32),
    /// `nop`
    Nothing,
    /// `blackhole`: drop them.
    Blackhole,
    /// `unreachable`: drop them, and say so.
    Unreachable,
    /// `prohibit`: drop them, and say that it is prohibited.
    Prohibit,
}

impl RuleConfig {
    /// Every interface it names.
    pub fn interfaces(&self) -> impl Iterator<Item = &Spanned<IfName>> {
        self.input.iter().chain(&self.output)
    }
}
