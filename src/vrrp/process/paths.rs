//! Whose route or rule it is that the kernel tells of.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::model::{Family, IfIndex, IpNet};
use crate::netlink::Mirror;
use crate::netlink::header::family;
use crate::netlink::mirror::PathMessage;
use crate::netlink::route::{RouteMessage, route_kind};
use crate::netlink::rule::{INVERT, RuleMessage};
use crate::vrrp::config::{RouteConfig, RuleConfig, VrrpConfig};
use crate::vrrp::fsm::InstanceId;
use crate::vrrp::path_request::{index, rule_message, table};

use super::book::{self, Item};

/// What the kernel gives an IPv6 route without a metric (`IP6_RT_PRIO_USER`).
const METRIC_V6: u32 = 1024;

/// What the kernel tells routes and rules apart by, as far as that is fixed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Place {
    Route(IpNet, u32),
    Rule(Family, u32),
}

/// Routes and rules that are tracked, by place.
#[derive(Debug, Default)]
pub(super) struct Paths {
    owners: HashMap<Place, Vec<(InstanceId, u32)>>,
}

impl Paths {
    /// Those of a configuration.
    pub(super) fn new(config: &VrrpConfig) -> Self {
        let mut paths = Self::default();
        for (owner, layout) in (0..).map(InstanceId).zip(book::layouts(config)) {
            for index in layout.addresses..layout.count() {
                let place = match book::configured(config, owner, index) {
                    Some(Item::Route(route)) if route.track => place_of_route(route),
                    Some(Item::Rule(rule)) if rule.track => place_of_rule(rule),
                    _ => continue,
                };
                paths.owners.entry(place).or_default().push((owner, index));
            }
        }
        paths
    }

    /// All of them, by owner and position.
    pub(super) fn all(&self) -> impl Iterator<Item = (InstanceId, u32)> {
        self.owners.values().flatten().copied()
    }

    /// Whether any route is tracked.
    pub(super) fn has_routes(&self) -> bool {
        self.owners
            .keys()
            .any(|place| matches!(place, Place::Route(..)))
    }

    /// Whether any rule is tracked.
    pub(super) fn has_rules(&self) -> bool {
        self.owners
            .keys()
            .any(|place| matches!(place, Place::Rule(..)))
    }

    /// Whose the route or rule of a message is.
    pub(super) fn owners(
        &self,
        config: &VrrpConfig,
        mirror: &Mirror,
        message: &PathMessage,
    ) -> Vec<(InstanceId, u32)> {
        let route = message.route();
        let rule = message.rule();
        let place = match (&route, &rule) {
            (Some(route), _) => place_of_message(route),
            (None, Some(rule)) => rule
                .priority
                .map(|priority| Place::Rule(family_of(rule.family), priority)),
            (None, None) => None,
        };
        let found = place.and_then(|place| self.owners.get(&place));
        let is_same = |&&(owner, index): &&(InstanceId, u32)| match (
            book::configured(config, owner, index),
            &route,
            &rule,
        ) {
            (Some(Item::Route(own)), Some(told), _) => is_same_route(own, told, mirror),
            (Some(Item::Rule(own)), _, Some(told)) => is_same_rule(own, told),
            _ => false,
        };
        found
            .into_iter()
            .flatten()
            .filter(is_same)
            .copied()
            .collect()
    }
}

fn place_of_route(route: &RouteConfig) -> Place {
    let metric = match route.family() {
        Family::V4 => route.metric.unwrap_or(0),
        // The kernel reads 0 as none given.
        Family::V6 => route.metric.filter(|&m| m != 0).unwrap_or(METRIC_V6),
    };
    Place::Route(route.destination.value, metric)
}

fn place_of_rule(rule: &RuleConfig) -> Place {
    Place::Rule(rule.family.value, rule.preference.unwrap_or(0))
}

fn place_of_message(route: &RouteMessage<'_>) -> Option<Place> {
    let everything = match family_of(route.family) {
        Family::V4 => IpAddr::from([0; 4]),
        Family::V6 => IpAddr::from([0; 16]),
    };
    let net = IpNet {
        addr: route.destination.unwrap_or(everything),
        prefix: route.destination_prefix,
    };
    Some(Place::Route(net, route.metric.unwrap_or(0)))
}

const fn family_of(number: u8) -> Family {
    match number {
        family::INET6 => Family::V6,
        _ => Family::V4,
    }
}

/// Everything the kernel may not have filled in by itself.
fn is_same_route(own: &RouteConfig, told: &RouteMessage<'_>, mirror: &Mirror) -> bool {
    let kind = own.kind == told.kind && own.tos == told.tos;
    let table = table(own, mirror).is_none_or(|table| table == told.table);
    let goes_nowhere = matches!(
        own.kind,
        route_kind::BLACKHOLE | route_kind::UNREACHABLE | route_kind::PROHIBIT | route_kind::THROW
    );
    let ways = own.ways();
    let is_way = |gateway: Option<IpAddr>, interface: Option<IfIndex>| {
        ways.iter().any(|way| {
            let index = way.dev.as_ref().map(|dev| index(mirror, dev));
            way.via == gateway && index.is_none_or(|index| index == interface)
        })
    };
    let mut hops = told.hops().peekable();
    let ways_match = if hops.peek().is_some() {
        hops.all(|hop| is_way(hop.gateway, hop.interface))
    } else {
        goes_nowhere || is_way(told.gateway, told.interface)
    };
    kind && table && ways_match
}

fn is_same_rule(own: &RuleConfig, told: &RuleMessage<'_>) -> bool {
    let own = rule_message(own);
    let mask = |rule: &RuleMessage<'_>| rule.mark.map(|_| rule.mask.unwrap_or(u32::MAX));
    let ends = |rule: &RuleMessage<'_>| (rule.destination, rule.source, rule.tos, rule.action);
    let names = own.input == told.input && own.output == told.output;
    let table = own.l3mdev.is_some() || own.table == told.table;
    names
        && table
        && ends(&own) == ends(told)
        && own.flags & INVERT == told.flags & INVERT
        && own.destination_prefix == told.destination_prefix
        && own.source_prefix == told.source_prefix
        && (own.mark, mask(&own)) == (told.mark, mask(told))
        && (own.goto, own.tunnel, own.users) == (told.goto, told.tunnel, told.users)
        && own.ip_protocol == told.ip_protocol
        && own.source_ports == told.source_ports
        && own.destination_ports == told.destination_ports
}
