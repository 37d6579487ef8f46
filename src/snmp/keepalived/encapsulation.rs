//! The columns of tunnels, which routes and next hops have in common.

use std::net::IpAddr;

use super::values::{address, integer, text, unsigned};
use crate::netlink::encapsulation::{Encapsulation, Tunnel};
use crate::snmp::Value;
use crate::vrrp::config::routes::NextHopConfig;

type Column = fn(&NextHopConfig) -> Option<Value>;

fn tunnel(hop: &NextHopConfig) -> Option<&Tunnel> {
    match hop.encapsulation.as_ref()? {
        Encapsulation::Ip(tunnel) | Encapsulation::Ip6(tunnel) => Some(tunnel),
        Encapsulation::Mpls(_) | Encapsulation::Ila(_) => None,
    }
}

fn end(end: Option<IpAddr>) -> Option<Value> {
    address(end?)
}

/// `EncapType`
pub(super) const KIND: Column = |hop| integer(hop.encapsulation.as_ref()?.kind());

pub(super) const LABELS: Column = |hop| match hop.encapsulation.as_ref()? {
    Encapsulation::Mpls(labels) => {
        let labels: Vec<_> = labels.iter().map(u32::to_string).collect();
        text(labels.join("/"))
    }
    Encapsulation::Ip(_) | Encapsulation::Ip6(_) | Encapsulation::Ila(_) => None,
};

pub(super) const ID: Column = |hop| Some(Value::Counter64(tunnel(hop)?.id?));

pub(super) const DESTINATION: Column = |hop| end(tunnel(hop)?.destination);

pub(super) const SOURCE: Column = |hop| end(tunnel(hop)?.source);

pub(super) const TOS: Column = |hop| unsigned(tunnel(hop)?.tos?);

pub(super) const TTL: Column = |hop| unsigned(tunnel(hop)?.ttl?);

pub(super) const FLAGS: Column = |hop| unsigned(tunnel(hop)?.flags?);

pub(super) const LOCATOR: Column = |hop| match hop.encapsulation.as_ref()? {
    Encapsulation::Ila(locator) => Some(Value::Counter64(*locator)),
    Encapsulation::Ip(_) | Encapsulation::Ip6(_) | Encapsulation::Mpls(_) => None,
};
