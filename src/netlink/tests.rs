//! The codec against octets captured from Linux 6.18 (`tests/data/netlink`),
//! arbitrary octets, and itself.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod own;

use std::net::IpAddr;

use super::addr::{AddressFlags, AddressMessage, AddressRequest, Lifetime, Operation};
use super::error::Reply;
use super::header::{Header, Message, Messages, flag, kind};
use super::link::{LinkFlags, LinkMessage};
use super::route::RouteMessage;
use super::rule::RuleMessage;
use crate::model::{IfIndex, IpNet, MacAddr};
use crate::wire::testing::hex;

fn links() -> Vec<u8> {
    hex(include_str!("../../tests/data/netlink/links.hex"))
}

fn addresses() -> Vec<u8> {
    hex(include_str!("../../tests/data/netlink/addresses.hex"))
}

fn routes() -> Vec<u8> {
    hex(include_str!("../../tests/data/netlink/routes.hex"))
}

fn rules() -> Vec<u8> {
    hex(include_str!("../../tests/data/netlink/rules.hex"))
}

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

const HEADER: Header = Header {
    kind: kind::NEW_LINK,
    flags: flag::REQUEST,
    sequence: 5,
    port: 0,
};

fn only(octets: &[u8]) -> Message<'_> {
    let mut messages = Messages::new(octets);
    let message = messages.next().unwrap();
    assert_eq!(messages.next(), None);
    assert_eq!(octets.len() % 4, 0, "padded");
    message
}

#[test]
fn links_of_the_kernel() {
    let dump = links();
    let found: Vec<_> = Messages::new(&dump)
        .filter(|message| message.header.kind == kind::NEW_LINK)
        .map(|message| LinkMessage::parse(&message).unwrap())
        .collect();
    let names: Vec<_> = found.iter().filter_map(|link| link.name).collect();
    assert_eq!(names, ["lo", "v1", "v0", "b0", "m0"]);
    let kinds: Vec<_> = found.iter().map(|link| link.kind.unwrap_or("")).collect();
    assert_eq!(kinds, ["", "veth", "veth", "bridge", "macvlan"]);
    let [lo, v1, v0, b0, m0] = found[..] else {
        panic!("five links")
    };
    assert_eq!((lo.index, lo.hardware, lo.mtu), (1, 772, Some(65536)));
    assert!(lo.flags.has(LinkFlags::LOOPBACK) && !lo.flags.has(LinkFlags::MULTICAST));
    assert_eq!(lo.mac, Some(MacAddr::default()));
    assert_eq!(v0.master, Some(IfIndex(b0.index)));
    assert_eq!((v0.parent, v1.parent), (Some(IfIndex(2)), Some(IfIndex(3))));
    assert_eq!(v1.mac, Some(MacAddr([0x06, 0x42, 0x91, 0xb5, 0x4b, 0x1c])));
    assert!(v1.flags.has(LinkFlags::UP) && v1.flags.has(LinkFlags::RUNNING));
    assert!(!b0.flags.has(LinkFlags::UP));
    assert_eq!(m0.parent, Some(IfIndex(v1.index)));
    assert!(m0.kind_data.is_some());
}

#[test]
fn addresses_of_the_kernel() {
    let dump = addresses();
    let found: Vec<_> = Messages::new(&dump)
        .filter(|message| message.header.kind == kind::NEW_ADDRESS)
        .map(|message| AddressMessage::parse(&message).unwrap())
        .collect();
    let nets: Vec<_> = found.iter().map(|a| a.net().unwrap().to_string()).collect();
    assert_eq!(
        nets[..6],
        [
            "127.0.0.1/8",
            "192.0.2.1/24",
            "10.9.0.1/32",
            "::1/128",
            "fd00::1/128",
            "2001:db8::1/64"
        ]
    );
    let (labelled, peer4, peer6, old) = (found[1], found[2], found[4], found[5]);
    assert_eq!(labelled.label, Some("v1:vip"));
    assert_eq!(labelled.broadcast, ip("192.0.2.255"));
    assert_eq!(labelled.peer(), None);
    assert_eq!(
        (peer4.peer(), peer6.peer()),
        (ip("10.9.0.2"), ip("fd00::2"))
    );
    assert!(
        peer6
            .flags
            .has(AddressFlags::NODAD.with(AddressFlags::NOPREFIXROUTE))
    );
    assert!(old.flags.has(AddressFlags::DEPRECATED));
    let lifetime = Lifetime {
        preferred: 0,
        valid: Lifetime::FOREVER,
    };
    assert_eq!(old.lifetime, Some(lifetime));
    assert!(found[6].flags.has(AddressFlags::TENTATIVE));
}

