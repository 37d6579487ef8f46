//! The codec against octets captured from Linux 6.1 (`tests/data/netlink`),
//! against itself, and against arbitrary octets.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::control::{self, Info, Timeouts};
use super::destination::DestinationTold;
use super::service::ServiceTold;
use super::*;
use crate::ipvs::destination::{Checksum, Destination, Forwarding, Tunnel};
use crate::ipvs::service::{Granularity, Name, Persistence, Protocol, Service, ServiceFlags};
use crate::ipvs::sync_daemon::{Action, Parameters, Role};
use crate::ipvs::testing;
use crate::model::IfName;
use crate::netlink::genl::family_number as number_of_family;
use crate::netlink::header::{Header, Message, Messages};
use crate::wire::testing::hex;

/// As the kernel numbered it when the octets were captured.
const IPVS: Family = Family {
    number: 28,
    version: VERSION,
};

fn captured(name: &str) -> Vec<u8> {
    hex(match name {
        "family" => include_str!("../../../tests/data/netlink/genl_family.hex"),
        "services" => include_str!("../../../tests/data/netlink/ipvs_services.hex"),
        "destinations" => include_str!("../../../tests/data/netlink/ipvs_destinations.hex"),
        "daemons" => include_str!("../../../tests/data/netlink/ipvs_daemons.hex"),
        "config" => include_str!("../../../tests/data/netlink/ipvs_config.hex"),
        "info" => include_str!("../../../tests/data/netlink/ipvs_info.hex"),
        _ => unreachable!("the list above"),
    })
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_family_of_the_kernel() {
    let answer = captured("family");
    let message = Messages::new(&answer).next().unwrap();
    assert_eq!(number_of_family(&message), Some(IPVS.number));
}

#[test]
fn services_of_the_kernel() {
    let dump = captured("services");
    let told: Vec<_> = Messages::new(&dump)
        .filter_map(|message| ServiceTold::parse(IPVS, &message))
        .collect();
    let [web, marked] = told[..] else {
        panic!("two services: {told:?}")
    };
    let key = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: ip("192.0.2.1"),
        port: 80,
    };
    assert_eq!(web.key, key);
    let persistence = |timeout, granularity| {
        Some(Persistence {
            timeout,
            granularity,
            engine: None,
        })
    };
    let expected = Service {
        scheduler: Name::new("wlc").unwrap(),
        flags: ServiceFlags::SCHEDULER_2,
        persistence: persistence(360, Granularity::Mask(0xffff_ff00)),
    };
    assert_eq!(web.service, expected);
    assert_eq!(web.counters.connections, 3);
    assert_eq!((web.counters.packets_in, web.counters.packets_out), (9, 6));
    assert_eq!(
        (web.counters.octets_in, web.counters.octets_out),
        (492, 3336)
    );
    assert_eq!(web.counters.octets_out_per_second, 313);
    let key = ServiceKey::Mark {
        family: AddressFamily::V6,
        mark: 7,
    };
    assert_eq!(marked.key, key);
    let granularity = marked.service.persistence.map(|p| p.granularity);
    assert_eq!(granularity, Some(Granularity::Prefix(56)));
}

#[test]
fn real_servers_of_the_kernel() {
    let dump = captured("destinations");
    let told: Vec<_> = Messages::new(&dump)
        .filter_map(|message| DestinationTold::parse(IPVS, &message, AddressFamily::V4))
        .collect();
    let [other_family, gue, local] = told[..] else {
        panic!("three real servers: {told:?}")
    };
    assert_eq!(other_family.key.to_string(), "[2001:db8::9]:80");
    let expected = Destination::new(Forwarding::Tunnel(Tunnel::Ipip), 0);
    assert_eq!(other_family.destination, expected);
    let tunnel = Tunnel::Gue {
        port: 6080,
        checksum: Checksum::Outer,
    };
    assert_eq!(gue.destination.forwarding, Forwarding::Tunnel(tunnel));
    assert_eq!(local.key.to_string(), "[127.0.0.1]:8080");
    let expected = Destination {
        upper_threshold: 100,
        lower_threshold: 10,
        ..Destination::new(Forwarding::Masquerade, 5)
    };
    assert_eq!(local.destination, expected);
    assert_eq!(local.reading.active_connections, 3);
    assert_eq!(local.reading.persistent_connections, 1);
    assert_eq!(local.reading.counters.octets_out, 3336);
}

#[test]
fn daemons_timeouts_and_version_of_the_kernel() {
    let answer = captured("daemons");
    let message = Messages::new(&answer).next().unwrap();
    let parameters = Parameters {
        interface: IfName::new("lo").unwrap(),
        id: 3,
        // The kernel's least: 1000 was asked for.
        maximum_length: Some(1024),
        port: Some(9000),
        ttl: Some(4),
        group: Some(ip("224.0.0.99")),
    };
    let daemon = control::parse_daemon(IPVS, &message);
    assert_eq!(daemon, Some((Role::Backup, parameters)));
    let answer = captured("config");
    let timeouts = Timeouts {
        tcp: 900,
        tcp_fin: 120,
        udp: 300,
    };
    let message = Messages::new(&answer).next().unwrap();
    assert_eq!(Timeouts::parse(IPVS, &message), Some(timeouts));
    let answer = captured("info");
    let message = Messages::new(&answer).next().unwrap();
    let info = Info {
        version: [1, 2, 1],
        connection_slots: 4096,
    };
    assert_eq!(Info::parse(IPVS, &message), Some(info));
}

