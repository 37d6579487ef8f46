//! Routes and rules as requests to the kernel.

use crate::model::{Family, IfIndex, IfName};
use crate::netlink::batch::{Batch, Tolerate};
use crate::netlink::header::{Header, family, flag, kind};
use crate::netlink::mirror::Mirror;
use crate::netlink::route::{NextHop, ON_LINK, RouteMessage};
use crate::netlink::rule::{INVERT, RuleMessage, action};
use crate::vrrp::config::routes::{NextHopConfig, Placing, RuleAction};
use crate::vrrp::config::{RouteConfig, RuleConfig};
use crate::vrrp::install::{Order, Wanted};

/// Queue the request for a route. False if it cannot be made: an interface does
/// not exist.
#[must_use]
pub fn request_route(
    route: &RouteConfig,
    order: Order,
    mirror: &Mirror,
    batch: &mut Batch,
) -> bool {
    let tolerate = harmless(order.wanted);
    push_route(
        route,
        order.wanted,
        (order.ticket(), tolerate),
        mirror,
        batch,
    )
}

/// Queue the removal of a route, whose outcome tells whether it was there. False as
/// above.
#[must_use]
pub fn remove_route(route: &RouteConfig, ticket: u64, mirror: &Mirror, batch: &mut Batch) -> bool {
    let how = (ticket, Tolerate::NOTHING);
    push_route(route, Wanted::Absent, how, mirror, batch)
}

/// What is as good as success.
const fn harmless(wanted: Wanted) -> Tolerate {
    match wanted {
        Wanted::Present => Tolerate::EXISTS,
        Wanted::Absent => Tolerate::GONE,
    }
}

fn push_route(
    route: &RouteConfig,
    wanted: Wanted,
    (ticket, tolerate): (u64, Tolerate),
    mirror: &Mirror,
    batch: &mut Batch,
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
    let header = match wanted {
        Wanted::Present => {
            let placing = match route.placing {
                Placing::Alone => flag::EXCLUSIVE,
                Placing::First => 0,
                Placing::Last => flag::APPEND,
            };
            head(kind::NEW_ROUTE, flag::REQUEST | flag::CREATE | placing)
        }
        Wanted::Absent => head(kind::DEL_ROUTE, flag::REQUEST),
    };
    batch.push_with(ticket, tolerate, |buffer, sequence| {
        let header = Header { sequence, ..header };
        write_route(route, table, &ways, wanted, buffer, header);
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
    let (mut metrics, mut hops) = (Vec::new(), Vec::new());
    let encapsulations: Vec<_> = ways
        .iter()
        .map(|(way, _)| written_encapsulation(way, wanted))
        .collect();
    let mut message = identity(route, table);
    for (&(way, interface), encapsulation) in ways.iter().zip(&encapsulations) {
        let encapsulation = encapsulation
            .as_ref()
            .map(|(kind, octets)| (*kind, octets.as_slice()));
        let hop = NextHop {
            flags: if way.onlink { ON_LINK } else { 0 },
            weight: way.weight,
            interface,
            gateway: way.via,
            realms: way.realms.filter(|_| wanted == Wanted::Present),
            encapsulation,
        };
        if ways.len() > 1 {
            hop.write(&mut hops);
        } else {
            lead_by(&mut message, &hop);
        }
    }
    message.next_hops = (!hops.is_empty()).then_some(hops.as_slice());
    if wanted == Wanted::Present {
        route.metrics.write(&mut metrics);
        message.metrics = (!metrics.is_empty()).then_some(metrics.as_slice());
        message.preference = route.preference;
        message.expires = route.expires;
        message.propagates_ttl = route.propagates_ttl.map(u8::from);
    }
    message.write(buffer, header);
}

/// What tells a route from others.
fn identity(route: &RouteConfig, table: u32) -> RouteMessage<'_> {
    let net = route.destination.value;
    RouteMessage {
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
    }
}

/// A single way is a part of the route itself.
fn lead_by<'a>(message: &mut RouteMessage<'a>, hop: &NextHop<'a>) {
    message.flags = hop.flags.into();
    message.interface = hop.interface;
    message.gateway = hop.gateway;
    message.realms = hop.realms;
    message.encapsulation = hop.encapsulation;
}

/// The kind and the octets of a new way's encapsulation.
fn written_encapsulation(way: &NextHopConfig, wanted: Wanted) -> Option<(u16, Vec<u8>)> {
    let encapsulation = way.encapsulation.as_ref();
    let encapsulation = encapsulation.filter(|_| wanted == Wanted::Present)?;
    let mut octets = Vec::new();
    encapsulation.write(&mut octets);
    Some((encapsulation.kind(), octets))
}

/// Queue the request for a rule.
pub fn request_rule(rule: &RuleConfig, order: Order, batch: &mut Batch) {
    let tolerate = harmless(order.wanted);
    push_rule(rule, order.wanted, (order.ticket(), tolerate), batch);
}

/// Queue the removal of a rule, whose outcome tells whether it was there.
pub fn remove_rule(rule: &RuleConfig, ticket: u64, batch: &mut Batch) {
    push_rule(rule, Wanted::Absent, (ticket, Tolerate::NOTHING), batch);
}

fn push_rule(
    rule: &RuleConfig,
    wanted: Wanted,
    (ticket, tolerate): (u64, Tolerate),
    batch: &mut Batch,
) {
    let header = match wanted {
        Wanted::Present => {
            // Without `EXCLUSIVE` the kernel makes the same rule twice.
            let flags = flag::REQUEST | flag::CREATE | flag::EXCLUSIVE;
            head(kind::NEW_RULE, flags)
        }
        Wanted::Absent => head(kind::DEL_RULE, flag::REQUEST),
    };
    batch.push_with(ticket, tolerate, |buffer, sequence| {
        rule_message(rule).write(buffer, Header { sequence, ..header });
    });
}

/// The rule as the kernel has it.
pub(super) fn rule_message(rule: &RuleConfig) -> RuleMessage<'_> {
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

pub(super) fn index(mirror: &Mirror, name: &IfName) -> Option<IfIndex> {
    mirror.link_named(name).map(|link| link.index)
}

/// The table of a route; nothing while its VRF does not exist.
pub(super) fn table(route: &RouteConfig, mirror: &Mirror) -> Option<u32> {
    match &route.vrf {
        None => Some(route.table),
        Some(vrf) => mirror.link_named(vrf)?.vrf_table,
    }
}

const fn family_number(family: Family) -> u8 {
    match family {
        Family::V4 => family::INET,
        Family::V6 => family::INET6,
    }
}
