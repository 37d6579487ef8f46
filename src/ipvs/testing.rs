//! Strategies for random parts of tables. They come from small sets, so that
//! two random tables have much in common.

use std::net::IpAddr;

use proptest::prelude::*;

use super::destination::{Checksum, Destination, DestinationKey, Forwarding, Tunnel};
use super::service::{Granularity, Name, Persistence, Protocol, Service, ServiceFlags, ServiceKey};
use super::table::{Entry, Table};
use crate::model::Family;

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (1..4_u8).prop_map(|last| IpAddr::from([192, 0, 2, last])),
        (1..4_u16).prop_map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last])),
    ]
}

pub(super) fn service_key() -> impl Strategy<Value = ServiceKey> {
    let protocol = prop::sample::select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    let family = prop::sample::select(vec![Family::V4, Family::V6]);
    prop_oneof![
        3 => (protocol, address(), 0..3_u16).prop_map(|(protocol, address, port)| {
            ServiceKey::Address { protocol, address, port }
        }),
        1 => (family, 1..4_u32).prop_map(|(family, mark)| ServiceKey::Mark { family, mark }),
    ]
}

pub(super) fn service() -> impl Strategy<Value = Service> {
    let scheduler = prop::sample::select(vec!["rr", "wlc", "mh"]);
    let flags = prop::sample::select(vec![0, 4, 8, 0x18, 0x3c]);
    (scheduler, flags, prop::option::of(persistence())).prop_map(
        |(scheduler, flags, persistence)| Service {
            scheduler: name(scheduler),
            flags: ServiceFlags::from_kernel(flags),
            persistence,
        },
    )
}

fn persistence() -> impl Strategy<Value = Persistence> {
    let granularity = prop_oneof![
        prop::sample::select(vec![0xffff_ff00, u32::MAX]).prop_map(Granularity::Mask),
        (1..=128_u8).prop_map(Granularity::Prefix),
    ];
    (1..9_u32, granularity, any::<bool>()).prop_map(|(timeout, granularity, sip)| Persistence {
        timeout,
        granularity,
        engine: sip.then(|| name("sip")),
    })
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a short word")
}

pub(super) fn destination_key() -> impl Strategy<Value = DestinationKey> {
    (address(), 0..3_u16).prop_map(|(address, port)| DestinationKey { address, port })
}

pub(super) fn destination() -> impl Strategy<Value = Destination> {
    let forwarding = prop::sample::select(vec![
        Forwarding::Masquerade,
        Forwarding::DirectRoute,
        Forwarding::Tunnel(Tunnel::Ipip),
        Forwarding::Tunnel(Tunnel::Gue {
            port: 6080,
            checksum: Checksum::Remote,
        }),
        Forwarding::Tunnel(Tunnel::Gre {
            checksum: Checksum::Outer,
        }),
    ]);
    (forwarding, 0..3_u32, 0..3_u32, 0..2_u32).prop_map(
        |(forwarding, weight, upper_threshold, lower_threshold)| Destination {
            forwarding,
            weight,
            upper_threshold,
            lower_threshold,
        },
    )
}

pub(super) fn table() -> impl Strategy<Value = Table> {
    let entry = (
        service(),
        prop::collection::btree_map(destination_key(), destination(), 0..5),
    );
    let entry = entry.prop_map(|(service, destinations)| Entry {
        service,
        destinations,
    });
    prop::collection::btree_map(service_key(), entry, 0..6).prop_map(|services| Table { services })
}
