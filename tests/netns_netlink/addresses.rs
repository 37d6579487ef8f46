//! Addresses: batches, refusals, echoes, overruns.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keepalived::model::{IfIndex, IfName};
use keepalived::netlink::addr::{AddressFlags, Lifetime};
use keepalived::netlink::{AddressRequest, Change, Changes, Operation, Outcomes, Tolerate};

use crate::{Kernel, add_link, entered, ip, ip_output, is_foreign, net, v4};

#[test]
fn three_thousand_addresses_are_added_seen_and_removed() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let before = kernel.mirror.address_count();
    for number in 1..=3000 {
        let request = AddressRequest::new(interface, v4(number));
        let ticket = u64::from(number);
        kernel
            .commander
            .push(&request, Operation::Add, ticket, Tolerate::NOTHING);
    }
    assert_eq!(kernel.commander.flush(1000).unwrap(), 1000);
    let mut outcomes = Outcomes::new();
    kernel.commander.read(&mut outcomes).unwrap();
    assert_eq!(outcomes.len(), 1000, "the first part is settled at once");
    outcomes.extend(kernel.run());
    assert_eq!(outcomes.len(), 3000);
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
    assert!((1..).zip(&outcomes).all(|(ticket, o)| o.ticket == ticket));

    let changes = kernel.read_until(|mirror, _| mirror.address_count() == before + 3000);
    assert!(!changes.iter().any(is_foreign), "only own echoes");
    assert!(kernel.mirror.has_address(interface, v4(1234).addr));
    let first = kernel
        .mirror
        .addresses_of(interface)
        .find(|a| a.net == v4(1));
    assert_eq!(first.map(|address| address.protocol), Some(18));

    for number in 1..=3000 {
        let request = AddressRequest::new(interface, v4(number));
        kernel
            .commander
            .push(&request, Operation::Delete, 0, Tolerate::NOTHING);
    }
    assert!(kernel.run().iter().all(|outcome| outcome.result.is_ok()));
    let changes = kernel.read_until(|mirror, _| mirror.address_count() == before);
    assert!(!changes.iter().any(is_foreign));
    assert_eq!(kernel.monitor.overruns(), 0);
}

#[test]
fn refusals_belong_to_their_tickets() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let interface = kernel.index("lo");
    let good = AddressRequest::new(interface, v4(1));
    let twice = good;
    let nowhere = AddressRequest::new(IfIndex(4711), v4(2));
    let c = &mut kernel.commander;
    c.push(&good, Operation::Add, 1, Tolerate::NOTHING);
    c.push(&twice, Operation::Add, 2, Tolerate::NOTHING);
    c.push(&twice, Operation::Add, 3, Tolerate::EXISTS);
    c.push(&nowhere, Operation::Delete, 4, Tolerate::GONE);
    c.push(&nowhere, Operation::Add, 5, Tolerate::EXISTS);
    let mut outcomes = kernel.run();
    outcomes.sort_by_key(|outcome| outcome.ticket);
    let errnos: Vec<_> = outcomes
        .iter()
        .map(|o| o.result.as_ref().err().map_or(0, |error| error.errno))
        .collect();
    assert_eq!(errnos, [0, libc::EEXIST, 0, 0, libc::ENODEV]);
    let label = AddressRequest {
        flags: AddressFlags::MCAUTOJOIN,
        ..AddressRequest::new(interface, v4(9))
    };
    let refused = kernel.command(&label, Operation::Add).result.unwrap_err();
    assert!(!refused.to_string().is_empty());
}

#[test]
fn the_kernels_words_come_with_the_refusal() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let request = AddressRequest::new(IfIndex(4711), net(Ipv6Addr::LOCALHOST, 128));
    let error = kernel.command(&request, Operation::Add).result.unwrap_err();
    assert_eq!(error.errno, libc::ENODEV);
    let text = error.text.expect("extended acknowledgement");
    assert!(!text.is_empty());
}

#[test]
fn an_address_removed_by_somebody_else_is_told() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let index = kernel.index("lo");
    kernel.command(&AddressRequest::new(index, v4(1)), Operation::Add);
    kernel.read(&mut Changes::new());
    ip("addr del 10.0.0.1/32 dev lo");
    let changes = kernel.read_until(|_, changes| !changes.is_empty());
    let gone = Change::AddressRemoved {
        index,
        net: v4(1),
        ours: false,
    };
    assert_eq!(changes, [gone]);
    assert!(!kernel.mirror.has_address(index, v4(1).addr));
}

