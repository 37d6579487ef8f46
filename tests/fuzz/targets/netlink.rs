//! What the kernel sends on netlink sockets, as one receive call gives it: links,
//! addresses, routes, rules, answers with extended attributes, IPVS, processes. What is
//! understood is the same when it is written and read again.
#![no_main]

use keepalived::ipvs::genl::control::{self, Info, Timeouts};
use keepalived::ipvs::genl::destination::DestinationTold;
use keepalived::ipvs::genl::service::ServiceTold;
use keepalived::model::Family as AddressFamily;
use keepalived::netlink::addr::AddressMessage;
use keepalived::netlink::attr::Attributes;
use keepalived::netlink::encapsulation::Encapsulation;
use keepalived::netlink::error::Reply;
use keepalived::netlink::genl::{self, Family};
use keepalived::netlink::header::{Header, Message, Messages};
use keepalived::netlink::link::LinkMessage;
use keepalived::netlink::metrics::RouteMetrics;
use keepalived::netlink::process_event::ProcessEvent;
use keepalived::netlink::route::RouteMessage;
use keepalived::netlink::rule::RuleMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    for message in Messages::new(octets) {
        records(&message);
        answers(&message);
        balancer(&message);
    }
    for attribute in Attributes::new(octets) {
        let _ = (attribute.as_text(), attribute.as_ip(), attribute.as_mac());
        let _ = (attribute.as_u8(), attribute.as_u16(), attribute.as_u32());
        let _ = (attribute.as_u32_pair(), attribute.as_u16_pair());
        let _ = attribute.nested().count();
    }
});

/// The only message in a buffer.
fn only<T>(
    header: Header,
    write: impl FnOnce(&mut Vec<u8>, Header),
    check: impl FnOnce(&Message<'_>) -> T,
) -> T {
    let mut buffer = Vec::new();
    write(&mut buffer, header);
    let mut messages = Messages::new(&buffer);
    let message = messages.next().expect("a message");
    assert_eq!(messages.next(), None);
    check(&message)
}

fn records(message: &Message<'_>) {
    let header = message.header;
    if let Some(link) = LinkMessage::parse(message) {
        let _ = (link.macvlan_mode(), link.vrf_table());
        only(
            header,
            |buffer, header| link.write(buffer, header),
            |again| assert_eq!(LinkMessage::parse(again), Some(link)),
        );
    }
    if let Some(address) = AddressMessage::parse(message) {
        let _ = (address.net(), address.peer());
        only(
            header,
            |buffer, header| address.write(buffer, header),
            |again| assert_eq!(AddressMessage::parse(again), Some(address)),
        );
    }
    if let Some(route) = RouteMessage::parse(message) {
        for hop in route.hops() {
            hop.write(&mut Vec::new());
        }
        only(
            header,
            |buffer, header| route.write(buffer, header),
            |again| assert_eq!(RouteMessage::parse(again), Some(route.clone())),
        );
    }
    if let Some(rule) = RuleMessage::parse(message) {
        only(
            header,
            |buffer, header| rule.write(buffer, header),
            |again| assert_eq!(RuleMessage::parse(again), Some(rule)),
        );
    }
    let metrics = RouteMetrics::parse(message.payload);
    let mut written = Vec::new();
    metrics.write(&mut written);
    assert_eq!(RouteMetrics::parse(&written), metrics);
    for kind in 0..16 {
        if let Some(tunnel) = Encapsulation::parse(kind, message.payload) {
            let mut written = Vec::new();
            tunnel.write(&mut written);
            assert_eq!(Encapsulation::parse(kind, &written), Some(tunnel));
        }
    }
}

fn answers(message: &Message<'_>) {
    if let Some(reply) = Reply::parse(message)
        && let Err(error) = reply.result()
    {
        let _ = (error.words(), error.to_string());
    }
    let _ = ProcessEvent::parse(message);
    let _ = genl::family_number(message);
}

fn balancer(message: &Message<'_>) {
    // Whatever number the kernel has given the family.
    let ipvs = Family {
        number: message.header.kind,
        version: 1,
    };
    let _ = ServiceTold::parse(ipvs, message);
    for family in [AddressFamily::V4, AddressFamily::V6] {
        let _ = DestinationTold::parse(ipvs, message, family);
    }
    let _ = Timeouts::parse(ipvs, message);
    let _ = Info::parse(ipvs, message);
    let _ = control::parse_daemon(ipvs, message);
}
