//! One route.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::control_plane::value::Spanned;
use crate::model::{Family, IfName, IpNet};
use crate::netlink::encapsulation::Encapsulation;
use crate::netlink::metrics::RouteMetrics;
use crate::netlink::route::route_kind;

/// `RT_TABLE_MAIN`
pub(crate) const TABLE_MAIN: u32 = 254;

/// A line of `virtual_routes` or `static_routes`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RouteConfig {
    /// The destination, without host bits; everything is a prefix of length 0.
    pub destination: Spanned<IpNet>,
    /// `RTN_*`.
    pub kind: u8,
    /// Where it goes among routes of the same destination.
    pub placing: Placing,
    /// `from`: only for this source (IPv6).
    pub from: Option<IpNet>,
    /// `tos`: type of service (IPv4).
    pub tos: u8,
    /// `table`: its number.
    pub table: u32,
    /// `vrf`: the table of this VRF instead, once it exists.
    pub vrf: Option<Spanned<IfName>>,
    /// `protocol`: who made it.
    pub protocol: u8,
    /// `scope` (IPv4), `RT_SCOPE_*`.
    pub scope: u8,
    /// `metric`; without it the kernel takes 0 for IPv4 and 1024 for IPv6.
    pub metric: Option<u32>,
    /// `src`: the source address preferred.
    pub source: Option<IpAddr>,
    /// The only way packets go, unless there are several.
    pub hop: NextHopConfig,
    /// `nexthop`: several ways.
    pub hops: Vec<NextHopConfig>,
    /// `expires` in seconds (IPv6).
    pub expires: Option<u32>,
    /// Path metrics.
    pub metrics: RouteMetrics,
    /// `pref` (RFC 4191 section 2.1): 0 medium, 1 high, 3 low.
    pub preference: Option<u8>,
    /// `ttl-propagate` (MPLS).
    pub propagates_ttl: Option<bool>,
    /// Whether deletion by somebody else is acted on; false with `no_track`.
    pub track: bool,
    /// `track_group` of a static route.
    pub track_group: Option<Spanned<String>>,
}

/// One way packets go.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NextHopConfig {
    /// `via`: the gateway.
    pub via: Option<IpAddr>,
    /// `dev`: the interface.
    pub dev: Option<Spanned<IfName>>,
    /// `weight`: share of the traffic, 1 to 256.
    pub weight: u16,
    /// `onlink`: the gateway need not be in a network of the interface.
    pub onlink: bool,
    /// `realms`: that of the source in the upper 16 bits (IPv4).
    pub realms: Option<u32>,
    /// `encap`
    pub encapsulation: Option<Encapsulation>,
}

impl Default for NextHopConfig {
    fn default() -> Self {
        Self {
            via: None,
            dev: None,
            weight: 1,
            onlink: false,
            realms: None,
            encapsulation: None,
        }
    }
}

/// Where a route goes among others of the same destination.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Placing {
    /// `add`: only if there is none.
    Alone,
    /// `prepend`: before them.
    First,
    /// `append`: behind them.
    Last,
}

impl RouteConfig {
    /// The family of its destination.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.destination.value.family()
    }

    /// All ways packets go.
    #[must_use]
    pub fn ways(&self) -> Vec<&NextHopConfig> {
        let alone = &self.hop;
        let is_way = self.hops.is_empty() || alone.via.is_some() || alone.dev.is_some();
        let first = is_way.then_some(alone);
        first.into_iter().chain(&self.hops).collect()
    }

    /// Every interface it names.
    pub fn interfaces(&self) -> impl Iterator<Item = &Spanned<IfName>> {
        let hops = std::iter::once(&self.hop).chain(&self.hops);
        hops.filter_map(|hop| hop.dev.as_ref())
    }
}

/// The words for types of routes; the first one of a number is printed.
pub(super) const TYPES: &[(&str, u8)] = &[
    ("unicast", route_kind::UNICAST),
    ("local", route_kind::LOCAL),
    ("nat", route_kind::NAT),
    ("broadcast", route_kind::BROADCAST),
    ("brd", route_kind::BROADCAST),
    ("anycast", route_kind::ANYCAST),
    ("multicast", route_kind::MULTICAST),
    ("prohibit", route_kind::PROHIBIT),
    ("unreachable", route_kind::UNREACHABLE),
    ("blackhole", route_kind::BLACKHOLE),
    ("xresolve", route_kind::XRESOLVE),
    ("throw", route_kind::THROW),
];

/// The widest scope the kernel takes for a type.
pub(super) const fn widest_scope(kind: u8) -> u8 {
    const LINK: u8 = 253;
    const HOST: u8 = 254;
    match kind {
        route_kind::LOCAL | route_kind::NAT => HOST,
        route_kind::BROADCAST | route_kind::ANYCAST => LINK,
        _ => 0,
    }
}
