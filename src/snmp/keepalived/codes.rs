//! What KEEPALIVED-MIB has numbers for: kinds of services, protocols, schedulers, tunnels.

use super::values::{integer, unsigned};
use crate::check::config::{ServiceAddress, ServiceConfig};
use crate::ipvs::{Checksum, Forwarding, Protocol, Tunnel};
use crate::model::Family;
use crate::snmp::Value;

/// `{ fwmark(1), ip(2), group(3) }`
pub(super) const fn kind(service: &ServiceConfig) -> i32 {
    match service.address {
        ServiceAddress::Mark(_) => 1,
        ServiceAddress::Address(_) => 2,
        ServiceAddress::Group(_) => 3,
    }
}

/// `InetAddressType` of a family.
pub(super) const fn family(family: Family) -> i32 {
    match family {
        Family::V4 => 1,
        Family::V6 => 2,
    }
}

/// `{ tcp(1), udp(2), sctp(3), none(4) }`; marks have none.
pub(super) const fn protocol(service: &ServiceConfig) -> Option<i32> {
    match (service.address, service.protocol) {
        (ServiceAddress::Mark(_), _) => None,
        (_, Protocol::Tcp) => Some(1),
        (_, Protocol::Udp) => Some(2),
        (_, Protocol::Sctp) => Some(3),
    }
}

/// `virtualServerLoadBalancingAlgo`
pub(super) fn scheduler(name: &str) -> i32 {
    const NAMES: [&str; 14] = [
        "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh",
        "twos",
    ];
    let known = (1..).zip(NAMES).find(|(_, known)| *known == name);
    known.map_or(99, |(number, _)| number)
}

/// `{ nat(1), dr(2), tun(3) }`
pub(super) const fn method(forwarding: Forwarding) -> i32 {
    match forwarding {
        Forwarding::Masquerade | Forwarding::Local | Forwarding::Bypass => 1,
        Forwarding::DirectRoute => 2,
        Forwarding::Tunnel(_) => 3,
    }
}

/// `{ ipip(1), gue(2), gre(3) }`
pub(super) fn tunnel_type(forwarding: Forwarding) -> Option<Value> {
    match forwarding {
        Forwarding::Tunnel(Tunnel::Ipip) => integer(1),
        Forwarding::Tunnel(Tunnel::Gue { .. }) => integer(2),
        Forwarding::Tunnel(Tunnel::Gre { .. }) => integer(3),
        Forwarding::Masquerade
        | Forwarding::Local
        | Forwarding::Bypass
        | Forwarding::DirectRoute => None,
    }
}

/// The port of a tunnel that has one.
pub(super) fn tunnel_port(forwarding: Forwarding) -> Option<Value> {
    match forwarding {
        Forwarding::Tunnel(Tunnel::Gue { port, .. }) => unsigned(port),
        Forwarding::Tunnel(Tunnel::Ipip | Tunnel::Gre { .. })
        | Forwarding::Masquerade
        | Forwarding::Local
        | Forwarding::Bypass
        | Forwarding::DirectRoute => None,
    }
}

/// `{ nocsum(1), csum(2), remcsum(3) }`
pub(super) fn tunnel_checksum(forwarding: Forwarding) -> Option<Value> {
    let Forwarding::Tunnel(Tunnel::Gue { checksum, .. } | Tunnel::Gre { checksum }) = forwarding
    else {
        return None;
    };
    integer(match checksum {
        Checksum::None => 1,
        Checksum::Outer => 2,
        Checksum::Remote => 3,
    })
}

/// `{ remove(1), inhibit(2) }`
pub(super) fn when_down(inhibit: bool) -> Option<Value> {
    integer(if inhibit { 2 } else { 1 })
}
