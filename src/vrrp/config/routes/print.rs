//! Routes and rules as text: the words of a line again, with numbers for names.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;

use super::route::TYPES;
use super::{NextHopConfig, Placing, RouteConfig, RuleAction, RuleConfig};
use crate::control_plane::show::Sink;
use crate::model::{Family, IpNet};
use crate::netlink::encapsulation::{Encapsulation, Tunnel};
use crate::netlink::metrics::Metric;
use crate::netlink::route::route_kind;

/// A route as the C daemon's dumps have it, such as
/// `prepend 10.80.0.0/24 via inet 10.77.0.2 dev eth0 proto 18`.
#[must_use]
pub fn route_text(route: &RouteConfig) -> String {
    let mut out = Words(String::new());
    route_words(route, "proto", &mut out);
    out.0
}

/// A rule as the C daemon's dumps have it, such as
/// `from 10.2.2.2 priority 16384 tos 0x0 protocol 18 lookup 7`.
#[must_use]
pub fn rule_text(rule: &RuleConfig) -> String {
    let mut out = Words(String::new());
    rule_words(rule, &mut out);
    out.0
}

/// The line of a route, as a configuration has it; [`super::parse_route`] reads it.
#[must_use]
pub fn route_statement(route: &RouteConfig) -> String {
    let mut words = Words(String::new());
    route_words(route, "protocol", &mut words);
    words.0
}

/// The line of a rule, as a configuration has it; [`super::parse_rule`] reads it.
#[must_use]
pub fn rule_statement(rule: &RuleConfig) -> String {
    rule_text(rule)
}

/// The line of a route.
pub(in crate::vrrp::config) fn show_route(route: &RouteConfig, out: &mut dyn Sink) {
    line(&route_statement(route), out);
}

/// The line of a rule.
pub(in crate::vrrp::config) fn show_rule(rule: &RuleConfig, out: &mut dyn Sink) {
    line(&rule_statement(rule), out);
}

fn line(statement: &str, out: &mut dyn Sink) {
    let mut words = statement.split(' ');
    if let Some(first) = words.next() {
        out.line(first, &words.collect::<Vec<_>>());
    }
}

/// Words with a blank between them.
struct Words(String);

impl Words {
    /// Writing to a string cannot fail.
    fn word(&mut self, word: impl Display) {
        let gap = if self.0.is_empty() { "" } else { " " };
        let _ = write!(self.0, "{gap}{word}");
    }

    fn item(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.word(name);
            self.word(value);
        }
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.word(name);
        }
    }
}

/// Without the length of a host.
fn prefix(net: IpNet) -> String {
    if net.prefix == net.family().host_prefix() {
        net.addr.to_string()
    } else {
        net.to_string()
    }
}

fn route_words(route: &RouteConfig, protocol: &str, out: &mut Words) {
    out.word(match route.placing {
        Placing::Alone => "add",
        Placing::First => "prepend",
        Placing::Last => "append",
    });
    if route.kind != route_kind::UNICAST {
        match TYPES.iter().find(|(_, kind)| *kind == route.kind) {
            Some((name, _)) => out.word(name),
            None => out.word(route.kind),
        }
    }
    out.word(prefix(route.destination.value));
    out.item("src", route.source);
    out.item("from", route.from.map(prefix));
    out.item("tos", (route.tos != 0).then_some(route.tos));
    let [gateway, rest] = [hop_way, hop_rest];
    gateway(&route.hop, out);
    let table = (route.table != super::route::TABLE_MAIN).then_some(route.table);
    out.item("table", table);
    out.item("vrf", route.vrf.as_ref().map(|vrf| &vrf.value));
    out.item(protocol, Some(route.protocol));
    let usual = super::route::widest_scope(route.kind);
    out.item("scope", (route.scope != usual).then_some(route.scope));
    out.item("metric", route.metric);
    rest(&route.hop, out);
    out.item("expires", route.expires.map(|seconds| seconds.to_string()));
    metrics(route, out);
    out.item(
        "pref",
        route.preference.map(|preference| match preference {
            0 => "medium".to_owned(),
            1 => "high".to_owned(),
            3 => "low".to_owned(),
            other => other.to_string(),
        }),
    );
    let switch = |on| if on { "enabled" } else { "disabled" };
    out.item("ttl-propagate", route.propagates_ttl.map(switch));
    out.item("track_group", route.track_group.as_ref().map(|g| &g.value));
    out.flag("no_track", !route.track);
    for hop in &route.hops {
        out.word("nexthop");
        hop_way(hop, out);
        out.item("weight", (hop.weight != 1).then_some(hop.weight));
        hop_rest(hop, out);
    }
}

fn hop_way(hop: &NextHopConfig, out: &mut Words) {
    if let Some(encapsulation) = &hop.encapsulation {
        out.word("encap");
        encapsulation_words(encapsulation, out);
    }
    if let Some(via) = hop.via {
        out.word("via");
        out.word(match via {
            IpAddr::V4(_) => "inet",
            IpAddr::V6(_) => "inet6",
        });
        out.word(via);
    }
    out.item("dev", hop.dev.as_ref().map(|dev| &dev.value));
}

fn hop_rest(hop: &NextHopConfig, out: &mut Words) {
    out.flag("onlink", hop.onlink);
    out.item("realms", hop.realms.map(realms));
}