#[test]
fn every_kind_of_address_can_be_removed_again() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let plain = |addr: &str, prefix| {
        AddressRequest::new(interface, net(addr.parse::<IpAddr>().unwrap(), prefix))
    };
    let requests = [
        AddressRequest {
            peer: Some(net(Ipv4Addr::new(10, 1, 0, 2), 32)),
            ..plain("10.1.0.1", 32)
        },
        AddressRequest {
            peer: Some(net(Ipv4Addr::new(10, 1, 0, 3), 24)),
            ..plain("10.1.0.1", 32)
        },
        AddressRequest {
            broadcast: Some(Ipv4Addr::new(10, 2, 0, 255)),
            label: Some("d0:vip"),
            scope: 253,
            flags: AddressFlags::NOPREFIXROUTE,
            ..plain("10.2.0.1", 24)
        },
        AddressRequest {
            peer: Some(net("fd00::2".parse::<Ipv6Addr>().unwrap(), 128)),
            flags: AddressFlags::NODAD,
            ..plain("fd00::1", 128)
        },
        AddressRequest {
            flags: AddressFlags::NODAD.with(AddressFlags::NOPREFIXROUTE),
            lifetime: Some(Lifetime {
                preferred: 0,
                valid: Lifetime::FOREVER,
            }),
            ..plain("fd00::3", 128)
        },
    ];
    let before = ip_output("-br addr show dev d0");
    for request in &requests {
        for operation in [Operation::Add, Operation::Replace, Operation::Delete] {
            let outcome = kernel.command(request, operation);
            assert_eq!(outcome.result, Ok(()), "{operation:?} {request:?}");
            let shown = ip_output("-d addr show dev d0");
            let text = request.local.addr.to_string();
            let is_shown =
                shown.contains(&format!("{text}/")) || shown.contains(&format!("{text} peer"));
            assert_eq!(is_shown, operation != Operation::Delete, "{shown}");
        }
    }
    assert_eq!(ip_output("-br addr show dev d0"), before);
    let changes = kernel.read_until(|m, _| !m.has_address(interface, requests[4].local.addr));
    assert!(!changes.iter().any(is_foreign), "{changes:?}");
}

#[test]
fn words_of_a_request_arrive_in_the_kernel() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let request = AddressRequest {
        broadcast: Some(Ipv4Addr::new(10, 2, 0, 255)),
        label: Some("d0:vip"),
        scope: 253,
        lifetime: Some(Lifetime {
            preferred: 1000,
            valid: 2000,
        }),
        ..AddressRequest::new(interface, net(Ipv4Addr::new(10, 2, 0, 1), 24))
    };
    assert_eq!(kernel.command(&request, Operation::Add).result, Ok(()));
    let shown = ip_output("-d -4 addr show dev d0");
    for word in [
        "10.2.0.1/24",
        "brd 10.2.0.255",
        "scope link",
        "d0:vip",
        "preferred_lft",
    ] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    assert!(!shown.contains("valid_lft forever"), "{shown}");
}

#[test]
fn after_an_overrun_only_the_difference_is_told() {
    if !entered() {
        return;
    }
    add_link();
    ip("addr add 192.0.2.1/24 dev d0");
    ip("addr add 192.0.2.2/24 dev d0");
    let mut kernel = Kernel::with_buffer(2048);
    let index = kernel.index("d0");
    // Its addition is in the buffer, its removal is lost.
    ip("addr add 192.0.2.99/24 dev d0");
    for number in 1..=500 {
        let request = AddressRequest::new(index, v4(number));
        kernel
            .commander
            .push(&request, Operation::Add, 0, Tolerate::NOTHING);
    }
    kernel.run();
    ip("addr del 192.0.2.2/24 dev d0");
    ip("addr del 192.0.2.99/24 dev d0");
    ip("link add d1 type bridge");
    let named = IfName::new("d1").unwrap();
    let mut changes = kernel.read_until(|mirror, _| {
        !mirror.is_resynchronising() && mirror.link_named(&named).is_some()
    });
    assert!(kernel.monitor.overruns() > 0, "the buffer was too small");
    for number in 1..=500 {
        assert!(
            kernel.mirror.has_address(index, v4(number).addr),
            "{number}"
        );
        let added = changes.iter().filter(
            |change| matches!(change, Change::AddressAdded { net, .. } if *net == v4(number)),
        );
        assert_eq!(added.count(), 1, "{number} is told once");
    }
    let ghost = net(Ipv4Addr::new(192, 0, 2, 99), 24);
    assert!(!kernel.mirror.has_address(index, ghost.addr));
    // It may have been told as added, then it is told as removed.
    changes.retain(|change| !matches!(change, Change::AddressRemoved { net, .. } if *net == ghost));
    changes.retain(|change| !matches!(change, Change::AddressAdded { .. }));
    let (removed, added) = (
        Change::AddressRemoved {
            index,
            net: net(Ipv4Addr::new(192, 0, 2, 2), 24),
            ours: false,
        },
        Change::LinkAdded {
            index: kernel.index("d1"),
        },
    );
    assert!(changes.contains(&removed) && changes.contains(&added));
    assert_eq!(changes.len(), 2, "{changes:?}");
    ip("addr del 192.0.2.1/24 dev d0");
    let changes = kernel.read_until(|_, changes| !changes.is_empty());
    assert_eq!(changes.len(), 1, "events are followed again: {changes:?}");
}