/// The message a request makes.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut buffer = Vec::new();
    write(&mut buffer);
    let (length, header) = Header::parse(&buffer).unwrap();
    assert_eq!((length, header.kind), (buffer.len(), IPVS.number));
    buffer
}

#[test]
fn an_old_kernel_tells_no_family_of_a_real_server() {
    let buffer = written(|buffer| {
        IPVS.write(buffer, command::NEW_DEST, 0, 1, |message| {
            message.nest(top::DEST, |attributes| {
                write_address(attributes, 1, ip("10.0.0.1"));
                attributes.bytes(2, &80_u16.to_be_bytes());
                attributes.u32(3, 3);
                attributes.nest(10, |stats| stats.u32(1, 4_000_000_000));
            });
        });
    });
    let message = Messages::new(&buffer).next().unwrap();
    let told = DestinationTold::parse(IPVS, &message, AddressFamily::V4).unwrap();
    assert_eq!(told.key.to_string(), "[10.0.0.1]:80");
    assert_eq!(told.destination.forwarding, Forwarding::DirectRoute);
    assert_eq!(told.reading.counters.connections, 4_000_000_000);
}

proptest! {
    #[test]
    fn a_service_is_read_as_it_was_written(
        key in testing::service_key(),
        service in testing::service(),
    ) {
        // A granularity is of the family of its service.
        let host = Granularity::host(key.family());
        let fits = |p: Persistence| {
            std::mem::discriminant(&p.granularity) == std::mem::discriminant(&host)
        };
        let persistence = service.persistence.filter(|p| fits(*p));
        let service = Service { persistence, ..service };
        let change = Change::AddService(key, service);
        let buffer = written(|buffer| write_change(buffer, IPVS, &change, 9));
        let message = Messages::new(&buffer).next().unwrap();
        let told = ServiceTold::parse(IPVS, &message).unwrap();
        prop_assert_eq!((told.key, told.service), (key, service));
    }

    #[test]
    fn a_real_server_is_read_as_it_was_written(
        key in testing::service_key(),
        at in testing::destination_key(),
        destination in testing::destination(),
    ) {
        let change = Change::AddDestination(key, at, destination);
        let buffer = written(|buffer| write_change(buffer, IPVS, &change, 9));
        let message = Messages::new(&buffer).next().unwrap();
        // The family of the service does not matter when the attribute is there.
        for family in [AddressFamily::V4, AddressFamily::V6] {
            let told = DestinationTold::parse(IPVS, &message, family).unwrap();
            prop_assert_eq!((told.key, told.destination), (at, destination));
        }
    }

    #[test]
    fn a_daemon_is_read_as_it_was_written(
        id: u8,
        maximum_length: Option<u16>,
        port: Option<u16>,
        ttl: Option<u8>,
        group: Option<IpAddr>,
    ) {
        let interface = IfName::new("eth0").unwrap();
        let parameters = Parameters { interface, id, maximum_length, port, ttl, group };
        let action = Action::Start(Role::Master, parameters.clone());
        let buffer = written(|buffer| control::write_daemon(buffer, IPVS, &action, 9));
        let message = Messages::new(&buffer).next().unwrap();
        let told = control::parse_daemon(IPVS, &message);
        prop_assert_eq!(told, Some((Role::Master, parameters)));
    }

    #[test]
    fn foreign_octets_never_panic(payload: Vec<u8>, number in 0..20_u8) {
        let header = Header { kind: IPVS.number, ..Header::default() };
        let payload = [&[number, 1, 0, 0], &payload[..]].concat();
        read_all(&Message { header, payload: &payload });
    }

    /// Octets that are almost right go deeper than arbitrary ones.
    #[test]
    fn damaged_answers_never_panic(
        which in prop::sample::select(vec!["services", "destinations", "daemons", "config", "info"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut: prop::sample::Index,
    ) {
        let mut answer = captured(which);
        for (place, octet) in damage {
            let place = place.index(answer.len());
            answer[place] = octet;
        }
        answer.truncate(cut.index(answer.len()) + 1);
        for message in Messages::new(&answer) {
            read_all(&message);
        }
    }
}

fn read_all(message: &Message<'_>) {
    let _ = ServiceTold::parse(IPVS, message);
    let _ = DestinationTold::parse(IPVS, message, AddressFamily::V6);
    let _ = control::parse_daemon(IPVS, message);
    let _ = Timeouts::parse(IPVS, message);
    let _ = Info::parse(IPVS, message);
    let _ = number_of_family(message);
}