fn realms(realms: u32) -> String {
    match realms >> 16 {
        0 => realms.to_string(),
        from => format!("{from}/{}", realms & 0xffff),
    }
}

fn encapsulation_words(encapsulation: &Encapsulation, out: &mut Words) {
    match encapsulation {
        Encapsulation::Mpls(labels) => {
            let labels: Vec<_> = labels.iter().map(u32::to_string).collect();
            out.item("mpls", Some(labels.join("/")));
        }
        Encapsulation::Ila(locator) => {
            let groups = [48, 32, 16, 0].map(|shift| format!("{:x}", locator >> shift & 0xffff));
            out.item("ila", Some(groups.join(":")));
        }
        Encapsulation::Ip(tunnel) => {
            out.word("ip");
            tunnel_words(tunnel, "tos", "ttl", out);
        }
        Encapsulation::Ip6(tunnel) => {
            out.word("ip6");
            tunnel_words(tunnel, "tc", "hoplimit", out);
        }
    }
}

fn tunnel_words(tunnel: &Tunnel, tos: &str, ttl: &str, out: &mut Words) {
    out.item("id", tunnel.id);
    out.item("dst", tunnel.destination);
    out.item("src", tunnel.source);
    out.item(tos, tunnel.tos);
    out.item(ttl, tunnel.ttl);
    out.item("flags", tunnel.flags);
}

/// The words of path metrics, and for times what makes a millisecond.
const METRICS: &[(&str, Metric, Option<u32>)] = &[
    ("rtt", Metric::Rtt, Some(8)),
    ("rttvar", Metric::RttVariance, Some(4)),
    ("mtu", Metric::Mtu, None),
    ("hoplimit", Metric::HopLimit, None),
    ("advmss", Metric::AdvertisedSegment, None),
    ("reordering", Metric::Reordering, None),
    ("window", Metric::Window, None),
    ("cwnd", Metric::CongestionWindow, None),
    ("ssthresh", Metric::SlowStartThreshold, None),
    ("rto_min", Metric::LeastRetransmission, Some(1)),
    ("initcwnd", Metric::InitialCongestionWindow, None),
    ("initrwnd", Metric::InitialReceiveWindow, None),
    ("quickack", Metric::QuickAcknowledge, None),
    ("fastopen_no_cookie", Metric::FastOpenWithoutCookie, None),
];

fn metrics(route: &RouteConfig, out: &mut Words) {
    let lock = |locked| if locked { "lock " } else { "" };
    if let Some((name, locked)) = route.metrics.congestion() {
        out.item("congctl", Some(format!("{}{name}", lock(locked))));
    }
    for (name, metric, per_milli) in METRICS {
        let Some(value) = route.metrics.get(*metric) else {
            continue;
        };
        let value = match per_milli {
            Some(per_milli) => format!("{}ms", f64::from(value) / f64::from(*per_milli)),
            None => value.to_string(),
        };
        let lock = lock(route.metrics.is_locked(*metric));
        out.item(name, Some(format!("{lock}{value}")));
    }
    out.item(
        "features",
        route.metrics.get(Metric::Features).map(|_| "ecn"),
    );
}

fn rule_words(rule: &RuleConfig, out: &mut Words) {
    out.flag("not", rule.inverted);
    let all = match rule.family.value {
        Family::V4 => "0.0.0.0/0",
        Family::V6 => "::/0",
    };
    let from = rule.from.map(prefix);
    out.item("from", Some(from.unwrap_or_else(|| all.to_owned())));
    out.item("to", rule.to.map(prefix));
    out.item("priority", rule.preference);
    out.item("tos", Some(format_args!("{:#x}", rule.tos)));
    if let Some((mark, mask)) = rule.mark {
        let mask = mask.map_or(String::new(), |mask| format!("/{mask:#x}"));
        out.item("fwmark", Some(format!("{mark:#x}{mask}")));
    }
    out.item("iif", rule.input.as_ref().map(|name| &name.value));
    out.item("oif", rule.output.as_ref().map(|name| &name.value));
    out.item("suppress_prefixlength", rule.suppress_prefix);
    out.item("suppress_ifgroup", rule.suppress_group);
    out.item("tunnel-id", rule.tunnel);
    out.item("uidrange", rule.users.map(range));
    out.flag("l3mdev", rule.action == RuleAction::Vrf);
    out.item("protocol", Some(rule.protocol));
    out.item("ipproto", rule.ip_protocol);
    out.item("sport", rule.source_ports.map(range));
    out.item("dport", rule.destination_ports.map(range));
    out.item("realms", rule.realms.map(realms));
    match rule.action {
        RuleAction::Table(table) => out.item("lookup", Some(table)),
        RuleAction::Vrf => (),
        RuleAction::Goto(target) => out.item("goto", Some(target)),
        RuleAction::Nothing => out.word("nop"),
        RuleAction::Blackhole => out.item("type", Some("blackhole")),
        RuleAction::Unreachable => out.item("type", Some("unreachable")),
        RuleAction::Prohibit => out.item("type", Some("prohibit")),
    }
    out.item("track_group", rule.track_group.as_ref().map(|g| &g.value));
    out.flag("no_track", !rule.track);
}

fn range<T: Display>([first, last]: [T; 2]) -> String {
    format!("{first}-{last}")
}
