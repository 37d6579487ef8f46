//! The codec against itself, and against arbitrary octets.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{HEADER, addresses, links, only, routes, rules};
use crate::model::{IfIndex, MacAddr};
use crate::netlink::addr::{AddressFlags, AddressMessage, Lifetime};
use crate::netlink::attr::Attributes;
use crate::netlink::encapsulation::{Encapsulation, Tunnel};
use crate::netlink::error::Reply;
use crate::netlink::header::Messages;
use crate::netlink::link::{LinkFlags, LinkMessage};
use crate::netlink::metrics::{Metric, RouteMetrics};
use crate::netlink::mirror::{Changes, Mirror, Origin};
use crate::netlink::route::{NextHop, RouteMessage};
use crate::netlink::rule::RuleMessage;

pub(super) fn name() -> impl Strategy<Value = String> {
    "[a-z0-9.]{1,15}"
}

pub(super) fn addr() -> impl Strategy<Value = Option<IpAddr>> {
    proptest::option::of(prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from),
    ])
}

/// Octets that look like messages often enough to reach the inner parsers.
fn nearly_messages() -> impl Strategy<Value = Vec<u8>> {
    let dump = prop_oneof![
        Just(links()),
        Just(addresses()),
        Just(routes()),
        Just(rules()),
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (dump, proptest::collection::vec(change, 0..20)).prop_map(|(mut dump, changes)| {
        for (place, value) in changes {
            let place = place.index(dump.len());
            dump[place] = value;
        }
        dump
    })
}

fn read_everything(octets: &[u8]) {
    let mut mirror = Mirror::new();
    for message in Messages::new(octets) {
        let _ = LinkMessage::parse(&message);
        let _ = AddressMessage::parse(&message).map(|address| address.net());
        let _ = RouteMessage::parse(&message).map(|route| route.hops().count());
        let _ = RuleMessage::parse(&message);
        let _ = Reply::parse(&message).map(|reply| reply.result());
        mirror.hear(&message, Origin::Foreign);
    }
    mirror.settle(&mut Changes::new());
    for attribute in Attributes::new(octets) {
        let _ = attribute.as_text();
        let _ = attribute.nested().count();
    }
}

proptest! {
    #[test]
    fn foreign_octets_never_panic(octets: Vec<u8>) {
        read_everything(&octets);
    }

    #[test]
    fn damaged_dumps_never_panic(octets in nearly_messages()) {
        read_everything(&octets);
    }

    #[test]
    fn a_written_link_is_read_again(
        name in proptest::option::of(name()),
        kind in proptest::option::of(name()),
        numbers: (u16, u32, u32, u32),
        mac: Option<[u8; 6]>,
        mtu: Option<u32>,
        above in proptest::option::of(1..u32::MAX),
        below in proptest::option::of(1..u32::MAX),
    ) {
        let link = LinkMessage {
            hardware: numbers.0,
            index: numbers.1,
            flags: LinkFlags(numbers.2),
            change: LinkFlags(numbers.3),
            name: name.as_deref(),
            kind: kind.as_deref(),
            mac: mac.map(MacAddr),
            mtu,
            master: above.map(IfIndex),
            parent: below.map(IfIndex),
            ..LinkMessage::default()
        };
        let mut buffer = Vec::new();
        link.write(&mut buffer, HEADER);
        prop_assert_eq!(LinkMessage::parse(&only(&buffer)), Some(link));
    }

    #[test]
    fn a_written_address_is_read_again(
        fixed: (u8, u8, u8, u32, u32),
        addresses in (addr(), addr(), addr()),
        label in proptest::option::of(name()),
        protocol: Option<u8>,
        lifetime: Option<(u32, u32)>,
    ) {
        let address = AddressMessage {
            family: fixed.0,
            prefix: fixed.1,
            scope: fixed.2,
            index: fixed.3,
            flags: AddressFlags(fixed.4),
            address: addresses.0,
            local: addresses.1,
            broadcast: addresses.2,
            label: label.as_deref(),
            protocol,
            lifetime: lifetime.map(|(preferred, valid)| Lifetime { preferred, valid }),
        };
        let mut buffer = Vec::new();
        address.write(&mut buffer, HEADER);
        prop_assert_eq!(AddressMessage::parse(&only(&buffer)), Some(address));
    }

    #[test]
    fn a_written_route_is_read_again(
        fixed: (u8, u8, u8, u8, u8, u8, u8),
        table: u32,
        flags: u32,
        addresses in (addr(), addr(), addr(), addr()),
        interface in proptest::option::of(1..u32::MAX),
        metric: Option<u32>,
        hops in proptest::collection::vec((any::<u8>(), 1..=256_u16, addr(), any::<Option<u32>>()), 0..4),
        numbers: [Option<u32>; 2],
        octets: [Option<u8>; 2],
    ) {
        let hops: Vec<_> = hops
            .into_iter()
            .map(|(flags, weight, gateway, realms)| NextHop { flags, weight, gateway, interface: None, realms, encapsulation: None })
            .collect();
        let mut list = Vec::new();
        hops.iter().for_each(|hop| hop.write(&mut list));
        let route = RouteMessage {
            family: fixed.0,
            destination_prefix: fixed.1,
            source_prefix: fixed.2,
            tos: fixed.3,
            table,
            protocol: fixed.4,
            scope: fixed.5,
            kind: fixed.6,
            flags,
            destination: addresses.0,
            source: addresses.1,
            preferred_source: addresses.2,
            gateway: addresses.3,
            interface: interface.map(IfIndex),
            metric,
            metrics: None,
            next_hops: Some(&list),
            realms: numbers[0],
            encapsulation: None,
            preference: octets[0],
            expires: numbers[1],
            propagates_ttl: octets[1],
        };
        let mut buffer = Vec::new();
        route.write(&mut buffer, HEADER);
        let parsed = RouteMessage::parse(&only(&buffer)).unwrap();
        prop_assert_eq!(parsed, route);
        prop_assert_eq!(parsed.hops().collect::<Vec<_>>(), hops);
    }

    #[test]
    fn a_written_rule_is_read_again(
        fixed: (u8, u8, u8, u8, u8),
        table: u32,
        addresses in (addr(), addr()),
        names in (proptest::option::of(name()), proptest::option::of(name())),
        words: [Option<u32>; 7],
        tunnel: Option<u64>,
        octets: [Option<u8>; 3],
        users: Option<[u32; 2]>,
        ports: [Option<[u16; 2]>; 2],
    ) {
        let [priority, goto, mark, mask, suppress_prefix, suppress_group, realms] = words;
        let [l3mdev, protocol, ip_protocol] = octets;
        let [source_ports, destination_ports] = ports;
        let rule = RuleMessage {
            family: fixed.0,
            destination_prefix: fixed.1,
            source_prefix: fixed.2,
            tos: fixed.3,
            table,
            action: fixed.4,
            flags: 2,
            destination: addresses.0,
            source: addresses.1,
            input: names.0.as_deref(),
            output: names.1.as_deref(),
            priority, goto, mark, mask, suppress_prefix, suppress_group, realms, tunnel,
            l3mdev, users, protocol, ip_protocol, source_ports, destination_ports,
        };
        let mut buffer = Vec::new();
        rule.write(&mut buffer, HEADER);
        prop_assert_eq!(RuleMessage::parse(&only(&buffer)), Some(rule));
    }

    #[test]
    fn written_metrics_are_read_again(
        values in proptest::collection::vec((0..METRICS.len(), any::<u32>(), any::<bool>()), 0..20),
        congestion in proptest::option::of(("[a-z]{1,15}", any::<bool>())),
    ) {
        let mut metrics = RouteMetrics::default();
        for (place, value, locked) in values {
            metrics.set(METRICS[place], value);
            if locked {
                metrics.lock(METRICS[place]);
            }
        }
        if let Some((name, locked)) = congestion {
            metrics.set_congestion(name, locked);
        }
        let mut buffer = Vec::new();
        metrics.write(&mut buffer);
        prop_assert_eq!(RouteMetrics::parse(&buffer), metrics);
    }

    #[test]
    fn a_written_encapsulation_is_read_again(encapsulation in encapsulation()) {
        let mut octets = Vec::new();
        encapsulation.write(&mut octets);
        let kind = encapsulation.kind();
        prop_assert_eq!(Encapsulation::parse(kind, &octets), Some(encapsulation));
        let hop = NextHop {
            flags: 0,
            weight: 1,
            interface: None,
            gateway: None,
            realms: None,
            encapsulation: Some((kind, &octets)),
        };
        let mut list = Vec::new();
        hop.write(&mut list);
        let route = RouteMessage {
            next_hops: Some(&list),
            encapsulation: Some((kind, &octets)),
            ..RouteMessage::default()
        };
        let mut buffer = Vec::new();
        route.write(&mut buffer, HEADER);
        let parsed = RouteMessage::parse(&only(&buffer)).unwrap();
        prop_assert_eq!(parsed, route);
        prop_assert_eq!(parsed.hops().collect::<Vec<_>>(), [hop]);
    }

    #[test]
    fn foreign_metrics_and_encapsulations_never_panic(octets: Vec<u8>, kind in 0..6_u16) {
        let _ = RouteMetrics::parse(&octets);
        let _ = Encapsulation::parse(kind, &octets);
    }
}

const METRICS: &[Metric] = &[
    Metric::Mtu,
    Metric::Rtt,
    Metric::HopLimit,
    Metric::Features,
    Metric::LeastRetransmission,
    Metric::QuickAcknowledge,
    Metric::FastOpenWithoutCookie,
];

fn encapsulation() -> impl Strategy<Value = Encapsulation> {
    let tunnel = (
        any::<Option<u64>>(),
        addr(),
        addr(),
        any::<[Option<u8>; 2]>(),
        any::<Option<u16>>(),
    );
    let tunnel = tunnel.prop_map(|(id, destination, source, [ttl, tos], flags)| Tunnel {
        id,
        destination,
        source,
        ttl,
        tos,
        flags,
    });
    prop_oneof![
        proptest::collection::vec(0..1_u32 << 20, 1..8).prop_map(Encapsulation::Mpls),
        any::<u64>().prop_map(Encapsulation::Ila),
        (tunnel, any::<bool>()).prop_map(|(tunnel, is_ip6)| match is_ip6 {
            true => Encapsulation::Ip6(tunnel),
            false => Encapsulation::Ip(tunnel),
        }),
    ]
}

/// The value of an attribute that `ip route add 10.1.0.0/16 encap mpls 16/17 via
/// inet 10.77.0.2` and its like send (iproute2 6.1).
#[test]
fn encapsulations_have_the_octets_of_iproute2() {
    let octets = |encapsulation: Encapsulation| {
        let mut buffer = Vec::new();
        encapsulation.write(&mut buffer);
        buffer
    };
    assert_eq!(
        octets(Encapsulation::Mpls(vec![16, 17])),
        [12, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0x11, 0]
    );
    assert_eq!(
        octets(Encapsulation::Ila(0x0001_0002_0003_0004)),
        [12, 0, 1, 0, 0, 1, 0, 2, 0, 3, 0, 4]
    );
}