#[test]
fn routes_of_the_kernel() {
    let dump = routes();
    let found: Vec<_> = Messages::new(&dump)
        .filter(|message| message.header.kind == kind::NEW_ROUTE)
        .map(|message| RouteMessage::parse(&message).unwrap())
        .collect();
    let to = |destination| {
        *found
            .iter()
            .find(|r| r.destination == ip(destination))
            .unwrap()
    };
    let ours = to("198.51.100.0");
    assert_eq!((ours.gateway, ours.metric), (ip("192.0.2.254"), Some(50)));
    assert_eq!(
        (ours.preferred_source, ours.protocol),
        (ip("192.0.2.1"), 18)
    );
    assert_eq!((ours.interface, ours.table), (Some(IfIndex(2)), 254));
    let black = to("10.66.0.0");
    assert_eq!(
        (black.table, black.kind, black.destination_prefix),
        (777, 6, 16)
    );
    let hops: Vec<_> = to("203.0.113.0")
        .hops()
        .map(|hop| (hop.weight, hop.gateway))
        .collect();
    assert_eq!(hops, [(2, ip("192.0.2.7")), (1, ip("192.0.2.8"))]);
    assert!(to("2001:db8:7::").metrics.is_some());
}

#[test]
fn rules_of_the_kernel() {
    let dump = rules();
    let found: Vec<_> = Messages::new(&dump)
        .filter(|message| message.header.kind == kind::NEW_RULE)
        .map(|message| RuleMessage::parse(&message).unwrap())
        .collect();
    let with = |priority| *found.iter().find(|r| r.priority == Some(priority)).unwrap();
    let rule = with(1000);
    assert_eq!((rule.source, rule.source_prefix), (ip("192.0.2.0"), 24));
    assert_eq!(
        (rule.destination, rule.destination_prefix),
        (ip("10.0.0.0"), 8)
    );
    assert_eq!((rule.table, rule.action, rule.input), (777, 1, Some("v1")));
    assert_eq!((rule.mark, rule.mask), (Some(5), Some(0xff)));
    assert_eq!((with(1001).family, with(1002).action), (10, 7));
}

#[test]
fn refusals_of_the_kernel_have_words() {
    for text in [
        include_str!("../../tests/data/netlink/refusal.hex"),
        include_str!("../../tests/data/netlink/refusal_capped.hex"),
    ] {
        let octets = hex(text);
        let reply = Reply::parse(&only(&octets)).unwrap();
        assert_eq!((reply.sequence, reply.errno), (9, 19));
        let error = reply.result().unwrap_err();
        assert_eq!(
            error.text.as_deref(),
            Some("ipv6: Unable to find the interface")
        );
        assert!(error.to_string().starts_with("No such device"), "{error}");
    }
}

#[test]
fn an_ended_message_ends_the_iteration() {
    let whole = links();
    let count = Messages::new(&whole).count();
    for length in 0..whole.len() {
        assert!(Messages::new(&whole[..length]).count() <= count);
    }
}

#[test]
fn a_deletion_names_only_what_identifies_the_address() {
    let request = AddressRequest {
        peer: Some(IpNet {
            addr: ip("10.0.0.2").unwrap(),
            prefix: 30,
        }),
        label: Some("eth0:1"),
        flags: AddressFlags::NODAD,
        ..AddressRequest::new(
            IfIndex(3),
            IpNet {
                addr: ip("10.0.0.1").unwrap(),
                prefix: 32,
            },
        )
    };
    let mut buffer = Vec::new();
    request.write(&mut buffer, Operation::Delete, 1);
    let message = only(&buffer);
    assert_eq!(message.header.kind, kind::DEL_ADDRESS);
    let parsed = AddressMessage::parse(&message).unwrap();
    let expected = AddressMessage {
        family: 2,
        prefix: 30,
        index: 3,
        local: ip("10.0.0.1"),
        address: ip("10.0.0.2"),
        ..AddressMessage::default()
    };
    assert_eq!(parsed, expected);
}
