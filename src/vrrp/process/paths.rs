//! Routes and rules: requests for them, and whose one is that the kernel tells of.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::model::{Family, IfIndex, IfName, IpNet};
use crate::netlink::header::{Header, family, flag, kind};
use crate::netlink::mirror::PathMessage;
use crate::netlink::route::{NextHop, ON_LINK, RouteMessage, route_kind};
use crate::netlink::rule::{INVERT, RuleMessage, action};
use crate::netlink::{Commander, Mirror, Tolerate};
use crate::vrrp::config::routes::{NextHopConfig, Placing, RuleAction};
use crate::vrrp::config::{RouteConfig, RuleConfig, VrrpConfig};
use crate::vrrp::fsm::InstanceId;
use crate::vrrp::install::{Order, Wanted};

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

const fn family_number(family: Family) -> u8 {
    match family {
        Family::V4 => family::INET,
        Family::V6 => family::INET6,
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

fn index(mirror: &Mirror, name: &IfName) -> Option<IfIndex> {
    mirror.link_named(name).map(|link| link.index)
}

/// The table of a route; nothing while its VRF does not exist.
fn table(route: &RouteConfig, mirror: &Mirror) -> Option<u32> {
    match &route.vrf {
        None => Some(route.table),
        Some(vrf) => mirror.link_named(vrf)?.vrf_table,
    }
}

/// Queue the request for a route. False if it cannot be made: an interface does
/// not exist.
pub(super) fn request_route(
    route: &RouteConfig,
    order: Order,
    mirror: &Mirror,
    commander: &mut Commander,
) -> bool {
    let mut ways = Vec::new();
    for way in route.ways() {
        let interface = match &way.dev {
            None => None,
            Some(dev) => match index(mirror, dev) {
                Some(index) => Some(index),
                None => return false,
            },
        };
        ways.push((way, interface));
    }
    let Some(table) = table(route, mirror) else {
        return false;
    };
    let (header, tolerate) = match order.wanted {
        Wanted::Present => {
            let placing = match route.placing {
                Placing::Alone => flag::EXCLUSIVE,
                Placing::First => 0,
                Placing::Last => flag::APPEND,
            };
            let flags = flag::REQUEST | flag::CREATE | placing;
            (head(kind::NEW_ROUTE, flags), Tolerate::EXISTS)
        }
        Wanted::Absent => (head(kind::DEL_ROUTE, flag::REQUEST), Tolerate::GONE),
    };
    let batch = commander.batch();
    batch.push_with(order.ticket(), tolerate, |buffer, sequence| {
        let header = Header { sequence, ..header };
        write_route(route, table, &ways, order.wanted, buffer, header);
    });
    true
}

const fn head(kind: u16, flags: u16) -> Header {
    Header {
        kind,
        flags,
        sequence: 0,
        port: 0,
    }
}

/// A deletion says what tells the route from others, and no metrics.
fn write_route(
    route: &RouteConfig,
    table: u32,
    ways: &[(&NextHopConfig, Option<IfIndex>)],
    wanted: Wanted,
    buffer: &mut Vec<u8>,
    header: Header,
) {
    let is_new = wanted == Wanted::Present;
    let (mut metrics, mut hops) = (Vec::new(), Vec::new());
    if is_new {
        route.metrics.write(&mut metrics);
    }
    let mut encapsulations: Vec<Option<(u16, Vec<u8>)>> = Vec::new();
    for (way, _) in ways {
        let encapsulation = way.encapsulation.as_ref().filter(|_| is_new);
        encapsulations.push(encapsulation.map(|encapsulation| {
            let mut octets = Vec::new();
            encapsulation.write(&mut octets);
            (encapsulation.kind(), octets)
        }));
    }
    let several = ways.len() > 1;
    let net = route.destination.value;
    let mut message = RouteMessage {
        family: family_number(net.family()),
        destination_prefix: net.prefix,
        destination: (net.prefix > 0).then_some(net.addr),
        source_prefix: route.from.map_or(0, |from| from.prefix),
        source: route.from.map(|from| from.addr),
        tos: route.tos,
        table,
        protocol: route.protocol,
        scope: route.scope,
        kind: route.kind,
        preferred_source: route.source,
        metric: route.metric,
        ..RouteMessage::default()
    };
    for ((way, interface), encapsulation) in ways.iter().zip(&encapsulations) {
        let encapsulation = encapsulation
            .as_ref()
            .map(|(kind, octets)| (*kind, octets.as_slice()));
        let flags = if way.onlink { ON_LINK } else { 0 };
        let realms = way.realms.filter(|_| is_new);
        if several {
            let hop = NextHop {
                flags,
                weight: way.weight,
                interface: *interface,
                gateway: way.via,
                realms,
                encapsulation,
            };
            hop.write(&mut hops);
        } else {
            message.flags = flags.into();
            message.interface = *interface;
            message.gateway = way.via;
            message.realms = realms;
            message.encapsulation = encapsulation;
        }
    }
    message.next_hops = several.then_some(hops.as_slice());
    if is_new {
        message.metrics = (!metrics.is_empty()).then_some(metrics.as_slice());
        message.preference = route.preference;
        message.expires = route.expires;
        message.propagates_ttl = route.propagates_ttl.map(u8::from);
    }
    message.write(buffer, header);
}

/// Queue the request for a rule.
pub(super) fn request_rule(rule: &RuleConfig, order: Order, commander: &mut Commander) {
    let (header, tolerate) = match order.wanted {
        Wanted::Present => {
            // Without `EXCLUSIVE` the kernel makes the same rule twice.
            let flags = flag::REQUEST | flag::CREATE | flag::EXCLUSIVE;
            (head(kind::NEW_RULE, flags), Tolerate::EXISTS)
        }
        Wanted::Absent => (head(kind::DEL_RULE, flag::REQUEST), Tolerate::GONE),
    };
    let batch = commander.batch();
    batch.push_with(order.ticket(), tolerate, |buffer, sequence| {
        rule_message(rule).write(buffer, Header { sequence, ..header });
    });
}

fn rule_message(rule: &RuleConfig) -> RuleMessage<'_> {
    let mut message = RuleMessage {
        family: family_number(rule.family.value),
        destination_prefix: rule.to.map_or(0, |to| to.prefix),
        destination: rule.to.map(|to| to.addr),
        source_prefix: rule.from.map_or(0, |from| from.prefix),
        source: rule.from.map(|from| from.addr),
        tos: rule.tos,
        flags: if rule.inverted { INVERT } else { 0 },
        input: rule.input.as_ref().map(|name| name.as_str()),
        output: rule.output.as_ref().map(|name| name.as_str()),
        priority: rule.preference,
        mark: rule.mark.map(|(mark, _)| mark),
        mask: rule.mark.and_then(|(_, mask)| mask),
        suppress_prefix: rule.suppress_prefix,
        suppress_group: rule.suppress_group,
        realms: rule.realms,
        tunnel: rule.tunnel,
        users: rule.users,
        protocol: Some(rule.protocol),
        ip_protocol: rule.ip_protocol,
        source_ports: rule.source_ports,
        destination_ports: rule.destination_ports,
        action: action::TO_TABLE,
        ..RuleMessage::default()
    };
    match rule.action {
        RuleAction::Table(table) => message.table = table,
        RuleAction::Vrf => message.l3mdev = Some(1),
        RuleAction::Goto(target) => {
            message.action = action::GOTO;
            message.goto = Some(target);
        }
        RuleAction::Nothing => message.action = action::NOP,
        RuleAction::Blackhole => message.action = action::BLACKHOLE,
        RuleAction::Unreachable => message.action = action::UNREACHABLE,
        RuleAction::Prohibit => message.action = action::PROHIBIT,
    }
    message
}
